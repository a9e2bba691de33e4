"""The tables of subscribers, their keys, and the lists that they were brought from."""

"""The tables of journals that are brought in and taken away; and all rows of a person, told and erased."""

"""The web application: views parse, open one transaction, call one flow, commit, enqueue and answer."""

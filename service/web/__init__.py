"""Flask blueprints: parse, open one transaction, call one flow, commit, ring, answer."""

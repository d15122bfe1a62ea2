"""One case moving, in memory: scopes, tokens, waiting points. It never sees SQL; SpiffWorkflow moves the
tokens."""

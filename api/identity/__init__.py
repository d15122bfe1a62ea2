"""Who someone is and what they may do: people, roles, sessions, tokens, and the one function that decides.

What a complaint is, and who is in conflict with one, belongs to ``api.complaints``; it hands facts in.
"""

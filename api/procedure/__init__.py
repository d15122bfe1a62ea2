"""The procedure of an organisation: its files, its words, and the checks that no deployment and no start goes without.

Belongs here: reading the files, what the service offers to those who draw, what a table must give. Does not belong here:
doing the work of a complaint, and the rules of the dialect, which are the engine's.
"""

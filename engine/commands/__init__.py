"""What can be asked of the engine, one file per command; here the moving case and the store meet.

Belongs here: checking, moving, writing rows, within the session a unit of work opened. Does not belong
here: commits,
HTTP, who may see a page. ``house`` holds what every command needs, ``step`` moves cases and writes what
changed.
"""

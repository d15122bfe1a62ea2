"""The Flask service around the engine: settings, identity, the complaints register, REST and pages.

No workflow rule lives here: diagrams, tables, forms and letters say what happens, the engine makes it happen.
"""

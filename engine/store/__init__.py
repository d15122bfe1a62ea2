"""What is remembered: tables, the unit of work that alone commits, and the statements over rows.

It never sees a diagram: rows come in as plain values and leave as frozen dataclasses (``records``).
"""

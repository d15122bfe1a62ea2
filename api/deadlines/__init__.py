"""Deadlines of the whole organisation: calendars kept in versions, reminders, feeds, moving timers by hand.

What one complaint does with its clocks is in ``api.complaints.clocks``; the rules themselves are in ``engine.deadlines``.
"""

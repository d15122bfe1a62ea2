"""Doing what is due: workers claim jobs under a lease and settle them under a fence; a metronome wakes them.

APScheduler lives here and nowhere else, and stores nothing: the jobs table is the only truth about time.
"""

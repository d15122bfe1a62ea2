"""Bringing complaints in from files: readers turn rows into complaints, one runner registers them on simulated time."""

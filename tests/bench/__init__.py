"""Measurements: ``python -m tests.bench``. Each module has ``measure(report)``; nothing here is a test."""

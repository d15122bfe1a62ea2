"""A believable organisation at work: invented people, invented complaints, scripted staff on simulated time.

What belongs here: showing the product and rehearsing it. It uses the same doors as everybody else: intake, task completion,
messages, clocks; nothing here writes a row of its own.
"""

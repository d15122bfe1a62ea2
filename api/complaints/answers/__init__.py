"""What people answered on forms, kept as it was asked and answered; every form of every door, by its own labels.

What belongs here: answer sheets and how they are read again. What does not: which answers are right (``engine.forms``), and
the columns of the register that some of them fill as well (``from_form``).
"""

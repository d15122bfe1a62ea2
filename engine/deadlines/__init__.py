"""Deadlines: policies, and the clocks that run under them. Pure: no database, web, diagram or machine clock.

A register stores per clock what ``ClockState.to_json()`` gives, beside columns it searches by (``name``,
``number``, ``status``, ``due_on``, ``bound_at``), and appends each ``ClockChange`` to the history. The
state carries the whole policy, so a changed table leaves yesterday's complaint alone, and the version of
the calendar it was counted with: every transition takes exactly that version (a register keeps old ones);
only ``recalendar`` and ``recategorise`` take another.

- ``policy``: ``read_policies(rows)`` reads the outputs of the decision ``deadline_policies``: of each clock the
  first row in force.
- ``compute``: ``count(policy, anchor, calendar)`` gives a ``Due(on, bound_at)``.
- ``clocks``: ``start project pause resume extend meet breach re_anchor re_project recategorise recalendar
  approve_shortening decline_shortening cancel supersede rule_out``; each takes an ``Act(at, by,
  reason)`` and returns ``Moved(state, changes)``. A refusal is one of ``errors`` and leaves everything as
  it was.
- A job at ``bound_at`` calls ``breach``, which is safe to repeat. Timers and warnings are re-armed whenever
  ``bound_at`` of a returned state differs: ``warn.warn_at(state, 0.8, calendar)``,
  ``warn.warnings_to_come``.
- Preview of a new calendar: call ``recalendar`` and do not store the result.
- ``explain.explain(state, calendar)`` says the rule behind a date, for pages, countdowns and ``.ics``
  feeds: “5 business days after 18 Dec 2026, England & Wales calendar v7: 21, 22, 23, 24, 29”.
"""

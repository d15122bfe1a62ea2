"""An extension is an event with a letter: the clock moves when the letter has left, in time, and not otherwise."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from api.complaints import extensions, letter_desk
from api.complaints.tables import LetterRow, oldest_first
from engine.actors import SYSTEM
from engine.deadlines.errors import ExtensionRefused
from tests.api.deadlines.conftest import at


def letters(office, template="holding-notice"):
    query = select(LetterRow).where(LetterRow.complaint_key == office.key, LetterRow.template == template)
    return office.ask(lambda session: list(session.scalars(query.order_by(*oldest_first(LetterRow)))))


def decide(office, **answers):
    """Finish the team lead's task of the diagram."""
    task = next(
        each
        for each in office.service.engine.open_tasks(office.instance)
        if each.name == "Decide how to keep it"
    )
    office.service.engine.complete_task(task.user_task_key, answers, by=SYSTEM)
    office.service.run_due()


def holding(reason="We wait for the carrier's records."):
    told = {"extensionReason": "third_party", "holdingText": reason, "newDate": "2026-08-03"}
    return {"deadlineChoice": "holding_notice", **told}


def by_hand(office, reason="We wait for the carrier."):
    """Write the notice and ask for the extension, as the page does."""

    def change(desk, complaint):
        letter_desk.write_now(office.service, desk, complaint, "holding-notice", reason=reason)
        desk.session.flush()
        clocks = office.service.case_clocks
        letters = office.service.letters
        return extensions.ask(
            clocks, letters, desk, complaint, "final_response", letter="holding-notice", category=""
        )

    return office.move(change, reason=reason)


def test_before_the_limit_the_diagram_asks_sends_the_notice_and_extends(office):
    office.receive("2026-06-01 10:00", by_mail=True).later("2026-06-24 12:00")
    warning = office.timers("Event_Breach").due_date

    decide(office, **holding())

    [letter] = letters(office)
    assert letter.dispatched_at < at("2026-06-29 00:00")
    assert "carrier's records" in letter.text
    assert "13 July 2026" in letter.text
    assert "the Services Ombudsman" in letter.text
    assert (office.due("final_response"), office.changes("final_response")[-1]) == ("2026-07-13", "extended")
    assert office.timers("Event_Breach").due_date > warning
    office.later("2026-07-01 10:00")
    assert office.state("final_response") == "running"


def test_a_paper_notice_extends_when_it_is_posted_and_not_before(office):
    office.receive("2026-06-01 10:00").later("2026-06-24 12:00")
    decide(office, **holding())
    assert (office.due("final_response"), letters(office)[0].extends["clock"]) == (
        "2026-06-29",
        "final_response",
    )

    office.later("2026-06-26 15:00")
    letter_desk.mark_posted(office.service, office.key, letters(office)[0].key, by=SYSTEM)

    assert office.due("final_response") == "2026-07-13"


def test_a_notice_posted_too_late_extends_nothing_and_says_so(office):
    office.receive("2026-06-01 10:00").later("2026-06-24 12:00")
    decide(office, **holding())

    office.later("2026-06-30 15:00")
    letter_desk.mark_posted(office.service, office.key, letters(office)[0].key, by=SYSTEM)

    assert (office.due("final_response"), office.state("final_response")) == ("2026-06-29", "breached")
    assert office.events("clock-extension-refused") != []


def test_a_second_extension_is_refused_and_its_letter_is_not_written(office):
    office.receive("2026-06-01 10:00", by_mail=True).later("2026-06-24 12:00")
    decide(office, **holding())
    assert len(letters(office)) == 1

    with pytest.raises(ExtensionRefused):
        by_hand(office)
    assert (len(letters(office)), office.due("final_response")) == (1, "2026-07-13")


def test_in_the_diagram_a_refused_extension_is_told_and_the_case_goes_on(office):
    office.receive("2026-06-01 10:00", "uk-financial", by_mail=True)  # eight weeks: no extension
    office.later("2026-07-20 12:00")

    decide(office, **holding())

    assert office.events("clock-extension-refused") != []
    assert office.due("final_response") == "2026-07-27"
    assert office.service.engine.incidents_of(office.instance).items == ()


def test_a_notice_without_more_time_by_the_rules_holds_its_date_as_a_promise(office):
    office.receive("2026-06-01 10:00", "uk-financial", by_mail=True)
    office.later("2026-07-20 12:00")

    decide(office, **holding())

    assert "3 August 2026" in letters(office)[0].text
    assert (office.due("promised_answer"), office.state("promised_answer")) == ("2026-08-03", "running")
    office.later("2026-07-28 10:00")
    assert (office.state("final_response"), office.state("promised_answer")) == ("breached", "running")


def test_after_the_limit_the_delay_is_explained_with_the_outside_body(office):
    office.receive("2026-06-01 10:00", by_mail=True).later("2026-06-30 10:00")
    task = next(
        each for each in office.service.engine.open_tasks(office.instance) if each.name == "Explain the delay"
    )

    told = {"breachText": "Our supplier went out of business.", "newDate": "2026-07-14"}
    answers = {"breachReason": "waiting_outside", **told}
    office.service.engine.complete_task(task.user_task_key, answers, by=SYSTEM)
    office.service.run_due()

    [letter] = letters(office, "delay")
    assert "Our supplier" in letter.text
    assert "14 July 2026" in letter.text
    assert (office.due("promised_answer"), office.state("promised_answer")) == ("2026-07-14", "running")
    assert "the Services Ombudsman" in letter.text


def test_a_notice_posted_in_time_extends_though_it_is_recorded_later(office):
    office.receive("2026-06-01 10:00").later("2026-06-24 12:00")
    decide(office, **holding())

    office.later("2026-06-30 15:00")
    letter_desk.mark_posted(
        office.service, office.key, letters(office)[0].key, on=date(2026, 6, 29), by=SYSTEM
    )

    assert (office.due("final_response"), office.state("final_response")) == ("2026-07-13", "running")
    assert office.events("clock-extension-refused") == []

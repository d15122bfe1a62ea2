"""Every letter reaches somebody: what goes by hand is somebody's work with a day, and what found nobody leaves once there is a way."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from api.app import create_app
from api.complaints import letter_desk
from api.complaints.intake import PartyDetails
from api.complaints.letter_desk import LetterNotWaiting, SomebodyAnswers
from api.complaints.letters import LetterTextRefused, read_letter
from api.complaints.parties import Way, parties, way_to
from api.complaints.tables import PartyRow
from engine.actors import SYSTEM
from engine.forms.errors import FormInvalid
from tests.api.deadlines.conftest import at
from tests.api.web.staff_desk import Desk
from tests.processes.walking import ANN

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
BOTH = replace(PAPER, email="ann@example.org")
PHONE = PartyDetails("Ann Other", phone="07700 900123")
AGENT = PartyDetails("Letting Agent", "agent@example.org")
POST, RING, FIND = "Post the letter", "Tell them by phone", "Find a way to reach them"
REACHED = {"delivery": "done"}
NO_WAY = {"delivery": "no_way"}


def asides(walk):
    return [task.name for task in walk.aside()]


def sent(walk):
    """The letters that left, by name, in the order they were written."""
    return [row.template for row in walk.letters if row.dispatched_at is not None]


# ways


@pytest.mark.parametrize("prefers", [None, "e-mail", "post", "phone"])
@pytest.mark.parametrize("known", [*itertools.product([True, False], repeat=3)])
def test_nothing_is_posted_to_a_number_or_mailed_to_a_street(prefers, known):
    given = {"email": "ann@example.org", "address": "1 High Street", "phone": "07700 900123"}
    has = {name: given[name] if there else None for (name, there) in zip(given, known, strict=True)}
    way = way_to(PartyRow(**has, preferred_channel=prefers))

    if not any(known):
        assert way is None
        return
    fields = {"e-mail": "email", "post": "address", "phone": "phone"}
    assert way == Way(way.channel, has[fields[way.channel]])
    if has[fields[prefers or "e-mail"]] and prefers != "phone":
        assert way.channel == (prefers or "e-mail")
    if has["email"] or has["address"]:
        assert way.channel != "phone" or (prefers == "phone" and not has["address"])


def test_who_prefers_paper_and_left_no_address_gets_mail(walk):
    walk.take("2026-06-01 10:00", sender=replace(ANN, preferred_channel="post")).wait(hours=1)
    row = walk.letter("acknowledgement")
    assert (row.channel, row.recipient) == ("e-mail", "ann@example.org")
    assert row.dispatched_at is not None
    assert walk.state("acknowledgement") == "met"


# on paper


def test_a_letter_on_paper_is_somebodys_work_with_a_day(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    (task,) = walk.aside()
    assert (task.name, set(task.candidate_groups)) == (POST, {"intake"})
    assert task.due_date == at("2026-06-02 17:00"), "the next working day"
    assert task.due_date <= walk.clock_named("acknowledgement").bound_at

    walk.beside(POST, **REACHED)

    row = walk.letter("acknowledgement")
    assert (row.dispatched_at, row.evidence) == (row.queued_at, "posted by system"), "a day has no time"
    assert walk.clock_named("acknowledgement").saved["evidence"]["kind"] == "letter_posted"
    assert walk.state("acknowledgement") == "met"
    assert asides(walk) == []


def test_it_is_due_with_the_clock_that_it_meets_when_that_is_sooner(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED)
    bound = walk.clock_named("final_response").bound_at
    walk.screen().assess().investigate()
    walk.clock.set(bound - timedelta(hours=3))
    walk.service.run_due()
    walk.decide()
    assert walk.aside(POST)[-1].due_date == bound


def test_nobody_posts_it_in_time_and_the_lead_is_told(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).later("2026-06-02 16:59")
    assert walk.notices("A letter has not been posted") == []
    walk.later("2026-06-02 17:01")
    notice, copy = sorted(
        walk.notices("A letter has not been posted"), key=lambda one: one.group_name, reverse=True
    )
    assert (notice.group_name, copy.group_name) == ("team-leads", "intake"), "those who post are told too"
    assert notice.group_name == "team-leads"
    assert asides(walk) == [POST]


def test_the_task_ends_when_the_letter_is_marked_on_the_complaints_page(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).post("acknowledgement")
    assert asides(walk) == []
    assert walk.troubles == []


def test_each_letter_is_work_of_its_own(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).through()
    keys = {str(row.key) for row in walk.letters if row.dispatched_at is None and row.replaced_at is None}
    held = {walk.service.engine.values(task.process_instance_key)["letterKey"] for task in walk.aside(POST)}
    assert held == keys
    assert {row.template for row in walk.letters} >= {"acknowledgement", "decision"}


def test_what_follows_a_clock_hears_that_the_letter_has_left(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.on(remedy="words").beside(POST, **REACHED)
    assert walk.state("final_response") == "met"
    assert walk.timers("Event_Breach").due_date.year == 9999, "nobody is asked to explain a delay"


def test_also_a_letter_that_a_colleague_writes_by_hand(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()

    def change(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="The expert is ill.")
        return ()

    walk.move(change)
    (task,) = walk.aside()
    assert task.name == POST
    case = walk.ask(lambda session: walk.complaint().instance_key)
    assert task in walk.service.engine.case_tasks(case), "it belongs to the complaint"
    walk.beside(POST, **REACHED)
    assert sent(walk)[-1] == "holding-notice"


def test_the_letter_that_closes_the_complaint_is_posted_after_the_case_has_ended(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.on(remedy="words").post("decision").answer("accepts").close()
    assert walk.ended
    for _ in range(5):
        if walk.aside(POST):
            walk.beside(POST, **REACHED)
    assert {"acknowledgement", "decision", "closing"} <= set(sent(walk))
    assert walk.troubles == []


def test_a_wrong_address_is_not_used_again_and_the_letter_goes_another_way(walk):
    walk.take("2026-06-01 10:00", sender=BOTH).wait(hours=1)
    old = walk.letter("acknowledgement")
    walk.beside(POST, **NO_WAY)

    new = walk.letter("acknowledgement")
    assert (new.key != old.key, new.channel, new.meets) == (True, "e-mail", old.meets)
    assert (new.dispatched_at, walk.letters[0].replaced_at) == (walk.clock.now(), walk.clock.now())
    assert walk.state("acknowledgement") == "met"
    assert walk.ask(lambda session: parties(session, walk.key)["complainant"].address) is None
    assert any("1 High Street" in text for text in walk.events("letter-replaced"))
    assert asides(walk) == []


def test_a_wrong_address_and_no_other_way_has_somebody_look_for_one(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **NO_WAY)
    assert asides(walk) == [FIND]
    walk.beside(FIND, wayFound="address", newAddress="2 Low Road")
    assert asides(walk) == [POST]
    assert walk.letter("acknowledgement").recipient == "2 Low Road"
    walk.beside(POST, **REACHED)
    assert walk.state("acknowledgement") == "met"


def test_a_letter_written_anew_is_work_again_and_the_old_one_is_not(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)

    def move(session):
        parties(session, walk.key)["complainant"].address = "2 Low Road"

    walk.service.engine.write(move)
    before = [task.user_task_key for task in walk.aside(POST)]
    walk.post("acknowledgement")
    assert walk.letter("acknowledgement").dispatched_at is None
    (task,) = walk.aside(POST)
    assert task.user_task_key not in before


# by phone


def test_who_left_a_number_alone_is_rung(walk):
    walk.take("2026-06-01 10:00", sender=PHONE).wait(hours=1)
    row = walk.letter("acknowledgement")
    assert (row.channel, row.recipient) == ("phone", "07700 900123")
    (task,) = walk.aside()
    assert (task.name, task.due_date) == (RING, at("2026-06-02 17:00"))
    with pytest.raises(LetterNotWaiting):
        letter_desk.mark_posted(walk.service, walk.key, row.key, by=SYSTEM)

    walk.beside(RING, **REACHED, deliveryNote="She understood.")

    row = walk.letter("acknowledgement")
    assert (row.evidence, walk.state("acknowledgement")) == ("told by phone by system", "met")
    assert walk.clock_named("acknowledgement").saved["evidence"]["kind"] == "call_logged"


def test_a_whole_complaint_by_phone(walk):
    walk.take("2026-06-01 10:00", sender=PHONE).wait(hours=1).beside(RING, **REACHED).screen()
    walk.on(remedy="words").beside(RING, **REACHED).answer("accepts").close().beside(RING, **REACHED)
    assert {"acknowledgement", "decision", "closing"} <= set(sent(walk))
    assert {row.channel for row in walk.letters} == {"phone"}
    assert (walk.late, walk.troubles) == ([], [])


def test_a_number_that_reaches_nobody_has_somebody_look_for_a_way(walk):
    walk.take("2026-06-01 10:00", sender=PHONE).wait(hours=1).beside(RING, **NO_WAY)
    assert asides(walk) == [FIND]
    walk.beside(FIND, wayFound="email", newEmail="ann@example.org").wait(minutes=1)
    assert sent(walk) == ["acknowledgement"]


@pytest.mark.parametrize(
    ("sender", "how", "field", "again", "other"),
    [
        (PHONE, "phone", "newPhone", "07700-900 123", "07700 900124"),
        (PAPER, "address", "newAddress", "1 HIGH  Street,", "2 High Street"),
    ],
)
def test_what_was_struck_out_is_named_and_taken_again_only_by_who_knows_better(
    walk, sender, how, field, again, other
):
    dead, box = sender.phone or sender.address, f"{how}WorksAgain"
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1)
    walk.beside(RING if how == "phone" else POST, **NO_WAY)
    (task,) = walk.aside(FIND)
    ines = Desk(create_app(walk.service), walk.service, "ines", "intake", groups=("intake",))
    ines.open(f"/staff/tasks/{task.user_task_key}")
    assert f"Reached nobody, and was struck out: {dead}" in ines.text
    with pytest.raises(FormInvalid) as refused:
        walk.beside(FIND, wayFound=how, **{field: again})
    assert [error.path for error in refused.value.errors] == [box]
    with pytest.raises(FormInvalid):
        walk.beside(FIND, wayFound=how, **{box: True, field: other})  # nothing to confirm
    walk.beside(FIND, wayFound=how, **{box: True, field: again})
    assert walk.letter("acknowledgement").recipient == again
    assert walk.troubles == []


def test_who_was_never_written_to_in_vain_has_nothing_to_confirm(walk):
    walk.take("2026-06-01 10:00", sender=PHONE).wait(hours=1).beside(RING, **NO_WAY)
    walk.beside(FIND, wayFound="phone", newPhone="07700 900999")
    assert walk.letter("acknowledgement").recipient == "07700 900999"


def test_nobody_rings_in_time_and_the_lead_is_told(walk):
    walk.take("2026-06-01 10:00", sender=PHONE).later("2026-06-02 17:01")
    assert {one.group_name for one in walk.notices("A call has not been made")} == {"team-leads", "intake"}


# nobody to write to


def on_file(walk):
    """Story: a letter without name or address, decided with nobody to write to, and closed."""
    walk.take("2026-10-01 10:00", sender=None, channel="post", regime="generic").screen()
    return walk.later("2026-10-20 10:00").on(remedy="words").close()


def test_decided_on_file_the_decision_leaves_once_there_is_an_address(walk):
    on_file(walk)
    assert (walk.state("final_response"), walk.complaint().closing_reason) == ("met", "answered_on_file")
    assert (walk.letters, asides(walk)) == ([], [])
    walk.later("2026-11-02 10:00")

    assert letter_desk.look_for_a_way(walk.service, walk.key) is not None
    walk.beside(FIND, wayFound="email", newEmail="ann@example.org").wait(minutes=5)

    assert sent(walk) == ["decision", "closing"], "what was true once and means nothing now does not leave"
    assert walk.due("referral_window") == "2027-05-02", "six months from the day it left"
    assert walk.read("decision", "referral_window")
    assert (walk.state("final_response"), walk.late, walk.troubles) == ("met", [], [])
    assert "Dear Sir or Madam" in walk.letter("decision").text


def test_also_by_post_and_by_phone(walk):
    on_file(walk).later("2026-11-02 10:00")
    letter_desk.look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, wayFound="phone", newPhone="07700 900123")
    assert asides(walk) == [RING, RING]
    walk.later("2026-11-03 10:00").beside(RING, **REACHED)
    assert (sent(walk), walk.due("referral_window")) == (["decision"], "2027-05-02")


def test_the_way_is_recorded_once_at_a_time_and_only_where_there_is_none(walk):
    on_file(walk)
    assert letter_desk.look_for_a_way(walk.service, walk.key) is not None
    assert letter_desk.look_for_a_way(walk.service, walk.key) is None
    walk.beside(FIND, wayFound="no")
    assert (letter_desk.look_for_a_way(walk.service, walk.key) is not None, sent(walk)) == (True, [])
    walk.beside(FIND, wayFound="email", newEmail="ann@example.org").wait(minutes=5)
    assert sent(walk) == ["decision", "closing"]
    with pytest.raises(SomebodyAnswers):
        letter_desk.look_for_a_way(walk.service, walk.key)


def test_an_address_found_before_the_decision_is_written_to_from_then_on(walk):
    walk.take("2026-10-01 10:00", sender=None, channel="post").screen()
    letter_desk.look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, wayFound="email", newEmail="ann@example.org").wait(minutes=5)
    walk.on(remedy="words")
    assert "decision" in sent(walk)
    assert walk.complaint().state == "responded", "their answer is waited for"
    walk.answer("accepts").close()
    assert walk.complaint().closing_reason == "accepted"


def lost(walk):
    """The agent who brought it may not act, and the person complained for left no address: decided all the same."""
    lady = PartyDetails("Mrs Lind")
    walk.take("2026-06-01 10:00", sender=lady, representative=AGENT).wait(hours=1)
    walk.do("Check the authority", authority="refused").wait(hours=1).screen()
    assert asides(walk) == [FIND]
    return walk.on(remedy="words")


def test_the_silence_counts_from_the_day_the_decision_left(walk):
    lost(walk).later("2026-07-20 10:00")
    assert "reminder" not in [row.template for row in walk.letters]
    assert walk.complaint().state == "responded"

    walk.beside(FIND, wayFound="email", newEmail="lady@example.org").wait(minutes=5)
    mine = [row.template for row in walk.letters if row.recipient == "lady@example.org"]
    assert mine == ["decision"]
    assert walk.due("referral_window") == "2027-01-20"
    walk.later("2026-07-31 10:00")
    assert "reminder" not in sent(walk)
    walk.later("2026-08-10 10:00")
    assert sent(walk).count("reminder") == 1
    walk.answer("accepts").close()
    assert walk.complaint().closing_reason == "accepted"


def test_where_nobody_finds_a_way_the_answer_lies_on_file(walk):
    lost(walk).beside(FIND, wayFound="no").later("2026-07-20 10:00").close()
    assert walk.complaint().closing_reason == "answered_on_file"
    assert "reminder" not in [row.template for row in walk.letters]


def test_of_one_letter_that_found_nobody_again_and_again_one_leaves(walk):
    lost(walk)
    for _ in range(2):
        walk.move(lambda d, c: letter_desk.write_now(walk.service, d, c, "closing", reason="x") and ())
    walk.beside(FIND, wayFound="email", newEmail="lady@example.org").wait(minutes=5)
    assert sent(walk).count("closing") == 1


# what a letter says of when it is owed


def test_a_letter_names_the_states_in_which_it_is_still_owed(walk):
    letters = walk.service.letters
    assert letters.owed("acknowledgement", "investigating")
    assert not letters.owed("acknowledgement", "responded")
    assert letters.owed("decision", "closed")
    head = b"---\nsubject: x\nto: complainant\nwhile: assessing, %b\n---\nText.\n"
    assert read_letter("own.md", head % b"closed").during == {"assessing", "closed"}
    with pytest.raises(LetterTextRefused, match="There is no state 'closd'"):
        read_letter("own.md", head % b"closd")
    with pytest.raises(LetterTextRefused):
        read_letter("own.md", b"---\nsubject: x\nto: contributor\nwhile: closed\n---\nText.\n")


# days


def test_a_letter_whose_day_to_appeal_is_over_is_written_anew_when_posted(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).screen("employment")
    walk.do("Hand over to personnel", handedTo="Ms Roe", handedOn="2026-06-01")
    walk.later("2026-08-20 10:00")
    old = next(row for row in walk.letters if "Tell us by" in row.text)
    assert not letter_desk.mark_posted(walk.service, walk.key, old.key, by=SYSTEM)
    new = walk.letter(old.template)
    assert (new.dispatched_at, new.text != old.text) == (None, True)
    assert letter_desk.mark_posted(walk.service, walk.key, new.key, by=SYSTEM)


def test_a_letter_whose_day_of_payment_is_over_is_written_anew_when_posted(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True).settle()
    old = walk.letter("early-resolution")
    walk.later("2026-07-20 10:00")
    assert old.key in letter_desk.kept_back(walk.service, walk.key)
    walk.post("early-resolution")
    new = walk.letter("early-resolution")
    assert (new.key != old.key, new.dispatched_at) == (True, None)
    assert walk.post("early-resolution").letter("early-resolution").dispatched_at is not None


def test_a_letter_whose_days_all_lie_ahead_leaves_as_it_is(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    assert letter_desk.kept_back(walk.service, walk.key) == {}
    walk.later("2026-06-02 10:00").post("acknowledgement")
    assert [row.template for row in walk.letters] == ["acknowledgement"]

"""What people say by phone, letter or in person is recorded by a colleague, with the effect of their status page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.app import create_app
from api.complaints import said
from api.complaints.anchors import DayImpossible
from api.complaints.answers.sheets import told
from api.complaints.from_complainant import TooLate
from api.complaints.heard import DecidesNothing, Heard, SpeaksForNobody
from api.complaints.intake import PartyDetails
from api.complaints.our_answer import AnswerOnItsWay
from api.complaints.said import DangerIsAdded, Said
from api.complaints.separation import exclude
from api.complaints.tables import AnswerSheetRow, ClockRow, ComplaintRow, EventRow, RecordRow, oldest_first
from api.identity import people
from engine.deadlines.state import OPEN, ClockState
from tests.api.web.staff_desk import Desk
from tests.processes.test_answers_on_their_way import visit

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
AGENT = PartyDetails("Letting Agent", "agent@example.org")
PHONE = PartyDetails("Ann Other", phone="07700 900123")
POST, RING, REACHED = "Post the letter", "Tell them by phone", {"delivery": "done"}


@pytest.fixture
def clerk(service):
    """A colleague of intake, who may write on every complaint."""

    def work(session):
        key, now = service.database.keys.next(), service.clock.now()
        return people.add(
            session,
            key=key,
            name="ines",
            display_name="Ines Clerk",
            password=None,
            roles=["intake"],
            groups=["intake"],
            at=now,
        )

    return service.engine.write(work)


@pytest.fixture
def record(walk, clerk):
    """Record what somebody said, today by phone unless told otherwise."""

    def work(
        what, words="Yes, please.", *, role="complainant", channel="phone", on=None, danger=False, key=""
    ):
        heard = Heard(role, channel, on or walk.service.today(), clerk.actor)
        key = key or f"{what}-{walk.clock.now().isoformat()}"
        spoken = Said(what, words, heard, danger)
        said.record(walk.service, walk.key, spoken, sheet=told({"Words": words}, title="Said"), key=key)
        walk.service.run_due()
        return walk

    return work


def offered(walk):
    return said.offered(walk.service, walk.key)


def lines(walk, kind):
    query = select(EventRow).where(EventRow.complaint_key == walk.key, EventRow.kind == kind)
    return walk.ask(lambda session: list(session.scalars(query.order_by(*oldest_first(EventRow)))))


def on_paper(walk, **more):
    """Received from somebody with a street alone; the receipt is posted."""
    return walk.take("2026-06-01 10:00", sender=PAPER, **more).wait(hours=1).beside(POST, **REACHED)


def answered(walk, **more):
    """Decided with a refund; the letter has been posted."""
    return on_paper(walk, **more).through().beside(POST, **REACHED)


def turned_away(walk):
    return on_paper(walk).screen("restricted_contact").beside(POST, **REACHED)


def counted_from(walk, name, *, stage=None):
    """The local days that the open rounds of a clock count from."""
    query = select(ClockRow).where(
        ClockRow.complaint_key == walk.key, ClockRow.name == name, ClockRow.state.in_(OPEN)
    )
    rows = walk.ask(lambda session: list(session.scalars(query)))
    states = [ClockState.from_json(row.saved) for row in rows]
    found = [one for one in states if stage in (None, one.policy.stage) and one.policy.regime != "promise"]
    return {one.anchor.day(walk.service.calendars.get(None)) for one in found}


# each act to its end


def test_who_says_yes_by_phone_gets_what_was_promised(walk, record):
    answered(walk)
    assert set(offered(walk)) == {"accepts", "rejects", "adds", "withdraws"}

    record("accepts", "Yes, I accept.")

    assert "Carry out the promise" in walk.open
    walk.correct().close()
    walk.wait(days=1)
    complaint = walk.complaint()
    assert (complaint.state, complaint.closing_reason) == ("closed", "accepted")
    assert "reminder" not in [row.template for row in walk.letters]


def test_who_says_no_by_letter_is_told_the_options(walk, record):
    answered(walk)
    record("rejects", "It was blue, not green.", channel="post")
    assert walk.complaint().state == "rejected_open"
    walk.choose("stage_two")
    assert "Review the issue" in walk.open


def test_who_was_turned_away_appeals_by_phone(walk, record):
    turned_away(walk)
    record("rejects", "You got the wrong person.")
    walk.do("Decide the appeal", appealResult="allowed", appealReason="They are right.")
    assert "Assess the complaint" in walk.open


def test_an_appeal_after_the_end_is_recorded_too(walk, record):
    turned_away(walk).wait(days=60)
    desk = Desk(create_app(walk.service), walk.service, "ines")
    desk.open(f"/staff/complaints/{walk.key}/said")
    assert "They do not agree that we turned it away (an appeal)" in desk.text
    assert walk.complaint().closed_at is not None
    assert offered(walk) == ("accepts", "rejects")
    record("rejects", "You got the wrong person.")
    assert [task.name for task in walk.aside()] == ["Answer the appeal"]


def test_who_withdraws_by_letter_has_withdrawn(walk, record):
    on_paper(walk).screen()
    record("withdraws", "I let it go.", channel="post")
    assert walk.complaint().state == "withdrawn"
    assert walk.letter("withdrawal-confirmed").channel == "post"
    assert set(offered(walk)) <= {"adds"}


def test_what_somebody_adds_by_phone_is_read(walk, record):
    on_paper(walk).screen()
    record("adds", "The receipt: I have it here.")
    assert "Read the information" in walk.open
    assert walk.complaint().state == "assessing"


def test_danger_told_by_phone_is_acted_on_at_once(walk, record):
    on_paper(walk).screen()
    record("adds", "The boiler burns.", danger=True)
    assert "Protect people now" in walk.open
    with pytest.raises(DangerIsAdded):
        record("withdraws", "The boiler burns.", danger=True)
    assert walk.complaint().state != "withdrawn"


def test_what_somebody_says_when_we_ring_is_recorded_where_the_form_says(walk, record, clerk):
    walk.take("2026-06-01 10:00", sender=PHONE).wait(hours=1).beside(RING, **REACHED).through()
    (task,) = walk.aside(RING)
    form = walk.service.engine.parsed_form(task.form_key)
    hint = next(one.description.text for one in form.components if one.path == ("deliveryNote",))
    assert "Record what they said: complete this task first." in hint
    assert "accepts" not in offered(walk)

    walk.beside(RING, **REACHED, deliveryNote="They accept it.")

    assert walk.complaint().state == "responded", "a remark changes nothing"
    assert "accepts" in offered(walk)
    desk = Desk(create_app(walk.service), walk.service, "ines")
    desk.open(f"/staff/complaints/{walk.key}")
    assert "Record what they said" in desk.text
    record("accepts", "They accept it.")
    assert walk.complaint().state == "correcting"


# what is kept


@pytest.mark.parametrize(
    ("what", "kind", "line"),
    [
        ("accepts", "complainant-answer", "The complainant accepts our answer (told by phone on 2 June 2026): Yes"),
        ("rejects", "complainant-answer", "The complainant does not accept our answer (told by phone on 2 June 2026): Yes"),
        ("adds", "complainant-information", "The complainant told us more (told by phone on 2 June 2026): Yes"),
        ("withdraws", "complainant-withdraws", "The complainant withdrew (told by phone on 2 June 2026): Yes"),
    ],
)  # fmt: skip
def test_the_timeline_says_what_was_said_how_on_which_day_and_who_recorded_it(walk, record, what, kind, line):
    answered(walk).wait(days=1)
    yesterday = walk.service.today()
    walk.wait(days=1)
    record(what, "Yes", on=yesterday)
    (event,) = lines(walk, kind)
    assert (event.text, event.by) == (line, "ines")
    kept = {name: event.facts[name] for name in ("saidBy", "channel", "saidOn")}
    assert kept == {"saidBy": "complainant", "channel": "phone", "saidOn": "2026-06-02"}
    query = select(AnswerSheetRow.by).where(
        AnswerSheetRow.complaint_key == walk.key, AnswerSheetRow.title == "Said"
    )
    assert walk.ask(lambda session: session.scalar(query)) == "ines"


def test_their_status_page_names_the_day_they_said_it(walk, record):
    turned_away(walk).wait(days=1)
    said_on = walk.service.today()
    walk.wait(days=2)
    record("rejects", "Wrong person.", on=said_on)
    page = visit(walk)
    assert f"You told us on {said_on.day} Jun 2026 that you do not agree" in page.text
    page.open("/status/answer")
    assert f"You told us on {said_on.day} Jun 2026" in page.text


# the day


def test_the_day_lies_between_what_they_speak_of_and_today(walk, record):
    on_paper(walk).screen().wait(days=3)
    today = walk.service.today()
    for what in ("adds", "withdraws"):
        with pytest.raises(DayImpossible, match=r"before 1 June 2026, when the complaint came in"):
            record(what, on=walk.complaint().received_at.date() - timedelta(days=1))
        with pytest.raises(DayImpossible, match=r"after today"):
            record(what, on=today + timedelta(days=1))
    walk.on().beside(POST, **REACHED)
    for what in ("accepts", "rejects"):
        with pytest.raises(DayImpossible, match=r"when our answer left"):
            record(what, on=today - timedelta(days=1))
    assert walk.complaint().state == "responded"


def test_what_we_promised_for_a_yes_is_due_from_the_day_of_the_yes(walk, record):
    answered(walk, regime="australia-telecoms")
    yes = walk.service.today()
    walk.wait(days=4)
    record("accepts", on=yes)

    waits = walk.service.engine.values(walk.instance)["waits"]
    due = walk.service.calendars.get(None).add_working_days(yes, int(waits["commitment"]))
    assert walk.complaint().accepted_on == yes
    assert [
        date.fromisoformat(str(one["dueOn"]))
        for one in walk.service.engine.values(walk.instance)["commitments"]
    ] == [due]
    assert counted_from(walk, "commitment") == {yes}


def test_the_time_of_a_second_look_counts_from_the_day_of_the_no(walk, record):
    answered(walk)
    no = walk.service.today()
    walk.wait(days=4)
    record("rejects", on=no)
    assert counted_from(walk, "final_response", stage="two") == {no}


def test_an_appeal_made_in_time_and_recorded_after_the_closing_is_in_time(walk, record):
    turned_away(walk)
    said_on = walk.service.today()
    walk.wait(days=60)
    record("rejects", "Wrong person.", on=said_on)
    walk.beside("Answer the appeal", lateResult="stands", lateReason="We looked again.").beside(
        POST, **REACHED
    )
    record("rejects", "Wrong person.", key="once more")
    walk.beside("Answer the appeal", lateResult="stands", lateReason="We looked again.")
    query = select(RecordRow).where(RecordRow.complaint_key == walk.key, RecordRow.kind == "information")
    kept = walk.ask(lambda session: list(session.scalars(query.order_by(*oldest_first(RecordRow)))))
    assert [one.data["about"] for one in kept] == ["appeal", "late_appeal"]


def test_a_matter_of_its_own_came_by_the_way_and_on_the_day_that_it_was_told(walk, record):
    answered(walk)
    told_on = walk.service.today()
    walk.wait(days=3)
    record("adds", "The fridge: it broke too.", channel="post", on=told_on)
    walk.do("Read the information", informationKind="new_complaint")
    walk.beside(
        "Register the new complaint",
        newDescription="The fridge: it broke too.",
        newReceivedOn=told_on.isoformat(),
        newProblem="quality",
    )
    query = select(ComplaintRow).where(ComplaintRow.key != walk.key)
    other = walk.ask(lambda session: session.scalar(query))
    assert (other.channel, other.received_at.date()) == ("post", told_on)


# refusals


def test_no_reply_is_recorded_to_an_answer_that_is_on_its_way(walk, record):
    on_paper(walk).through()
    assert offered(walk) == ("adds", "withdraws")
    for what in ("accepts", "rejects"):
        with pytest.raises(AnswerOnItsWay):
            record(what)
    desk = Desk(create_app(walk.service), walk.service, "ines")
    desk.open(f"/staff/complaints/{walk.key}/said")
    assert "Our answer has not left yet" in desk.text
    assert "They accept our answer" not in desk.text
    walk.beside(POST, **REACHED)
    desk.open(f"/staff/complaints/{walk.key}/said")
    assert "Our answer has not left yet" not in desk.text
    assert "They accept our answer" in desk.text
    record("accepts")
    assert walk.complaint().state == "correcting"


@pytest.mark.parametrize("scope", ["settle", "receive"])
def test_a_representative_says_what_their_authority_covers(walk, record, scope):
    walk.take("2026-06-01 10:00", sender=PAPER, representative=AGENT)
    for what in ("adds", "withdraws"):
        with pytest.raises(SpeaksForNobody):
            record(what, role="representative")
    walk.do("Check the authority", authority="confirmed", authorityScope=scope)
    walk.wait(hours=1)
    record("adds", "Here is more.", role="representative")
    assert lines(walk, "complainant-information")[-1].text.startswith(
        "The representative told us more (told by phone"
    )
    if scope == "receive":
        with pytest.raises(DecidesNothing):
            record("withdraws", role="representative")
        assert walk.complaint().state != "withdrawn"
        record("withdraws")
    else:
        record("withdraws", role="representative")
    assert walk.complaint().state == "withdrawn"


def test_authority_that_is_over_covers_what_was_said_before(walk, record):
    walk.take("2026-06-01 10:00", sender=PAPER, representative=AGENT)
    until = (walk.service.today() + timedelta(days=2)).isoformat()
    walk.do("Check the authority", authority="confirmed", authorityScope="settle", authorityUntil=until)
    within = walk.service.today()
    walk.wait(days=5)
    with pytest.raises(SpeaksForNobody):
        record("withdraws", role="representative")
    record("withdraws", role="representative", on=within)
    assert walk.complaint().state == "withdrawn"


def test_nobody_on_file_is_still_somebody_who_may_ring_again(walk, record):
    walk.take("2026-06-01 10:00", sender=None, channel="phone").screen()
    record("withdraws", "It is me again.")
    assert walk.complaint().state == "withdrawn"


def test_of_two_at_once_one_is_told_that_it_is_too_late(walk, record):
    answered(walk)
    record("accepts", key="one")
    record("accepts", key="one")
    assert len(lines(walk, "complainant-answer")) == 1, "the same sending again changes nothing"
    for what in ("accepts", "rejects"):
        with pytest.raises(TooLate):
            record(what, key="two")
    assert len(lines(walk, "complainant-answer")) == 1


def test_who_is_kept_away_meanwhile_is_not_heard(walk, record):
    answered(walk)
    now = walk.clock.now()
    walk.service.engine.write(lambda s: exclude(s, walk.key, "ines", reason="A cousin", at=now))
    for what in ("accepts", "adds", "withdraws"):
        with pytest.raises(TooLate):
            record(what)
    assert walk.complaint().state == "responded"
    assert lines(walk, "complainant-answer") == []

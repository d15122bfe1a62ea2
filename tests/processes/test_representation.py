"""What a representative may do is settled anew at any time: ended, limited, confirmed late or again, or somebody else acts."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date

import pytest
from sqlalchemy import select

from api.app import create_app
from api.complaints import links
from api.complaints.contact_details import AnotherPerson, DetailRefused, correct
from api.complaints.intake import PartyDetails
from api.complaints.parties import may_act, parties
from api.complaints.representation import (
    Authority,
    AuthorityChanged,
    AuthorityRefused,
    JoinedAnother,
    NobodyRepresents,
    mark_of,
    settle_anew,
    take_on,
)
from api.complaints.tables import EventRow, NoticeRow, PartyRow
from engine.actors import service as as_service
from engine.forms import FormInvalid
from tests.api.conftest import ADMIN_TOKEN, Caller
from tests.api.web.staff_desk import Desk
from tests.api.web.visitor import Visitor
from tests.processes.test_letters_for_several import FIND, kept, left, people, visit, waiting
from tests.processes.test_replies_among_additions import read, write
from tests.processes.test_told_to_claimant import people_page
from tests.processes.walking import Walk

RITA = PartyDetails("Rita Rep", "rita@example.org")
ROB = PartyDetails("Rob Other", "rob@example.org")
ANN = PartyDetails("Ann Other", "ann@example.org")
PAPER = PartyDetails("Ann Other", address="1 High Street")
MAX = as_service("max")
CHECK, PROOF, DECIDE = "Check the authority", "Look at the proof", "Decide without the proof"
ENDED, ACTS, READS = Authority("none"), Authority("settle"), Authority("receive")


def represented(walk, scope="settle", sender=ANN, **found):
    """Rita acts for Ann, whose complaint is screened."""
    walk.take("2026-07-06 10:00", sender=sender, representative=RITA).wait(hours=1)
    return walk.do(CHECK, authority="confirmed", authorityScope=scope, **found).wait(minutes=5).screen()


def answered(walk, **more):
    """Our answer went to Rita alone."""
    represented(walk, **more).later("2026-07-16 10:00").assess().investigate().decide(remedy="words")
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org"]
    return walk


def settled(walk, authority, reason="Ann rang and said so.", **more):
    settle_anew(walk.service, walk.key, authority, reason=reason, by=MAX, **more)
    walk.service.run_due()
    return walk


def follow(walk, role="representative"):
    """A link of theirs as it came by mail."""

    def work(session):
        key = parties(session, walk.key)[role].key
        return links.new_link(session, walk.key, purpose="follow", party_key=key, at=walk.clock.now())

    return walk.service.engine.write(work)


def opens(walk, token):
    visitor = Visitor(create_app(walk.service), walk.clock)
    visitor.open(f"/t/{token}")
    return visitor.open("/status").status_code == 200 and walk.reference in visitor.text


# it ends


def test_who_acts_no_more_gets_nothing_and_no_link_of_theirs_opens(walk):
    represented(walk)
    token = follow(walk)
    assert opens(walk, token)
    settled(walk, ENDED)
    assert not opens(walk, token)
    assert "Their authority is over, its last day was 5 July 2026" in people_page(walk)
    walk.assess().investigate().decide(remedy="words").wait(minutes=5)
    assert left(walk, "decision") == ["ann@example.org"]
    assert walk.troubles == []


def test_an_answer_that_only_they_have_goes_to_the_complainant_who_has_the_whole_time(walk):
    answered(walk).later("2026-07-28 10:00")
    settled(walk, ENDED).wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org", "ann@example.org"]
    assert "Read and reply" in visit(walk, "complainant").text
    walk.later("2026-08-10 10:00")
    assert "Look back on the complaint" not in walk.open, "her time began with her copy"
    walk.answer("accepts")
    assert "Look back on the complaint" in walk.open
    assert walk.troubles == []


def test_a_letter_that_waits_is_written_anew_to_whom_it_concerns(walk):
    represented(walk, sender=PAPER)
    changed = {"email": None, "address": "7 Chambers Row"}
    correct(walk.service, walk.key, "representative", changed, reason="Moved", by=MAX)
    walk.assess().investigate().decide(remedy="words")
    assert list(waiting(walk, "decision")) == ["7 Chambers Row"]
    settled(walk, ENDED)
    assert list(waiting(walk, "decision")) == ["1 High Street"]
    assert [task.name for task in walk.aside("Post the letter")] == ["Post the letter"]
    assert "Dear Ann Other" in walk.letter("decision").text


def test_nobody_looks_for_a_way_to_who_acts_no_more(walk):
    represented(walk)
    correct(walk.service, walk.key, "representative", {"email": None}, reason="Came back", by=MAX)
    walk.assess().investigate().decide(remedy="words").wait(minutes=5)
    assert len(walk.aside(FIND)) == 1
    assert ("decision", "representative") in kept(walk)
    settled(walk, ENDED).wait(minutes=5)
    assert walk.aside(FIND) == []
    assert left(walk, "decision") == ["ann@example.org"]
    walk.wait(days=60)
    assert "Look back on the complaint" in walk.open, "what is kept for them delays no end"


def test_what_they_sent_while_they_might_is_read_before_our_answer_goes_on(walk):
    answered(walk).later("2026-07-20 18:00")
    write(walk, "We do not accept this.", role="representative")
    walk.later("2026-07-21 10:00")
    settled(walk, ENDED).wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org"]
    read(walk, "rejects")
    assert walk.complaint().state != "responded"
    assert walk.troubles == []


def test_it_ends_after_the_closing_too(walk):
    answered(walk).answer("accepts")
    walk.close().wait(minutes=5)
    assert walk.complaint().closed_at is not None
    token = follow(walk)
    settled(walk, ENDED)
    assert not opens(walk, token)


# it is limited


@pytest.mark.parametrize("door", ["at once", "once what they sent is read"])
def test_an_answer_goes_to_who_decides_as_they_decide_nothing_any_more(walk, door):
    answered(walk)
    if door != "at once":
        write(walk, "Here is the bill.", role="representative")
    settled(walk, READS).wait(minutes=5)
    if door != "at once":
        assert left(walk, "decision") == ["rita@example.org"]
        read(walk, "adds")
        chore = next(one for one in walk.service.chores if one.name == "authority-over")
        assert (chore.run(), chore.run()) == (1, 0)
        walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org", "ann@example.org"]
    assert "Read and reply" not in visit(walk, "representative").text
    assert "Read and reply" in visit(walk, "complainant").text


def test_who_decides_has_every_letter_where_a_representative_only_reads(walk):
    represented(walk, "receive").assess(severity="low", complexity="low", quickAnswer=True).settle()
    walk.wait(minutes=5)
    assert "early-resolution" in [row.template for row in walk.letters]
    for template in {row.template for row in walk.letters if row.to_role == "complainant"}:
        assert sorted(left(walk, template)) == ["ann@example.org", "rita@example.org"], template


# it is confirmed late, or again


def test_proof_that_comes_late_counts_from_then_on(walk):
    walk.take("2026-07-06 10:00", sender=ANN, representative=RITA).wait(hours=1)
    walk.do(CHECK, authority="refused").wait(minutes=5).screen()
    token = follow(walk)
    assert not opens(walk, token)
    settled(walk, Authority("settle", date(2026, 12, 31)))
    assert opens(walk, token)
    walk.assess().investigate().decide(remedy="words").wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org"]
    assert "Acts and decides for the complainant until 31 December 2026." in people_page(walk)
    assert walk.troubles == []


def test_an_authority_that_is_over_is_renewed(walk):
    represented(walk, authorityUntil="2026-07-20").later("2026-07-22 10:00").assess().investigate()
    settled(walk, ACTS)
    walk.decide(remedy="words").wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org"]


def test_an_answer_on_its_way_to_the_complainant_goes_to_who_acts_again(walk):
    represented(walk, sender=PAPER, authorityUntil="2026-07-20").later("2026-07-22 10:00")
    walk.assess().investigate().decide(remedy="words")
    assert list(waiting(walk, "decision")) == ["1 High Street"]
    settled(walk, ACTS).wait(minutes=5)
    assert (list(waiting(walk, "decision")), left(walk, "decision")) == ([], ["rita@example.org"])
    assert walk.aside("Post the letter") == []


# while a diagram waits for it


def asked(walk):
    return walk.do(CHECK, authority="requested")


WAITS = {
    CHECK: lambda walk: walk,
    PROOF: asked,
    DECIDE: lambda walk: asked(walk).later("2026-07-21 10:00"),
}


@pytest.mark.parametrize("task", WAITS)
@pytest.mark.parametrize("authority", [ACTS, ENDED], ids=["acts", "none"])
def test_the_screening_goes_on_with_what_was_settled_elsewhere(walk, task, authority):
    walk.take("2026-07-06 10:00", sender=ANN, representative=RITA).wait(hours=1)
    WAITS[task](walk)
    assert task in walk.open
    settled(walk, authority).wait(minutes=5)
    assert (task in walk.open, "Screen the complaint" in walk.open) == (False, True)
    acts = authority == ACTS
    assert left(walk, "acknowledgement") == (["rita@example.org"] if acts else ["ann@example.org"])
    assert ("representative-refused" in [row.template for row in walk.letters]) is not acts
    assert walk.troubles == []


# somebody else acts


def test_somebody_who_acts_from_now_on_gets_what_goes_to_the_complainant(walk):
    walk.take("2026-07-06 10:00", sender=ANN).screen().assess().investigate()
    take_on(walk.service, walk.key, ROB, ACTS, reason="A letter of Ann’s.", by=MAX)
    walk.decide(remedy="words").wait(minutes=5)
    assert left(walk, "decision") == ["rob@example.org"]
    assert "Read and reply" in visit(walk, "representative").text
    assert walk.complaint().represented
    assert walk.troubles == []


def test_somebody_else_in_their_place_has_the_answer_and_the_time_and_they_have_nothing(walk):
    answered(walk)
    token = follow(walk)
    take_on(walk.service, walk.key, ROB, ACTS, reason="Ann changed her mind.", by=MAX)
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org", "rob@example.org"]
    assert not opens(walk, token)
    page = people_page(walk)
    assert "Former representative Rita Rep" in page
    assert "Acts for the complainant no more" in page
    walk.answer("accepts")
    assert walk.troubles == []


def test_recording_them_twice_is_recording_them_once(walk):
    represented(walk)
    for _ in range(2):
        take_on(walk.service, walk.key, ROB, ACTS, reason="Seen", by=MAX)
    rows = walk.ask(lambda db: db.scalars(select(PartyRow).where(PartyRow.complaint_key == walk.key)).all())
    assert sorted(row.role for row in rows) == ["complainant", "former-representative", "representative"]


def test_nobody_acts_who_is_reached_where_the_complainant_is(walk):
    represented(walk)
    with pytest.raises(DetailRefused):
        take_on(walk.service, walk.key, PartyDetails("Rob", "ANN@example.org"), ACTS, reason="x", by=MAX)
    assert people(walk)["representative"].name == "Rita Rep"


@pytest.mark.parametrize(
    ("details", "authority", "field"),
    [
        (PartyDetails(None, "rob@example.org"), ACTS, "name"),
        (ROB, ENDED, "extent"),
        (ROB, Authority("everything"), "extent"),
        (ROB, Authority("settle", date(2026, 7, 5)), "until"),
    ],
)
def test_what_cannot_be_is_refused_and_says_where(walk, details, authority, field):
    represented(walk)
    with pytest.raises(AuthorityRefused) as refusal:
        take_on(walk.service, walk.key, details, authority, reason="x", by=MAX)
    assert refusal.value.facts["field"] == field


# another person under the same authority


def test_an_authority_is_not_handed_to_another_person_by_a_correction(walk):
    represented(walk)
    changed = {"name": ROB.name, "email": ROB.email}
    with pytest.raises(AnotherPerson):
        correct(walk.service, walk.key, "representative", changed, reason="x", by=MAX)
    assert people(walk)["representative"].name == "Rita Rep"
    correct(walk.service, walk.key, "representative", changed, reason="x", same_person=True, by=MAX)
    assert people(walk)["representative"].email == "rob@example.org"


@pytest.mark.parametrize("changed", [{"name": "Rita Repp"}, {"email": "r@example.org"}, {"phone": "07700 1"}])
def test_a_slip_of_the_pen_is_corrected_as_ever(walk, changed):
    represented(walk)
    correct(walk.service, walk.key, "representative", changed, reason="x", by=MAX)
    assert asdict(PartyDetails(**changed)).items() >= changed.items()
    party = people(walk)["representative"]
    assert {name: getattr(party, name) for name in changed} == changed


# what is told, and what is refused


def test_it_is_told_to_the_timeline_and_to_who_looks_after_the_complaint(walk):
    represented(walk)
    settled(walk, ENDED, reason="She rang us.")
    line = walk.ask(lambda db: db.scalars(select(EventRow).where(EventRow.kind == "authority-settled")).one())
    assert line.text.startswith(
        "Who speaks for the complainant is settled. Rita Rep: Their authority is over"
    )
    assert line.facts["reason"] == "She rang us."
    notices = walk.ask(lambda db: db.scalars(select(NoticeRow)).all())
    (notice,) = [one for one in notices if one.subject == f"Who speaks for {walk.reference} is settled"]
    assert "She rang us. They alone were sent: We have your complaint" in notice.text
    settled(walk, ENDED)
    lines = walk.ask(lambda db: db.scalars(select(EventRow).where(EventRow.kind == line.kind)).all())
    assert len(lines) == 1, "what stands already is settled once"


def test_nobody_settles_what_they_have_not_seen(walk):
    represented(walk)
    seen = mark_of(people(walk)["representative"])
    settled(walk, READS, seen=seen)
    with pytest.raises(AuthorityChanged):
        settled(walk, ENDED, seen=seen)


def test_where_nobody_acts_nothing_is_settled(walk):
    walk.take("2026-07-06 10:00", sender=ANN)
    with pytest.raises(NobodyRepresents):
        settled(walk, ENDED)


# who said what


def test_what_a_representative_writes_is_theirs(walk):
    represented(walk, "receive")
    visitor = visit(walk, "representative")
    visitor.open("/status/add")
    visitor.send("/status/add", message="The bill of June.")
    timeline = Desk(create_app(walk.service), walk.service, "max", "manager")
    timeline.open(f"/staff/complaints/{walk.key}/timeline")
    assert "The representative wrote: The bill of June." in timeline.text
    assert "The complainant wrote" not in timeline.text
    timeline.open(f"/staff/complaints/{walk.key}")
    assert re.search(r"More information .{0,80}Representative", timeline.text)
    told = Caller(create_app(walk.service), ADMIN_TOKEN).get(f"/api/complaints/{walk.reference}")[1]
    assert [one["by"] for one in told["answers"] if one["title"] == "More information"] == ["Representative"]
    assert "You sent us more information" in visit(walk, "representative").text
    assert "Who acts for you sent us more information" in visit(walk, "complainant").text


def test_what_a_representative_replies_is_theirs(walk):
    answered(walk)
    visitor = visit(walk, "representative")
    visitor.open("/status/answer")
    yes = re.search(r'name="answer"[^>]*value="([^"]*)"', visitor.page)[1]
    assert visitor.send("/status/answer", answer=yes, reason="Fair.").location == "/status"
    line = walk.ask(
        lambda db: db.scalars(select(EventRow).where(EventRow.kind == "complainant-answer")).one()
    )
    assert (line.by, line.text) == ("representative", "The representative accepts our answer: Fair.")
    assert "You told us that you accept our answer" in visit(walk, "representative").text
    assert "Who acts for you told us that our answer is accepted" in visit(walk, "complainant").text
    assert walk.troubles == []


# the doors


@pytest.fixture
def desk(walk):
    represented(walk)
    return Desk(create_app(walk.service), walk.service, "lea", "manager")


def test_a_colleague_ends_it_on_the_tab_people(walk, desk):
    url = f"/staff/complaints/{walk.key}/people/representative/authority"
    desk.open(f"/staff/complaints/{walk.key}/people")
    assert "Settle what their representative may do" in desk.text
    assert 'value="settle" checked' in desk.html
    assert desk.send(url, extent="none", until="31 2", reason="She rang").status_code == 422
    assert "Enter the last day as 27 3 2026" in desk.text
    assert ('value="31 2"' in desk.html, 'value="She rang"' in desk.html) == (True, True)
    assert desk.send(url, extent="none", reason="").status_code == 422
    assert desk.send(url, extent="", reason="x").status_code == 422
    assert desk.send(url, extent="none", reason="She rang", _version="old").status_code == 409
    assert desk.send(url, extent="none", reason="She rang").status_code == 200
    assert "Their authority is over" in desk.text


def test_a_colleague_records_who_acts_now(walk, desk):
    url = f"/staff/complaints/{walk.key}/people/representative/another"
    desk.open(f"/staff/complaints/{walk.key}/people")
    assert "Somebody else acts for the complainant" in desk.text
    given = {"name": "Rob Other", "email": "rob@example.org", "extent": "receive", "until": "31 12 2026"}
    assert desk.send(url, **given | {"email": "no"}, reason="Seen").status_code == 422
    assert 'value="Rob Other"' in desk.html
    assert desk.send(url, **given, reason="Seen", _version="nobody").status_code == 409
    assert desk.send(url, **given, reason="Seen").status_code == 200
    assert "decides nothing until 31 December 2026" in desk.text


def test_a_colleague_says_that_it_is_the_same_person(walk, desk):
    url = f"/staff/complaints/{walk.key}/people/representative"
    given = {"name": "Rita Married", "email": "married@example.org", "reason": "Married"}
    assert desk.send(url, **given).status_code == 422
    assert "Say that it is the same person, or record that somebody else acts" in desk.text
    assert desk.send(url, **given, same_person="on").status_code == 200


def test_programs_settle_it_by_the_same_rule(walk):
    represented(walk)
    admin = Caller(create_app(walk.service), ADMIN_TOKEN)
    path = f"/api/complaints/{walk.reference}/people/representative"
    for wrong in ({"extent": "all"}, {"reason": " "}, {"until": "2026-01-01"}, {"odd": 1}):
        assert admin.post(f"{path}/authority", {"extent": "receive", "reason": "x"} | wrong)[0] == 422, wrong
    assert admin.post(f"{path}/authority", {"extent": "none", "reason": "She rang"})[0] == 204
    assert people(walk)["representative"].authority == "expired"
    rob = {"name": "Rob Other", "email": "rob@example.org", "extent": "settle", "reason": "Seen"}
    for wrong in ({"extent": "none"}, {"name": ""}, {"email": "no"}, {"email": "ann@example.org"}):
        assert admin.post(f"{path}/another", rob | wrong)[0] == 422, wrong
    assert (admin.post(f"{path}/another", rob)[0], admin.post(f"{path}/another", rob)[0]) == (204, 204)
    assert people(walk)["representative"].name == "Rob Other"
    changed = {"name": "Rita Rep", "email": "rita@example.org", "reason": "x"}
    assert admin.post(path, changed)[0] == 422
    assert admin.post(path, changed | {"samePerson": True})[0] == 204
    nobody = "/api/complaints/RD-0000-0000-0/people/representative/authority"
    assert admin.post(nobody, {"extent": "none", "reason": "x"})[0] == 404


# whatever waits, is kept or was said, as somebody else speaks


NOWHERE = PartyDetails("Ann Other")


def kept_for_ann(walk, **more):
    """Our answer is kept, as no way leads to Ann, and somebody looks for one."""
    walk.take("2026-07-06 10:00", sender=NOWHERE, **more).wait(hours=1)
    if more:
        walk.do(CHECK, authority="refused").wait(minutes=5)
    walk.screen().later("2026-07-16 10:00").assess().investigate().decide(remedy="words").wait(minutes=5)
    assert ("decision", "complainant") in kept(walk)
    return walk


@pytest.mark.parametrize("act", ["somebody else", "confirmed late"])
def test_what_is_kept_goes_to_who_speaks_now_and_the_time_begins(walk, act):
    if act == "somebody else":
        kept_for_ann(walk)
        take_on(walk.service, walk.key, ROB, ACTS, reason="Seen", by=MAX)
    else:
        kept_for_ann(walk, representative=RITA)
        settled(walk, ACTS)
    walk.wait(minutes=5)
    assert left(walk, "decision") == [ROB.email if act == "somebody else" else RITA.email]
    assert (kept(walk), walk.aside(FIND)) == ([], [])
    walk.wait(days=40)
    assert "Look back on the complaint" in walk.open
    assert walk.troubles == []


def test_somebody_without_a_name_is_told_through_who_acts_from_now_on(walk):
    walk.take("2026-07-06 10:00", sender=None).screen()
    take_on(walk.service, walk.key, ROB, ACTS, reason="Seen", by=MAX)
    walk.wait(minutes=5)
    assert left(walk, "acknowledgement") == ["rob@example.org"]
    walk.wait(days=10)
    assert "acknowledgement" not in walk.late


def test_who_only_read_and_decides_now_has_our_answer(walk):
    represented(walk, "receive", sender=PAPER).later("2026-07-16 10:00").assess().investigate()
    walk.decide(remedy="words").wait(minutes=5)
    assert (left(walk, "decision"), list(waiting(walk, "decision"))) == (
        ["rita@example.org"],
        ["1 High Street"],
    )
    settled(walk, ACTS)
    assert walk.state("final_response") == "met"
    walk.post("decision").wait(days=40)
    assert walk.late == []
    assert walk.clock_named("referral_window") is not None


@pytest.mark.parametrize("letter", ["decision", "early-resolution"])
def test_who_decides_has_a_copy_before_that_of_who_only_reads_is_posted(walk, letter):
    represented(walk)
    changed = {"email": None, "address": "7 Chambers Row"}
    correct(walk.service, walk.key, "representative", changed, reason="Moved", by=MAX)
    if letter == "decision":
        walk.assess().investigate().decide(remedy="words")
    else:
        walk.assess(severity="low", complexity="low", quickAnswer=True).settle()
    settled(walk, READS).wait(minutes=5)
    assert left(walk, letter) == ["ann@example.org"]
    assert list(waiting(walk, letter)) == ["7 Chambers Row"]
    assert walk.troubles == []


def test_who_may_only_read_from_now_on_gets_what_waits(walk):
    represented(walk, sender=PAPER, authorityUntil="2026-07-10").later("2026-07-16 10:00")
    walk.assess().investigate().decide(remedy="words")
    assert list(waiting(walk, "decision")) == ["1 High Street"]
    settled(walk, READS).wait(minutes=5)
    assert (left(walk, "decision"), list(waiting(walk, "decision"))) == (
        ["rita@example.org"],
        ["1 High Street"],
    )


@pytest.mark.parametrize("act", ["replaced", "confirmed"])
def test_a_refusal_is_theirs_alone(walk, act):
    rita = PartyDetails("Rita Rep", address="7 Chambers Row")
    walk.take("2026-07-06 10:00", sender=ANN, representative=rita).wait(hours=1)
    walk.do(CHECK, authority="refused").wait(minutes=5)
    assert list(waiting(walk, "representative-refused")) == ["7 Chambers Row"]
    if act == "replaced":
        take_on(walk.service, walk.key, ROB, ACTS, reason="Seen", by=MAX)
    else:
        settled(walk, ACTS)
    walk.wait(minutes=5)
    assert list(waiting(walk, "representative-refused")) == (["7 Chambers Row"] if act == "replaced" else [])
    assert left(walk, "representative-refused") == []
    if act == "replaced":
        walk.post("representative-refused")
        assert left(walk, "representative-refused") == ["7 Chambers Row"]


def test_an_answer_of_who_was_replaced_goes_on_once_what_they_sent_is_read(walk):
    answered(walk)
    write(walk, "Here is a bill.", role="representative")
    take_on(walk.service, walk.key, ROB, ACTS, reason="Seen", by=MAX)
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org"]
    read(walk, "adds")
    chore = next(one for one in walk.service.chores if one.name == "authority-over")
    assert (chore.run(), chore.run()) == (1, 0)
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org", "rob@example.org"]


def test_who_acts_beside_the_complainant_who_has_our_answer_gets_it_too(walk):
    walk.take("2026-07-06 10:00", sender=ANN).screen().assess().investigate().decide(remedy="words").wait(
        minutes=5
    )
    take_on(walk.service, walk.key, ROB, ACTS, reason="Seen", by=MAX)
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["ann@example.org", "rob@example.org"]


@pytest.mark.parametrize("what", ["accepts", "rejects", "withdraws"])
@pytest.mark.parametrize("act", ["end", "limit", "replace"])
def test_what_they_said_while_they_might_stays_said(walk, act, what):
    answered(walk)
    visitor = visit(walk, "representative")
    visitor.open("/status/add")
    visitor.send("/status/add", message="Our last word.")
    walk.wait(minutes=30)
    if act == "replace":
        take_on(walk.service, walk.key, ROB, READS, reason="Seen", by=MAX)
    else:
        settled(walk, ENDED if act == "end" else READS)
    read(walk, what)
    assert walk.troubles == []
    assert "rob@example.org" not in left(walk, "decision") or what == "withdraws"
    said = {"accepts": "The representative accepts", "rejects": "The representative does not accept"}
    lines = walk.ask(
        lambda db: db.scalars(select(EventRow.text).where(EventRow.kind.like("complainant-%"))).all()
    )
    assert any(line.startswith(said.get(what, "The representative withdrew")) for line in lines)


def test_what_they_wrote_while_they_only_read_decides_nothing_later(walk):
    represented(walk, "receive").later("2026-07-16 10:00").assess().investigate().decide(remedy="words")
    visitor = visit(walk.wait(minutes=5), "representative")
    visitor.open("/status/add")
    visitor.send("/status/add", message="We accept.")
    settled(walk.wait(minutes=30), ACTS)
    with pytest.raises(FormInvalid):
        read(walk, "accepts")


def test_an_authority_found_late_does_not_reach_backwards(walk):
    walk.take("2026-07-06 10:00", sender=ANN, representative=RITA).wait(hours=1)
    walk.do(CHECK, authority="refused").later("2026-07-21 10:00")
    settled(walk, ACTS)
    party = people(walk)["representative"]
    assert not may_act(party, on=date(2026, 7, 10))
    assert may_act(party, on=date(2026, 7, 21))


def test_the_same_person_recorded_again_is_settled_and_written_to_once(walk):
    answered(walk)
    take_on(walk.service, walk.key, RITA, Authority("settle", date(2026, 12, 31)), reason="Renewed", by=MAX)
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org"]
    assert people(walk)["representative"].authority_until == date(2026, 12, 31)


def test_nothing_is_settled_where_a_complaint_joined_another(walk):
    older = Walk(walk.service, walk.clock)
    older.take("2026-07-06 10:00", sender=ANN).wait(hours=1).screen()
    represented_twice = walk.take("2026-07-07 10:00", sender=ANN, representative=RITA).wait(hours=1)
    represented_twice.do(CHECK, authority="confirmed", authorityScope="settle").screen(
        "duplicate", duplicateOf=older.reference
    )
    with pytest.raises(JoinedAnother):
        settled(walk, ENDED)


def test_a_complaint_without_a_name_whose_representative_acts_no_more_comes_to_its_end(walk):
    walk.take("2026-07-06 10:00", sender=None, representative=RITA).wait(hours=1)
    walk.do(CHECK, authority="confirmed", authorityScope="settle").wait(minutes=5).screen()
    walk.assess().investigate().decide(remedy="words").wait(minutes=5)
    settled(walk, ENDED).wait(minutes=5)
    if walk.aside(FIND):
        walk.beside(FIND, wayFound="no")
    walk.wait(days=60)
    assert "Look back on the complaint" in walk.open or walk.complaint().closed_at is not None
    assert walk.troubles == []

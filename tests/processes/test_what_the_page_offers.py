"""Whatever the complainant's page offers, in whatever state: it leads to somebody's task or to an end, and the page says so."""

from __future__ import annotations

import re

import pytest

from api.app import create_app
from api.complaints import links
from api.complaints.intake import PartyDetails
from api.complaints.tables import PartyRow
from tests.api.web.staff_desk import Desk
from tests.api.web.visitor import Visitor
from tests.processes.test_days_letters_name import ASK, asked_for_proof
from tests.processes.test_words_and_deeds import kept


def taken(walk):
    return walk.take("2026-06-01 10:00")


def turned_away(walk):
    return taken(walk).screen("restricted_contact")


def appealed(walk):
    return turned_away(walk).answer("rejects")


def dismissed(walk):
    return appealed(walk).do("Decide the appeal", appealResult="dismissed", appealReason="Nothing new.")


def late(walk):
    return turned_away(walk).wait(days=60)


def late_appeal(walk):
    return late(walk).answer("rejects")


def late_answered(walk):
    return late_appeal(walk).beside("Answer the appeal", lateResult="stands", lateReason="Nothing new.")


def asked(walk):
    return taken(walk).screen().assess().do("Plan the investigation", questions="What happened?", **ASK)


def rejected(walk):
    return taken(walk).through().answer("rejects")


def withdrawn(walk):
    return kept(walk).tell("complainant-withdraws")


STATES = {
    "received": taken,
    "assessing": lambda walk: taken(walk).screen(),
    "investigating": lambda walk: taken(walk).screen().assess(),
    "asked": asked,
    "asked for proof": lambda walk: asked_for_proof(walk, PartyDetails("Lettings Ltd", "agent@example.org")),
    "deciding": lambda walk: taken(walk).screen().assess().investigate(),
    "responded": lambda walk: taken(walk).through(),
    "reminded": lambda walk: taken(walk).through().wait(days=17),
    "correcting": lambda walk: taken(walk).through().answer("accepts"),
    "rejected": rejected,
    "stage two": lambda walk: rejected(walk).choose("stage_two"),
    "answered again": lambda walk: rejected(walk).choose("stage_two").review(),
    "external": lambda walk: rejected(walk).choose("external"),
    "withdrawn": withdrawn,
    "closed": lambda walk: taken(walk).through().answer("accepts").correct().close(),
    "turned away": turned_away,
    "appealed": appealed,
    "dismissed": dismissed,
    "turned away for good": late,
    "appealed late": late_appeal,
    "late appeal answered": late_answered,
}
ACTS = ("add", "withdraw", "accepts", "rejects", "rate")
NO_END = "We wait for your reply"


def page_of(walk):
    """The complainant's browser at their own page."""

    def follow(session):
        party = session.query(PartyRow).filter_by(complaint_key=walk.key, role="complainant").one()
        return links.new_link(session, walk.key, purpose="follow", party_key=party.key, at=walk.clock.now())

    visitor = Visitor(create_app(walk.service), walk.clock)
    visitor.open(f"/t/{walk.service.engine.write(follow)}")
    visitor.open("/status")
    return visitor


def tasks(walk):
    return sorted([*walk.open, *(task.name for task in walk.aside())])


def offered(visitor):
    """The acts that the page has a way to."""
    ways = set(re.findall(r'href="/status/(\w+)"', visitor.page))
    acts = {act for act in ("add", "withdraw") if act in ways}
    if "answer" in ways and "Read and reply" in visitor.text:
        acts |= {"accepts", "rejects"}
    return acts | ({"rate"} if "survey" in ways else set())


def act(visitor, what):
    """Do it on the pages; return the answer to the last press."""
    if what == "add":
        return visitor.send("/status/add", message="The receipt turned up.")
    if what == "withdraw":
        return visitor.send("/status/withdraw", confirm="on")
    if what == "rate":
        visitor.open("/status/survey")
        ratings = dict(re.findall(r'type="radio"[^>]*name="(\w+)" value="([^"]+)"', visitor.page))
        return visitor.send("/status/survey", **ratings)
    visitor.open("/status/answer")
    given = re.findall(r'name="answer" value="([^"]+)"', visitor.page)
    return visitor.send("/status/answer", answer=given[0 if what == "accepts" else 1], reason="Because.")


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_what_the_page_offers_leads_somewhere_and_the_page_says_so(walk, state, what):
    STATES[state](walk)
    visitor = page_of(walk)
    if what not in offered(visitor):
        return
    before, was, told = tasks(walk), (walk.complaint().state, walk.complaint().closed_at), visitor.text
    answer = act(visitor, what)
    assert answer.status_code == 303, visitor.text
    walk.service.run_due()
    now = (walk.complaint().state, walk.complaint().closed_at)
    visitor.open("/status")
    if what == "add":
        assert tasks(walk) != before, "what was sent reaches a person"
    assert tasks(walk) != before or now != was or what not in offered(visitor), (state, what, tasks(walk))
    assert visitor.text != told
    assert walk.troubles == []
    if what in ("accepts", "rejects"):
        assert NO_END not in visitor.text
        assert "You told us" in visitor.text


def test_every_act_is_offered_in_some_state(walk):
    assert {"add", "withdraw"} <= offered(page_of(taken(walk)))
    assert {"accepts", "rejects"} <= offered(page_of(walk.through()))


def test_who_accepts_that_we_cannot_take_it_up_ends_it_and_is_not_asked_again(walk):
    turned_away(walk).answer("accepts")
    complaint, text = walk.complaint(), page_of(walk).text
    assert (complaint.state, complaint.closing_reason) == ("not_accepted", "not_in_scope")
    assert complaint.closed_at is not None
    assert "that you accept this" in text
    assert "Read and reply" not in text


def test_who_does_not_accept_it_is_heard(walk):
    assert appealed(walk).open == ["Decide the appeal"]
    assert "Somebody who has not looked at it before reads what you say" in page_of(walk).text


def test_who_writes_after_the_time_to_appeal_is_told_that_they_are_read_and_are(walk):
    text = page_of(late(walk)).text
    assert "Also after the time to appeal somebody reads it" in text
    assert NO_END not in text
    walk.answer("rejects")
    assert [task.name for task in walk.aside()] == ["Answer the appeal"]


@pytest.mark.parametrize(
    ("result", "says", "letter", "state", "runs"),
    [
        ("allowed", "Its time limits run again at once, counted from the day of the first receipt", "appeal-upheld",
         "assessing", "running"),
        ("dismissed", "Then the complaint ends as not accepted, once nothing that protects people is open", "appeal-dismissed",
         "not_accepted", "not_applicable"),
    ],
)  # fmt: skip
def test_who_decides_an_appeal_reads_what_follows_and_that_follows(walk, result, says, letter, state, runs):
    appealed(walk)
    (task,) = walk.service.engine.open_tasks(walk.instance)
    lea = Desk(create_app(walk.service), walk.service, "lea", "team-lead", groups=("team-leads",))
    lea.open(f"/staff/tasks/{task.user_task_key}")
    assert says in lea.text
    walk.do("Decide the appeal", appealResult=result, appealReason="Nothing new.")
    assert walk.letters[-1].template == letter
    assert (walk.complaint().state, walk.state("final_response")) == (state, runs)


@pytest.mark.parametrize(("result", "follows"), [("take_up", ["Register it again"]), ("stands", [])])
def test_who_answers_a_late_appeal_reads_what_follows_and_that_follows(walk, result, follows):
    late_appeal(walk)
    (task,) = walk.aside("Answer the appeal")
    lea = Desk(create_app(walk.service), walk.service, "lea", "team-lead", groups=("team-leads",))
    lea.open(f"/staff/tasks/{task.user_task_key}")
    assert "intake gets the task to register it as a new complaint. This one stays as it ended." in lea.text
    assert "a letter that the decision stands, with your reason. The complaint stays as it ended." in lea.text
    walk.beside("Answer the appeal", lateResult=result, lateReason="Nothing new.")
    assert walk.letters[-1].template == "late-appeal"
    assert [each.name for each in walk.aside()] == follows
    assert (walk.complaint().state, walk.complaint().closed_at is None) == ("not_accepted", False)

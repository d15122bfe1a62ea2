"""No letter leaves with a hole: every letter, in every regime of the deadline table, early and late, by mail and on paper."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.errand import Tools
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.letter_addressees import addressees
from api.complaints.letter_contents import write
from api.complaints.letters import LetterIncomplete, read_letter
from api.complaints.policies import kinds, second_look
from api.complaints.tables import ComplaintRow, LetterRow, RemedyRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from engine import dmn, feel
from engine.actors import service as as_service
from engine.deadlines.clocks import Act
from tests.processes.office import ROOT

TABLE = dmn.read((ROOT / "processes" / "deadlines.dmn").read_bytes(), name="deadlines.dmn")
REGIMES = tuple(
    dict.fromkeys(
        re.search(r'"([^"]+)"', rule.conditions[0].text)[1]
        for rule in TABLE.decisions["deadline_policies"].expression.rules
    )
)
GAP = re.compile(
    r"\b(until|by|within)\s*[.,;]|\s[.,;:](\s|$)|\(\s*\)|\bnull\b|\bNone\b|\{\{|:::|\[\]|phone ,"
)


def answer(number, outcome="upheld", amount=0, kind="words", what=None):
    texts = {"issueId": number, "summary": f"Point {number}", "outcome": outcome, "text": "We looked."}
    return texts | {"remedyKind": kind, "remedyWhat": what, "amount": amount, "keepAnyway": False}


def promised(number, due, amount=0, kind="put_right", what="A new boiler"):
    return {"id": number, "issueId": number, "kind": kind, "what": what, "amount": amount, "dueOn": due}


def variables(due, *, bare):
    """What the diagrams know when they send letters; ``bare`` leaves out all that their forms do not ask for by force."""
    whole = {
        "answers": [
            answer(1, amount=62.4, kind="refund", what=None if bare else "Refund"),
            answer(2, "not_upheld", kind="none"),
            answer(3, "no_finding", amount=1000, kind="distress", what=None if bare else "For the trouble"),
            answer(4, "partly_upheld", kind="put_right", what=None if bare else "A new boiler"),
        ],
        "commitments": [
            promised(1, due, 62.4, "refund", "refund" if bare else "Refund"),
            promised(3, due, 1000, "distress"),
            promised(4, due),
        ],
        "waits": {
            "authority": 10,
            "silence": 10,
            "information": 10,
            "commitment": 10,
            "appeal": 20,
            "delivery": 1,
        },
        "earlySummary": "We agreed on the money.",
        "earlyOutcome": "upheld",
        "remedyKind": "refund",
        "amount": 62.4,
        "remedyWhat": None if bare else "Refund",
        "scopeReason": "It is too long ago.",
        "lateResult": "stands" if bare else "take_up",
        "lateReason": "Nothing new came.",
        "forwardedTo": "The town hall",
        "consent": "no" if bare else "yes",
        "enquiryAnswer": "At nine.",
        "agreedHow": "We read the records.",
        "planResult": "set" if bare else "agreed",
        "duplicateOf": "RD-AAAA-BBBB-C",
        "breachText": "We are behind.",
        "holdingText": "We wait for a report.",
        "updateText": "We have read it all.",
        "questionToComplainant": "When was it?",
        "question": "What do your records show?",
        "dueOn": due,
        "body": None if bare else "the Ombudsman",
        "bodyReference": None if bare else "OMB-7",
        "awardWhat": "Pay and apologise.",
        "externalOutcome": "confirmed" if bare else "changed",
        "outcomeReason": "It was fair.",
        "newDate": due,
        "answerBy": None if bare else due,
        "goesOn": [] if bare else ["We go on protecting the people who may be in danger."],
        "awardAmount": 0 if bare else 300,
    }
    if bare:
        whole["body"] = "the Ombudsman"  # asked for when it is taken up
    known = {name for name, value in whole.items() if value is not None} | {"answerBy"}
    return {name: feel.inward(whole[name]) for name in known}


def complain(service, regime, *, channel=None, category=None):
    ann = PartyDetails("Ann Other", "ann@example.org", address="1 Road", preferred_channel=channel)
    new = NewComplaint(
        "web", service.clock.now(), "Charged twice.", ann, regime=regime, category=category, problem="price"
    )
    made = receive(service, new, by=as_service("test"))
    service.run_due()
    return made


def written(service, made, letter, *, bare):
    """Write a letter and undo everything again."""

    def work(session):
        row = session.get(ComplaintRow, made.key)
        desk = service.desk(session, Act(service.clock.now(), "hana", "test"))
        tools = Tools(service.letters, service.case_clocks, service.settings, service.organisation)
        due = (service.clock.now() + timedelta(days=10)).date()
        to = service.letters.addressee(letter)
        party = next((one.party for one in addressees(service.letters, desk, row, to)), None)
        known = variables(due, bare=bare)
        done = known["commitments"] if letter == "closing" and not bare else ()
        session.add_all([kept(service, made, promise) for promise in done])
        return write(tools, desk, row, letter, party=party, variables=known)

    return service.rehearse(work)


def kept(service, made, promise):
    """A promise that was carried out and verified, as the register holds it."""
    now, amount = service.clock.now(), promise["amount"]
    return RemedyRow(
        **{"key": service.engine.next_key(), "complaint_key": made.key, "mark": str(promise["id"])},
        **{"kind": promise["kind"], "description": promise["what"]},
        **{"amount": f"{amount:.2f}" if amount else None, "decided_at": now},
        **{"corrected_at": now, "verified_at": now},
    )


def faults(service, made, *, bare):
    found = []
    for letter in sorted(service.letters.ids):
        try:
            one = written(service, made, letter, bare=bare)
        except LetterIncomplete as refusal:
            found.append((letter, refusal.missing))
            continue
        for text in (one.subject, one.text, re.sub(r"<[^>]+>", "", one.html)):
            gap = GAP.search(text)
            if gap:
                found.append((letter, text[max(0, gap.start() - 40) : gap.end() + 10]))
    return found


@pytest.mark.parametrize("channel", ["e-mail", "post"])
@pytest.mark.parametrize("regime", REGIMES)
def test_every_letter_is_whole_in_every_regime(service, clock, regime, channel):
    made = complain(service, regime, channel=channel)
    assert faults(service, made, bare=False) == []
    clock.advance(timedelta(days=3 * 365))

    assert faults(service, made, bare=True) == [], "three years later no date that was promised lies ahead"


def test_every_regime_and_every_category_is_walked(service):
    assert set(REGIMES) == set(service.engine.read(kinds).regimes)
    for category in service.engine.read(kinds).categories:
        for regime in REGIMES:
            made = complain(service, regime, category=category)
            assert written(service, made, "acknowledgement", bare=True)


@pytest.mark.parametrize("regime", REGIMES)
def test_the_letters_name_the_body_of_the_regime(service, regime):
    assert regime == "generic" or regime in service.organisation.bodies
    made, body = complain(service, regime), service.organisation.body_of(regime)

    for letter in ("acknowledgement", "decision", "not-accepted-employment", "stage-two-decision"):
        text = written(service, made, letter, bare=False).text
        assert body.name in text
        assert body.website in text


def test_no_body_is_kept_for_a_regime_that_the_table_does_not_know(service):
    assert set(service.organisation.bodies) <= set(REGIMES)


def test_a_decision_names_outcome_amount_and_day_of_every_point_and_the_sum(service):
    text = written(service, complain(service, "generic"), "decision", bare=False).text

    assert "Outcome: you are right\n" in text
    assert "What we do: we give back £62.40 (Refund)." in text
    assert "What we do: we pay you £1,000.00 (For the trouble)." in text
    assert "What we do: A new boiler." in text
    assert text.count("within 10 working days of your yes") == 3
    assert "Outcome: we do not agree\n" in text
    assert "Outcome: we could not find out\n" in text
    assert "In total you get £1,062.40." in text


def test_early_award_and_closing_letters_name_the_amount(service):
    made = complain(service, "generic")

    early = written(service, made, "early-resolution", bare=False).text
    assert "we give back £62.40 (Refund).\nWe do this by 3 December 2026." in early
    assert "We pay you £300.00." in written(service, made, "award", bare=False).text
    closing = written(service, made, "closing", bare=False).text
    assert "- Refund, £62.40\n" in closing
    assert "- A new boiler\n" in closing


def test_nothing_is_said_of_forwarding_where_the_complainant_did_not_agree(service):
    made = complain(service, "generic")

    assert "we have forwarded" in written(service, made, "forwarding", bare=False).text
    assert "We have not forwarded" in written(service, made, "forwarding", bare=True).text


def test_a_second_look_is_offered_only_where_the_table_has_one(service):
    offered = "somebody new will look at it afresh"
    assert offered in written(service, complain(service, "generic"), "decision", bare=False).text
    assert offered not in written(service, complain(service, "us-cfpb"), "decision", bare=False).text


@pytest.mark.parametrize(
    ("body", "hole"),
    [
        ("By {{ clocks.never }}.", "{{ clocks.never }} (empty)"),
        ("{{ words }}.", "{{ words }} (empty)"),
        ("{{ [1, null] }}.", "{{ [1, null] }} (empty)"),
        ("{{ {a: 1} }}.", "{{ {a: 1} }} (empty)"),
        ("By {{ promised }}.", "{{ promised }} (the day has passed: 1 March 2020)"),
        ("{{ if true then nothing else 1 }}", "{{ if true then nothing else 1 }} (empty)"),
        ("::: if nothing > 1\nx\n:::\n", "::: if nothing > 1 (neither true nor false)"),
        ("::: each x in none\n{{ x }}\n:::\n", "::: each … in none (nothing in the list)"),
        ("::: each x in [{}]\n{{ x.name }}\n:::\n", "{{ x.name }} (empty)"),
    ],
)
def test_a_letter_with_a_hole_is_not_written_and_the_hole_is_named(service, body, hole):
    service.letters._templates["t"] = read_letter(
        "t.md", f"---\nsubject: x\nto: complainant\n---\n{body}\n".encode()
    )
    facts = {
        "words": " ",
        "promised": feel.inward(service.clock.now().date().replace(2020, 3, 1)),
        "none": [],
    }

    with pytest.raises(LetterIncomplete) as refusal:
        service.letters.write("t", facts, moment=service.moment(), zone=service.settings.time_zone)

    assert refusal.value.missing == (hole,)
    assert "'t'" in refusal.value.message
    assert hole in refusal.value.message


def test_blocks_keep_drop_and_repeat_lines_and_leave_no_gap(service):
    body = 'A\n\n::: if yes\nB\n::: else\nC\n:::\n\n::: if no\nD\n:::\n\n::: each x in list\n- {{ x }}{{ if no then "!" else "" }}\n:::\n\nE'
    service.letters._templates["t"] = read_letter(
        "t.md", f"---\nsubject: x\nto: complainant\n---\n{body}".encode()
    )
    facts = {"yes": True, "no": False, "list": ["<b>", "two"]}

    one = service.letters.write("t", facts, moment=service.moment(), zone=service.settings.time_zone)

    assert one.text == "A\n\nB\n\n- <b>\n- two\n\nE\n"
    assert "<li>&lt;b&gt;</li>" in one.html


@pytest.mark.parametrize("regime", REGIMES)
def test_a_case_that_is_rejected_twice_gets_all_its_letters(service, clock, regime):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda db: add_colleagues(db, keys=keys, password=None, at=clock.now()))
    made, staff = complain(service, regime), Staff(service)
    wish = Wish(remedy="refund", amount=62, accepts=False)
    for _ in range(4):
        staff.work(made.instance_key, wish)
        staff.answer(made.instance_key, wish)
        clock.advance(timedelta(days=1))

    rows = service.engine.read(
        lambda db: db.scalars(select(LetterRow).where(LetterRow.complaint_key == made.key)).all()
    )
    letters = {row.template: row.text for row in rows}
    ruled = service.engine.read(lambda db: second_look(db, regime, service.moment()))
    again = set() if ruled == "none" else {"stage-two-started", "stage-two-decision"}
    assert {"acknowledgement", "decision"} <= set(letters)
    assert set(letters) & {"stage-two-started", "stage-two-decision"} == again
    for letter in {"decision", *(again - {"stage-two-started"})}:
        assert "£62.00" in letters[letter]
    assert [text for text in letters.values() if GAP.search(text)] == []
    assert service.engine.incidents_of(made.instance_key).items == ()

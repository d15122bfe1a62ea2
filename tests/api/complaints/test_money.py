"""A remedy in money has its amount: asked by every form at every door, and by the register as the last line."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from api.complaints.record_jobs import MONEY, AmountMissing, SumExceeded, amount_of, refuse_more_than_approved
from api.complaints.tables import ComplaintRow, RemedyRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import MONEY as MONEY_OF_THE_DEMO
from api.demo.staff import Staff, Wish
from api.identity import people
from engine import feel, forms
from engine.forms import model as m
from engine.quoted import plain
from engine.store.search import Condition, Query
from tests.api.conftest import START
from tests.api.web.staff_desk import Desk, carry_on, complain

ROOT = Path(__file__).parents[3]
MOMENT = feel.Moment(START, zone="Europe/London")
WITH_MONEY = {
    "draft-answer": {"outcome": "upheld", "answerText": "Yes.", "remedyWhat": "It"},
    "review-afresh": {"outcome": "upheld", "answerText": "Yes.", "remedyWhat": "It"},
    "settle-early": {
        "earlyResult": "settled",
        "earlyOutcome": "upheld",
        "earlySummary": "Agreed.",
        "remedyWhat": "It",
    },
}
WRONG = (None, "", 0, 0.0, -1, -0.01, "0", "-5", "free", "NaN", "Infinity", 0.001, True, [5], {"amount": 5})


@pytest.fixture(autouse=True)
def office(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(
        lambda session: add_colleagues(session, keys=keys, password=None, at=service.clock.now())
    )


def shipped(name):
    return forms.read((ROOT / "forms" / f"{name}.form").read_bytes(), name=name)


def waiting_for(service, made, form_id):
    """Return the first open task of a complaint that asks this form."""
    for task in service.engine.open_tasks(made.instance_key):
        form = service.engine.task_form(task.user_task_key)
        if form is not None and form.form_id == form_id:
            return task
    raise AssertionError(f"no task asks {form_id}")


def incidents(service):
    return service.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items


def test_every_form_with_a_kind_of_remedy_is_tried_here():
    asking = {
        path.stem
        for path in (ROOT / "forms").glob("*.form")
        if any(name == ("remedyKind",) for name, _ in shipped(path.stem).fields())
    }
    assert asking == set(WITH_MONEY)


@pytest.mark.parametrize("form_id", sorted(WITH_MONEY))
@pytest.mark.parametrize("source", ["page", "rest"])
def test_a_remedy_in_money_leaves_no_form_without_an_amount_above_nothing(form_id, source):
    form = shipped(form_id)
    for kind in sorted(MONEY):
        given = WITH_MONEY[form_id] | {"remedyKind": kind}
        for wrong in WRONG:
            with pytest.raises(forms.FormInvalid) as refused:
                forms.check(form, given | {"amount": wrong}, {}, moment=MOMENT, source=source)
            assert {error.path for error in refused.value.errors} == {"amount"}, (kind, wrong)
        with pytest.raises(forms.FormInvalid):
            forms.check(form, given, {}, moment=MOMENT, source=source)
        clean = forms.check(form, given | {"amount": 62.4}, {}, moment=MOMENT, source=source).clean
        assert clean["amount"] == Decimal("62.4")


@pytest.mark.parametrize("form_id", sorted(WITH_MONEY))
def test_a_remedy_without_money_asks_for_none_and_keeps_none(form_id):
    kinds = {
        option.value
        for path, field in shipped(form_id).fields()
        if path == ("remedyKind",) and isinstance(field, m.Choice)
        for option in field.options
    }
    assert kinds >= MONEY
    for kind in sorted(kinds - MONEY):
        given = WITH_MONEY[form_id] | {"remedyKind": kind, "amount": 500}
        clean = forms.check(shipped(form_id), given, {}, moment=MOMENT, source="page").clean
        assert "amount" not in clean, kind


def test_an_award_names_its_amount_or_says_that_there_is_none():
    form = shipped("record-external-outcome")
    given = {"externalOutcome": "changed", "award": True, "awardWhat": "Pay"}
    for wrong in WRONG:
        with pytest.raises(forms.FormInvalid):
            forms.check(form, given | {"awardAmount": wrong}, {}, moment=MOMENT)
    assert forms.check(form, given | {"awardAmount": 100}, {}, moment=MOMENT).clean["awardAmount"] == 100
    assert (
        "awardAmount" not in forms.check(form, given | {"awardWithoutMoney": True}, {}, moment=MOMENT).clean
    )


def test_the_page_of_a_task_asks_for_the_missing_amount_and_the_draft_goes_nowhere(app, service):
    made = complain(service)
    carry_on(service, made, until="draft-answer")
    task = waiting_for(service, made, "draft-answer")
    desk = Desk(app, service, task.assignee or "hana")
    path = f"/staff/tasks/{task.user_task_key}"
    desk.open(path)
    version = re.search(r'name="_version" value="(\d+)"', desk.html)[1]
    form = shipped("draft-answer")
    fields = {".".join(name): field for name, field in form.fields()}
    kinds = [option.value for option in fields["remedyKind"].options]
    answer = desk.send(
        path,
        follow=False,
        _do="continue",
        _version=version,
        outcome="0",
        answerText="Yes.",
        remedyKind=str(kinds.index("refund")),
        remedyWhat="It",
    )
    assert answer.status_code == 422
    assert "Enter amount" in desk.text
    assert waiting_for(service, made, "draft-answer").user_task_key == task.user_task_key


@pytest.mark.parametrize("amount", [value for value in WRONG if value not in (None, "", 0.001)] + [1e400])
def test_the_register_takes_no_amount_that_is_no_number_above_nothing(amount):
    for kind in sorted(MONEY):
        with pytest.raises(AmountMissing):
            amount_of(kind, amount)


def test_the_register_knows_the_kinds_of_money_the_forms_offer():
    assert MONEY == MONEY_OF_THE_DEMO
    assert amount_of("words", None) is None
    assert amount_of("put_right", 0) is None
    assert amount_of("refund", "62.40") == Decimal("62.40")
    with pytest.raises(AmountMissing):
        amount_of("refund", None)


def test_the_register_takes_no_promise_beyond_the_sum_that_was_approved():
    promises = [
        {"kind": "refund", "amount": 60},
        {"kind": "put_right", "amount": None},
        {"kind": "goodwill", "amount": 0.5},
    ]
    refuse_more_than_approved({"totalAmount": 60.5, "commitments": promises})
    refuse_more_than_approved({"commitments": promises})
    for approved in (60.49, 0, None):
        with pytest.raises(SumExceeded):
            refuse_more_than_approved({"totalAmount": approved, "commitments": promises})


def drafted(service, form_change):
    """Return a complaint drafted on forms an owner changed, so that a refund may go without an amount."""
    files = []
    for path in [*sorted((ROOT / "processes").iterdir()), *sorted((ROOT / "forms").iterdir())]:
        if path.suffix in (".bpmn", ".dmn", ".form"):
            data = path.read_bytes()
            if path.stem in WITH_MONEY:
                data = data.replace(b'"required": true,\n        "min": 0.01', form_change)
                data = data.replace(b'"required": true,\n            "min": 0.01', form_change)
            files.append((path.name, data))
    paul = service.engine.read(lambda session: people.find(session, "paul"))
    service.engine.deploy(tuple(files), by=paul.actor)
    return complain(service)


def stuck(service, clock, made):
    """Return the incidents of a complaint once every try has failed."""
    for _ in range(8):
        clock.advance(timedelta(minutes=20))
        service.engine.run_due_jobs()
    return [(one.element_id, one.error_message) for one in incidents(service)]


def answer_without_amount(service, made, form_id):
    task = waiting_for(service, made, form_id)
    name = task.assignee or "hana"
    somebody = service.engine.read(lambda session: people.find(session, name))
    given = WITH_MONEY[form_id] | {"remedyKind": "refund"}
    service.engine.complete_task(task.user_task_key, given, by=somebody.actor)


def test_a_form_an_owner_loosened_makes_the_draft_an_incident_and_not_nothing(service, clock):
    made = drafted(service, b'"min": -100')
    carry_on(service, made, until="draft-answer")
    answer_without_amount(service, made, "draft-answer")
    ((element, message),) = stuck(service, clock, made)
    assert element == "Task_RecordOutcome"
    assert "has no amount" in plain(message)
    assert "Check the quality" not in service.engine.open_task_names(made.instance_key)


def test_an_early_settlement_of_an_unknown_sum_is_an_incident_and_within_nobodys_limit(service, clock):
    made = drafted(service, b'"min": -100')
    wish = Wish(remedy="refund", early=True, stop_before=frozenset({"settle-early", "approve-early"}))
    Staff(service).work(made.instance_key, wish)
    answer_without_amount(service, made, "settle-early")
    ((element, message),) = stuck(service, clock, made)
    assert element == "Task_Limit"
    assert "no rule of the table 'Authority' matches" in message
    state = service.engine.read(lambda session: session.get(ComplaintRow, made.key).state)
    assert state == "early_resolution"


def test_the_limit_of_authority_never_takes_an_unknown_sum_for_nothing(service):
    for stage in ("early", "one", "two"):
        for total in (None, -1):
            facts = {"stage": stage, "totalAmount": total, "remedyKinds": ["refund"]}
            facts |= {"level": "standard", "significant": False}
            assert decided(service, facts) is None, (stage, total)
        facts |= {"totalAmount": 0}
        assert decided(service, facts)["approvers"]


def decided(service, facts):
    return json.loads(service.engine.evaluate_decision("authority", facts).output)


@pytest.mark.parametrize("amounts", [(62.4, None), (600.5, 600.5), (5000, 5000.01)])
def test_the_approver_is_found_by_the_sum_over_all_issues(service, amounts):
    made = complain(service, issues=("Late", "Rude"))
    carry_on(service, made, until="draft-answer")
    for amount in amounts:
        task = waiting_for(service, made, "draft-answer")
        who = service.engine.read(lambda session, name=task.assignee or "hana": people.find(session, name))
        money = {"remedyKind": "refund", "amount": amount, "remedyWhat": "It"}
        words = {"remedyKind": "words"}
        given = {"outcome": "upheld", "answerText": "Yes."} | (words if amount is None else money)
        service.engine.complete_task(task.user_task_key, given, by=who.actor)
    carry_on(service, made, until="approve-decision")
    task = waiting_for(service, made, "approve-decision")
    total = sum(Decimal(str(amount)) for amount in amounts if amount)
    group = "top-management" if total > 10_000 else "complaints-managers" if total > 1_000 else "approvers"
    assert list(task.candidate_groups) == [group]
    assert incidents(service) == ()
    carry_on(service, made, until="nothing")
    query = select(RemedyRow.amount).where(RemedyRow.complaint_key == made.key)
    promised = service.engine.read(lambda session: list(session.scalars(query)))
    assert sum(Decimal(amount) for amount in promised) == total

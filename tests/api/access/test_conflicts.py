"""Nobody handles a complaint about themselves or one they have a conflict of interest in, whenever that becomes known."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.keeping_away import colleagues
from api.complaints.merging import MergeRefused, joined
from api.complaints.separation import exclude
from api.complaints.tables import ComplaintRow, EventRow, ExclusionRow, NoticeRow, PartyRow
from api.web.forms.posted import token
from engine.actors import service as as_service
from engine.commands.errors import TaskNotFound
from engine.forms.errors import FormInvalid
from tests.api.access.world import Someone
from tests.api.browsing import add_person
from tests.api.web.staff_desk import Desk

SHOUTED = "Hana Hale shouted at me on the telephone."
TEAM = {
    "ina": "intake", "hana": "handler", "hugo": "handler", "iris": "investigator", "lea": "team-lead", "max": "manager",
    "mona": "manager", "ada": "auditor",
}  # fmt: skip
ASSESSED = {"severity": "low", "complexity": "low", "impact": "one"}


@pytest.fixture
def team(service):
    return {name: add_person(service, name, role) for name, role in TEAM.items()}


@pytest.fixture
def desk(app, service, team):
    return lambda name: Desk(app, service, name)


def complain(service, words="The parcel never came.", **more):
    given = NewComplaint(
        "web",
        service.clock.now(),
        words,
        PartyDetails("Ann Other", "ann@example.org"),
        **more,
    )
    made = receive(service, given, by=as_service("web"))
    service.run_due()
    return made


def the_task(service, made, name):
    return next(one for one in service.engine.open_tasks(made.instance_key) if one.name == name)


def do(service, made, name, by=None, **answers):
    by = {} if by is None else {"by": by.actor}
    service.engine.complete_task(the_task(service, made, name).user_task_key, answers, **by)
    service.run_due()


def screened(service, words="The parcel never came."):
    """A complaint that hana owns, with a task in her hands."""
    made = complain(service, words)
    do(service, made, "Screen the complaint", scopeExit="in_scope", problem="conduct")
    assert row(service, made).owner == "hana"
    assert the_task(service, made, "Assess the complaint").assignee == "hana"
    return made


def row(service, made):
    return service.engine.read(lambda session: session.get(ComplaintRow, made.key))


def of(service, table, made, *columns):
    query = select(*columns or (table,)).where(table.complaint_key == made.key)
    return service.engine.read(lambda session: session.execute(query).all())


def away(service, made):
    return {name for (name,) in of(service, ExclusionRow, made, ExclusionRow.person_name)}


def lines(service, made, kind):
    found = of(service, EventRow, made, EventRow.kind, EventRow.text, EventRow.facts)
    return [(text, facts) for its, text, facts in found if its == kind]


def owners_known(service, made):
    """Every value of ``owner`` that the open case holds."""
    names = {one.process_instance_key for one in service.engine.instances().items if one.state == "ACTIVE"}
    found = (service.engine.values(key) for key in names)
    return {values["owner"] for values in found if values.get("complaintKey") == str(made.key)}


def gone(service, desk, team, made, name="hana"):
    """Tell that the complaint is not there for ``name``: pages, search, task, inbox, notices."""
    hers = desk(name)
    for path in ("", "/timeline", "/people"):
        assert hers.open(f"/staff/complaints/{made.key}{path}").status_code == 404
    hers.open(f"/staff/search?q={made.reference}")
    assert f"/staff/complaints/{made.key}" not in hers.html
    hers.open("/staff/inbox?box=groups")
    assert made.reference not in hers.text
    hers.open("/staff/notices")
    assert made.reference not in hers.text
    for task in service.engine.open_tasks(made.instance_key):
        assert task.assignee != name
        with pytest.raises(TaskNotFound):
            service.engine.claim_task(task.user_task_key, by=team[name].actor)
    return True


def managers_told(service, made):
    found = of(service, NoticeRow, made, NoticeRow.group_name, NoticeRow.subject, NoticeRow.text)
    return [
        text for group, subject, text in found if group == "complaints-managers" and "kept away" in subject
    ]


# a complaint that joins another


def merged(service, first, second):
    do(
        service, second, "Screen the complaint", scopeExit="duplicate", scopeReason="Told before.", problem="conduct",
        duplicateOf=first.reference,
    )  # fmt: skip


def test_who_is_kept_from_a_duplicate_is_kept_from_the_complaint_it_joins(service, team, desk):
    first = screened(service)
    second = complain(service, SHOUTED, staff_concerned=("hana",))
    merged(service, first, second)

    assert row(service, second).state == "merged"
    assert away(service, first) == {"hana"}
    assert gone(service, desk, team, first)
    assert row(service, first).owner == "hugo"
    assert owners_known(service, first) == {"hugo"}
    assert the_task(service, first, "Assess the complaint").assignee is None
    assert the_task(service, first, "Read the information").assignee != "hana"
    (told,) = managers_told(service, first)
    assert "Hugo looks after it now" in told
    assert ("hana",) in of(service, PartyRow, first, PartyRow.person_name), "she is complained about here too"
    assert lines(service, first, "kept-away") == [
        ("Hana is kept away from this complaint", {"person": "hana", "reason": "complained about"})
    ]


def test_who_is_kept_from_the_earlier_one_is_kept_from_the_one_that_joined_it(service, team, desk):
    first = complain(service, SHOUTED, staff_concerned=("hana",))
    second = complain(service, "As I wrote: she shouted.")
    merged(service, first, second)
    assert away(service, second) == {"hana"}
    assert gone(service, desk, team, second)


def test_what_becomes_known_after_they_joined_holds_for_both(service, team, desk):
    first, second = screened(service), complain(service, SHOUTED)
    merged(service, first, second)
    third = complain(service, "Once more.")
    merged(service, first, third)
    path = f"/staff/complaints/{second.key}/people"
    desk("lea").send(f"{path}/away", colleague="hana", reason="It is about her.")
    for made in (second, first, third):
        assert away(service, made) == {"hana"}
        assert gone(service, desk, team, made)
    assert row(service, first).owner == "hugo"
    desk("max").send(f"{path}/back", colleague="hana", reason="It is not.")
    assert [away(service, made) for made in (first, second, third)] == [set(), set(), set()]


@pytest.mark.usefixtures("team")
def test_a_complaint_joins_none_that_is_not_there_for_who_does_it(service):
    first, second = complain(service), complain(service)

    def join(session, by):
        return joined(session, session.get(ComplaintRow, second.key), first.reference, by=by).key

    service.engine.write(
        lambda session: exclude(session, first.key, "lea", reason="x", at=service.clock.now())
    )
    assert service.engine.read(lambda session: join(session, "ina")) == first.key
    with pytest.raises(MergeRefused):
        service.engine.read(lambda session: join(session, "lea"))


# on the page


def test_a_team_lead_keeps_the_owner_away_and_somebody_else_looks_after_it(service, team, desk):
    made, lea = screened(service, SHOUTED), desk("lea")
    lea.open(f"/staff/complaints/{made.key}/people")
    assert "Keep away from this complaint" in lea.text
    lea.send(f"/staff/complaints/{made.key}/people/away", colleague="hana", reason="She is complained about.")

    assert "They neither see nor handle this complaint any more" in lea.text
    assert "Reason: She is complained about." in lea.text
    assert gone(service, desk, team, made)
    assert row(service, made).owner == "hugo"
    assert owners_known(service, made) == {"hugo"}
    assert the_task(service, made, "Assess the complaint").assignee is None
    (told,) = managers_told(service, made)
    assert "Reason: She is complained about." in told
    (line,) = lines(service, made, "kept-away")
    assert line[1] == {"person": "hana", "reason": "She is complained about."}
    assert lines(service, made, "task-released")

    hugo = team["hugo"]
    do(service, made, "Assess the complaint", by=hugo, **ASSESSED)
    assert the_task(service, made, "Confirm priority and lane").assignee == "hugo", "what follows is his"


def test_the_interface_says_no_as_well(service, desk, team, app):
    made = screened(service, SHOUTED)
    boss = Someone(app, service, "boss", "handler", "manager")
    key = the_task(service, made, "Assess the complaint").user_task_key
    asked = [
        ("GET", f"/api/complaints/{made.key}", None),
        ("GET", f"/v2/user-tasks/{key}", None),
        ("POST", f"/v2/user-tasks/{key}/assignment", {"assignee": "boss"}),
        ("GET", f"/v2/process-instances/{made.instance_key}", None),
    ]
    assert boss.ask(*asked[0])[0] == 200
    desk("lea").send(f"/staff/complaints/{made.key}/people/away", colleague="boss", reason="A cousin.")
    assert [boss.ask(*one)[0] for one in asked] == [404, 404, 404, 404]
    status, text = boss.ask("POST", "/v2/user-tasks/search", {})
    assert (status, str(key) in text) == (200, False)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"colleague": "nobody", "reason": "x"}, "Select a colleague from the list"),
        ({"colleague": "", "reason": "x"}, "Select a colleague from the list"),
        ({"colleague": "hana", "reason": " "}, "Give a reason"),
    ],
)
def test_somebody_from_the_list_and_a_reason_are_needed(service, desk, fields, said):
    made, lea = screened(service), desk("lea")
    answer = lea.send(f"/staff/complaints/{made.key}/people/away", **fields)
    assert (answer.status_code, said in lea.text) == (422, True)
    assert away(service, made) == set()


def test_only_team_leaders_and_managers_keep_others_away(service, desk):
    made = screened(service)
    for name in ("hana", "ina", "ada"):
        colleague = desk(name)
        colleague.open(f"/staff/complaints/{made.key}/people")
        assert "Keep away from this complaint" not in colleague.text
        answer = colleague.send(
            f"/staff/complaints/{made.key}/people/away", colleague="hugo", reason="I like him not."
        )
        assert answer.status_code == 403
    assert away(service, made) == set()


def test_a_handler_declares_a_conflict_and_the_complaint_goes_to_somebody_else(service, team, desk):
    made, hana = screened(service), desk("hana")
    hana.open(f"/staff/complaints/{made.key}/people")
    hana.send(f"/staff/complaints/{made.key}/people/conflict", reason="He is my neighbour.")
    assert f"You are kept away from complaint {made.reference}" in hana.text
    assert gone(service, desk, team, made)
    assert row(service, made).owner == "hugo"
    (told,) = managers_told(service, made)
    assert "He is my neighbour." in told


def test_nobody_is_left_to_own_it_and_the_managers_read_so(service, team, desk):
    made = screened(service)
    for name in ("hana", "hugo", "iris", "lea"):
        desk("max").send(f"/staff/complaints/{made.key}/people/away", colleague=name, reason="Relatives.")
    assert row(service, made).owner is None
    assert owners_known(service, made) == {None}
    assert "Nobody looks after it" in managers_told(service, made)[3]
    assert the_task(service, made, "Assess the complaint").assignee is None


def test_a_manager_lifts_it_with_a_reason_and_never_for_themselves(service, team, desk):
    made = screened(service)
    lea, max_, mona = desk("lea"), desk("max"), desk("mona")
    path = f"/staff/complaints/{made.key}/people"
    lea.send(f"{path}/away", colleague="hana", reason="She is complained about.")
    lea.send(f"{path}/away", colleague="max", reason="His wife.")
    assert lea.send(f"{path}/back", colleague="hana", reason="No.").status_code == 403
    assert max_.send(f"{path}/back", colleague="max", reason="Me.").status_code == 404
    assert mona.send(f"{path}/back", colleague="hana", reason="").status_code == 422
    assert mona.send(f"{path}/back", colleague="hugo", reason="Why not.").status_code == 422
    assert away(service, made) == {"hana", "max"}

    mona.open(path)
    mona.send(f"{path}/back", colleague="hana", reason="Another Hana was meant.")
    assert away(service, made) == {"max"}
    assert lines(service, made, "let-back") == [
        (
            "Hana may see and handle this complaint again",
            {"person": "hana", "reason": "Another Hana was meant."},
        )
    ]
    mona.open(f"/staff/complaints/{made.key}/timeline")
    assert "Another Hana was meant." in mona.text
    key = the_task(service, made, "Assess the complaint").user_task_key
    service.engine.claim_task(key, by=team["hana"].actor)


def test_who_was_named_by_mistake_is_complained_about_no_longer(service, team, desk):
    made = complain(service, SHOUTED, staff_concerned=("hana", "hugo"))
    desk("max").send(f"/staff/complaints/{made.key}/people/back", colleague="hana", reason="Not her.")
    concerned = of(service, PartyRow, made, PartyRow.role, PartyRow.person_name)
    assert [name for role, name in concerned if role == "staff-concerned"] == ["hugo"]


# at a task


def test_who_the_assessment_names_is_kept_away_in_that_step_though_they_wrote_it_themselves(
    service, team, desk
):
    made = screened(service, SHOUTED)
    key = the_task(service, made, "Assess the complaint").user_task_key
    sheet = service.engine.task_sheet(key)
    assert {"label": "Hana (hana)", "value": "hana"} in sheet.stored["colleagues"]
    do(
        service,
        made,
        "Assess the complaint",
        by=team["hana"],
        staffConcerned=True,
        staffNamed=["hana"],
        **ASSESSED,
    )
    assert service.engine.incidents().items == ()
    assert gone(service, desk, team, made)
    assert row(service, made).owner == "hugo"
    assert owners_known(service, made) == {"hugo"}
    assert the_task(service, made, "Confirm priority and lane").assignee != "hana"
    assert len(managers_told(service, made)) == 1
    assert ("hana",) in of(service, PartyRow, made, PartyRow.person_name)


def test_who_names_themselves_at_the_page_is_led_to_a_page_they_may_open(service, desk):
    made, hana = screened(service, SHOUTED), desk("hana")
    key = the_task(service, made, "Assess the complaint").user_task_key
    hana.open(f"/staff/tasks/{key}")
    place = next(at for at, one in enumerate(service.engine.read(colleagues)) if one["value"] == "hana")
    answers = {"severity": token(0, "low"), "complexity": token(0, "low"), "impact": token(0, "one")}
    named = {"staffConcerned": "on", "staffNamed": token(place, "hana")}
    version = re.search(r'name="_version" value="(\d+)"', hana.html)[1]
    answer = hana.send(f"/staff/tasks/{key}", _do="continue", _version=version, **answers, **named)
    assert (answer.status_code, away(service, made)) == (200, {"hana"}), hana.text
    assert "Done: Assess the complaint." in hana.text


@pytest.mark.parametrize("named", [["nobody"], ["hana", "nobody"]])
def test_a_name_that_no_account_has_is_refused_at_the_field(service, team, named):
    made = screened(service)
    with pytest.raises(FormInvalid) as refused:
        do(service, made, "Assess the complaint", staffConcerned=True, staffNamed=named, **ASSESSED)
    assert {error.path for error in refused.value.errors} == {"staffNamed"}
    assert away(service, made) == set()


@pytest.mark.usefixtures("team")
def test_an_assessment_that_names_nobody_keeps_nobody_away(service):
    made = screened(service)
    do(service, made, "Assess the complaint", staffConcerned=True, **ASSESSED)
    assert service.engine.incidents().items == ()
    assert (away(service, made), row(service, made).owner) == (set(), "hana")


def test_who_is_named_when_heard_is_kept_away_and_told(service, team, desk):
    made = screened(service, SHOUTED)
    do(service, made, "Assess the complaint", staffConcerned=True, staffNamed=["iris"], **ASSESSED)
    triage = service.engine.values(the_task(service, made, "Confirm priority and lane").process_instance_key)[
        "triage"
    ]
    proposed = {name: triage[name] for name in ("lane", "level", "significant")}
    do(service, made, "Confirm priority and lane", proposedPriority=triage["priority"], **proposed)
    do(service, made, "Plan the investigation", questions="Who shouted?", hearStaff=True)
    told = service.engine.read(
        lambda session: session.scalars(
            select(NoticeRow.person_name).where(NoticeRow.person_name == "iris")
        ).all()
    )
    assert told == ["iris"], "whoever the assessment named may explain"
    do(
        service,
        made,
        "Hear the staff concerned",
        staffHeard="heard",
        staffReply="It was Hana.",
        staffNamed=["hana"],
    )
    assert away(service, made) == {"iris", "hana"}
    assert gone(service, desk, team, made)
    assert row(service, made).owner == "hugo"

"""Every answer of every form: kept with its question, shown with the complaint and beside its tasks, told to programs, found."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from api import schema
from api.app import create_app
from api.complaints import drafts
from api.complaints.answers.sheets import told
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.joined import FROM, INTO, MERGED, joined_by
from api.complaints.keeping_away import colleagues
from api.complaints.separation import excluded_from
from api.complaints.steps import LOOKED_UP
from api.complaints.struck_out import STRUCK_OUT, plain_form
from api.complaints.tables import ComplaintRow, DocumentRow, EventRow
from api.complaints.uploads import DraftUploads
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from api.identity import people, tokens
from api.identity.sessions import digest
from api.installation import ready_service
from api.web.public import unsent
from api.web.public.visitor import DRAFT
from api.wiring import wire
from engine import forms
from engine.actors import service as as_service
from engine.commands.errors import DeploymentRefused
from engine.store.search import Condition, Query
from tests.api.conftest import ADMIN_TOKEN, Caller, settings_for
from tests.api.filling import OFFERED, fillings, posted
from tests.api.web.staff_desk import Desk, complain
from tests.conftest import _empty
from tests.releases import as_first_release

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "forms").glob("*.form"))
AROUND = {"closureGaps": ["a gap"], **OFFERED}  # what forms look at that is not on them
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="Definitions_all" targetNamespace="http://bpmn.io/schema/bpmn"
  modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.9.0">
  <bpmn:process id="complaint-handling" name="Ask everything" isExecutable="true">
    <bpmn:startEvent id="Begin"><bpmn:extensionElements><zeebe:formDefinition formId="complaint" bindingType="latest" />
    </bpmn:extensionElements><bpmn:outgoing>Flow_0</bpmn:outgoing></bpmn:startEvent>"""
TASK = """
    <bpmn:userTask id="Task_{n}" name="Step {n}"><bpmn:extensionElements><zeebe:userTask />{form}
      <zeebe:assignmentDefinition candidateGroups="handlers" /></bpmn:extensionElements>
      <bpmn:incoming>Flow_{before}</bpmn:incoming><bpmn:outgoing>Flow_{n}</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="Flow_{before}" sourceRef="{source}" targetRef="Task_{n}" />"""
FOOT = """
    <bpmn:endEvent id="End"><bpmn:incoming>Flow_{n}</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="Flow_{n}" sourceRef="Task_{n}" targetRef="End" />
  </bpmn:process>
</bpmn:definitions>"""


def asking(*form_ids):
    """Return a diagram that asks these forms one after the other, and then waits in a task without a form."""
    text = HEAD
    for number, form_id in enumerate((*form_ids, None), start=1):
        form = f'<zeebe:formDefinition formId="{form_id}" bindingType="latest" />' if form_id else ""
        source = f"Task_{number - 1}" if number > 1 else "Begin"
        text += TASK.format(n=number, before=number - 1, form=form, source=source)
    return "complaint-handling.bpmn", (text + FOOT.format(n=len(form_ids) + 1)).encode()


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, clock, tmp_path):
    """A composed service with the demo's colleagues on each kind of database."""
    if request.param == "sqlite":
        made = wire(request.getfixturevalue("service_settings"), clock=clock)
    else:
        url = request.getfixturevalue("postgres_url")
        if url is None:
            pytest.skip("no PostgreSQL server is reachable")
        _empty(url)
        made = ready_service(settings_for(tmp_path / "pg", REDRESS_DATABASE_URL=url), clock=clock)
    keys = [made.engine.next_key() for _ in COLLEAGUES]
    made.engine.write(lambda session: add_colleagues(session, keys=keys, password=None, at=made.clock.now()))
    yield made
    made.database.dispose()


@pytest.fixture
def app(service):
    made = create_app(service)
    made.testing = False
    return made


@pytest.fixture
def desk(app, service):
    return lambda name: Desk(app, service, name)


@pytest.fixture
def admin(app):
    return Caller(app, ADMIN_TOKEN)


def somebody(service, name):
    return service.engine.read(lambda session: people.find(session, name))


def token_of(service, name):
    def work(session):
        key, now = service.database.keys.next(), service.clock.now()
        return tokens.issue(session, people.find(session, name), key=key, label="test", at=now)

    return service.engine.write(work)


def first_task(service, made):
    return min(service.engine.open_tasks(made.instance_key), key=lambda task: task.user_task_key)


def answers_of(caller, key):
    """Return the sheets a program sees: title → {path: line}."""
    status, told = caller.get(f"/api/complaints/{key}")
    assert status == 200
    return [
        (sheet, {line["path"]: line for part in sheet["sections"] for line in part["lines"]})
        for sheet in told["answers"]
    ]


def found_by(caller, word):
    status, told = caller.post("/api/complaints/search", {"filter": {"text": word}})
    assert status == 200
    return [line["reference"] for line in told["items"]]


def assert_everywhere(service, desk, admin, made, expected):
    """Assert that each answer is told to programs with its label, stands on the complaint's page and beside its task, and is found."""
    seen = answers_of(admin, made.key)
    manager, handler = desk("max"), desk("hana")
    manager.open(f"/staff/complaints/{made.key}")
    handler.open(f"/staff/tasks/{first_task(service, made).user_task_key}")
    for form_id, one in expected:
        asked = [lines[one.path] for sheet, lines in seen if sheet["formId"] == form_id and one.path in lines]
        said = [line for line in asked if one.label in line["label"] and one.text in line["text"]]
        assert said, f"{form_id}, {one.path}: {one} is not among {asked}"
        assert one.label in manager.text, one
        assert one.label in handler.text, one
        assert one.text in manager.text, one
        assert one.text in handler.text, one
        if one.token:
            assert found_by(admin, one.token) == [made.reference], one


def as_struck_out(plans):
    """What is answered, as the register tells of addresses and numbers that reached nobody: forms ask about those again."""
    texts = [value for _, plan in plans for value in plan.answers.values() if isinstance(value, str)]
    return [{"what": text, "plain": plain_form(text), "on": date(2026, 11, 20)} for text in texts]


def test_each_field_of_each_shipped_form_is_kept_shown_and_found(service, desk, admin, monkeypatch):
    moment = service.moment()
    plans = []
    for number, file in enumerate(SHIPPED):
        form = forms.read(file.read_bytes(), name=file.name)
        plans += [(form.id, one) for one in fillings(form, f"tk{number}", moment=moment, stored=AROUND)]
    assert {form_id for form_id, _ in plans} == {file.stem for file in SHIPPED}
    monkeypatch.setitem(LOOKED_UP, STRUCK_OUT, lambda *_: as_struck_out(plans))
    first = complain(service)

    def name_it(session):
        row = session.get(ComplaintRow, first.key)
        row.reference, row.owner = (
            AROUND["earlier"][0]["value"],
            "hana",
        )  # she may read it, so that it is offered

    service.engine.write(name_it)
    service.engine.deploy([asking(*(form_id for form_id, _ in plans))], by=somebody(service, "paul").actor)
    made = complain(service)
    service.engine.set_variables(made.instance_key, AROUND)
    hana = somebody(service, "hana")
    for form_id, plan in plans:
        task = first_task(service, made)
        assert service.engine.task_form(task.user_task_key).form_id == form_id
        service.engine.set_variables(made.instance_key, plan.around)
        service.engine.complete_task(task.user_task_key, plan.answers, source="page", by=hana.actor)
    expected = [(name, one) for name, plan in plans for one in plan.expected]
    assert_everywhere(service, desk, admin, made, expected)


def with_question(file, key, **more):
    """Return a shipped form with one question more, as a process owner would save it."""
    schema = json.loads((ROOT / "forms" / file).read_text())
    parts = schema["components"]
    place = parts[0]["components"] if parts[0]["type"] == "group" else parts
    asked = {"type": "textfield", "id": f"Field_{key}", "key": key, "label": f"The owner's {key}?"}
    place.append(asked | more)
    return file, json.dumps(schema).encode()


def deploy_with(service, name, data):
    """Deploy what is shipped with one file changed, as a process owner would."""
    folders = (ROOT / "processes", ROOT / "forms")
    kinds = (".bpmn", ".dmn", ".form")
    files = {
        path.name: path.read_bytes()
        for folder in folders
        for path in folder.iterdir()
        if path.suffix in kinds
    }
    service.engine.deploy(tuple((files | {name: data}).items()), by=somebody(service, "paul").actor)


def send_public(app, service, answers, *, mark="m" * 43):
    """Send the public form with these answers, by the page that sends it."""
    place, now = drafts.visitor_place(digest(mark)), service.clock.now()
    with app.test_request_context():
        form_key = unsent.form_key()
    service.engine.write(
        lambda session: drafts.save(
            session, place, answers, form_key=form_key, life=drafts.PUBLIC_LIFE, at=now
        )
    )
    client = app.test_client()
    client.set_cookie(DRAFT, mark)
    page = client.get("/complain/check").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    sent = client.post("/complain/check", data={"csrf_token": token})
    assert sent.location == "/complain/receipt", sent.get_data(as_text=True)
    service.engine.run_due_jobs()
    return newest(service)


def newest(service):
    """Return the complaint registered last."""
    query = select(ComplaintRow).order_by(ComplaintRow.key.desc()).limit(1)
    return service.engine.read(lambda session: session.scalar(query))


def test_a_question_added_to_the_public_form_is_kept_with_all_the_others(app, service, desk, admin):
    file, changed = with_question("complaint.form", "lighthouse")
    deploy_with(service, file, changed)
    form = forms.read(changed, name=file)
    for number, plan in enumerate(fillings(form, "pb", moment=service.moment())):
        made = send_public(app, service, plan.answers, mark=f"{number:043}")
        ((sheet, lines),) = answers_of(admin, made.key)
        manager = desk("max")
        manager.open(f"/staff/complaints/{made.key}")
        assert (sheet["formId"], sheet["by"]) == ("complaint", "Complainant")
        assert lines["lighthouse"]["label"] == "The owner's lighthouse?"
        for one in plan.expected:
            assert one.text in lines[one.path]["text"], one
            assert one.label in manager.text, one
            assert one.text in manager.text, one
            if one.token:
                assert found_by(admin, one.token) == [made.reference], one


def test_a_complaint_recorded_by_a_colleague_keeps_every_answer(app, service, desk, admin):
    form = forms.read((ROOT / "forms" / "log-complaint.form").read_bytes())
    offered = {"colleagues": service.engine.read(colleagues)}
    for number, plan in enumerate(fillings(form, "lg", moment=service.moment(), stored=AROUND)):
        answers = plan.answers | {"staffConcerned": ["emil"], "receivedOn": "2026-11-20"}
        emma = desk("max")
        emma.open("/staff/record")
        files = {"documents-upload": (io.BytesIO(b"Dear Sirs, the receipt."), f"receipt{number}.txt")}
        answer = emma.send("/staff/record", follow=False, **posted(form, answers, offered), **files)
        assert answer.status_code == 303, emma.text
        made = newest(service)
        assert service.engine.read(lambda session: excluded_from(session, "emil")) >= {made.key}
        ((sheet, lines),) = answers_of(admin, made.key)
        assert (sheet["formId"], sheet["by"]) == ("log-complaint", "Max Holloway")
        assert lines["documents"]["text"] == f"receipt{number}.txt"
        emma.open(f"/staff/complaints/{made.key}")
        assert f"Files receipt{number}.txt" in emma.text
        for one in plan.expected:
            if one.path not in ("staffConcerned", "receivedOn", "receivedTime"):
                assert one.text in lines[one.path]["text"], one
                assert one.text in emma.text, one


PHOTOS = {"type": "filepicker", "label": "Photos of the damage", "multiple": True}


def files_of(service, made):
    """Return the names of the files that belong to a complaint."""
    query = select(DocumentRow.name).where(DocumentRow.complaint_key == made.key).order_by(DocumentRow.name)
    return service.engine.read(lambda session: list(session.scalars(query)))


def file_named(name):
    return FileStorage(io.BytesIO(b"The roof, from below."), name)


def test_files_of_a_question_added_to_the_public_form_belong_to_the_complaint(app, service, desk):
    file, changed = with_question("complaint.form", "ownPhotos", **PHOTOS)
    deploy_with(service, file, changed)
    mark = "f" * 43
    draft = DraftUploads(service, digest(mark), by="complainant")
    own, other = (
        draft.keep("ownPhotos", file_named("roof.txt")),
        draft.keep("documents", file_named("bill.txt")),
    )
    form = forms.read(changed, name=file)
    plan = next(iter(fillings(form, "ph", moment=service.moment())))
    answers = plan.answers | {"ownPhotos": [own.key], "documents": [other.key]}
    made = send_public(app, service, answers, mark=mark)
    assert files_of(service, made) == ["bill.txt", "roof.txt"]
    manager = desk("max")
    manager.open(f"/staff/complaints/{made.key}")
    assert "Photos of the damage roof.txt" in manager.text
    assert manager.open(f"/staff/documents/{own.key}").status_code == 200


def test_files_of_a_question_added_to_the_record_belong_to_the_complaint(service, desk):
    file, changed = with_question("log-complaint.form", "ownPhotos", **PHOTOS)
    deploy_with(service, file, changed)
    emma = desk("max")
    emma.open("/staff/record")
    form = forms.read(changed, name=file)
    plan = next(iter(fillings(form, "pr", moment=service.moment(), stored=AROUND)))
    offered = {"colleagues": service.engine.read(colleagues)}
    answers = plan.answers | {"staffConcerned": [], "receivedOn": "2026-11-20"}
    files = {"ownPhotos-upload": (io.BytesIO(b"The roof, from below."), "roof.txt")}
    assert (
        emma.send("/staff/record", follow=False, **posted(form, answers, offered), **files).status_code == 303
    )
    assert files_of(service, newest(service)) == ["roof.txt"]


def test_a_file_given_to_two_questions_of_the_record_stays_with_the_other(service, desk):
    file, changed = with_question("log-complaint.form", "ownPhotos", **PHOTOS)
    deploy_with(service, file, changed)
    emma = desk("max")
    emma.open("/staff/record")
    version, record = (
        re.search(rf'name="{name}" value="([^"]+)"', emma.html)[1] for name in ("_version", "_key")
    )
    page = {"description": "It broke.", "_version": version, "_key": record}
    both = {name: (io.BytesIO(b"The roof."), "roof.txt") for name in ("ownPhotos-upload", "documents-upload")}
    emma.send("/staff/record", **page, **both, _do="save")
    (key,) = set(re.findall(r'name="(?:ownPhotos|documents)" value="([^"]+)"', emma.html))
    held = {"ownPhotos": key, "documents": key}

    for question, left in (("documents", ["roof.txt"]), ("ownPhotos", [])):
        emma.send("/staff/record", **page, **held, _do=f"remove-file:{question}:{key}")
        held.pop(question)
        assert service.engine.read(lambda db: list(db.scalars(select(DocumentRow.name)))) == left
        assert ("roof.txt" in emma.text) is bool(left)


def test_a_question_for_files_is_refused_where_no_page_takes_them(service):
    file, changed = with_question("survey.form", "ownPhotos", **PHOTOS)
    with pytest.raises(DeploymentRefused) as refused:
        deploy_with(service, file, changed)
    assert "Files answer the question “ownPhotos”, and the page of this form takes none." in str(
        refused.value
    )


def test_what_is_recorded_is_read_by_the_form_the_page_was_made_from(service, desk, admin):
    """The owner renames a question while a colleague has the page open, and while what was typed is kept for later."""
    deploy_with(service, *with_question("log-complaint.form", "lighthouse"))
    file, before = with_question("log-complaint.form", "lighthouse")
    form = forms.read(before, name=file)
    plan = next(iter(fillings(form, "vr", moment=service.moment(), stored=AROUND)))
    offered = {"colleagues": service.engine.read(colleagues)}
    answers = plan.answers | {
        "staffConcerned": [],
        "receivedOn": "2026-11-20",
        "lighthouse": "Portland quokka",
    }
    emma, other = desk("max"), desk("max")
    emma.open("/staff/record")
    version, key = (
        re.search(rf'name="{name}" value="([^"]+)"', emma.html)[1] for name in ("_version", "_key")
    )
    fields = posted(form, answers, offered) | {"_version": version, "_key": key, "_do": "save"}
    other.open("/staff/record")
    open_page = {
        name: re.search(rf'name="{name}" value="([^"]+)"', other.html)[1] for name in ("_version", "_key")
    }
    saved = emma.send("/staff/record", follow=False, **fields)
    assert saved.status_code == 303
    deploy_with(service, *with_question("log-complaint.form", "beacon"))
    emma.open(saved.location)
    assert "Portland quokka" in emma.html
    page = re.search(r'name="_draft" value="([^"]+)"', emma.html)[1]
    again = fields | {"_do": "continue", "_draft": page}
    assert emma.send("/staff/record", follow=False, **again).status_code == 303, emma.text
    ((_, lines),) = answers_of(admin, newest(service).key)
    assert lines["lighthouse"]["text"] == "Portland quokka"
    words = posted(form, answers | {"lighthouse": "Norfolk numbat"}, offered) | open_page
    assert other.send("/staff/record", follow=False, **words).status_code == 303, other.text
    ((_, lines),) = answers_of(admin, newest(service).key)
    assert lines["lighthouse"]["text"] == "Norfolk numbat"
    emma.open("/staff/record")
    assert "lighthouse" not in emma.html, "a new page is made from the newest"


def screened(service, made, **more):
    """Screen a complaint by the door of programs."""
    task = first_task(service, made)
    assert task.name == "Screen the complaint"
    answers = {"scopeExit": "in_scope", "issueList": [{"summary": "Late"}, {"summary": "Broken"}]} | more
    service.engine.complete_task(task.user_task_key, answers, by=somebody(service, "ines").actor)
    return task


@pytest.fixture
def chain(service):
    """Three complaints of one person, each with a form: the third joined the second, and then the second the first."""
    person = PartyDetails("Mr Ode", "ode@example.org")
    made = []
    for word in ("aardvark", "badger", "capybara"):
        sheet = told({"Seen": f"the {word}'s tail"}, title=f"Form {word}")
        wrote = NewComplaint("web", service.clock.now(), f"Of a {word}.", person, sheet=sheet)
        made.append(receive(service, wrote, by=as_service("test")))
        service.run_due()
    first, second, third = made
    for one, into in ((third, second), (second, first)):
        more = {"duplicateOf": into.reference, "scopeReason": "The same.", "problem": "quality"}
        screened(service, one, scopeExit="duplicate", **more)
        service.run_due()
    return made


def test_what_joined_what_joined_stands_with_the_complaint_that_goes_on(service, desk, admin, chain):
    first, second, third = chain
    manager = desk("max")
    (task, *_) = [
        one for one in service.engine.open_tasks(first.instance_key) if one.name == "Read the information"
    ]
    for page in (f"/staff/complaints/{first.key}", f"/staff/tasks/{task.user_task_key}"):
        manager.open(page)
        for word in ("aardvark", "badger", "capybara"):
            assert f"the {word}'s tail" in manager.text
    assert [sheet["title"] for sheet, _ in answers_of(admin, first.key) if "Form" in sheet["title"]] == [
        "Form aardvark",
        f"Form badger ({second.reference}, which joined this one)",
        f"Form capybara ({third.reference}, which joined this one)",
    ]


def test_complaints_that_name_each_other_in_a_circle_are_read_to_the_end(service, admin, chain):
    """As no step of ours leaves them: the lines say of each that it joined another."""
    first, _, third = chain

    def close(db):
        for one, facts in ((first, {INTO: third.reference}), (third, {FROM: first.reference})):
            line = {"at": service.clock.now(), "by": "x", "kind": "merged", "text": "x", "facts": facts}
            db.add(EventRow(key=service.engine.next_key(), complaint_key=one.key, **line))
        db.get(ComplaintRow, first.key).state = MERGED

    service.engine.write(close)
    known = {one.key: one.reference for one in chain}
    for one in chain:
        others = {key: reference for key, reference in known.items() if key != one.key}
        assert service.engine.read(lambda db, key=one.key: joined_by(db, key)) == others
    assert set(found_by(admin, "capybara")) == set(known.values())


def test_who_reads_the_complaint_that_goes_on_finds_it_by_what_joined_it(app, service, desk, admin, chain):
    """Its owner, who may open none of the others; every word counts, wherever it stands."""
    first, *others = chain
    service.engine.write(lambda db: setattr(db.get(ComplaintRow, first.key), "owner", "hana"))
    hana, calls = desk("hana"), Caller(app, token_of(service, "hana"))
    assert [hana.open(f"/staff/complaints/{one.key}").status_code for one in others] == [404, 404]
    for words in ("badger", "capybara", "Capybara's aardvark tail"):
        assert found_by(calls, words) == [first.reference]
        hana.open(f"/staff/complaints?q={words}")
        assert first.reference in hana.text
        assert not any(one.reference in hana.text for one in others)
    assert found_by(calls, "capybara okapi") == []
    assert set(found_by(admin, "capybara")) == {one.reference for one in chain}
    assert found_by(admin, "aardvark") == [first.reference], "what is the first's is not the others'"


@pytest.mark.parametrize("typed", ["jürgen", "JÜRGEN", "Ärger", "jürgen@übel.example", "øresund", "ØRESUND"])
def test_a_complaint_is_found_in_capital_and_small_letters_of_every_alphabet(service, admin, typed):
    who = PartyDetails("JÜRGEN ÄRGER", "Jürgen@ÜBEL.example")
    wrote = NewComplaint("web", service.clock.now(), "Lost on the ØRESUND.", who)
    made = receive(service, wrote, by=as_service("test"))

    assert found_by(admin, typed) == [made.reference]


def test_a_question_added_to_a_task_outlives_its_form(service, desk, admin):
    values = [{"label": "Red house", "value": "r"}, {"label": "Blue", "value": "b"}]
    file, changed = with_question("screen-scope.form", "colours", type="checklist", values=values)
    deploy_with(service, file, changed)
    made = complain(service)
    task = screened(service, made, colours=["r", "b"])
    deploy_with(service, file, (ROOT / "forms" / file).read_bytes())
    (sheet, lines) = answers_of(admin, made.key)[-1]
    assert (sheet["title"], sheet["by"]) == ("Screen the complaint", "Ines Amberg")
    assert (sheet["formId"], sheet["userTaskKey"]) == ("screen-scope", str(task.user_task_key))
    colours = lines["colours"]
    assert (colours["label"], colours["text"]) == ("The owner's colours?", "Red house, Blue")
    assert colours["value"] == ["r", "b"]
    assert [line["label"] for path, line in lines.items() if path.startswith("issueList")] == [
        "Issues 1: What is complained of?",
        "Issues 2: What is complained of?",
    ]
    manager = desk("max")
    manager.open(f"/staff/complaints/{made.key}")
    assert "The owner's colours? Red house, Blue" in manager.text
    assert found_by(admin, "red HOUSE") == [made.reference]


def test_a_task_completed_by_the_programs_door_keeps_its_answers_too(app, service, admin):
    made = complain(service)
    task = first_task(service, made)
    ines = Caller(app, token_of(service, "ines"))
    body = {"variables": {"scopeExit": "in_scope", "issueList": [{"summary": "Xylophone lost"}]}}
    assert ines.post(f"/v2/user-tasks/{task.user_task_key}/completion", body)[0] == 204
    (_, lines) = answers_of(admin, made.key)[-1]
    assert lines["issueList.0.summary"]["text"] == "Xylophone lost"
    assert found_by(admin, "xylophone") == [made.reference]


def test_what_was_answered_in_confidence_fills_no_form_of_who_may_not_read_the_complaint(service):
    """A department is asked by a form whose question has the key of one that a handler answered."""
    made = complain(service)

    def answer(session):
        row = session.get(ComplaintRow, made.key)
        row.owner, row.private = "hana", {"health": "A heart condition"}

    service.engine.write(answer)
    private = service.engine.house.private

    def seen(reader):
        names = frozenset({"health"})
        return service.engine.read(lambda db: private.load(db, made.instance_key, names, reader=reader))

    assert seen("hana") == seen("max") == seen("system") == {"health": "A heart condition"}
    assert seen("bill") == {}


def test_what_was_not_ticked_or_not_answered_is_shown_as_that(service, desk, admin):
    made = complain(service)
    screened(service, made)
    task = first_task(service, made)
    given = {"severity": "low", "complexity": "low", "impact": "one", "safety": False}
    who = next(
        name for name in ("ines", "hana") if somebody(service, name).groups & set(task.candidate_groups)
    )
    service.engine.complete_task(task.user_task_key, given, by=somebody(service, who).actor)
    (_, lines) = answers_of(admin, made.key)[-1]
    assert (lines["safety"]["value"], lines["safety"]["text"]) == (False, "No")
    assert (lines["category"]["value"], lines["category"]["text"]) == (None, "")
    manager = desk("max")
    manager.open(f"/staff/complaints/{made.key}")
    assert "Somebody could be hurt No" in manager.text
    assert "Which deadline rules apply? Not answered" in manager.text


def test_an_answer_that_needs_consent_is_not_kept_without_it(app, service, admin):
    form = forms.read((ROOT / "forms" / "complaint.form").read_bytes())
    (plan, *_) = fillings(form, "vc", moment=service.moment())
    refused = {"vulnerability": "zebrafish", "vulnerabilityConsent": False}
    made = send_public(app, service, plan.answers | refused)
    ((_, lines),) = answers_of(admin, made.key)
    assert (lines["vulnerability"]["value"], lines["vulnerability"]["text"]) == (None, "")
    assert found_by(admin, "zebrafish") == []


def test_who_may_not_read_the_complaint_sees_no_answer_of_it(service, desk):
    made = complain(service, staff_concerned=("hana",))
    screened(service, made)
    lea, hana = desk("lea"), desk("hana")
    lea.open("/staff/complaints?q=Broken")
    assert made.reference in lea.text
    assert hana.open(f"/staff/complaints/{made.key}").status_code == 404
    hana.open("/staff/complaints?q=Broken")
    assert made.reference not in hana.text


def test_answers_of_the_public_form_stay_out_of_process_variables(app, service):
    file, changed = with_question("complaint.form", "lighthouse")
    deploy_with(service, file, changed)
    (plan, *_) = fillings(forms.read(changed), "pv", moment=service.moment())
    made = send_public(app, service, plan.answers)
    variables = json.dumps(service.engine.values(made.instance_key), default=str)
    known = ("description", "dangerDetails", "desiredRemedy")  # the register hands these over itself
    said = [one.token for one in plan.expected if one.token and one.path not in known]
    assert len(said) > 10
    assert [token for token in said if token in variables] == []


def test_facts_sent_by_a_program_stand_on_the_page_and_are_found(service, desk, admin):
    body = {"channel": "phone", "description": "Late.", "facts": {"meter": "quagga 77", "smart": True}}
    status, told = admin.post("/api/complaints", body)
    assert status == 201
    manager = desk("max")
    manager.open(f"/staff/complaints/{told['key']}")
    assert "meter quagga 77 smart Yes" in manager.text
    assert found_by(admin, "quagga") == [told["reference"]]


def test_a_call_after_the_survey_is_kept_with_the_complaint(service, desk, admin):
    made = complain(service)
    staff, wish = Staff(service), Wish()
    for _ in range(3):
        staff.work(made.instance_key, wish)
        staff.answer(made.instance_key, wish)
    assert newest(service).state == "closed"
    service.engine.publish_message(
        "survey-answered", str(made.key), {"processRating": 1, "outcomeRating": 1, "mayContact": True}
    )
    service.engine.run_due_jobs()
    named = Query(where=(Condition("name", "eq", "Call the complainant"),))
    (call,) = service.engine.tasks(named).items
    manager = desk("max")
    manager.open(f"/staff/tasks/{call.user_task_key}")
    assert made.reference in manager.text
    answers = {"callResult": "satisfied", "callNote": "Dolphin music while waiting"}
    service.engine.complete_task(call.user_task_key, answers, by=somebody(service, "max").actor)
    (sheet, lines) = answers_of(admin, made.key)[-1]
    assert (sheet["title"], lines["callNote"]["text"]) == ("Call the complainant", answers["callNote"])
    assert found_by(admin, "dolphin") == [made.reference]


def test_what_older_complaints_hold_is_gathered_with_its_labels(service, desk, admin):
    made = complain(service)
    screened(service, made, problem="price")
    before = {"recurring": "yes", "outsideBodyName": "The energy ombudsman"}
    as_first_release(service.database)
    with service.database.writer.begin() as connection:
        connection.execute(
            sa.text("UPDATE complaints SET facts = :facts, private = :private"),
            {"facts": json.dumps(before), "private": json.dumps({"authorityScope": "Until May"})},
        )
        connection.execute(
            sa.text("UPDATE complaint_parties SET details = :details"),
            {"details": json.dumps({"contactHours": "After six", "adjustments": ["large_print"]})},
        )
    schema.upgrade(service.database)
    ((_, lines),) = answers_of(admin, made.key)
    told = {line["label"]: line["text"] for line in lines.values()}
    assert told["Has it happened before?"] == "Yes"
    assert told["Which one?"] == "The energy ombudsman"
    assert told["What does the authority cover?"] == "Until May"
    assert told["When can we call you?"] == "After six"
    assert told["What would help?"] == "Letters in large print"
    assert lines["adjustments"]["sensitivity"] == "special"
    assert told["What is it?"] == "Ours to handle"
    assert found_by(admin, "energy OMBUDSMAN") == [made.reference]
    manager = desk("max")
    manager.open(f"/staff/complaints/{made.key}")
    assert "When can we call you? After six" in manager.text
    schema.upgrade(service.database)
    assert len(answers_of(admin, made.key)) == 1

"""A house is made once, from what is shipped; from then on only a deployment changes what it holds."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.cli import main
from api.complaints.importing import cfpb
from api.deadlines.tables import CalendarRow
from api.identity import people
from api.installation import begin_service, open_service, ready_service
from api.procedure.deployment import deploy
from api.procedure.files import read_files
from engine.actors import SYSTEM
from engine.clock import FrozenClock
from engine.store.tables import decision_definitions, deployments, forms, process_definitions, resources
from tests.api.conftest import ROOT, START, settings_for
from tests.conftest import POSTGRES_URL

COUNTED = (deployments, resources, process_definitions, decision_definitions, forms)


def run(*arguments):
    return main([str(each) for each in arguments])


def counts(service):
    def count(session: Session) -> list[int]:
        tables = (*COUNTED, CalendarRow.__table__)
        return [session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]

    return service.engine.read(count)


@pytest.fixture
def own(tmp_path):
    """Copies of the shipped folders, for an owner to change."""
    for name in ("processes", "forms"):
        shutil.copytree(ROOT / name, tmp_path / "own" / name)
    return tmp_path / "own"


@pytest.fixture
def house(prepared, tmp_path, monkeypatch):
    """The data folder of a house that was made before, set for the commands."""
    folder = tmp_path / "data"
    shutil.copytree(prepared, folder)
    monkeypatch.setenv("REDRESS_DATA_DIR", str(folder))
    return folder


def change_each_kind(own):
    """Change one file of each kind that is deployed, so that it says something else."""
    form = own / "forms" / "look-back.form"
    form.write_text(form.read_text().replace('"label": "', '"label": "Ours: ', 1))
    for name in ("closing.bpmn", "waiting-times.dmn"):
        path = own / "processes" / name
        path.write_text(path.read_text() + "<!-- ours -->")
    path = own / "processes" / "calendars" / "uk-england.json"
    content = json.loads(path.read_text())
    content["closures"] = {"2027-06-07": "Our outing"}
    path.write_text(json.dumps(content))


def test_no_start_writes_over_what_the_owner_deployed(house, own, monkeypatch):
    change_each_kind(own)
    service = open_service(settings_for(house))
    deploy(service, read_files([own / "processes", own / "forms"]), by=SYSTEM)
    before = counts(service)
    service.database.dispose()

    for again in (
        lambda: ready_service(settings_for(house)).database.dispose(),
        lambda: begin_service(settings_for(house)).database.dispose(),
        lambda: run("init"),
        lambda: run("user", "list"),
        lambda: run("import", "cfpb", empty_cfpb(house)),
    ):
        again()
        service = open_service(settings_for(house))
        assert counts(service) == before
        service.database.dispose()


def empty_cfpb(folder: Path) -> Path:
    """A file of the public database with a head and no row."""
    path = folder / "none.csv"
    path.write_text(",".join(dict.fromkeys((*cfpb.NEEDED, cfpb.ID_COLUMN))) + "\n")
    return path


def test_what_is_shipped_changes_nothing_in_a_house_that_is_there(house, own, monkeypatch):
    change_each_kind(own)
    monkeypatch.setenv("REDRESS_PROCESSES_DIR", str(own / "processes"))
    monkeypatch.setenv("REDRESS_FORMS_DIR", str(own / "forms"))
    service = open_service(settings_for(house))
    before = counts(service)
    service.database.dispose()
    assert run("init") == 0
    service = open_service(settings_for(house))
    assert counts(service) == before
    service.database.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_start_at_once_on_an_empty_house_make_it_once(kind, tmp_path, request):
    more = {}
    if kind == "postgresql":
        more = {"REDRESS_DATABASE_URL": request.getfixturevalue("own_postgres_url")}
    made, failed = [], []

    def start():
        try:
            made.append(ready_service(settings_for(tmp_path / "data", **more), clock=FrozenClock(START)))
        except Exception as problem:  # noqa: BLE001
            failed.append(problem)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    try:
        assert counts(made[0])[0] == 1
        assert made[0].engine.read(people.count) == 1
        assert {row.version for row in made[0].engine.process_definitions().items} == {1}
    finally:
        for service in made:
            service.database.dispose()


@pytest.fixture
def own_postgres_url():
    """The address of a PostgreSQL database without a single table."""
    server = sa.create_engine(
        sa.make_url(POSTGRES_URL).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    name = f"redress_empty_{threading.get_native_id()}"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        pytest.skip("no PostgreSQL server is reachable")
    yield sa.make_url(POSTGRES_URL).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.mark.parametrize(
    "words",
    [
        ("worker",),
        ("deploy", ROOT / "processes", ROOT / "forms"),
        ("import", "cfpb", "x.csv"),
        ("user", "list"),
        ("user", "add", "anna"),
        ("user", "reset", "admin"),
        ("user", "disable", "admin"),
        ("backup", "copies"),
    ],
    ids=lambda words: "-".join(str(word) for word in words[:2] if isinstance(word, str)),
)
def test_only_init_serve_and_demo_make_a_house(words, tmp_path, monkeypatch, capsys):
    (tmp_path / "x.csv").write_text("Complaint ID\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "nowhere" / "data"))
    before = sorted(tmp_path.rglob("*"))
    assert run(*words) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert "There is no database" in line
    assert sorted(tmp_path.rglob("*")) == before


def test_a_database_without_our_tables_is_no_house(tmp_path, monkeypatch, capsys):
    with sqlite3.connect(tmp_path / "redress.db") as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    other.close()
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path))
    assert run("deploy", ROOT / "processes", ROOT / "forms") == 4
    assert "There is no database of Redress yet" in capsys.readouterr().err
    with sqlite3.connect(tmp_path / "redress.db") as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["notes"]
    other.close()


def test_init_makes_a_house_and_says_the_password_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    assert run("init") == 0
    assert "Account 'admin' created" in capsys.readouterr().out
    assert run("init") == 0
    assert "Account" not in capsys.readouterr().out
    assert run("user", "list") == 0


def test_a_house_is_nobody_elses_to_read(tmp_path, monkeypatch):
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    assert run("init") == 0
    assert run("backup", tmp_path / "copies") == 0
    (copy,) = (tmp_path / "copies").iterdir()
    made = [tmp_path / "data", copy, *(tmp_path / "data").iterdir()]
    assert len(made) > 2
    assert {path.name: path.stat().st_mode & 0o077 for path in made if path.stat().st_mode & 0o077} == {}


@pytest.mark.parametrize("command", ["lint", "deploy"])
def test_two_files_of_one_name_are_refused_naming_both(command, house, own, capsys):
    (own / "more").mkdir()
    shutil.copy(own / "forms" / "survey.form", own / "more" / "survey.form")
    service = open_service(settings_for(house))
    before = counts(service)
    assert run(command, own / "forms", own / "more") == 1
    out = capsys.readouterr().out
    assert str(own / "forms" / "survey.form") in out
    assert str(own / "more" / "survey.form") in out
    assert counts(service) == before
    service.database.dispose()


def test_two_calendars_of_one_name_are_refused_naming_both(house, own, capsys):
    shutil.copytree(own / "processes" / "calendars", own / "more" / "calendars")
    assert run("deploy", own / "processes", own / "more") == 1
    assert str(own / "more" / "calendars" / "ireland.json") in capsys.readouterr().out


def test_a_file_whose_ending_nobody_reads_is_named_and_capitals_make_no_difference(house, own, capsys):
    forms = own / "forms"
    (forms / "survey.form").rename(forms / "survey.FORM")
    (forms / "calendars").mkdir()
    (own / "processes" / "calendars" / "ireland.json").rename(forms / "calendars" / "IRELAND.JSON")
    (forms / "scope.dm").write_text("x")
    (forms / "notes.md").write_text("x")
    count = len(list(forms.glob("*.form"))) + 2
    for command, last in (
        ("lint", f"{count} files, beside what is deployed, 0 errors, 1 warning"),
        ("deploy", f"{count} files deployed, 1 warning"),
    ):
        assert run(command, forms) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == (
            "warning: scope.dm: This file is not read: its name ends in none of .bpmn, .dmn, .form. "
            "Give it its ending, or take it out of the folder."
        )
        assert lines[-1] == last


def test_a_file_named_twice_is_deployed_once(house, own, capsys):
    assert run("lint", own / "forms", own / "forms" / "survey.form") == 0
    assert f"{len(list((own / 'forms').glob('*.form')))} files" in capsys.readouterr().out


def test_a_calendar_is_deployed_with_the_folder_it_lies_in(house, own, capsys):
    change_each_kind(own)
    assert run("deploy", own / "processes", own / "forms") == 0
    service = open_service(settings_for(house))
    try:
        newest = service.calendars.get("uk-england")
        assert (newest.version, "Our outing" in newest.closures.values()) == (2, True)
    finally:
        service.database.dispose()


def test_a_deployment_says_that_letters_and_organisation_are_no_part_of_it(house, own, monkeypatch, capsys):
    assert run("deploy", own / "forms") == 0
    assert "Not part" not in capsys.readouterr().out
    assert run("deploy", own / "processes", own / "forms") == 0
    (said,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Not part")]
    assert f"letters and organisation.json in {own / 'processes'}" in said
    assert f"those in {ROOT / 'processes'} (REDRESS_PROCESSES_DIR)" in said
    monkeypatch.setenv("REDRESS_PROCESSES_DIR", str(own / "processes"))
    assert run("deploy", own / "processes", own / "forms") == 0
    (said,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Not part")]
    assert said.endswith(f"in {own / 'processes'}. Service and worker read them when they start.")


def test_a_calendar_that_cannot_be_read_keeps_the_whole_deployment_out(house, own, capsys):
    change_each_kind(own)
    (own / "processes" / "calendars" / "ireland.json").write_text('{"id": "ireland"}')
    service = open_service(settings_for(house))
    before = counts(service)
    assert run("deploy", own / "processes", own / "forms") == 1
    assert "ireland.json" in capsys.readouterr().out
    assert counts(service) == before
    service.database.dispose()


def test_a_shipped_folder_with_a_doubled_name_stops_the_first_start_with_one_line(tmp_path, own):
    shutil.copy(own / "forms" / "survey.form", own / "processes" / "survey.form")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "redress"), "init"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "",
            "REDRESS_DATA_DIR": str(tmp_path / "data"),
            "REDRESS_PROCESSES_DIR": str(own / "processes"),
            "REDRESS_FORMS_DIR": str(own / "forms"),
        },
    )
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert "survey.form" in done.stderr


def test_a_folder_in_use_is_linted_like_any_other(own, tmp_path, monkeypatch, capsys):
    """The files that are judged are no measure of their own words."""
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("REDRESS_PROCESSES_DIR", str(own / "processes"))
    monkeypatch.setenv("REDRESS_FORMS_DIR", str(own / "forms"))
    assert run("lint", own / "processes", own / "forms") == 0
    assert capsys.readouterr().out.endswith("0 errors, 0 warnings\n")
    diagram = own / "processes" / "acknowledgement.bpmn"
    diagram.write_text(diagram.read_text().replace('clock("acknowledgement")', 'clock("acknowledgment")'))
    run("lint", own / "processes", own / "forms")
    assert "Did you mean acknowledgement?" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_lint_compares_with_what_is_deployed_as_a_deployment_does(house, own, monkeypatch, capsys):
    monkeypatch.setenv("REDRESS_PROCESSES_DIR", str(own / "processes"))
    monkeypatch.setenv("REDRESS_FORMS_DIR", str(own / "forms"))
    diagram = own / "processes" / "acknowledgement.bpmn"
    diagram.write_text(diagram.read_text().replace('clock("acknowledgement")', 'clock("acknowledgment")'))
    said = []
    for command in ("lint", "deploy"):
        assert run(command, own / "processes", own / "forms") == 1
        lines = capsys.readouterr().out.splitlines()
        said.append({line for line in lines if line.startswith(("error", "warning"))})
    assert said[0] == said[1] != set()


def test_a_form_deployed_without_the_diagram_it_is_bound_to_is_warned_of(house, own, capsys):
    change_each_kind(own)
    assert run("deploy", own / "forms") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning")]
    assert "look-back.form" in line
    assert "bound to closing.bpmn" in line
    assert run("deploy", own / "processes", own / "forms") == 0
    assert "warning:" not in capsys.readouterr().out


def test_two_calendars_with_one_id_are_refused(house, own, capsys):
    folder = own / "processes" / "calendars"
    shutil.copy(folder / "generic.json", folder / "our-office.json")
    service = open_service(settings_for(house))
    before = counts(service)
    for command in ("lint", "deploy"):
        assert run(command, own / "processes", own / "forms") == 1
        assert "our-office.json" in capsys.readouterr().out
    assert counts(service) == before
    service.database.dispose()


def test_the_first_start_says_what_a_deployment_would_say(own, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REDRESS_PROCESSES_DIR", str(own / "processes"))
    monkeypatch.setenv("REDRESS_FORMS_DIR", str(own / "forms"))
    diagram = own / "processes" / "closing.bpmn"
    text = diagram.read_text()
    assert 'candidateGroups="' in text
    start = text.index('candidateGroups="') + len('candidateGroups="')
    diagram.write_text(text[:start] + "legal-team" + text[text.index('"', start) :])
    assert run("init") == 0
    assert "legal-team" in capsys.readouterr().out

"""The command line: what each command answers, and with which exit code."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from api.cli import COMMANDS, main
from api.complaints import documents
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import DocumentRow
from api.identity import passwords
from api.wiring import wire
from engine.actors import service as as_service
from engine.clock import SystemClock
from tests.api.conftest import settings_for
from tests.engine.commands.test_runaway import loop

ROOT = Path(__file__).parents[3]
NAMES = ("init", "serve", "worker", "deploy", "lint", "decide", "import", "user", "backup", "demo")
BROKEN = (
    b'<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">'
    b'<process id="p" isExecutable="true"/></definitions>'
)


@pytest.fixture
def home(prepared, tmp_path, monkeypatch):
    """The data folder of a service that has been started once, set for the commands."""
    folder = tmp_path / "data"
    shutil.copytree(prepared, folder)
    monkeypatch.setenv("REDRESS_DATA_DIR", str(folder))
    return folder


def run(*arguments):
    return main([str(each) for each in arguments])


def test_every_command_explains_itself(capsys):
    assert len(COMMANDS) == len(NAMES)
    for words in (
        (),
        *((name,) for name in NAMES),
        ("import", "cfpb"),
        ("import", "csv"),
        ("user", "add"),
        ("user", "reset"),
    ):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        assert ended.value.code == 0
        assert "usage: redress" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonsense",),
        ("user",),
        ("deploy",),
        ("import", "csv", "x.csv"),
        ("import", "cfpb", "x", "--open-as", "closed"),
    ],
)
def test_a_wrong_call_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_wrong_setting_ends_with_4_and_one_line(home, monkeypatch, capsys):
    monkeypatch.setenv("REDRESS_PORT", "eighty")
    assert run("user", "list") == 4
    assert capsys.readouterr().err.splitlines() == [
        "redress: REDRESS_PORT: 'eighty' is not a port from 1 to 65535."
    ]


def test_a_database_that_is_away_ends_with_4_and_one_line(home, monkeypatch, capsys):
    monkeypatch.setenv("REDRESS_DATABASE_URL", "postgresql://postgres@127.0.0.1:9/redress")
    assert run("user", "list") == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("redress: ")


def test_a_database_of_another_release_ends_with_3(home, capsys):
    with sqlite3.connect(home / "redress.db") as database:
        database.execute("UPDATE alembic_version_service SET version_num = '9999'")
    database.close()
    assert run("user", "list") == 3
    assert "another release" in capsys.readouterr().err


def test_accounts_are_added_listed_disabled_and_reset(home, capsys, monkeypatch):
    assert (
        run(
            "user",
            "add",
            "hana",
            "--role",
            "handler",
            "--role",
            "quality",
            "--group",
            "department-it",
            "--token",
        )
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    password, token = lines[0].removeprefix("hana: password "), lines[1].removeprefix("hana: API token ")
    assert token.startswith("rdr_")
    passwords.check_strength(password, person_name="hana")
    with sqlite3.connect(home / "redress.db") as database:
        (stored,) = database.execute("SELECT password_hash FROM people WHERE name = 'hana'").fetchone()
    database.close()
    assert passwords.verify(password, stored)

    assert run("user", "add", "hana") == 4
    assert run("user", "add", "two words") == 4
    assert run("user", "add", "ivo", "--role", "emperor") == 4
    assert run("user", "disable", "nobody") == 4
    assert run("user", "disable", "admin") == 4
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 5
    assert all(line.startswith("redress: ") for line in errors)

    assert run("user", "disable", "hana") == 0
    assert run("user", "list") == 0
    out = capsys.readouterr().out
    assert "hana  hana  handler, quality  (disabled)" in out
    assert run("user", "reset", "hana", "--token") == 0
    given = capsys.readouterr().out
    assert password not in given
    renewed = given.splitlines()[1].removeprefix("hana: API token ")
    assert renewed.startswith("rdr_")
    with sqlite3.connect(home / "redress.db") as database:
        alive = database.execute(
            "SELECT token_sha256 FROM api_tokens t JOIN people p ON p.key = t.person_key "
            "WHERE p.name = 'hana' AND t.revoked_at IS NULL"
        ).fetchall()
    database.close()
    assert alive == [(hashlib.sha256(renewed.encode()).digest(),)], "the earlier token has ended"
    assert run("user", "list") == 0
    assert "(disabled)" not in capsys.readouterr().out


def test_lint_and_deploy_say_what_is_wrong_and_change_nothing_then(home, tmp_path, capsys):
    (tmp_path / "broken.bpmn").write_bytes(BROKEN)
    assert run("lint", tmp_path / "broken.bpmn") == 1
    assert "error" in capsys.readouterr().out
    assert run("deploy", tmp_path / "broken.bpmn") == 1
    assert capsys.readouterr().out
    assert run("deploy", tmp_path / "absent.bpmn") == 4
    (tmp_path / "empty").mkdir()
    assert run("deploy", tmp_path / "empty") == 4
    assert run("lint", tmp_path / "empty") == 4
    capsys.readouterr()
    assert run("lint", ROOT / "processes", ROOT / "forms") == 0
    assert " 0 errors" in capsys.readouterr().out
    assert run("deploy", ROOT / "processes", ROOT / "forms") == 0
    assert "files deployed" in capsys.readouterr().out


# backup


@pytest.fixture
def case(home):
    """A complaint with a document."""
    service = wire(settings_for(home), clock=SystemClock())
    storage = documents.store_bytes(home / "uploads", b"A letter.")
    complaint = NewComplaint("web", service.clock.now(), "My parcel never came.", PartyDetails("Ann Other"))
    made = receive(service, complaint, by=as_service("web"))
    key = service.engine.next_key()
    service.engine.write(
        lambda session: documents.add_row(
            session,
            key=key,
            name="letter.txt",
            media_type="text/plain",
            data=b"A letter.",
            storage=storage,
            at=service.clock.now(),
            by="web",
            complaint_key=made.key,
        )  # fmt: skip
    )
    service.database.dispose()
    return made


def test_a_backup_is_a_whole_that_loads(home, case, tmp_path, capsys):
    assert run("backup", tmp_path / "backups") == 0
    assert (
        "1 complaints, 1 documents; every open case loads, every document is complete"
        in capsys.readouterr().out
    )
    (copy,) = (tmp_path / "backups").iterdir()
    assert {path.name for path in copy.iterdir()} >= {"redress.db", "uploads"}
    service = wire(settings_for(copy), clock=SystemClock())
    try:
        assert service.engine.instance(case.instance_key).state == "ACTIVE"
        row = service.engine.read(lambda session: session.query(DocumentRow).one())
        assert documents.read_bytes(copy / "uploads", row) == b"A letter."
    finally:
        service.database.dispose()


def test_a_backup_with_a_file_missing_or_changed_stays_and_says_which(home, case, tmp_path, capsys):
    (file,) = (home / "uploads").iterdir()
    for number, (spoil, said) in enumerate(
        [(lambda: file.write_bytes(b"Another letter."), "is not as it was stored"), (file.unlink, "is gone")]
    ):
        spoil()
        assert run("backup", tmp_path / str(number)) == 1
        out = capsys.readouterr().out
        assert f"its file {file.name} {said}" in out
        (copy,) = (tmp_path / str(number)).iterdir()
        assert (copy / "redress.db").is_file()


@pytest.mark.parametrize(
    "damage",
    [
        "x'7b7d'",
        "x'00'",
        "substr(saved, 1, length(saved) / 2)",
        "NULL",
    ],
)
def test_a_damaged_case_is_listed_and_the_copy_stays(home, case, tmp_path, capsys, damage):
    with sqlite3.connect(home / "redress.db") as database:
        database.execute(
            f"UPDATE instances SET saved = CAST({damage} AS BLOB) WHERE key = ?", (case.instance_key,)
        )
    database.close()
    assert run("backup", tmp_path / "backups") == 1
    assert f"case {case.instance_key}:" in capsys.readouterr().out
    (copy,) = (tmp_path / "backups").iterdir()
    assert {path.name for path in copy.iterdir()} == {"redress.db", "uploads"}


def test_a_case_that_waits_to_be_started_and_an_incident_are_nothing_amiss(home, tmp_path, capsys):
    service = wire(settings_for(home), clock=SystemClock())
    service.engine.deploy([("loop.bpmn", loop('<task id="go"/>'))], by=as_service("test"))
    halted = service.engine.start("loop", {"stop": False}, by=as_service("test"))
    service.database.dispose()
    assert run("backup", tmp_path / "backups") == 0
    assert "every open case loads" in capsys.readouterr().out
    with closing(sqlite3.connect(home / "redress.db")) as database:
        (saved,) = database.execute("SELECT saved FROM instances WHERE key = ?", (halted.key,)).fetchone()
        assert b"activating" in saved
        assert database.execute("SELECT count(*) FROM incidents").fetchone() != (0,)


def test_a_copy_that_is_not_whole_is_kept_under_another_name(home, tmp_path, capsys):
    with (home / "redress.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 4)
    assert run("backup", tmp_path / "backups") == 4
    (kept,) = (tmp_path / "backups").iterdir()
    assert kept.name.endswith("-damaged")
    assert kept.name in capsys.readouterr().err


def test_other_databases_and_no_database_are_said_plainly(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REDRESS_DATABASE_URL", f"sqlite:///{tmp_path}/absent.db")
    assert run("backup", tmp_path / "backups") == 4
    monkeypatch.setenv("REDRESS_DATABASE_URL", "postgresql://host/name")
    assert run("backup", tmp_path / "backups") == 4
    assert "PostgreSQL" in capsys.readouterr().err
    assert not (tmp_path / "backups").exists()


def test_the_installed_command_is_this_one():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "redress"), "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert all(name in done.stdout for name in NAMES)

"""`redress import`: each row once whatever happens, refusals with line and reason, nothing guessed."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from api.cli import main
from api.complaints.importing import generic
from api.complaints.importing.rows import read_rows
from api.complaints.importing.run import plan_import, run_import
from api.complaints.tables import ComplaintRow
from api.demo.play import run_until
from api.wiring import wire
from engine.clock import FrozenClock, SystemClock
from tests.api.cli.test_commands import ROOT, home, run  # noqa: F401  (a fixture)
from tests.api.conftest import settings_for

EXAMPLES = ROOT / "docs" / "examples"


def ask(folder, sql):
    with sqlite3.connect(folder / "redress.db") as database:
        rows = database.execute(sql).fetchall()
    database.close()
    return rows


def first_rows(file, target, count, *, more=()):
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened)
        rows = [next(reader), *(row for row, _ in zip(reader, range(count), strict=False))]
    with target.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written).writerows([*rows, *more])
    return rows


def layouts(shared):
    found = sorted((shared / "data").glob("cfpb*.csv"))
    assert len(found) == 2, "the two layouts of the public file"
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_fifty_rows_of_each_public_layout_come_in_once(home, shared, tmp_path, capsys, number):  # noqa: F811
    file = layouts(shared)[number]
    rows = first_rows(file, tmp_path / "some.csv", 50)
    call = ("import", "cfpb", tmp_path / "some.csv", "--open-as", "running", "--yes")
    assert run(*call) == 0
    out = capsys.readouterr().out
    assert out.startswith("50 rows read: ")
    assert "50 rows read: 50 registered" in out
    assert run(*call) == 0
    assert (
        "50 rows read: 0 registered (0 closed, 0 running), 50 known already, 0 refused"
        in capsys.readouterr().out
    )
    stored = ask(home, "SELECT source, count(DISTINCT source_key), count(*) FROM complaints GROUP BY source")
    assert stored == [("cfpb", 50, 50)]
    running = ask(home, "SELECT count(*) FROM complaints WHERE state <> 'closed'")
    assert ask(home, "SELECT count(*) FROM instances WHERE process_id = 'complaint-handling'") == running
    company = rows[0].index("Company")
    assert all(
        row[company] not in json.dumps(ask(home, "SELECT facts FROM complaints"))
        for row in rows[1:]
        if row[company]
    )


@pytest.mark.slow
def test_rows_sent_on_before_they_were_received_are_taken_as_they_are(home, shared, tmp_path, capsys):  # noqa: F811
    odd = []
    for file in layouts(shared):
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            odd += [
                (file, row)
                for row in reader
                if _day(row["Date sent to company"]) < _day(row["Date received"])
            ]
    assert len(odd) == 6
    files = {}
    for file, row in odd:
        files.setdefault(file, []).append(row)
    for number, rows in enumerate(files.values()):
        with (tmp_path / f"odd{number}.csv").open("w", encoding="utf-8", newline="") as written:
            writer = csv.DictWriter(written, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        assert run("import", "cfpb", tmp_path / f"odd{number}.csv", "--yes") == 0
    assert ask(home, "SELECT count(*) FROM complaints") == [(6,)]


def _day(text):
    if "/" in text:
        month, day, year = (int(part) for part in text.split("/"))
        return (year, month, day)
    return tuple(int(part) for part in text[:10].split("-"))


def without_id(shared):
    for file in layouts(shared):
        with file.open(encoding="utf-8-sig", newline="") as opened:
            if "Complaint ID" not in next(csv.reader(opened)):
                return file
    pytest.skip("both layouts have ids")
    return None


@pytest.mark.slow
def test_equal_rows_without_ids_are_all_kept_and_each_once(home, shared, tmp_path, capsys):  # noqa: F811
    rows = first_rows(without_id(shared), tmp_path / "one.csv", 1)
    first_rows(without_id(shared), tmp_path / "three.csv", 1, more=[rows[1], rows[1]])
    assert run("import", "cfpb", tmp_path / "three.csv", "--yes") == 0
    assert "3 registered (3 closed, 0 running)" in capsys.readouterr().out
    assert run("import", "cfpb", tmp_path / "three.csv", "--yes") == 0
    assert "0 registered (0 closed, 0 running), 3 known" in capsys.readouterr().out


@pytest.mark.slow
def test_an_import_that_is_stopped_goes_on_where_it_was(home, shared, tmp_path):  # noqa: F811
    first_rows(layouts(shared)[0], tmp_path / "some.csv", 40)
    command = [
        str(Path(sys.executable).parent / "redress"),
        "import",
        "cfpb",
        str(tmp_path / "some.csv"),
        "--yes",
    ]
    seen = 0
    for number in (signal.SIGKILL, signal.SIGINT):
        running = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        while running.poll() is None and ask(home, "SELECT count(*) FROM complaints")[0][0] <= seen + 3:
            pass
        running.send_signal(number)
        running.wait(30)
        seen = ask(home, "SELECT count(*) FROM complaints")[0][0]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ask(home, "SELECT count(*), count(DISTINCT source_key) FROM complaints") == [(40, 40)]


def test_the_example_mapping_reads_the_example_file(home, capsys):  # noqa: F811
    call = ("import", "csv", EXAMPLES / "complaints.csv", "--mapping", EXAMPLES / "mapping.json")
    call = (*call, "--open-as", "running", "--yes")
    assert run(*call) == 1
    out = capsys.readouterr().out.splitlines()
    refused = "line 5: receivedOn: '31.02.2026' is not a date of the form %d.%m.%Y."
    assert out == [
        "4 rows read: 1 closed complaints to keep as they ended, 2 open ones whose case starts, 0 known already, 1 refused",
        "No letter leaves: what a case writes by itself is held until somebody sends it. Once a colleague has had a letter of a "
        "complaint leave, what its case writes after that leaves too.",
        refused,
        "4 rows read: 3 registered (1 closed, 2 running), 0 known already, 1 refused",
        refused,
    ]
    found = ask(
        home,
        "SELECT source_key, channel, anonymous, problem, substr(received_at, 1, 10) FROM complaints ORDER BY 1",
    )
    assert found == [
        ("C-1", "phone", 0, "provision", found[0][4]),
        ("C-2", "post", 0, "price", found[1][4]),
        ("C-3", "web", 1, "conduct", found[2][4]),
    ]
    assert run(*call) == 1
    assert (
        "4 rows read: 0 registered (0 closed, 0 running), 3 known already, 1 refused"
        in capsys.readouterr().out
    )


def test_two_imports_at_once_lose_nothing_double_nothing_and_say_so(service):
    mapped = generic.read_mapping(EXAMPLES / "mapping.json")
    zone, now = service.settings.time_zone, service.clock.now()

    def plan():
        rows = read_rows(
            EXAMPLES / "complaints.csv",
            needed=mapped.needed,
            id_column=mapped.id_column,
            delimiter=mapped.delimiter,
        )
        return plan_import(
            service,
            rows,
            lambda row: generic.read(row, mapped, zone=zone),
            source=mapped.source,
            open_as_running=True,
            now=now,
        )

    first, second = plan(), plan()

    def other_one_ends_after_my_first(complaints):
        yield complaints[0]
        told = list(run_import(service, second).lines())
        assert told[0].startswith("4 rows read: 2 registered (0 closed, 2 running), 1 known already")
        assert told[1].startswith("1 of those known came in from another import while this one ran")
        yield from complaints[1:]

    told = list(run_import(service, first, watch=other_one_ends_after_my_first).lines())
    assert told[:2] == [
        "4 rows read: 1 registered (1 closed, 0 running), 2 known already, 1 refused",
        "2 of those known came in from another import while this one ran: each is in the register once, as the other "
        "import took it in.",
    ]
    with service.database.new_read_session() as session:
        keys = session.scalars(select(ComplaintRow.source_key).order_by(ComplaintRow.source_key)).all()
        cases = session.scalars(
            select(ComplaintRow.instance_key).where(ComplaintRow.instance_key.is_not(None))
        ).all()
    assert keys == ["C-1", "C-2", "C-3"]
    begun = service.engine.instances().items
    assert {
        one.process_instance_key for one in begun if one.process_definition_id == "complaint-handling"
    } == set(cases)


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def import_text(tmp_path, text, mapping, *more):
    file, place = write(tmp_path / "rows.csv", text), write(tmp_path / "mapping.json", json.dumps(mapping))
    return run("import", "csv", file, "--mapping", place, "--open-as", "running", "--yes", *more)


SMALL = {"source": "old", "id": "No", "columns": {"receivedOn": "Date", "description": "Text"}}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,2026-02-30,Text", "not a date"),
        ("2,2999-01-01,Text", "future"),
        ("2,1989-12-31,Text", "1990"),
        ("2,0001-01-01,Text", "1990"),
        ("2,,Text", "receivedOn: empty"),
        ("2,2026-02-03,", "description: empty"),
        (",2026-02-03,Text", "names the row"),
        ("1,2026-02-03,Text", "same name as line 2"),
        ("2,2026-02-03", "description: empty"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_with_its_line(home, tmp_path, capsys, row, reason):  # noqa: F811
    assert import_text(tmp_path, f"No,Date,Text\n1,2026-02-03,Fine\n{row}\n", SMALL) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[-2] == "2 rows read: 1 registered (0 closed, 1 running), 0 known already, 1 refused"
    assert out[-1].startswith("line 3: ")
    assert reason in out[-1]


def test_an_address_no_letter_could_reach_is_refused_with_its_line(home, tmp_path, capsys):  # noqa: F811
    mapping = SMALL | {"columns": {**SMALL["columns"], "complainantEmail": "Mail"}}
    rows = "1,2026-02-03,Fine,ada@example.org\n2,2026-02-03,Wrong,see file\n"
    assert import_text(tmp_path, f"No,Date,Text,Mail\n{rows}", mapping) == 1
    assert (
        capsys.readouterr().out.splitlines()[-1]
        == "line 3: complainantEmail: 'see file' is no e-mail address."
    )


def test_a_day_that_has_not_come_is_refused_with_its_line(home, tmp_path, capsys):  # noqa: F811
    mapping = SMALL | {"columns": {**SMALL["columns"], "sentToCompanyOn": "Sent"}}
    rows = "1,2026-02-03,Fine,2026-02-04\n2,2026-02-03,Wrong,2999-01-01\n"
    assert import_text(tmp_path, f"No,Date,Text,Sent\n{rows}", mapping) == 1
    told = "line 3: sentToCompanyOn: the day it was sent to us lies in the future."
    assert capsys.readouterr().out.splitlines()[-1] == told


def test_text_stays_text(home, tmp_path):  # noqa: F811
    nasty = "=1+1 <script>alert(1)</script> {{ 1+1 }} ' -- \u202e"
    assert import_text(tmp_path, f'No,Date,Text\n1,2026-02-03,"{nasty}"\n', SMALL) == 0
    assert ask(home, "SELECT description FROM complaints") == [(nasty,)]


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {"receivedOn": "Date"}},
        {"columns": {"receivedOn": "Date", "description": "Text", "reference": "No"}},
        {"columns": {"receivedOn": "Date", "description": "Nowhere"}},
        {"columns": []},
        {"columns": {"receivedOn": 7, "description": "Text"}},
        {"values": {"channel": "phone"}},
        {"values": {"colour": {}}},
        {"defaults": {"channel": 3}},
        {"id": ""},
        {"source": None},
        {"delimiter": ";;"},
        {"surprise": 1},
    ],
    ids=str,
)
def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_read(home, tmp_path, capsys, change):  # noqa: F811
    assert import_text(tmp_path, "No,Date,Text\n1,2026-02-03,Fine\n", SMALL | change) == 4
    assert capsys.readouterr().err.startswith("redress: ")
    assert ask(home, "SELECT count(*) FROM complaints") == [(0,)]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"Just,Some,Columns\n1,2,3\n", b'No,Date,Text\n1,2026-02-03,"\xff"\n']
)
def test_a_file_that_is_no_such_file_is_refused_in_one_line(home, tmp_path, capsys, content):  # noqa: F811
    file, mapping = write(tmp_path / "rows.csv", content), write(tmp_path / "mapping.json", json.dumps(SMALL))
    for call in (("csv", file, "--mapping", mapping), ("cfpb", file)):
        assert main(["import", *(str(each) for each in call)]) == 4
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["import", "cfpb", str(tmp_path / "absent.csv")]) == 4


# History comes in silently

PAST = {
    "source": "old",
    "id": "No",
    "columns": {
        "receivedOn": "Date", "description": "Text", "complainantName": "Who", "complainantEmail": "Mail",
        "status": "Status", "closedOn": "Closed", "outcome": "Outcome", "closingReason": "Why",
    },
}  # fmt: skip
HEAD = "No,Date,Text,Who,Mail,Status,Closed,Outcome,Why\n"
CLOSED = "1,2024-02-05,Late parcel,Ann,ann@example.com,,2024-03-01,upheld,accepted\n"
OPEN = "2,2026-11-02,No refund,Bob,bob@example.com,open,,,\n"


def import_past(tmp_path, text, *more):
    file = write(tmp_path / "rows.csv", HEAD + text)
    return run("import", "csv", file, "--mapping", write(tmp_path / "past.json", json.dumps(PAST)), *more)


def later(folder, days=200):
    """Let the installation live on for some days, its postman writing .eml files."""
    clock = FrozenClock(SystemClock().now())
    service = wire(settings_for(folder), clock=clock)
    run_until(service, clock, clock.now() + timedelta(days=days))
    service.database.dispose()


def test_a_closed_complaint_of_the_past_is_kept_as_it_ended_and_nobody_hears_of_it(home, tmp_path):  # noqa: F811
    assert import_past(tmp_path, CLOSED, "--yes") == 0
    found = ask(
        home, "SELECT state, outcome, closing_reason, date(closed_at / 1000000, 'unixepoch') FROM complaints"
    )
    assert found == [("closed", "upheld", "accepted", "2024-03-01")]
    later(home)
    for table in (
        "instances",
        "complaint_letters",
        "complaint_clocks",
        "notices",
        "outbox",
        "complaint_links",
    ):
        assert ask(home, f"SELECT count(*) FROM {table}") == [(0,)], table


def test_open_complaints_come_in_only_when_asked_for(home, tmp_path, capsys):  # noqa: F811
    assert import_past(tmp_path, CLOSED + OPEN, "--yes") == 1
    assert "line 3: It is still open." in capsys.readouterr().out
    assert ask(home, "SELECT state FROM complaints") == [("closed",)]


def test_an_open_complaint_of_the_past_starts_its_case_and_its_letters_wait_for_a_person(home, tmp_path):  # noqa: F811
    assert import_past(tmp_path, OPEN, "--open-as", "running", "--yes") == 0
    assert ask(home, "SELECT date(received_at / 1000000, 'unixepoch'), letters_held FROM complaints") == [
        ("2026-11-02", 1)
    ]
    later(home)
    written = ask(home, "SELECT count(*) FROM complaint_letters WHERE channel = 'e-mail'")
    assert written != [(0,)]
    assert ask(home, "SELECT count(*) FROM outbox") == [(0,)]
    assert not list((home / "outbox").glob("*.eml"))
    notices = ask(
        home, "SELECT subject FROM notices WHERE group_name = 'complaints-managers' AND complaint_key IS NULL"
    )
    assert notices == [("1 open complaints came in from old",)]
    (told,) = ask(home, "SELECT text FROM notices WHERE complaint_key IS NULL")
    assert "/staff/complaints?open=yes&held=yes" in told[0]
    assert ask(home, "SELECT subject FROM notices WHERE subject LIKE '%held: %'") == [], "told once for all"


def test_what_was_late_as_it_came_in_is_told_once_for_the_whole_import(home, tmp_path):  # noqa: F811
    late = "".join(f"{n},2026-0{n}-02,No refund,Bob,bob@example.com,open,,,\n" for n in (3, 4))
    fresh = f"9,{SystemClock().now() - timedelta(days=1):%Y-%m-%d},Just now,Cid,cid@example.com,open,,,\n"
    assert import_past(tmp_path, late + fresh, "--open-as", "running", "--yes") == 0
    later(home, days=3)
    of_clocks = "SELECT r.source_key, n.subject FROM notices n JOIN complaints r ON r.key = n.complaint_key"
    assert [row for row in ask(home, of_clocks) if row[0] != "9"] == []
    assert ask(
        home, "SELECT count(DISTINCT complaint_key) FROM complaint_clocks WHERE state = 'breached'"
    ) != [(0,)]
    (told,) = ask(home, "SELECT text FROM notices WHERE complaint_key IS NULL")
    assert "2 of them are late already: " in told[0]
    assert "/staff/complaints?open=yes&breached=yes" in told[0]
    later(home, days=60)
    assert "Final answer overdue" in {subject for key, subject in ask(home, of_clocks) if key == "9"}


def test_letters_leave_when_that_was_asked_for(home, tmp_path):  # noqa: F811
    assert import_past(tmp_path, OPEN, "--open-as", "running", "--send-letters", "--yes") == 0
    assert ask(home, "SELECT letters_held FROM complaints") == [(0,)]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_import_says_what_it_would_do_and_does_nothing_unasked(home, tmp_path, capsys, more):  # noqa: F811
    code = import_past(tmp_path, CLOSED + OPEN, "--open-as", "running", *more)
    assert code == (0 if more else 4)
    out = capsys.readouterr()
    assert out.out.startswith(
        "2 rows read: 1 closed complaints to keep as they ended, 1 open ones whose case starts"
    )
    assert "No letter leaves" in out.out
    assert "othing was stored" in out.out + out.err
    assert ask(home, "SELECT count(*) FROM complaints") == [(0,)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("3,2026-01-05,T,,,open,2026-02-01,,", "status says that it is open"),
        ("3,2026-01-05,T,,,shut,,,", "status: 'shut' is none of"),
        ("3,2026-01-05,T,,,closed,2025-12-31,,", "closing day"),
        ("3,2026-01-05,T,,,closed,2999-12-31,,", "closing day"),
        ("3,2026-01-05,T,,,closed,,won,", "outcome: 'won' is none of"),
        ("3,2026-01-05,T,,,closed,,,tired", "closingReason: 'tired' is none of"),
    ],
)
def test_an_ending_that_cannot_be_true_is_refused(home, tmp_path, capsys, row, reason):  # noqa: F811
    assert import_past(tmp_path, row + "\n", "--dry-run") == 1
    assert reason in capsys.readouterr().out


def test_danger_in_a_file_is_told_as_the_case_starts(home, tmp_path):  # noqa: F811
    mapping = PAST | {"columns": PAST["columns"] | {"dangerReported": "Danger"}}
    mapping["values"] = {"dangerReported": {"Y": "yes", "N": "no"}}
    rows = (
        HEAD.replace("Why\n", "Why,Danger\n")
        + OPEN.replace(",\n", ",,Y\n")
        + OPEN.replace("2,", "3,", 1).replace(",\n", ",,N\n")
    )
    file = write(tmp_path / "rows.csv", rows)
    past = write(tmp_path / "past.json", json.dumps(mapping))
    assert run("import", "csv", file, "--mapping", past, "--open-as", "running", "--yes") == 0
    assert ask(home, "SELECT count(*) FROM tasks WHERE name = 'Protect people now'") == [(1,)]
    assert ask(home, "SELECT count(*) FROM notices WHERE subject = 'Somebody is in danger'") == [(1,)]


def test_what_came_in_or_ended_today_comes_in_before_the_office_opens(service, clock, tmp_path):
    clock.set(datetime(2026, 11, 30, 6, 30, tzinfo=UTC))
    mapped = generic.read_mapping(EXAMPLES / "mapping.json")
    head = (EXAMPLES / "complaints.csv").read_text().splitlines()[0]
    row = "T-{};30.11.2026;Phone;Ann Other;ann@example.org;Broadband;Late;Nobody came.;Refund;{}"
    (tmp_path / "today.csv").write_text(
        "\n".join([head, row.format(1, ";"), row.format(2, "30.11.2026;Paid back")])
    )
    rows = read_rows(
        tmp_path / "today.csv", needed=mapped.needed, id_column=mapped.id_column, delimiter=mapped.delimiter
    )
    plan = plan_import(
        service,
        rows,
        lambda row: generic.read(row, mapped, zone=service.settings.time_zone),
        source=mapped.source,
        open_as_running=True,
        now=clock.now(),
    )
    report = run_import(service, plan)
    assert (report.running, report.closed, report.refused) == (1, 1, [])
    found = service.engine.read(lambda session: session.scalars(select(ComplaintRow)).all())
    assert {one.received_at for one in found} == {clock.now()}
    assert {one.closed_at for one in found} == {None, clock.now()}

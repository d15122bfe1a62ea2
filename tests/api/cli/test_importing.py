"""`redress import`: each row once whatever happens, refusals with line and reason, nothing guessed."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import main
from tests.api.cli.test_commands import ROOT, home, run  # noqa: F401  (a fixture)

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
    assert run("import", "cfpb", tmp_path / "some.csv") == 0
    assert capsys.readouterr().out.startswith("50 rows read: 50 registered, 0 known already, 0 refused")
    assert run("import", "cfpb", tmp_path / "some.csv") == 0
    assert capsys.readouterr().out.startswith("50 rows read: 0 registered, 50 known already, 0 refused")
    stored = ask(home, "SELECT source, count(DISTINCT source_key), count(*) FROM complaints GROUP BY source")
    assert stored == [("cfpb", 50, 50)]
    assert ask(home, "SELECT count(*) FROM instances WHERE process_id = 'complaint-handling'") == [(50,)]
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
        assert run("import", "cfpb", tmp_path / f"odd{number}.csv") == 0
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
    assert run("import", "cfpb", tmp_path / "three.csv") == 0
    assert "3 registered" in capsys.readouterr().out
    assert run("import", "cfpb", tmp_path / "three.csv") == 0
    assert "0 registered, 3 known" in capsys.readouterr().out


@pytest.mark.slow
def test_an_import_that_is_stopped_goes_on_where_it_was(home, shared, tmp_path):  # noqa: F811
    first_rows(layouts(shared)[0], tmp_path / "some.csv", 40)
    command = [str(Path(sys.executable).parent / "redress"), "import", "cfpb", str(tmp_path / "some.csv")]
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
        assert ask(home, "SELECT count(*) FROM instances WHERE process_id = 'complaint-handling'") == [
            (seen,)
        ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ask(home, "SELECT count(*), count(DISTINCT source_key) FROM complaints") == [(40, 40)]


def test_the_example_mapping_reads_the_example_file(home, capsys):  # noqa: F811
    call = ("import", "csv", EXAMPLES / "complaints.csv", "--mapping", EXAMPLES / "mapping.json")
    assert run(*call) == 1
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "4 rows read: 3 registered, 0 known already, 1 refused",
        "line 5: receivedOn: '31.02.2026' is not a date of the form %d.%m.%Y.",
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
    assert capsys.readouterr().out.startswith("4 rows read: 0 registered, 3 known already, 1 refused")


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def import_text(tmp_path, text, mapping):
    file, place = write(tmp_path / "rows.csv", text), write(tmp_path / "mapping.json", json.dumps(mapping))
    return run("import", "csv", file, "--mapping", place)


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
    assert out[0] == "2 rows read: 1 registered, 0 known already, 1 refused"
    assert out[1].startswith("line 3: ")
    assert reason in out[1]


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

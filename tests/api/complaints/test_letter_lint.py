"""A letter that names what does not exist is refused by lint and at the start, not when somebody waits for it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from api.cli import main
from api.complaints.letter_lint import unknown_facts
from api.complaints.letters import LetterTextRefused, read_letter
from api.installation import begin_service
from api.procedure.files import read_files
from tests.processes.office import ROOT


@pytest.fixture
def found(service):
    """A function: the findings about a letter with this body, over the shipped definitions."""
    files = read_files([ROOT / "processes", ROOT / "forms"]).definitions

    def judge(body):
        letter = read_letter("t.md", f"---\nsubject: x\nto: complainant\n---\n{body}\n".encode())
        return [one.message for one in unknown_facts([letter], files, service.organisation)]

    return judge


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("{{ complaint.referense }}", "complaint.referense"),
        ("{{ clocks.final_reponse }}", "clocks.final_reponse"),
        ("{{ organisation.outsideBody.fax }}", "organisation.outsideBody.fax"),
        ("{{ organisation.outside }}", "organisation.outside"),
        ("{{ scopeReson }}", "scopeReson"),
        ("::: if complaint.upheld\nx\n:::", "complaint.upheld"),
        ("::: each a in answrs\n{{ a.text }}\n:::", "answrs"),
        ('::: if secondStage = "own"\n::: else\n{{ nowhere }}\n:::', "nowhere"),
    ],
)
def test_a_name_that_nothing_provides_is_an_error(found, body, name):
    assert found(body) == [f"The letter names {name}, which no complaint has."]


def test_what_blocks_and_loops_bring_in_is_known(found):
    assert (
        found("::: each a in answers\n{{ a.text }}{{ (for c in commitments return c.what)[1] }}\n:::") == []
    )


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "processes", tmp_path / "processes")
    return tmp_path / "processes"


def test_lint_names_letter_and_fact(folder, capsys):
    assert main(["lint", str(folder), str(ROOT / "forms")]) == 0
    (folder / "letters" / "update.md").write_text(
        "---\nsubject: x\nto: complainant\n---\n{{ updateTexts }}\n"
    )

    assert main(["lint", str(folder), str(ROOT / "forms")]) == 1

    out = capsys.readouterr().out
    assert "update.md" in out
    assert "updateTexts" in out


def test_the_service_does_not_start_with_such_a_letter(folder, service_settings):
    (folder / "letters" / "update.md").write_text(
        "---\nsubject: x\nto: complainant\n---\n{{ updateTexts }}\n"
    )

    with pytest.raises(LetterTextRefused, match="updateTexts"):
        begin_service(replace(service_settings, processes_dir=folder))


@pytest.mark.parametrize(
    "head",
    ["to: complainant\nasks: nicely", "to: representative\nasks: answer", "to: complainant\ncolour: red"],
)
def test_a_head_that_asks_for_something_else_is_refused(head):
    with pytest.raises(LetterTextRefused, match="asks"):
        read_letter("decision.md", f"---\nsubject: x\n{head}\n---\ny\n".encode())

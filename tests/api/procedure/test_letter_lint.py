"""A letter that names what does not exist is refused by lint and at the start, not when somebody waits for it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from api.cli import main
from api.complaints.letters import LetterTextRefused, read_letter
from api.installation import begin_service
from api.procedure.files import read_files
from api.procedure.judging import lint
from tests.processes.office import ROOT


@pytest.fixture
def found(folder, service_settings):
    """A function: what lint says of a letter with this body, over the shipped definitions."""

    def judge(body, severity="error"):
        letter = f"---\nsubject: x\nto: complainant\n---\n{body}\n"
        (folder / "letters" / "t.md").write_text(letter)
        findings = lint(read_files([folder, ROOT / "forms"]), service_settings)
        return [one.message for one in findings if one.file == "t.md" and one.severity == severity]

    return judge


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "processes", tmp_path / "processes")
    return tmp_path / "processes"


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


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (
            "::: if complaint.receivedOn\nx\n:::",
            "The condition complaint.receivedOn is neither true nor false.",
        ),
        ("::: if clocks.update\nx\n:::", "The condition clocks.update is neither true nor false."),
        ("::: if newDate\nx\n:::", "The condition newDate is neither true nor false."),
        ('::: if clocks["slip"] = null\nx\n:::', "The letter names clocks.slip, which no complaint has."),
        ('{{ clocks["update"] }}', "clocks[“update”] is always empty."),
        ('::: if complaint.channel = "fone"\nx\n:::', "There is no value of complaint.channel “fone”."),
        ('::: if complaint.state = "sleeping"\nx\n:::', "There is no value of complaint.state “sleeping”."),
    ],
)
def test_a_condition_that_never_holds_is_an_error(found, body, wrong):
    assert found(body) == [wrong]


@pytest.mark.parametrize(
    "body",
    [
        "::: if complaint.danger\nx\n:::",
        '::: if complaint.channel = "telephone" and complaint.state != "closed"\nx\n:::',
        "::: if clocks.update != null\n{{ clocks.update }}\n:::",
    ],
)
def test_a_condition_that_may_hold_is_none(found, body):
    assert found(body) == []


def test_what_blocks_and_loops_bring_in_is_known(found):
    assert (
        found("::: each a in answers\n{{ a.text }}{{ (for c in commitments return c.what)[1] }}\n:::") == []
    )


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("::: each a in answers\n{{ a.amuont }}\n:::", "There is no member “amuont”."),
        ("{{ count(answers[get or else(item.remedyKid, 1) = 1]) }}", "There is no member “remedyKid”."),
        ("::: each i in complaint.issues\n{{ i.nunber }}\n:::", "There is no member “nunber”."),
        ('::: if regime = "uk-finacial"\nx\n:::', "There is no regime “uk-finacial”."),
        ('::: if secondStage = "cuortesy"\nx\n:::', "There is no code of secondStage “cuortesy”."),
        (
            '::: each a in answers\n{{ if a.outcome = "uhpeld" then "x" else "y" }}\n:::',
            "There is no code of outcome “uhpeld”.",
        ),
        (
            '::: each a in answers\n::: if list contains(["nome"], get or else(a.remedyKind, "none"))\nx\n:::\n:::',
            "There is no code of remedyKind “nome”.",
        ),
    ],
)
def test_a_member_or_code_a_letter_away_is_an_error(found, body, wrong):
    assert found(body) == [wrong]


def test_a_member_nobody_is_known_to_bring_is_doubted(found):
    body = "::: each a in answers\n{{ a.meterReading }}\n:::"

    assert (found(body), found(body, "warning")) == ([], ["There is no member “meterReading”."])


def test_within_brackets_the_members_of_a_row_are_names(found):
    assert found('{{ count(commitments[what = "x"]) }}') == []
    assert found("{{ what }}") == ["The letter names what, which no complaint has."]


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


def test_the_service_does_not_start_without_a_letter_that_a_diagram_names(folder, service_settings):
    settings = replace(service_settings, processes_dir=folder)
    begin_service(settings).database.dispose()
    (folder / "letters" / "decision.md").rename(folder / "letters" / "decison.md")

    with pytest.raises(LetterTextRefused, match=r"decision\.md"):
        begin_service(settings)


@pytest.mark.parametrize(
    "head",
    ["to: complainant\nasks: nicely", "to: representative\nasks: answer", "to: complainant\ncolour: red"],
)
def test_a_head_that_asks_for_something_else_is_refused(head):
    with pytest.raises(LetterTextRefused, match="asks"):
        read_letter("decision.md", f"---\nsubject: x\n{head}\n---\ny\n".encode())

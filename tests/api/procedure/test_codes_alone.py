"""A regime or category that one place alone names is refused, however far it is from the right one; what is new together is not."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from api.cli import main
from api.installation import ready_service
from api.organisation import OrganisationRefused
from api.procedure.files import read_files
from api.procedure.judging import lint
from engine.commands.errors import DeploymentRefused
from tests.api.conftest import ROOT, settings_for
from tests.api.procedure.slips import shipped

SHIPPED = shipped()
TABLES = ("deadlines.dmn", "stages.dmn", "waiting-times.dmn")
STEP = {
    "deadlines.dmn": 6
}  # of the table of deadlines, which takes a second to judge, every sixth cell is tried


def far(word):
    """Return the word three letters off."""
    return word[:2] + "xxx" + word[2:]


def cells(name):
    """Yield start, end and text of every word in the columns regime and category of a table: each row by itself."""
    text = SHIPPED[name].decode()
    columns = re.findall(r"<input id=.*?<text>(.*?)</text>", text, re.DOTALL)
    for rule in re.finditer(r"<rule id=.*?</rule>", text, re.DOTALL):
        conditions = re.finditer(r"<inputEntry.*?<text>(.*?)</text>", rule[0], re.DOTALL)
        for column, cell in zip(columns, conditions, strict=True):
            if column in ("regime", "category"):
                for word in re.finditer(r'"([^"]+)"', cell[1]):
                    at = rule.start() + cell.start(1)
                    yield at + word.start(1), at + word.end(1), word[1]


PLACES = [(name, *each) for name in TABLES for each in list(cells(name))[:: STEP.get(name, 1)]]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return settings_for(tmp_path_factory.mktemp("nowhere"))


@pytest.fixture
def house(tmp_path):
    """The folders of a house, with all that is shipped."""
    for name in ("processes", "forms"):
        shutil.copytree(ROOT / name, tmp_path / "house" / name)
    return tmp_path / "house"


def judged(house, settings):
    return lint(read_files([house / "processes", house / "forms"]), settings)


def wrong(found):
    return [each for each in found if each.severity == "error"]


def rewrite(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


@pytest.mark.parametrize(("name", "start", "end", "word"), PLACES)
def test_a_code_in_one_cell_that_nothing_else_names_is_refused(name, start, end, word, settings, tmp_path):
    text = SHIPPED[name].decode()
    (tmp_path / name).write_text(text[:start] + far(word) + text[end:], encoding="utf-8")

    found = wrong(lint(read_files([tmp_path]), settings))

    [finding] = [each for each in found if each.code == "code_alone"]
    assert finding.file == name
    assert far(word) in finding.message
    assert f"Did you mean {word}?" == finding.advice
    assert finding.element_id


@pytest.mark.parametrize("cell", ['not("uk-xxxfinancial")', 'list contains(["uk-xxxfinancial"], ?)'])
def test_a_code_within_an_expression_of_a_cell_is_judged_too(cell, settings, tmp_path):
    table = SHIPPED["waiting-times.dmn"].decode().replace('<text>"uk-financial"', f"<text>{cell}")
    (tmp_path / "waiting-times.dmn").write_text(table, encoding="utf-8")
    assert "code_alone" in {each.code for each in wrong(lint(read_files([tmp_path]), settings))}


def test_a_body_for_a_regime_that_nothing_else_names_is_refused_by_lint_deploy_and_start(
    house, prepared, tmp_path, monkeypatch, capsys
):
    rewrite(house / "processes" / "organisation.json", '["uk-financial"]', '["uk-xxxfinancial"]')
    shutil.copytree(prepared, tmp_path / "data")
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    assert main(["lint", str(house / "processes"), str(house / "forms")]) == 1
    assert "uk-xxxfinancial" in capsys.readouterr().out
    own = {
        "REDRESS_PROCESSES_DIR": str(house / "processes"),
        "REDRESS_FORMS_DIR": str(house / "forms"),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    assert main(["deploy", str(house / "forms")]) != 0
    said = capsys.readouterr()
    assert "uk-xxxfinancial" in said.out + said.err
    for place in ("data", "new"):
        with pytest.raises((OrganisationRefused, DeploymentRefused)) as refused:
            ready_service(settings_for(tmp_path / place, **own))
        assert "“uk-xxxfinancial”" in str(refused.value)
        assert "Did you mean uk-financial?" in str(refused.value)


def test_a_body_for_a_regime_that_lost_its_clocks_and_has_its_second_look_is_told(house, settings):
    """Who takes the rows of a regime out may come to its other places later."""
    table = house / "processes" / "deadlines.dmn"
    rows = re.compile(r"\s*<rule id=(?:(?!</rule>).)*?\"india-rbi\".*?</rule>", re.DOTALL)
    table.write_text(rows.sub("", table.read_text(encoding="utf-8")), encoding="utf-8")
    assert '"india-rbi"' not in table.read_text(encoding="utf-8")

    found = judged(house, settings)

    assert wrong(found) == []
    assert {each.file for each in found if "india-rbi" in each.message} == {"stages.dmn", "organisation.json"}


def with_rows(house, old, rows, **changed):
    """Put rows before a rule of the table of deadlines: copies of the rule of a policy, with other words in them."""
    table = house / "processes" / "deadlines.dmn"
    text = table.read_text(encoding="utf-8")
    rule = next(each for each in re.findall(r"\s*<rule id=.*?</rule>", text, re.DOTALL) if f'"{old}"' in each)
    made = ""
    for number in range(rows):
        copy = re.sub(r'id="([^"]+)"', rf'id="\1_new{number}"', rule).replace(
            f'"{old}"', f'"{old}-new{number}"'
        )
        for was, becomes in changed.items():
            copy = copy.replace(f'"{was}"', becomes)
        made += copy
    table.write_text(text.replace(rule, made + rule), encoding="utf-8")


def test_a_regime_that_is_new_in_several_rows_or_has_its_body_is_not_doubted(house, settings):
    with_rows(house, "generic-final-response", 2, generic='"house-rules"')
    assert wrong(judged(house, settings)) == []


def test_a_regime_that_is_new_in_one_row_and_has_a_body_is_not_doubted(house, settings):
    with_rows(house, "generic-final-response", 1, generic='"house-rules"')
    assert {each.code for each in wrong(judged(house, settings))} == {"code_alone"}
    rewrite(house / "processes" / "organisation.json", '["uk-financial"]', '["uk-financial", "house-rules"]')
    assert wrong(judged(house, settings)) == []


def test_a_category_that_is_new_in_one_row_and_offered_is_not_doubted(house, settings):
    with_rows(house, "uk-payment-final-response", 1, payment='"mortgage"')
    assert {each.code for each in wrong(judged(house, settings))} == {"code_alone"}
    offered = r"{label: \"Payment service\", value: \"payment\"}"
    new = r"{label: \"Mortgage\", value: \"mortgage\"}"
    rewrite(house / "forms" / "assess.form", offered, f"{offered}, {new}")
    assert wrong(judged(house, settings)) == []


def test_an_option_in_the_place_of_a_category_that_is_offered_nowhere_else_is_refused(house, settings):
    rewrite(house / "forms" / "assess.form", r"value: \"payment\"", r"value: \"paymxxent\"")

    [finding] = [each for each in wrong(judged(house, settings)) if each.file == "assess.form"]

    assert finding.code == "code_without_row"
    assert finding.advice == "Did you mean payment?"


def test_an_option_of_ones_own_beside_all_categories_falls_under_the_general_rules(house, settings):
    offered = r"{label: \"General\", value: \"general\"}"
    rewrite(house / "forms" / "assess.form", offered, offered + r", {label: \"Parking\", value: \"parking\"}")
    assert judged(house, settings) == ()


@pytest.mark.parametrize(
    ("place", "old", "new", "severity"),
    [
        ("forms/assess.form", r"if regime = \"uk-financial\"", r"if regime = \"uk-xxxfinancial\"", "error"),
        (
            "processes/letters/closing.md",
            "Your complaint is closed.",
            '{{ if regime = "uk-xxxfinancial" then "x" else "y" }}',
            "error",
        ),
        (
            "processes/complaint-handling.bpmn",
            "=dangerReported = true",
            "=regime = &#34;uk-xxxfinancial&#34;",
            "warning",
        ),
    ],
)
def test_a_regime_that_a_comparison_alone_names_is_told(place, old, new, severity, house, settings):
    rewrite(house / place, old, new)
    found = [each for each in judged(house, settings) if "uk-xxxfinancial" in each.message]
    assert {(each.severity, each.file) for each in found} == {(severity, place.split("/")[-1])}


def test_a_clock_of_one_row_that_is_like_one_that_is_followed_is_refused(settings, tmp_path):
    table = SHIPPED["deadlines.dmn"].decode().replace('"acknowledgement"', '"acknowxxledgement"', 1)
    (tmp_path / "deadlines.dmn").write_text(table, encoding="utf-8")
    [finding] = wrong(lint(read_files([tmp_path]), settings))
    assert (finding.code, finding.advice) == ("clock_unfollowed", "Did you mean acknowledgement?")


def test_what_is_refused_is_refused_over_the_interfaces(admin):
    data = SHIPPED["stages.dmn"].replace(b'"uk-telecoms"', b'"uk-xxxtelecoms"', 1)
    status, problem = admin.deploy(("stages.dmn", data))
    assert (status, "Did you mean uk-telecoms?" in problem["detail"]) == (400, True), problem


def test_nothing_shipped_is_doubted_one_file_at_a_time(settings, tmp_path):
    """Whoever changes one file deploys it alone: the others are there."""
    for name in (*TABLES, "assess.form", "authority.dmn"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_bytes(SHIPPED[name])
        assert lint(read_files([tmp_path / name]), settings) == (), name


def test_the_organisation_file_names_regimes_where_the_tests_look():
    bodies = json.loads((ROOT / "processes" / "organisation.json").read_text(encoding="utf-8"))["bodies"]
    assert ["uk-financial"] in [each["regimes"] for each in bodies.values()]

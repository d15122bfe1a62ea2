"""No one-letter slip in a word of the procedure passes the check, and nothing that is shipped is doubted."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field

import pytest
from lxml import etree

from api.procedure.files import read_files
from api.procedure.judging import lint
from tests.api.conftest import ROOT, settings_for
from tests.api.procedure.slips import organisation_slips, shipped, slips_of

SHIPPED = shipped()
PAUSED = 'id="Out_generic-target_pauseReasons">\n          <text>'
NAMES = sorted(name for name, data in SHIPPED.items() if any(True for _ in slips_of(name, data)))
LARGE = 150_000  # bytes; of the table of deadlines, which takes a second to judge, every fourth slip is tried, of a form every third
UNSUGGESTED = {
    *(f"cell {column}" for column in ("unit", "anchorRule", "roll", "end")),  # all their words are listed
    "listed result",  # list and cells disagree: either may be meant
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return settings_for(tmp_path_factory.mktemp("nowhere"))


def _step(name):
    """Return how far apart the slips of a file are that are tried: all of them would take minutes."""
    if name.endswith(".form"):
        return 3
    return 1 if len(SHIPPED[name]) < LARGE else 4


@dataclass
class Tally:
    """How many slips there were, which were not found, and which got another suggestion."""

    tried: int = 0
    passed: list = field(default_factory=list)
    astray: list = field(default_factory=list)


def with_deadlines(settings, folder, data):
    """What is found in the shipped set with another table of deadlines."""
    shutil.copytree(ROOT / "processes", folder / "processes")
    (folder / "processes" / "deadlines.dmn").write_bytes(data)
    return lint(read_files([folder / "processes", ROOT / "forms"]), settings)


def test_a_row_of_rules_from_elsewhere_without_a_calendar_is_told(settings, tmp_path):
    table = SHIPPED["deadlines.dmn"].replace(b'"uae"', b"null", 1)

    [finding] = with_deadlines(settings, tmp_path, table)

    assert (finding.code, finding.severity) == ("calendar_of_the_house", "warning")
    assert "uae-financial" in finding.message


def test_a_folder_with_a_calendar_of_its_own_has_the_shipped_ones_beside_it(settings, tmp_path):
    (tmp_path / "calendars").mkdir()
    own = json.loads((ROOT / "processes" / "calendars" / "ireland.json").read_text(encoding="utf-8"))
    (tmp_path / "calendars" / "ours.json").write_text(json.dumps(own | {"id": "ours"}), encoding="utf-8")
    table = SHIPPED["deadlines.dmn"].decode().replace('"uae"', '"ours"', 1)
    (tmp_path / "deadlines.dmn").write_text(table, encoding="utf-8")

    assert [str(each) for each in lint(read_files([tmp_path]), settings)] == []


@pytest.mark.parametrize(
    ("given", "wrong"), [("500", True), ("-1", True), ("101", True), ("100", False), ("0", False)]
)
def test_a_priority_that_no_task_can_have_is_refused(alone, given, wrong):
    found = told(alone, "assessment.dmn", "<text>90</text>", f"<text>{given}</text>")
    assert (("number_out_of_range", "error") in found) is wrong


@pytest.mark.parametrize(
    ("given", "wrong"),
    [("-2", True), ("- 2", True), ("2.5", True), ("10001", True), ("0", False), ("3.0", False)],
)
def test_a_waiting_time_that_no_time_can_be_is_refused(alone, given, wrong):
    name = "waiting-times.dmn"
    found = alone(name, SHIPPED[name].replace(b"<text>20</text>", f"<text>{given}</text>".encode(), 1))
    refused = [each for each in found if each.code == "no_length_of_time"]
    assert bool(refused) is wrong
    if wrong:
        assert (refused[0].severity, bool(refused[0].element_id)) == ("error", True)
        assert "appeal" in refused[0].message


def told(alone, name, old, new):
    """Code and severity of what is found in a shipped file with ``new`` in the place of the first ``old``."""
    assert old in SHIPPED[name].decode()
    found = alone(name, SHIPPED[name].replace(old.encode(), new.encode(), 1))
    return {(each.code, each.severity) for each in found}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("draft-answer.form", "=returnReasons = null", '=regime = \\"uk-finacial\\"'),
        ("draft-answer.form", "=returnReasons = null", '=earlyResult = \\"setled\\"'),
        ("complaint-handling.bpmn", "=dangerReported = true", "=regime = &#34;uk-finacial&#34;"),
    ],
)
def test_a_code_in_a_condition_that_is_nearly_a_known_one_is_told(alone, name, old, new):
    assert "word_unknown" in {code for code, _ in told(alone, name, old, new)}


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("draft-answer.form", "=not(list contains", "=nott(list contains", "function_unknown"),
        ("response.bpmn", "addWorkingDays(today()", "addWorkingDay(today()", "function_unknown"),
        ("response.bpmn", 'value="final_response, ', 'value="answer, ', "word_unknown"),
        ("response.bpmn", 'value="final_response, ', 'value="final_response; ', "word_unknown"),
        ("complaint.form", '"value": "post"', '"value": "brief"', "code_unknown"),
        ("log-complaint.form", '"value": "phone"', '"value": "telephone"', "code_unknown"),
    ],
)
def test_what_could_only_stop_or_mislead_a_case_is_refused(alone, name, old, new, code):
    assert (code, "error") in told(alone, name, old, new)


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("waiting-times.dmn", "<text>-</text>", '<text>"generic"</text>', "row_for_the_rest_missing"),
        ("stages.dmn", "<text>-</text>", '<text>"generic"</text>', "row_for_the_rest_missing"),
        ("waiting-times.dmn", "<text>10</text>", "<text>null</text>", "value_missing"),
        ("waiting-times.dmn", "<text>10</text>", "<text></text>", "value_missing"),
        ("stages.dmn", '<text>"own"</text>', "<text></text>", "value_missing"),
        ("authority.dmn", '<text>"approvers"</text>', "<text>null</text>", "value_missing"),
        ("deadlines.dmn", '"generic-update"', '"generic-target"', "policy_id_twice"),
        ("deadlines.dmn", '<text>"uk-councils"', '<text>"UK-Councils"', "regime_slip"),
        ("deadlines.dmn", '<text>"uk-councils"', '<text>""', "condition_empty"),
        ("deadlines.dmn", '<text>"payment"', '<text>""', "condition_empty"),
        ("deadlines.dmn", '<text>"payment"', '<text>"superANNuation"', "category_slip"),
        ("deadlines.dmn", '<text>"payment"', '<text>"Data_Protection"', "word_unknown"),
        ("deadlines.dmn", PAUSED + "null", PAUSED + '["complainnt"]', "word_unknown"),
    ],
)
def test_a_table_that_would_leave_a_case_without_an_answer_is_refused(alone, name, old, new, code):
    assert (code, "error") in told(alone, name, old, new)


def test_a_clock_that_the_table_gave_up_may_still_be_named(settings, tmp_path):
    """Who needs fewer clocks takes rows out of the table and leaves the diagrams as they are."""
    table = etree.fromstring(SHIPPED["deadlines.dmn"])
    for rule in list(table.iter("{*}rule")):
        if any('"internal_review"' in (text.text or "") for text in rule.iter("{*}text")):
            rule.getparent().remove(rule)
    for name, data in {**SHIPPED, "deadlines.dmn": etree.tostring(table)}.items():
        (tmp_path / name).write_bytes(data)

    found = lint(read_files([tmp_path]), settings)

    assert [each for each in found if each.severity == "error"] == []


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("response.bpmn", 'key="duty" value="approve"', 'key="duty" value="approve "', "word_unknown"),
        ("response.bpmn", 'key="duty" value="draft"', 'key="duty" value=""', "header_empty"),
        ("response.bpmn", 'key="meets" value="', 'key="meets" value="=', "header_formula"),
        ("protect-people.bpmn", 'key="mail" value="yes"', 'key="mail" value="yes "', "word_unknown"),
        ("protect-people.bpmn", 'key="group" value="on-duty"', 'key="group" value="=&#34;on-duty&#34;"', "header_formula"),
        ("complaint-handling.bpmn", 'key="stage" value="one"', 'key="stage" value="one "', "word_unknown"),
        ("complaint-handling.bpmn", 'type="redress:start-clocks"', 'type="redress:start-clocks "', "job_type_unknown"),
        ("complaint-handling.bpmn", 'processId="scope-screening"', 'processId="scope-screening "', "target_not_deployed_together"),
    ],
)  # fmt: skip
def test_a_word_that_is_read_letter_for_letter_is_judged_so(alone, name, old, new, code):
    assert (code, "error") in told(alone, name, old, new)


@pytest.mark.parametrize("line", ['key="duty" value="approve"', 'key="meets" value="final_response, '])
def test_a_duty_or_a_clock_that_a_diagram_gives_up_is_told(alone, line):
    header = next(each for each in SHIPPED["response.bpmn"].decode().splitlines() if line in each)
    assert ("header_given_up", "warning") in told(alone, "response.bpmn", header, "")


def test_a_regime_none_of_whose_rows_is_in_force_is_told(settings, tmp_path):
    model, begins = etree.fromstring(SHIPPED["deadlines.dmn"]), "effectiveFrom"
    box = next(model.iter("{*}decisionTable"))
    place = [each.get("name") for each in box.iterchildren("{*}output")].index(begins)
    for rule in box.iterchildren("{*}rule"):
        if '"india-rbi"' in rule.findtext("{*}inputEntry/{*}text"):
            list(rule.iterchildren("{*}outputEntry"))[place].find("{*}text").text = 'date("2999-01-01")'

    found = with_deadlines(settings, tmp_path, etree.tostring(model))

    [told] = [each for each in found if each.code == "regime_out_of_force"]
    assert told.severity == "warning"
    assert "“india-rbi”" in told.message


def test_a_regime_that_only_one_category_has_rows_of_is_refused(settings, tmp_path):
    """Its name is misspelt in all its own rows, and still stands in one that holds for many regimes."""
    table = SHIPPED["deadlines.dmn"].replace(b'<text>"uk-councils"', b'<text>"uk-conclis"')

    found = with_deadlines(settings, tmp_path, table)

    assert [(each.severity, each.message) for each in found if each.code == "regime_without_clocks"] == [
        ("error", "A complaint under the regime “uk-councils” would start without any clock: no row is for it whatever it is about.")
    ]  # fmt: skip


def in_stages(regime, row):
    """The table of second looks with a regime added to the row (own, courtesy, none) that has another."""
    return SHIPPED["stages.dmn"].replace(f'"{row}"'.encode(), f'"{row}", "{regime}"'.encode(), 1)


@pytest.mark.parametrize(("beside", "offered"), [("generic", "own"), ("uk-financial", "courtesy")])
def test_a_second_look_that_no_clock_is_for_is_refused(settings, tmp_path, beside, offered):
    """Its regime has rows for the first answer alone: after the no of a complainant the case would stop."""
    (tmp_path / "stages.dmn").write_bytes(in_stages("us-cfpb", beside))

    [finding] = lint(read_files([tmp_path]), settings)

    assert (finding.code, finding.severity) == ("round_without_clock", "error")
    assert "“us-cfpb”" in finding.message
    assert f"“{offered}”" in finding.message


def test_the_clock_of_a_second_look_that_is_taken_out_of_its_table_is_missed(settings, tmp_path):
    row = re.search(
        rb'<rule id="Rule_generic-stage-two-response".*?</rule>', SHIPPED["deadlines.dmn"], re.DOTALL
    )
    (tmp_path / "deadlines.dmn").write_bytes(SHIPPED["deadlines.dmn"].replace(row[0], b""))

    [finding] = lint(read_files([tmp_path]), settings)

    assert (finding.code, finding.file) == ("round_without_clock", "deadlines.dmn")
    assert "“generic”" in finding.message


def test_what_lies_in_folders_of_a_folder_is_read_and_what_is_hidden_is_not(tmp_path):
    for place in (
        "a.bpmn",
        "deeper/still/B.DMN",
        "deeper/calendars/c.json",
        "deeper/other.json",
        ".git/d.bpmn",
        ".e.form",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"x")

    found = read_files([tmp_path])

    assert [name for name, _ in found.definitions] == ["a.bpmn", "B.DMN"]
    assert [name for name, _ in found.calendars] == ["c.json"]


def test_nothing_that_is_shipped_is_doubted(settings):
    assert lint(read_files([ROOT / "processes", ROOT / "forms"]), settings) == ()


@pytest.fixture(scope="module")
def alone(tmp_path_factory, settings):
    """A function: the findings about one file, among the shipped ones."""
    folder = tmp_path_factory.mktemp("alone")

    def judge(name, data):
        path = folder / name
        path.write_bytes(data)
        return set(lint(read_files([path]), settings))

    return judge


def _suggests(word, finding):
    """Tell whether a finding offers the right word, alone or as a part of the name it belongs to."""
    return re.search(rf"Did you mean (\S+[.:])?{re.escape(word)}([.:]\S+)?\?", str(finding))


@pytest.mark.parametrize("name", NAMES)
def test_every_slip_in_a_word_is_found(name, alone):
    usual, tally = alone(name, SHIPPED[name]), Tally()
    slips = list(slips_of(name, SHIPPED[name]))
    for slip in slips[:: _step(name)]:
        found = alone(name, slip.data) - usual
        tally.tried += 1
        if not found:
            tally.passed.append((slip.place, slip.word, slip.wrong))
        elif slip.place not in UNSUGGESTED and not any(_suggests(slip.word, each) for each in found):
            tally.astray.append((slip.place, slip.word, slip.wrong, [str(each) for each in found][:2]))
    assert tally.passed == []
    assert len(tally.astray) <= max(1, tally.tried * 0.05), "\n".join(map(str, tally.astray))


def test_enough_slips_are_tried():
    assert sum(1 for name in NAMES for _ in slips_of(name, SHIPPED[name])) > 300


@pytest.mark.parametrize(("member", "content"), list(organisation_slips()), ids=lambda each: str(each)[:30])
def test_a_slip_in_the_organisation_file_is_found(member, content, tmp_path, settings):
    shutil.copy(
        ROOT / "forms" / "plan-investigation.form", tmp_path
    )  # the rest is taken from what is shipped
    (tmp_path / "organisation.json").write_text(json.dumps(content))
    found = lint(read_files([tmp_path]), settings)
    assert any(finding.severity == "error" for finding in found)
    words = " ".join(str(finding) for finding in found)
    assert "Did you mean" in words or "organisation.json: " in words, words

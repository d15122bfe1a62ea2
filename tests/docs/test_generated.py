"""Tables in the documentation that the code knows better are what the code says."""

from __future__ import annotations

import re

from api.complaints.importing.generic import FIELDS, read_mapping
from tests.conformance.bpmn.__main__ import report
from tests.conformance.bpmn.scenarios import scenarios
from tests.docs.examples import ROOT
from tests.docs.generated import ADMIN, written

PAGE = ADMIN.read_text(encoding="utf-8")


def test_settings_and_roles_are_those_of_the_code():
    assert written(PAGE) == PAGE, "run: python -m tests.docs.generated"


def test_an_old_table_would_be_noticed():
    old = PAGE.replace("`REDRESS_PORT`", "`REDRESS_OLD_PORT`", 1)
    assert written(old) == PAGE


def test_every_field_of_a_mapping_is_named():
    assert [field for field in FIELDS if f"`{field}`" not in PAGE] == []


def test_the_example_of_a_mapping_is_one_the_importer_takes(tmp_path):
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mapping.json").write_text(example[1])
    assert read_mapping(tmp_path / "mapping.json").source == "old-crm"


def test_how_much_of_bpmn_is_supported_is_what_the_diagrams_say():
    """Each diagram is played by tests/conformance/bpmn; here it is only listed."""
    listed = [(one, "refused" if one.refused else "supported") for one in scenarios()]
    assert (ROOT / "docs" / "bpmn-support.md").read_text(encoding="utf-8") == report(listed)

"""Tables in the documentation that the code knows better are what the code says."""

from __future__ import annotations

import re

import pytest

from api.complaints.importing.generic import FIELDS, read_mapping
from api.identity.roles import ROLES
from api.settings import table
from tests.conformance.bpmn.__main__ import report
from tests.conformance.bpmn.scenarios import scenarios
from tests.docs.examples import ROOT

ADMIN = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")


def between(name: str) -> str:
    found = re.search(rf"<!-- {name}: .*?-->\n(.*?)\n<!-- end of {name} -->", ADMIN, re.DOTALL)
    assert found, f"docs/admin.md has no part {name}"
    return found[1]


def roles() -> str:
    rows = [f"| `{role.id}` | {role.name} | {role.purpose} |" for role in ROLES.values()]
    return "\n".join(["| role | name | what it is for |", "|---|---|---|", *rows])


@pytest.mark.parametrize(("name", "wanted"), [("settings", table()), ("roles", roles())])
def test_a_generated_part_is_what_the_code_says(name, wanted):
    assert between(name) == wanted, f"replace the part {name} of docs/admin.md with:\n{wanted}"


def test_every_field_of_a_mapping_is_named():
    assert [field for field in FIELDS if f"`{field}`" not in ADMIN] == []


def test_the_example_of_a_mapping_is_one_the_importer_takes(tmp_path):
    example = re.search(r"```json\n(.*?)```", ADMIN, re.DOTALL)
    (tmp_path / "mapping.json").write_text(example[1])
    assert read_mapping(tmp_path / "mapping.json").source == "old-crm"


def test_how_much_of_bpmn_is_supported_is_what_the_diagrams_say():
    """Each diagram is played by tests/conformance/bpmn; here it is only listed."""
    listed = [(one, "refused" if one.refused else "supported") for one in scenarios()]
    assert (ROOT / "docs" / "bpmn-support.md").read_text(encoding="utf-8") == report(listed)

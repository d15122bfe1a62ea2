"""The designer's templates name every job type of the service, and every header and input it reads."""

from __future__ import annotations

import json

import pytest

from api.complaints.job_types import HANDLERS
from api.procedure import contracts
from engine.dialect.lint import Words
from tests.api.conftest import ROOT

FILE = ROOT / "processes" / "element-templates" / "redress.json"


def templates():
    """Return by job type what its template lets somebody fill in."""
    found = {}
    for template in json.loads(FILE.read_text(encoding="utf-8")):
        bindings = [(each["binding"], each.get("value")) for each in template["properties"]]
        (job,) = [value for binding, value in bindings if binding["type"] == "zeebe:taskDefinition"]
        found[job] = {
            "headers": {b["key"] for b, _ in bindings if b["type"] == "zeebe:taskHeader"},
            "inputs": {b["name"] for b, _ in bindings if b["type"] == "zeebe:input"},
        }
    return found


@pytest.fixture(scope="module")
def declared():
    any_word = Words(kind="word", known=frozenset())
    names = ("letters", "clocks", "events", "groups", "caught", "processes")
    return contracts.job_facts(contracts.ProcedureWords(**dict.fromkeys(names, any_word)))


def test_every_job_type_has_a_template_and_none_is_of_another(declared):
    assert sorted(templates()) == sorted(HANDLERS) == sorted(declared)


@pytest.mark.parametrize("kind", ["headers", "inputs"])
def test_every_template_names_what_its_job_reads_and_nothing_else(declared, kind):
    offered = templates()
    read = {job: set(getattr(facts, kind)) for job, facts in declared.items()}
    read["redress:register"] = set()  # what it reads are the variables that the case begins with
    assert {
        job: sorted(read[job] ^ offered[job][kind]) for job in read if read[job] ^ offered[job][kind]
    } == {}

"""Production fills every fact that rules judge by, a rule reads each, and every job type says what it reads."""

from __future__ import annotations

import ast
import re
from dataclasses import fields

import pytest

from api.complaints.job_types import HANDLERS
from engine.commands import deploy
from engine.dialect.lint import KnownResources, ServiceFacts
from tests.api.conftest import ROOT

RULES = [
    path.read_text()
    for path in (ROOT / "engine" / "dialect" / "lint").glob("*.py")
    if path.name != "context.py"
]
RULES.append((ROOT / "engine" / "commands" / "try_run.py").read_text())
HANDLER_FILES = sorted((ROOT / "api" / "complaints").glob("*_jobs.py"))


@pytest.fixture
def known(service):
    return service.engine.read(lambda session: deploy.known_resources(service.engine.house, session, ()))


@pytest.mark.parametrize("name", [each.name for each in fields(KnownResources)])
def test_each_fact_of_the_engine_is_filled(name, known):
    assert getattr(known, name)


@pytest.mark.parametrize("name", [each.name for each in fields(ServiceFacts)])
def test_each_fact_of_the_service_is_filled(name, known):
    value = getattr(known.service, name)
    assert getattr(value, "known", value)


@pytest.mark.parametrize("name", [each.name for each in (*fields(KnownResources), *fields(ServiceFacts))])
def test_a_rule_reads_each_fact(name):
    reads = re.compile(rf"(?:known|service|context\.known)\.{name}\b|getattr\(context.known, collection\)")
    assert any(reads.search(text) for text in RULES)


def test_no_fact_has_a_default():
    for kind in (KnownResources, ServiceFacts):
        with pytest.raises(TypeError):
            kind()


def test_each_handler_says_what_it_reads(known):
    assert set(known.service.job_types) == set(HANDLERS)


def test_each_header_that_a_handler_reads_is_declared(known):
    declared = {key for facts in known.service.job_types.values() for key in facts.headers}
    read = {key for path in HANDLER_FILES for key in headers_read(path.read_text())}
    assert read
    assert read <= declared


def headers_read(text):
    """Yield the headers that a module asks for: ``errand.header("x")``, ``….headers.get("x")``, ``headers["x"]``."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            asked = ast.unparse(node.func)
            if asked.endswith((".header", "headers.get")) and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value
        is_index = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        if is_index and ast.unparse(node.value).endswith("headers"):
            yield node.slice.value


def test_each_input_that_a_handler_reads_is_declared(known):
    """A name that is read and not declared would be doubted in the drawing of whoever uses it."""
    declared = {name for facts in known.service.job_types.values() for name in facts.inputs}
    readers = ("errand.text", "errand.value", "variable", "self.text", "errand.context.variables.get")
    read = {
        ast.literal_eval(node.args[0])
        for path in (ROOT / "api" / "complaints").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in readers
    }
    assert read == declared

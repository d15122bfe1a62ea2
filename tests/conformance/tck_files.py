"""The test files of the DMN compatibility kit as cases: inputs and expectations as FEEL values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from engine.feel import temporal

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
NUMBERS = frozenset(("decimal", "double", "integer", "int", "long", "float"))


@dataclass(frozen=True)
class Given:
    """One input, of this model or of an imported one."""

    name: str
    namespace: str | None
    value: Any


@dataclass(frozen=True)
class Result:
    """One expectation."""

    name: str
    expected: Any
    is_error: bool


@dataclass(frozen=True)
class Case:
    """One test case."""

    directory: str
    id: str
    model: str
    inputs: tuple[Given, ...]
    results: tuple[Result, ...]
    is_service: bool = False
    invocable: str = ""

    @property
    def expects_value(self) -> bool:
        return any(result.expected is not None for result in self.results)


def read_cases(directory: Path) -> Iterator[Case]:
    """Yield the cases of all test files of a directory, in order."""
    for file in sorted(directory.glob("*.xml")):
        root = etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
        if etree.QName(root).localname != "testCases":
            continue
        model = (root.findtext("{*}modelName") or "").strip()
        for case in root.findall("{*}testCase"):
            yield Case(
                directory.name,
                case.get("id", ""),
                model,
                tuple(
                    Given(node.get("name"), node.get("namespace"), value_in(node))
                    for node in case.findall("{*}inputNode")
                ),
                tuple(result_in(node) for node in case.findall("{*}resultNode")),
                case.get("type") == "decisionService",
                case.get("invocableName", ""),
            )


def result_in(node: etree._Element) -> Result:
    """Return the expectation of a result node."""
    expected = node.find("{*}expected")
    value = None if expected is None else value_in(expected)
    return Result(node.get("name", ""), value, node.get("errorResult") == "true")


def value_in(element: etree._Element) -> Any:
    """Return the value inside an input node, expectation, item or component."""
    if element.get(XSI + "nil") == "true":
        return None
    items = element.find("{*}list")
    if items is not None:
        return (
            None
            if items.get(XSI + "nil") == "true"
            else [value_in(item) for item in items.findall("{*}item")]
        )
    parts = element.findall("{*}component")
    if parts:
        return {part.get("name"): value_in(part) for part in parts}
    value = element.find("{*}value")
    if value is None or value.get(XSI + "nil") == "true":
        return None
    kind = value.get(XSI + "type", "string").rpartition(":")[2]
    return scalar(kind, value.text or "")


def scalar(kind: str, text: str) -> Any:
    """Return the FEEL value of an XML Schema type and a text. Raises ``ValueError`` if the text is none."""
    if kind == "string":
        return text
    text = text.strip()
    if kind in NUMBERS:
        return Decimal(text)
    if kind == "boolean":
        return text in ("true", "1")
    read = {
        "date": lambda: temporal.parse_date(re.sub(r"(Z|[+-]\d\d:\d\d)$", "", text)),
        "time": lambda: temporal.parse_time(with_seconds(text)),
        "dateTime": lambda: temporal.parse_date_time(with_seconds(text)),
        "duration": lambda: temporal.parse_duration(text),
    }[kind]()
    if read is None:
        raise ValueError(f"{text} is no {kind}")
    return read


def with_seconds(text: str) -> str:
    """Return a time, or date and time, with its seconds written."""
    return re.sub(r"^((?:.*T)?\d\d:\d\d)(?!:?\d|:)", r"\1:00", text)

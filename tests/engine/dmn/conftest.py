"""Decision models in a few lines, and a frozen moment to ask them at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import dmn, feel

DMN15 = "https://www.omg.org/spec/DMN/20230324/MODEL/"
MOMENT = feel.Moment(datetime(2026, 3, 2, 9, 0, tzinfo=UTC), "Europe/Berlin")


def definitions(body: str, *, namespace: str = "urn:test", version: str = DMN15, name: str = "test") -> bytes:
    return (
        f'<definitions xmlns="{version}" xmlns:feel="urn:feel" id="defs" name="{name}" namespace="{namespace}">'
        f"{body}</definitions>"
    ).encode()


def literal(text: str, type_ref: str = "") -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    kind = f' typeRef="{type_ref}"' if type_ref else ""
    return f"<literalExpression{kind}><text>{escaped}</text></literalExpression>"


def decision(name: str, expression: str, *needs: str, type_ref: str = "") -> str:
    """``needs`` are hrefs with a letter in front: i input, d decision, k knowledge."""
    tags = {"i": "requiredInput", "d": "requiredDecision", "k": "requiredKnowledge"}
    required = "".join(
        f"<{'knowledge' if need[0] == 'k' else 'information'}Requirement><{tags[need[0]]} href='{need[1:]}'/>"
        f"</{'knowledge' if need[0] == 'k' else 'information'}Requirement>"
        for need in needs
    )
    kind = f' typeRef="{type_ref}"' if type_ref else ""
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{kind}/>{required}{expression}</decision>'


def input_data(name: str, type_ref: str = "") -> str:
    kind = f' typeRef="{type_ref}"' if type_ref else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{kind}/></inputData>'


def table(
    policy: str, inputs: list[str], outputs: list[str], rules: list[tuple[str, ...]], **more: str
) -> str:
    """``inputs`` are expressions; ``outputs`` are ``name``, ``name=allowed`` or ``name=allowed=default``."""

    def text(value: str) -> str:
        return f"<text>{value.replace('&', '&amp;').replace('<', '&lt;')}</text>"

    def output(spec: str) -> str:
        name, *rest = spec.split("=")
        allowed = f"<outputValues>{text(rest[0])}</outputValues>" if rest and rest[0] else ""
        default = f"<defaultOutputEntry>{text(rest[1])}</defaultOutputEntry>" if len(rest) > 1 else ""
        return f'<output id="o_{name}" name="{name}">{allowed}{default}</output>'

    columns = "".join(
        f"<input id='in{at}'><inputExpression>{text(x)}</inputExpression></input>"
        for at, x in enumerate(inputs)
    )
    rows = ""
    for at, rule in enumerate(rules, start=1):
        cells = [f"<inputEntry>{text(cell)}</inputEntry>" for cell in rule[: len(inputs)]]
        cells += [f"<outputEntry>{text(cell)}</outputEntry>" for cell in rule[len(inputs) :]]
        rows += f'<rule id="r{at}">{"".join(cells)}</rule>'
    attributes = "".join(f' {name}="{value}"' for name, value in more.items())
    return (
        f'<decisionTable id="table" hitPolicy="{policy}"{attributes}>{columns}'
        f"{''.join(map(output, outputs))}{rows}</decisionTable>"
    )


@pytest.fixture
def ask():
    """Ask a decision of a model written as the body of its definitions."""

    def ask(body: str, name: str, imports: tuple[bytes, ...] = (), **inputs: object) -> dmn.Decided:
        model, _ = dmn.draft(definitions(body))
        others = tuple(dmn.draft(data)[0] for data in imports)
        return dmn.decide(model, name, inputs, moment=MOMENT, imports=others)

    return ask


@pytest.fixture
def build():
    """The building blocks of models."""

    class Blocks:
        pass

    blocks = Blocks()
    blocks.definitions, blocks.literal, blocks.decision = definitions, literal, decision
    blocks.input, blocks.table, blocks.moment = input_data, table, MOMENT
    return blocks

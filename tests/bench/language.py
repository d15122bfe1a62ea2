"""How fast FEEL and decision tables are, beside plain Python ``eval`` of the same condition in the same run."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from engine import dmn, feel
from tests.bench.report import Report, per_call

MOMENT = feel.Moment(now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC), zone="Europe/London")
CONDITION = 'severity = "high" and amount > 100'
LONGER = f"{CONDITION} and not(withdrawn)"
DATA = {"severity": "high", "amount": 250, "withdrawn": False}
PRIORITIES = ("low", "medium", "high", "severe")
PRODUCTS = ("account", "card", "loan", "mortgage", "other")


def measure(report: Report) -> None:
    """Measure conditions and tables."""
    with report.section("FEEL and DMN"):
        context = {name: feel.inward(value) for name, value in DATA.items()}
        condition = feel.compile(CONDITION)
        cached = per_call(lambda: condition.evaluate(context, moment=MOMENT))
        report.add("a gateway's condition, compiled once", cached * 1e6, "µs", target=3)
        longer = feel.compile(LONGER)
        spent = per_call(lambda: longer.evaluate(context, moment=MOMENT))
        report.add("one with three parts and a function", spent * 1e6, "µs")
        number = itertools.count()
        compiled = per_call(lambda: feel.compile(f"{LONGER} and amount < {next(number)}"))
        report.add("compiling a typical condition for the first time", compiled * 1e6, "µs", target=200)
        _python(report)
        model = dmn.read(table(), name="twenty.dmn")
        decided = per_call(lambda: dmn.decide(model, "priority", DATA_OF_TABLE, moment=MOMENT))
        report.add("a table of 20 rules and 3 inputs, with its explanation", decided * 1e6, "µs", target=40)


def _python(report: Report) -> None:
    """Measure the same condition in Python: what process engines do that trust their diagrams."""
    text = 'severity == "high" and amount > 100'
    code = compile(text, "condition", "eval")
    bare = {"__builtins__": {}}
    assert eval(code, bare, DATA) is True  # bench only: nothing of Redress evaluates Python
    report.add(
        "the same in Python: eval of compiled code", per_call(lambda: eval(code, bare, DATA)) * 1e6, "µs"
    )
    report.add("the same in Python: eval of the text", per_call(lambda: eval(text, bare, DATA)) * 1e6, "µs")


DATA_OF_TABLE = {"severity": "severe", "product": "other", "amount": 250}


def table() -> bytes:
    """Return a table of 20 rules over text, text and number; the data meets the last one."""
    rules = []
    for index, (severity, product) in enumerate(itertools.product(PRIORITIES, PRODUCTS), start=1):
        cells = (f'"{severity}"', f'"{product}"', "&gt; 100" if index % 2 == 0 else "[0..1000]")
        entries = "".join(
            f'<inputEntry id="c{index}_{at}"><text>{cell}</text></inputEntry>'
            for at, cell in enumerate(cells)
        )
        rules.append(
            f'<rule id="r{index}">{entries}<outputEntry id="o{index}"><text>{index}</text></outputEntry></rule>'
        )
    inputs = "".join(
        f'<input id="i_{name}" label="{name}"><inputExpression id="x_{name}" typeRef="{kind}">'
        f"<text>{name}</text></inputExpression></input>"
        for name, kind in (("severity", "string"), ("product", "string"), ("amount", "number"))
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="twenty" name="Twenty" namespace="t">'
        '<decision id="priority" name="Priority"><variable name="priority"/><decisionTable id="t" hitPolicy="UNIQUE">'
        f'{inputs}<output id="out" name="priority" typeRef="number"/>{"".join(rules)}'
        "</decisionTable></decision></definitions>"
    ).encode()

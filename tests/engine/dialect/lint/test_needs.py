"""What a message has to bring (``redress.needs``) is on a message start event, and something in the diagram reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

MESSAGE = "<messageEventDefinition messageRef='m'/>"


def begun_by(needs: str, event: str = MESSAGE) -> str:
    said = f"<z:properties><z:property name='redress.needs' value='{needs}'/></z:properties>"
    script = (
        "<scriptTask id='a'><extensionElements><z:script expression='=waits.step + priority' resultVariable='r'/>"
        "</extensionElements></scriptTask>"
    )
    return f"<startEvent id='s'><extensionElements>{said}</extensionElements>{event}</startEvent>{script}| s>a a>e"


@pytest.mark.parametrize(
    ("needs", "code", "advice"),
    [
        ("waits.step, priority", None, ""),
        ("waits", None, ""),
        ("waits.stpe, priority", "need_unread", "waits.step"),
        ("priorty", "need_unread", "priority"),
        ("", "property_value", ""),
        ("priority,, waits", "property_value", ""),
    ],
)
def test_what_is_needed_is_read(lint: Callable, needs: str, code: str | None, advice: str) -> None:
    found = [each for each in lint(begun_by(needs)) if each.attribute == "redress.needs"]
    assert [each.code for each in found] == ([] if code is None else [code])
    assert advice in "".join(each.advice for each in found)


def test_only_a_message_brings_anything(lint: Callable) -> None:
    assert "property_misplaced" in {each.code for each in lint(begun_by("priority", ""))}

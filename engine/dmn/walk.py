"""Going through all boxed expressions and all FEEL texts of a model."""

from __future__ import annotations

from collections.abc import Iterator

from engine.dmn.model import (
    Boxed,
    ConditionalBox,
    ContextBox,
    FilterBox,
    FunctionBox,
    InvocationBox,
    IterationBox,
    ListBox,
    Model,
    RelationBox,
)


def boxes_of(model: Model) -> Iterator[Boxed]:
    """Yield every boxed expression of the model, the outer before the inner."""
    for decision in model.decisions.values():
        yield from boxes_in(decision.expression)
    for knowledge in model.knowledge.values():
        yield from boxes_in(knowledge.logic)


def boxes_in(box: Boxed | None) -> Iterator[Boxed]:
    """Yield ``box`` and every boxed expression inside it."""
    if box is None:
        return
    yield box
    for part in parts_of(box):
        yield from boxes_in(part)


def parts_of(box: Boxed) -> Iterator[Boxed | None]:
    """Yield the boxed expressions directly inside ``box``."""
    if isinstance(box, ContextBox):
        yield from (part for _, part in box.entries)
        yield box.result
    elif isinstance(box, InvocationBox):
        yield box.callee
        yield from (part for _, part in box.bindings)
    elif isinstance(box, ListBox):
        yield from box.items
    elif isinstance(box, RelationBox):
        yield from (cell for row in box.rows for cell in row)
    elif isinstance(box, FunctionBox):
        yield box.body
    elif isinstance(box, ConditionalBox):
        yield from (box.condition, box.then, box.otherwise)
    elif isinstance(box, FilterBox):
        yield from (box.source, box.match)
    elif isinstance(box, IterationBox):
        yield from (box.source, box.body)

"""Evaluating the texts of a diagram in a scope; what cannot be used halts the element (dialect §2, §13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.dialect.model import Element
from engine.dialect.values import Formula, Value
from engine.execution.case_clocks import FUNCTION, clock_function
from engine.execution.changes import DecisionMade
from engine.execution.scopes import MISSING
from engine.execution.world import Halt
from engine.feel.names import nearest

if TYPE_CHECKING:
    from engine.execution.token import Token

EXTRACT = "EXTRACT_VALUE_ERROR"
HARMLESS = frozenset({"unknown_variable", "unknown_property"})


def evaluate(
    token: Token,
    value: Value,
    *,
    at: int | None = None,
    extra: Mapping[str, Any] | None = None,
    error: str = EXTRACT,
    event: Element | None = None,
) -> Any:
    """Return the FEEL value of an expression, or the text of a literal, None when absent.

    ``at`` is the scope to look from (the token's own if None); ``extra`` names shadow variables; ``event`` is
    the element the expression stands on, if it is not the token's: its calendar counts first. Unknown
    variables and members are null and leave a note. Raises ``Halt`` of type ``error`` when the expression
    fails.
    """
    if not isinstance(value, Formula):
        return value
    return _outcome(token, value, at, extra, error, event).value


def _outcome(
    token: Token,
    formula: Formula,
    at: int | None,
    extra: Mapping[str, Any] | None,
    error: str,
    event: Element | None = None,
) -> feel.Outcome:
    case, scopes = token.workflow, token.workflow.scopes
    context: dict[str, Any] = {}
    for name in formula.expression.variables:
        found = extra[name] if extra and name in extra else scopes.get(token.key if at is None else at, name)
        if found is not MISSING:
            context[name] = found
        elif name == FUNCTION:
            context[name] = clock_function(case.world)
    try:
        outcome = formula.expression.evaluate(context, moment=case.moment_at(event, token.element))
    except feel.BudgetExceeded as spent:
        raise Halt(error, f"“={formula.text[:80]}” costs too much: {spent}") from spent
    if outcome.notes:
        _judge(token, formula, outcome.notes, error)
    return outcome


def _judge(token: Token, formula: Formula, notes: tuple[feel.Note, ...], error: str) -> None:
    for note in notes:
        if note.severity == "error" and note.code not in HARMLESS:
            facts = ", ".join(f"{name}: {fact}" for name, fact in note.facts.items())
            raise Halt(
                error, f"“={formula.text[:80]}” failed: {note.code}" + (f" ({facts})" if facts else "")
            )
    texts = tuple(f"{note.code} in “={formula.text[:80]}”: {_facts(note)}" for note in notes)
    token.workflow.emit(DecisionMade(token.key, token.element.id, texts))


def _facts(note: feel.Note) -> str:
    return ", ".join(str(fact) for fact in note.facts.values())


def truth(
    token: Token, formula: Formula, *, at: int | None = None, extra: Mapping[str, Any] | None = None
) -> bool:
    """Return the truth of a condition.

    Raises ``Halt`` unless it is true or false, and when it names a variable nobody can see: a misspelt name
    would make it plainly false and send the case the wrong way. ``is defined`` and ``get or else`` may ask
    for what is not there.
    """
    value = _known(token, formula, at, extra)
    if isinstance(value, bool):
        return value
    raise Halt(EXTRACT, f"“={formula.text[:80]}” must be true or false, but is {feel.kind_of(value)}.")


def known(token: Token, value: Value) -> Any:
    """Return what ``evaluate`` returns. Raises ``Halt`` also when the expression names a variable nobody can see."""
    return _known(token, value, None, None) if isinstance(value, Formula) else value


def _known(token: Token, formula: Formula, at: int | None, extra: Mapping[str, Any] | None) -> Any:
    outcome = _outcome(token, formula, at, extra, EXTRACT)
    for note in outcome.notes:
        if note.code == "unknown_variable":
            seen = token.workflow.scopes.visible(token.key if at is None else at)
            raise Halt(EXTRACT, _unknown(formula, note.facts["name"], [*seen, *(extra or ())]))
    return outcome.value


def _unknown(formula: Formula, name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"“={formula.text[:80]}” names {name}, which this case does not have.{hint}"


def text(token: Token, value: Value, what: str, *, at: int | None = None) -> str:
    """Return a text that must be there. Raises ``Halt`` naming ``what``."""
    found = evaluate(token, value, at=at)
    if isinstance(found, str) and found:
        return found
    raise Halt(EXTRACT, f"The {what} must be a text, but is {_shown(found)}.")


def optional_text(token: Token, value: Value, what: str) -> str | None:
    """Return a text, or None for null and the empty text. Raises ``Halt`` for another kind, or a variable nobody can see."""
    found = known(token, value)
    if found is None or isinstance(found, str):
        return found or None
    raise Halt(EXTRACT, f"The {what} must be a text, but is {_shown(found)}.")


def integer(token: Token, value: Value, what: str) -> int:
    """Return a whole number, also from a literal. Raises ``Halt`` naming ``what``."""
    found = evaluate(token, value)
    if isinstance(found, str):
        try:
            found = Decimal(found.strip())
        except ArithmeticError:
            found = None
    if isinstance(found, Decimal) and found.is_finite() and found == int(found):
        return int(found)
    raise Halt(EXTRACT, f"The {what} must be a whole number.")


def text_list(token: Token, value: Value, what: str) -> tuple[str, ...]:
    """Return a list of texts: a comma list when literal, a list of strings when FEEL. Raises ``Halt``
    otherwise, and for a variable nobody can see."""
    found = known(token, value)
    if found is None:
        return ()
    if isinstance(found, str) and not isinstance(value, Formula):
        return tuple(part.strip() for part in found.split(",") if part.strip())
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        return tuple(item for item in found if item)
    raise Halt(EXTRACT, f"The {what} must be a list of texts, but is {_shown(found)}.")


def correlation_key(token: Token, formula: Formula, *, at: int) -> str:
    """Return a correlation key: a text, or a number as its decimal text. Raises ``Halt`` otherwise."""
    found = evaluate(token, formula, at=at)
    if isinstance(found, str) and found:
        return found
    if isinstance(found, Decimal):
        return f"{found.normalize():f}"
    raise Halt(
        EXTRACT,
        f"The correlation key “={formula.text[:80]}” must be a text or a number, but is {_shown(found)}.",
    )


def _shown(value: Any) -> str:
    return "empty" if value == "" else feel.kind_of(value)

"""What changed in meaning between two BPMN files, in words; where shapes stand is told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.dialect.diff_facts import Facts, Part, kind_of, parts_of
from engine.dialect.xml import read_xml


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing about an element that changed; None where it was not there before, or is not any more."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One element that came, went or changed. ``kind`` is what it is in words, such as ``user task``.

    ``renumbered_from`` is the id it had before, where only name and place tell that it is the same element.
    """

    element_id: str
    kind: str
    title: str
    where: str = ""
    aspects: tuple[Aspect, ...] = ()
    renumbered_from: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changed, in the order of the file; ``moved`` are shapes moved in the drawing only."""

    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    moved: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both files mean the same."""
        return not (self.added or self.removed or self.changed)


def compare(old: bytes, new: bytes) -> Difference:
    """Return what changed from ``old`` to ``new``, both BPMN files, executable or not.

    Elements are matched by id; one whose id is new, by kind, name and place if there is just one candidate.
    Raises ``XmlRefused``.
    """
    before, after = Facts(read_xml(old)), Facts(read_xml(new))
    was, now = parts_of(before), parts_of(after)
    same = {key: key for key in now if key in was and kind_of(was[key].node) == kind_of(now[key].node)}
    same |= _renumbered(was, now, same)
    changed = []
    for key, part in now.items():
        if key in same:
            aspects = tuple(_aspects(was[same[key]], part, same))
            origin = same[key] if same[key] != key else None
            if aspects or origin:
                changed.append(_change(part, aspects, origin))
    moved = [key for key in now if key in same and before.place.get(same[key]) != after.place.get(key)]
    gone = set(was) - set(same.values())
    return Difference(
        added=tuple(_change(part) for key, part in now.items() if key not in same),
        removed=tuple(_change(part) for key, part in was.items() if key in gone),
        changed=tuple(changed),
        moved=tuple(key for key in moved if key in before.place or key in after.place),
    )


def in_words(difference: Difference) -> tuple[str, ...]:
    """Return one sentence for each element that came or went and for each aspect that changed."""
    return tuple(_sentences(difference))


def _change(part: Part, aspects: tuple[Aspect, ...] = (), origin: str | None = None) -> Change:
    return Change(part.key, part.kind, part.title, part.where, aspects, origin)


def _renumbered(was: Mapping[str, Part], now: Mapping[str, Part], same: Mapping[str, str]) -> dict[str, str]:
    """Match elements with new ids by kind, name and place, where each side has exactly one such element."""
    old: dict[tuple[str, str, str], list[str]] = {}
    new: dict[tuple[str, str, str], list[str]] = {}
    for parts, groups, known in ((was, old, set(same.values())), (now, new, set(same))):
        for key, part in parts.items():
            if key not in known and part.title != key:
                groups.setdefault((part.kind, part.title, part.where), []).append(key)
    return {
        keys[0]: old[group][0]
        for group, keys in new.items()
        if len(keys) == 1 and len(old.get(group, ())) == 1
    }


def _aspects(was: Part, now: Part, same: Mapping[str, str]) -> Iterator[Aspect]:
    for name in dict.fromkeys((*was.aspects, *now.aspects)):
        old, new = was.aspects.get(name), now.aspects.get(name)
        if old != new and not _same_reference(was, now, name, same):
            yield Aspect(name, was.shown(name), now.shown(name))
    order = [same.get(key, key) for key in now.order if same.get(key) in was.order]
    if order != [key for key in was.order if key in set(order)]:
        yield Aspect("order of the flows", ", ".join(was.order), ", ".join(now.order))


def _same_reference(was: Part, now: Part, name: str, same: Mapping[str, str]) -> bool:
    """Tell whether both point to what is the same element under another id."""
    return name in now.references and same.get(now.aspects.get(name, "")) == was.aspects.get(name)


def _sentences(difference: Difference) -> Iterator[str]:
    for change in difference.removed:
        yield f"Removed: {_named(change)}{_place(change)}."
    for change in difference.added:
        yield f"Added: {_named(change)}{_place(change)}."
    for change in difference.changed:
        if change.renumbered_from:
            ids = f"{change.element_id} instead of {change.renumbered_from}"
            yield f"{_capital(_named(change))} has a new id: {ids}."
        for aspect in change.aspects:
            yield f"{_capital(_named(change))}: {_told(aspect)}."
    if difference.moved:
        count = len(difference.moved)
        yield f"{count} shape{'s were' if count > 1 else ' was'} moved in the drawing."


def _told(aspect: Aspect) -> str:
    if aspect.old is None:
        return f"{aspect.name} is now {_quoted(aspect.new)}, there was none"
    if aspect.new is None:
        return f"{aspect.name} is gone, it was {_quoted(aspect.old)}"
    return f"{aspect.name} is now {_quoted(aspect.new)} instead of {_quoted(aspect.old)}"


def _named(change: Change) -> str:
    return f"{change.kind} {_quoted(change.title)}"


def _place(change: Change) -> str:
    return f" in {change.where}" if change.where else ""


def _quoted(text: str | None) -> str:
    flat = re.sub(r"\s+", " ", text or "").strip()
    if flat.startswith("“"):
        return flat
    return f"“{flat[:199]}…”" if len(flat) > 200 else f"“{flat}”"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

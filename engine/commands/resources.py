"""Deleting what was deployed, unless running instances stand on it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import ResourceInUse, ResourceNeeded, ResourceNotFound
from engine.commands.house import House
from engine.commands.needs import Reach, is_only, standing_on
from engine.dialect import Binding
from engine.quoted import quoted
from engine.store import definitions, messages
from engine.store.definitions import VERSIONED, DefinitionRow


def delete_resource(house: House, session: Session, key: int, *, by: Actor) -> None:
    """Withdraw one version of a process, decision, graph of decisions or form: nothing new binds to it.

    Its number is never given again. Raises ``ResourceNotFound``; ``ResourceNeeded`` for the last version of what the service
    begins with, of what a message begins that it or a diagram sends, or of what these come to; ``ResourceInUse`` while instances
    run on it, have an open task with it, or may come to need it (``needs``), with how many of them ``by`` may know of, and the
    ids of the processes that name it.
    """
    for kind in VERSIONED:
        row = definitions.by_key(session, kind, key)
        if row is None:
            continue
        if row.state == "DELETED":
            break
        withdrawn = [row, *_decisions_of(session, row)]
        _refuse_last(house, session, withdrawn)
        _refuse_in_use(house, session, withdrawn, by=by)
        _refuse_on_the_way(house, session, withdrawn)
        if kind == "process":
            definitions.close_starts_of(session, key, house.clock.now())
        for one in withdrawn:
            gone = VERSIONED[one.kind][0]
            session.execute(sa.update(gone).where(gone.c.key == one.key).values(state="DELETED"))
            house.catalogue.forget(one.kind, one.key)
        return
    raise ResourceNotFound(key=key)


def _decisions_of(session: Session, row: DefinitionRow) -> list[DefinitionRow]:
    """Return the decisions that go with a graph of decisions, none for anything else."""
    if row.kind != "requirements":
        return []
    found = definitions.of_resource(session, "decision", row.resource_key)
    return [one for one in found if one.requirements_key == row.key and one.state != "DELETED"]


def _refuse_last(house: House, session: Session, withdrawn: list[DefinitionRow]) -> None:
    begins = house.procedure.begins_with if house.procedure is not None else {}
    for row in withdrawn:
        without_it = begins.get((row.kind, row.identity))
        if without_it and is_only(session, row, Binding()):
            raise ResourceNeeded(key=withdrawn[0].key, id=row.identity, without_it=without_it)
    for (kind, identity), without_it in begins.items():
        process = definitions.latest(session, kind, identity)
        form = process.start_form if process is not None else None
        if process is None or form is None:
            continue
        binding = Binding(form["kind"], form["version_tag"])
        for row in withdrawn:
            named = (row.kind, row.identity) == ("form", form["form_id"])
            if named and is_only(session, row, binding, process.deployment_key):
                raise ResourceNeeded(key=row.key, id=row.identity, without_it=without_it)


def _refuse_on_the_way(house: House, session: Session, withdrawn: list[DefinitionRow]) -> None:
    reach = Reach(house, session)
    for definition_key, without_it in _beginning(house, session).items():
        for row in withdrawn:
            begins = (row.kind, row.key) == ("process", definition_key) and is_only(session, row, Binding())
            named_by = reach.naming(row, [definition_key])
            if begins or named_by:
                needed_by = {"needed_by": ", ".join(sorted(named_by))} if named_by else {}
                raise ResourceNeeded(
                    key=withdrawn[0].key, id=row.identity, **needed_by, without_it=without_it
                )


def _beginning(house: House, session: Session) -> dict[int, str]:
    """Return the processes that begin sooner or later, each with what would not happen without it.

    The service itself begins them, or a message does that the service or a deployed diagram sends.
    """
    if house.procedure is None:
        return {}
    sent = house.procedure.facts(session, ()).messages.known
    found = {
        start.definition_key: f"the message {quoted(name)} would begin nothing"
        for name in sorted(sent)
        for start in messages.starting(session, "message", name)
    }
    for (kind, identity), without_it in house.procedure.begins_with.items():
        process = definitions.latest(session, kind, identity) if kind == "process" else None
        if process is not None:
            found[process.key] = without_it
    return found


def _refuse_in_use(house: House, session: Session, withdrawn: list[DefinitionRow], *, by: Actor) -> None:
    needs = [need for row in withdrawn for need in standing_on(session, row)]
    reach = Reach(house, session)
    needs += [need for row in withdrawn for need in reach.needing(row)]
    if needs:
        hidden = house.access.hidden_cases(session, by)
        seen = [need for need in needs if need.root_key not in hidden]
        said = {
            "instances": len({need.instance_key for need in seen}),
            "needed_by": ", ".join(sorted({name for need in seen for name in need.named_by})),
        }
        raise ResourceInUse(key=withdrawn[0].key, **(said if seen else {}))

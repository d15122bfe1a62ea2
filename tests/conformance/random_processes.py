"""Random processes, random paths: drawn by a grammar, told beforehand by a small model, then run and
compared.

``python -m tests.conformance.random_processes --processes 200 --paths 30 --seed 1`` plays them; a failure
prints the seed that repeats it alone. Each path is run twice at once, straight and saved and revived after
every step; after every step both must have changed alike, the saved form must be the same when loaded, and
what is open must be what the model says.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from engine.dialect import read_bpmn
from engine.execution.changes import InstanceEnded
from engine.execution.run import Execution, OpenElement
from tests.engine.execution.story import (
    DECLARED,
    ERROR,
    MESSAGE,
    FakeWorld,
    boundary,
    catch,
    diagram,
    event_subprocess,
    flow,
    service,
    throw,
    timer,
    user,
)
from tests.engine.execution.test_loops import many

LEAVES = ("user", "service", "timer", "message", "receive", "call", "pass")
DEEPEST = 4
MOST_STEPS = 200


# -- the grammar: blocks with one way in and one way out


@dataclass
class Block:
    """Something with one entry and one exit, called by its id."""

    id: str


@dataclass
class Leaf(Block):
    """A node that waits for somebody, or passes."""

    kind: str


@dataclass
class Fail(Block):
    """An error end event: nothing comes after it."""


@dataclass
class Line(Block):
    """Blocks one after another."""

    parts: list[Block]


@dataclass
class Fork(Block):
    """A pair of gateways around branches; ``kind`` exclusive, parallel or inclusive."""

    kind: str
    branches: list[Block]


@dataclass
class Race(Block):
    """An event-based gateway: each branch begins with an event."""

    branches: list[tuple[Leaf, Block]]


@dataclass
class Again(Block):
    """A body repeated a few times by a gateway that leads back."""

    body: Block
    rounds: int


@dataclass
class Activity(Block):
    """A task or sub-process with a loop marker and boundary events.

    ``inside`` is None for a task. ``many``: parallel or sequential over ``items`` items. ``stops``
    interrupts by timer, ``side`` is a non-interrupting message, ``rescue`` catches errors, ``aside`` is an
    event sub-process inside.
    """

    inside: Block | None
    many: str | None = None
    items: int = 0
    stops: Block | None = None
    side: Block | None = None
    rescue: Block | None = None
    aside: Block | None = None


class Grammar:
    """Draws blocks at random."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.numbers = dice, count(1)

    def name(self, letter: str) -> str:
        return f"{letter}{next(self.numbers)}"

    def block(self, depth: int, *, may_fail: bool = False) -> Block:
        dice = self.dice
        if may_fail and dice.random() < 0.15:
            return Fork(self.name("g"), "exclusive", [Fail(self.name("f")), self.leaf()])
        if depth >= DEEPEST or dice.random() < 0.3:
            return self.leaf()
        draw = dice.choice(
            (self.line, self.fork, self.fork, self.race, self.again, self.activity, self.activity)
        )
        return draw(depth + 1, may_fail)

    def leaf(self) -> Leaf:
        return Leaf(self.name("t"), self.dice.choice(LEAVES))

    def line(self, depth: int, may_fail: bool) -> Block:
        parts = [self.block(depth, may_fail=may_fail) for _ in range(self.dice.randint(2, 3))]
        return Line(self.name("l"), parts)

    def fork(self, depth: int, may_fail: bool) -> Block:
        kind = self.dice.choice(("exclusive", "parallel", "inclusive"))
        branches = [self.block(depth, may_fail=may_fail) for _ in range(self.dice.randint(2, 3))]
        return Fork(self.name("g"), kind, branches)

    def race(self, depth: int, may_fail: bool) -> Block:
        kinds = self.dice.sample(("timer", "message", "receive"), 2)
        events = [Leaf(self.name("e"), kind) for kind in kinds]
        return Race(self.name("r"), [(event, self.block(depth, may_fail=may_fail)) for event in events])

    def again(self, depth: int, may_fail: bool) -> Block:
        return Again(self.name("a"), self.block(depth, may_fail=may_fail), self.dice.randint(1, 3))

    def activity(self, depth: int, may_fail: bool) -> Block:
        dice = self.dice

        def maybe(chance: float) -> Block | None:
            return self.block(depth + 1, may_fail=may_fail) if dice.random() < chance else None

        found = Activity(self.name("s"), None)
        found.rescue = maybe(0.4)
        if dice.random() < 0.7 or found.rescue is not None:
            found.inside = self.block(depth, may_fail=may_fail or found.rescue is not None)
            found.aside = maybe(0.25)
        if dice.random() < 0.35:
            found.many, found.items = dice.choice(("parallel", "sequential")), dice.randint(0, 3)
        found.stops, found.side = maybe(0.3), maybe(0.3)
        return found


# -- drawing: every block becomes elements and flows, and says where it begins and ends


class Pen:
    """Writes blocks as BPMN."""

    def __init__(self) -> None:
        self.out: list[str] = []

    def flow(self, source: str | None, target: str, condition: str | None = None) -> None:
        if source is not None:
            self.out.append(flow(source, target, condition))

    def gateway(self, kind: str, name: str, default: str = "") -> None:
        mark = f' default="{default}"' if default else ""
        self.out.append(f'<{kind}Gateway id="{name}"{mark}/>')

    def draw(self, block: Block, source: str | None) -> str | None:
        """Draw ``block`` after ``source``; return where to go on from, None if nothing comes after it."""
        end: str | None = getattr(self, f"_{type(block).__name__.lower()}")(block, source)
        return end

    def _leaf(self, block: Leaf, source: str | None) -> str:
        self.out.append(node(block))
        self.flow(source, block.id)
        return block.id

    def _fail(self, block: Fail, source: str | None) -> None:
        self.out.append(throw(block.id, ERROR, tag="endEvent"))
        self.flow(source, block.id)

    def _line(self, block: Line, source: str | None) -> str | None:
        for part in block.parts:
            if source is not None:
                source = self.draw(part, source)
        return source

    def _fork(self, block: Fork, source: str | None) -> str:
        split, merge = block.id, f"{block.id}.j"
        default = f"{split}-{split}.{len(block.branches) - 1}" if block.kind != "parallel" else ""
        self.gateway(block.kind, split, default)
        self.flow(source, split)
        self.gateway(block.kind, merge)
        for number, branch in enumerate(block.branches):
            name = f"{split}.{number}"
            self.out.append(f'<task id="{name}"/>')
            last = number == len(block.branches) - 1
            asked = f"=x_{split} = {number}" if block.kind == "exclusive" else f"=x_{split}_{number}"
            self.flow(split, name, None if last or block.kind == "parallel" else asked)
            self.flow(self.draw(branch, name), merge)
        return merge

    def _race(self, block: Race, source: str | None) -> str:
        self.out.append(f'<eventBasedGateway id="{block.id}"/>')
        self.flow(source, block.id)
        merge = f"{block.id}.j"
        self.gateway("exclusive", merge)
        for event, branch in block.branches:
            self.flow(self.draw(branch, self.draw(event, block.id)), merge)
        return merge

    def _again(self, block: Again, source: str | None) -> str:
        begin, ask, tally = block.id, f"{block.id}.x", f"{block.id}.n"
        script = (
            f'<zeebe:script expression="=if n_{begin} = null then 1 else n_{begin} + 1" '
            f'resultVariable="n_{begin}"/>'
        )
        self.gateway("exclusive", begin)
        self.flow(source, begin)
        self.out.append(
            f'<scriptTask id="{tally}"><extensionElements>{script}</extensionElements></scriptTask>'
        )
        self.flow(begin, tally)
        end = self.draw(block.body, tally)
        self.gateway("exclusive", ask, f"{ask}-{block.id}.z")
        self.flow(end, ask)
        self.flow(ask, begin, f"=n_{begin} &lt; {block.rounds}")
        reset = f'<zeebe:script expression="=0" resultVariable="n_{begin}"/>'
        self.out.append(
            f'<scriptTask id="{block.id}.z"><extensionElements>{reset}</extensionElements></scriptTask>'
        )
        self.flow(ask, f"{block.id}.z")
        return f"{block.id}.z"

    def _activity(self, block: Activity, source: str | None) -> str:
        collection = f"={[0] * block.items}"
        marker = (
            many('inputElement="i"', sequential=block.many == "sequential", collection=collection)
            if block.many
            else ""
        )
        if block.inside is None:
            self.out.append(f'<userTask id="{block.id}">{marker}</userTask>')
        else:
            counters = "".join(f'<zeebe:input source="=0" target="n_{name}"/>' for name in loops_in(block))
            own = f"<extensionElements><zeebe:ioMapping>{counters}</zeebe:ioMapping></extensionElements>"
            self.out.append(f'<subProcess id="{block.id}">{own}{marker}{self.inside(block)}</subProcess>')
        self.flow(source, block.id)
        merge = f"{block.id}.j"
        self.gateway("exclusive", merge)
        self.flow(block.id, merge)
        for role, definition, after in (
            ("stop", timer("duration", "PT1H"), block.stops),
            ("rescue", ERROR, block.rescue),
            ("side", MESSAGE, block.side),
        ):
            if after is not None:
                event = f"{block.id}.{role}"
                self.out.append(boundary(event, block.id, definition, interrupting=role != "side"))
                end = self.draw(after, event)
                if role != "side":
                    self.flow(end, merge)
        return merge

    def inside(self, block: Activity) -> str:
        """Return what stands inside a sub-process."""
        pen = Pen()
        pen.out.append(f'<startEvent id="{block.id}.s"/>')
        if block.inside is not None:
            pen.draw(block.inside, f"{block.id}.s")
        if block.aside is not None:
            inner = Pen()
            inner.draw(block.aside, f"{block.id}.aside-start")
            pen.out.append(
                event_subprocess(f"{block.id}.aside", MESSAGE, "".join(inner.out), interrupting=False)
            )
        return "".join(pen.out)


def loops_in(block: Block) -> list[str]:
    """Return the ids of the gateway loops inside, whose counters must be local where instances run side by
    side."""
    return [item.id for item in blocks_in(block) if isinstance(item, Again)]


def blocks_in(block: Block) -> Iterator[Block]:
    """Yield a block and all within it."""
    todo: list[Any] = [block]
    while todo:
        item = todo.pop()
        if isinstance(item, Block):
            yield item
            todo.extend(vars(item).values())
        elif isinstance(item, (list, tuple)):
            todo.extend(item)


def node(leaf: Leaf) -> str:
    """Return the element of a leaf."""
    call = '<zeebe:calledElement processId="other"/>'
    return {
        "user": lambda: user(leaf.id),
        "service": lambda: service(leaf.id),
        "timer": lambda: catch(leaf.id, timer("duration", "PT1H")),
        "message": lambda: catch(leaf.id, MESSAGE),
        "receive": lambda: f'<receiveTask id="{leaf.id}" messageRef="M"/>',
        "call": lambda: (
            f'<callActivity id="{leaf.id}"><extensionElements>{call}</extensionElements></callActivity>'
        ),
        "pass": lambda: f'<manualTask id="{leaf.id}"/>',
    }[leaf.kind]()


# -- the model: what must be open, worked out on the blocks alone

Place = tuple[str, tuple[int, ...]]  # an element id and the numbers of the loop instances around it


@dataclass(eq=False)
class Live:
    """A block under way. ``path`` are the loop instances around it."""

    block: Block
    up: Live | None
    path: tuple[int, ...]
    inner: list[Live] = field(default_factory=list)
    number: int = 0  # part of a line, round of a loop, instance of an activity
    strays: list[Live] = field(default_factory=list)  # paths of non-interrupting events in a scope

    def __post_init__(self) -> None:
        self.origin = self.block


class Model:
    """The same process, told by its blocks."""

    def __init__(self, block: Block, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.ended = False
        self.root = Live(Activity("p", block), None, ())
        self._open_scope(self.root)

    # what is open

    def leaves(self) -> dict[Place, Live]:
        return {
            (live.block.id, live.path): live
            for live in self._all(self.root)
            if isinstance(live.block, Leaf) or _task(live)
        }

    def listeners(self) -> dict[Place, tuple[Live, str]]:
        found: dict[Place, tuple[Live, str]] = {}
        for live in self._all(self.root):
            block = live.block
            if isinstance(block, Race):
                found |= {(event.id, live.path): (live, event.id) for event, _ in block.branches}
            if isinstance(block, Activity) and live.number == 0 and live.up is not None:
                for role, after in (("stop", block.stops), ("side", block.side)):
                    if after is not None:
                        found[(f"{block.id}.{role}", live.path)] = (live, role)
            if _is_scope(live) and isinstance(block, Activity) and block.aside is not None:
                found[(f"{block.id}.aside-start", live.path)] = (live, "aside")
        return found

    def may_fire(self, place: Place) -> bool:
        """Whether firing keeps places unambiguous: no path of the same event may still be under way."""
        live, role = self.listeners()[place]
        block = live.block
        if not isinstance(block, Activity) or role == "stop":
            return True
        scope = live if role == "aside" else self._scope_of(live)
        after = block.side if role == "side" else block.aside
        return not any(stray.origin is after or _inside(stray) is after for stray in scope.strays)

    def _all(self, live: Live) -> Iterator[Live]:
        yield live
        for child in (*live.inner, *live.strays):
            yield from self._all(child)

    # what happens

    def complete(self, place: Place) -> None:
        self._done(self.leaves()[place])

    def fire(self, place: Place) -> None:
        live, role = self.listeners()[place]
        block = live.block
        if isinstance(block, Race):
            after = next(after for event, after in block.branches if event.id == role)
            self._begin_in(live, after)
        elif isinstance(block, Activity) and role == "stop" and block.stops is not None:
            self._interrupt(live, block.stops)
        elif isinstance(block, Activity):
            after = block.side if role == "side" else block.aside
            scope = live if role == "aside" else self._scope_of(live)
            if after is not None:
                self._stray(scope, after, aside=f"{block.id}.aside" if role == "aside" else None)

    def _stray(self, scope: Live, after: Block, aside: str | None) -> None:
        if aside is not None:  # an event sub-process is a scope of its own
            stray = Live(Activity(aside, after), scope, scope.path, number=-1)
            scope.strays.append(stray)
            self._open_scope(stray)
        else:
            stray = Live(after, scope, scope.path)
            scope.strays.append(stray)
            self._begin(stray)

    def _interrupt(self, live: Live, after: Block) -> None:
        """Go on at a boundary event of an activity, which has ended with everything inside it."""
        live.inner, live.strays, live.number = [], [], -2
        self._begin_in(live, after)

    def _scope_of(self, live: Live) -> Live:
        up = live.up
        while up is not None and not _is_scope(up):
            up = up.up
        assert up is not None
        return up

    def _begin_in(self, around: Live, block: Block, path: tuple[int, ...] | None = None) -> None:
        if isinstance(around.block, Race):
            around.block = Line(around.block.id, [])  # the race is decided
        child = Live(block, around, around.path if path is None else path)
        around.inner.append(child)
        self._begin(child)

    def _begin(self, live: Live) -> None:
        block = live.block
        match block:
            case Leaf(kind="pass"):
                self._done(live)
            case Fail():
                self._fail(live)
            case Line():
                self._begin_in(live, block.parts[0])
            case Fork():
                live.number = 0
                chosen = self._chosen(block)
                live.number = len(chosen)
                for branch in chosen:
                    if live.inner is not None and self._alive(live):
                        self._begin_in(live, branch)
            case Again():
                live.number = 1
                self._begin_in(live, block.body)
            case Activity():
                self._activity(live, block)

    def _alive(self, live: Live) -> bool:
        up, here = live.up, live
        while up is not None:
            if here not in up.inner and here not in up.strays:
                return False
            up, here = up.up, up
        return not self.ended

    def _chosen(self, block: Fork) -> list[Block]:
        *others, last = block.branches
        if block.kind == "parallel":
            return block.branches
        if block.kind == "exclusive":
            number = self.variables[f"x_{block.id}"]
            return [block.branches[number] if number < len(others) else last]
        return [b for number, b in enumerate(others) if self.variables[f"x_{block.id}_{number}"]] or [last]

    def _activity(self, live: Live, block: Activity) -> None:
        if block.many is None:
            self._instance(live, block, live.path)
        elif block.items == 0:
            self._done(live)
        else:
            for number in range(1, 2 if block.many == "sequential" else block.items + 1):
                if self._alive(live) and live.number == 0:
                    self._instance(live, block, (*live.path, number))

    def _instance(self, live: Live, block: Activity, path: tuple[int, ...]) -> None:
        instance = Live(Activity(block.id, block.inside, aside=block.aside), live, path, number=-1)
        live.inner.append(instance)
        if block.inside is not None:
            self._open_scope(instance)

    def _open_scope(self, live: Live) -> None:
        if isinstance(live.block, Activity) and live.block.inside is not None:
            self._begin_in(live, live.block.inside)

    def _fail(self, live: Live) -> None:
        here: Live | None = live
        while here is not None:
            block = here.block
            if isinstance(block, Activity) and block.rescue is not None and here.number == 0:
                self._interrupt(here, block.rescue)
                return
            here = here.up
        raise AssertionError("the grammar lets nothing fail that nobody rescues")

    def _done(self, live: Live) -> None:
        """A block is over: tell the one around it."""
        up = live.up
        if up is None:
            self.ended = True
            return
        if live in up.strays:
            up.strays.remove(live)
            self._scope_over(up)
            return
        up.inner.remove(live)
        self._child_done(up, live)

    def _child_done(self, up: Live, live: Live) -> None:
        block = up.block
        match block:
            case Line(parts=parts) if parts:
                up.number += 1
                if up.number < len(parts):
                    self._begin_in(up, parts[up.number])
                else:
                    self._done(up)
            case Fork():
                up.number -= 1
                if up.number == 0:
                    self._done(up)
            case Again() if up.number < block.rounds:
                up.number += 1
                self._begin_in(up, block.body)
            case Activity() if _is_scope(up):
                self._scope_over(up)
            case Activity() if up.number == 0:
                self._instance_done(up, block, live)
            case _:
                self._done(up)

    def _instance_done(self, up: Live, block: Activity, live: Live) -> None:
        if block.many == "sequential" and live.path[-1] < block.items:
            self._instance(up, block, (*up.path, live.path[-1] + 1))
        elif not up.inner:
            self._done(up)

    def _scope_over(self, scope: Live) -> None:
        if not scope.inner and not scope.strays:
            self._done(scope)


def _inside(live: Live) -> Block | None:
    return live.block.inside if isinstance(live.block, Activity) else None


def _task(live: Live) -> bool:
    return isinstance(live.block, Activity) and live.number == -1 and live.block.inside is None


def _is_scope(live: Live) -> bool:
    """Whether it is one instance of a sub-process, an event sub-process, or the process."""
    block = live.block
    return isinstance(block, Activity) and block.inside is not None and (live.number == -1 or live.up is None)


# -- running


class Path:
    """One random path through one process, run twice at once and compared with the model."""

    def __init__(self, definition: Any, block: Block, dice: random.Random) -> None:
        self.definition, self.dice = definition, dice
        variables = choices(block, dice)
        self.model = Model(block, variables)
        self.worlds = FakeWorld(), FakeWorld()
        start = {"id": "1", **variables}
        self.straight, self.revived = (
            Execution.start(definition, key=1, variables=start, world=world) for world in self.worlds
        )
        for run in (self.straight, self.revived):
            run.run_to_rest()
        self._compare()

    def walk(self) -> int:
        """Take steps until the end; return how many."""
        for step in range(MOST_STEPS):
            if self.model.ended:
                assert self.straight.ended
                return step
            self._step()
        raise AssertionError("the path does not end")

    def _step(self) -> None:
        leaves = list(self.model.leaves())
        listeners = [place for place in self.model.listeners() if self.model.may_fire(place)]
        places = leaves + [place for place in listeners if not leaves or self.dice.random() < 0.3]
        place = self.dice.choice(places)
        key = self._keys()[place]
        for run in (self.straight, self.revived):
            act(run, key)
        if place in leaves:
            self.model.complete(place)
        else:
            self.model.fire(place)
        self._compare()

    def _keys(self) -> dict[Place, int]:
        return {place: element.key for place, element in places_of(self.straight)}

    def _compare(self) -> None:
        assert self.straight.take_changes() == (changes := self.revived.take_changes())
        saved = self.revived.save()
        assert saved == self.straight.save()
        self.revived = Execution.revive(self.definition, saved, world=self.worlds[1])
        assert self.revived.save() == saved
        seen = sorted(place for place, _ in places_of(self.straight))
        told = sorted([*self.model.leaves(), *self.model.listeners()]) if not self.model.ended else []
        assert seen == told, f"open are {seen}, but should be {told}"
        assert self.straight.ended == self.model.ended == any(isinstance(c, InstanceEnded) for c in changes)
        assert all(element.waiting_for != "incident" for element in self.straight.open_elements())


def places_of(run: Execution) -> list[tuple[Place, OpenElement]]:
    """Return what waits, with the loop instances around it, read from the execution."""
    open_ = {element.key: element for element in run.open_elements()}
    found = []
    for element in open_.values():
        if element.waiting_for in ("children", "gateway", "join"):
            continue
        path: list[int] = []
        here: OpenElement | None = open_.get(element.scope_key) if element.listener else element
        while here is not None:
            counter = run.locals(here.key).get("loopCounter")
            if counter is not None:
                path.insert(0, int(counter))
            here = open_.get(here.scope_key)
        found.append(((element.element_id, tuple(path)), element))
    return found


def act(run: Execution, key: int) -> None:
    """Do whatever the element with this key waits for."""
    wait = next(element.waiting_for for element in run.open_elements() if element.key == key)
    run.begin_path(0)
    match wait:
        case "task":
            run.complete_task(key, {"done": key})
        case "job":
            run.complete_job(key, {})
        case "timer":
            assert run.fire_timer(key)
        case "child":
            run.finish_child(key, {"child": key}, {"child"})
        case _:
            run.deliver(key, {"told": key})
    run.run_to_rest()


def choices(block: Block, dice: random.Random) -> dict[str, Any]:
    """Return a random answer for every gateway."""
    found: dict[str, Any] = {}
    for item in blocks_in(block):
        if isinstance(item, Fork) and item.kind == "exclusive":
            found[f"x_{item.id}"] = dice.randrange(len(item.branches))
        elif isinstance(item, Fork) and item.kind == "inclusive":
            found |= {f"x_{item.id}_{n}": dice.random() < 0.5 for n in range(len(item.branches) - 1)}
    return found


def play(seed: int, paths: int) -> int:
    """Draw the process of ``seed`` and walk random paths through it; return the number of steps.

    Raises ``AssertionError`` naming the seed and the path.
    """
    grammar = Grammar(random.Random(seed))
    block = Line("main", [grammar.block(0) for _ in range(3)])
    pen = Pen()
    pen.out.append('<startEvent id="s"/>')
    pen.draw(block, "s")
    data = diagram("".join(pen.out), more=DECLARED)
    definition = read_bpmn(data, name=f"random-{seed}.bpmn").processes["p"]
    steps = 0
    for number in range(paths):
        try:
            steps += Path(definition, block, random.Random(seed * 1_000_003 + number)).walk()
        except Exception as error:
            raise AssertionError(f"seed {seed}, path {number}: {error}") from error
    return steps


def main() -> int:
    """Play as many as asked; return 1 if one failed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--processes", type=int, default=200)
    options.add_argument("--paths", type=int, default=30)
    options.add_argument(
        "--seed", type=int, default=1, help="of the first process; the others count on from it"
    )
    chosen = options.parse_args()
    failed, steps = 0, 0
    for seed in range(chosen.seed, chosen.seed + chosen.processes):
        try:
            steps += play(seed, chosen.paths)
        except AssertionError as error:
            failed += 1
            sys.stdout.write(f"{error}\n")
    sys.stdout.write(f"{chosen.processes} processes, {steps} steps, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

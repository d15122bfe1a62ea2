"""The shipped diagrams can be read: every element is drawn, nothing lies on something else, every line ends where it arrives.

Process owners open these files in a modeller; a line through a task's name is the first thing they would see.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from textwrap import wrap

import pytest
from lxml import etree

SHIPPED = sorted((Path(__file__).parents[2] / "processes").glob("*.bpmn"))
SPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "d": "http://www.omg.org/spec/DD/20100524/DI",
}
FRAMES = {"participant", "lane", "subProcess", "group", "textAnnotation"}  # things are drawn inside them
SLACK = 2.0  # pixels
LETTER, LINE = 5.6, 13.2  # pixels that a letter of a label is wide, and a line of it high
SHORTEST = 9  # pixels of a line that can be seen, with its arrow


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def inside(self) -> Box:
        return Box(self.left + SLACK, self.top + SLACK, self.right - SLACK, self.bottom - SLACK)

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def touches(self, x: float, y: float) -> bool:
        """Say whether the point lies on the border, as near as makes no difference."""
        within = self.left - SLACK <= x <= self.right + SLACK and self.top - SLACK <= y <= self.bottom + SLACK
        core = self.inside()
        return within and not (core.left < x < core.right and core.top < y < core.bottom)


class Drawing:
    """Shapes, labels and lines of one file, by the ids of what they draw."""

    def __init__(self, path: Path) -> None:
        root = etree.parse(path).getroot()
        self.kinds = {
            e.get("id"): etree.QName(e).localname
            for e in root.iter(f"{{{SPACES['bpmn']}}}*")
            if e.get("id") and isinstance(e.tag, str)
        }
        self.names = {e.get("id"): e.get("name") for e in root.iter() if e.get("id") and e.get("name")}
        self.hosts = {
            e.get("id"): e.get("attachedToRef") for e in root.iterfind(".//bpmn:boundaryEvent", SPACES)
        }
        self.ends = {
            e.get("id"): (e.get("sourceRef"), e.get("targetRef"))
            for kind in ("sequenceFlow", "messageFlow")
            for e in root.iterfind(f".//bpmn:{kind}", SPACES)
        }
        shapes = root.findall(".//di:BPMNShape", SPACES)
        self.shapes = {s.get("bpmnElement"): _box(s.find("dc:Bounds", SPACES)) for s in shapes}
        edges = root.findall(".//di:BPMNEdge", SPACES)
        self.lines = {
            e.get("bpmnElement"): [
                (float(p.get("x")), float(p.get("y"))) for p in e.findall("d:waypoint", SPACES)
            ]
            for e in edges
        }
        self.labels = {
            id: _written(self.names[id], _box(bounds))
            for s in [*shapes, *edges]
            if (bounds := s.find("di:BPMNLabel/dc:Bounds", SPACES)) is not None
            and (id := s.get("bpmnElement")) in self.names
        }

    def solid(self) -> dict[str, Box]:
        return {id: box for id, box in self.shapes.items() if self.kinds[id] not in FRAMES}


def _box(bounds) -> Box:
    left, top = float(bounds.get("x")), float(bounds.get("y"))
    return Box(left, top, left + float(bounds.get("width")), top + float(bounds.get("height")))


def _written(name: str, bounds: Box) -> Box:
    """Return where a modeller writes the name: centred below the top of its bounds, wrapped at their width."""
    lines = wrap(name, max(1, int((bounds.right - bounds.left) / LETTER)), break_long_words=False)
    half = max(map(len, lines)) * LETTER / 2
    middle = (bounds.left + bounds.right) / 2
    return Box(middle - half, bounds.top, middle + half, bounds.top + len(lines) * LINE)


def _crossed(box: Box, line) -> bool:
    """Say whether a line of horizontal and vertical pieces enters the box, or runs along its border."""
    return any(
        box.meets(Box(min(a, c) - 0.1, min(b, d) - 0.1, max(a, c) + 0.1, max(b, d) + 0.1))
        for (a, b), (c, d) in pairwise(line)
    )


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def drawing(request):
    return Drawing(request.param)


def test_everything_is_drawn(drawing):
    missing = [
        id
        for id, kind in drawing.kinds.items()
        if (kind.endswith(("Task", "Event", "Gateway", "Activity")) or kind in {"task", "subProcess", "lane"})
        and id not in drawing.shapes
    ]
    assert missing == []
    assert [id for id in drawing.ends if id not in drawing.lines] == []


def test_nothing_lies_on_something_else(drawing):
    boxes = drawing.solid()
    assert [
        (a, b)
        for a, b in combinations(boxes, 2)
        if boxes[a].inside().meets(boxes[b].inside())
        and drawing.hosts.get(a) != b
        and drawing.hosts.get(b) != a
    ] == []


def test_every_line_runs_from_border_to_border_and_through_nothing(drawing):
    faults = []
    for id, line in drawing.lines.items():
        if id not in drawing.ends:
            continue
        assert all(a == c or b == d for (a, b), (c, d) in pairwise(line)), id
        if sum(abs(a - c) + abs(b - d) for (a, b), (c, d) in pairwise(line)) < SHORTEST:
            faults.append((id, "is too short to be seen"))
        source, target = drawing.ends[id]
        for end, point in ((source, line[0]), (target, line[-1])):
            if not drawing.shapes[end].touches(*point):
                faults.append((id, "does not touch", end))
        host = drawing.hosts.get(source)
        faults += [
            (id, "runs through", other)
            for other, box in drawing.solid().items()
            if other != host and _crossed(box.inside() if other in drawing.ends[id] else box, line)
        ]
    assert faults == [], faults


def test_no_label_is_covered(drawing):
    faults = []
    for id, label in drawing.labels.items():
        core = label.inside()
        faults += [
            (id, "lies on", other)
            for other, box in drawing.solid().items()
            if core.meets(box.inside()) and not (other == id and drawing.kinds[id].endswith("Gateway"))
        ]
        faults += [
            (id, "is crossed by", other) for other, line in drawing.lines.items() if _crossed(core, line)
        ]
        faults += [
            (id, "lies on the label of", other)
            for other, box in drawing.labels.items()
            if other != id and core.meets(box.inside())
        ]
    assert faults == [], faults

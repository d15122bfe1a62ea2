"""The house stands as drawn: imports go down, and what has one home is found nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (  # of the engine, lowest first: a module imports its own floor and those below
    (
        *(
            "engine.errors",
            "engine.findings",
            "engine.quoted",
            "engine.suggest",
            "engine.zones",
            "engine.clock",
            "engine.retry",
            "engine.wakeup",
        ),
        "engine.truth",
    ),
    ("engine.durations", "engine.calendars", "engine.values", "engine.actors", "engine.keys", "engine.cron"),
    ("engine.feel", "engine.calendar_files"),
    ("engine.timers", "engine.dmn", "engine.forms", "engine.deadlines"),
    ("engine.dialect", "engine.store"),
    ("engine.execution", "engine.migration"),
    ("engine.commands",),
    ("engine.jobs",),
    ("engine.questions", "engine.engine"),
    ("api",),
)
APART = (("engine.dialect", "engine.store"), ("engine.execution", "engine.store"))
HOMES = {  # library → the only packages that import it
    "SpiffWorkflow": ("engine.dialect", "engine.execution", "engine.migration"),
    "apscheduler": ("engine.jobs.scheduler",),
    "flask": ("api",),
    "re2": ("engine.feel", "engine.forms"),
}
COMMITS = (
    "engine/store/unit_of_work.py",
    "engine/store/migrations",
    "api/migrations",
    "engine/store/database.py",
)
MARKUP = ("api/web/forms/markdown.py",)  # what engine.forms.cleaning has cleaned just before


@dataclass(frozen=True)
class Module:
    """A module of ours: its dotted name, its text, its syntax."""

    name: str
    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> Iterator[str]:
        """Yield the dotted names imported when the module runs; those for type checkers alone are left out."""
        for node in _running(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _running(child)


@cache
def modules() -> tuple[Module, ...]:
    paths = [path for folder in ("engine", "api") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = []
    for path in paths:
        place = path.relative_to(ROOT)
        if "node_modules" in place.parts:
            continue
        name = ".".join(place.with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(name, str(place), path.read_text(encoding="utf-8")))
    return tuple(found)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def floor_of(name: str) -> int | None:
    return next(
        (level for level, packages in enumerate(FLOORS) if any(inside(name, one) for one in packages)), None
    )


def climbing(module: Module) -> list[str]:
    """Return the imports of a module that go upwards, or across to the other wing."""
    own = floor_of(module.name)
    wrong = []
    for name in module.imports():
        other = floor_of(name)
        across = any(
            (inside(module.name, a) and inside(name, b)) or (inside(module.name, b) and inside(name, a))
            for a, b in APART
        )
        if across or (own is not None and other is not None and other > own):
            wrong.append(f"{module.name} imports {name}")
    return wrong


def strangers(module: Module) -> list[str]:
    """Return the libraries that a module imports outside their homes."""
    return [
        f"{module.name} imports {name}"
        for name in module.imports()
        for library, homes in HOMES.items()
        if inside(name, library) and not any(inside(module.name, home) for home in homes)
    ]


def calls(module: Module) -> Iterator[tuple[str, int]]:
    """Yield what is called, as written, with its line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def clock_readers(module: Module) -> list[str]:
    readers = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|sleep))$")
    return [f"{module.path}:{line} {name}" for name, line in calls(module) if readers.search(name)]


def environment_readers(module: Module) -> list[str]:
    return [
        f"{module.path}:{node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.putenv")
    ]


def committers(module: Module) -> list[str]:
    return [
        f"{module.path}:{line} {name}"
        for name, line in calls(module)
        if name.endswith((".commit", ".rollback")) or name in ("commit", "rollback")
    ]


def evaluators(module: Module) -> list[str]:
    return [
        f"{module.path}:{line} {name}"
        for name, line in calls(module)
        if name in ("eval", "exec", "__import__", "builtins.eval", "builtins.exec", "pickle.loads")
    ]


def unescapers(module: Module) -> list[str]:
    """Return where text that is not written there in the code is declared to be markup."""
    return [
        f"{module.path}:{node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] == "Markup"
        and not all(isinstance(given, ast.Constant) for given in node.args)
    ]


def unsafe_markup(text: str) -> list[str]:
    """Return what a template may not hold: unescaped values, handlers and styles in attributes, script in the page."""
    patterns = (
        r"\|\s*safe\b",
        r"\bMarkup\(",
        r"\{%-?\s*autoescape",
        r"<[^>]*\son[a-z]+\s*=",
        r"<[^>]*\sstyle\s*=",
        r"<style\b",
        r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:json|ld\+json)\")",
        r"javascript:",
    )
    return [found[0] for pattern in patterns for found in re.finditer(pattern, text, re.IGNORECASE)]


def templates() -> list[Path]:
    return sorted((ROOT / "api").rglob("templates/**/*.html"))


def everywhere(check, *, but: tuple[str, ...] = ()) -> list[str]:
    return [line for module in modules() if not module.path.startswith(but) for line in check(module)]


def test_every_module_of_the_engine_stands_on_a_floor():
    homeless = [one.name for one in modules() if one.name != "engine" and floor_of(one.name) is None]
    assert homeless == []


def test_imports_go_down_and_the_wings_do_not_see_each_other():
    assert everywhere(climbing) == []


def test_libraries_stay_in_their_homes():
    assert everywhere(strangers) == []


def test_only_the_clock_reads_the_clock():
    assert everywhere(clock_readers, but=("engine/clock.py",)) == []


def test_only_the_settings_read_the_environment():
    assert everywhere(environment_readers, but=("api/settings.py",)) == []


def test_only_the_unit_of_work_commits():
    assert everywhere(committers, but=COMMITS) == []


def test_nothing_evaluates_python():
    assert everywhere(evaluators) == []


def test_only_cleaned_text_is_declared_to_be_markup():
    assert everywhere(unescapers, but=MARKUP) == []


def test_templates_escape_everything_and_hold_no_script_or_style():
    assert templates()
    found = {
        str(path.relative_to(ROOT)): unsafe_markup(path.read_text(encoding="utf-8")) for path in templates()
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


WRONG = {
    climbing: ("engine.feel.x", "from engine.commands import step"),
    strangers: ("engine.store.x", "def f():\n    import SpiffWorkflow.task"),
    clock_readers: ("engine.x", "import datetime\nat = datetime.datetime.now(tz=None)"),
    environment_readers: ("api.x", "import os\nport = os.environ['PORT']"),
    committers: ("engine.x", "def f(session):\n    session.commit()"),
    evaluators: ("engine.x", "eval('1')"),
    unescapers: ("api.x", "import markupsafe\nmarkupsafe.Markup(name)"),
}


@pytest.mark.parametrize(("check", "name", "text"), [(check, *wrong) for check, wrong in WRONG.items()])
def test_each_check_sees_what_it_is_for(check, name, text):
    assert check(Module(name, f"{name.replace('.', '/')}.py", text)) != []


def test_the_wings_are_apart_though_they_share_a_floor():
    assert climbing(Module("engine.store.x", "x", "from engine.dialect import lint")) != []
    assert climbing(Module("engine.dialect.x", "x", "from engine.store import jobs")) != []


@pytest.mark.parametrize(
    "text",
    [
        "{{ name|safe }}", "{{ name | safe }}", '<a onclick="go()">', '<p class="a" style="color: red">', "<style>",
        "<script>go()</script>", '<a href="javascript:go()">', "{% autoescape false %}",
    ],
)  # fmt: skip
def test_unsafe_markup_is_seen(text):
    assert unsafe_markup(text) != []


def test_what_is_harmless_is_left_alone():
    assert unsafe_markup('<script src="/static/x.js" defer></script><p data-once="1">{{ name }}</p>') == []

"""Every file, folder, command and make target that the documentation names is there."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from api.cli import COMMANDS
from tests.docs.examples import ROOT, pages

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^(?:api|engine|tests|processes|forms|docs)(?:/[\w.-]+)+/?$")
MADE_LATER = {"build/bench.json"}


def commands() -> set[str]:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for command in COMMANDS:
        command.add(subparsers)
    return set(subparsers.choices)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def unknown(page: Path, text: str) -> list[str]:
    """Return what a page names and the repository does not have."""
    missing = [
        link
        for link in LINK.findall(text)
        if not link.startswith(("http:", "https:", "mailto:")) and not (page.parent / link).exists()
    ]
    for code in CODE.findall(text):
        if PATH.match(code) and not (ROOT / code).exists():
            missing.append(code)
    known, made = commands(), targets()
    missing += [f"redress {name}" for name in re.findall(r"`redress ([a-z]+)", text) if name not in known]
    missing += [
        f"redress {name}" for name in re.findall(r"^ +redress ([a-z]+)", text, re.M) if name not in known
    ]
    missing += [
        f"make {name}" for name in re.findall(r"(?:`|^ {4})make ([a-z-]+)", text, re.M) if name not in made
    ]
    return missing


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page):
    assert unknown(page, page.read_text(encoding="utf-8")) == []


def test_what_is_not_there_is_noticed():
    text = "[a](nowhere.md) `engine/nowhere.py` `redress nothing` `make nothing`\n\n    redress nil\n    make nil\n"
    assert unknown(ROOT / "README.md", text) == [
        "nowhere.md", "engine/nowhere.py", "redress nothing", "redress nil", "make nothing", "make nil",
    ]  # fmt: skip

"""One-letter slips at every place of the shipped procedure where a word has a home elsewhere; generated from the files."""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from api.complaints.record_jobs import MEMBERS
from tests.api.conftest import ROOT

WORD = re.compile(r"[A-Za-z][\w.:-]*[A-Za-z]")
IN_BPMN = {
    "header key": r'<zeebe:header key="([^"]+)"',
    "header value": r'<zeebe:header key="(?!subject)[^"]+" value="([^"]+)"',
    "group": r'candidateGroups="([^="][^"]*)"',
    "assignee": r'assignee="=(\w+)"',
    "group in FEEL": r'candidateGroups=[\'"]=[^\'"]*"([a-z-]+)"',
    "clock property": r'name="redress.clock" value="([^"]+)"',
    "clock property's name": r'<zeebe:property name="(redress\.[^"]+)"',
    "clock in FEEL": r'clock\("([^"]+)"\)',
    "member of a clock": r'clock\("[^"]+"\)\.(\w+)',
    "state of a clock": r"list contains\(\[([^\]]*)\], clock\(",
    "listed code": r"list contains\(\[([^\]]*)\], (?!clock)",
    "message": r'<bpmn:message id="[^"]+" name="([^"]+)"',
    "member": r"\b(?:waits|authority|assessment|scope)\.(?!dmn)(\w+)",
    "closing reason": r'(?:then|else) "([a-z_]+)"[^<>]*target="closingReason"',
    "reason to close": r'source=\'="([a-z_]+)"\' target="reason"',
    "evidence": r'source=\'="([a-z-]+)"\' target="evidence"',
    "compared code": r'(?:scopeExit|lane|level|earlyResult|responseResult|nextStep|answer|channel|letter) = (?:"|&#34;|&quot;)([a-z_]+)',
    "job type": r'<zeebe:taskDefinition type="(redress:[^"]+)"',
    "job type's prefix": r'<zeebe:taskDefinition type="(redress):',
    "decision": r'decisionId="([^"=]+)"',
    "process": r'processId="([^"=]+)"',
    "form": r'formId="([^"=]+)"',
}
TABLE_COLUMNS = ("clock", "anchor", "unit", "calendar", "anchorRule", "roll", "end", "roundCovers")


@dataclass(frozen=True)
class Slip:
    """One file with one letter wrong. ``word`` is what stood there."""

    file: str
    place: str
    word: str
    wrong: str
    data: bytes


def shipped() -> dict[str, bytes]:
    """Return the definitions that are shipped, by name."""
    paths = [path for folder in ("processes", "forms") for path in sorted((ROOT / folder).iterdir())]
    return {path.name: path.read_bytes() for path in paths if path.suffix in (".bpmn", ".dmn", ".form")}


def slips_of(name: str, data: bytes) -> Iterator[Slip]:
    """Yield a slip for every distinct word at every kind of place of a file."""
    text, seen = data.decode(), set()
    for place, start, end in places(name, text):
        word = text[start:end]
        if (place, word) in seen or len(word) < 3:
            continue
        seen.add((place, word))
        wrong = spoilt(word, random.Random(f"{name} {place} {word}"))
        yield Slip(name, place, word, wrong, (text[:start] + wrong + text[end:]).encode())


def spoilt(word: str, dice: random.Random) -> str:
    """Return the word with one letter left out, doubled, changed, or changed places with the next."""
    letters = [at for at in range(1, len(word)) if word[at].isalpha()]
    for _ in range(50):
        at = dice.choice(letters)
        wrong = dice.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + "q" + word[at + 1 :],
                word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
            )
        )
        if wrong != word:
            return wrong
    raise AssertionError(word)


JOB = re.compile(
    r'<zeebe:taskDefinition type="redress:(?!send-letter).*?</bpmn:extensionElements>', re.DOTALL
)


def places(name: str, text: str) -> Iterator[tuple[str, int, int]]:
    if name.endswith(".bpmn"):
        for data in re.finditer(r'source=(?:"|\')=\{([^\'>]*)\}(?:"|\') target="data"', text):
            for key in re.finditer(r"(?:^|[,{] ?)(\w+):", data[1]):
                if key[1] in MEMBERS:
                    yield "member of a record", data.start(1) + key.start(1), data.start(1) + key.end(1)
        for job in JOB.finditer(text):
            for found in re.finditer(r'<zeebe:input [^>]*target="([^"]+)"', job[0]):
                yield "input of a job", job.start() + found.start(1), job.start() + found.end(1)
        for place, pattern in IN_BPMN.items():
            for found in re.finditer(pattern, text):
                for word in WORD.finditer(found[1]):
                    yield place, found.start(1) + word.start(), found.start(1) + word.end()
    elif name.endswith(".dmn"):
        yield from in_table(name, text)
    else:
        yield from in_form(text)
        for key in ("category", "regime", "department"):
            for field in re.finditer(rf'"key": "{key}".*?"values": \[(.*?)\]', text, re.DOTALL):
                for word in re.finditer(r'"value": "([^"]+)"', field[1]):
                    if word[1] != "general":  # the general rules have no rows of their own
                        yield f"option of {key}", field.start(1) + word.start(1), field.start(1) + word.end(1)


def in_form(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the keys that anything else names, the words of its own rules, and the codes that anything asks for."""
    elsewhere = spoken()
    for key in re.finditer(r'"key": "(\w+)"', text):
        if re.search(rf"\b{key[1]}\b", elsewhere):
            yield "key of a field", key.start(1), key.end(1)
        body = text[key.end() : text.find('"key":', key.end())]
        for code in re.finditer(r'"value": "([a-z_-]+)"', body):
            asked = rf'\b{key[1]}\b[^<>"]{{0,9}}=[^<>"]{{0,3}}"{code[1]}"|"{code[1]}"[^<>()]*\], (?:\w\.)?{key[1]}\b'
            if re.search(asked, elsewhere):
                yield "code of a choice", key.end() + code.start(1), key.end() + code.end(1)
    for rule in re.finditer(r'"hide": "=(.*?[^\\])"', text):
        for word in re.finditer(r"(?<![\w\"])[a-z][A-Za-z]{3,}(?![\w\"(])", rule[1]):
            if word[0] not in ("true", "false", "null", "this", "item", "some", "every", "satisfies", "then", "else",
                               "list", "contains", "parent"):  # fmt: skip
                yield "name in a rule", rule.start(1) + word.start(), rule.start(1) + word.end()


@cache
def spoken() -> str:
    """Return what diagrams, tables, letters and the service's own reading of forms say, in one text."""
    files = [path.read_text() for path in sorted((ROOT / "processes").glob("*.[bd][pm][mn]*"))]
    letters = [path.read_text() for path in sorted((ROOT / "processes" / "letters").glob("*.md"))]
    service = (ROOT / "api" / "complaints" / "from_form.py").read_text()
    said = html.unescape("\n".join([*files, *letters])).splitlines()
    feel = [
        line
        for line in said
        if any(mark in line for mark in ('="=', "='=", "<text>", "Expression", "{{", ":::"))
    ]
    return "\n".join([*feel, *re.findall(r'"\w+"', service)])


def in_table(name: str, text: str) -> Iterator[tuple[str, int, int]]:
    inputs = re.findall(r"<input id=.*?<text>(.*?)</text>", text, re.DOTALL)
    outputs = [found[1] for found in re.finditer(r'<output id="[^"]+"[^>]* name="([^"]+)"', text)]
    allowed = {
        found[1]: bool(found[2])
        for found in re.finditer(r'<output id="[^"]+"[^>]* name="([^"]+)"[^/]*?>\s*(<outputValues)?', text)
    }
    for rule in re.finditer(r"<rule id=.*?</rule>", text, re.DOTALL):
        cells = list(re.finditer(r"<(input|output)Entry.*?<text>(.*?)</text>", rule[0], re.DOTALL))
        names = [f"condition {each}" for each in inputs] + [f"cell {each}" for each in outputs]
        for place, cell in zip(names, cells, strict=True):
            column = place.split()[1]
            named = (
                column in ("regime", "category", "stage") or column in TABLE_COLUMNS or allowed.get(column)
            )
            if named:
                for word in re.finditer(r'"([a-z_][\w -]*)"', cell[2]):
                    at = rule.start() + cell.start(2)
                    yield place, at + word.start(1), at + word.end(1)
            for letter in re.finditer(r'letter: "([a-z-]+)"', cell[2]):
                at = rule.start() + cell.start(2)
                yield "letter", at + letter.start(1), at + letter.end(1)
    for listed in re.finditer(r"<outputValues[^>]*>\s*<text>(.*?)</text>", text, re.DOTALL):
        for word in re.finditer(r'"([a-z_-]+)"', listed[1]):
            yield "listed result", listed.start(1) + word.start(1), listed.start(1) + word.end(1)
    if name in ("deadlines.dmn", "waiting-times.dmn", "authority.dmn", "stages.dmn"):
        for found in re.finditer(r'<output id="[^"]+"[^>]* name="([^"]+)"', text):
            if found[1] not in ("limit",):  # shown to people, read by nothing
                yield "output column", found.start(1), found.end(1)
    if name == "deadlines.dmn":
        for found in re.finditer(r"<inputExpression[^>]*>\s*<text>(\w+)</text>", text):
            yield "input expression", found.start(1), found.end(1)


def organisation_slips() -> Iterator[tuple[str, dict]]:
    """Yield organisation.json with a slip in each member's name, its words, its bodies' regimes and each department of a form."""
    content = json.loads((ROOT / "processes" / "organisation.json").read_text())
    for member in ("regime", "calendar"):
        yield member, content | {member: spoilt(content[member], random.Random(member))}
    yield "currency", content | {"currency": "GBp"}
    for member in content:
        rest = {name: value for name, value in content.items() if name != member}
        yield f"key {member}", rest | {spoilt(member, random.Random(member)): content[member]}
    for id_, body in content["bodies"].items():
        for regime in body["regimes"]:
            wrong = body | {"regimes": [spoilt(regime, random.Random(regime))]}
            yield f"body of {regime}", content | {"bodies": content["bodies"] | {id_: wrong}}
        for member in body if "window" in body else ():
            rest = {name: value for name, value in body.items() if name != member}
            wrong = rest | {spoilt(member, random.Random(f"{id_} {member}")): body[member]}
            yield f"key {member} of {id_}", content | {"bodies": content["bodies"] | {id_: wrong}}
    for number, department in enumerate(content["departments"]):
        wrong = department | {"id": spoilt(department["id"], random.Random(department["id"]))}
        departments = [*content["departments"][:number], wrong, *content["departments"][number + 1 :]]
        yield department["id"], content | {"departments": departments}

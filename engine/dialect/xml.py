"""Reading XML that a stranger may have written: bounded in size and depth, nothing fetched or expanded."""

from __future__ import annotations

import codecs
import re
from typing import Final

from lxml import etree

from engine.errors import Invalid
from engine.findings import Finding

MEBIBYTE: Final = 1024 * 1024
LARGEST_FILE: Final = 4 * MEBIBYTE
DEEPEST_NESTING: Final = 120
MOST_ATTRIBUTES: Final = 200
MOST_ELEMENTS: Final = 200_000

# A text that looks like another encoding than the one it declares is the classical way around a filter.
ENCODINGS: Final = frozenset(
    {"utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "iso8859-15", "cp1252"}
)

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    ("<".encode("utf-16-le"), "utf-16-le"),
    ("<".encode("utf-16-be"), "utf-16-be"),
)
_DECLARATION: Final = re.compile(
    r"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["'][^>]*\?>"""
)
_PROLOGUE: Final = re.compile(
    r"(?:\s+|<!--(?:(?!--).)*-->|<\?(?:(?!\?>).)*\?>)*+<!DOCTYPE", re.DOTALL | re.IGNORECASE
)
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class XmlRefused(Invalid):
    """The file is not XML that may be read here."""

    code = "xml_refused"

    def finding(self, file: str = "") -> Finding:
        """Return the refusal as the one finding about ``file``."""
        return Finding(
            "error",
            str(self.facts.get("reason", self.code)),
            self.message,
            str(self.facts.get("advice", "")),
            file=file,
            line=self.facts.get("line"),
        )


def read_xml(data: bytes, *, limit: int = LARGEST_FILE) -> etree._Element:
    """Return the root element of ``data``, without comments and processing instructions.

    ``limit`` is the largest size in bytes. Line numbers of the file are kept in ``sourceline``. Entities and
    external documents are never resolved (a DOCTYPE is refused outright); an XInclude stays a mere element.

    Raises ``XmlRefused`` with the facts ``reason`` (stable code), ``advice`` and, where known, ``line``.
    """
    if len(data) > limit:
        raise _refusal(
            "file_too_large",
            f"The file has {len(data):,} bytes; at most {limit:,} are accepted.",
            "Split it.",
        )
    text = _decode(data)
    if _PROLOGUE.match(text):
        raise _doctype()
    root = _parse(text)
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    _bound(root)
    return root


def _refusal(reason: str, message: str, advice: str = "", line: int | None = None) -> XmlRefused:
    facts = {"reason": reason, "advice": advice} | ({"line": line} if line else {})
    return XmlRefused(message, **facts)


def _doctype() -> XmlRefused:
    return _refusal("doctype", "The file contains a DOCTYPE.", "Remove it; a diagram needs no document type.")


def _decode(data: bytes) -> str:
    if not data.strip(b" \t\r\n\xef\xbb\xbf\xfe\xff\x00"):
        raise _refusal("empty_file", "The file is empty.", "Export the diagram again.")
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    name = marked or _declared(data[:200].decode("latin-1")) or "utf-8"
    if name not in ENCODINGS:
        raise _refusal("encoding", f"The encoding {name[:40]} is not accepted.", "Save the file as UTF-8.")
    try:
        text = data.decode("utf-16" if name == "utf-16" else name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(
            "encoding", f"The file is not valid {name.upper()}.", "Save the file as UTF-8.", line
        ) from None
    bad = _FORBIDDEN.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        message = f"The file contains the control character U+{ord(bad.group()):04X}."
        raise _refusal("control_character", message, "Remove it.", line)
    return text.removeprefix("\ufeff")


def _declared(head: str) -> str | None:
    match = _DECLARATION.match(head)
    if match is None:
        return None
    try:
        return codecs.lookup(match.group(1)).name
    except LookupError:
        return match.group(1)


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        what = (error.msg or "unreadable").split(", line ")[0]
        if "depth" in what.lower():
            raise _too_deep(line) from None
        raise _refusal(
            "not_xml", f"The file is not well-formed XML: {what}.", "Export the diagram again.", line
        ) from None


def _too_deep(line: int | None) -> XmlRefused:
    return _refusal(
        "too_deep", f"Elements are nested more than {DEEPEST_NESTING} deep.", "Flatten the diagram.", line
    )


def _bound(root: etree._Element) -> None:
    """Refuse a tree that is too deep, too large or has an element with too many attributes."""
    count, depth = 0, 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        count, depth = count + 1, depth + 1
        if depth > DEEPEST_NESTING:
            raise _too_deep(node.sourceline)
        if len(node.attrib) > MOST_ATTRIBUTES:
            message = (
                f"An element has {len(node.attrib):,} attributes; at most {MOST_ATTRIBUTES} are accepted."
            )
            raise _refusal("too_many_attributes", message, "Export the diagram again.", node.sourceline)
    if count > MOST_ELEMENTS:
        message = f"The file has {count:,} elements; at most {MOST_ELEMENTS:,} are accepted."
        raise _refusal("too_many_elements", message, "Split it.")

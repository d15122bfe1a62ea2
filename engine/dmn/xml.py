"""Reading XML that may be hostile: no document types, no entities, no network, a bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from lxml import etree

MAX_BYTES: Final = 4 << 20
MAX_DEPTH: Final = 200
_ABOUT_DMN: Final = ("/DMN/", "/spec/dmn/")


class BadXml(ValueError):
    """The bytes are not XML we accept; the code is ``too_large``, ``not_xml`` or ``has_doctype``."""

    def __init__(self, code: str, line: int | None = None) -> None:
        """``line`` counts from 1, where known."""
        super().__init__(code)
        self.code = code
        self.line = line


def parse(data: bytes) -> etree._Element:
    """Return the root element. Raises ``BadXml``."""
    if len(data) > MAX_BYTES:
        raise BadXml("too_large")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise BadXml("not_xml", line) from None
    info = root.getroottree().docinfo
    if getattr(info, "doctype", "") or info.internalDTD is not None:
        raise BadXml("has_doctype")
    return root


def name_of(element: etree._Element) -> str:
    """Return the local name."""
    return etree.QName(element).localname


def namespace_of(element: etree._Element) -> str:
    """Return the namespace, empty if there is none."""
    return etree.QName(element).namespace or ""


def children(element: etree._Element | None, *names: str) -> Iterator[etree._Element]:
    """Yield the children in the element's own namespace, all or those of these local names."""
    if element is None:
        return
    own = namespace_of(element)
    for child in element:
        if (
            isinstance(child.tag, str)
            and namespace_of(child) == own
            and (not names or name_of(child) in names)
        ):
            yield child


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """Return the first child of one of these local names, None if there is none."""
    return next(children(element, *names), None)


def text_of(element: etree._Element | None) -> str:
    """Return the element's own text, empty for none."""
    return "" if element is None else "".join(str(part) for part in element.itertext())


def line_of(element: etree._Element) -> int | None:
    """Return the line the element starts in."""
    return cast("int | None", element.sourceline)

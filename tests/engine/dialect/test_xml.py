"""Hostile and broken XML is refused with one clear finding; honest XML is read with its line numbers."""

from __future__ import annotations

import time

import pytest

from engine.dialect.xml import LARGEST_FILE, XmlRefused, read_xml

BOMB = b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 1000 + b'"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'
REFUSED = [
    ("empty_file", b""),
    ("empty_file", b" \n\t"),
    ("empty_file", b"\xef\xbb\xbf"),
    ("doctype", b"<!DOCTYPE a><a/>"),
    ("doctype", b"<?xml version='1.0'?>\n<!-- <a> -->\n<?pi?><!doctype a><a/>"),
    ("doctype", BOMB),
    ("doctype", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
    ("doctype", b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>'),
    ("doctype", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16")),
    ("doctype", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16-be")),
    ("encoding", b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>'),
    ("encoding", b'<?xml version="1.0" encoding="made-up"?><a/>'),
    ("encoding", b"<a>\n\xff</a>"),
    ("encoding", b"<a>\xed\xa0\x80</a>"),
    ("encoding", "<a/>".encode("utf-16") + b"x"),
    ("control_character", b"<a>\n\0</a>"),
    ("control_character", b"%PDF-1.7\x01"),
    ("not_xml", b"<a>&undefined;</a>"),
    ("not_xml", b"<a>&#0;</a>"),
    ("not_xml", b"<a><b></a>"),
    ("not_xml", b'{"a": 1}'),
    ("not_xml", b"<a/><b/>"),
    ("file_too_large", b"<a>" + b"x" * LARGEST_FILE + b"</a>"),
    ("too_deep", b"<a>" * 121 + b"</a>" * 121),
    ("too_deep", b"<a>" * 300_000 + b"</a>" * 300_000),
    ("too_many_attributes", b"<a " + b" ".join(b"a%d='1'" % n for n in range(20_000)) + b"/>"),
    ("too_many_elements", b"<a>" + b"<b/>" * 200_000 + b"</a>"),
]


@pytest.mark.parametrize(
    ("reason", "data"), REFUSED, ids=[f"{code}-{n}" for n, (code, _) in enumerate(REFUSED)]
)
def test_hostile_xml_is_refused_with_one_finding(reason: str, data: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(XmlRefused) as refused:
        read_xml(data)

    finding = refused.value.finding("a.bpmn")
    assert (finding.severity, finding.code, finding.file) == ("error", reason, "a.bpmn")
    assert finding.message
    assert time.perf_counter() - began < 5


def test_the_line_of_the_problem_is_named() -> None:
    with pytest.raises(XmlRefused) as refused:
        read_xml(b"<a>\n\n\0</a>")

    assert refused.value.finding().line == 3


@pytest.mark.parametrize(
    "data",
    [
        "<a>\n<b>ä</b></a>".encode(),
        "<a>\n<b>ä</b></a>".encode("utf-8-sig"),
        '<?xml version="1.0" encoding="UTF-16"?><a>\n<b>ä</b></a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><a>\n<b>ä</b></a>'.encode("utf-16-le"),
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>\n<b>ä</b></a>'.encode("latin-1"),
        b'<?xml version="1.0" encoding="US-ASCII"?><a>\n<b>&#228;</b></a>',
        "<a>\n<b><!-- one -->ä<?two?></b></a>".encode(),
    ],
)
def test_honest_xml_is_read(data: bytes) -> None:
    root = read_xml(data)

    assert root[0].text == "ä"
    assert len(root[0]) == 0
    assert root[0].sourceline == 2


def test_a_doctype_that_is_only_text_is_no_doctype() -> None:
    assert read_xml(b"<a><![CDATA[<!DOCTYPE x>]]></a>").text == "<!DOCTYPE x>"


def test_the_largest_tree_is_accepted() -> None:
    assert len(read_xml(b"<a>" + b"<b/>" * 199_999 + b"</a>")) == 199_999
    assert read_xml(b"<a>" * 120 + b"</a>" * 120).tag == "a"
    assert len(read_xml(b"<a " + b" ".join(b"a%d='1'" % n for n in range(200)) + b"/>").attrib) == 200


def test_an_include_stays_what_it_is() -> None:
    text = '<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/passwd" parse="text"/></a>'

    root = read_xml(text.encode())

    assert root[0].tag.endswith("}include")
    assert len(root) == 1


def test_the_limit_can_be_set() -> None:
    with pytest.raises(XmlRefused):
        read_xml(b"<a></a>", limit=6)
    assert read_xml(b"<a></a>", limit=7).tag == "a"

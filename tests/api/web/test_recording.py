"""Recording for several callers in a row: each has a draft of its own, and none is lost."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.forgetting import erase_strangers, forget_expired
from api.complaints.tables import DocumentRow
from tests.api.web.staff_desk import Desk


@pytest.fixture
def emil(app, service):
    return Desk(app, service, "emil", "employee")


def key_of(desk):
    return re.search(r'name="_key" value="([^"]+)"', desk.html)[1]


def saved(desk, words, **more):
    """Begin a new one, save it for later, and return its key."""
    desk.open("/staff/record")
    assert words not in desk.html
    key = key_of(desk)
    desk.send("/staff/record", _do="save", _key=key, description=words, **more)
    return key


def typed(desk):
    return re.search(r'name="description"[^>]*>([^<]*)<', desk.html)[1].strip()


def test_the_next_callers_draft_leaves_the_first_as_it_is_and_both_are_gone_on_with(emil):
    first = saved(emil, "The parcel never came.")
    second = saved(emil, "The clerk was rude.")
    assert first != second
    emil.open("/staff/record")
    assert "Begun and not sent" in emil.text
    for key, words in ((first, "The parcel never came."), (second, "The clerk was rude.")):
        assert f"/staff/record?draft={key}" in emil.html
        assert words in emil.text
    assert typed(emil) == ""
    emil.open(f"/staff/record?draft={first}")
    assert (typed(emil), key_of(emil)) == ("The parcel never came.", first)
    emil.send("/staff/record", _do="save", _key=first, description="The parcel came late.")
    emil.open(f"/staff/record?draft={second}")
    assert typed(emil) == "The clerk was rude."


def test_a_file_stays_with_the_draft_it_was_added_to(app, emil, service, clock):
    name = re.search(r'type="file"[^>]*name="([^"]+)"|name="([^"]+)"[^>]*type="file"', _page(emil))
    field = name[1] or name[2]
    first = saved(emil, "With a letter", **{field: (io.BytesIO(b"%PDF-1.4 x"), "letter.pdf")})
    saved(emil, "Without one")
    clock.advance(timedelta(days=2))
    forget_expired(service)
    erase_strangers(service)
    assert service.engine.read(lambda session: session.scalars(select(DocumentRow.name)).all()) == [
        "letter.pdf"
    ]
    later = Desk(app, service, "emil", "employee")
    later.open(f"/staff/record?draft={first}")
    assert "letter.pdf" in later.text


def _page(desk):
    desk.open("/staff/record")
    return desk.html


def test_a_draft_is_its_writers_alone(emil, app, service):
    first = saved(emil, "The parcel never came.")
    ines = Desk(app, service, "ines", "intake")
    ines.open(f"/staff/record?draft={first}")
    assert "The parcel never came." not in ines.html
    em = Desk(app, service, "em_l", "employee")  # a name with a sign that stands for any other in a search
    em.open("/staff/record")
    assert "Begun and not sent" not in em.text


@pytest.mark.parametrize("key", ["", "../x", "a" * 200, "no such"])
def test_a_draft_that_is_not_there_is_a_new_one(emil, key):
    answer = emil.open(f"/staff/record?draft={key}")
    assert (answer.status_code, typed(emil)) == (200, "")

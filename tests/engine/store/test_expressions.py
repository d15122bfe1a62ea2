"""Expressions of SQL that mean the same on both databases."""

import pytest
import sqlalchemy as sa

from engine.store.expressions import member, small_letters
from engine.store.unit_of_work import read


def value(database, expression):
    return read(database, lambda session: session.scalar(sa.select(expression)))


@pytest.mark.parametrize(
    ("written", "small"), [("ANN", "ann"), ("ÄRGER Øst ŽÉ", "ärger øst žé"), (None, None)]
)
def test_small_letters_are_those_of_every_alphabet(database, written, small):
    assert value(database, small_letters(sa.literal(written, sa.Text))) == small


@pytest.mark.parametrize(
    ("kept", "found"),
    [('{"into": "RD-1"}', "RD-1"), ('{"into": null}', None), ('{"other": "RD-1"}', None), ("{}", None)],
)
def test_a_member_is_read_by_its_name(database, kept, found):
    assert value(database, member(sa.literal(kept, sa.Text), "into")) == found

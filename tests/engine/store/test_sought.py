"""Words that are looked for: whatever their capitals and accents, letter for letter otherwise, on both databases."""

import pytest
import sqlalchemy as sa

from engine.store.sought import has_word, words_of


def finds(database, sought, *texts):
    columns = [sa.literal(text, sa.Text) for text in texts]
    with database.new_read_session() as session:
        return session.scalar(
            sa.select(sa.and_(sa.true(), *(has_word(one, *columns) for one in words_of(sought))))
        )


@pytest.mark.parametrize(
    ("sought", "text"),
    [
        ("muller", "Jens MÜLLER"),
        ("Müller", "jens muller"),
        ("müller", "Mu\u0308ller"),  # written as u and two dots
        ("STRASSE", "Lange Straße 3"),
        ("straße", "LANGE STRASSE 3"),
        ("lodz", "Łódź"),
        ("Søren", "SOREN"),
        ("ΟΔΟΣ", "οδός"),
        ("елка", "ЁЛКА"),
        ("投诉", "我要投诉"),
        ("a+b", "it is (A+B) then"),
        (".*", "a .* stands here"),
        ("[x]\\d", "so [X]\\d it is"),
        ("***:x", "***:X"),
    ],
)
def test_a_word_is_found_in_every_spelling(database, sought, text):
    assert finds(database, sought, text)


@pytest.mark.parametrize(
    ("sought", "text"),
    [(".*", "nothing"), ("100%", "100 of them"), ("a_b", "axb"), ("muller", "mueller"), ("^", "x")],
)
def test_signs_stand_for_themselves(database, sought, text):
    assert not finds(database, sought, text)


def test_words_may_stand_in_different_texts_but_each_in_one(database):
    assert finds(database, "green umbrella", "an umbrella", None, "it was green")
    assert not finds(database, "green umbrella", "an umbrella", None)
    assert not finds(database, "umbrella", "umb", "rella")


def test_a_word_is_looked_for_once():
    assert words_of("  Müller muller MÜLLER Straße \u0301 ") == ("muller", "strasse")

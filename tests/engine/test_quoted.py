"""What a case knows stands between marks in our messages, and can be taken out of them."""

from __future__ import annotations

from engine.quoted import quoted, quoting, retold, texts_in


def veil(_):
    return "…"


def test_what_is_quoted_is_taken_out_and_the_rest_stays():
    text = f"There is no decision {quoted('Zacharias')}. Deploy it."
    assert retold(text, veil) == "There is no decision …. Deploy it."
    assert retold(text, str.upper) == "There is no decision ZACHARIAS. Deploy it."


def test_a_text_does_not_end_its_own_quotation_and_one_that_was_cut_off_is_taken_out_as_well():
    assert retold(f"x {quoted(quoted('a') + 'b')} y", veil) == "x … y"
    assert retold(f"x {quoted('a long story')}"[:8], veil) == "x …"


def test_what_is_known_is_quoted_wherever_it_stands_as_a_whole():
    text = quoting("No 'ann' in annals (name: ann)", ["ann", "", " "])
    assert retold(text, veil) == "No '…' in annals (name: …)"
    assert retold(quoting(text, ["ann"]), veil) == "No '…' in annals (name: …)"


def test_every_text_in_data_is_known_also_as_python_writes_it():
    assert {"a", "it's\nover", "it's\\nover", "b"} <= set(texts_in({"a": [1, "it's\nover", {"b": None}]}))

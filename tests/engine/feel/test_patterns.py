"""Regular expressions as XPath defines them."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feel.patterns import compile_pattern


def free(_steps):
    return None


class Spent(Exception):
    pass


def purse(steps):
    left = [steps]

    def charge(amount):
        left[0] -= amount
        if left[0] < 0:
            raise Spent

    return charge


@pytest.mark.parametrize(
    ("text", "pattern", "flags", "found"),
    [
        ("Mary\rJones", "Mary.Jones", "", False),
        ("Mary\rJones", "Mary.Jones", "s", True),
        ("\u212a", "k", "i", True),
        ("x", "[A-Z-[OI]]", "i", True),
        ("i", "[A-Z-[OI]]", "i", False),
        ("q", "[^Q]", "i", False),
        ("b", "[^a]", "", True),
        ("hello world", "hello\\ sworld", "x", True),
        ("hello world", "he ll o[ ]worl d", "x", True),
        ("hello world", "\\p{ I s B a s i c L a t i n }+", "x", True),
        ("aA", "(a)\\1", "i", True),
        ("aA", "(a)\\1", "", False),
        ("\nabcd\ndefg\n", "^$", "m", True),
        ("abcd\ndefg\n", "^$", "m", False),
        ("a\n", "a$", "", False),
        ("a\nb", "a$", "m", True),
        ("é", "^\\w$", "", True),
        ("-", "\\w", "", False),
        ("٣", "^\\d$", "", True),
        ("x:1", "^\\i\\c+$", "", True),
        ("1", "\\i", "", False),
        ("Ä", "\\p{Lu}", "", True),
        ("ä", "\\p{Lu}", "i", False),
        ("a", "\\P{Lu}", "", True),
        ("é", "\\p{IsBasicLatin}", "", False),
        ("abab", "^(ab){2}$", "", True),
        ("aaa", "^a{1,2}$", "", False),
        ("xyzxyz", "(x)(y)(z)\\1\\2\\3", "", True),
        ("aaa", "^(a*?)\\1+$", "", True),
        ("ab", "^(a|b)*$", "", True),
        ("a]", "a\\]", "", True),
        ("-", "[a-]", "", True),
        ("b", "[-b]", "", True),
        ("", "", "", True),
    ],
)
def test_matching(text, pattern, flags, found):
    assert compile_pattern(pattern, flags).matches(text, free) is found


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        ("a", "p"),
        ("a", " "),
        ("a", "q"),
        ("\\p{ IsBasicLatin}", ""),
        ("(.)\\3", ""),
        ("\\3", ""),
        ("(asd)[\\1]", ""),
        ("[\\0]", ""),
        ("(a\\1)", ""),
        ("(?=a)", ""),
        ("(?!a)", ""),
        ("(?<=a)", ""),
        ("(?P<n>a)", ""),
        ("(?i)a", ""),
        ("a++", ""),
        ("a**", ""),
        ("(?>a)", ""),
        ("*", ""),
        ("a{2,1}", ""),
        ("a{", ""),
        ("a}", ""),
        ("]", ""),
        ("[]", ""),
        ("[", ""),
        ("(", ""),
        (")", ""),
        ("\\b", ""),
        ("\\z", ""),
        ("[b-a]", ""),
        ("[0-9-.]", ""),
        ("\\p{Xx}", ""),
        ("\\p{IsNowhere}", ""),
        ("[a-\\d]", ""),
        ("a{1001}", ""),
        ("\\", ""),
        ("(" * 70 + "a" + ")" * 70, ""),
        ("a" * 5000, ""),
        ("((a{100}){100}){100}", ""),
    ],
)
def test_what_xpath_does_not_know_is_refused(pattern, flags):
    assert compile_pattern(pattern, flags) is None


@pytest.mark.parametrize(
    ("pattern", "replacement", "result"),
    [
        ("(ab)|(a)", "[1=$1][2=$2]", "[1=ab][2=]r[1=][2=a]c[1=][2=a]d[1=ab][2=]r[1=][2=a]"),
        ("a.*a", "*", "*"),
        ("a.*?a", "*", "*c*bra"),
        ("bra", "$0!", "abra!cadabra!"),
        ("a", "\\$\\\\", None),
        ("a", "$", None),
        ("a", "\\n", None),
        ("a", "$x", None),
        (".*?", "x", None),
        ("^", "x", None),
        ("c", "$1", "abraadabra"),
        ("(c)", "$12", "abrac2adabra"),
    ],
)
def test_replacing(pattern, replacement, result):
    if result is None and replacement == "\\$\\\\":
        result = "abracadabra".replace("a", "$\\")
    assert compile_pattern(pattern).replace("abracadabra", replacement, free) == result


def test_splitting_keeps_empty_pieces_and_refuses_to_split_at_nothing():
    assert compile_pattern(";").split("a;b;;", free) == ["a", "b", "", ""]
    assert compile_pattern("").split("ab", free) is None


def test_finding_all():
    assert compile_pattern("fo[a-z]*").find_all("this is foobar and folbar", free) == ["foobar", "folbar"]
    assert compile_pattern("(.)\\1").find_all("aabbcd", free) == ["aa", "bb"]


def test_nested_repetition_takes_linear_time():
    text = "a" * 100_000 + "!"
    started = time.perf_counter()

    assert compile_pattern("^(a+)+$").matches(text, free) is False
    assert compile_pattern("^(a|aa)+$").replace(text, "b", free) == text

    assert time.perf_counter() - started < 0.5


def test_back_references_pay_for_every_step():
    with pytest.raises(Spent):
        compile_pattern("(a+)+\\1$").matches("a" * 5000 + "!", purse(100_000))


def test_growing_text_is_paid_for_before_it_is_made():
    with pytest.raises(Spent):
        compile_pattern("a").replace("a" * 5000, "b" * 5000, purse(100_000))


def test_lone_surrogates_do_not_break_the_engine():
    assert compile_pattern("^.$").matches("\ud800", free) is True


LITERALS = st.text(alphabet="abc", min_size=1, max_size=3)
SAFE = st.recursive(
    LITERALS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(SAFE, st.text(alphabet="abc", max_size=8))
def test_where_python_means_the_same_both_agree(pattern, text):
    ours = compile_pattern(pattern)

    assert ours.matches(text, free) == bool(re.search(pattern, text))


@given(SAFE, st.text(alphabet="abc", max_size=8))
def test_both_matchers_agree(pattern, text):
    linear, charging = compile_pattern(f"({pattern})"), compile_pattern(f"(q*)({pattern})\\1")

    assert linear.matches(text, free) == charging.matches(text, free)

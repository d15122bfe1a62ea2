"""Passwords: strong hashes, few at a time, easy ones refused, nothing told about who exists."""

from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from api.identity import passwords
from api.identity.passwords import (
    PasswordRefused,
    TooBusy,
    check_strength,
    hash_password,
    is_outdated,
    verify,
)


def test_a_hash_costs_what_the_design_says():
    found = extract_parameters(hash_password("three unrelated words"))
    assert (found.type.name, found.memory_cost, found.time_cost, found.parallelism) == ("ID", 19_456, 2, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)


def test_the_right_password_fits_and_others_do_not():
    stored = hash_password("three unrelated words")
    assert verify("three unrelated words", stored)
    assert not verify("three unrelated word", stored)
    assert not verify("", stored)
    assert not verify("three unrelated words", None)
    assert not verify("three unrelated words", "not a hash at all")


def test_nothing_beyond_the_longest_password_is_cut_off_silently():
    stored = hash_password("x1y2" * 64)
    assert verify("x1y2" * 64, stored)
    assert not verify("x1y2" * 64 + "z", stored)


@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(), min_size=12, max_size=20))
def test_every_character_is_a_character_of_a_password(password):
    assert verify(password, hash_password(password))


def test_older_parameters_are_noticed():
    assert is_outdated(
        PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("three unrelated words")
    )
    assert not is_outdated(hash_password("three unrelated words"))


@pytest.mark.parametrize(
    ("password", "name"),
    [
        ("eleven char", "hana"),
        ("x" * 257, "hana"),
        ("aaaaaaaaaaaaaaaa", "hana"),
        ("abababababababab", "hana"),
        ("hanahanahanahana", "hana"),
        ("HanaHanaHanaHana", "hana"),
    ],
)
def test_an_easy_password_is_refused(password, name):
    with pytest.raises(PasswordRefused):
        check_strength(password, person_name=name)


def test_a_common_password_is_refused_however_it_is_written():
    common = sorted(passwords._common)
    assert len(common) >= 3_000
    assert {len(each) >= 12 for each in common} == {True}
    for password in (common[0], common[-1].upper()):
        with pytest.raises(PasswordRefused):
            check_strength(password, person_name="hana")
    check_strength("three unrelated words", person_name="hana")


class _Slow:
    """A hasher that waits for a signal and counts how many judge at once."""

    def __init__(self):
        self.go, self.lock = threading.Event(), threading.Lock()
        self.now = self.most = 0

    def verify(self, stored, password):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go.wait(10)
        with self.lock:
            self.now -= 1


def test_two_are_judged_at_once_twenty_wait_and_the_next_is_sent_away(monkeypatch):
    slow = _Slow()
    monkeypatch.setattr(passwords, "_hasher", slow)
    waiting = [threading.Thread(target=verify, args=("three unrelated words", None)) for _ in range(20)]
    for thread in waiting:
        thread.start()
    full = threading.Event()
    try:
        for _ in range(500):
            if passwords._in_line._value == 0:
                break
            full.wait(0.01)
        with pytest.raises(TooBusy):
            verify("three unrelated words", None)
    finally:
        slow.go.set()
        for thread in waiting:
            thread.join()
    assert slow.most == 2
    assert passwords._in_line._value == 20

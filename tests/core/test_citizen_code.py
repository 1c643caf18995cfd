"""The citizen code's arithmetic, alone."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.core import citizen_code


def test_a_code_has_13_digits_starts_with_9_and_leaves_one_by_97() -> None:
    rng = random.Random(1)
    for _ in range(2_000):
        code = citizen_code.make(rng.randrange(10**10))
        assert len(code) == 13 and code[0] == "9" and int(code) % 97 == 1
        assert citizen_code.is_valid(code)


def test_every_single_wrong_digit_and_every_swap_of_neighbours_is_caught() -> None:
    code = citizen_code.make(1_234_567_890)
    for place in range(13):
        for digit in "0123456789":
            wrong = code[:place] + digit + code[place + 1 :]
            assert citizen_code.is_valid(wrong) == (wrong == code)
    for place in range(12):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert citizen_code.is_valid(swapped) == (swapped == code)


@pytest.mark.parametrize("written", ["{} {} {}", "{}-{}-{}", "{}.{}.{}", " {}{}{} ", "{}\u00a0{}\u2013{}"])
def test_a_code_is_read_however_people_group_it(written: str) -> None:
    code = citizen_code.make(42)
    groups = citizen_code.show(code).split()
    assert [len(group) for group in groups] == [4, 4, 5]
    assert citizen_code.parse(written.format(*groups)) == code


@pytest.mark.parametrize("text", ["", "9", "001099012345", "9000000000000", "٩٠٠٠٠٠٠٠٠٠٠٤٢", "x" * 13])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        citizen_code.parse(text)


def test_scrambling_is_a_permutation_and_depends_on_the_key() -> None:
    key = b"k" * 16
    assert sorted(citizen_code.scramble(n, key, 4) for n in range(10_000)) == list(range(10_000))
    first = [citizen_code.scramble(n, key) for n in range(100)]
    assert first != [citizen_code.scramble(n, b"other") for n in range(100)]
    assert all(abs(a - b) > 1 for a, b in itertools.pairwise(first))
    with pytest.raises(ValueError):
        citizen_code.scramble(10**10, key)


@given(st.integers(0, 10**10 - 1), st.binary(min_size=1, max_size=32))
def test_what_is_scrambled_can_be_unscrambled_by_the_same_key(counter: int, key: bytes) -> None:
    scrambled = citizen_code.scramble(counter, key)
    assert 0 <= scrambled < 10**10
    assert citizen_code.unscramble(scrambled, key) == counter
    assert citizen_code.payload(citizen_code.make(scrambled)) == scrambled


@pytest.mark.parametrize("digits", [2, 4, 6])
def test_every_length_is_permuted_and_undone(digits: int) -> None:
    every = range(0, 10**digits, 41 if digits == 6 else 1)
    scrambled = [citizen_code.scramble(n, b"k", digits) for n in every]
    assert len(set(scrambled)) == len(every) and min(scrambled) >= 0 and max(scrambled) < 10**digits
    assert all(
        citizen_code.unscramble(one, b"k", digits) == n for n, one in list(zip(every, scrambled, strict=True))[:2000]
    )


def test_codes_in_a_row_do_not_look_alike() -> None:
    """First digits, last digits and parity of 10,000 codes in a row are as even as chance makes them."""
    found = [citizen_code.scramble(n, b"key") for n in range(10_000)]
    for digit in range(10):
        assert 880 < sum(n // 10**9 == digit for n in found) < 1_120
        assert 880 < sum(n % 10 == digit for n in found) < 1_120
    assert 4_800 < sum((a < b) for a, b in itertools.pairwise(found)) < 5_200
    assert len({b - a for a, b in itertools.pairwise(found)}) > 9_900

"""The citizen code's arithmetic, alone."""

import itertools
import random

import pytest

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

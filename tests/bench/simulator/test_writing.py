"""Damage to letters, by examples that are documented."""

from random import Random

import pytest

from bench.simulator import writing


@pytest.mark.parametrize(
    ("name", "keys"), [("Nguyễn", "Nguyeenx"), ("Văn", "Vawn"), ("Đức", "DDuwcs"), ("Hương", "Huwowng"), ("An", "An")]
)
def test_the_keys_of_telex(name: str, keys: str) -> None:
    assert writing.telex(name) == keys


@pytest.mark.parametrize(("name", "keys"), [("Nguyễn", "Nguye6n4"), ("Văn", "Va8n"), ("Đỗ", "D9o64")])
def test_the_keys_of_vni(name: str, keys: str) -> None:
    assert writing.vni_keys(name) == keys


def test_fonts_of_before_unicode_read_as_western_letters() -> None:
    assert writing.tcvn3("Nguyễn Văn") == "NguyÔn V¨n"
    assert writing.vni_font("Nguyễn Văn") == "Nguyeãn Vaên"
    assert writing.vni_font("Đinh") == "Ñinh"


def test_unicode_read_as_western_letters() -> None:
    assert writing.mojibake("Nguyễn") == "Nguyá»…n"


def test_marks_are_dropped_and_case_kept() -> None:
    assert writing.no_marks("Đặng Thị Hoà") == "Dang Thi Hoa"


@pytest.mark.parametrize(("old", "new"), [("Hòa", "Hoà"), ("Thúy", "Thuý"), ("Khỏe", "Khoẻ"), ("HÒA", "HOÀ")])
def test_both_styles_of_tone_position(old: str, new: str) -> None:
    assert writing.tone_style(old, new=True) == new
    assert writing.tone_style(new, new=False) == old


@pytest.mark.parametrize("name", ["Quý", "Hoàng", "Thùy Linh", "An"])
def test_words_without_the_choice_stay(name: str) -> None:
    assert writing.tone_style(name, new=False) == name


def test_another_tone_leaves_the_letters_as_they_are() -> None:
    rng = Random(1)
    for name in ("Nguyễn", "Hường", "Thủy", "Đặng", "Quý"):
        other = writing.other_tone(name, rng)
        assert other != name
        assert writing.no_marks(other) == writing.no_marks(name)


def test_a_typo_is_one_slip() -> None:
    rng = Random(2)
    assert all(abs(len(writing.letter_typo("Nguyễn", rng)) - 6) <= 1 for _ in range(200))


def test_spelling_by_ear_knows_the_regions() -> None:
    heard = {writing.by_ear("Trang", Random(seed)) for seed in range(50)}
    assert heard == {"Chang", "Tran"}
    assert "Huỳnh" in {writing.by_ear("Hoàng", Random(seed)) for seed in range(50)}

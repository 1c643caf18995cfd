"""What scanners type for state cards is read whole, with parts missing, in other orders, and never breaks anything."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.core.card_scan import CardScan, card_scan, has_bars, read_day

NUMBER, OLD, NAME = "001167012345", "012345678", "Nguyễn Thị Hồng Hạnh"
HOME = "12 đường Đinh Tiên Hoàng, Hoa Lư, Ninh Bình"

numbers = st.from_regex("0[0-9]{11}", fullmatch=True)
words = st.sampled_from(["Nguyễn", "Thị", "Ân", "Đặng", "H'Hen", "Niê", "Y", "Bình", "Ngọc", "Trương"])
names = st.lists(words, min_size=2, max_size=5).map(" ".join)
days = st.dates(date(1900, 1, 1), date(2026, 11, 28))
homes = st.builds("Thôn {}, Xã {}, Tỉnh Ninh Bình".format, st.integers(1, 20), words)


def packed(day: date) -> str:
    return f"{day:%d%m}{day.year:04d}"


@given(numbers, st.from_regex("[0-9]{9}", fullmatch=True), names, days, st.sampled_from(["Nam", "Nữ"]), homes, days)
def test_a_whole_chip_card_is_read_field_by_field(
    number: str, old: str, name: str, born: date, sex: str, home: str, issued: date
) -> None:
    text = "|".join([number, old, name, packed(born), sex, home, packed(issued)])
    gender = "male" if sex == "Nam" else "female"
    whole = CardScan(number, old, "", name, born.isoformat(), gender, home, issued.isoformat())  # type: ignore[arg-type]
    assert card_scan(text) == whole
    assert card_scan(text.replace("|", " | ") + "||\r") == whole
    assert card_scan(text.replace("|", "¦")) == whole


@given(
    numbers, names, days, homes,
    st.sets(st.sampled_from(["old", "name", "born", "sex", "home", "issued"])),
)  # fmt: skip
def test_a_part_that_is_missing_takes_no_other_with_it(
    number: str, name: str, born: date, home: str, missing: set[str]
) -> None:
    parts = {"old": OLD, "name": name, "born": packed(born), "sex": "Nữ", "home": home, "issued": "01012022"}
    read = card_scan("|".join([number, *("" if key in missing else value for key, value in parts.items())]))
    assert read.number == number
    assert read.old_number == ("" if "old" in missing else OLD)
    assert read.name == ("" if "name" in missing else name)
    assert read.sex == ("" if "sex" in missing else "female")
    assert read.address == ("" if "home" in missing else home)
    if "born" not in missing:
        assert read.born == born.isoformat()


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error_and_no_part_is_made_up(text: str) -> None:
    read = card_scan(f"{text}|")
    assert read.number in text and (not read.name or not any(ch.isdigit() for ch in read.name))
    for day in (read.born, read.issued):
        assert not day or read_day(day[:4]) == day[:4]


def test_an_insurance_card_writes_its_text_in_hexadecimal() -> None:
    home = HOME.encode().hex()
    read = card_scan(f"GD4010116701234|{NAME.encode().hex()}|12/03/1967|2|{home}|35 - 001|01/01/2026|-|01/01/2026|")
    assert (read.insurance, read.name, read.born, read.sex) == ("GD4010116701234", NAME, "1967-03-12", "female")
    assert read.address == HOME and read.issued == "2026-01-01"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("12031967", "1967-03-12"),
        ("12/3/1967", "1967-03-12"),
        ("12-03-1967", "1967-03-12"),
        ("00001967", "1967"),
        ("00031967", "1967-03"),
        ("1967", "1967"),
        ("31022020", ""),
        ("29/02/2023", ""),
        ("12031767", ""),
        ("32012000", ""),
        ("١٢٠٣١٩٦٧", ""),
        ("", ""),
    ],
)
def test_a_day_is_read_as_it_is_written_or_not_at_all(written: str, day: str) -> None:
    assert read_day(written) == day


def test_a_card_is_known_by_its_bars() -> None:
    assert has_bars("1|2") and has_bars("1¦2") and not has_bars("nguyen van an 1967")

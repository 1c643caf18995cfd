"""A search without accents finds Vietnamese names, however their marks were typed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.core.text import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đặng Thị Hoà", "dang thi hoa"),
        ("ĐẶNG  THỊ\tHÒA", "dang thi hoa"),
        ("Nguyễn Văn Ấm", "nguyen van am"),
        ("Ðỗ Thuỳ", "do thuy"),
        ("H'Nhi Ê-ban", "h'nhi e-ban"),
        ("NGUYEN VAN AN ", "nguyen van an"),
    ],
)
def test_marks_case_and_spaces_fall_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=60))
def test_folding_again_changes_nothing_and_the_normal_form_does_not_matter(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))

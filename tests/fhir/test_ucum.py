"""UCUM codes of clinical use reach one canonical unit, and the way back."""

from __future__ import annotations

from decimal import Decimal
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.fhir.ucum import canonical, convert, unit
from hoso.fhir.ucum_units import ARBITRARY, DERIVED

SAME = [
    ((1.2, "g/L"), (120, "mg/dL")),
    ((5.5, "mmol/L"), (5500, "umol/L")),
    ((120, "mm[Hg]"), (15.9986864898, "kPa")),
    ((37, "Cel"), (98.6, "[degF]")),
    ((0, "Cel"), (273.15, "K")),
    ((72, "/min"), (1.2, "Hz")),
    ((72, "{beats}/min"), (72, "/min")),
    ((4.5, "10*9/L"), (4500, "/uL")),
    ((4.5, "10*3/uL"), (4.5, "10^9/L")),
    ((5, "%"), (0.05, "1")),
    ((1, "[IU]/mL"), (1000, "[iU]/L")),
    ((1, "U/L"), (1, "umol/min/L")),
    ((60, "U/L"), (1, "ukat/L")),
    ((1, "kcal"), (4.184, "kJ")),
    ((70, "kg"), (154.3235835294143, "[lb_av]")),
    ((1, "[in_i]"), (2.54, "cm")),
    ((22.5, "kg/m2"), (2.25, "g/cm2")),
    ((1, "wk"), (168, "h")),
    ((1, "ml"), (1, "cm3")),
    ((90, "mL/min/{1.73_m2}"), (1.5, "mL/s")),
    ((2, "mg/(24.h)"), (2, "mg/d")),
    ((10, "cm[H2O]"), (980.665, "Pa")),
    ((1, "meq/L"), (1, "mmol/L")),
]


@pytest.mark.parametrize(("first", "second"), SAME, ids=[f"{a[1]} and {b[1]}" for a, b in SAME])
def test_two_ways_to_write_a_quantity_are_one(first: tuple[float, str], second: tuple[float, str]) -> None:
    one, two = canonical(*first), canonical(*second)
    assert one is not None and two is not None
    assert one[1] == two[1]
    assert isclose(one[0], two[0], rel_tol=1e-9)


@pytest.mark.parametrize(
    "code", ["", "bogus", "mg/", "mg//dL", "(mg", "mg)", "mg dL", "{", "kg{a", "m--2", "é", "m" * 500, "0"]
)
def test_what_is_not_ucum_has_no_canonical_form(code: str) -> None:
    assert canonical(1, code) is None


@pytest.mark.parametrize(
    ("first", "second"), [("mg", "mmol"), ("[IU]", "mg"), ("m", "m2"), ("mol", "1"), ("[AU]", "[IU]")]
)
def test_what_measures_different_things_is_never_converted(first: str, second: str) -> None:
    assert convert(Decimal(1), first, second) is None


def test_every_unit_of_the_table_is_defined_by_others_of_it() -> None:
    assert [code for code in (*DERIVED, *ARBITRARY) if unit(code) is None] == []


@given(
    value=st.decimals(min_value="-1e9", max_value="1e9", places=4),
    codes=st.sampled_from([("mg/dL", "g/L"), ("Cel", "[degF]"), ("mm[Hg]", "kPa"), ("[lb_av]", "kg"), ("h", "min")]),
)
def test_there_and_back_again_is_where_one_was(value: Decimal, codes: tuple[str, str]) -> None:
    there = convert(value, *codes)
    assert there is not None
    back = convert(Decimal(there.numerator) / Decimal(there.denominator), codes[1], codes[0])
    assert back is not None and isclose(float(back), float(value), rel_tol=1e-12, abs_tol=1e-9)


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_fail(code: str) -> None:
    found = canonical(1.5, code)
    assert found is None or canonical(1, found[1]) is not None

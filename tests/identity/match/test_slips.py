"""What is told quickly of two values is what comparing them letter by letter says."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from hoso.identity.match.packed import CITIZEN, WIDTHS, compact
from hoso.identity.match.tokens import edits, is_slip, values_near

FEW = st.text("0129", min_size=7, max_size=13)


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[str, str]:
    """Two strings of digits of which the second is often a slip of the first."""
    one = draw(FEW)
    at = draw(st.integers(0, len(one) - 2))
    changed = (
        one[:at] + draw(st.sampled_from("0129")) + one[at + 1 :],
        one[:at] + one[at + 1] + one[at] + one[at + 2 :],
        one[:at] + one[at + 1 :],
        one[:at] + one[at] + one[at:],
        draw(FEW),
    )
    return one, draw(st.sampled_from(changed))


@given(neighbours())
def test_a_slip_is_one_edit(pair: tuple[str, str]) -> None:
    assert is_slip(*pair) == (edits(*pair, 1) == 1)


@given(neighbours(), st.sampled_from((0, *WIDTHS.values())))
@example(("099999999999", "100000000000"), WIDTHS[CITIZEN])
@example(("0912345678", "0912345687"), 0)
@example(("099999999", "100000000"), 0)
def test_numbers_are_near_when_their_digits_are(pair: tuple[str, str], width: int) -> None:
    one, other = map(compact, pair)
    assert values_near(one, other, width) == is_slip(str(one).zfill(width), str(other).zfill(width))
    assert values_near(other, one, width) == values_near(one, other, width)

"""The life of a code: leased → used → bound → alias or retired. A code that was used once stays valid for ever."""

from __future__ import annotations

from hoso.access import CodeRow, CodeState
from hoso.core import Refused

FROM: dict[CodeState, tuple[CodeState | None, ...]] = {
    "bound": (None, "leased", "used", "bound"),
    "alias": (None, "leased", "used", "bound", "alias"),
    "retired": (None, "leased", "used", "bound", "retired"),
    "used": ("alias",),
}
"""What a code may have been before; None: nothing was known of it here. Back to "used" is the way out of a merge."""


def moved(before: CodeRow | None, code: int, to: CodeState, now: int, holder: str | None = None) -> CodeRow:
    """The row after a change of state; the same row when nothing changes. Raises Refused (409) when it may not be."""
    state = before.state if before else None
    if state not in FROM[to]:
        raise Refused.because(409, "conflict", "code.state", which=str(code), state=state or "–", wanted=to)
    if before is None:
        return CodeRow(code, to, now, None, holder)
    if to == "bound" and state == "bound":
        if before.holder != holder:
            raise Refused.because(409, "conflict", "code.held", which=str(code))
        return before
    if state == to:
        return before
    kept = holder if to == "bound" else before.holder
    if to == "used" and before.holder:
        return before._replace(state="bound", changed=now)
    return before._replace(state=to, changed=now, holder=kept)

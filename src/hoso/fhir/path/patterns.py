"""Regular expressions from outside: only those are run whose time the length of the text bounds.

Python's engine backtracks, so a repeat within a repeat could hold a process for years; such patterns are refused
unless they are the definitions' own.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hoso.fhir.path.errors import PathError, execution

MAX_PATTERN = 1_000
MAX_WORK = 50_000_000
# The two repeated groups of R4's own invariants (eld-16, eld-19, eld-20); each round starts with its own mark.
_TRUSTED = ("[^\\s\\.,:;\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.", "^[^\\s\\.,:;\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.")

_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+?]|\{\d*,?\d*\}|[()|]|.", re.DOTALL)


def pattern(expression: str, text: str) -> re.Pattern[str]:
    """The compiled pattern, to be run over this text."""
    compiled, repeats = _compiled(expression)
    if repeats > 1 and len(text) ** min(repeats, 9) > MAX_WORK:
        raise PathError("limit", "The regular expression could take too long on this text")
    return compiled


@lru_cache(maxsize=512)
def _compiled(expression: str) -> tuple[re.Pattern[str], int]:
    if len(expression) > MAX_PATTERN:
        raise PathError("limit", f"The regular expression is longer than {MAX_PATTERN} characters")
    try:
        compiled = re.compile(expression, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as fault:
        raise execution(f"This is no regular expression: {fault}") from fault
    return compiled, 1 if expression.startswith(_TRUSTED) else _repeats(expression)


def _repeats(expression: str) -> int:
    """How many open repeats follow one another; a repeat of what itself repeats or chooses is refused."""
    groups: list[bool] = [False]
    total = 0
    closed = False
    for part in _PART.findall(expression):
        if part == "(":
            groups.append(False)
        elif part == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] = groups[-1] or closed
            continue
        elif part == "|":
            groups[-1] = True
        elif part in ("*", "+") or (part.startswith("{") and len(part) > 2):
            if closed:
                raise PathError("limit", "The regular expression repeats what itself repeats or chooses")
            groups[-1] = True
            total += 1
        elif part.startswith("\\") and part[1:].isdigit():
            raise PathError("limit", "The regular expression refers back to a group")
        closed = False
    return total

"""Regular expressions from outside: only those are run whose time the length of the text bounds.

Python's engine backtracks, so a repeat within a repeat could hold a process for years; such patterns are refused
unless they are the definitions' own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from hoso.fhir.path.errors import PathError, execution

MAX_PATTERN = 1_000
MAX_WORK = 20_000_000
STEP = 50  # tries of the engine for one step of the budget
# The two repeated groups of R4's own invariants (eld-16, eld-19, eld-20); each round starts with its own mark.
_TRUSTED = ("[^\\s\\.,:;\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.", "^[^\\s\\.,:;\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.")

_NAMED = re.compile(r"(\\.)|\(\?<(?=[A-Za-z_])", re.DOTALL)
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+?]|\{\d*,?\d*\}|[()|]|.", re.DOTALL)


def pattern(expression: str, text: str, spend: Callable[[int], None]) -> re.Pattern[str]:
    """The compiled pattern, to be run over this text; the most it can take is paid beforehand."""
    compiled, repeats = _compiled(expression)
    most = len(text) ** max(min(repeats, 9), 1)
    if repeats > 1 and most > MAX_WORK:
        raise PathError("limit", "The regular expression could take too long on this text")
    spend(1 + most // STEP)
    return compiled


def _spelt(expression: str) -> str:
    """Groups are named `(?<name>` in FHIRPath, `(?P<name>` in Python."""
    return _NAMED.sub(lambda match: match.group(1) or "(?P<", expression)


@lru_cache(maxsize=512)
def _compiled(expression: str) -> tuple[re.Pattern[str], int]:
    if len(expression) > MAX_PATTERN:
        raise PathError("limit", f"The regular expression is longer than {MAX_PATTERN} characters")
    try:
        compiled = re.compile(_spelt(expression), re.DOTALL)
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

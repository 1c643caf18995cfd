"""What a serving node writes to its log: where a fault was, never what was in hand.

The message of an exception may quote a password, a token or a line of somebody's record (a database quotes the row that
it refuses), so of a traceback only the places and the kinds of the exceptions are written.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

_Found = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    def formatException(self, ei: _Found) -> str:
        return "\n".join(_kinds(ei[1]))


def begin() -> None:
    """In every worker; in place of whatever handlers there are."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    import threading

    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if kind is not SystemExit:
        logging.getLogger("hoso").error("uncaught", exc_info=(kind, error, trace) if error else None)


def _kinds(error: BaseException | None) -> list[str]:
    """From the first cause to what came of it."""
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        places = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        lines.insert(0, f"{places}\n{type(error).__module__}.{type(error).__qualname__}".lstrip("\n"))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines

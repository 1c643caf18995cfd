"""What every folder may lean on: ids, clock, partial dates, Vietnamese text folding, errors.

Nothing here knows FHIR, a database or a screen; it imports the standard library only.
"""

from hoso.core.clock import Clock, system_clock
from hoso.core.dates import Span, parse_span
from hoso.core.errors import Issue, Refused
from hoso.core.ids import new_id, uuid7
from hoso.core.text import fold

__all__ = ["Clock", "Issue", "Refused", "Span", "fold", "new_id", "parse_span", "system_clock", "uuid7"]

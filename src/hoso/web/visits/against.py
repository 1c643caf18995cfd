"""What stands against a medicine that is repeated: right three months ago, it may be dangerous with what came since.

Only what is critical is asked about, allergies and pairs; against a documented anaphylaxis it is ordered on the order
page, where the reason is recorded.
"""

from __future__ import annotations

from dataclasses import replace

from hoso.care.orders import told, wanted_of
from hoso.care.visit.note import Reading
from hoso.care.visit.vitals import Problem
from hoso.web.door import Door
from hoso.web.orders.reading import view
from hoso.web.stewards import reader
from hoso.web.visits.gather import Sitting

_ASKED = frozenset({"allergy", "interaction"})


def checked(reach: Door, at: Sitting, found: Reading) -> Reading:
    """The reading with what the checks before an order say of the medicines that it repeats."""
    if not found.note.repeat or "MedicationRequest" not in at.writing.may:
        return found
    seen = view(reach, at.person)
    language = reader()
    wanted = [one for id in found.note.repeat if (one := wanted_of({**at.former[id], "status": "active"}, seen.chart))]
    faults, doubts = list(found.faults), list(found.doubts)
    for one in wanted:
        for finding in seen.check(one, [other for other in wanted if other is not one]):
            if finding.kind in _ASKED and finding.severity == "critical":
                problem = Problem(
                    "repeat", "stop" if finding.hard_stop else "against", {"text": told(finding, language).summary}
                )
                (faults if finding.hard_stop else doubts).append(problem)
    return replace(found, faults=faults, doubts=doubts)

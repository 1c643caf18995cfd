"""MRG: one number of a facility's patient takes the place of another. The old record is replaced by the new one, which
identity follows; nothing clinical is moved or rewritten.
"""

from __future__ import annotations

from hoso.exchange.hl7v2.draft import Draft, Part, reference
from hoso.exchange.hl7v2.persons import number_of
from hoso.exchange.hl7v2.walk import Walk
from hoso.exchange.hl7v2.ways import fill

MERGES = ("A18", "A34", "A40", "A47")
MOVES = ("A45",)


def merge(walk: Walk, part: Part) -> None:
    """MRG, after the PID of the number that stays."""
    draft = walk.draft
    if draft.patient is None:
        return
    prior = number_of(draft, part, 1, 4, 2)
    if draft.event in MOVES:
        _moved(draft, part)
        return
    if draft.event not in MERGES:
        draft.warn(part, 0, "merge-elsewhere")
        return
    if not prior:
        draft.fault(part, 1, "patient-missing")
        return
    if prior == draft.patient_number:
        draft.warn(part, 1, "merge-with-itself")
        return
    old = draft.add("Patient", draft.id("patient", prior))
    draft.merged.add(("Patient", old["id"]))
    fill(draft, old, part, "Patient")
    old["active"] = False
    old["link"] = [{"other": reference(draft.patient), "type": "replaced-by"}]


def _moved(draft: Draft, part: Part) -> None:
    """The visit that follows (PV1) is of this patient now; under a number it had before it is an error."""
    if number := part.text(5):
        key = ("Encounter", draft.id("hl7-visit", number))
        old = draft.add(*key)
        old["status"] = "entered-in-error"
        draft.merged.add(key)
        draft.only_known.add(key)
        draft.warn(part, 5, "visit-moved")

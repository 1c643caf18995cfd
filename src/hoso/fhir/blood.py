"""The blood group that a coded answer means: findings of SNOMED CT (value set of the IPS) and answers of LOINC.

A transfusion may hang on it, so a code that is not in this table means nothing here; its words are read elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hoso.fhir.systems import LOINC, SNOMED


class Group(NamedTuple):
    """`abo` is A, B, AB, O or empty; `rhesus` is +, − or empty."""

    abo: str
    rhesus: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.abo, f"Rh{self.rhesus}" if self.rhesus else "") if part)


_UNKNOWN = Group("", "")
_ANSWERS: Mapping[tuple[str, str], Group] = {
    (SNOMED, "112144000"): Group("A", ""),
    (SNOMED, "112149005"): Group("B", ""),
    (SNOMED, "165743006"): Group("AB", ""),
    (SNOMED, "58460004"): Group("O", ""),
    (SNOMED, "165747007"): Group("", "+"),
    (SNOMED, "165746003"): Group("", "−"),
    (SNOMED, "278149003"): Group("A", "+"),
    (SNOMED, "278152006"): Group("A", "−"),
    (SNOMED, "278150003"): Group("B", "+"),
    (SNOMED, "278153001"): Group("B", "−"),
    (SNOMED, "278151004"): Group("AB", "+"),
    (SNOMED, "278154007"): Group("AB", "−"),
    (SNOMED, "278147001"): Group("O", "+"),
    (SNOMED, "278148006"): Group("O", "−"),
    (LOINC, "LA19710-5"): Group("A", ""),
    (LOINC, "LA19709-7"): Group("B", ""),
    (LOINC, "LA28449-9"): Group("AB", ""),
    (LOINC, "LA19708-9"): Group("O", ""),
    (LOINC, "LA6576-8"): Group("", "+"),
    (LOINC, "LA6577-6"): Group("", "−"),
}


def coded(concept: Mapping[str, Any] | None) -> Group:
    """What the codes of an answer say together; nothing when they contradict each other or are not known."""
    found = [_ANSWERS.get((one.get("system", ""), one.get("code", "")), _UNKNOWN) for one in _codings(concept)]
    abo, rhesus = {one.abo for one in found if one.abo}, {one.rhesus for one in found if one.rhesus}
    if len(abo) > 1 or len(rhesus) > 1:
        return _UNKNOWN
    return Group("".join(abo), "".join(rhesus))


def words(concept: Mapping[str, Any] | None) -> str:
    """What a person reads of an answer: its text, else the display of a code; never a bare code."""
    text = str((concept or {}).get("text", ""))
    return text or next((str(one["display"]) for one in _codings(concept) if one.get("display")), "")


def _codings(concept: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return [one for one in (concept or {}).get("coding", ()) if isinstance(one, Mapping)]

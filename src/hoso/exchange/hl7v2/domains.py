"""Number spaces as HL7 v2 names them (the assigning authority of a CX) and as records do (a system).

What is written here is understood here: a system stands beside its short name as a URI, and counts before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.people import TYPE, number_kind, of_kind
from hoso.fhir import systems

OURS = "HOSO"
"""The authority of citizen codes."""
_NAMES = {
    systems.CITIZEN_CODE: (OURS, ""),
    systems.PERSONAL_NUMBER: ("CCCD", "NI"),
    systems.OLD_CARD_NUMBER: ("CMND", "NI"),
    systems.INSURANCE_NUMBER: ("BHYT", "SB"),
    systems.PASSPORT_NUMBER: ("", "PPN"),
    systems.SOCIAL_NUMBER: ("", "SS"),
    systems.DRIVING_NUMBER: ("", "DL"),
}
"""Short name and type of number (table 0203)."""
_FACILITY = re.compile(r"https://hoso\.vn/sid/facility/([^/]+)/patient(?:/([^/]+))?\Z")
_OID = "urn:oid:"

Known = Callable[[str], bool]


class Domain(NamedTuple):
    """What stands in CX-4 and CX-5."""

    name: str = ""
    universal: str = ""
    kind: str = ""
    type: str = ""

    @classmethod
    def of(cls, part: Part, field: int, repetition: int = 1) -> Domain:
        name, universal, kind = (part.text(field, 4, sub, repetition) for sub in (1, 2, 3))
        return cls(name, universal, kind, part.text(field, 5, 1, repetition))


def system_of(domain: Domain, value: str, draft: Draft, known: Known) -> str:
    """The system that the sender (of `draft`) means; "" when it names none and has none of its own.

    A short name may be an authority beside the sender or a facility: it is the one of which numbers are `known`.
    """
    if _is_uri(domain):
        return domain.universal
    if domain.name.upper() == OURS:
        return systems.CITIZEN_CODE
    if kind := number_kind(domain.type, domain.name):
        if kind == "social" and not value:
            return systems.SOCIAL_NUMBER
        return str(of_kind(draft, kind, value)["system"])
    own = systems.facility_patient_number(draft.facility) if draft.facility else ""
    name = domain.name or domain.universal
    if name in ("", draft.facility):
        return own
    other = systems.facility_patient_number(name) if domain.name else _OID + domain.universal
    beside = f"{own}/{quote(name, safe='')}" if own else ""
    return beside if beside and known(beside) else other


def _is_uri(domain: Domain) -> bool:
    return domain.kind.upper() in ("URI", "URL") or "://" in domain.universal or domain.universal.startswith("urn:")


def components(identifier: Mapping[str, Any]) -> list[list[str]]:
    """A number of a record as the components of a CX."""
    system, value = str(identifier.get("system", "")), str(identifier.get("value", ""))
    codes = [
        str(one["code"])
        for one in identifier.get("type", {}).get("coding", ())
        if one.get("system") == TYPE and one.get("code")
    ]
    name, type = _NAMES.get(system, ("", ""))
    if found := _FACILITY.match(system):
        name, type = unquote(found[2] or found[1]), "MR"
    universal, kind = (system.removeprefix(_OID), "ISO") if system.startswith(_OID) else (system, "URI")
    return [[value], [""], [""], [name, universal, kind], [codes[0] if codes and system not in _NAMES else type]]

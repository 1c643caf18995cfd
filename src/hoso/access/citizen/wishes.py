"""What a citizen decides about sharing, as FHIR Consents that are enforced (fhir/consents.py): nothing else decides.

A decision has one Consent however often it is made; taking it back is its next version, so what held when stays known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal, cast, get_args

import orjson

from hoso.access.actor import Actor
from hoso.access.citizen.looks import own
from hoso.access.errand import Errand
from hoso.access.policy.matrix import kind_of, kinds
from hoso.access.records import Records
from hoso.access.scope import Scopes
from hoso.core.errors import Refused
from hoso.fhir.consents import FREE
from hoso.fhir.search import parse
from hoso.fhir.systems import FACILITY_CODE, LOINC, WISH
from hoso.store.contract import Store

Closed = Literal["record", "kind", "facility", "secondary"]
CLOSED: tuple[Closed, ...] = get_args(Closed)
"""One record from everybody, a kind of data from everybody, everything from a facility, everything for other uses."""
CLOSABLE = tuple(kind for kind, types in kinds().items() if not set(types) <= FREE and kind not in ("log", "ledger"))
"""Kinds of the table of permissions of which a Consent closes anything."""
SECONDARY = ("HRESCH", "PUBHLTH")
MOST = 200

_CODES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_TYPES = "http://hl7.org/fhir/resource-types"
_LONGEST = 128


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision in force. `target`: "Type/id", a kind, a facility's code; empty for other uses.

    `closed` is empty for a Consent that somebody else recorded; it is shown, and not the citizen's page's to end.
    """

    id: str
    closed: Closed | Literal[""]
    target: str
    made: str


class Wishes:
    def __init__(self, store: Store, records: Records) -> None:
        self._store, self._records = store, records

    def own(self, errand: Errand) -> list[Wish]:
        """In force about the citizen who asks, newest first."""
        own(self._store, errand)
        query = parse(
            "Consent",
            [("patient", errand.actor.person), ("status", "active"), ("_sort", "-_lastUpdated"), ("_count", str(MOST))],
        )
        found = (orjson.loads(version.body) for version in self._records.search(errand, query).matches)
        return [_wish(consent) for consent in found]

    def close(self, errand: Errand, closed: str, target: str) -> str:
        """Answers with the id of the Consent. Raises Refused 422 for what cannot be closed or is not the citizen's."""
        whole, _ = own(self._store, errand)
        if closed not in CLOSED or (closed == "kind" and target not in CLOSABLE):
            raise Refused.because(422, "value", "wish.kind")
        if closed == "facility" and not (0 < len(target) <= _LONGEST and target.isprintable()):
            raise Refused.because(422, "value", "wish.kind")
        if closed == "record":
            self._check_record(errand, target, whole)
        if closed == "secondary":
            target = ""
        now = self._records.clock().isoformat(timespec="seconds")
        consent = _consent(errand.actor.person, closed, target, now)
        if (there := self._mine(errand, consent["id"])) is not None and there["status"] == "active":
            return str(consent["id"])
        self._write(errand, consent)
        return str(consent["id"])

    def restrict(self, errand: Errand, person: str) -> None:
        """By the officer who granted it: closed for other uses, as if the citizen had; who may open it again.

        For whoever decided that the officer may: nothing is decided here.
        """
        consent = _consent(person, "secondary", "", self._records.clock().isoformat(timespec="seconds"))
        self._write(errand, consent)

    def take_back(self, errand: Errand, id: str) -> bool:
        """False for what is not a decision of this citizen on these pages, or was taken back before."""
        own(self._store, errand)
        consent = self._mine(errand, id)
        if consent is None or consent["status"] != "active":
            return False
        self._write(errand, consent | {"status": "inactive"})
        return True

    def _check_record(self, errand: Errand, target: str, whole: frozenset[int]) -> None:
        type, _, id = target.partition("/")
        closable = kind_of(type) in CLOSABLE and type not in FREE
        version = (
            self._records.read(errand, type, id) if closable and id.isprintable() and 0 < len(id) <= _LONGEST else None
        )
        if version is None or version.deleted or version.patient not in whole:
            raise Refused.because(422, "value", "wish.record")

    def _mine(self, errand: Errand, id: str) -> dict[str, Any] | None:
        version = self._records.read(errand, "Consent", id) if id.isprintable() else None
        if version is None or version.deleted:
            return None
        consent: dict[str, Any] = orjson.loads(version.body)
        about = consent["patient"].get("reference")
        return consent if _closed(consent) and about == f"Patient/{errand.actor.person}" else None

    def _write(self, errand: Errand, consent: dict[str, Any]) -> None:
        """With the right to this one type: a citizen's own scopes write nothing, here or by an app."""
        bare = Actor(errand.actor.id, Scopes.parse("system/Consent.cu"))
        deciding = replace(errand, actor=bare, reason=f"decided by the {errand.actor.role}")
        consent["meta"] = {"tag": consent["meta"]["tag"]}
        self._records.update(deciding, "Consent", consent["id"], orjson.dumps(consent))


def _consent(person: str, closed: Closed, target: str, now: str) -> dict[str, Any]:
    """The exception from a base that permits: the conditions of its one provision are denied."""
    return {
        "resourceType": "Consent",
        "id": f"wish-{sha256(f'{person} {closed} {target}'.encode()).hexdigest()[:40]}",
        "meta": {"tag": [{"system": WISH, "code": closed}]},
        "status": "active",
        "scope": {"coding": [{"system": _SCOPES, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": LOINC, "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{person}"},
        "dateTime": now,
        "policyRule": {"coding": [{"system": _CODES, "code": "OPTIN"}]},
        "provision": _denied(closed, target),
    }


def _denied(closed: Closed, target: str) -> dict[str, Any]:
    match closed:
        case "record":
            return {"data": [{"meaning": "instance", "reference": {"reference": target}}]}
        case "kind":
            return {"class": [{"system": _TYPES, "code": type} for type in _closable(kinds()[target])]}
        case "facility":
            role = {"coding": [{"system": _PARTICIPATION, "code": "PRCP"}]}
            return {"actor": [{"role": role, "reference": {"identifier": {"system": FACILITY_CODE, "value": target}}}]}
        case "secondary":
            return {"purpose": [{"system": _REASONS, "code": code} for code in SECONDARY]}


def _closable(types: Iterable[str]) -> list[str]:
    return sorted(set(types) - FREE)


def _closed(consent: dict[str, Any]) -> Closed | Literal[""]:
    tags = consent.get("meta", {}).get("tag", ())
    found = next((tag.get("code") for tag in tags if tag.get("system") == WISH), "")
    return cast(Closed, found) if found in CLOSED else ""


def _wish(consent: dict[str, Any]) -> Wish:
    closed, provision = _closed(consent), consent.get("provision", {})
    target = ""
    match closed:
        case "record":
            target = provision["data"][0]["reference"]["reference"]
        case "kind":
            target = kind_of(provision["class"][0]["code"]) or ""
        case "facility":
            target = provision["actor"][0]["reference"]["identifier"]["value"]
    return Wish(consent["id"], closed, target, str(consent.get("dateTime", "")))

"""What a message says against what is here: a later message stays, elements nobody spoke of stay, the same is the same.

HL7 v2 leaves out what has not changed and sends "" for what is gone, so a patient and a visit are changed by element;
other records are told whole. A message that comes late only adds what is still unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from hoso.access import Version
from hoso.exchange.hl7v2.draft import Draft, Key
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.fhir import json

_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
AS_OF = "https://hoso.vn/StructureDefinition/as-of"
"""When the message was made that knew the record so."""


class Door(Protocol):
    """What is asked of the records about what is here."""

    def heads(self, keys: Sequence[Key]) -> dict[Key, Version]: ...

    def find(self, criteria: str) -> Version | None: ...


class Settled(NamedTuple):
    """A record as it is to be stored; `present` when there is nothing to write."""

    resource: Resource
    present: bool


def settle(draft: Draft, door: Door, kept: Sequence[Key] = ()) -> list[Settled]:
    """All records of the message. `kept` are the message itself and its Provenance: when they are here, it is a replay,
    which changes nothing that is here, whatever came since."""
    wanted = {*kept, *draft.records, *(key for _, key in draft.links)}
    heads = {key: head for key, head in door.heads(sorted(wanted)).items() if not head.deleted}
    for reference, (type, id) in draft.links:
        if (type, id) in heads or ((type, id) in draft.records and (type, id) not in draft.only_known):
            reference["reference"] = f"{type}/{id}"
    draft.replayed = bool(kept) and all(key in heads for key in kept)
    found = []
    for key, resource in draft.records.items():
        head = heads.get(key)
        if head is not None and draft.replayed:
            found.append(Settled(_read(head), True))
            continue
        if head is not None and key[0] == "Encounter" and draft.event == "A08":
            found += _no_longer(draft, door, resource, _read(head))
        if head is not None:
            found.append(_against(draft, key, resource, _read(head)))
        elif key not in draft.only_known:
            found.append(Settled(_stamped(resource, "" if _is_aside(draft, key) else draft.made), False))
    return found


def _read(head: Version) -> Resource:
    """The head without what the server gave it."""
    resource: Resource = json.exact(head.body)
    meta = {name: value for name, value in resource.pop("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    given = [one for one in meta.pop("security", ()) if one.get("userSelected") is not False]
    meta |= {"security": given} if given else {}
    head_first: Resource = {"resourceType": head.type, "id": head.id}
    return {**head_first, **({"meta": meta} if meta else {}), **resource}


def _against(draft: Draft, key: Key, resource: Resource, head: Resource) -> Settled:
    aside = _is_aside(draft, key)
    late = bool(_as_of(head)) if aside else bool(draft.made) and _as_of(head) > draft.made
    if key not in draft.merged:
        if late:
            return Settled(head, True)
        told = resource
    elif late:
        told = _one_choice({**resource, **head}, head)
    else:
        told = _changed(draft, key, resource, head)
    if _content(told) == _content(head):
        return Settled(head, True)
    return Settled(_stamped(told, _as_of(head) if late or aside else draft.made), False)


def _is_aside(draft: Draft, key: Key) -> bool:
    """Whether it only mentions a visit: a result that is sent after somebody left does not know of the leaving. What
    an ADT message said of the visit stays, and the mention only adds what is still unknown."""
    return key[0] == "Encounter" and draft.kind != "ADT"


def _changed(draft: Draft, key: Key, resource: Resource, head: Resource) -> Resource:
    soft, gone = draft.soft.get(key, set()), draft.gone.get(key, set())
    found = {name: value for name, value in head.items() if name.removeprefix("_") not in gone}
    for name, value in resource.items():
        if name in soft and name in found:
            continue
        join = None if name == "diagnosis" and draft.event == "A08" else _JOINS.get(name)  # see _no_longer
        found[name] = join(found[name], value) if join and name in found else value
        if f"_{name}" in found and f"_{name}" not in resource:
            del found[f"_{name}"]
    found = _one_choice(found, resource)
    if key in draft.kept and any(name.startswith("value") for name in found):
        found.pop("dataAbsentReason", None)  # the value stays, whatever became of the result
    if key[0] == "Encounter":
        _take_back(draft, found, resource, head)
    return found


def _no_longer(draft: Draft, door: Door, resource: Resource, head: Resource) -> list[Settled]:
    """An update (A08) that lists diagnoses of a role lists all of them: those of that role before it are errors."""
    told = resource.get("diagnosis", [])
    if not told or _as_of(head) > draft.made:
        return []
    roles = [one.get("use") for one in told]
    kept = [one["condition"] for one in told]
    gone = [one for one in head.get("diagnosis", ()) if one.get("use") in roles and one["condition"] not in kept]
    head_list = [one for one in head.get("diagnosis", ()) if one not in gone]
    resource["diagnosis"] = [*(one for one in head_list if one["condition"] not in kept), *told]
    keys = [("Condition", one["condition"]["reference"].partition("/")[2]) for one in gone]
    found = []
    for version in door.heads(keys).values():
        if not version.deleted:
            wrong = {name: value for name, value in _read(version).items() if name != "clinicalStatus"}
            wrong["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]}
            found.append(Settled(_stamped(wrong, draft.made), False))
    return found


def _one_choice(found: Resource, told: Resource) -> Resource:
    """Of a choice (deceased[x]) what is told now."""
    for choice in ("deceased", "multipleBirth"):
        named = [name for name in found if name.startswith(choice)]
        if len(named) > 1:
            keep = next(name for name in named if name in told)
            found = {name: value for name, value in found.items() if name not in named or name == keep}
    return found


def _take_back(draft: Draft, found: Resource, resource: Resource, head: Resource) -> None:
    back = codes("taken-back").get(draft.event) if draft.kind == "ADT" else None
    if back == "end" and "end" not in resource.get("period", {}):
        found["period"] = {name: at for name, at in found.get("period", {}).items() if name != "end"}
        if not found["period"]:
            del found["period"]
    places = found.get("location", [])
    if back == "location" and resource.get("location"):  # the bed of the cancelled transfer was never one
        moved = [one["location"] for one in head.get("location", ()) if one.get("status") == "active"]
        here = [one["location"] for one in resource["location"]]
        places = [one for one in places if one["location"] in here or one["location"] not in moved]
    if draft.event == "A26":
        places = [one for one in places if one.get("status") != "planned"]
    if places:
        found["location"] = places


def _by(name: Callable[[Resource], Any]) -> Callable[[list[Resource], list[Resource]], list[Resource]]:
    """What is here and not spoken of stays."""

    def join(here: list[Resource], told: list[Resource]) -> list[Resource]:
        spoken = [name(one) for one in told]
        return [*(one for one in here if name(one) not in spoken), *told]

    return join


def _places(here: list[Resource], told: list[Resource]) -> list[Resource]:
    """A patient is in one place: the others are where they were."""
    spoken = [one["location"] for one in told]
    moves = any(one.get("status") == "active" for one in told)
    found = []
    for one in here:
        if one["location"] not in spoken:
            left = moves and one.get("status") == "active"
            found.append({**one, "status": "completed"} if left else one)
    return [*found, *told]


def _within(here: Resource, told: Resource) -> Resource:
    return {**here, **told}


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "identifier": _by(lambda one: one.get("system")),
    "extension": _by(lambda one: one["url"]),
    "telecom": _by(lambda one: one.get("use")),
    "participant": _by(lambda one: one.get("type")),
    "diagnosis": _by(lambda one: one.get("condition")),
    "location": _places,
    "period": _within,
    "hospitalization": _within,
}


def _as_of(resource: Resource) -> str:
    found = (one.get("valueDateTime", "") for one in resource.get("extension", ()) if one["url"] == AS_OF)
    return str(next(found, ""))


def _stamped(resource: Resource, at: str) -> Resource:
    """With the time of the message, by which a late one is known."""
    others = [one for one in resource.get("extension", ()) if one["url"] != AS_OF]
    stamp = [{"url": AS_OF, "valueDateTime": at}] if at else []
    found = {name: value for name, value in resource.items() if name != "extension"}
    return {**found, "extension": [*others, *stamp]} if others or stamp else found


def _content(resource: Resource) -> Resource:
    """What is said, but for when; labels that words gave are said again by the same words."""
    found = {name: value for name, value in resource.items() if name not in ("meta", "extension")}
    others = [one for one in resource.get("extension", ()) if one["url"] != AS_OF]
    return found | {"extension": others} if others else found

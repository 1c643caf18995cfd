"""A visit as a FHIR Bundle for another server: the same bytes whenever it is made of the same versions.

Records keep their ids, so that a transaction that comes twice changes nothing. A facility, a person of staff or a
medicine that the Bundle does not hold is named by its number, else by its address here, else in words. Of what else is
not held nothing is said: it may be there and closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hoso.access.policy.matrix import kinds
from hoso.exchange.insurance.mapping import Resource
from hoso.fhir.json import encode

Kind = Literal["transaction", "collection"]
_OPEN = frozenset(type for kind in ("facility", "catalogue") for type in kinds()[kind])
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_OWN = ("versionId", "lastUpdated", "source")


def bundle(resources: Sequence[Resource], kind: Kind, base: str) -> bytes:
    """`base`: the address under which this node answers FHIR; "" when it has none."""
    here = {f"{one['resourceType']}/{one['id']}" for one in resources}
    whole = [_sent(one, here, base) for one in resources]
    return encode({"resourceType": "Bundle", "type": kind, "entry": [_entry(one, kind) for one in whole]})


def _entry(resource: Resource, kind: Kind) -> dict[str, Any]:
    name = f"{resource['resourceType']}/{resource['id']}"
    if kind == "collection":
        return {"resource": resource}
    return {"resource": resource, "request": {"method": "PUT", "url": name}}


def _sent(resource: Resource, here: set[str], base: str) -> Resource:
    """Without what is of this server, and with references that hold elsewhere."""
    kept = {name: value for name, value in resource.get("meta", {}).items() if name not in _OWN}
    made = {name: _referring(value, here, base) for name, value in resource.items() if name != "meta"}
    return {"resourceType": made.pop("resourceType"), "id": made.pop("id"), **({"meta": kept} if kept else {}), **made}


def _referring(node: Any, here: set[str], base: str) -> Any:
    if isinstance(node, list):
        return [_referring(one, here, base) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: _referring(value, here, base) for name, value in node.items()}
    target = node.get("reference")
    if isinstance(target, str) and not _holds(target, here):
        del made["reference"]
        made |= _named(target, made, base)
    return made


def _holds(target: str, here: set[str]) -> bool:
    return target in here or target.startswith("#") or "://" in target or target.startswith("urn:")


def _named(target: str, made: dict[str, Any], base: str) -> dict[str, Any]:
    if target.partition("/")[0].partition("?")[0] not in _OPEN:
        made.clear()
        return {"extension": [{"url": _ABSENT, "valueCode": "masked"}]}
    if made.get("identifier"):
        return {}
    if base:
        return {"reference": f"{base}/{target}"}
    return {} if made.get("display") else {"display": target}

"""Resources inside resources: contained ones with their limits (dom-2 to dom-5), entries of a Bundle or Parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hoso.fhir.model import load
from hoso.fhir.rules.bundles import bundle_faults, entry_types
from hoso.fhir.rules.faults import LIMIT, Context, Faults, Rule, one, shown, under
from hoso.fhir.rules.primitives import is_id

RuleOf = Callable[[str], Rule]
_BARRED = (("versionId", "invariant.dom-4"), ("lastUpdated", "invariant.dom-4"), ("security", "invariant.dom-5"))


def check_resource(rule_of: RuleOf, value: Any, full_urls: Mapping[str, str]) -> Faults | None:
    """A resource that stands for itself: the one received, or one in a Bundle entry or a parameter."""
    wrong = _type_fault(value)
    if wrong is not None:
        return wrong
    name = value["resourceType"]
    context = Context(value, value, full_urls=entry_types(value) if name == "Bundle" else full_urls)
    contained = "contained" in value
    if contained:
        context.contained = _ids(value["contained"])
    faults = rule_of(name)(value, context)
    if faults is None and contained:
        faults = _unreferenced(value, context.pointed)
    if faults is None and name == "Bundle":
        faults = bundle_faults(value)
    return faults or None


def resource_rule(rule_of: RuleOf) -> Rule:
    def check(value: Any, context: Context) -> Faults | None:
        return check_resource(rule_of, value, context.full_urls)

    return check


def contained_rule(rule_of: RuleOf) -> Rule:
    def check(values: Any, context: Context) -> Faults | None:
        if type(values) is not list or not values:
            return one("structure", "validate.not-a-list" if type(values) is not list else "validate.empty-list")
        if context.resource is not context.root:
            return one("invariant", "invariant.dom-2")
        found: Faults = []
        for place, value in enumerate(values):
            found += under(f"[{place}]", _contained(rule_of, value, context) or [])
            if len(found) > LIMIT:
                break
        return found or _same_ids(values)

    return check


def _contained(rule_of: RuleOf, value: Any, context: Context) -> Faults | None:
    wrong = _type_fault(value)
    if wrong is not None:
        return wrong
    inner = Context(value, context.root, context.contained, context.pointed, full_urls=context.full_urls)
    faults = rule_of(value["resourceType"])(value, inner)
    if faults is not None:
        return faults
    meta = value.get("meta", {})
    for name, key in _BARRED:
        if name in meta:
            return one("invariant", key, f".meta.{name}")
    if "id" not in value:
        return one("required", "validate.contained-id")
    if inner.points_home:
        context.pointed.add("#" + value["id"])
    return None


def _unreferenced(resource: dict[str, Any], pointed: set[str]) -> Faults:
    """dom-3: a contained resource nothing points to has no place in the record."""
    return [
        fault
        for place, value in enumerate(resource["contained"])
        if "#" + value["id"] not in pointed
        for fault in one("invariant", "invariant.dom-3", f".contained[{place}]", id=value["id"])
    ][: LIMIT + 1]


def _same_ids(values: list[Any]) -> Faults | None:
    seen: set[str] = set()
    for value in values:
        if value["id"] in seen:
            return one("invariant", "validate.contained-same-id", id=value["id"])
        seen.add(value["id"])
    return None


def _ids(values: Any) -> dict[str, str]:
    if not isinstance(values, list):
        return {}
    return {
        v["id"]: v["resourceType"]
        for v in values
        if isinstance(v, dict) and is_id(v.get("id")) and isinstance(v.get("resourceType"), str)
    }


def _type_fault(value: Any) -> Faults | None:
    if type(value) is not dict:
        return one("structure", "validate.not-an-object" if value is not None else "validate.null", value=shown(value))
    name = value.get("resourceType")
    if name is None:
        return one("structure", "json.no-resource-type")
    if type(name) is not str or name not in load().type_number:
        return one("structure", "validate.unknown-type", type=shown(name))
    return None

"""Frequent clinical invariants written as Python, because FHIRPath for them would be most of the time of a validation.

A node has passed its structural rules before it comes here, so that its members have the right types.
"""

from __future__ import annotations

from typing import Any

from hoso.core.dates import parse_span
from hoso.fhir.rules.faults import Context, Test
from hoso.fhir.ucum import canonical

Node = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
CONDITION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"


def _has(node: Node, name: str) -> bool:
    return name in node or "_" + name in node


def _has_choice(node: Node, name: str) -> bool:
    return any(key.removeprefix("_").startswith(name) for key in node)


def _coded(node: Node, name: str, system: str, *codes: str) -> bool:
    """The concept `name` carries one of the codes."""
    for coding in node.get(name, {}).get("coding", ()):
        if coding.get("code") in codes and coding.get("system") == system:
            return True
    return False


def _in_order(first: str, second: str) -> bool:
    """Not certainly after one another: "2020" and "2020-05" may be in order."""
    if len(first) == len(second) and first[19:] == second[19:]:
        return first <= second
    return parse_span(first).low < parse_span(second).high


def _period(node: Node, context: Context) -> bool:
    start, end = node.get("start"), node.get("end")
    return start is None or end is None or _in_order(start, end)


def _handed_over(node: Node, context: Context) -> bool:
    prepared, handed = node.get("whenPrepared"), node.get("whenHandedOver")
    return prepared is None or handed is None or _in_order(prepared, handed)


def _task_times(node: Node, context: Context) -> bool:
    authored, modified = node.get("authoredOn"), node.get("lastModified")
    return authored is None or modified is None or _in_order(authored, modified)


def _range(node: Node, context: Context) -> bool:
    """Ends in units that cannot be compared are not out of order."""
    low, high = node.get("low", {}), node.get("high", {})
    if "value" not in low or "value" not in high:
        return True
    if all(low.get(name) == high.get(name) for name in ("system", "code", "unit")):
        return bool(low["value"] <= high["value"])
    if not low.get("system") == high.get("system") == UCUM:
        return True
    small = canonical(low["value"], low.get("code", ""))
    large = canonical(high["value"], high.get("code", ""))
    return small is None or large is None or small[1] != large[1] or small[0] <= large[0]


def _abated(node: Node, context: Context) -> bool:
    return not _has_choice(node, "abatement") or _coded(
        node, "clinicalStatus", CONDITION_STATUS, "resolved", "remission", "inactive"
    )


def _condition_void(node: Node, context: Context) -> bool:
    return "clinicalStatus" not in node or not _coded(
        node, "verificationStatus", CONDITION_VERIFICATION, "entered-in-error"
    )


def _allergy_status(node: Node, context: Context) -> bool:
    void = _coded(node, "verificationStatus", ALLERGY_VERIFICATION, "entered-in-error")
    return void or "clinicalStatus" in node


def _allergy_void(node: Node, context: Context) -> bool:
    void = _coded(node, "verificationStatus", ALLERGY_VERIFICATION, "entered-in-error")
    return not void or "clinicalStatus" not in node


def _component_codes(node: Node, context: Context) -> bool:
    """A value of its own and a component with the same code would say one thing twice."""
    components = node.get("component")
    if not components or not _has_choice(node, "value"):
        return True
    own = context.resource.get("code", {}).get("coding", ())
    return not any(coding in own for part in components for coding in part.get("code", {}).get("coding", ()))


def _not_home(node: Node, context: Context) -> bool:
    return node.get("use") != "home"


def _named(node: Node, context: Context) -> bool:
    return "identifier" in node or _has(node, "name")


def _ratio(node: Node, context: Context) -> bool:
    both = ("numerator" in node) == ("denominator" in node)
    return both and ("numerator" in node or "extension" in node)


def _parameter(node: Node, context: Context) -> bool:
    return ("part" in node) + ("resource" in node) + _has_choice(node, "value") == 1


def _measured(node: Node) -> bool:
    return (_has(node, "code") or not _has(node, "value")) and (not _has(node, "system") or node.get("system") == UCUM)


def _age(node: Node, context: Context) -> bool:
    value = node.get("value")
    return _measured(node) and (value is None or value > 0)


def _distance(node: Node, context: Context) -> bool:
    return _measured(node)


def _duration(node: Node, context: Context) -> bool:
    return not _has(node, "code") or (node.get("system") == UCUM and _has(node, "value"))


def _appointment_times(node: Node, context: Context) -> bool:
    both = _has(node, "start") and _has(node, "end")
    return both or node.get("status") in ("proposed", "cancelled", "waitlist")


def _cancelled(node: Node, context: Context) -> bool:
    return "cancelationReason" not in node or node.get("status") in ("no-show", "cancelled")


def _target(node: Node, context: Context) -> bool:
    return not _has_choice(node, "detail") or "measure" in node


def _answered(node: Node, context: Context) -> bool:
    return not ("answer" in node and "item" in node)


def _codes_differ(node: Node, context: Context) -> bool:
    """No code of the system stands twice, however deep. By FHIRPath 50,000 codes go beyond any budget."""
    seen: set[str] = set()
    waiting: list[Node] = list(node.get("concept", ()))
    while waiting:
        one = waiting.pop()
        code = one.get("code")
        if code is not None:
            if code in seen:
                return False
            seen.add(code)
        waiting.extend(one.get("concept", ()))
    return True


def _links_differ(node: Node, context: Context) -> bool:
    """No linkId anywhere below, contained resources included, is there twice; one may be only an extension."""
    seen: set[str] = set()
    waiting: list[Any] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "linkId" in one or "_linkId" in one:
                link = str(one.get("linkId") or one["_linkId"])
                if link in seen:
                    return False
                seen.add(link)
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return True


def _display_codes(node: Node, context: Context) -> bool:
    return node.get("type") != "display" or "code" not in node


def _question_group(node: Node, context: Context) -> bool:
    kind = node.get("type")
    return "item" in node if kind == "group" else kind != "display" or "item" not in node


def _initial_values(node: Node, context: Context) -> bool:
    return node.get("repeats") is True or len(node.get("initial", ())) <= 1


def _list_deleted(node: Node, context: Context) -> bool:
    return node.get("mode") == "changes" or not any(_has(entry, "deleted") for entry in node.get("entry", ()))


def _list_dates(node: Node, context: Context) -> bool:
    return node.get("mode") == "working" or not any(_has(entry, "date") for entry in node.get("entry", ()))


def _probable(node: Node, context: Context) -> bool:
    """A risk told in words or as a range has no decimal to be too large."""
    return bool(node.get("probabilityDecimal", 0) <= 100)


def _snapshot_paths(node: Node, context: Context) -> bool:
    first, *rest = _paths(node)
    at_root = context.resource.get("kind") == "logical" or first == context.resource.get("type")
    return at_root and all(path.startswith(first + ".") for path in rest)


def _differential_paths(node: Node, context: Context) -> bool:
    first, *rest = _paths(node)
    logical = context.resource.get("kind") == "logical"
    if not (logical or first.startswith(context.resource.get("type", ""))):
        return False
    root = first.partition(".")[0] + "."
    return all(path.startswith(root) for path in rest)


def _paths(node: Node) -> list[str]:
    """Compared in one pass: through FHIRPath the first path would be sought again for every element."""
    return [element.get("path", "") for element in node["element"]]


def _at_least_zero(name: str) -> Test:
    return lambda node, context: node.get(name, 0) >= 0


NATIVE: dict[str, Test] = {
    "age-1": _age,
    "ait-1": _allergy_status,
    "ait-2": _allergy_void,
    "app-3": _appointment_times,
    "app-4": _cancelled,
    "con-4": _abated,
    "con-5": _condition_void,
    "csd-1": _codes_differ,
    "dis-1": _distance,
    "drt-1": _duration,
    "gol-1": _target,
    "lst-2": _list_deleted,
    "lst-3": _list_dates,
    "mdd-1": _handed_over,
    "obs-7": _component_codes,
    "org-1": _named,
    "org-2": _not_home,
    "org-3": _not_home,
    "Parameters.parameter.inv-1": _parameter,
    "per-1": _period,
    "qrs-1": _answered,
    "que-1": _question_group,
    "que-13": _initial_values,
    "que-2": _links_differ,
    "que-3": _display_codes,
    "ras-2": _probable,
    "rat-1": _ratio,
    "rng-2": _range,
    "sdf-8": _snapshot_paths,
    "sdf-8a": _differential_paths,
    "Task.inv-1": _task_times,
    "tim-4": _at_least_zero("duration"),
    "tim-5": _at_least_zero("period"),
}

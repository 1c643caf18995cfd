"""Compiles the model's types to rules: one closure per type, made on first use and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from hoso.fhir.model import Element, TypeDef, TypeRef, load
from hoso.fhir.rules import containers
from hoso.fhir.rules.bindings import allowed_codes, bound
from hoso.fhir.rules.codes import own_code_rule
from hoso.fhir.rules.faults import ALIGN, LIMIT, Context, Fault, Faults, Rule, one, shown, under
from hoso.fhir.rules.invariants import Named, invariant_tests
from hoso.fhir.rules.narrative import fault_in
from hoso.fhir.rules.primitives import CHECKS, QUICK, TEXT_LIMIT
from hoso.fhir.rules.references import reference_rule
from hoso.fhir.rules.report import Report, not_object, not_primitive

_made: dict[str, Rule] = {}
_making: dict[str, Rule] = {}
_lock = RLock()


def rule_of(name: str) -> Rule:
    """The rule of a type by its name ("Patient", "HumanName", "Observation.component", "code")."""
    try:
        return _made[name]
    except KeyError:
        return _made_whole(name)


def _made_whole(name: str) -> Rule:
    """Rules refer to each other in circles, so a rule is seen by other threads only when all it refers to is made."""
    with _lock:
        known = _made.get(name) or _making.get(name)
        if known is not None:
            return known
        outermost = not _making
        try:
            rule = _make(name)
            if outermost:
                _made.update(_making)
            return rule
        finally:
            if outermost:
                _making.clear()


def _make(name: str) -> Rule:
    definition = load().types[name]
    if definition.kind == "primitive":
        rule = _making[name] = _narrative if name == "xhtml" else _primitive(name)
        return rule
    rules: dict[str, Rule] = {}
    quick: dict[str, Callable[[str], object]] = {}
    # Registered before its children are made: types refer to each other in circles.
    rule = _object(definition, rules, quick)
    if name == "Identifier":
        rule = own_code_rule(rule)
    _making[name] = rule
    for element in definition.elements:
        for key, ref in element.spellings():
            rules[key] = _of_element(element, ref)
            if ref.code in QUICK and _sole(element):
                quick[key] = allowed_codes(element.codes).__contains__ if element.codes else QUICK[ref.code]
            if ref.code in load().types and load().types[ref.code].kind == "primitive":
                rules["_" + key] = _sibling_list if _many(element) else _sibling
    if definition.kind == "resource":
        quick["resourceType"] = {name}.__contains__
    return rule


def _of_element(element: Element, ref: TypeRef) -> Rule:
    if element.name == "contained":
        return containers.contained_rule(rule_of)
    if ref.code == "Resource":
        return containers.resource_rule(rule_of)
    rule = rule_of(ref.profile or ref.code)
    if ref.code == "Reference":
        rule = reference_rule(rule, ref.targets)
    elif ref.code in ("uri", "url", "canonical"):
        rule = _pointing(rule)
    if element.codes:
        rule = bound(rule, ref.code, element.codes)
    tests = invariant_tests(element.invariants, element.name, ref.code)
    if tests:
        rule = _tested(rule, tests)
    return _list(rule, element) if _many(element) else rule


def _many(element: Element) -> bool:
    return element.max is None or element.max > 1


def _sole(element: Element) -> bool:
    """A single value whose format is all there is to check."""
    return not _many(element) and not element.invariants


def _primitive(name: str) -> Rule:
    valid = CHECKS[name]

    def check(value: Any, context: Context) -> Faults | None:
        if valid(value):
            return None
        return not_primitive(value, name)

    return check


def _narrative(value: Any, context: Context) -> Faults | None:
    if type(value) is not str:
        return not_primitive(value, "xhtml")
    fault = fault_in(value)
    return one("invariant", fault[0], found=shown(fault[1])) if fault else None


def _pointing(rule: Rule) -> Rule:
    """A uri may point to a contained resource as "#id"."""

    def check(value: Any, context: Context) -> Faults | None:
        faults = rule(value, context)
        if faults is None and value[0] == "#":
            context.pointed.add(value)
            if value == "#":
                context.points_home = True
        return faults

    return check


def _tested(rule: Rule, tests: tuple[Named, ...]) -> Rule:
    def check(value: Any, context: Context) -> Faults | None:
        faults = rule(value, context)
        return _failed(tests, value, context) if faults is None else faults

    return check


def _failed(tests: Iterable[Named], value: Any, context: Context) -> Faults | None:
    found = [
        Fault("", "invariant", named.message, {"rule": named.key, "expression": named.expression})
        for named in tests
        if not named.test(value, context)
    ]
    return found or None


def _list(item: Rule, element: Element) -> Rule:
    low, high = element.min, element.max

    def check(values: Any, context: Context) -> Faults | None:
        if type(values) is not list:
            return one("structure", "validate.not-a-list" if values is not None else "validate.null")
        if not values:
            return one("structure", "validate.empty-list")
        found: Faults | None = None
        gaps = False
        for place, value in enumerate(values):
            faults = item(value, context)
            if faults is not None:
                if value is None or faults is ALIGN:
                    gaps = True
                    continue
                found = (found or []) + under(f"[{place}]", faults)
                if len(found) > LIMIT:
                    break
        if found is None and (len(values) < low or (high is not None and len(values) > high)):
            return one("structure", "validate.count", count=str(len(values)), min=str(low), max=str(high or "*"))
        return found if found is not None or not gaps else ALIGN

    return check


def _sibling(value: Any, context: Context) -> Faults | None:
    """`_birthDate`: id and extensions of a primitive; whether they suffice depends on the value beside them."""
    faults = rule_of("Element")(value, context)
    if faults is None or (type(value) is dict and len(value) == 1 and "id" in value):
        return ALIGN
    return faults


def _sibling_list(values: Any, context: Context) -> Faults | None:
    return _list(lambda v, c: None if v is None else _sibling(v, c), _ANY_NUMBER)(values, context) or ALIGN


_ANY_NUMBER = Element("", (), max=None)


def _object(definition: TypeDef, rules: dict[str, Rule], quick: dict[str, Callable[[str], object]]) -> Rule:
    is_element = definition.kind != "resource"
    required = tuple(e.name for e in definition.elements if e.min and not e.choice)
    choices = tuple(
        (frozenset(k for key, _ in e.spellings() for k in (key, "_" + key)), e.name, e.min)
        for e in definition.elements
        if e.choice
    )
    tests = invariant_tests(definition.invariants, definition.name, definition.name, definition)
    rule_for, accepts = rules.get, quick.get
    decimals = frozenset(key for key, (e, ref) in definition.properties.items() if ref.code == "decimal" and _sole(e))
    report = Report(definition)

    def check(node: Any, context: Context) -> Faults | None:
        if type(node) is not dict:
            return not_object(node)
        if is_element and len(node) < 2 and (not node or "id" in node):
            return one("invariant", "invariant.ele-1")
        found: Faults | None = None
        for key, value in node.items():
            if type(value) is str:
                sure = accepts(key)
                if sure is len:
                    if 0 < len(value) <= TEXT_LIMIT:
                        continue
                elif sure is not None and sure(value):
                    continue
            elif type(value) is float and key in decimals:
                continue
            rule = rule_for(key)
            if rule is None:
                found = report.unknown(found, key)
                if len(found) > LIMIT:
                    return found
                continue
            faults = rule(value, context)
            if faults is not None:
                found = report.inside(found, node, key, faults)
        for name in required:
            if name not in node and "_" + name not in node:
                found = report.missing(found, name)
        for keys, name, low in choices:
            present = keys.intersection(node)
            if len(present) > 1 or (low and not present):
                found = report.choice(found, present, name, low)
        if found is None and tests:
            for named in tests:
                if not named.test(node, context):
                    return _failed(tests, node, context)
        return found

    return check

"""Required bindings whose codes can be listed: the code must be one of them, a concept must carry one of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hoso.fhir.model import load
from hoso.fhir.rules.faults import Context, Faults, Rule, one, shown

SHOWN = 20
"""Allowed codes an error message lists."""


def bound(rule: Rule, type: str, name: str) -> Rule:
    """`rule`, and then a look at the code set `name`."""
    codes = load().codes[name]
    if type == "Coding":
        return _coding(rule, codes, name)
    if type == "CodeableConcept":
        return _concept(rule, codes, name)
    return _code(rule, allowed_codes(name), name)


@cache
def allowed_codes(name: str) -> frozenset[str]:
    return frozenset(code for part in load().codes[name].values() for code in part)


def _code(rule: Rule, allowed: frozenset[str], name: str) -> Rule:
    def check(value: Any, context: Context) -> Faults | None:
        if type(value) is str and value in allowed:
            return None
        return rule(value, context) or one(
            "code-invalid", "validate.code", value=shown(value), set=name, allowed=_listed(allowed)
        )

    return check


def _coding(rule: Rule, codes: Mapping[str, tuple[str, ...]], name: str) -> Rule:
    pairs = frozenset((system, code) for system, part in codes.items() for code in part)

    def check(value: Any, context: Context) -> Faults | None:
        faults = rule(value, context)
        if faults is not None or (value.get("system"), value.get("code")) in pairs or _only_extended(value):
            return faults
        return _not_in_set(value, pairs, name)

    return check


def _concept(rule: Rule, codes: Mapping[str, tuple[str, ...]], name: str) -> Rule:
    pairs = frozenset((system, code) for system, part in codes.items() for code in part)

    def check(value: Any, context: Context) -> Faults | None:
        faults = rule(value, context)
        if faults is not None or _only_extended(value):
            return faults
        codings = value.get("coding", ())
        for coding in codings:
            if (coding.get("system"), coding.get("code")) in pairs:
                return None
        return _not_in_set(codings[0] if codings else {}, pairs, name)

    return check


def _only_extended(value: dict[str, Any]) -> bool:
    """An extension in place of the content (data-absent-reason) says why there is no code."""
    return "extension" in value and not (value.keys() & {"coding", "text", "code"})


def _not_in_set(coding: dict[str, Any], pairs: frozenset[tuple[str, str]], name: str) -> Faults:
    found = f"{coding.get('system', '')}|{coding.get('code', '')}"
    allowed = _listed(frozenset(f"{system}|{code}" for system, code in pairs))
    return one("code-invalid", "validate.code", value=shown(found), set=name, allowed=allowed)


def _listed(allowed: frozenset[str]) -> str:
    names = sorted(allowed)
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")

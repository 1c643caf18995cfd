"""A primitive and its `_` sibling are one element: together they must say something, and arrays must line up."""

from __future__ import annotations

from typing import Any

from hoso.fhir.rules.faults import Faults, one


def aligned(values: Any, extras: Any) -> Faults:
    """Faults of a primitive property against its sibling; either may be absent (None)."""
    if not isinstance(values, list) and not isinstance(extras, list):
        return [] if values is not None or _says_something(extras) else one("invariant", "invariant.ele-1")
    if (values is not None and not isinstance(values, list)) or (extras is not None and not isinstance(extras, list)):
        return one("structure", "validate.sibling-shape")
    if values is not None and extras is not None and len(values) != len(extras):
        return one("structure", "validate.sibling-length", values=str(len(values)), extras=str(len(extras)))
    for place in range(len(values or extras or ())):
        value = values[place] if values is not None else None
        extra = extras[place] if extras is not None else None
        if value is None and extra is None:
            return one("structure", "validate.null", f"[{place}]")
        if value is None and not _says_something(extra):
            return one("invariant", "invariant.ele-1", f"[{place}]")
    return []


def _says_something(extra: Any) -> bool:
    return isinstance(extra, dict) and "extension" in extra

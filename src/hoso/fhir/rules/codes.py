"""A citizen code whose check digits do not fit is refused wherever an Identifier stands; R4 itself has no such rule."""

from __future__ import annotations

from typing import Any

from hoso.core import citizen_code
from hoso.fhir.rules.faults import Context, Faults, Rule, one, shown


def code_fits(identifier: dict[str, Any], context: Context) -> bool:
    """An Identifier of another system, without a value, or with a code written as its 13 digits without spaces."""
    if identifier.get("system") != citizen_code.SYSTEM:
        return True
    code = identifier.get("value")
    return code is None or citizen_code.is_valid(code)


def own_code_rule(rule: Rule) -> Rule:
    """The rule of Identifier with ours after it."""

    def check(value: Any, context: Context) -> Faults | None:
        faults = rule(value, context)
        if faults is not None or code_fits(value, context):
            return faults
        return one("value", "validate.citizen-code", ".value", value=shown(value["value"]))

    return check

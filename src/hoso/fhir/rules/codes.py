"""A citizen code whose check digits do not fit is refused wherever an Identifier stands; R4 itself has no such rule."""

from __future__ import annotations

from typing import Any

from hoso.core import citizen_code
from hoso.fhir.rules.faults import Context, Faults, Rule, one, shown


def own_code_rule(rule: Rule) -> Rule:
    """The rule of Identifier with ours after it. A citizen code is written as its 13 digits, without spaces."""

    def check(value: Any, context: Context) -> Faults | None:
        faults = rule(value, context)
        if faults is not None or value.get("system") != citizen_code.SYSTEM:
            return faults
        code = value.get("value")
        if code is None or citizen_code.is_valid(code):
            return None
        return one("value", "validate.citizen-code", ".value", value=shown(code))

    return check

"""Which resource types a reference parameter may point to."""

from __future__ import annotations

import re
from functools import cache

from hoso.fhir.model import load

_DEMAND = re.compile(r"resolve\(\) is (\w+)")


@cache
def targets(type: str, code: str) -> tuple[str, ...]:
    """An expression that demands certain types in every branch leaves only those."""
    param = load().search_params[type][code]
    demanded = [_DEMAND.search(branch) for branch in param.expression.split("|")]
    if all(demanded):
        return tuple(sorted({found[1] for found in demanded if found}))
    return param.targets or load().resource_types

"""Which resource types a reference parameter may point to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from hoso.fhir.added import is_added
from hoso.fhir.model import SearchParam, load

_DEMAND = re.compile(r"resolve\(\) is (\w+)")


def joined(types: Iterable[str], param: SearchParam) -> tuple[str, ...]:
    """What a parameter of several types may point to; one that was added says so itself."""
    if is_added(param.code):
        return param.targets or load().resource_types
    return tuple(sorted({t for type in types for t in targets(type, param.code)}))


@cache
def targets(type: str, code: str) -> tuple[str, ...]:
    """An expression that demands certain types in every branch leaves only those."""
    param = load().search_params[type][code]
    demanded = [_DEMAND.search(branch) for branch in param.expression.split("|")]
    if all(demanded):
        return tuple(sorted({found[1] for found in demanded if found}))
    return param.targets or load().resource_types

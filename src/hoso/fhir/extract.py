"""What search sees of a resource: `extract` runs all search parameters of its type over the JSON at once.

Closures are compiled per type on first use. A value that has no place in the index (a date that does not exist, a
SampledData) is left out; extraction of a valid resource never fails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hoso.core.dates import OPEN_LOW
from hoso.fhir.consents import ruled
from hoso.fhir.extraction.clinical import CLINICAL_DATE
from hoso.fhir.extraction.codes import code_reader
from hoso.fhir.extraction.composite import composites, select
from hoso.fhir.extraction.generate import Spot, Visit, compiled
from hoso.fhir.extraction.plan import Path, paths, present_and_not_false
from hoso.fhir.indexed import Indexed
from hoso.fhir.labels import inherit
from hoso.fhir.model import Model, SearchParam, load
from hoso.fhir.path.parser import parse
from hoso.fhir.relations import TYPES as TYING
from hoso.fhir.relations import related

# The store knows these of every resource without an index.
KNOWN_BY_STORE = ("_id", "_lastUpdated")

Extract = Callable[[dict[str, Any]], Indexed]


def extract(resource: dict[str, Any]) -> Indexed:
    """All index values of one valid resource; raises KeyError for a type that R4 does not have."""
    return extractor(resource["resourceType"])(resource)


@cache
def extractor(type: str) -> Extract:
    """The compiled extraction of one resource type."""
    model = load()
    params = model.search_params[type]
    always = sum(1 << params[code].bit for code in KNOWN_BY_STORE)
    visit, rest = _values(type, params, model), _computed(type, params, model)
    dated, subject = _clinical_date(type), _patient(type, model)

    agrees = type == "Consent"
    ties, inherits = type in TYING, type in inherit.types()

    def run(resource: dict[str, Any]) -> Indexed:
        out = Indexed(present=always)
        visit(out, resource)
        for emit in rest:
            emit(out, resource)
        out.clinical_date = dated(out)
        out.patient = subject(out, resource)
        if ties:
            out.relations = related(resource)
        if agrees:
            out.rulings = ruled(resource)
            named = {name for one in out.rulings for name in (one.grantee, one.record) if name}
            out.references += [(inherit.NAMES, *name) for name in sorted(named)]
        if inherits:
            out.references += inherit.edges(resource)
        return out

    return run


def _values(type: str, params: dict[str, SearchParam], model: Model) -> Visit:
    root = Spot()
    for param in params.values():
        if param.special or param.type == "composite" or param.code in KNOWN_BY_STORE:
            continue
        tree = parse(param.expression)
        if present_and_not_false(tree) is None:
            for path in paths(tree, type, type, model):
                root.add(path, param.type, param.code, param.bit, code_reader(param.type, path))
    return compiled(root)


def _computed(type: str, params: dict[str, SearchParam], model: Model) -> list[Visit]:
    found: list[Visit] = list(composites(type, params, model))
    for param in params.values():
        flag = present_and_not_false(parse(param.expression)) if param.expression and not param.special else None
        if flag is not None:
            found.append(_flag(param, list(paths(flag, type, type, model))))
    return found


def _flag(param: SearchParam, found: list[Path]) -> Visit:
    """True or false for every resource: something is there, and it is not `false`."""
    selects = [select(path) for path in found]

    def emit(out: Indexed, resource: Any) -> None:
        items = [item for read in selects for item in read(resource)]
        out.tokens.append((param.code, None, "true" if items and items != [False] else "false"))
        out.present |= 1 << param.bit

    return emit


def _clinical_date(type: str) -> Callable[[Indexed], int | None]:
    wanted = CLINICAL_DATE.get(type, ())

    def date(out: Indexed) -> int | None:
        for name in wanted:
            for param, low, high in out.dates:
                if param == name:
                    return low if low != OPEN_LOW else high
        return None

    return date


def _patient(type: str, model: Model) -> Callable[[Indexed, dict[str, Any]], str | None]:
    if type == "Patient":
        return lambda out, resource: resource.get("id")
    rank = model.compartments["Patient"].get(type, ())

    def patient(out: Indexed, resource: dict[str, Any]) -> str | None:
        for name in rank:
            for param, target, id in out.references:
                if target == "Patient" and param == name:
                    return id
        return None

    return patient

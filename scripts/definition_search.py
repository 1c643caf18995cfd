"""Turns SearchParameter resources into one list per resource type, each expression cut down to that type."""

from __future__ import annotations

from typing import Any

import msgspec

from hoso.fhir.model import Definitions, SearchParam, TypeDef

Resource = dict[str, Any]
PROFILE = "http://hl7.org/fhir/SearchParameter/"
WITHOUT_DEFINITION = ("_has", "_list", "_type")
"""Parameters the R4 search page defines without a SearchParameter resource."""


def search_params(
    found: list[Resource], order: tuple[str, ...], types: dict[str, TypeDef], previous: Definitions | None
) -> dict[str, list[SearchParam]]:
    codes = {r["url"]: r["code"] for r in found}
    result: dict[str, list[SearchParam]] = {}
    for name in order:
        bases = {name, *_ancestors(name, types)}
        mine = {r["code"]: r for r in found if bases & set(r["base"])}
        bits = _frozen_bits(previous, name, set(mine) | set(WITHOUT_DEFINITION))
        result[name] = [_param(mine[code], name, bits[code], codes) for code in sorted(mine)]
        result[name] += [
            SearchParam(code, "special", PROFILE + code, bits[code], special=True) for code in WITHOUT_DEFINITION
        ]
        result[name].sort(key=lambda p: p.bit)
    return result


def _ancestors(name: str, types: dict[str, TypeDef]) -> list[str]:
    base = types[name].base
    return [base, *_ancestors(base, types)] if base else []


def _frozen_bits(previous: Definitions | None, name: str, codes: set[str]) -> dict[str, int]:
    kept: dict[str, int] = {}
    if previous and name in previous.search:
        kept = {p.code: p.bit for p in msgspec.json.decode(previous.search[name], type=list[SearchParam])}
    start = max(kept.values(), default=-1) + 1
    return kept | {code: start + n for n, code in enumerate(sorted(codes - set(kept)))}


def _param(row: Resource, name: str, bit: int, codes: dict[str, str]) -> SearchParam:
    return SearchParam(
        code=row["code"],
        type=row["type"],
        url=row["url"],
        bit=bit,
        expression=_branches(row.get("expression", ""), name),
        targets=tuple(sorted(row.get("target", []))),
        components=tuple((codes[c["definition"]], c["expression"]) for c in row.get("component", [])),
        comparators=tuple(row.get("comparator", [])),
        phonetic=row["xpathUsage"] == "phonetic",
        special="expression" not in row,
    )


def _branches(expression: str, name: str) -> str:
    """Of a union over several resource types, only the branches that start at this type."""
    parts = [part.strip() for part in _split(expression)]
    if len(parts) == 1:
        return expression
    mine = [part for part in parts if part.lstrip("( ").startswith((f"{name}.", f"{name} ")) or part == name]
    return " | ".join(mine or parts)


def _split(expression: str) -> list[str]:
    parts, depth = [""], 0
    for ch in expression:
        depth += (ch == "(") - (ch == ")")
        if ch == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += ch
    return parts

"""The Parameters that answer the questions about codes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from hoso.core.errors import Issue
from hoso.fhir.outcome import Language, text
from hoso.fhir.terminology import CodeSystem, Concept, Wish
from hoso.fhir.terminology.checking import Checked
from hoso.fhir.terminology.expansion import designations
from hoso.fhir.terminology.resources import property
from hoso.fhir.terminology.translating import Match, is_match

Parts = list[dict[str, Any]]


def parameters(checked: Checked, language: Language) -> Parts:
    found: Parts = [{"name": "result", "valueBoolean": checked.result}]
    if checked.reason is not None:
        found.append({"name": "message", "valueString": text(checked.reason, language)})
    if checked.display:
        found.append({"name": "display", "valueString": checked.display})
    return found


def lookup_answer(system: CodeSystem, concept: Concept, language: Language, day: str, wanted: Sequence[str]) -> Parts:
    """`wanted` names the properties; without any, all are told. A code without words is its own display."""
    found: Parts = [{"name": "name", "valueString": system.head.title(language) or system.head.url}]
    if system.head.version:
        found.append({"name": "version", "valueString": system.head.version})
    found.append({"name": "display", "valueString": concept.display(language) or concept.code})
    for one in designations(concept):
        parts = [{"name": "value", "valueString": one["value"]}]
        if "language" in one:
            parts.insert(0, {"name": "language", "valueCode": one["language"]})
        found.append({"name": "designation", "part": parts})
    for name, value in _properties(system, concept, day):
        if not wanted or name in wanted:
            said = property(name, value)
            found.append({"name": "property", "part": [{"name": "code", "valueCode": said.pop("code")},
                          *({"name": "value", key: one} for key, one in said.items())]})  # fmt: skip
    return found


def _properties(system: CodeSystem, concept: Concept, day: str) -> list[tuple[str, str | bool]]:
    found: list[tuple[str, str | bool]] = [("inactive", not concept.holds(day))]
    found += [("parent", parent) for parent in concept.parents]
    if system.head.content != "not-present":
        found += [("child", child.code) for child in system.children(concept.code)]
    found += [(name, value) for name, value in (("from", concept.start), ("to", concept.end)) if value]
    return [*found, *((name, value) for name, value in concept.properties if name not in ("parent", "child"))]


def match_answer(matches: Sequence[Match], none: Issue, language: Language) -> Parts:
    good = any(map(is_match, matches))
    found: Parts = [{"name": "result", "valueBoolean": good}]
    if not matches:
        found.append({"name": "message", "valueString": text(none, language)})
    comments = sorted({match.comment for match in matches if match.comment})
    if comments:
        found.append({"name": "message", "valueString": " ".join(comments)})
    for one in matches:
        coding = {"system": one.system, "code": one.code, "display": one.display}
        parts: Parts = [{"name": "equivalence", "valueCode": one.equivalence}]
        if one.code:
            parts.append({"name": "concept", "valueCoding": {key: value for key, value in coding.items() if value}})
        parts.append({"name": "source", "valueUri": one.map})
        found.append({"name": "match", "part": parts})
    return found


def said(wish: Wish, asked: Collection[str]) -> Parts:
    """What the expansion was made with, as it was asked."""
    found: Parts = [
        {"name": "displayLanguage", "valueCode": wish.language},
        {"name": "date", "valueDateTime": wish.day},
    ]
    if wish.text:
        found.append({"name": "filter", "valueString": wish.text})
    if wish.count is not None:
        found.append({"name": "count", "valueInteger": wish.count})
    for name, value in (("activeOnly", wish.active_only), ("includeDesignations", wish.designations)):
        if name in asked:
            found.append({"name": name, "valueBoolean": value})
    return found

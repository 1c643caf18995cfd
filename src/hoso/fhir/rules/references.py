"""Where a Reference may point: its form, the type it names, and that a local "#id" is there."""

from __future__ import annotations

import re
from typing import Any

from hoso.fhir.model import load
from hoso.fhir.rules.faults import Context, Faults, Rule, one, shown
from hoso.fhir.rules.primitives import KNOWN_LIMIT, TEXT_LIMIT, is_uri

_ID = r"[A-Za-z0-9\-.]{1,64}"
_relative = re.compile(rf"([A-Z][A-Za-z]*+)/{_ID}(?:/_history/{_ID})?", re.ASCII).fullmatch
_absolute = re.compile(rf"https?://\S*?/([A-Z][A-Za-z]*+)/{_ID}(?:/_history/{_ID})?", re.ASCII).fullmatch
_conditional = re.compile(r"([A-Z][A-Za-z]*+)\?\S++", re.ASCII).fullmatch
_usual = re.compile(
    rf"([A-Z][A-Za-z]*+)(?:/{_ID}(?:/_history/{_ID})?|\?\S++)|urn:uuid:[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}",
    re.ASCII,
).fullmatch
_scheme = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*+:\S++", re.ASCII).fullmatch

known_kinds: dict[str, str] = {}
"""The type that a plain reference names, of those found lately: a bundle's records name each other many times."""

_LONGEST = 200


def plain_kind(text: str) -> str | None:
    """The type a reference written as Type/id or Type?criteria names; None when it has another form."""
    match = _usual(text) if len(text) <= _LONGEST else None
    kind = match.group(1) if match is not None else None
    if kind is not None:
        if len(known_kinds) >= KNOWN_LIMIT:
            known_kinds.clear()
        known_kinds[text] = kind
    return kind


def reference_rule(shape: Rule, targets: tuple[str, ...]) -> Rule:
    """`shape` checks the Reference as a data type; then it is looked at as a pointer to one of `targets`."""
    allowed = frozenset(targets)

    def check(value: Any, context: Context) -> Faults | None:
        if type(value) is dict and len(value) <= 2:
            text = value.get("reference")
            if type(text) is str and len(text) < 1000 and (len(value) == 1 or _shown(value.get("display"))):
                match = _usual(text)
                if match is not None:
                    name = match.group(1) or context.full_urls.get(text)
                    if name is None or name in allowed:
                        return None
                return _points(value, text, allowed, context) if text else shape(value, context)
        faults = shape(value, context)
        return _pointer(value, allowed, context) if faults is None else faults

    return check


def _shown(display: Any) -> bool:
    return type(display) is str and 0 < len(display) <= TEXT_LIMIT


def _pointer(value: dict[str, Any], allowed: frozenset[str], context: Context) -> Faults | None:
    if "reference" in value:
        return _points(value, value["reference"], allowed, context)
    if "type" in value:
        return _type_allowed(value["type"], allowed)
    if value.keys() & {"identifier", "display", "extension", "_reference", "_display"}:
        return None
    return one("invariant", "validate.reference-empty")


def _points(value: dict[str, Any], text: str, allowed: frozenset[str], context: Context) -> Faults | None:
    if text[0] == "#":
        return _local(text, allowed, context)
    if text.startswith("urn:"):
        return _address(value, text, allowed, context)
    match = _relative(text) or _conditional(text) or _absolute(text)
    name = match.group(1) if match else None
    if name is not None and name not in load().type_number:
        if text.startswith("http"):
            return None  # not a FHIR address, as far as we can tell
        return one("value", "validate.reference-form", ".reference", value=shown(text))
    if name is None:
        if not _scheme(text):
            return one("value", "validate.reference-form", ".reference", value=shown(text))
        return _address(value, text, allowed, context)
    return _named(value, name, allowed)


def _address(value: dict[str, Any], text: str, allowed: frozenset[str], context: Context) -> Faults | None:
    """An address that does not tell its type; the entries of a Bundle around it may."""
    if not is_uri(text):
        return one("value", "validate.reference-form", ".reference", value=shown(text))
    name = context.full_urls.get(text)
    if name is not None:
        return _named(value, name, allowed)
    return _type_allowed(value["type"], allowed) if "type" in value else None


def _named(value: dict[str, Any], name: str, allowed: frozenset[str]) -> Faults | None:
    if allowed and name not in allowed:
        return _wrong_target(name, allowed)
    if "type" in value and value["type"] != name:
        return one("value", "validate.reference-type", ".type", type=shown(value["type"]), found=name)
    return None


def _local(text: str, allowed: frozenset[str], context: Context) -> Faults | None:
    if text == "#":
        context.points_home = True
        name = str(context.root["resourceType"])
    else:
        context.pointed.add(text)
        found = context.contained.get(text[1:])
        if found is None:
            return one("invariant", "validate.contained-missing", ".reference", value=shown(text))
        name = found
    return _wrong_target(name, allowed) if allowed and name not in allowed else None


def _type_allowed(type: Any, allowed: frozenset[str]) -> Faults | None:
    if not isinstance(type, str):
        return None
    return _wrong_target(type, allowed) if allowed and type in load().type_number and type not in allowed else None


def _wrong_target(name: str, allowed: frozenset[str]) -> Faults:
    return one("value", "validate.reference-target", ".reference", found=name, allowed=", ".join(sorted(allowed)))

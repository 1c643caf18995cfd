"""Which slice does an element belong to? Asked by the discriminators: value, pattern, exists, type, profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from hoso.fhir.profiles.constraint import Allowed, Constraint, Discriminator, Slicing
from hoso.fhir.profiles.items import Item, has_pattern, items
from hoso.fhir.profiles.shelf import Profile

_STEP = re.compile(r"extension\('[^']*'\)|extension\(\"[^\"]*\"\)|ofType\(\w+\)|resolve\(\)|\$this|\w+")
BY_URL = Slicing((Discriminator("value", "url"),), "open", False)
BY_TYPE = Slicing((Discriminator("type", "$this"),), "open", False)


class Around(Protocol):
    """What a discriminator may have to ask of the whole."""

    def profile(self, url: str) -> Profile | None: ...
    def resolve(self, item: Item) -> Item | None: ...
    def holds(self, constraint: Constraint, item: Item) -> bool: ...
    def conforms(self, item: Item, profile: str) -> bool: ...


def slicing_of(constraint: Constraint) -> Slicing:
    """Extensions are sliced by their address and choices by type where a profile says nothing."""
    if constraint.slicing is not None:
        return constraint.slicing
    return BY_URL if constraint.name in ("extension", "modifierExtension") else BY_TYPE


def belongs(around: Around, slicing: Slicing, slice: Constraint, item: Item) -> bool:
    return all(_matches(around, one, slice, item) for one in slicing.discriminators)


def _matches(around: Around, one: Discriminator, slice: Constraint, item: Item) -> bool:
    steps = [step for step in _STEP.findall(one.path) if step != "$this"]
    wanted = list(_wanted(around, slice, steps))
    found = list(_found(around, item, steps))
    if one.kind == "exists":
        if any(each.max == 0 for each in wanted):
            return not found
        return bool(found) or not any(each.min for each in wanted)
    if one.kind == "type":
        types = {allowed.code for each in wanted for allowed in each.types} or _own_types(wanted)
        return not types or any(each.type in types for each in found)
    if one.kind == "profile":
        profiles = [url for each in wanted for allowed in each.types for url in allowed.profiles or allowed.targets]
        return any(around.conforms(each, url) for each in found for url in profiles)
    if not wanted:
        return _by_address(slice, steps, item)
    return all(any(_has(around, each, value) for value in found) for each in wanted)


def _own_types(wanted: list[Constraint]) -> set[str]:
    """What stands at the top of a profile is named by the type it is for."""
    return {each.name for each in wanted if each.name[:1].isupper()}


def _has(around: Around, wanted: Constraint, item: Item) -> bool:
    """Only what tells slices apart counts: fixed, pattern, a required binding, and the same below."""
    if wanted.fixed is not None and item.value != wanted.fixed:
        return False
    if wanted.pattern is not None and not has_pattern(item.value, wanted.pattern):
        return False
    if wanted.binding is not None and wanted.binding[0] == "required" and not around.holds(wanted, item):
        return False
    below = [child for child in wanted.children.values() if _tells(child)]
    return all(any(_has(around, child, value) for value in items(item, child.name)) for child in below)


def _tells(wanted: Constraint) -> bool:
    if wanted.fixed is not None or wanted.pattern is not None:
        return True
    return bool(wanted.min) and any(_tells(child) for child in wanted.children.values())


def _by_address(slice: Constraint, steps: list[str], item: Item) -> bool:
    """A slice of extensions says its address by the profile of its type."""
    urls = {url.partition("|")[0] for allowed in slice.types for url in allowed.profiles}
    return steps == ["url"] and bool(urls) and item.inside().get("url") in urls


def _wanted(around: Around, slice: Constraint, steps: list[str]) -> Iterator[Constraint]:
    """What the slice, or the profile of its type, says at that place."""
    if not steps:
        yield slice
        return
    step, *rest = steps
    if step == "resolve()":
        for allowed in slice.types:
            for url in allowed.targets:
                profile = around.profile(url)
                if profile is not None and rest:
                    yield from _wanted(around, profile.constraint, rest)
                else:
                    yield Constraint(slice.name, types=(_target(url, profile),))
        return
    if step.startswith("ofType("):
        yield from _wanted(around, slice, rest)
        return
    if step.startswith("extension("):
        url = step[11:-2]
        for child in slice.children.get("extension", Constraint("")).slices.values():
            if any(url == own.partition("|")[0] for allowed in child.types for own in allowed.profiles):
                yield from _wanted(around, child, rest)
        return
    child_or_none = slice.children.get(step)
    if child_or_none is not None:
        yield from _wanted(around, child_or_none, rest)
        return
    if slice.pattern is not None or slice.fixed is not None:
        known = slice.pattern if slice.pattern is not None else slice.fixed
        if isinstance(known, dict) and step in known:
            yield from _wanted(around, Constraint(step, pattern=known[step]), rest)
        return
    for allowed in slice.types:
        for url in allowed.profiles:
            profile = around.profile(url)
            if profile is not None:
                yield from _wanted(around, profile.constraint, steps)


def _target(url: str, profile: Profile | None) -> Allowed:
    return Allowed(profile.type if profile else url.rsplit("/", 1)[1].partition("|")[0], (url,))


def _found(around: Around, item: Item, steps: list[str]) -> Iterator[Item]:
    if not steps:
        yield item
        return
    step, *rest = steps
    if step == "resolve()":
        resolved = around.resolve(item)
        found: list[Item] = [resolved] if resolved else []
    elif step.startswith("ofType("):
        found = [item] if item.type == step[7:-1] else []
    elif step.startswith("extension("):
        found = [one for one in items(item, "extension") if one.inside().get("url") == step[11:-2]]
    else:
        found = list(items(item, step))
    for one in found:
        yield from _found(around, one, rest)

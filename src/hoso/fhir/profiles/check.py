"""Walks a resource along a profile's tree and tells what does not hold, with the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hoso.core.errors import Issue, Refused
from hoso.fhir.model import load
from hoso.fhir.path import PathError, compile
from hoso.fhir.path.shapes import shape
from hoso.fhir.path.values import Node
from hoso.fhir.profiles.asking import Asking
from hoso.fhir.profiles.coded import codings, flat, named_type
from hoso.fhir.profiles.constraint import Allowed, Condition, Constraint
from hoso.fhir.profiles.extensions import misplaced
from hoso.fhir.profiles.items import Item, has_pattern, items, root_item
from hoso.fhir.profiles.pointing import misled
from hoso.fhir.profiles.ranges import outside
from hoso.fhir.profiles.shelf import R4, Profile, Shelf
from hoso.fhir.profiles.slicing import belongs, slicing_of
from hoso.fhir.profiles.terms import Terms
from hoso.fhir.rules.faults import LIMIT, shown

MOST_DEEP = 12
"""Profiles within profiles: of a type within a type, of a resource in an entry."""
MOST_STEPS = 50_000
"""Elements looked at for one profile: slices by profile look at the same ones again and again."""


def asking(shelf: Shelf, terms: Terms) -> Asking:
    """For FHIRPath that is no rule of a profile."""
    return Asking(shelf, terms, lambda root: _Walk(shelf, terms, root))


class _Budget:
    def __init__(self) -> None:
        self._left = MOST_STEPS

    def spend(self) -> None:
        """Raises Refused when nothing is left."""
        self._left -= 1
        if self._left < 0:
            raise Refused.because(422, "too-costly", "profile.costly", limit=str(MOST_STEPS))


@dataclass(slots=True)
class Checked:
    issues: list[Issue] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Must-support elements without a value."""

    @property
    def holds(self) -> bool:
        return not any(one.severity in ("error", "fatal") for one in self.issues)


def check(shelf: Shelf, terms: Terms, resource: dict[str, Any], profile: Profile) -> Checked:
    """Of a resource that R4 itself accepts. Raises Refused for a profile that makes no sense or costs too much."""
    walk = _Walk(shelf, terms, resource)
    item = root_item(resource)
    if item.type != profile.type:
        walk.fault("invalid", "profile.other-type", item.path, type=item.type, wanted=profile.type)
    else:
        walk.profiled(item, profile)
        walk.checked.issues.extend(misplaced(shelf, item))
    if walk.checked.missing:
        names = ", ".join(dict.fromkeys(walk.checked.missing[:LIMIT]))
        walk.fault("informational", "profile.must-support", item.path, "information", names=names)
    if len(walk.checked.issues) > LIMIT:
        del walk.checked.issues[LIMIT:]
        walk.fault("too-costly", "validate.more", item.path, "information", limit=str(LIMIT))
    return walk.checked


class _Walk:
    def __init__(
        self,
        shelf: Shelf,
        terms: Terms,
        resource: dict[str, Any],
        outer: dict[str, Any] | None = None,
        depth: int = 0,
        budget: _Budget | None = None,
    ) -> None:
        self.checked = Checked()
        self._budget = budget or _Budget()
        self._shelf, self._terms, self._root, self._depth = shelf, terms, resource, depth
        self._outer = outer or resource

    def fault(self, code: str, key: str, path: str, severity: Any = "error", **values: str) -> None:
        self.checked.issues.append(Issue(code, key, values, path, severity))

    def profiled(self, item: Item, profile: Profile) -> None:
        self._one(profile.constraint, item)

    # What slicing asks

    def profile(self, url: str) -> Profile | None:
        return self._shelf.profile(url)

    def conforms(self, item: Item, profile: str) -> bool:
        plain = profile.partition("|")[0]
        if plain.startswith(R4) and plain.removeprefix(R4) in load().types:
            return item.type == plain.removeprefix(R4)
        found = self._shelf.profile(profile)
        return found is not None and item.type == found.type and self._apart(item, found).holds

    def _apart(self, item: Item, profile: Profile) -> Checked:
        """Faults told apart from the others', for a choice between profiles."""
        resource = item.value if isinstance(item.value, dict) and "resourceType" in item.value else self._root
        walk = _Walk(self._shelf, self._terms, resource, self._outer, self._depth + 1, self._budget)
        if self._depth < MOST_DEEP:
            walk.profiled(item, profile)
        return walk.checked

    def resolve(self, item: Item) -> Item | None:
        """A reference into the resource itself or into the Bundle around it."""
        pointed = item.inside().get("reference")
        if not isinstance(pointed, str):
            return None
        if pointed.startswith("#"):
            for one in self._root.get("contained", ()):
                if one.get("id") == pointed[1:]:
                    return root_item(one, item.path + ".resolve()")
            return None
        for entry in self._outer.get("entry", ()):
            full = str(entry.get("fullUrl", ""))
            if "resource" in entry and full and (full == pointed or full.endswith("/" + pointed)):
                return root_item(entry["resource"], item.path + ".resolve()")
        return None

    def holds(self, constraint: Constraint, item: Item) -> bool:
        assert constraint.binding is not None
        return self._bound(constraint.binding[1], item) is not False

    # The walk

    def _one(self, node: Constraint, item: Item) -> None:
        self._budget.spend()
        if len(self.checked.issues) > LIMIT:
            return
        if node.types and not self._typed(node, item):
            return
        self._valued(node, item)
        for condition in node.conditions.values():
            self._kept(condition, item)
        for child in node.children.values():
            self._children(child, item)

    def _children(self, node: Constraint, parent: Item) -> None:
        found = list(items(parent, node.name))
        place = f"{parent.path}.{node.name}"
        self._counted(node, len(found), place)
        if not found and node.must_support:
            self.checked.missing.append(place)
        for item in found:
            self._one(node, item)
        if node.slices:
            self._sliced(node, found, place)

    def _counted(self, node: Constraint, count: int, place: str, slice: str = "") -> None:
        low, high = node.min or 0, node.max
        if count >= low and (high is None or count <= high):
            return
        most = "*" if high is None else str(high)
        key = "profile.slice-count" if slice else "profile.count"
        code = "required" if count < low else "structure"
        self.fault(code, key, place, count=str(count), min=str(low), max=most, slice=slice)

    def _sliced(self, node: Constraint, found: list[Item], place: str) -> None:
        slicing = slicing_of(node)
        names = [name for name in node.slices if "/" not in name]
        members: dict[str, list[Item]] = {name: [] for name in names}
        last, free = -1, False
        for item in found:
            own = next((n for n, name in enumerate(names) if belongs(self, slicing, node.slices[name], item)), -1)
            if own < 0:
                free = True
                if slicing.rules == "closed":
                    self.fault("structure", "profile.closed", item.path, slices=", ".join(names)[:200])
                continue
            members[names[own]].append(item)
            if slicing.ordered and own < last:
                self.fault("structure", "profile.order", item.path, slices=", ".join(names)[:200])
            if free and slicing.rules == "openAtEnd":
                self.fault("structure", "profile.order", item.path, slices=", ".join(names)[:200])
            last = max(last, own)
        for name, inside in members.items():
            slice = node.slices[name]
            self._counted(slice, len(inside), place, name)
            if not inside and slice.must_support:
                self.checked.missing.append(f"{place}:{name}")
            for item in inside:
                self._one(slice, item)
            if slice.slices:
                self._sliced(slice, inside, f"{place}:{name}")

    def _typed(self, node: Constraint, item: Item) -> bool:
        """Whether going on makes sense."""
        fitting = [one for one in node.types if one.code in (item.type, "Resource", "Element", "BackboneElement")]
        if not fitting and not any("." in item.type or one.code.islower() for one in node.types):
            allowed = ", ".join(one.code for one in node.types)
            self.fault("structure", "profile.type-here", item.path, type=item.type, allowed=allowed[:200])
            return False
        for one in fitting:
            if item.type == "Reference":
                self._pointed(one, item)
        self._of_profiles(fitting, item)
        return True

    def _pointed(self, allowed: Allowed, item: Item) -> None:
        target = self.resolve(item)
        self.checked.issues.extend(misled(allowed, item, found=target is not None))
        if not allowed.targets:
            return
        name = target.type if target else named_type(item.inside())
        types = {self._target_type(url) for url in allowed.targets}
        if name and "" not in types and name not in types and "Resource" not in types:
            self.fault("structure", "profile.target", item.path, type=name, allowed=", ".join(sorted(types))[:200])

    def _target_type(self, url: str) -> str:
        """ "" for a profile that is not here."""
        plain = url.partition("|")[0]
        found = self._shelf.find("StructureDefinition", url)
        if found is not None:
            return str(found["type"])
        name = plain.removeprefix(R4)
        return name if name in load().types or name == "Resource" else ""

    def _of_profiles(self, fitting: Iterable[Allowed], item: Item) -> None:
        urls = [url for one in fitting for url in one.profiles]
        if not urls:
            return
        profiles = [(url, self._shelf.profile(url)) for url in urls if not self._r4(url)]
        absent = [url for url, one in profiles if one is None]
        if absent or not profiles:
            for url in absent:
                self.fault("not-found", "profile.unknown", item.path, "information", url=url[:200])
            return
        tried = [self._apart(item, one) for _, one in profiles if one is not None]
        if any(one.holds for one in tried):
            best = next(one for one in tried if one.holds)
        else:
            best = min(tried, key=lambda one: len(one.issues))
        self.checked.issues.extend(best.issues)

    @staticmethod
    def _r4(url: str) -> bool:
        return url.partition("|")[0].removeprefix(R4) in load().types

    def _valued(self, node: Constraint, item: Item) -> None:
        value = item.value
        if node.fixed is not None and value != node.fixed:
            self.fault("value", "profile.fixed", item.path, value=shown(value), wanted=shown(node.fixed))
        if node.pattern is not None and not has_pattern(value, node.pattern):
            wanted = flat(node.pattern)
            self.fault("value", "profile.pattern", item.path, value=flat(value), wanted=wanted)
        if node.longest is not None and isinstance(value, str) and len(value) > node.longest:
            self.fault("value", "profile.long", item.path, limit=str(node.longest))
        if item.value is not None:
            self.checked.issues.extend(outside(node.limits, item))
        if node.binding is not None and node.binding[0] in ("required", "extensible"):
            self._in_set(node.binding[0], node.binding[1], item)
        if node.widest and node.binding is not None and node.binding[0] != "required":
            self._in_set("required", node.widest, item)

    def _in_set(self, strength: str, url: str, item: Item) -> None:
        found = self._bound(url, item)
        short = url.partition("|")[0][:200]
        if found is None:
            self.fault("informational", "profile.set-unknown", item.path, "information", set=short)
        elif not found:
            severity = "error" if strength == "required" else "warning"
            self.fault("code-invalid", f"profile.{strength}", item.path, severity, value=flat(item.value), set=short)

    def _bound(self, url: str, item: Item) -> bool | None:
        found = codings(item)
        if not found:  # a concept in words alone is in no set; an element that only has extensions is not judged
            return item.type != "CodeableConcept" or not item.value
        answers = [self._terms.holds(url, system, code) for system, code in found]
        if True in answers:
            return True
        return None if None in answers else False

    def _within(self, root: dict[str, Any]) -> _Walk:
        """One level deeper, so that a rule that asks for its own profile comes to an end."""
        return _Walk(self._shelf, self._terms, root, self._outer, self._depth + 1, self._budget)

    def _kept(self, condition: Condition, item: Item) -> None:
        try:
            context = Node(item.value, shape(item.type))
            known = Asking(self._shelf, self._terms, self._within)
            answer = compile(condition.expression).items(self._root, context=context, knowledge=known)
        except (PathError, RecursionError):
            self.fault("informational", "profile.not-run", item.path, "information", rule=condition.key)
            return
        truth = len(answer) == 1 and (answer[0] is True or getattr(answer[0], "value", None) is True)
        if not truth:
            severity = "error" if condition.severity == "error" else "warning"
            values = {"rule": condition.key, "text": condition.human[:200] or condition.expression[:200]}
            self.fault("invariant", "profile.condition", item.path, severity, **values)

"""What an expression runs in: the resource, the variables, $this, and the budget that ends runaway work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hoso.fhir.path.errors import PathError
from hoso.fhir.path.knowledge import Knowledge, Own
from hoso.fhir.path.values import Collection, Item, Node

Resolver = Callable[[str], dict[str, Any] | None]
MAX_STEPS = 1_000_000
OWN = Own()
_CONSTANTS = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}
_FIXED = frozenset({"context", "resource", "rootResource", "terminologies"})


def constant(name: str) -> str | None:
    """What FHIR lets %name stand for everywhere."""
    if name.startswith("vs-"):
        return f"http://hl7.org/fhir/ValueSet/{name[3:]}"
    if name.startswith("ext-"):
        return f"http://hl7.org/fhir/StructureDefinition/{name[4:]}"
    return _CONSTANTS.get(name)


def reserved(name: str) -> bool:
    """A name that no expression may define."""
    return name in _FIXED or constant(name) is not None


MAX_TEXT = 2_000_000


class Run:
    """One evaluation: constant while it lasts."""

    __slots__ = ("_inside", "environment", "knowledge", "left", "now", "resolver", "resource", "root")

    def __init__(
        self,
        resource: Node | None,
        root: Node | None,
        environment: Mapping[str, Any],
        now: datetime | None,
        resolver: Resolver | None,
        steps: int = MAX_STEPS,
        knowledge: Knowledge = OWN,
    ) -> None:
        self.resource = resource
        self.root = root
        self.environment = environment
        self.now = now
        self.resolver = resolver
        self.left = steps
        self.knowledge = knowledge
        self._inside: dict[str, dict[str, Any]] | None = None

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise PathError("limit", "The expression does too much work on this resource")

    def inside(self, reference: str) -> dict[str, Any] | None:
        """The resource within this one that a reference means: contained, or an entry of this Bundle."""
        if self.root is None:
            return None
        if self._inside is None:
            self._inside = _referable(self.root.value)
            self.spend(len(self._inside))
        return self._inside.get(reference)


def _referable(root: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {"#": root}
    for inner in _dicts(root.get("contained")):
        found.setdefault(f"#{inner.get('id')}", inner)
    for entry in _dicts(root.get("entry")) if root.get("resourceType") == "Bundle" else ():
        resource, url = entry.get("resource"), entry.get("fullUrl")
        if not isinstance(resource, dict):
            continue
        if isinstance(url, str):
            found.setdefault(url, resource)
            found.setdefault("/".join(url.split("/")[-2:]), resource)
        found.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", resource)
    return found


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


class Frame:
    """$this and its kin; functions with an expression argument run it in a frame of their own."""

    __slots__ = ("context", "index", "run", "this", "total", "variables")

    def __init__(self, run: Run, this: Collection, context: Collection, variables: dict[str, Collection]) -> None:
        self.run = run
        self.this = this
        self.context = context
        self.variables = variables
        self.index = 0
        self.total: Collection = []

    def inner(self) -> Frame:
        frame = Frame(self.run, self.this, self.context, self.variables)
        frame.index, frame.total = self.index, self.total
        return frame

    def each(self, items: Collection, body: Closure) -> list[tuple[Item, Collection]]:
        """The items with what the body answers for each."""
        frame = self.inner()
        self.run.spend(len(items))
        found: list[tuple[Item, Collection]] = []
        for n, item in enumerate(items):
            frame.this, frame.index = [item], n
            found.append((item, body(frame)))
        return found


Closure = Callable[[Frame], Collection]


def short(text: str) -> str:
    """Text of bounded length."""
    if len(text) > MAX_TEXT:
        raise PathError("limit", f"A text grows beyond {MAX_TEXT} characters")
    return text

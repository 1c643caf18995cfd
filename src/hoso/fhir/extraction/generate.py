"""All paths of a resource type as one tree, written out as one Python function: each element is visited once.

The text is made from the definitions alone, never from a record; `source` shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hoso.fhir.extraction import values
from hoso.fhir.extraction.kinds import VALUES, Values
from hoso.fhir.extraction.plan import Equals, Key, Path, Resolves, Step
from hoso.fhir.indexed import Indexed

Visit = Callable[[Indexed, dict[str, Any]], None]
Leaf = tuple[str, str, Values | None]
"""Search type, data type, and how to read it where the element's own definition decides (codes)."""

_HEAD = """def visit(out, v0):
 token, ref, uri = out.tokens.append, out.references.append, out.uris.append
 date, string, quantity = out.dates.append, out.strings.append, out.quantities.append
 display, present = out.displays.append, out.present
"""
_TAIL = " out.present = present\n"

# Per search type: the variables a value is unpacked into, and the call that stores it under a name.
_STORE = {
    "token": ("s, c", "token(({n!r}, s, c))"),
    "date": ("a, b", "date(({n!r}, a, b))"),
    "string": ("x", "string(({n!r}, x))"),
    "quantity": ("a, b, s, c, u", "quantity(({n!r}, a, b, s, c, u))"),
    "number": ("a, b, s, c, u", "quantity(({n!r}, a, b, s, c, u))"),
    "special": ("a, b", "quantity(({n!r}, a, b, None, None, None))"),
    "reference": ("t, x", "uri(({n!r}, x)) if t is None else ref(({n!r}, t, x))"),
    "uri": ("t, x", "uri(({n!r}, x))"),
}


@dataclass(slots=True)
class Spot:
    """A place in the tree, with the parameters whose value stands here."""

    children: dict[Step, Spot] = field(default_factory=dict)
    leaves: dict[Leaf, list[str]] = field(default_factory=dict)
    present: int = 0

    def add(self, path: Path, search_type: str, name: str, bit: int, read: Values | None) -> None:
        spot = self
        for step in path.steps:
            spot = spot.children.setdefault(step, Spot())
        names = spot.leaves.setdefault((search_type, path.type, read), [])
        if name not in names:
            names.append(name)
        spot.present |= 1 << bit


def compiled(root: Spot) -> Visit:
    writer = _Writer()
    text = writer.source(root)
    space: dict[str, Any] = dict(writer.readers)
    exec(compile(text, "<extraction>", "exec"), space)  # noqa: S102  (our own text, from the definitions)
    visit: Visit = space["visit"]
    return visit


def source(root: Spot) -> str:
    return _Writer().source(root)


class _Writer:
    """Writes the function; readers are bound to its globals by number."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.readers: dict[str, Callable[..., Any]] = {
            "target_type": values.target_type,
            "pointed": values.pointed,
            "found_under": values.found_under,
        }
        self.count = 0
        self.written = {
            ("token", "CodeableConcept"): self._concept,
            ("token", "Coding"): self._coding,
            ("token", "Identifier"): self._identifier,
            ("reference", "Reference"): self._reference,
        }

    def source(self, root: Spot) -> str:
        self._inside(root, "v0", 1)
        return _HEAD + "".join(self.lines) + _TAIL

    def _write(self, indent: int, text: str) -> None:
        self.lines.append(f"{' ' * indent}{text}\n")

    def _variable(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def _reader(self, read: Values) -> str:
        for name, known in self.readers.items():
            if known is read:
                return name
        name = f"read{len(self.readers)}"
        self.readers[name] = read
        return name

    def _inside(self, spot: Spot, value: str, indent: int) -> None:
        """What stands at a place and below it."""
        if spot.present:
            self._write(indent, f"present |= {spot.present}")
        for (search_type, data_type, read), names in spot.leaves.items():
            self._leaf(search_type, data_type, names, read, value, indent)
        self._filters(spot, value, indent)
        for step, child in spot.children.items():
            if isinstance(step, Key):
                self._follow(step, child, value, indent)

    def _follow(self, key: Key, child: Spot, value: str, indent: int) -> None:
        inner = self._variable()
        self._write(indent, f"{inner} = {value}.get({key.name!r})")
        self._write(indent, f"if {inner} is not None:")
        if key.many:
            item = self._variable()
            self._write(indent + 1, f"for {item} in {inner}{'[:1]' if key.first else ''}:")
            self._write(indent + 2, f"if {item} is not None:")
            inner, indent = item, indent + 2
        self._inside(child, inner, indent + 1)

    def _filters(self, spot: Spot, value: str, indent: int) -> None:
        resolving = [step for step in spot.children if isinstance(step, Resolves)]
        if resolving:
            self._write(indent, f"kind = target_type({value})")
        for step, child in spot.children.items():
            if isinstance(step, Resolves):
                self._write(indent, f"if kind == {step.type!r}:")
                self._inside(child, value, indent + 1)
            elif isinstance(step, Equals):
                self._write(indent, f"if {value}.get({step.name!r}) == {step.text!r}:")
                self._inside(child, value, indent + 1)

    def _leaf(
        self, search_type: str, data_type: str, names: list[str], read: Values | None, value: str, indent: int
    ) -> None:
        known = read or VALUES.get((search_type, data_type))
        written = self.written.get((search_type, data_type))
        if written is not None:
            written(names, value, indent)
            return
        if known in (values.text, values.word):
            kind = "string" if known is values.text else "token"
            call = "string(({n!r}, " if kind == "string" else "token(({n!r}, None, "
            self._stored(f"{call}{value}))", names, indent)
        elif known is not None:
            self._each(_STORE[search_type], known, names, value, indent)

    def _each(self, store: tuple[str, str], read: Values, names: list[str], value: str, indent: int) -> None:
        self._write(indent, f"for {store[0]} in {self._reader(read)}({value}):")
        self._stored(store[1], names, indent + 1)

    def _stored(self, call: str, names: list[str], indent: int) -> None:
        for name in names:
            self._write(indent, call.format(n=name))

    def _concept(self, names: list[str], value: str, indent: int) -> None:
        """The commonest of all types; it and its like are written out instead of called."""
        self._write(indent, f"for coding in {value}.get('coding', ()):")
        self._coding(names, "coding", indent + 1)
        self._text(names, value, "text", indent)

    def _coding(self, names: list[str], value: str, indent: int) -> None:
        self._write(indent, f"c = {value}.get('code')")
        self._write(indent, "if c is not None:")
        self._write(indent + 1, f"s = {value}.get('system')")
        self._stored(_STORE["token"][1], names, indent + 1)
        self._text(names, value, "display", indent)

    def _identifier(self, names: list[str], value: str, indent: int) -> None:
        self._write(indent, f"c = {value}.get('value')")
        self._write(indent, "if c is not None:")
        self._write(indent + 1, f"s = found_under({value}.get('system'), c)")
        self._stored(_STORE["token"][1], names, indent + 1)
        self._write(indent, f"if 'type' in {value}:")
        typed = [f"{name}:of-type" for name in names]
        self._each(("c", "token(({n!r}, None, c))"), values.typed_numbers, typed, value, indent + 1)
        self._text(names, f"{value}['type']", "text", indent + 1)

    def _reference(self, names: list[str], value: str, indent: int) -> None:
        self._write(indent, f"x = {value}.get('reference')")
        self._write(indent, "if x is not None:")
        self._write(indent + 1, "t, x = pointed(x)")
        self._write(indent + 1, "if t is None:")
        self._stored("uri(({n!r}, x))", names, indent + 2)
        self._write(indent + 1, "else:")
        self._stored("ref(({n!r}, t, x))", names, indent + 2)
        self._write(indent, f"x = {value}.get('display')")
        self._write(indent, "if x is not None:")
        self._stored("display(({n!r}, x))", names, indent + 1)
        self._write(indent, f"if 'identifier' in {value}:")
        logical = [f"{name}:identifier" for name in names]
        self._each(_STORE["token"], values.reference_identifier, logical, value, indent + 1)

    def _text(self, names: list[str], value: str, key: str, indent: int) -> None:
        self._write(indent, f"x = {value}.get({key!r})")
        self._write(indent, "if x is not None:")
        self._stored(_STORE["string"][1], [f"{name}:text" for name in names], indent + 1)

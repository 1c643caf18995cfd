"""The XML text of a resource kept as JSON: elements in the model's order, numbers and narrative as they stand.

What XML cannot say (a control character in a text) is refused with its place, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import msgspec

from hoso.core.errors import Issue, Refused
from hoso.fhir.xml.narrative import embedded
from hoso.fhir.xml.shapes import FHIR, Slot, resource_types, shape
from hoso.fhir.xml.text import attribute, sayable, unsayable
from hoso.fhir.xml.values import Number, text_of

MARKUP = '<?xml version="1.0" encoding="UTF-8"?>'

_decode = msgspec.json.Decoder(float_hook=Number).decode


def write(body: bytes, *, replacing: bool = False, pretty: bool = False) -> bytes:
    """The XML of a resource's JSON text. Raises Refused(406) where XML cannot say what it holds.

    `replacing` is for our own words about a request, which may repeat anything: such characters become U+FFFD.
    """
    return f"{MARKUP}{_root(_decode(body), replacing, pretty)}".encode()


def bundle_parts(head: bytes, entries: Iterable[bytes]) -> Iterator[bytes]:
    """A Bundle piece by piece, from its JSON text without entries and the text of each entry."""
    opened = write(head)
    yield opened.removesuffix(b"</Bundle>")
    for number, entry in enumerate(entries):
        writer = _Writer()
        writer.at = ["Bundle", f".entry[{number}]"]
        writer.complex("entry", "Bundle.entry", _decode(entry))
        yield "".join(writer.out).encode()
    yield b"</Bundle>"


def _root(tree: Any, replacing: bool, pretty: bool) -> str:
    writer = _Writer(replacing, pretty)
    writer.resource(tree, f' xmlns="{FHIR}"')
    return "".join(writer.out)


class _Writer:
    """`at` is the place in the resource, for a refusal."""

    def __init__(self, replacing: bool = False, pretty: bool = False) -> None:
        self.replacing = replacing
        self.pretty = pretty
        self.depth = 0
        self.out: list[str] = []
        self.at: list[str] = []

    def resource(self, tree: Any, space: str = "") -> None:
        type = tree.get("resourceType") if isinstance(tree, dict) else None
        if not isinstance(type, str) or type not in resource_types():
            self._refuse("xml.not-a-resource", name=str(type)[:40])
        if not self.at:
            self.at.append(type)
        self._opening(f"<{type}{space}>")
        self._children(type, tree, ("resourceType",))
        self._closing(type)

    def _opening(self, tag: str) -> None:
        if self.pretty:
            self.out.append("\n" + "  " * self.depth)
        self.depth += 1
        self.out.append(tag)

    def _closing(self, name: str) -> None:
        self.depth -= 1
        self.out.append("\n" + "  " * self.depth + f"</{name}>" if self.pretty else f"</{name}>")

    def complex(self, name: str, type: str, tree: Any) -> None:
        if not isinstance(tree, dict):
            self._refuse("xml.cannot-say")
        held = shape(type).attributes
        self._opening(f"<{name}")
        for key in ("id", "url"):
            if key in held and key in tree:
                self._attribute(key, tree[key])
        self.out.append(">")
        self._children(type, tree, tuple(held))
        self._closing(name)

    def _children(self, type: str, tree: dict[str, Any], beside: tuple[str, ...]) -> None:
        slots = shape(type).slots
        found: dict[str, Slot] = {}
        for key in tree:
            if key in beside:
                continue
            slot = slots.get(key) or slots.get(key[1:] if key[0:1] == "_" else "")
            if slot is None or (key[0] == "_" and slot.kind != "primitive"):
                self._refuse("xml.cannot-say", below=key)
            found[slot.name] = slot
        for slot in sorted(found.values(), key=_place):
            self._element(slot, tree.get(slot.name), tree.get("_" + slot.name))

    def _element(self, slot: Slot, value: Any, note: Any) -> None:
        if not slot.many:
            self.at.append(f".{slot.name}")
            self._one(slot, value, note)
            self.at.pop()
            return
        values, notes = value if value is not None else [], note if note is not None else []
        if not isinstance(values, list) or not isinstance(notes, list):
            self._refuse("xml.cannot-say", below=slot.name)
        for number in range(max(len(values), len(notes))):
            self.at.append(f".{slot.name}[{number}]")
            one = values[number] if number < len(values) else None
            self._one(slot, one, notes[number] if number < len(notes) else None)
            self.at.pop()

    def _one(self, slot: Slot, value: Any, note: Any) -> None:
        if slot.kind == "primitive":
            self._primitive(slot.name, value, note)
        elif slot.kind == "complex":
            self.complex(slot.name, slot.type, value)
        elif slot.kind == "xhtml":
            self._div(value)
        else:
            self._opening(f"<{slot.name}>")
            self.resource(value)
            self._closing(slot.name)

    def _primitive(self, name: str, value: Any, note: Any) -> None:
        if isinstance(value, (dict, list)) or not isinstance(note, dict | None) or (value is None and not note):
            self._refuse("xml.cannot-say")
        self._opening(f"<{name}")
        if note and "id" in note:
            self._attribute("id", note["id"])
        if value is not None:
            self._attribute("value", value)
        if note and note.keys() - {"id"}:
            self.out.append(">")
            self._children("string", note, ("id",))
            self._closing(name)
        else:
            self.depth -= 1
            self.out.append("/>")

    def _attribute(self, name: str, value: Any) -> None:
        text = text_of(value)
        if self.replacing:
            text = sayable(text)
        if isinstance(value, (dict, list)) or not text or unsayable(text):
            self._refuse("xml.cannot-say")
        self.out.append(f' {name}="{attribute(text)}"')

    def _div(self, value: Any) -> None:
        text = embedded(value) if isinstance(value, str) else None
        if text is None:
            self._refuse("xml.cannot-say")
        self._opening(text)
        self.depth -= 1

    def _refuse(self, key: str, below: str = "", **values: str) -> NoReturn:
        path = "".join(self.at) + (f".{below[:80]}" if below else "")
        raise Refused(406, Issue("not-supported", key, values, path or None))


def _place(slot: Slot) -> int:
    return slot.place

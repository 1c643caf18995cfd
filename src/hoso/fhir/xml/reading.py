"""XML text as the JSON of the same resource: strict, in one pass, and nothing is looked up or fetched.

A document type is refused as soon as it is met, so that no entity is ever declared; what R4 does not know, what
stands out of order and what means nothing is refused with its place in the text and in the resource.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from hoso.core.errors import Issue, Refused
from hoso.fhir.json import encode
from hoso.fhir.xml.foreign import is_cda
from hoso.fhir.xml.narrative import XHTML, Div
from hoso.fhir.xml.shapes import DEPTH_LIMIT, FHIR, Kind, Shape, Slot, resource_types, shape
from hoso.fhir.xml.text import check_encoding, plain
from hoso.fhir.xml.values import value_of

ELEMENTS_LIMIT = 1_000_000
"""Elements of one document: in memory each takes many times its few bytes."""

_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA_HINTS = frozenset({f"{_SCHEMA} schemaLocation", f"{_SCHEMA} noNamespaceSchemaLocation"})
_ERRORS = {
    expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE: "xml.duplicate-attribute",
    expat.errors.XML_ERROR_UNDEFINED_ENTITY: "xml.entity",
    expat.errors.XML_ERROR_UNBOUND_PREFIX: "xml.prefix",
    expat.errors.XML_ERROR_TAG_MISMATCH: "xml.mismatch",
}
_NO_SLOTS = Shape({}, frozenset())

_HEAD = 4_096
"""First bytes by which a document of another standard is known."""


@dataclass(slots=True)
class _Open:
    """One open element: what it becomes, and how far it has come. `notes` are ids and extensions of primitives."""

    name: str
    type: str
    kind: Kind
    shape: Shape
    many: bool = False
    number: int = 0
    tree: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any] | None]] = field(default_factory=dict)
    value: Any = None
    last: Slot | None = None


def read(body: bytes) -> bytes:
    """The JSON text of the resource in `body`. Raises Refused(400); Refused(415) for a document of another standard."""
    if is_cda(body[:_HEAD]):
        raise Refused.because(415, "not-supported", "xml.cda")
    return _Reader(plain(body)).read()


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._open: list[_Open] = []
        self._count = 0
        self._div: Div | None = None
        self._root: dict[str, Any] | None = None
        self._parser = parser = expat.ParserCreate("utf-8", " ")
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartCdataSectionHandler = self._cdata
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self) -> bytes:
        try:
            self._parser.Parse(self._body, True)
        except expat.ExpatError as error:
            key = _ERRORS.get(expat.errors.messages[error.code], "xml.malformed")
            place = {"line": str(error.lineno), "column": str(error.offset + 1)}
            raise Refused(400, Issue("structure", key, place, self._path() or None)) from None
        finally:
            del self._parser  # it holds our methods, and so us: a circle
        return encode(self._root)

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            self._refuse("xml.version", version=version[:10])
        check_encoding(encoding)

    def _doctype(self, *_: Any) -> None:
        self._refuse("xml.doctype")

    def _instruction(self, target: str, _: str) -> None:
        self._refuse("xml.instruction", name=target[:40])

    def _cdata(self) -> None:
        self._refuse("xml.cdata")

    def _text(self, text: str) -> None:
        if self._div is not None:
            self._div.text(text)
        elif not text.isspace():
            self._refuse("xml.text", text=text.strip()[:40])

    def _start(self, full: str, attributes: list[str]) -> None:
        self._count += 1
        if (self._div.depth if self._div else len(self._open)) >= DEPTH_LIMIT:
            self._refuse("xml.too-deep", limit=str(DEPTH_LIMIT))
        if self._count > ELEMENTS_LIMIT:
            self._refuse("xml.too-many", limit=str(ELEMENTS_LIMIT))
        space, name, prefix = _parts(full)
        if self._div is not None:
            self._inside(space, name, prefix, attributes)
            return
        if not self._open or (self._open[-1].kind == "resource" and self._open[-1].type == "Resource"):
            self._begin_resource(space, name)
        else:
            slot = self._slot(space, name)
            if slot.kind == "xhtml":
                self._div = Div(self._parser.CurrentByteIndex)
                self._inside(space, name, prefix, attributes)
                return
            self._begin(slot)
        self._attributes(attributes)

    def _begin_resource(self, space: str, name: str) -> None:
        if space != FHIR:
            self._refuse("xml.namespace", name=name[:40], namespace=space[:80])
        if name not in resource_types():
            self._refuse("xml.not-a-resource", name=name[:40])
        if self._open and self._open[-1].value is not None:
            self._refuse("xml.second-resource", name=name)
        self._open.append(_Open(name, name, "resource", shape(name), tree={"resourceType": name}))

    def _slot(self, space: str, name: str) -> Slot:
        """What the parent calls an element of this name, if it may stand here."""
        parent = self._open[-1]
        slot = parent.shape.slots.get(name)
        if slot is None or space != (XHTML if slot.kind == "xhtml" else FHIR):
            key = "xml.unknown-element" if space == FHIR and slot is None else "xml.namespace"
            self._refuse(key, name=name[:40], namespace=space[:80])
        last = parent.last
        if last is not None and slot.place < last.place:
            self._refuse("xml.order", name=name, before=last.name)
        if last is not None and slot.place == last.place and not slot.many:
            self._refuse("xml.repeated", name=name)
        parent.last = slot
        return slot

    def _begin(self, slot: Slot) -> None:
        held = self._open[-1].tree.get(slot.name)
        number = len(held) if isinstance(held, list) else 0
        inner = _NO_SLOTS if slot.kind == "resource" else shape(slot.type)
        type = "Resource" if slot.kind == "resource" else slot.type
        self._open.append(_Open(slot.name, type, slot.kind, inner, slot.many, number))

    def _attributes(self, attributes: list[str]) -> None:
        top = self._open[-1]
        for name, text in zip(attributes[::2], attributes[1::2], strict=True):
            if name not in top.shape.attributes:
                if top.kind == "resource" and name.rpartition(" ")[0] and _plain(name) in _SCHEMA_HINTS:
                    continue  # where a schema lies: a hint to others, of no meaning here
                self._refuse("xml.attribute", name=name.split(" ")[-1][:40])
            if not text:
                self._refuse("xml.empty-value", name=name)
            if name == "value":
                top.value = value_of(top.type, text)
                if top.value is None:
                    self._refuse("xml.bad-value", value=text[:40], type=top.type)
            else:
                top.tree[name] = text

    def _inside(self, space: str, name: str, prefix: str, attributes: list[str]) -> None:
        assert self._div is not None
        if space != XHTML:
            self._refuse("xml.namespace", name=name[:40], namespace=space[:80])
        self._div.start(name, prefix, attributes)

    def _end(self, _: str) -> None:
        if self._div is not None:
            if self._div.end():
                self._open[-1].tree["div"] = self._div.taken(self._body, self._parser.CurrentByteIndex)
                self._div = None
            return
        done = self._open[-1]
        value, note = self._made(done)
        self._open.pop()
        if not self._open:
            self._root = value
            return
        parent = self._open[-1]
        if parent.type == "Resource":
            parent.value = value
        elif done.many:
            self._append(parent, done, value, note)
        else:
            if value is not None:
                parent.tree[done.name] = value
            if note:
                parent.tree["_" + done.name] = note

    def _made(self, done: _Open) -> tuple[Any, dict[str, Any] | None]:
        """The value and, of a primitive, what is said about it."""
        if done.kind == "primitive":
            if done.value is None and not done.tree:
                self._refuse("xml.empty-element", name=done.name)
            return done.value, done.tree or None
        if done.type == "Resource":
            if done.value is None:
                self._refuse("xml.empty-element", name=done.name)
            return done.value, None
        if not done.tree:
            self._refuse("xml.empty-element", name=done.name)
        return (_padded(done) if done.notes else done.tree), None

    def _append(self, parent: _Open, done: _Open, value: Any, note: dict[str, Any] | None) -> None:
        values: list[Any] = parent.tree.setdefault(done.name, [])
        values.append(value)
        if note:
            notes = parent.notes.setdefault(done.name, [])
            notes.extend([None] * (len(values) - 1 - len(notes)))
            notes.append(note)

    def _path(self) -> str:
        """Where the reading stands, as FHIRPath."""
        parts: list[str] = []
        for number, element in enumerate(self._open):
            if element.kind == "resource" and element.type != "Resource":
                if number == 0:
                    parts.append(element.name)
            else:
                parts.append(f".{element.name}" + (f"[{element.number}]" if element.many else ""))
        return "".join(parts)

    def _refuse(self, key: str, **values: str) -> NoReturn:
        parser = self._parser
        place = {"line": str(parser.CurrentLineNumber), "column": str(parser.CurrentColumnNumber + 1)}
        raise Refused(400, Issue("structure", key, {**place, **values}, self._path() or None))


def _padded(done: _Open) -> dict[str, Any]:
    """The object with the ids and extensions of its repeated primitives beside them, nulls where there are none."""
    found: dict[str, Any] = {}
    for name, value in done.tree.items():
        notes = done.notes.get(name)
        if notes is None or any(one is not None for one in value):
            found[name] = value
        if notes is not None:
            found["_" + name] = notes + [None] * (len(value) - len(notes))
    return found


def _parts(full: str) -> tuple[str, str, str]:
    """Namespace, local name and prefix, as the parser joins them."""
    pieces = full.split(" ")
    if len(pieces) == 1:
        return "", full, ""
    return pieces[0], pieces[1], pieces[2] if len(pieces) > 2 else ""


def _plain(name: str) -> str:
    return " ".join(name.split(" ")[:2])

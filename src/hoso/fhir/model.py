"""The R4 definitions as data: types, elements, code sets, invariants, search parameters, compartments, operations.

They come from one built file (see data/README.md) and are decoded type by type on first use, so that start-up is cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from threading import RLock
from typing import Any, Generic, Literal, TypeVar

import msgspec
import zstandard

V = TypeVar("V")
Kind = Literal["resource", "complex", "primitive", "backbone"]


class Invariant(msgspec.Struct, frozen=True, omit_defaults=True):
    """A FHIRPath rule on the element it is listed with."""

    key: str
    expression: str
    severity: Literal["error", "warning"] = "error"


class TypeRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """One allowed type. `targets` are the resource types a Reference or canonical may point to; empty means any.

    `profile` names the type whose rules hold where R4 narrows a Quantity (SimpleQuantity, MoneyQuantity).
    """

    code: str
    targets: tuple[str, ...] = ()
    profile: str | None = None


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    """One element as the snapshot defines it. A choice `value[x]` is named "value" with `choice` set.

    `codes` names the closed code set of a required binding (see `Model.codes`); a required binding to a set that
    cannot be closed (MIME types, language tags, UCUM) has none.
    """

    name: str
    types: tuple[TypeRef, ...]
    min: int = 0
    max: int | None = 1
    choice: bool = False
    codes: str | None = None
    summary: bool = False
    modifier: bool = False
    invariants: tuple[Invariant, ...] = ()

    def spellings(self) -> tuple[tuple[str, TypeRef], ...]:
        """The JSON property names the element may take, each with its type."""
        if not self.choice:
            return ((self.name, self.types[0]),)
        return tuple((self.name + t.code[0].upper() + t.code[1:], t) for t in self.types)


class TypeDef(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """A resource, data type, primitive or backbone ("Observation.component"), inherited elements included."""

    name: str
    kind: Kind
    base: str | None = None
    abstract: bool = False
    elements: tuple[Element, ...] = ()
    invariants: tuple[Invariant, ...] = ()

    @cached_property
    def properties(self) -> dict[str, tuple[Element, TypeRef]]:
        """JSON property name → element and type; a choice appears once per type."""
        return {key: (element, ref) for element in self.elements for key, ref in element.spellings()}

    @cached_property
    def by_name(self) -> dict[str, Element]:
        return {element.name: element for element in self.elements}


class SearchParam(msgspec.Struct, frozen=True, omit_defaults=True):
    """A search parameter as it applies to one resource type.

    `expression` holds only the branches for that type. `components` are (code of the part's parameter, expression
    relative to the composite's own). `bit` is its frozen position in `Indexed.present`. `special` has no expression
    to extract: the search itself gives it meaning.
    """

    code: str
    type: str
    url: str
    bit: int
    expression: str = ""
    targets: tuple[str, ...] = ()
    components: tuple[tuple[str, str], ...] = ()
    comparators: tuple[str, ...] = ()
    phonetic: bool = False
    special: bool = False


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    code: str
    url: str
    system: bool = False
    type: bool = False
    instance: bool = False
    resources: tuple[str, ...] = ()
    affects_state: bool = False


class Definitions(msgspec.Struct, frozen=True):
    """The built file. `resources` is append-only: a type's number is stored in databases."""

    version: str
    source: str
    resources: tuple[str, ...]
    types: dict[str, msgspec.Raw]
    codes: dict[str, msgspec.Raw]
    search: dict[str, msgspec.Raw]
    compartments: dict[str, dict[str, tuple[str, ...]]]
    operations: tuple[Operation, ...]


_lock = RLock()
"""Making and first use of msgspec's decoders by several threads at once ends the process."""


class Lazy(Mapping[str, V], Generic[V]):
    """A mapping whose values are decoded when they are first asked for."""

    def __init__(self, raw: dict[str, msgspec.Raw], decode: Callable[[msgspec.Raw], V]) -> None:
        self._raw, self._decode = raw, decode
        self._ready: dict[str, V] = {}

    def __getitem__(self, key: str) -> V:
        try:
            return self._ready[key]
        except KeyError:
            pass
        with _lock:
            value = self._ready[key] = self._decode(self._raw[key])
            return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, key: object) -> bool:
        return key in self._raw


class Model:
    """What R4 4.0.1 defines."""

    def __init__(self, definitions: Definitions) -> None:
        self.version = definitions.version
        self.resource_types: tuple[str, ...] = definitions.resources
        self.type_number: dict[str, int] = {name: n for n, name in enumerate(definitions.resources, 1)}
        self.types: Mapping[str, TypeDef] = Lazy(definitions.types, _decoder(TypeDef))
        self.codes: Mapping[str, dict[str, tuple[str, ...]]] = Lazy(
            definitions.codes, _decoder(dict[str, tuple[str, ...]])
        )
        self.search_params: Mapping[str, dict[str, SearchParam]] = Lazy(definitions.search, _search_params)
        self.compartments = definitions.compartments
        self.operations = definitions.operations


def _decoder(type: Any) -> Callable[[msgspec.Raw], Any]:
    return msgspec.json.Decoder(type).decode


_decode_params = msgspec.json.Decoder(tuple[SearchParam, ...]).decode


def _search_params(raw: msgspec.Raw) -> dict[str, SearchParam]:
    return {param.code: param for param in _decode_params(raw)}


@cache
def load() -> Model:
    with _lock:
        return _load()


@cache
def _load() -> Model:
    packed = (files("hoso.fhir") / "data" / "r4.json.zst").read_bytes()
    return Model(msgspec.json.decode(zstandard.decompress(packed), type=Definitions))

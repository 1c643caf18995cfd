"""Runs an operation: the records it asks for, of which elements become what it wants, by FHIR's mapping of GraphQL.

References are looked up a level at a time, all of a level at once, before the elements of that level are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from hoso.api.graphql.budget import ERRORS, PATH_STEPS, Budget, Spent
from hoso.api.graphql.elements import Element, element, listed, matching, sliced
from hoso.api.graphql.reading import Found, Key, Reading, Tree, forgiven
from hoso.api.graphql.values import Arguments, wanted
from hoso.core.errors import Issue, Refused
from hoso.fhir.graphql import Asked, Fault, Field, Inline, Place, Selection, Spread
from hoso.fhir.model import load

Path = tuple[str | int, ...]
Selections = Sequence[Selection]
_TRANSFORMS = ("flatten", "first", "singleton", "slice")
_NAMES = ("skip", "include", *_TRANSFORMS)
_COUNT = 1_000


class Error(NamedTuple):
    issues: tuple[Issue, ...]
    place: Place
    path: Path


class Spot(NamedTuple):
    """An element that is being written: of this type, in this record."""

    tree: Tree
    type: str
    root: Tree


class Executor:
    def __init__(self, asked: Asked, reading: Reading, budget: Budget, now: datetime) -> None:
        self._asked, self._reading, self._budget, self._now = asked, reading, budget, now
        self._variables = asked.variables
        self.errors: list[Error] = []

    def system(self) -> Tree:
        """Of the whole node: records by id, lists, pages of lists."""
        out: Tree = {}
        for field in self._fields(self._asked.operation.selections, "Query"):
            out[field.key] = None
            with self._failing(field, (field.key,)):
                self._check(field, ())
                out[field.key] = self._root(field)
        return out

    def instance(self, tree: Tree) -> Tree:
        """Of one record."""
        selections = self._asked.operation.selections
        self._prepare([tree], selections)
        return self._object(Spot(tree, tree["resourceType"], tree), selections, ())

    def _root(self, field: Field) -> Any:
        if field.name == "__typename":
            return "Query"
        for ending in ("List", "Connection"):
            type = field.name.removesuffix(ending)
            if type != field.name and type in load().type_number:
                return self._search(field, type, None, (field.key,))
        if field.name not in load().type_number:
            raise Fault("graphql.no-field", field.place, name=field.name, type="Query")
        return self._record(field)

    def _record(self, field: Field) -> Tree | None:
        arguments = self._arguments(field)
        id = arguments.text("id")
        arguments.done()
        if id is None:
            raise Fault("graphql.no-value", field.place, "required", name="id")
        tree = self._reading.one(field.name, id, field.place)
        if tree is None:
            raise Refused.because(404, "not-found", "rest.not-found", type=field.name, id=id[:64])
        selections = _needed(field)
        self._prepare([tree], selections)
        return self._object(Spot(tree, field.name, tree), selections, (field.key,))

    # Lists

    def _search(self, field: Field, type: str, focus: Tree | None, path: Path) -> Any:
        """A list of records; of those only that refer to `focus`, when it stands within one."""
        arguments = self._arguments(field)
        more = []
        if focus is not None:
            parameter = arguments.text("_reference")
            if parameter is None:
                raise Fault("graphql.no-value", field.place, "required", name="_reference")
            more = [(parameter.replace("_", "-"), f"{focus['resourceType']}/{focus['id']}")]
        selections = _needed(field)
        if field.name.endswith("List"):
            trees = self._reading.all(type, [*arguments.search(), *more], field.place)
            return self._objects(trees, selections, path)
        token = arguments.text("_cursor")
        counted = any(one.name == "count" for one in self._fields(selections, "Connection"))
        found = self._reading.connection(type, [*arguments.search(), *more], token, counted, field.place)
        return self._connection(found, selections, path)

    def _objects(self, trees: list[Tree], selections: Selections, path: Path) -> list[Tree]:
        self._prepare(trees, selections)
        return [
            self._object(Spot(tree, tree["resourceType"], tree), selections, (*path, number))
            for number, tree in enumerate(trees)
        ]

    def _connection(self, found: Found, selections: Selections, path: Path) -> Tree:
        def edges(field: Field) -> list[Tree]:
            below = [one for one in self._fields(_needed(field), "Edge") if one.name == "resource"]
            self._prepare(found.trees, [inner for one in below for inner in _needed(one)])
            return [self._edge(tree, _needed(field), (*path, field.key, n)) for n, tree in enumerate(found.trees)]

        parts: dict[str, Callable[[Field], Any]] = {
            "count": lambda field: found.total,
            "pagesize": lambda field: found.size,
            "offset": lambda field: None,
            "first": lambda field: None,
            "previous": lambda field: None,
            "next": lambda field: found.following,
            "last": lambda field: None,
            "edges": edges,
        }
        return self._made("Connection", parts, selections)

    def _edge(self, tree: Tree, selections: Selections, path: Path) -> Tree:
        spot = Spot(tree, tree["resourceType"], tree)
        parts: dict[str, Callable[[Field], Any]] = {
            "mode": lambda field: "match",
            "score": lambda field: None,
            "resource": lambda field: self._object(spot, _needed(field), (*path, field.key)),
        }
        return self._made("Edge", parts, selections)

    def _made(self, type: str, parts: dict[str, Callable[[Field], Any]], selections: Selections) -> Tree:
        """An object of the mapping itself."""
        out: Tree = {}
        for field in self._fields(selections, type):
            self._check(field, ())
            if field.name == "__typename":
                out[field.key] = type
                continue
            self._arguments(field).done()
            if field.name not in parts:
                raise Fault("graphql.no-field", field.place, name=field.name, type=type)
            out[field.key] = parts[field.name](field)
        return out

    # Elements

    def _object(self, spot: Spot, selections: Selections, path: Path) -> Tree:
        out: Tree = {}
        self._write(out, spot, selections, path, many=False, suffix="")
        return out

    def _write(self, out: Tree, spot: Spot, selections: Selections, path: Path, *, many: bool, suffix: str) -> None:
        """`many`: the element was one of several and is flattened away, so what is in it stands in lists."""
        for field in self._fields(selections, spot.type):
            key, answered = field.key + suffix, False
            stays = field.directive("flatten") is None and field.directive("slice") is None
            if stays:
                out.setdefault(key, None)
            with self._failing(field, (*path, key)):
                self._check(field, _TRANSFORMS)
                self._field(out, spot, field, (*path, key), many, suffix)
                answered = True
            if stays and not answered:
                out[key] = None

    def _field(self, out: Tree, spot: Spot, field: Field, path: Path, many: bool, suffix: str) -> None:
        key = field.key + suffix
        known = element(spot.type, field.name)
        if known is None:
            self._special(out, spot, field, key, path)
            return
        arguments = self._arguments(field)
        values = self._chosen(known, spot, field, arguments)
        flat, slicing = field.directive("flatten"), field.directive("slice")
        first, repeats = field.directive("first") is not None, known.repeats
        for number, value in enumerate(values[:1] if first else values):
            ending = suffix + (self._slice(field, value, known, number, spot) if slicing else "")
            within = (*path, number) if repeats and not first else path
            if flat is not None:
                inner = Spot(value, known.type_of(value), spot.root)
                self._write(out, inner, _needed(field), path, many=many or (repeats and not first), suffix=ending)
                continue
            single = field.directive("singleton") is not None or not (many or (repeats and not first))
            made = self._value(known, value, spot, field, within)
            _put(out, field.key + ending, made, single, field.place)

    def _value(self, known: Element, value: Any, spot: Spot, field: Field, path: Path) -> Any:
        if not known.complex:
            if field.selections is not None:
                raise Fault("graphql.no-selection", field.place, name=field.name)
            return value
        return self._object(Spot(value, known.type_of(value), spot.root), _needed(field), path)

    def _chosen(self, known: Element, spot: Spot, field: Field, arguments: Arguments) -> list[Any]:
        """The values of an element that its arguments leave."""
        values = listed(spot.tree.get(field.name))
        self._budget.step(field.place, 1 + len(values))
        expression = arguments.text("fhirpath")
        offset, count = arguments.whole("_offset", _COUNT), arguments.whole("_count", _COUNT)
        criteria = arguments.rest()
        if not known.repeats and (criteria or expression is not None or offset is not None or count is not None):
            raise Fault("graphql.argument", field.place, "not-supported", name=next(iter(field.arguments)))
        if not known.complex and criteria:
            raise Fault("graphql.argument", field.place, "not-supported", name=next(iter(criteria)))
        if expression is not None:
            self._budget.step(field.place, PATH_STEPS * len(values))
        kept = matching(known, values, criteria, expression, spot.root, self._now, field.place)
        return kept[offset or 0 :][: count if count is not None else None]

    def _slice(self, field: Field, value: Any, known: Element, number: int, spot: Spot) -> str:
        directive = field.directive("slice")
        assert directive is not None
        arguments = Arguments(directive.arguments, self._variables, directive.place)
        path = arguments.text("path") or arguments.text("fhirpath")
        arguments.done()
        if path is None:
            raise Fault("graphql.no-value", directive.place, "required", name="path")
        if field.directive("first") is not None:
            raise Fault("graphql.slice-first", directive.place)
        self._budget.step(field.place, PATH_STEPS)
        return "." + (
            str(number) if path == "$index" else sliced(known, value, path, spot.root, self._now, field.place)
        )

    def _special(self, out: Tree, spot: Spot, field: Field, key: str, path: Path) -> None:
        """What the mapping adds to elements: names of types, the record behind a reference, lists of what refers."""
        if field.name in ("__typename", "resourceType"):
            self._arguments(field).done()
            if field.name == "resourceType" and spot.tree is not spot.root and "resourceType" not in spot.tree:
                raise Fault("graphql.no-field", field.place, name=field.name, type=spot.type)
            out[key] = spot.type
        elif spot.type == "Reference" and field.name == "resource":
            _put(out, key, self._referred(spot, field, path), True, field.place)
        elif spot.tree is spot.root and (type := _listed_type(field.name)):
            out[key] = self._search(field, type, spot.tree, path)
        else:
            raise Fault("graphql.no-field", field.place, name=field.name, type=spot.type)

    def _referred(self, spot: Spot, field: Field, path: Path) -> Tree | None:
        arguments = self._arguments(field)
        optional, type = arguments.truth("optional") is True, arguments.text("type")
        arguments.done()
        text = spot.tree.get("reference")
        tree, root = self._behind(text, spot.root, field.place)
        if tree is not None and type is not None and tree["resourceType"] != type:
            return None
        if tree is None:
            if optional or text is None:
                return None
            raise Refused.because(404, "not-found", "graphql.no-resource", reference=str(text)[:120])
        return self._object(Spot(tree, tree["resourceType"], root or tree), _needed(field), path)

    def _behind(self, text: Any, root: Tree, place: Place) -> tuple[Tree | None, Tree | None]:
        if isinstance(text, str) and text.startswith("#"):
            found = (one for one in listed(root.get("contained")) if one.get("id") == text[1:])
            return next(found, None), root
        key = self._reading.local(text)
        if key is None:
            return None, None
        self._reading.fetch([key], place)
        return self._reading.known(key), None

    # Looking ahead

    def _prepare(self, trees: list[Tree], selections: Selections) -> None:
        """Fetches what references will be followed, level by level."""
        level = [(tree, tree["resourceType"], selections) for tree in trees]
        while level:
            wanted: dict[Key, dict[Place, Selections]] = {}
            for tree, type, some in level:
                self._ahead(tree, type, some, wanted)
            if not wanted:
                return
            self._reading.fetch(wanted, next(place for below in wanted.values() for place in below))
            found = [(self._reading.known(key), below) for key, below in wanted.items()]
            level = [
                (tree, tree["resourceType"], some)
                for tree, below in found
                if tree is not None
                for some in below.values()
            ]

    def _ahead(self, tree: Tree, type: str, selections: Selections, wanted: dict[Key, dict[Place, Selections]]) -> None:
        for field in self._fields(selections, type):
            if field.selections is None:
                continue
            known = element(type, field.name)
            if known is not None and known.complex:
                for value in listed(tree.get(field.name)):
                    self._budget.step(field.place)
                    if isinstance(value, dict):
                        self._ahead(value, known.type_of(value), field.selections, wanted)
            elif type == "Reference" and field.name == "resource":
                key = self._reading.local(tree.get("reference"))
                if key is not None:
                    wanted.setdefault(key, {})[field.place] = field.selections

    # Selections

    def _fields(self, selections: Selections, type: str) -> list[Field]:
        """In the order of the document, fragments written out; what has one name in the answer is one field."""
        found: dict[str, Field] = {}
        for field in self._flat(selections, type):
            self._budget.step(field.place)
            before = found.get(field.key)
            found[field.key] = field if before is None else _joined(before, field)
        return list(found.values())

    def _flat(self, selections: Iterable[Selection], type: str) -> Iterator[Field]:
        for one in selections:
            if not wanted(one, self._variables):
                continue
            if isinstance(one, Field):
                yield one
            elif isinstance(one, Inline):
                if one.type is None or _is(type, one.type):
                    yield from self._flat(one.selections, type)
            elif isinstance(one, Spread):
                fragment = self._asked.fragments[one.name]
                if _is(type, fragment.type):
                    yield from self._flat(fragment.selections, type)

    def _arguments(self, field: Field) -> Arguments:
        return Arguments(field.arguments, self._variables, field.place)

    def _check(self, field: Field, transforms: Sequence[str]) -> None:
        if field.name in ("__schema", "__type"):
            raise Fault("graphql.introspection", field.place, "not-supported", name=field.name)
        for one in field.directives:
            if one.name not in _NAMES:
                raise Fault("graphql.no-directive", one.place, "not-supported", name=one.name)
            if one.name in _TRANSFORMS and one.name not in transforms:
                raise Fault("graphql.directive-place", one.place, "not-supported", name=f"@{one.name}")
            if one.name in ("flatten", "first", "singleton") and one.arguments:
                raise Fault("graphql.argument", one.place, "not-supported", name=next(iter(one.arguments)))

    @contextmanager
    def _failing(self, field: Field, path: Path) -> Iterator[None]:
        """One field that cannot be answered is null and told; the others stand."""
        try:
            yield
        except Spent:
            raise
        except Fault as fault:
            self._tell(Error((fault.issue,), fault.place, path))
        except Refused as refused:
            if not forgiven(refused):
                raise
            self._tell(Error(refused.issues, field.place, path))

    def _tell(self, error: Error) -> None:
        if len(self.errors) == ERRORS:
            raise Spent("graphql.many-errors", error.place, "too-costly", limit=str(ERRORS))
        self.errors.append(error)


def _needed(field: Field) -> tuple[Selection, ...]:
    if field.selections is None:
        raise Fault("graphql.selection", field.place, "required", name=field.name)
    return field.selections


def _joined(one: Field, other: Field) -> Field:
    """Two fields of one name in the answer must ask for the same, of which each may want other parts."""
    if (one.name, one.arguments, one.directives) != (other.name, other.arguments, _moved(other, one)):
        raise Fault("graphql.conflict", other.place, "conflict", name=one.key)
    if one.selections is None or other.selections is None:
        return one
    return Field(one.key, one.name, one.arguments, one.directives, (*one.selections, *other.selections), one.place)


def _moved(field: Field, to: Field) -> Any:
    """The directives, as if they stood where the other's stand."""
    if [d.name for d in field.directives] != [d.name for d in to.directives]:
        return field.directives
    same = all(a.arguments == b.arguments for a, b in zip(field.directives, to.directives, strict=True))
    return to.directives if same else field.directives


def _is(type: str, condition: str) -> bool:
    """Whether a fragment on `condition` is about this type."""
    known = load().types.get(type)
    while type != condition and known is not None and known.base is not None:
        type = known.base
        known = load().types.get(type)
    return type == condition


def _listed_type(name: str) -> str | None:
    for ending in ("List", "Connection"):
        if name.endswith(ending) and name.removesuffix(ending) in load().type_number:
            return name.removesuffix(ending)
    return None


def _put(out: Tree, key: str, value: Any, single: bool, place: Place) -> None:
    if not single:
        there = out.get(key)
        out[key] = [*there, value] if there is not None else [value]
        return
    if out.get(key) is not None and value is not None:
        raise Fault("graphql.several", place, name=key)
    out[key] = value

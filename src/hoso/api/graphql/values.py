"""Arguments of fields and directives, their variables filled in, and the search that they mean."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hoso.fhir.graphql import Fault, Place, Selection, Value, Variable

Pairs = list[tuple[str, str]]
_OF_THE_ANSWER = (
    "_include",
    "_revinclude",
    "_summary",
    "_elements",
    "_contained",
    "_total",
    "_format",
    "_page",
    "_type",
)


class Arguments:
    """Of one field; what nobody took is refused."""

    def __init__(self, given: Mapping[str, Value], variables: Mapping[str, Value], place: Place) -> None:
        self._left = {name: _filled(value, variables, place) for name, value in given.items()}
        self._place = place

    def text(self, name: str) -> str | None:
        value = self._left.pop(name, None)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self._bad(name)

    def whole(self, name: str, most: int) -> int | None:
        value = self._left.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self._bad(name)
        return value

    def truth(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        if value is None or isinstance(value, bool):
            return value
        raise self._bad(name)

    def rest(self) -> dict[str, str]:
        """What is left, each as one text, as an element of that name would be written."""
        found = {name: written for name, value in self._left.items() if (written := _written(value)) is not None}
        if wrong := [name for name, value in self._left.items() if isinstance(value, list)]:
            raise self._bad(wrong[0])
        self._left = {}
        return found

    def search(self) -> Pairs:
        """What is left as search parameters: GraphQL has no `-` in names, and a list is any of its values."""
        pairs: Pairs = []
        for name, value in self._left.items():
            code = name[0] + name[1:].replace("_", "-")
            if code in _OF_THE_ANSWER:
                raise Fault("graphql.argument", self._place, "not-supported", name=name)
            texts = [_written(one) for one in (value if isinstance(value, list) else [value])]
            if given := [text for text in texts if text is not None]:
                pairs.append((code, ",".join(given)))
        self._left = {}
        return pairs

    def done(self) -> None:
        if self._left:
            raise Fault("graphql.argument", self._place, "not-supported", name=next(iter(self._left)))

    def _bad(self, name: str) -> Fault:
        return Fault("graphql.bad-value", self._place, "value", name=name)


def wanted(selection: Selection, variables: Mapping[str, Value]) -> bool:
    """What `@skip` and `@include` say."""
    for one in selection.directives:
        if one.name not in ("skip", "include"):
            continue
        arguments = Arguments(one.arguments, variables, one.place)
        condition = arguments.truth("if")
        arguments.done()
        if condition is None:
            raise Fault("graphql.no-value", one.place, "required", name="if")
        if condition is (one.name == "skip"):
            return False
    return True


def _filled(value: Value, variables: Mapping[str, Value], place: Place) -> Value:
    if isinstance(value, list):
        return [_filled(one, variables, place) for one in value]
    if not isinstance(value, Variable):
        return value
    if value.name not in variables:
        raise Fault("graphql.no-variable", place, "not-found", name=value.name)
    return variables[value.name]


def _written(value: Value) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)

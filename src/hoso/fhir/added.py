"""Search parameters that R4 does not have: a SearchParameter resource read, and what it finds in a resource.

Its expression is run as it stands, within FHIRPath's budget for each record; where that fails, it has no value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any, cast

import msgspec

from hoso.core.errors import Issue, Refused
from hoso.core.text import fold
from hoso.fhir.extraction.kinds import VALUES
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import SearchParam, load
from hoso.fhir.path import PathError, compile

KINDS = ("token", "string", "date", "number", "quantity", "reference", "uri")
WORDS = ("_text", "_content")
"""Full text: words of the narrative, and of everything but it and what is contained."""
DISPLAY = "_display"
"""Full text of references, by parameter: words of their displays. Nobody searches by it but as `:text`."""
WORD = ":word"
"""After the name of full text: tokens that are words."""
PRESENT = ":present"
"""After the name of a parameter: a token that stands where it has a value at all."""
LONGEST_EXPRESSION = 2_000
_MOMENT = re.compile(r"\b(now|today|timeOfDay)\s*\(")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z", re.ASCII)


class Definition(msgspec.Struct, frozen=True, omit_defaults=True):
    """`types` empty: every type."""

    code: str
    kind: str
    types: tuple[str, ...] = ()
    expression: str = ""
    url: str = ""
    targets: tuple[str, ...] = ()

    def covers(self, type: str) -> bool:
        return not self.types or type in self.types

    def param(self, number: int) -> SearchParam:
        """As the grammar of searches knows parameters, under the name that the index has for it."""
        return SearchParam(named(self.code, number), self.kind, self.url, -1, self.expression, self.targets)


def named(code: str, number: int) -> str:
    """No code of R4 has this mark."""
    return f"{code}#{number}"


def is_added(param: str) -> bool:
    return "#" in param


def written(param: str) -> str:
    """As people write it."""
    code, _, rest = param.partition("#")
    return rest.partition(":")[2] if code == DISPLAY else code


def active(resource: Mapping[str, Any]) -> bool:
    return resource.get("status") == "active"


def read(resource: Mapping[str, Any]) -> Definition:
    """Raises Refused(422) with the element at fault."""
    kind, code, expression = resource.get("type"), resource.get("code", ""), resource.get("expression", "")
    types = tuple(dict.fromkeys(resource.get("base", ())))
    if kind not in KINDS:
        raise _refused("added.kind", "type", value=str(kind), kinds=", ".join(KINDS))
    if not _CODE.match(code):
        raise _refused("added.code", "code", value=code)
    if not expression or len(expression) > LONGEST_EXPRESSION:
        raise _refused("added.expression-length", "expression", limit=str(LONGEST_EXPRESSION))
    if _MOMENT.search(expression):
        raise _refused("added.moment", "expression")
    for type in types:
        if type not in load().type_number:
            raise _refused("added.base", "base", value=type)
        if code in load().search_params[type]:
            raise _refused("added.taken", "code", "duplicate", type=type, value=code)
        _try(expression, type)
    targets = tuple(t for t in resource.get("target", ()) if t in load().type_number)
    return Definition(code, kind, types, expression, resource.get("url", ""), targets)


def _try(expression: str, type: str) -> None:
    try:
        compile(expression, strict=True).evaluate({"resourceType": type})
    except PathError as error:
        raise _refused("added.expression", "expression", type=type, reason=str(error)) from error


def _refused(key: str, element: str, code: str = "value", **values: str) -> Refused:
    short = {name: text[:200] for name, text in values.items()}
    return Refused(422, Issue(code, key, short, f"SearchParameter.{element}"))


def put(definition: Definition, name: str, resource: dict[str, Any], out: Indexed) -> None:
    """Adds what a resource has under a parameter, called `name` in the index, to what was extracted of it."""
    if definition.code == DISPLAY:
        out.words += [(f"{name}:{param}", word) for param, said in out.displays for word in words(said)]
        return
    if definition.code in WORDS:
        found = narrative_words(resource) if definition.code == "_text" else content_words(resource)
        out.words += [(name + WORD, word) for word in found]
        return
    try:
        values = compile(definition.expression, strict=True).evaluate(resource)
    except PathError:
        return
    if values:
        out.tokens.append((name + PRESENT, None, "true"))
    for type, value in values:
        for one in VALUES.get((definition.kind, type), _nothing)(value) if value is not None else ():
            _keep(definition.kind, name, one, out)


def _nothing(value: Any) -> Iterable[Any]:
    return ()


def _keep(kind: str, name: str, one: Any, out: Indexed) -> None:
    if kind == "token":
        out.tokens.append((name, *cast("tuple[str | None, str]", one)))
    elif kind == "string":
        out.strings.append((name, one))
    elif kind == "date":
        out.dates.append((name, *one))
    elif kind in ("number", "quantity"):
        out.quantities.append((name, *one))
    elif one[0] is None:
        out.uris.append((name, one[1]))
    else:
        out.references.append((name, *one))


_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W_]+")
LONGEST_WORD, MOST_WORDS = 40, 2_000
_UNSAID = frozenset(
    {"div", "contained", "resourceType", "id", "url", "system", "reference", "data", "versionId", "lastUpdated"}
)
"""Elements that hold addresses, bytes, or what is said elsewhere."""


def words(text: str) -> list[str]:
    """The words of a text in order, without accents and case, as they are kept and as they are sought."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text))]


def narrative_words(resource: Mapping[str, Any]) -> set[str]:
    narrative = resource.get("text")
    div = narrative.get("div", "") if isinstance(narrative, dict) else ""
    return set(words(unescape(_TAG.sub(" ", div)))[:MOST_WORDS])


def content_words(resource: Mapping[str, Any]) -> set[str]:
    """Of all texts and codes of the resource itself and of its narrative."""
    found = narrative_words(resource)
    todo: list[Any] = [resource]
    while todo and len(found) < MOST_WORDS:
        node = todo.pop()
        if isinstance(node, dict):
            todo.extend(value for key, value in node.items() if key not in _UNSAID)
        elif isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, str):
            found.update(words(node))
    return found

"""$lookup, $validate-code, $expand, $subsumes and $translate, for what HoSo brings and what was handed in.

No record of a person is touched, so any valid token may ask; lists that are kept here take part for whoever may read
them. The day of a question is `date`, today without it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.parameters import MANY, Form, Given, given
from hoso.api.terminology_answers import lookup_answer, match_answer, parameters, said
from hoso.core.dates import VIETNAM, parse_span
from hoso.core.errors import Issue, Refused
from hoso.core.ids import new_id
from hoso.fhir.json import encode
from hoso.fhir.number_systems import naming
from hoso.fhir.terminology import (
    CodeSystem,
    ConceptMap,
    Head,
    Language,
    Library,
    ValueSet,
    Wish,
    select,
    shipped,
)
from hoso.fhir.terminology import expand as expanded
from hoso.fhir.terminology.checking import Checked, Coding, in_set, in_system, known_system
from hoso.fhir.terminology.resources import resource
from hoso.fhir.terminology.translating import Match
from hoso.fhir.terminology.translating import translate as translated

_DAY = {"date": Form("instant"), "displayLanguage": Form("string")}
_CODED = {"code": Form("string"), "coding": Form("Coding"), "codeableConcept": Form("CodeableConcept")}
LOOKUP = _DAY | {
    "code": Form("string"), "system": Form("uri"), "version": Form("string"), "coding": Form("Coding"),
    "property": Form("string", MANY),
}  # fmt: skip
IN_SYSTEM = _DAY | _CODED | {"url": Form("uri"), "version": Form("string"), "display": Form("string")}
IN_SET = _DAY | _CODED | {
    "url": Form("uri"), "valueSet": Form("resource"), "valueSetVersion": Form("string"), "system": Form("uri"),
    "systemVersion": Form("string"), "display": Form("string"), "abstract": Form("boolean"),
}  # fmt: skip
EXPAND = _DAY | {
    "url": Form("uri"), "valueSet": Form("resource"), "valueSetVersion": Form("string"), "filter": Form("string"),
    "offset": Form("integer"), "count": Form("integer"), "activeOnly": Form("boolean"),
    "includeDesignations": Form("boolean"), "excludeNested": Form("boolean"),
}  # fmt: skip
SUBSUMES = {
    "codeA": Form("string"), "codeB": Form("string"), "system": Form("uri"), "version": Form("string"),
    "codingA": Form("Coding"), "codingB": Form("Coding"), "date": Form("instant"),
}  # fmt: skip
TRANSLATE = _CODED | {
    "url": Form("uri"), "conceptMapVersion": Form("string"), "system": Form("uri"), "version": Form("string"),
    "source": Form("uri"), "target": Form("uri"), "targetsystem": Form("uri"), "reverse": Form("boolean"),
    "date": Form("instant"),
}  # fmt: skip


def read(doors: Doors, request: Request) -> Response:
    """One of those that HoSo brings, as a resource."""
    check_format(request)
    type, id = request.path[:2]
    found = naming().get(id) if type == "NamingSystem" else shipped().by_id(type, id)
    if found is None:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    return Response(200, [CONTENT], encode(found if isinstance(found, dict) else resource(found)))


def is_shipped(type: str, id: str | None) -> bool:
    if type == "NamingSystem":
        return id in naming()
    if type not in ("CodeSystem", "ValueSet", "ConceptMap") or not id or not id.startswith("hoso-"):
        return False
    return shipped().by_id(type, id) is not None


def lookup(doors: Doors, request: Request) -> Response:
    asked, library, day, language = _begin(doors, request, LOOKUP)
    coding = _one_coding(asked)
    if not coding.system:
        raise Refused.because(400, "required", "terminology.which-system")
    system = known_system(library, coding.system, coding.version, day)
    concept = system.find(coding.code)
    if concept is None:
        reason = in_system(library, coding, day, language).reason
        raise Refused(404, *([reason] if reason else []))
    return _answer(lookup_answer(system, concept, language, day, asked.all("property")))


def validate_in_system(doors: Doors, request: Request) -> Response:
    asked, library, day, language = _begin(doors, request, IN_SYSTEM)
    here = _here(library, request)
    url = here.head.url if here else asked.one("url") or ""
    version = here.head.version if here else asked.one("version") or ""
    codings = [
        one._replace(system=one.system or url, version=one.version or version)
        for one in _codings(asked)
        if not url or not one.system or one.system == url
    ]
    if not codings:
        raise Refused.because(400, "value", "terminology.which-code")
    if not all(one.system for one in codings):
        raise Refused.because(400, "required", "terminology.which-system")
    return _checked([in_system(library, one, day, language) for one in codings], request)


def validate_in_set(doors: Doors, request: Request) -> Response:
    asked, library, day, language = _begin(doors, request, IN_SET)
    value_set = _value_set(library, asked, request, day)
    system, version = asked.one("system") or "", asked.one("systemVersion") or ""
    codings = [one._replace(system=one.system or system, version=one.version or version) for one in _codings(asked)]
    return _checked([in_set(library, value_set, one, day, language) for one in codings], request)


def expand(doors: Doors, request: Request) -> Response:
    asked, library, day, language = _begin(doors, request, EXPAND)
    value_set = _value_set(library, asked, request, day)
    wish = Wish(
        day, language, asked.one("filter") or "", _natural(asked, "offset") or 0, _natural(asked, "count"),
        bool(asked.one("activeOnly")), bool(asked.one("includeDesignations")),
    )  # fmt: skip
    found = expanded(select(library, value_set.tree, day), wish)
    used = [{"name": "version", "valueUri": one} for one in found.used]
    expansion: dict[str, Any] = {
        "identifier": f"urn:uuid:{new_id()}",
        "timestamp": doors.records.clock().astimezone(VIETNAM).isoformat(timespec="seconds"),
        "total": found.total,
        "offset": wish.offset,
        "parameter": [*said(wish, asked.values), *used],
        "contains": found.contains,
    }
    tree = {"resourceType": "ValueSet", "url": value_set.head.url, "version": value_set.head.version,
            "status": "active", "expansion": {key: one for key, one in expansion.items() if one != []}}  # fmt: skip
    return Response(200, [CONTENT], encode({key: one for key, one in tree.items() if one}))


def subsumes(doors: Doors, request: Request) -> Response:
    asked, library, day, _ = _begin(doors, request, SUBSUMES)
    here = _here(library, request)
    system = asked.one("system") or (here.head.url if here else "")
    version = asked.one("version") or (here.head.version if here else "")
    a, b = (_side(asked, side, system, version) for side in ("A", "B"))
    if a.system != b.system:
        raise Refused.because(400, "value", "terminology.two-systems")
    known = known_system(library, a.system, a.version or b.version, day)
    for one in (a, b):
        if known.find(one.code) is None:
            raise Refused.because(404, "not-found", "terminology.no-code", concept=one.code[:80], url=one.system)
    return _answer([{"name": "outcome", "valueCode": known.relation(a.code, b.code)}])


def translate(doors: Doors, request: Request) -> Response:
    asked, library, day, _ = _begin(doors, request, TRANSLATE)
    system, reverse = asked.one("system") or "", bool(asked.one("reverse"))
    maps = _maps(library, asked, request, day)
    found: list[Match] = []
    codings = [one._replace(system=one.system or system) for one in _codings(asked)]
    if not all(one.system for one in codings):
        raise Refused.because(400, "required", "terminology.which-system")
    for one in codings:
        target = asked.one("targetsystem") or ""
        found += translated(maps, one.system, one.code, target=target, reverse=reverse)
    none = Issue("not-found", "terminology.no-match", {"concept": codings[0].code[:80]})
    return _answer(match_answer(found, none, request.language))


def _begin(doors: Doors, request: Request, forms: dict[str, Form]) -> tuple[Given, Library, str, Language]:
    check_format(request)
    asked = given(request, forms)
    return asked, doors.records.lists(request.errand), _day(doors, asked), _language(request, asked)


def _day(doors: Doors, asked: Given) -> str:
    """The first day the date touches."""
    text = asked.one("date")
    if text is None:
        return doors.records.clock().astimezone(VIETNAM).date().isoformat()
    try:
        low = parse_span(text).low
        return datetime.fromtimestamp(low / 1000, VIETNAM).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise Refused.because(400, "value", "terminology.date", asked.place("date"), value=text[:40]) from error


def _language(request: Request, asked: Given) -> Language:
    wanted = asked.one("displayLanguage")
    if wanted is None:
        return request.language
    main = wanted.partition("-")[0].lower()
    if main == "vi":
        return "vi"
    if main == "en":
        return "en"
    raise Refused.because(400, "not-supported", "terminology.language", value=wanted[:40])


def _natural(asked: Given, name: str) -> int | None:
    value: int | None = asked.one(name)
    if value is not None and value < 0:
        raise Refused.because(400, "value", "terminology.page", asked.place(name), name=name)
    return value


def _codings(asked: Given) -> list[Coding]:
    """The codes that are asked for; one of a CodeableConcept suffices."""
    given = [name for name in ("code", "coding", "codeableConcept") if asked.one(name) is not None]
    if len(given) != 1:
        raise Refused.because(400, "required", "terminology.which-code")
    if given == ["code"]:
        return [Coding("", asked.one("code") or "", "", asked.one("display") or "")]
    value = asked.one(given[0]) or {}
    trees = [value] if given == ["coding"] else value.get("coding", [])
    found = [_coding(tree) for tree in trees if "code" in tree]
    if not found:
        raise Refused.because(400, "required", "terminology.which-code")
    return found


def _one_coding(asked: Given) -> Coding:
    one = _codings(asked)[0]
    return one._replace(
        system=one.system or asked.one("system") or "", version=one.version or asked.one("version") or ""
    )


def _coding(tree: dict[str, Any]) -> Coding:
    return Coding(tree.get("system", ""), tree.get("code", ""), tree.get("version", ""), tree.get("display", ""))


def _side(asked: Given, side: str, system: str, version: str) -> Coding:
    code, coding = asked.one(f"code{side}"), asked.one(f"coding{side}")
    if (code is None) == (coding is None):
        raise Refused.because(400, "required", "terminology.which-code")
    found = Coding("", code) if code is not None else _coding(coding or {})
    found = found._replace(system=found.system or system, version=found.version or version)
    if not found.system:
        raise Refused.because(400, "required", "terminology.which-system")
    return found


def _here(library: Library, request: Request) -> CodeSystem | ValueSet | ConceptMap | None:
    """What the operation was asked at, when it was asked at one."""
    if len(request.path) != 3:
        return None
    type, id = request.path[:2]
    found = library.by_id(type, id)
    if found is None:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    return found


def _value_set(library: Library, asked: Given, request: Request, day: str) -> ValueSet:
    here = _here(library, request)
    url, tree = asked.one("url"), asked.one("valueSet")
    if sum(one is not None for one in (here, url, tree)) != 1:
        raise Refused.because(400, "required", "terminology.which-set")
    if isinstance(here, ValueSet):
        return here
    if tree is not None:
        if tree.get("resourceType") != "ValueSet":
            raise Refused.because(422, "invalid", "rest.wrong-type", asked.place("valueSet"), type="ValueSet")
        return ValueSet(Head(tree.get("url", ""), tree.get("version", "")), tree)
    found = library.value_set(url or "", asked.one("valueSetVersion") or "", day)
    if found is None:
        raise Refused.because(404, "not-found", "terminology.no-value-set", url=(url or "")[:200])
    return found


def _maps(library: Library, asked: Given, request: Request, day: str) -> list[ConceptMap]:
    here, url = _here(library, request), asked.one("url")
    if isinstance(here, ConceptMap):
        return [here]
    if url is not None:
        found = library.map(url, asked.one("conceptMapVersion") or "", day)
        if found is None:
            raise Refused.because(404, "not-found", "terminology.no-map", url=url[:200])
        return [found]
    maps = [one for url in library.maps if (one := library.map(url, day=day)) is not None and one.head.holds(day)]
    for name in ("source", "target"):
        wanted = asked.one(name)
        if wanted is not None:
            maps = [one for one in maps if getattr(one.scope, name).partition("|")[0] == wanted.partition("|")[0]]
    return maps


def _checked(several: list[Checked], request: Request) -> Response:
    """Of several codings one that is valid suffices."""
    best = next((one for one in several if one.result), several[0])
    return _answer(parameters(best, request.language))


def _answer(parts: list[dict[str, Any]]) -> Response:
    return Response(200, [CONTENT], encode({"resourceType": "Parameters", "parameter": parts}))

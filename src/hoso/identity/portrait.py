"""The golden Patient of a person: what its newest records say, all of it, and links to every one of them.

It is a function of the person's records alone, so a merge and its undoing end at the very same text. Nothing a
facility wrote is decided away: names, numbers, addresses and phones are united, and single values keep their sources.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson

from hoso.core import citizen_code, fold
from hoso.fhir.systems import RECORD_KIND

TAG = "person"
DRAWN_FROM = 20
"""Records that the picture is drawn from, the newest; a person may have thousands, all of which are linked."""

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is decided about a person. `merged` is the person it was found to be, `replaces` whom it was found to be."""

    id: str
    code: str
    records: Sequence[str]
    merged: str = ""
    replaces: Sequence[str] = ()


def portrait(standing: Standing, sources: Iterable[Mapping[str, Any]]) -> Resource:
    """`sources` are the Patients it is drawn from, newest first."""
    seen = list(sources)
    golden: Resource = {
        "resourceType": "Patient",
        "id": standing.id,
        "meta": {"tag": _tags(seen)},
        "identifier": [
            {"use": "official", "system": citizen_code.SYSTEM, "value": standing.code},
            *(i for i in _united(seen, "identifier") if i.get("system") != citizen_code.SYSTEM),
        ],
        "active": bool(standing.records) and not standing.merged,
    }
    for element, found in (("name", _names(seen)), *((e, _united(seen, e)) for e in ("telecom", "address"))):
        if found:
            golden[element] = found
    if sex := _commonest(p.get("gender") for p in seen):
        golden["gender"] = sex
    if born := _birth(seen):
        golden["birthDate"] = born
    golden.update(_death(seen))
    if links := _links(standing):
        golden["link"] = links
    return golden


def is_person(patient: Mapping[str, Any]) -> bool:
    tags = patient.get("meta", {}).get("tag", ())
    return any(tag.get("system") == RECORD_KIND and tag.get("code") == TAG for tag in tags)


def is_replaced(patient: Mapping[str, Any]) -> bool:
    """A record that its facility replaced, or a person that was merged away."""
    return patient.get("active") is False and any(one.get("type") == "replaced-by" for one in patient.get("link", ()))


def _tags(sources: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """Its own, and the mark of test data when a record has it."""
    tags = [{"system": RECORD_KIND, "code": TAG}]
    test = (t for p in sources for t in p.get("meta", {}).get("tag", ()) if t.get("code") == "HTEST")
    return [*tags, *([t] if (t := next(test, None)) else [])]


def _united(sources: Sequence[Mapping[str, Any]], element: str) -> list[Resource]:
    """Each value once, the most often written first, then the newest."""
    counted: Counter[bytes] = Counter()
    for patient in sources:
        counted.update({orjson.dumps(v, option=orjson.OPT_SORT_KEYS) for v in patient.get(element, ())})
    first: dict[bytes, Resource] = {}
    for patient in sources:
        for value in patient.get(element, ()):
            first.setdefault(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), value)
    return [first[text] for text in sorted(first, key=lambda text: -counted[text])]


def _names(sources: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """Of spellings that differ in accents and capitals alone the fullest comes first: what is missing was lost."""
    alike: dict[str, list[tuple[tuple[int, int], Resource]]] = {}
    for name in _united(sources, "name"):
        text = name.get("text") or " ".join([name.get("family", ""), *name.get("given", ())])
        marks = sum(not letter.isascii() for letter in unicodedata.normalize("NFD", text))
        fullness = (marks, sum(letter.islower() for letter in text))
        alike.setdefault(fold(text), []).append((fullness, name))
    return [name for names in alike.values() for _, name in sorted(names, key=itemgetter(0), reverse=True)]


def _commonest(values: Iterable[Any]) -> Any:
    counted = Counter(value for value in values if value)
    return counted.most_common(1)[0][0] if counted else None


def _birth(sources: Sequence[Mapping[str, Any]]) -> str | None:
    """Of the dates written, a full one that is no filler before 1 January, that before a year."""
    dates = [str(p["birthDate"]) for p in sources if p.get("birthDate")]
    best = max(map(_told, dates), default=0)
    found: str | None = _commonest(date for date in dates if _told(date) == best)
    return found


def _told(date: str) -> int:
    return {4: 1, 7: 2}.get(len(date), 3 if date.endswith("-01-01") else 4)


def _death(sources: Sequence[Mapping[str, Any]]) -> Resource:
    for patient in sources:
        if patient.get("deceasedDateTime"):
            return {"deceasedDateTime": patient["deceasedDateTime"]}
    return {"deceasedBoolean": True} if any(p.get("deceasedBoolean") for p in sources) else {}


def _links(standing: Standing) -> list[Resource]:
    links = [_link("replaced-by", standing.merged)] if standing.merged else []
    links += [_link("replaces", id) for id in sorted(standing.replaces)]
    return links + [_link("seealso", id) for id in sorted(standing.records)]


def _link(type: str, id: str) -> Resource:
    return {"other": {"reference": f"Patient/{id}"}, "type": type}

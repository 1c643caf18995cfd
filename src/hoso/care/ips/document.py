"""A person's record as an International Patient Summary: one Bundle that says the same to people and to software.

HL7 IPS 2.0.0 (Bundle-uv-ips, Composition-uv-ips). The same records give the same document, byte for byte.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from hoso.care.chart import Chart
from hoso.care.elements import Resource, key_of, reference_key, references
from hoso.care.ips.choose import TYPES, chosen
from hoso.care.ips.table import Language, Part, parts, word
from hoso.care.ips.tell import empty, told

LOINC = "http://loinc.org"
EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
MOST = 100
"""Lines of a section, the newest of their kinds; of a longer one the text says that there are more."""
_NAMESPACE = UUID("5f0a8f5e-6a0d-4c39-9d6f-3e5b0c0f7a10")
_ALONG = ("Medication", "Organization", "Practitioner", "PractitionerRole", "Device", "Location", "Specimen")
"""What records in the document refer to and what belongs in it with them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`base`: the address under which the records are read; `author`: the name of the node; `refused`: types that the

    caller may not read; `withheld`: keys of sections that the person does not share.
    """

    base: str
    author: str
    today: date
    language: Language
    refused: Collection[str] = ()
    withheld: Collection[str] = ()


def summary(patient: Resource, resources: Iterable[Resource], asked: Asked) -> Resource:
    """`patient` is the person; `resources` are theirs, from all facilities, with what they refer to."""
    everything = list(resources)
    chart = Chart.of(everything)
    sections = {key: [] if key in asked.withheld else some for key, some in chosen(chart, asked.today).items()}
    of_person = {key_of(one) for one in everything if one["resourceType"] == "Patient"} | {key_of(patient)}
    found = [one for part in parts() for one in sections[part.key][:MOST]]
    content = _unique([*found, *_along(found, everything)])
    told_at = max((str(one.get("meta", {}).get("lastUpdated", "")) for one in (patient, *content)), default="")
    author = _author(asked)
    composition = _composition(patient, author, sections, chart, told_at, asked)
    entries = [
        _entry(composition),
        {"fullUrl": f"{asked.base}/{key_of(patient)}", "resource": _shown(patient)},
        _entry(author),
        *({"fullUrl": f"{asked.base}/{key_of(one)}", "resource": _about(one, patient, of_person)} for one in content),
        *(_entry(one) for one in _sources(_unique(found), chart, told_at, asked)),
    ]
    return {
        "resourceType": "Bundle",
        "language": asked.language,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{_id('bundle', _content(entries))}"},
        "type": "document",
        "timestamp": told_at or "1970-01-01T00:00:00Z",
        "entry": entries,
    }


def _composition(
    patient: Resource,
    author: Resource,
    sections: Mapping[str, Sequence[Resource]],
    chart: Chart,
    told_at: str,
    asked: Asked,
) -> Resource:
    made = [_section(part, sections[part.key], chart, asked) for part in parts()]
    return {
        "resourceType": "Composition",
        "id": _id("composition", key_of(patient)),
        "language": asked.language,
        "status": "final",
        "type": {"coding": [{"system": LOINC, "code": "60591-5", "display": "Patient summary Document"}]},
        "subject": {"reference": f"{asked.base}/{key_of(patient)}"},
        "date": told_at or "1970-01-01T00:00:00Z",
        "author": [{"reference": f"urn:uuid:{author['id']}"}],
        "title": word("title", asked.language),
        "section": [one for one in made if one is not None],
    }


def _section(part: Part, records: Sequence[Resource], chart: Chart, asked: Asked) -> Resource | None:
    """One that is empty is there when it is required, and says why; one that is not whole says so."""
    refused = any(type in asked.refused for type in TYPES[part.key]) or part.key in asked.withheld
    if not records and not part.required and (not refused or part.key in asked.withheld):
        return None
    code = {"coding": [{"system": LOINC, "code": part.code, "display": part.display}]}
    section: Resource = {"title": part.titles[asked.language], "code": code}
    if records:
        lacking = ["partly"] * refused + ["more"] * (len(records) > MOST)
        section["text"] = {"status": "generated", "div": told(records[:MOST], chart, asked.language, lacking)}
        section["entry"] = [{"reference": f"{asked.base}/{key_of(one)}"} for one in records[:MOST]]
        return section
    section["text"] = {"status": "generated", "div": empty("refused" if refused else "unrecorded", asked.language)}
    section["emptyReason"] = {"coding": [{"system": EMPTY, "code": "withheld" if refused else "unavailable"}]}
    return section


def _sources(found: Sequence[Resource], chart: Chart, told_at: str, asked: Asked) -> list[Resource]:
    """Which facility each line comes from: one Provenance a facility. What names none is in none."""
    of: dict[str, list[Resource]] = {}
    for one in found:
        if facility := chart.facility(one):
            of.setdefault(facility, []).append(one)
    return [
        {
            "resourceType": "Provenance",
            "id": _id("source", facility),
            "target": [{"reference": f"{asked.base}/{key_of(one)}"} for one in some],
            "recorded": max((str(one.get("meta", {}).get("lastUpdated", "")) for one in some), default="")
            or told_at
            or "1970-01-01T00:00:00Z",
            "agent": [
                {"type": {"coding": [{"system": PARTICIPANT, "code": "custodian"}]}, "who": {"display": facility}}
            ],
        }
        for facility, some in sorted(of.items())
    ]


def _author(asked: Asked) -> Resource:
    return {"resourceType": "Organization", "id": _id("author", asked.author), "name": asked.author}


def _entry(resource: Resource) -> Resource:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


def _along(found: Sequence[Resource], everything: Sequence[Resource]) -> list[Resource]:
    """What they name, and what that names: two steps."""
    known = {key_of(one): one for one in everything if one["resourceType"] in _ALONG}
    named: list[Resource] = []
    looked: Sequence[Resource] = found
    for _ in range(2):
        keys = [reference_key(reference) for one in looked for reference in references(one)]
        looked = [known[key] for key in keys if key in known and known[key] not in named]
        named += looked
    return named


def _about(one: Resource, patient: Resource, of_person: Collection[str]) -> Resource:
    """The record of a facility's patient, said of the person."""
    shown = _shown(one)
    for reference in references(shown):
        if reference_key(reference) in of_person:
            reference["reference"] = key_of(patient)
    return shown


def _shown(one: Resource) -> Resource:
    """Without the store's own marks, and without profiles that the document does not promise."""
    shown = copy.deepcopy(one)
    meta = shown.pop("meta", {})
    if labels := meta.get("security"):
        shown = {
            "resourceType": shown.pop("resourceType"),
            "id": shown.pop("id"),
            "meta": {"security": labels},
            **shown,
        }
    return shown


def _unique(found: Iterable[Resource]) -> list[Resource]:
    return list({key_of(one): one for one in found}.values())


def _content(entries: Sequence[Resource]) -> str:
    return hashlib.sha256(repr(entries).encode()).hexdigest()


def _id(*parts: str) -> str:
    return str(uuid5(_NAMESPACE, "\n".join(parts)))

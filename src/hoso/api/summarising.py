"""Patient/[id]/$summary: the person's record as an International Patient Summary (IPS 2.0.0), a document Bundle.

Of a facility's Patient or of the person, the answer is the same: the union over all their records, as far as the
caller may read them.
"""

from __future__ import annotations

from hoso.access import Version
from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.parameters import Form, given
from hoso.api.reading import live
from hoso.care import ips
from hoso.care.elements import Resource, reference_key, references
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.fhir.json import encode, exact
from hoso.fhir.search import parse as parse_search
from hoso.fhir.search.escape import token
from hoso.identity.portrait import is_person

FORMS = {"profile": Form("uri")}
OF_ALL = {**FORMS, "identifier": Form("string")}
PROFILES = frozenset(
    f"http://hl7.org/fhir/uv/ips/StructureDefinition/{name}" for name in ("Bundle-uv-ips", "Composition-uv-ips")
)
_NAMED = ("Organization", "Practitioner", "PractitionerRole", "Medication", "Device", "Location")
_STEPS = 2


def summary(doors: Doors, request: Request) -> Response:
    """Of the Patient that the path names, or of the one with the `identifier` (system|value)."""
    check_format(request)
    type = request.path[0]
    asked = given(request, OF_ALL if request.path[1].startswith("$") else FORMS)
    profile = asked.one("profile")
    if profile is not None and profile not in PROFILES:
        raise Refused.because(400, "not-supported", "summary.profile", asked.place("profile"), profile=profile[:120])
    id = _found(doors, request, asked.one("identifier")) if request.path[1].startswith("$") else request.path[1]
    patient = live(doors.records.read(request.errand, type, id), type, id)
    with doors.long.entered():
        body = _document(doors, request, patient)
    return Response(200, [CONTENT], body)


def _found(doors: Doors, request: Request, identifier: str | None) -> str:
    if not identifier:
        raise Refused.because(400, "required", "summary.identifier")
    system, bar, value = identifier.rpartition("|")
    words = token(system, value) if bar else token("", value).removeprefix("|")
    query = parse_search("Patient", [("identifier", words), ("_count", "2")], base=request.base)
    matches = doors.records.search(request.errand, query).matches
    if not matches:
        raise Refused.because(404, "not-found", "summary.nobody")
    if len(matches) > 1:
        raise Refused.because(412, "multiple-matches", "rest.several", type="Patient")
    return matches[0].id


def _document(doors: Doors, request: Request, patient: Version) -> bytes:
    types = [type for type in (*ips.READ, "Encounter", "Patient") if may(request, type)]
    person = exact(patient.body)
    if not is_person(person):
        person = person_with(doors, request, patient.id) or person
    records = doors.records.everything(request.errand, person["id"], types=types)
    everything = [exact(one.body) for one in records if not one.deleted]
    everything += named_in(doors, request, everything)
    asked = ips.Asked(
        base=request.base,
        author=f"HoSo ({request.base})",
        today=doors.records.clock().astimezone(VIETNAM).date(),
        language="en" if request.language == "en" else "vi",
        refused={type for type in ips.READ if type not in types},
    )
    return encode(ips.summary(person, everything, asked))


def person_with(doors: Doors, request: Request, record: str) -> Resource | None:
    """Whose record it is, if identity has found that out and the caller may see it."""
    query = parse_search("Patient", [("link", f"Patient/{record}"), ("_count", "2")], base=request.base)
    found = [exact(one.body) for one in doors.records.search(request.errand, query).matches]
    return next((one for one in found if is_person(one)), None)


def may(request: Request, type: str) -> bool:
    scopes = request.actor.scopes
    return scopes.permits(type, "s") and scopes.permits(type, "r")


def named_in(doors: Doors, request: Request, everything: list[Resource]) -> list[Resource]:
    """Facilities, people and medicines that the records refer to."""
    found: list[Resource] = []
    latest = everything
    seen: set[str] = set()
    for _ in range(_STEPS):
        wanted = {reference_key(found) for one in latest for found in references(one)} - seen
        seen |= wanted
        pairs = sorted((type, id) for type, _, id in (key.partition("/") for key in wanted) if _wanted(request, type))
        heads = doors.records.heads(request.errand, pairs) if pairs else {}
        latest = [exact(one.body) for one in heads.values() if not one.deleted]
        found += latest
    return found


def _wanted(request: Request, type: str) -> bool:
    return type in _NAMED and may(request, type)

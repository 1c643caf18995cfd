"""Patient/$match: whom a Patient may be among the persons known here, with reasons; nothing is stored."""

from __future__ import annotations

from typing import Any

from hoso.api.doors import Doors
from hoso.api.links import url
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.pages import bundle, outcome_entry, without_entries
from hoso.api.parameters import Form, given, required
from hoso.core.clock import to_ms
from hoso.core.errors import Issue, Refused
from hoso.fhir.json import encode
from hoso.fhir.outcome import Language
from hoso.fhir.systems import MATCH_EVIDENCE
from hoso.identity.inquiry import Answer, Match, inquire
from hoso.identity.match.decide import Decision, Standing
from hoso.identity.match.explain import explain, explain_standing

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
MOST = 50
USUAL = 5
_FORMS = {"resource": Form("resource"), "onlyCertainMatches": Form("boolean"), "count": Form("integer")}


def match(doors: Doors, request: Request) -> Response:
    check_format(request)
    asked = given(request, _FORMS, bare="resource")
    patient = required(asked, "resource")
    if patient.get("resourceType") != "Patient":
        raise Refused.because(422, "invalid", "rest.wrong-type", asked.place("resource"), type="Patient")
    answer = inquire(
        doors.records,
        doors.with_identity().matching,
        request.errand,
        patient,
        _count(asked.one("count")),
        certain_only=asked.one("onlyCertainMatches") is True,
    )
    return Response(200, [CONTENT], _bundle(doors, request, answer))


def _count(value: int | None) -> int:
    if value is None:
        return USUAL
    if not 1 <= value <= MOST:
        raise Refused.because(400, "value", "identity.count", value=str(value), limit=str(MOST))
    return value


def _bundle(doors: Doors, request: Request, answer: Answer) -> bytes:
    entries = [_entry(request, found, answer.decision, place) for place, found in enumerate(answer.matches)]
    if not answer.telling:
        nothing = Issue("incomplete", "identity.nothing-to-match", severity="warning")
        entries.append(outcome_entry([nothing], request.language))
    links = [("self", url(request.base, "Patient/$match", ()))]
    now = to_ms(doors.records.clock())
    return without_entries(bundle("searchset", now, len(answer.matches), links, entries))


def _entry(request: Request, found: Match, decision: Decision, place: int) -> bytes:
    evidence = evidence_extension(found.standing, decision, request.language, first=place == 0)
    search = {
        "extension": [{"url": GRADE, "valueCode": found.grade}, evidence],
        "mode": "match",
        "score": found.score,
    }
    where = encode(f"{request.base}/Patient/{found.version.id}")
    return b'{"fullUrl":%b,"resource":%b,"search":%b}' % (where, found.version.body, encode(search))


def evidence_extension(standing: Standing, decision: Decision, language: Language, *, first: bool) -> dict[str, Any]:
    """Bits per field, what forbids a link, which fact would settle it, and all of it in words."""
    parts: list[dict[str, Any]] = [
        {"url": "bits", "valueDecimal": round(standing.bits, 1)},
        {"url": "needed", "valueDecimal": round(decision.needed, 1)},
        {"url": "model", "valueString": decision.model},
    ]
    for name, bits in standing.fields.items():
        field = [
            {"url": "name", "valueCode": name},
            {"url": "level", "valueCode": standing.levels[name]},
            {"url": "bits", "valueDecimal": round(bits, 1)},
        ]
        parts.append({"url": "field", "extension": field})
    parts += [{"url": "veto", "valueCode": veto} for veto in standing.vetoes]
    likeliest = first and standing is decision.standings[0]
    if likeliest:
        parts += [{"url": "settles", "valueCode": fact} for fact in decision.settling]
    lines = explain(decision, language) if likeliest else explain_standing(standing, language)
    parts += [{"url": "explanation", "valueString": line} for line in lines]
    return {"url": MATCH_EVIDENCE, "extension": parts}

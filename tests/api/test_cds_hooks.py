"""CDS Hooks 2.0 at `/cds-services`, on both engines: what is on a card, who may ask, and what a bad request is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.access.audit.logs import sealer
from tests.api.caller import Answer, Caller
from tests.api.people import HOSPITAL, NUMBER, STATION, patient, persons_of, put

from hoso.access import Actor, Scopes, Tokens
from hoso.api.cds import application
from hoso.fhir import systems
from hoso.store.record_store import RecordStore

Resource = dict[str, Any]
FAR = "https://hoso.vn/patients"


class OneCaller(Tokens):
    """Knows one system that was registered elsewhere, by whatever it shows."""

    def __init__(self, tokens: Tokens, known: Actor) -> None:
        self.__dict__.update(tokens.__dict__)
        self.known = known

    def actor(self, authorization: str, certificate: str = "") -> Actor | None:
        return self.known


class Hospital:
    """A hospital's software: asks the services of a node."""

    def __init__(self, call: Caller, known: Actor | None = None) -> None:
        self.call = call
        tokens = OneCaller(call.tokens, known) if known else call.tokens
        self.app = application(call.records, tokens, call.settings)

    def ask(self, service: str, body: Any, method: str = "POST", **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": f"/cds-services/{service}".rstrip("/"), "QUERY_STRING": "",
            "HTTP_HOST": "hoso.test", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(data),
            "CONTENT_LENGTH": str(len(data)), "CONTENT_TYPE": "application/json",
        }  # fmt: skip
        if self.call.token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.call.token}"
        environ.update(headers)
        got: list[Any] = []
        body = b"".join(self.app(environ, lambda status, headers: got.append((status, dict(headers)))))
        return Answer(int(got[0][0].split()[0]), got[0][1], body)

    def cards(self, service: str, body: Any, **headers: str) -> list[Resource]:
        answer = self.ask(service, body, **headers)
        assert answer.status == 200, answer.body
        cards: list[Resource] = answer.json["cards"]
        return cards


@pytest.fixture
def hospital(call: Caller) -> Hospital:
    return Hospital(call)


def back(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


def hook(name: str, patient: str, *drafts: Resource, **more: Any) -> Resource:
    context: Resource = {"userId": "Practitioner/x", "patientId": patient}
    if drafts:
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": one} for one in drafts]}
    selections = more.pop("selections", None)
    context |= {"selections": selections} if selections is not None else {}
    return {"hook": name, "hookInstance": str(uuid4()), "context": context, **more}


def test_order(id: str, name: str, loinc: str = "", patient: str = "p") -> Resource:
    coding = {"coding": [{"system": systems.LOINC, "code": loinc}]} if loinc else {}
    return {
        "resourceType": "ServiceRequest", "id": id, "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{patient}"}, "code": {"text": name, **coding},
    }  # fmt: skip


test_order.__test__ = False  # type: ignore[attr-defined]


def drug(id: str, name: str, patient: str = "p") -> Resource:
    return {
        "resourceType": "MedicationRequest", "id": id, "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{patient}"}, "medicationCodeableConcept": {"text": name},
    }  # fmt: skip


def hba1c(id: str, patient: str, days: int, value: float) -> Resource:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": "HbA1c", "coding": [{"system": systems.LOINC, "code": "4548-4"}]},
        "effectiveDateTime": back(days), "valueQuantity": {"value": value, "unit": "%"},
        "performer": [{"display": "Bệnh viện Bạch Mai", "reference": "Organization/bm"}],
    }  # fmt: skip


def allergy(id: str, patient: str, name: str, reaction: str) -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
    return {
        "resourceType": "AllergyIntolerance", "id": id, "patient": {"reference": f"Patient/{patient}"},
        "code": {"text": name}, "reaction": [{"manifestation": [{"text": reaction}]}],
        "clinicalStatus": {"coding": [{"system": f"{system}-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{system}-verification", "code": "confirmed"}]},
    }  # fmt: skip


def stored(call: Caller, *resources: Resource) -> None:
    for one in resources:
        answer = call("PUT", f"{one['resourceType']}/{one['id']}", one)
        assert answer.status in (200, 201), answer.body


def person(call: Caller, *resources: Resource, id: str = "p") -> None:
    stored(call, {"resourceType": "Patient", "id": id, "name": [{"text": "Đỗ Thị Mơ"}]}, *resources)


def test_the_services_are_found_without_a_token(hospital: Hospital) -> None:
    hospital.call.token = None
    answer = hospital.ask("", b"", "GET", HTTP_ACCEPT_LANGUAGE="en")
    services = answer.json["services"]
    assert {one["id"]: one["hook"] for one in services} == {
        h: h for h in ("patient-view", "order-select", "order-sign")
    }
    assert all(one["title"] and one["description"] and one["prefetch"] for one in services)
    assert hospital.ask("", b"", "GET").json["services"][0]["title"] == "Cảnh báo và dị ứng"


def test_a_test_done_lately_is_a_card_with_value_source_reasons_and_a_way_out(hospital: Hospital) -> None:
    person(hospital.call, hba1c("o", "p", 20, 6.8))
    body = hook("order-sign", "p", test_order("d1", "HbA1c", "4548-4"), test_order("d2", "TSH", "3016-3"))
    (card,) = hospital.cards("order-sign", body, HTTP_ACCEPT_LANGUAGE="en")
    assert card["summary"] == "HbA1c: done 20 days ago (6.8 %)" and card["indicator"] == "warning"
    assert "Bệnh viện Bạch Mai" in card["detail"] and "TT 35/2016" in card["source"]["label"]
    assert card["source"]["topic"] == {"system": systems.ORDER_FINDING, "code": "duplicate-test"}
    (suggestion,) = card["suggestions"]
    assert suggestion["actions"][0] == {
        "type": "delete", "description": "Take this order out: HbA1c", "resourceId": "ServiceRequest/d1",
    }  # fmt: skip
    assert card["selectionBehavior"] == "at-most-one"
    assert {"system": systems.OVERRIDE_REASON, "code": "new-symptom", "display": "New symptom or worse"} in (
        card["overrideReasons"]
    )
    assert card["links"] == [
        {"label": "Open the record in HoSo", "url": "http://hoso.test/patients/p", "type": "absolute"}
    ]
    assert UUID(card["uuid"])


def test_documented_anaphylaxis_is_critical_and_is_said_in_vietnamese_unless_asked(hospital: Hospital) -> None:
    person(hospital.call, allergy("a", "p", "Penicillin", "Sốc phản vệ"))
    (card,) = hospital.cards("order-sign", hook("order-sign", "p", drug("m", "Augmentin 1 g")))
    assert card["indicator"] == "critical" and card["detail"].startswith("Chặn: đã ghi nhận phản vệ.")
    assert card["summary"] == "Dị ứng: Penicillin. Augmentin 1 g cùng nhóm thuốc"


def test_only_the_chosen_orders_are_looked_at_beside_the_others(hospital: Hospital) -> None:
    person(hospital.call, allergy("a", "p", "Tôm", "Ngứa"))
    drafts = drug("m1", "Warfarin 2 mg"), drug("m2", "Diclofenac 50 mg"), drug("m3", "Paracetamol 500 mg")
    chosen = hook("order-select", "p", *drafts, selections=["MedicationRequest/m2"])
    (card,) = hospital.cards("order-select", chosen, HTTP_ACCEPT_LANGUAGE="en")
    assert card["summary"].startswith("Diclofenac 50 mg with Warfarin 2 mg: severe bleeding")
    other = hook("order-select", "p", *drafts, selections=["MedicationRequest/m3"])
    assert hospital.cards("order-select", other) == []


def test_a_pair_within_the_drafts_is_one_card_and_unknown_allergies_are_said_once(hospital: Hospital) -> None:
    person(hospital.call)
    body = hook("order-sign", "p", drug("m1", "Warfarin 2 mg"), drug("m2", "Diclofenac 50 mg"))
    cards = hospital.cards("order-sign", body)
    assert sorted(one["source"]["topic"]["code"] for one in cards) == ["allergy-unknown", "interaction"]
    assert len({one["uuid"] for one in cards}) == 2


def test_patient_view_is_one_card_and_empty_is_not_unknown(hospital: Hospital) -> None:
    person(hospital.call)
    (card,) = hospital.cards("patient-view", hook("patient-view", "p"), HTTP_ACCEPT_LANGUAGE="en")
    assert (card["summary"], card["indicator"]) == ("Allergies are not recorded", "info")
    none = {"coding": [{"system": systems.SNOMED, "code": "716186003"}]}
    stored(hospital.call, allergy("a", "p", "-", "-") | {"code": none, "recordedDate": "2026-05-04"})
    (card,) = hospital.cards("patient-view", hook("patient-view", "p"), HTTP_ACCEPT_LANGUAGE="en")
    assert card["summary"] == "No known allergy (checked 04/05/2026)"


def test_patient_view_names_allergies_and_what_changes_first_aid(hospital: Hospital) -> None:
    taken = drug("m", "Sintrom 4 mg") | {"status": "active", "authoredOn": back(3)}
    person(hospital.call, allergy("a", "p", "Penicillin *[x](y)", "Sốc phản vệ"), taken)
    (card,) = hospital.cards("patient-view", hook("patient-view", "p"), HTTP_ACCEPT_LANGUAGE="en")
    assert card["summary"] == "Allergies: Penicillin *[x](y); Anticoagulant"
    assert r"Penicillin \*\[x\](y)" in card["detail"]  # a name is never markup


def test_all_facilities_of_a_person_are_looked_at(persons: Caller) -> None:
    for id, system in {"a": HOSPITAL, "b": STATION}.items():
        put(persons, id, patient(number=NUMBER, local=(system, id)))
    stored(persons, hba1c("o", "b", 20, 6.8))
    [golden] = persons_of(persons)
    draft = test_order("d1", "HbA1c", "4548-4", patient="a")
    (card,) = Hospital(persons).cards("order-sign", hook("order-sign", "a", draft))
    assert card["links"][0]["url"].endswith(f"/patients/{golden['id']}")


def test_what_was_prefetched_is_used_beside_the_record(hospital: Hospital) -> None:
    person(hospital.call)
    brought = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": hba1c("theirs", "p", 1, 7.1)}]}
    body = hook("order-sign", "p", test_order("d", "HbA1c", "4548-4"), prefetch={"results": brought, "orders": None})
    (card,) = hospital.cards("order-sign", body, HTTP_ACCEPT_LANGUAGE="en")
    assert card["summary"] == "HbA1c: done yesterday (7.1 %)"
    assert hospital.call("GET", "Observation/theirs").status == 404  # and is not stored


def test_what_is_about_somebody_else_is_refused(hospital: Hospital) -> None:
    person(hospital.call)
    brought = hba1c("theirs", "other", 1, 7.1)
    body = hook("order-sign", "p", test_order("d", "HbA1c"), prefetch={"results": brought})
    answer = hospital.ask("order-sign", body)
    assert (answer.status, answer.keys) == (400, ["cds.other-patient"])
    assert answer.json["issue"][0]["expression"] == ["prefetch.results"]
    answer = hospital.ask("order-sign", hook("order-sign", "p", test_order("d", "HbA1c", patient="other")))
    assert answer.json["issue"][0]["expression"] == ["context.draftOrders.entry[0].resource"]


def test_one_refused_is_one_absent(hospital: Hospital, call: Caller) -> None:
    person(call)
    absent = hospital.ask("patient-view", hook("patient-view", "nobody"))
    assert (absent.status, absent.keys) == (412, ["cds.no-patient"])
    tied = Actor("client/far", Scopes.parse("system/*.rs"), role="system", facility="79999")
    elsewhere = Hospital(call, known=tied)  # nobody there treats this person
    refused = elsewhere.ask("patient-view", hook("patient-view", "p"))
    nobody = elsewhere.ask("patient-view", hook("patient-view", "nobody"))
    assert refused.status == nobody.status == 412
    assert refused.body.replace(b"Patient/p ", b"") == nobody.body.replace(b"Patient/nobody ", b"")


def test_a_type_that_may_not_be_read_is_said_to_be_refused(hospital: Hospital, call: Caller) -> None:
    person(call, allergy("a", "p", "Penicillin", "Sốc phản vệ"))
    narrow = Hospital(call.holding("system/Patient.rs system/MedicationRequest.rs", "narrow"))
    (card,) = narrow.cards("order-sign", hook("order-sign", "p", drug("m", "Augmentin 1 g")), HTTP_ACCEPT_LANGUAGE="en")
    assert card["summary"] == "Allergies may not be shown to you: ask before prescribing"


def test_nobody_is_answered_without_a_token_or_the_right_to_read(hospital: Hospital, call: Caller) -> None:
    person(call)
    assert (
        Hospital(call.holding("system/Observation.rs", "n")).ask("patient-view", hook("patient-view", "p")).status
        == 403
    )
    call.token = None
    assert hospital.ask("patient-view", hook("patient-view", "p")).status == 401
    assert hospital.ask("patient-view/feedback", {"feedback": []}).status == 401
    call.token = "wrong"
    assert hospital.ask("patient-view", hook("patient-view", "p")).status == 401


BAD: list[tuple[Any, int, str, str]] = [
    (b"{", 400, "json.malformed", ""),
    ([], 400, "cds.wrong-kind", "request"),
    ({}, 400, "cds.missing", "hook"),
    ({"hook": "order-select"}, 400, "cds.wrong-hook", "hook"),
    ({"hook": "order-sign", "hookInstance": "7"}, 400, "cds.bad-uuid", "hookInstance"),
    ({"hook": "order-sign", "hookInstance": str(uuid4())}, 400, "cds.missing", "context"),
    (hook("order-sign", "p"), 400, "cds.missing", "context.draftOrders"),
    (hook("order-sign", "../x", drug("m", "x")), 400, "cds.bad-id", "context.patientId"),
    (hook("order-sign", "p", {"resourceType": "Nothing"}), 400, "", "context.draftOrders.entry[0].resource"),
    (hook("order-sign", "p", drug("m", "x") | {"status": 7}), 400, "", "context.draftOrders.entry[0].resource.status"),
    (hook("order-sign", "p", *[drug(f"m{n}", "x") for n in range(51)]), 413, "cds.too-many", "context.draftOrders"),
    (hook("order-sign", "p", drug("m", "x"), prefetch=[]), 400, "cds.wrong-kind", "prefetch"),
    (hook("order-sign", "p", drug("m", "x"), prefetch={"k": 1}), 400, "cds.wrong-kind", "prefetch.k"),
    (b"\xff\xfe", 400, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "key", "place"), BAD, ids=[f"{n}" for n in range(len(BAD))])
def test_a_bad_request_is_told_what_is_wrong_and_where(
    hospital: Hospital, body: Any, status: int, key: str, place: str
) -> None:
    answer = hospital.ask("order-sign", body)
    assert answer.status == status and (not key or answer.keys[0] == key), answer.body
    if place:
        assert answer.json["issue"][0]["expression"] == [place]


def test_a_selection_that_is_no_draft_is_refused(hospital: Hospital) -> None:
    answer = hospital.ask("order-select", hook("order-select", "p", drug("m", "x"), selections=["MedicationRequest/y"]))
    assert (answer.status, answer.keys) == (400, ["cds.no-selection"])
    assert answer.json["issue"][0]["expression"] == ["context.selections[0]"]


def test_an_oversized_a_foreign_and_a_lost_request(hospital: Hospital) -> None:
    assert hospital.ask("order-sign", b"x" * 2_000_001).status == 413
    assert hospital.ask("order-sign", {}, CONTENT_TYPE="text/xml").status == 415
    assert hospital.ask("order-sign", b"", "GET").status == 405
    assert hospital.ask("order-dispatch", {}).status == 404
    assert hospital.ask("order-sign/feedback/x", {}).status == 404


def test_feedback_is_kept_in_the_log_with_outcome_and_reason(
    hospital: Hospital, call: Caller, store: RecordStore
) -> None:
    person(call, hba1c("o", "p", 20, 6.8))
    (card,) = hospital.cards("order-sign", hook("order-sign", "p", test_order("d1", "HbA1c", "4548-4")))
    said = {"reason": {"code": "new-symptom", "system": systems.OVERRIDE_REASON}, "userComment": "khát nhiều"}
    entry = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": said,
        "outcomeTimestamp": "2026-11-28T01:00:00Z",
    }
    assert hospital.ask("order-sign/feedback", {"feedback": [entry]}).status == 200
    sealer(store).settle()
    texts = [json.dumps(one, ensure_ascii=False) for one in call("GET", "AuditEvent?_count=50").resources]
    assert any(f"cds-services/order-sign/feedback {card['uuid']} overridden" in text for text in texts)
    assert any("new-symptom: khát nhiều" in text for text in texts)
    begin = card["uuid"][:-4]
    assert any(f"cds-services/order-sign {begin}0000: 0000 duplicate-test/hba1c" in text for text in texts)


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"card": "x", "outcome": "accepted", "outcomeTimestamp": "t"}, "feedback[0].card"),
        ({"card": str(uuid4()), "outcome": "ignored", "outcomeTimestamp": "t"}, "feedback[0].outcome"),
        ({"card": str(uuid4()), "outcome": "accepted"}, "feedback[0].outcomeTimestamp"),
        ({"card": str(uuid4()), "outcome": "overridden", "outcomeTimestamp": "t", "overrideReason": 1},
         "feedback[0].overrideReason"),
    ],
)  # fmt: skip
def test_bad_feedback_is_told_where(hospital: Hospital, entry: Resource, place: str) -> None:
    answer = hospital.ask("order-sign/feedback", {"feedback": [entry]})
    assert (answer.status, answer.json["issue"][0]["expression"]) == (400, [place])

"""Two published Python clients, unchanged, through a whole working day of theirs against a served node."""

from __future__ import annotations

import fhirpy.base.exceptions as told
import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.humanname import HumanName
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException
from fhirpy import SyncFHIRClient
from tests.security.apps import Key, Site

SYSTEM = "urn:example:clients"


@pytest.mark.parametrize("site", ["sqlite", "postgresql"], indirect=True)
def test_fhirpy(site: Site) -> None:
    client = SyncFHIRClient(site.fhir, authorization=f"Bearer {site.token}")

    def holding(**headers: str) -> SyncFHIRClient:
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return SyncFHIRClient(site.fhir, authorization=f"Bearer {site.token}", extra_headers=extra)

    patient = client.resource("Patient", name=[{"family": "Đỗ", "given": ["Thị Py"]}], birthDate="1980-02-03")
    patient.create()
    assert patient["meta"]["versionId"] == "1" and client.reference("Patient", patient.id).to_resource() == patient
    number = {"system": SYSTEM, "value": "fhirpy"}
    wanted = client.resource("Patient", identifier=[number], name=[{"text": "Một"}])
    found = client.resources("Patient").search(identifier=f"{SYSTEM}|fhirpy")
    twice = [found.update(wanted) for _ in range(2)]
    assert [created for _, created in twice] == [True, False] and twice[0][0].id == twice[1][0].id
    once = holding(If_None_Exist=f"identifier={SYSTEM}|fhirpy").resource("Patient", identifier=[number])
    assert once.create().id == twice[0][0].id

    for n in range(5):
        client.resource(
            "Observation", status="final", code={"text": f"fhirpy {n}"}, subject=patient.to_reference()
        ).create()
    observations = client.resources("Observation").search(subject=patient).sort("_id")
    assert [len(observations.limit(2).fetch()), len(observations.limit(2).fetch_all())] == [2, 5]
    assert len(observations.include("Observation", "subject").limit(2).fetch_raw()["entry"]) == 3
    assert {one["code"]["text"] for one in observations.limit(2)} == {f"fhirpy {n}" for n in range(5)}
    lenient = holding(Prefer="handling=lenient").resources("Observation")  # its way of counting is another server's
    assert lenient.search(subject=patient).count() == 5
    with pytest.raises(told.OperationOutcome) as refused:
        client.resources("Observation").search(subject=patient).count()
    assert refused.value.resource["issue"][0]["diagnostics"] == "search.unknown-parameter"

    patient["active"] = True
    patient.update()
    assert patient["meta"]["versionId"] == "2"
    for held, version in (('W/"2"', "3"), ('W/"2"', None)):
        mine = holding(If_Match=held).resource("Patient", **{**patient, "gender": "female"})
        if version:
            assert mine.save()["meta"]["versionId"] == version
        else:
            with pytest.raises(told.MultipleResourcesFound):  # it takes every 412 for this
                mine.save()
    patient.refresh()
    assert patient["gender"] == "female"
    versions = patient.execute("_history", method="get")
    assert [one["resource"]["meta"]["versionId"] for one in versions["entry"]] == ["3", "2", "1"]
    assert patient.is_valid()
    assert not client.resource("Patient", birthDate="yesterday").is_valid()

    with pytest.raises(told.OperationOutcome) as wrong:
        client.resource("Patient", birthDate="yesterday").create()
    assert wrong.value.resource["issue"][0]["expression"] == ["Patient.birthDate"]
    client.resources("Observation").search(subject=patient, _id=observations.first().id).delete()
    assert len(observations.fetch_all()) == 4
    for one in observations:
        one.delete()
    patient.delete()
    for id in (patient.id, "none"):
        with pytest.raises(told.ResourceNotFound):
            client.reference("Patient", id).to_resource()
    with pytest.raises(told.AuthorizationError):
        SyncFHIRClient(site.fhir, authorization="Bearer wrong").resource("Patient").create()


def test_the_smart_client_for_python(site: Site) -> None:
    key = Key()
    scope = "system/Patient.cruds system/Observation.cruds"
    backend = site.client("backend", scope, jwks=key.jwks)
    smart = FHIRClient(
        {
            "app_id": backend.client_id,
            "api_base": site.fhir,
            "scope": scope,
            "patient_id": "none",
            "jwt_token": key.signed(key.claims(site, backend.client_id)),
        }
    )
    smart.prepare()  # reads where tokens are from the CapabilityStatement
    smart.server.authorize()
    server = smart.server
    assert smart.server.ready and server.capabilityStatement.fhirVersion == "4.0.1"

    patient = Patient({"name": [{"family": "Lê", "given": ["Văn"]}], "birthDate": "1971-11-30"})
    patient.id = patient.create(server)["id"]
    found = Patient.read(patient.id, server)
    assert (smart.human_name(found.name[0]), found.birthDate.isostring) == ("Văn Lê", "1971-11-30")
    for n in range(5):
        one = Observation({"status": "final", "code": {"text": f"smart {n}"}})
        one.subject = FHIRReference({"reference": f"Patient/{patient.id}"})
        assert one.create(server)["resourceType"] == "Observation"
    search = Observation.where({"subject": f"Patient/{patient.id}", "_count": "2", "_sort": "_id"})
    sizes = [len(page.entry) for page in search.perform_iter(server)]
    assert sizes == [2, 2, 1]
    included = list(search.include("subject").perform_resources_iter(server))
    assert sum(isinstance(one, Patient) for one in included) == 3

    found.name = [HumanName({"text": "Lê Văn"})]
    assert found.update(server)["meta"]["versionId"] == "2"
    server.session.headers["If-Match"] = 'W/"1"'
    with pytest.raises(requests.HTTPError) as refused:
        found.update(server)
    assert refused.value.response.status_code == 412
    assert refused.value.response.json()["issue"][0]["code"] == "conflict"
    del server.session.headers["If-Match"]
    server.session.headers["If-None-Exist"] = f"_id={patient.id}"
    assert Patient({"active": False}).create(server)["meta"]["versionId"] == "2"
    del server.session.headers["If-None-Exist"]
    history = server.request_json(f"Patient/{patient.id}/_history")
    assert [one["resource"]["meta"]["versionId"] for one in history["entry"]] == ["2", "1"]

    for one in search.perform_resources_iter(server):
        one.delete(server)
    found.delete(server)
    with pytest.raises(requests.HTTPError) as gone:
        Patient.read(patient.id, server)
    assert gone.value.response.status_code == 410
    with pytest.raises(FHIRNotFoundException):
        Patient.read("none", server)

"""A node on each engine, served by two real workers, with two people, staff, and an operator's token."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests import postgres
from tests.cli.serving import hoso as command
from tests.conftest import ENGINES
from tests.security.apps import Person, Site
from tests.security.citizens import Register, registering
from tests.security.keyserver import serving_keys
from tests.security.people import session_of
from tests.security.scene import BEFORE, FIXED, Scene, bearer
from tests.web.conftest import serving

from hoso import compose
from hoso.fhir.systems import FACILITY_CODE, GROUP_KIND
from hoso.web.accounts import registry
from hoso.web.configure import configure

PASSWORD = "Gieng-nuoc-trong-2026"  # of invented accounts
STAFF = (("mai", "doctor"), ("lan", "doctor"), ("thu", "receptionist"), ("quang", "administrator"))
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.fixture(scope="session", params=ENGINES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("oauth") / "node"
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        compose.create(folder, url)
        keys = stack.enter_context(serving_keys(tmp_path_factory.mktemp("keys")))
        listed = f'jwks_hosts = ["localhost:{keys.port}=127.0.0.1", "localhost:1"]'
        file = folder / "config.toml"
        text = file.read_text("utf-8").replace("jwks_hosts = []", listed)
        file.write_text(text.replace('jwks_authorities = ""', f'jwks_authorities = "{keys.certificate}"'), "utf-8")
        config = compose.load(folder)
        for username, role in STAFF:
            compose.hire(config, username, role, "35001", PASSWORD)
            registry.enrol(config, username, registry.new_secret(config))
        node = compose.open(folder)
        token = node.tokens.create("operator", "system/*.cruds")
        node.close()
        made = Site(stack.enter_context(serving(folder)), folder, token, keys)
        for one in records():
            path = f"/fhir/{one['resourceType']}/{one['id']}"
            answer = made.ask("PUT", path, one, token)
            assert answer.status == 201, answer.body
        yield made


def records() -> list[dict[str, Any]]:
    return [
        patient("p1", "Nguyễn Thị Một", "1980-02-03"),
        patient("p2", "Trần Văn Hai", "1971-11-30"),
        *(observation(f"lab-{p}", p, "laboratory", "718-7") for p in ("p1", "p2")),
        *(observation(f"vital-{p}", p, "vital-signs", "8867-4") for p in ("p1", "p2")),
        {
            "resourceType": "Encounter",
            "id": "visit-p1",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": "Patient/p1"},
        },
        {
            "resourceType": "Group",
            "id": "roster",
            "active": True,
            "type": "person",
            "actual": True,
            "code": {"coding": [{"system": GROUP_KIND, "code": "roster"}]},
            "managingEntity": {"identifier": {"system": FACILITY_CODE, "value": "35001"}},
            "member": [{"entity": {"reference": f"Patient/{id}"}} for id in ("p1", "p2")],
        },
    ]


def patient(id: str, name: str, born: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "name": [{"text": name}], "gender": "female", "birthDate": born}


def observation(id: str, patient: str, category: str, code: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "valueQuantity": {"value": 1.10, "unit": "g/L"},
    }


@pytest.fixture
def register(site: Site) -> Register:
    """register("Name"): somebody who is at a facility; nobody's failed attempts are counted any more."""
    return registering(site)


@pytest.fixture
def person(site: Site) -> Callable[[str], Person]:
    """person("mai"): somebody signed in. The session is made as Django's own sign-in makes it, without its pages."""

    def signed_in(username: str) -> Person:
        configure(compose.load(site.folder))
        return Person(site, {"hoso_session": session_of(username)})

    return signed_in


@pytest.fixture(scope="session")
def peopled(site: Site) -> Site:
    """The node, with the people of the cases."""
    Scene(site, "").put(*FIXED, *BEFORE)
    return site


@pytest.fixture(scope="session")
def held() -> dict[str, tuple[float, str]]:
    """Tokens by the node they are of, and since when."""
    return {}


@pytest.fixture
def scene(peopled: Site, person: Callable[[str], Person], held: dict[str, tuple[float, str]]) -> Scene:
    since, token = held.get(peopled.address, (0.0, ""))
    late = time.monotonic() - since > 300  # half of a token's life; and a test may have ended it for everybody
    if late or peopled.fhir_get("Observation/s-own-1", token).status != 200:
        token = bearer(peopled, person("mai"))
        held[peopled.address] = time.monotonic(), token
    configure(compose.load(peopled.folder))
    return Scene(peopled, token)


def hoso(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return command(*arguments, "--data", folder)

"""People on record who come to a facility, get a code, and sign in as citizens."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

from tests.security.apps import Answer, Person, Site

from hoso import compose
from hoso.fhir.systems import CITIZEN_CODE, FACILITY_CODE, PERSONAL_NUMBER
from hoso.web.configure import configure

PASSWORD = "Ba-cay-chum-nen-hon-nui"


@dataclass
class Somebody:
    """A person on record, as their papers say."""

    site: Site
    name: str
    record: str
    number: str
    code: str = ""
    """The citizen code."""
    golden: str = ""

    def enrolment(self, number: str = "") -> str:
        """By the operator's command, here: a process of its own takes a second, and all have citizens."""
        from hoso.cli.main import main

        said = StringIO()
        with redirect_stdout(said), redirect_stderr(StringIO()):
            assert main(["citizen", "enrol", number or self.number, "--data", str(self.site.folder)]) == 0
        return said.getvalue().strip()

    def begin(self, code: str, number: str = "", password: str = PASSWORD) -> tuple[Person, Answer]:
        browser = Person(self.site)
        form = {"number": number or self.number, "code": code, "password1": password, "password2": password}
        return browser, browser.post("/enrol", browser.get("/enrol"), **form)

    def enrolled(self) -> Person:
        forgive(self.site)
        browser, answer = self.begin(self.enrolment())
        assert answer.headers.get("location") == "/me?welcome=1", answer.body.decode()[-3000:]
        return browser

    def sign_in(self, login: str, password: str = PASSWORD) -> tuple[Person, Answer]:
        browser = Person(self.site)
        return browser, browser.post("/sign-in", browser.get("/"), login=login, password=password)


Register = Callable[..., Somebody]


def forgive(site: Site) -> None:
    """Nobody's failed attempts are counted any more: all tests come from one address."""
    configure(compose.load(site.folder))
    from hoso.web.accounts.models import Failures

    Failures.objects.all().delete()


def registering(site: Site) -> Register:
    forgive(site)

    from tests.security.conftest import observation, patient

    def made(name: str, facility: str = "35001") -> Somebody:
        mark = secrets.token_hex(4)
        one = Somebody(site, f"{name} {mark}", f"c-{mark}", f"0{secrets.randbelow(10**11):011}")
        born = f"19{secrets.randbelow(60) + 20}-0{secrets.randbelow(9) + 1}-1{secrets.randbelow(9)}"
        body = patient(one.record, one.name, born)
        body["identifier"] = [{"system": PERSONAL_NUMBER, "value": one.number}]
        visit = {
            "resourceType": "Encounter",
            "id": f"v-{mark}",
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": f"Patient/{one.record}"},
            "serviceProvider": {"identifier": {"system": FACILITY_CODE, "value": facility}},
        }
        for resource in (body, visit, observation(f"o-{mark}", one.record, "laboratory", "718-7")):
            answer = site.ask("PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource, site.token)
            assert answer.status == 201, answer.body
        node = compose.open(site.folder)
        people = node.store.people
        (golden,) = people.persons_of(people.rids([one.record]).values()).values()
        one.golden = people.ids([golden])[golden]
        node.close()
        found = site.fhir_get(f"Patient/{one.golden}", site.token).json
        (one.code,) = (code["value"] for code in found["identifier"] if code.get("system") == CITIZEN_CODE)
        return one

    return made

"""A very full record on one screen of a cheap desk and on A5: allergies never give way, the rest folds by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page
from tests.web import people
from tests.web.conftest import Site

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.care import emergency_card
from hoso.web.fit import fit

pytestmark = pytest.mark.xdist_group("browser")
Resource = dict[str, Any]
PATIENT: Resource = {
    "resourceType": "Patient", "id": "crowded", "name": [{"text": "Lò Thị Đông Đúc"}], "birthDate": "1951-03-02",
    "gender": "female",
}  # fmt: skip
SEVERE = ("Penicillin", "Aspirin", "Ibuprofen", "Diclofenac", "Ciprofloxacin")
MILD = ("Tôm", "Cua", "Đậu phộng", "Latex", "Phấn hoa", "Ceftriaxon", "Thuốc cản quang có iod", "Sữa bò", "Trứng gà")
TODAY = date(2026, 11, 20)


def allergy(substance: str, criticality: str) -> Resource:
    return {
        "resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/crowded"}, "code": {"text": substance},
        "clinicalStatus": people.coded(people.ALLERGY_CLINICAL, "active"),
        "criticality": criticality, "recordedDate": "2024-05-06",
        "reaction": [{"manifestation": [{"text": "Mày đay"}]}],
    }  # fmt: skip


def prescription(name: str, days: int) -> Resource:
    return {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/crowded"}, "medicationCodeableConcept": {"text": name},
        "authoredOn": "2026-11-01", "dosageInstruction": [{"text": "1 viên × 2 lần/ngày, sau ăn"}],
        "dispenseRequest": {"expectedSupplyDuration": {"value": days, "unit": "ngày"}},
    }  # fmt: skip


def problem(name: str) -> Resource:
    return {
        "resourceType": "Condition", "subject": {"reference": "Patient/crowded"}, "code": {"text": name},
        "clinicalStatus": people.coded(people.CLINICAL, "active"), "onsetDateTime": "2019",
    }  # fmt: skip


def crowd() -> list[Resource]:
    long = "Bệnh mạn tính có tên dài, thứ"
    made = [allergy(name, "high") for name in SEVERE] + [allergy(name, "low") for name in MILD]
    made += [prescription(f"Thuốc số {n} 500 mg viên nén bao phim", 3000) for n in range(11)]
    made += [prescription(f"Thuốc cũ {n} 250 mg", 1) for n in range(6)] + [problem(f"{long} {n}") for n in range(10)]
    return [{**resource, "id": f"crowd{n}"} for n, resource in enumerate(made)]


def sparse(*resources: Resource) -> list[Resource]:
    return [{**resource, "id": str(n)} for n, resource in enumerate(resources)]


def test_every_allergy_of_high_risk_stands_open() -> None:
    card = emergency_card(PATIENT, crowd(), TODAY)
    assert {a.substance for a in card.allergies.items[: fit(card).allergies]} == set(SEVERE)


def test_a_short_record_folds_nothing() -> None:
    few = sparse(*(prescription(f"Thuốc {n}", 90) for n in range(4)), *(problem(f"Bệnh {n}") for n in range(5)))
    card = emergency_card(PATIENT, few, TODAY)
    shown = fit(card)
    assert (shown.active, shown.problems) == (4, 5)


def test_of_each_list_the_first_stands_open_however_full_the_screen_is() -> None:
    crowded = [*crowd(), *sparse(*(allergy(f"Thuốc {n}", "high") for n in range(40)))]
    card = emergency_card(PATIENT, crowded, TODAY)
    shown = fit(card)
    assert (shown.allergies, shown.active, shown.possible, shown.problems) == (45, 1, 1, 1)


@pytest.fixture
def crowded(site: Site) -> str:
    node = compose.open(site.folder)
    importing = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
    for resource in [PATIENT, *crowd(), people.roster([PATIENT["id"]], "crowded-roster")]:
        node.records.update(importing, resource["resourceType"], resource["id"], orjson.dumps(resource))
    node.close()
    return "/patients/crowded"


def test_a_crowded_card_fits_one_screen_and_names_every_allergy(open_page: Callable[..., Page], crowded: str) -> None:
    page = open_page(crowded)
    assert page.evaluate("document.documentElement.scrollHeight") <= 768
    for name in (*SEVERE, *MILD):
        assert name in page.locator(".area-allergies").inner_text()


def test_the_card_of_a_long_life_is_one_sheet_of_a5(open_page: Callable[..., Page]) -> None:
    sheet = open_page("/patients/full").pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1

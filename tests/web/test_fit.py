"""Anybody's record on one screen of a cheap desk and on A5: gravity says what stands open, the rest is counted, named
and a tap away."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page
from tests.web import extreme, people
from tests.web.conftest import Site

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.care import emergency_card
from hoso.care.card import (
    Alert,
    Allergy,
    BloodGroup,
    Contact,
    Difference,
    Dose,
    EmergencyCard,
    Identifier,
    Measure,
    Medicine,
    Medicines,
    Operation,
    Origin,
    Problem,
    Said,
    Section,
    Source,
    Trust,
    Visit,
    Who,
)  # fmt: skip
from hoso.web.configure import configure
from hoso.web.fit import Fit, fit
from hoso.web.fit.text import clip, lines

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module", autouse=True)
def _words(node_folder: Path) -> None:
    """Texts have their languages."""
    configure(compose.load(node_folder))


Resource = dict[str, Any]
TODAY = date(2026, 11, 20)
SCREEN = 768

words = st.one_of(
    st.sampled_from(("", "Penicillin", "Bệnh mạn tính", "W" * 700, "Nguyễn " * 90, "ﷺ" * 40, "x y " * 400)),
    st.text(max_size=60),
)
days = st.sampled_from(("", "1967", "2024-05", "2026-11-19", "2026-11-19T08:30:00+07:00"))
origins = st.one_of(st.none(), st.builds(Origin, words, words, st.just("2026-11-19")))
sources = st.builds(Source, words, words, days, origins)
flags = st.sampled_from(("", "high", "low", "abnormal"))


def some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """None, a few, or one many times over: hundreds of lines cost the invention nothing."""
    few = st.lists(one, max_size=4).map(tuple)
    return st.one_of(few, st.tuples(few, one, st.sampled_from((9, 270))).map(lambda t: (*t[0], *[t[1]] * t[2])))


allergies = st.builds(
    Allergy, words, some(words), st.sampled_from(("", "mild", "moderate", "severe")), st.booleans(),
    st.sampled_from((None, True, False)), sources,
)  # fmt: skip
measures = st.builds(Measure, st.just("k"), st.sampled_from(("Weight", "Blood pressure")), words, words, flags, sources)
medicines = st.builds(
    Medicine, words, st.builds(Dose, words), days, st.sampled_from((None, -3, 9)), days, sources
)  # fmt: skip
alerts = st.builds(
    Alert, st.just("k"), st.just("Anticoagulant"), words, sources, st.one_of(st.none(), measures),
    st.sampled_from((None, (12, 3))),
)  # fmt: skip
visits = st.builds(
    Visit, words, st.sampled_from(("outpatient", "inpatient", "emergency")), words, words, days, days, st.booleans()
)
operations = st.builds(Operation, words, sources)
whos = st.builds(
    Who, st.just("id"), words, st.just("female"), days, st.sampled_from(("", "yes")),
    some(st.builds(Identifier, st.sampled_from(("citizen-code", "insurance", "other")), words)),
    words, words, words, words, words, st.booleans(),
)  # fmt: skip
differences = st.lists(
    st.builds(Difference, st.sampled_from(("sex", "birth")), some(st.builds(Said, words, some(words)))), max_size=2
).map(tuple)


def _section(items: st.SearchStrategy[tuple[Any, ...]]) -> st.SearchStrategy[Section[Any]]:
    return items.map(lambda some: Section("listed" if some else "unrecorded", some))


def _worst_first(section: Section[Allergy]) -> Section[Allergy]:
    return Section(section.state, tuple(sorted(section.items, key=lambda a: not a.high_risk)))


def _medicines(active: tuple[Medicine, ...], possible: tuple[Medicine, ...]) -> Medicines:
    return Medicines("listed" if active or possible else "unrecorded", active, possible)


cards = st.builds(
    EmergencyCard, whos, _section(some(allergies)).map(_worst_first), _section(some(alerts)),
    some(measures).map(BloodGroup), _section(some(st.builds(Problem, words, words, st.booleans(), sources))),
    st.builds(_medicines, some(medicines), some(medicines)), _section(some(measures)), some(operations),
    _section(some(visits)), some(visits), some(operations), some(st.builds(Contact, words, words, words)),
    st.builds(Trust, some(words), days, st.integers(0, 9)), differences,
)  # fmt: skip


def of_card(card: EmergencyCard) -> dict[str, int]:
    """How many lines each list has."""
    values = {m.value for m in card.blood_group.values}
    return {
        "allergies": len(card.allergies.items), "alerts": len(card.alerts.items), "blood": len(values),
        "problems": len(card.problems.items), "active": len(card.medicines.active),
        "possible": len(card.medicines.possible), "measures": len(card.measures.items), "reports": len(card.reports),
        "visits": len(card.visits.items), "stays": len(card.stays), "operations": len(card.operations),
        "contacts": len(card.contacts),
    }  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(cards, st.booleans(), st.sampled_from(("vi", "en")))
def test_no_person_is_higher_than_the_screen_and_nothing_of_one_is_lost(
    card: EmergencyCard, alarm: bool, language: str
) -> None:
    with translation.override(language):
        shown = fit(card, TODAY, alarm)
    assert shown.height <= SCREEN
    for name, count in of_card(card).items():
        one = shown.lists[name]
        assert len(one.open) + one.more == count, name
        assert bool(one.open) == (count > 0) or name in ("possible", "reports", "operations"), name
        assert len(one.folded) in (0, one.more) and bool(one.names) == bool(one.more), name
        assert one.cut or one.more == len(one.folded), f"{name}: no way to what is not here"
    assert all(a.high_risk for a in shown.lists["allergies"].open) or all(
        one.high_risk is False for one in card.allergies.items[len(shown.lists["allergies"].open) :]
    ), "a mild allergy stands open before a severe one"


@given(words, st.sampled_from((60.0, 300.0, 470.0)), st.sampled_from((1, 2)))
@settings(max_examples=100, deadline=None)
def test_a_cut_text_takes_its_lines_and_says_that_it_was_cut(text: str, width: float, most: int) -> None:
    kept, whole = clip(text, 12, width, most), " ".join(text.split())
    assert lines([(kept, 12, False)], width) <= most
    assert kept == whole or (kept.endswith("…") and whole.startswith(kept[:-1]))


PATIENT: Resource = {
    "resourceType": "Patient", "id": "crowded", "name": [{"text": "Lò Thị Đông Đúc"}], "birthDate": "1951-03-02",
    "gender": "female",
}  # fmt: skip
SEVERE = ("Penicillin", "Aspirin", "Ibuprofen", "Diclofenac", "Ciprofloxacin")
MILD = ("Tôm", "Cua", "Đậu phộng", "Latex", "Phấn hoa", "Ceftriaxon", "Thuốc cản quang có iod", "Sữa bò", "Trứng gà")


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


def opened(shown: Fit, name: str) -> int:
    return len(shown.lists[name].open)


def test_every_allergy_of_high_risk_stands_open_while_there_is_room() -> None:
    shown = fit(emergency_card(PATIENT, crowd(), TODAY), TODAY)
    assert {a.substance for a in shown.lists["allergies"].open} == set(SEVERE)
    assert all(name in shown.lists["allergies"].names for name in MILD)


def test_a_short_record_folds_nothing() -> None:
    few = sparse(*(prescription(f"Thuốc {n}", 90) for n in range(4)), *(problem(f"Bệnh {n}") for n in range(5)))
    shown = fit(emergency_card(PATIENT, few, TODAY), TODAY)
    assert (opened(shown, "active"), opened(shown, "problems"), shown.cut) == (4, 5, False)


def test_of_forty_five_severe_allergies_all_are_named_before_anything_else_grows() -> None:
    crowded = [*crowd(), *sparse(*(allergy(f"Thuốc {n}", "high") for n in range(40)))]
    shown = fit(emergency_card(PATIENT, crowded, TODAY), TODAY)
    allergies = shown.lists["allergies"]
    told = [a.substance for a in allergies.open] + [name.strip() for name in allergies.names.split(",")]
    assert len(told) >= 45 and {*SEVERE, *(f"Thuốc {n}" for n in range(40))} <= set(told)
    assert (opened(shown, "active"), opened(shown, "possible")) == (1, 1)


@pytest.fixture(scope="module")
def crowded(site: Site) -> str:
    node = compose.open(site.folder)
    importing = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
    both = [PATIENT, *crowd(), *extreme.person(date.today())]  # noqa: DTZ011
    for resource in [*both, people.roster([PATIENT["id"], extreme.ID], "crowded-roster")]:
        node.records.update(importing, resource["resourceType"], resource["id"], orjson.dumps(resource))
    node.close()
    return "/patients/crowded"


def test_a_crowded_card_fits_one_screen_and_names_every_allergy(open_page: Callable[..., Page], crowded: str) -> None:
    page = open_page(crowded)
    assert page.evaluate("document.documentElement.scrollHeight") <= SCREEN
    for name in (*SEVERE, *MILD):
        assert name in page.locator(".area-allergies").inner_text()


def test_the_card_of_the_most_extreme_person_is_one_screen_and_all_of_it_is_a_tap_away(
    open_page: Callable[..., Page], crowded: str, site: Site
) -> None:
    page = open_page(f"/patients/{extreme.ID}")
    for language in ("vi", "en"):
        page.context.add_cookies([{"name": "hoso_language", "value": language, "url": site.address}])
        page.goto(f"{site.address}/patients/{extreme.ID}")
        wide, high = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert (wide <= 1366, high <= SCREEN) == (True, True), f"{language}: {wide} × {high}"
    page.click(".area-allergies p.more a")
    seen: list[str] = []
    for _ in range(100):
        assert len(page.content()) < 60_000
        seen += page.locator(".whole li b").all_inner_texts()
        if not page.locator(".older a").count():
            break
        page.click(".older a")
    assert len([name for name in seen if "Thuốc" in name]) == 300
    assert extreme.words("Thuốc 298", 298).strip() in seen, "a text is cut on the page that has room for it"


def test_the_card_of_a_long_life_is_one_sheet_of_a5(open_page: Callable[..., Page]) -> None:
    sheet = open_page("/patients/full").pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1

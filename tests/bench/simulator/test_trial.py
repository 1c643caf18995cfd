"""The simulated register: its people are as many and as alike as they should be, the same every time."""

from collections import Counter
from datetime import date
from itertools import chain, islice
from random import Random

import pytest

from bench.simulator import naming, people, slips
from bench.simulator.arrivals import Arrival, arrive, enrolled
from bench.simulator.form import Patient, true_form
from bench.simulator.numbers import Issuer
from bench.simulator.people import Person
from bench.simulator.trial import FULL, SPLITS, Size, Trial
from hoso.fhir import systems
from hoso.fhir.validate import validate

PEOPLE = 8_000


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial(5, Size.of(PEOPLE))


@pytest.fixture(scope="module")
def register(trial: Trial) -> list[Patient]:
    return list(trial.register())


@pytest.fixture(scope="module")
def arrivals(trial: Trial, register: list[Patient]) -> dict[str, list[Arrival]]:
    return {split: list(trial.arrivals(split)) for split in SPLITS}


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    lineages = people.lineages(7, Issuer(7))
    return list(islice(chain.from_iterable(lineages), 30_000))


def numbers_of(patient: Patient, system: str) -> list[str]:
    return [one["value"] for one in patient.get("identifier", ()) if one["system"] == system]


def test_the_full_trial_has_the_published_sizes() -> None:
    assert Size.of(1_037_962) == FULL
    assert FULL.known + FULL.unknown == 44_950


def test_everybody_is_enrolled_once(register: list[Patient]) -> None:
    assert len({patient["id"] for patient in register}) == len(register) == PEOPLE


def test_personal_numbers_never_repeat(crowd: list[Person]) -> None:
    assert len({person.personal for person in crowd}) == len(crowd)
    assert len({person.social for person in crowd}) == len(crowd)


def test_the_personal_number_tells_sex_and_year(crowd: list[Person]) -> None:
    for person in crowd[:2_000]:
        century, sex = divmod(int(person.personal[3]), 2)
        assert (1900 + 100 * century + int(person.personal[4:6]), "mf"[sex]) == (person.birth.year, person.sex)


def test_the_same_seed_gives_the_same_trial(register: list[Patient], arrivals: dict[str, list[Arrival]]) -> None:
    again = Trial(5, Size.of(PEOPLE))
    assert list(again.register()) == register
    assert list(again.arrivals("hard")) == arrivals["hard"]


def test_another_seed_gives_another(register: list[Patient]) -> None:
    assert next(Trial(6, Size.of(PEOPLE)).register()) != register[0]


def test_known_and_hard_people_are_enrolled_and_the_others_are_not(
    register: list[Patient], arrivals: dict[str, list[Arrival]]
) -> None:
    keys = {patient["id"] for patient in register}
    for split in SPLITS:
        inside = [arrival.person in keys for arrival in arrivals[split]]
        assert all(inside) if split in ("known", "hard") else not any(inside)
    assert len(arrivals["known"]) == 800
    assert len(arrivals["kin"]) + len(arrivals["stranger"]) == 398


def test_nobody_enrolled_has_the_number_of_one_who_is_not(trial: Trial, register: list[Patient]) -> None:
    taken = {number for patient in register for number in numbers_of(patient, systems.PERSONAL_NUMBER)}
    assert not taken & {person.personal for person in trial.people["kin"] + trial.people["stranger"]}


def test_half_of_those_not_enrolled_have_family_in_the_register(trial: Trial, register: list[Patient]) -> None:
    keys = {patient["id"] for patient in register}
    kin = trial.people["kin"]
    assert len(kin) == trial.size.unknown // 2
    assert sum(bool(one.mother and one.mother.key in keys) for one in kin) > 0.8 * len(kin)
    assert sum(one.twin is not None for one in kin) > 0.05 * len(kin)


def test_hard_arrivals_bring_no_personal_number(arrivals: dict[str, list[Arrival]]) -> None:
    assert not any(numbers_of(one.patient, systems.PERSONAL_NUMBER) for one in arrivals["hard"])


def test_every_record_is_a_valid_patient(register: list[Patient], arrivals: dict[str, list[Arrival]]) -> None:
    came = [arrival.patient for split in SPLITS for arrival in arrivals[split]]
    for patient in register[:1_000] + came:
        assert not [issue for issue in validate(patient) if issue.severity == "error"], patient


def test_every_slip_happens(trial: Trial) -> None:
    rng = Random(1)
    happened = Counter(
        slip
        for person in chain.from_iterable(trial.people.values())
        for hard in (False, True)
        for _ in range(3)
        for slip in arrive(person, "x", rng, hard=hard).slips
    )
    silent = {"coded_commune", "one_name_field"}  # they say how the software writes, nothing goes wrong
    assert set(slips.SLIPS) - silent - set(happened) <= {"placeholder"}


def test_a_scanned_card_keeps_name_birth_and_number(crowd: list[Person]) -> None:
    rng = Random(2)
    adults = [person for person in crowd[:500] if person.age >= 16]
    for person in adults:
        arrival = arrive(person, "x", rng, "scan")
        if "reissued" not in arrival.slips:
            assert numbers_of(arrival.patient, systems.PERSONAL_NUMBER) == [person.personal]
        assert arrival.patient["name"][0]["text"].lower() == " ".join(person.name).lower()


def test_number_fields_that_hold_numbers_lose_the_zeros(crowd: list[Person]) -> None:
    person = next(person for person in crowd if person.personal.startswith("00"))
    form = true_form(person)
    assert slips.SLIPS["zeros_lost"](form, person, Random(1))
    assert form.personal == person.personal[2:] and form.phone == person.phone[1:]


def test_a_newborn_is_written_down_under_the_mother(crowd: list[Person]) -> None:
    baby = next(person for person in crowd if person.age == 0 and person.mother)
    assert baby.mother is not None
    form = true_form(baby)
    assert slips.SLIPS["placeholder"](form, baby, Random(1))
    text = form.patient("x")["name"][0]["text"]
    assert naming.plain(" ".join(baby.mother.name)) in naming.plain(text)
    assert "identifier" not in form.patient("x")


def test_addresses_come_from_before_and_after_the_reform(register: list[Patient]) -> None:
    districts = sum("district" in patient["address"][0] for patient in register)
    assert 0.15 < districts / len(register) < 0.35


def test_the_young_and_the_old_lack_numbers_more_often(register: list[Patient]) -> None:
    lacking: Counter[bool] = Counter()
    every: Counter[bool] = Counter()
    for patient in register:
        child = patient["birthDate"] > "2019"
        every[child] += 1
        lacking[child] += not numbers_of(patient, systems.PERSONAL_NUMBER)
    assert lacking[True] / every[True] > 3 * lacking[False] / every[False]


def test_as_many_namesakes_share_a_birthday_as_in_the_country(crowd: list[Person]) -> None:
    """About 0.6 a person among a hundred million people, a few hundred for the year alone."""
    of_year = Counter((naming.plain(" ".join(person.name)), person.birth.year) for person in crowd)
    mean = sum(count * (count - 1) for count in of_year.values()) / len(crowd) * 1e8 / len(crowd)
    assert 120 < mean < 400


def test_many_of_the_old_are_born_on_the_first_of_january(crowd: list[Person]) -> None:
    old = [person.birth for person in crowd if person.birth < date(1960, 1, 1)]
    assert 0.2 < sum((day.month, day.day) == (1, 1) for day in old) / len(old) < 0.35


def test_twins_share_birth_and_family_and_differ_in_name(crowd: list[Person]) -> None:
    twins = [person for person in crowd if person.twin]
    assert 0.006 < len(twins) / len(crowd) < 0.02
    assert all(one.twin and (one.twin.birth, one.twin.family) == (one.birth, one.family) for one in twins)
    assert sum(one.twin is not None and one.twin.rest == one.rest for one in twins) < 0.02 * len(twins)


def test_households_share_homes_and_phones(crowd: list[Person]) -> None:
    phones = Counter(person.phone for person in crowd)
    assert sum(count > 1 for count in phones.values()) > 0.1 * len(phones)
    children = [person for person in crowd if person.role == "child" and person.mother]
    assert all(child.mother and child.home is child.mother.home for child in children)


def test_the_register_holds_no_slip_but_its_own(crowd: list[Person]) -> None:
    person = crowd[0]
    patient = enrolled(person, Random(3))
    assert naming.plain(patient["name"][0]["text"]) == naming.plain(" ".join(person.name))

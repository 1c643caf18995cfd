"""The named situations hold what they say."""

from collections import Counter

import pytest

from bench.simulator.scenarios import SCENARIOS, Scenario, scenarios
from bench.simulator.slips import DUMMY_NUMBERS
from hoso.fhir import systems


@pytest.fixture(scope="module")
def found() -> dict[str, Scenario]:
    return {scenario.name: scenario for scenario in scenarios(3, scale=0.04)}


def test_all_are_built_and_nobody_is_enrolled_twice(found: dict[str, Scenario]) -> None:
    assert set(found) == set(SCENARIOS)
    for scenario in found.values():
        ids = [patient["id"] for patient in scenario.register]
        came = [arrival.patient["id"] for arrival in scenario.arrivals]
        assert came
        assert len(set(ids + came)) == len(ids) + len(came), scenario.name


def test_of_half_of_the_twins_only_one_is_enrolled(found: dict[str, Scenario]) -> None:
    scenario = found["twins"]
    enrolled = {patient["id"] for patient in scenario.register}
    times = Counter(arrival.person for arrival in scenario.arrivals)
    assert Counter((person in enrolled, count) for person, count in times.items()) == {(True, 2): 20, (False, 1): 20}


def test_the_newcomer_comes_fifty_times(found: dict[str, Scenario]) -> None:
    scenario = found["newcomer"]
    (person,) = {arrival.person for arrival in scenario.arrivals}
    assert len(scenario.arrivals) == 50
    assert person not in {patient["id"] for patient in scenario.register}


def test_the_crowd_of_new_year_has_one_name_and_one_day(found: dict[str, Scenario]) -> None:
    scenario = found["first_of_january"]
    assert len(scenario.register) == 400
    assert {arrival.patient["name"][0]["text"] for arrival in scenario.arrivals} == {"Nguyễn Văn Hùng"}
    assert all(arrival.patient["birthDate"].endswith("-01-01") for arrival in scenario.arrivals)
    assert not any("identifier" in arrival.patient for arrival in scenario.arrivals)


def test_one_facility_number_stands_for_everyone(found: dict[str, Scenario]) -> None:
    arrivals = found["one_patient"].arrivals
    system = systems.facility_patient_number("01901")
    values = {n["value"] for one in arrivals for n in one.patient["identifier"] if n["system"] == system}
    assert values == {"00000001"}
    assert len({arrival.person for arrival in arrivals}) == len(arrivals)


def test_one_phone_stands_for_everyone(found: dict[str, Scenario]) -> None:
    assert len({one.patient["telecom"][0]["value"] for one in found["one_phone"].arrivals}) == 1


def test_made_up_numbers_are_made_up(found: dict[str, Scenario]) -> None:
    for arrival in found["dummy_numbers"].arrivals:
        assert arrival.patient["identifier"][0]["value"] in DUMMY_NUMBERS


def test_children_come_under_a_number_that_is_enrolled(found: dict[str, Scenario]) -> None:
    scenario = found["parents_number"]
    for arrival in scenario.arrivals:
        assert arrival.patient["identifier"][0]["value"][3] in "01"
        assert arrival.patient["birthDate"] > "2010"

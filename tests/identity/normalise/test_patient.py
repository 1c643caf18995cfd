"""The whole record: nothing makes it fail, and the synthetic population comes through unharmed."""

import random
from datetime import date
from itertools import islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hoso.fhir import systems
from hoso.identity.normalise import Birth, Person, normalise
from hoso.synth import TODAY, people, register
from hoso.synth.identifiers import Keys

# what breaks careless code: controls, halves of surrogate pairs, look-alikes, marks without letters, old font bytes
odd = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\x00\u200b\ud800\u0301\u0323ÃºéûïÑ¨µ¸ªаоНİßﬁ１'’()[]-/,;.%09aeoudwsfrxj "),
    ),
    max_size=60,
)
texts = st.one_of(
    odd, st.sampled_from(["", " ", "Nguyễn Văn An", "con bà ", "CB", "Y", "H'", "0", "1" * 12, "x" * 5000])
)
some = st.one_of(texts, st.none(), st.integers(), st.booleans(), st.lists(texts, max_size=3))
codings = st.fixed_dictionaries({}, optional={"system": some, "code": some, "display": some})
names = st.fixed_dictionaries({}, optional={"use": some, "text": some, "family": some, "given": some})
leaves = st.fixed_dictionaries({}, optional={"url": some, "valueString": some, "valueCoding": codings})
extensions = st.fixed_dictionaries({}, optional={"url": some, "extension": st.lists(leaves, max_size=2)}) | leaves
patients = st.fixed_dictionaries(
    {},
    optional={
        "name": st.one_of(some, st.lists(names, max_size=3)),
        "birthDate": some,
        "gender": some,
        "identifier": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "system": st.one_of(some, st.sampled_from([systems.PERSONAL_NUMBER, systems.INSURANCE_NUMBER])),
                    "value": some,
                    "type": st.fixed_dictionaries({}, optional={"coding": st.lists(codings, max_size=2)}),
                },
            ),
            max_size=3,
        ),
        "telecom": st.lists(st.fixed_dictionaries({}, optional={"system": some, "value": some}), max_size=2),
        "address": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "text": some,
                    "line": some,
                    "city": some,
                    "district": some,
                    "state": some,
                    "extension": st.lists(extensions, max_size=2),
                },
            ),
            max_size=2,
        ),
        "extension": st.lists(extensions, max_size=2),
        "contact": st.lists(st.fixed_dictionaries({}, optional={"name": names, "relationship": some}), max_size=2),
        "multipleBirthInteger": some,
        "deceasedDateTime": some,
        "deceasedBoolean": some,
        "managingOrganization": st.fixed_dictionaries({}, optional={"reference": some, "identifier": some}),
    },
)


@settings(deadline=None)
@given(patients)
def test_no_record_makes_it_fail_and_what_it_gives_can_be_compared_and_kept_in_sets(patient: dict[str, Any]) -> None:
    once = normalise(patient, today=TODAY)
    assert once == normalise(patient, today=TODAY)
    assert isinstance(hash(once), int)
    for name in once.names:
        assert name.toned == " ".join(name.toned.split()) and len(name.toned) <= 600


def population(count: int) -> list[dict[str, Any]]:
    keys = Keys.of(7)
    found: list[dict[str, Any]] = []
    for person in islice((one for home in people.households(7, keys, TODAY) for one in home), count):
        assert person.home and person.standing
        found.append(
            {
                "resourceType": "Patient",
                "name": [register.human_name(person.name, person.family, person.rest)],
                "gender": register.GENDER[person.sex],
                "birthDate": str(person.birth.year) if person.standing.year_only else person.birth.isoformat(),
                "identifier": [
                    {"system": systems.CITIZEN_CODE, "value": person.standing.code},
                    {"system": systems.PERSONAL_NUMBER, "value": person.standing.personal_number or ""},
                ],
                "telecom": [{"system": "phone", "value": person.phone}],
                "address": [register.address(person.home)],
                "deceasedDateTime": person.died.isoformat() if person.died else "",
            }
        )
    return found


def test_the_synthetic_population_comes_through_unharmed() -> None:
    with_number = 0
    for patient in population(1500):
        person = normalise(patient, today=TODAY)
        written = patient["name"][0]["text"].lower()
        (name,) = person.names
        assert not name.placeholder and set(person.notes) <= {"filler-date"}, (written, person.notes)
        assert sorted(name.plain.split()) == sorted(plain_of(written))
        assert all(number.consistent for number in person.numbers), written
        with_number += len(person.numbers) == 2
        assert len(person.phones) == 1
        (place,) = person.places
        coding = patient["address"][0]["extension"][0]["valueCoding"]
        assert place.commune == coding["code"] and place.province and place.hamlet
        assert normalise({"address": [{"text": patient["address"][0]["text"]}]}).places[0].commune == place.commune
    assert with_number > 1300


def plain_of(written: str) -> list[str]:
    from hoso.core import fold

    return fold(written).replace("h'", "h").split()


def test_a_record_gives_birth_order_death_and_facility() -> None:
    person = normalise(
        {
            "multipleBirthInteger": 2,
            "deceasedBoolean": True,
            "gender": "unknown",
            "managingOrganization": {"reference": "Organization/tram-01/_history/3"},
        }
    )
    assert (person.twin, person.sex, person.facility) == (2, "", "tram-01")
    assert person.deceased == Birth(None, None, None, False, "true")
    died = normalise({"deceasedDateTime": "2024-03-02T10:00:00+07:00"}).deceased
    assert died and (died.year, died.month, died.day) == (2024, 3, 2)


def test_an_empty_record_is_a_person_of_whom_nothing_is_known() -> None:
    assert normalise({}) == Person((), None, "", (), (), (), "", (), None, None, "", (), ())


def test_work_does_not_grow_with_the_length_of_what_is_written() -> None:
    noise = "".join(random.Random(1).choices("abcÃºễ()-' 12", k=200_000))
    person = normalise({"name": [{"text": noise}], "address": [{"text": noise}], "telecom": [{"value": noise}],
                        "identifier": [{"value": noise}], "birthDate": noise})  # fmt: skip
    assert person.names[0].truncated and len(person.places[0].text) <= 600 and len(person.numbers[0].value) <= 128


def test_a_day_is_all_the_time_it_needs() -> None:
    assert normalise({"birthDate": "2026-01-02"}, today=date(2026, 1, 1)).notes == ("impossible-date",)

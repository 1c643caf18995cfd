"""The population as a whole: names, ages, households, papers."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import islice

import pytest

from hoso.core import citizen_code
from hoso.core.places import old_province_codes
from hoso.synth import TODAY, people
from hoso.synth.identifiers import Keys
from hoso.synth.people import Person
from hoso.synth.places import provinces

SEED = 11


def everyone(seed: int, today: date = TODAY) -> Iterator[Person]:
    for household in people.households(seed, Keys.of(seed), today):
        yield from household


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    return list(islice(everyone(SEED), 8_736))


@pytest.fixture(scope="module")
def homes() -> list[list[Person]]:
    return list(islice(people.households(SEED, Keys.of(SEED), TODAY), 1_500))


def test_about_one_in_five_shares_the_full_name_with_another(crowd: list[Person]) -> None:
    names = Counter(person.name for person in crowd)
    assert 0.17 < sum(count for count in names.values() if count > 1) / len(crowd) < 0.28
    assert names.most_common(1)[0][1] < 40


def test_names_are_vietnamese_letters_in_nfc_and_mostly_of_three_words(crowd: list[Person]) -> None:
    import unicodedata

    for person in crowd:
        assert unicodedata.is_normalized("NFC", person.name)
        assert not {"\u00d0", "\u00f0"} & set(person.name)
    words = Counter(len(person.name.split()) for person in crowd if person.group == "01")
    assert 0.7 < words[3] / words.total() < 0.9


def test_middle_names_fit_the_sex(crowd: list[Person]) -> None:
    assert not [person.name for person in crowd if person.sex == "m" and "Thị" in person.rest]
    assert not [person.name for person in crowd if person.sex == "f" and "Văn" in person.rest]


def test_northern_and_southern_forms_of_surnames_stay_in_their_regions(crowd: list[Person]) -> None:
    kinh = [person for person in crowd if person.group == "01" and person.home]
    north = Counter(p.family for p in kinh if p.home and p.home.province.region == "north")
    south = Counter(p.family for p in kinh if p.home and p.home.province.region == "south")
    assert north["Hoàng"] > north["Huỳnh"] and north["Vũ"] > north["Võ"]
    assert south["Huỳnh"] > south["Hoàng"] and south["Võ"] > south["Vũ"]


def test_ages_follow_the_pyramid_of_the_country(crowd: list[Person]) -> None:
    living = [person for person in crowd if not person.died]
    ages = [person.age(TODAY) for person in living]
    assert 0.19 < sum(age < 15 for age in ages) / len(ages) < 0.27
    assert 0.07 < sum(age >= 65 for age in ages) / len(ages) < 0.13
    assert 0.46 < sum(person.sex == "f" for person in living) / len(living) < 0.54
    assert all(person.birth <= TODAY for person in crowd)


def test_households_are_families(homes: list[list[Person]]) -> None:
    sizes = [len(home) for home in homes]
    assert 2.5 < sum(sizes) / len(sizes) < 4.2
    for home in homes:
        assert len({person.home for person in home}) == 1
        for child in (person for person in home if person.role == "child"):
            assert child.father and child.mother
            assert child.family == child.father.family
            assert 15 <= child.mother.age(child.birth) <= 46
            assert child.birth in child.mother.births


def test_children_and_parents_share_the_phone_of_the_household(homes: list[list[Person]]) -> None:
    small = [person for home in homes for person in home if person.age(TODAY) < 10]
    assert small and all(person.home and person.phone == person.home.phone for person in small)


def test_personal_numbers_obey_their_structure_and_no_two_are_equal(crowd: list[Person]) -> None:
    old_codes = set(old_province_codes())
    numbers = []
    for person in crowd:
        number = person.standing.personal_number if person.standing else None
        if number is None:
            continue
        numbers.append(number)
        assert len(number) == 12 and number.isdigit() and number[0] == "0"
        assert number[1:3] in old_codes
        assert int(number[3]) % 2 == (person.sex == "f")
        assert 1900 + int(number[3]) // 2 * 100 + int(number[4:6]) == person.birth.year
    assert len(set(numbers)) == len(numbers)


def test_small_children_often_have_no_personal_number_and_adults_rarely(crowd: list[Person]) -> None:
    def missing(low: int, high: int) -> float:
        group = [person for person in crowd if low <= person.age(TODAY) < high]
        return sum(p.standing is not None and p.standing.personal_number is None for p in group) / len(group)

    assert missing(0, 3) > 0.15
    assert missing(20, 60) < 0.06


def test_insurance_cards_have_15_characters_and_end_with_the_number_for_life(crowd: list[Person]) -> None:
    held = [person.standing for person in crowd if person.standing and person.standing.card]
    assert 0.88 < len(held) / len(crowd) < 0.97
    for standing in held:
        card = standing.card or ""
        assert len(card) == 15 and card[:2].isalpha() and card[2] in "12345"
        assert card[5:] == standing.social_number
    assert {person.standing.card[:2] for person in crowd if person.standing and person.standing.card} >= {
        "TE",
        "HS",
        "DN",
    }


def test_citizen_codes_are_valid_and_unique(crowd: list[Person]) -> None:
    codes = [person.standing.code for person in crowd if person.standing]
    assert all(citizen_code.is_valid(code) for code in codes)
    assert len(set(codes)) == len(codes)


def test_all_pilot_provinces_are_settled_and_minorities_live_where_they_do(crowd: list[Person]) -> None:
    lived = Counter(person.home.province.code for person in crowd if person.home)
    assert set(lived) == set(provinces()) and len(lived) == 8
    groups = {code: Counter(p.group for p in crowd if p.home and p.home.province.code == code) for code in lived}
    assert groups["15"]["08"] > 0 and groups["66"]["12"] > 0 and groups["92"]["05"] > 0
    assert groups["31"]["12"] == 0

"""Numbers, dates and phones: what they say is tested against the record, what software lost is put back."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoso.core import citizen_code
from hoso.core.places import old_province_codes
from hoso.fhir import systems
from hoso.identity.normalise import Number, Person, normalise
from hoso.synth import TODAY

births = st.dates(date(1900, 1, 1), date(2026, 6, 30))


def person(identifiers: list[dict[str, Any]], birth: str = "1990-05-06", gender: str = "male", **more: Any) -> Person:
    return normalise({"identifier": identifiers, "birthDate": birth, "gender": gender, **more})


def number(value: str, system: str = systems.PERSONAL_NUMBER, **record: str) -> Number:
    return person([{"system": system, "value": value}], **record).numbers[0]


def personal_number(province: str, birth: date, sex: str, rest: int) -> str:
    century = (birth.year // 100 - 19) * 2 + (sex == "female")
    return f"0{province}{century}{birth.year % 100:02d}{rest:06d}"


@settings(deadline=None)
@given(st.sampled_from(old_province_codes()), births, st.sampled_from(["male", "female"]), st.integers(1, 999_999))
def test_a_personal_number_fits_its_owner_and_lost_zeros_come_back(
    province: str, birth: date, sex: str, rest: int
) -> None:
    value = personal_number(province, birth, sex, rest)
    found = number(value, birth=birth.isoformat(), gender=sex)
    assert (found.kind, found.value, found.consistent) == ("cccd", value, True)
    shortened = value.lstrip("0")
    if len(shortened) in (10, 11):
        again = number(shortened, birth=birth.isoformat(), gender=sex)
        assert (again.value, again.consistent, again.doubt) == (value, True, "lost-zero")


@pytest.mark.parametrize(
    ("value", "consistent", "doubt"),
    [
        ("001090123457", True, ""),
        ("001 090 123 457", True, ""),
        ("００１０９０１２３４５７", True, ""),
        ("001190123457", False, "sex"),
        ("001091123457", False, "year"),
        ("001290123457", False, "year"),
        ("099090123457", False, "province"),
        ("000000000000", False, "dummy"),
        ("111111111111", False, "dummy"),
        ("123456789012", False, "dummy"),
        ("001000000000", False, "dummy"),
    ],
)
def test_a_personal_number_that_contradicts_the_record_is_kept_with_its_doubt(
    value: str, consistent: bool, doubt: str
) -> None:
    found = number(value)
    assert (found.kind, found.consistent, found.doubt) == ("cccd", consistent, doubt)


def test_without_birth_and_sex_nothing_can_be_tested() -> None:
    found = number("001090123457", birth="", gender="unknown")
    assert (found.consistent, found.doubt) == (None, "")


@pytest.mark.parametrize(
    ("value", "system", "kind", "kept", "doubt"),
    [
        ("DN4017473133047", systems.INSURANCE_NUMBER, "bhxh", "7473133047", ""),
        ("dn 4 01 747 313 3047", systems.INSURANCE_NUMBER, "bhxh", "7473133047", ""),
        ("7473133047", systems.SOCIAL_NUMBER, "bhxh", "7473133047", ""),
        ("173133047", systems.SOCIAL_NUMBER, "bhxh", "0173133047", "lost-zero"),
        ("0000000000", systems.SOCIAL_NUMBER, "bhxh", "0000000000", "dummy"),
        ("001090123457", systems.INSURANCE_NUMBER, "cccd", "001090123457", ""),
        ("012876543", systems.OLD_CARD_NUMBER, "cmnd", "012876543", ""),
        ("12876543", systems.OLD_CARD_NUMBER, "cmnd", "012876543", "lost-zero"),
        ("012876543", systems.PERSONAL_NUMBER, "cmnd", "012876543", ""),
        ("b1234567", systems.PASSPORT_NUMBER, "passport", "B1234567", ""),
        ("C7654321", systems.PERSONAL_NUMBER, "passport", "C7654321", ""),
        ("0912345670", systems.PERSONAL_NUMBER, "other", "0912345670", ""),
        ("9" * 40, systems.PERSONAL_NUMBER, "other", "9" * 40, "dummy"),
        ("BN-0017", systems.facility_patient_number("01001"), "local", "BN-0017", ""),
        ("X/9", "urn:oid:1.2.3", "other", "X/9", ""),
    ],
)
def test_a_number_is_known_by_its_form_in_whichever_field_it_stands(
    value: str, system: str, kind: str, kept: str, doubt: str
) -> None:
    found = number(value, system)
    assert (found.kind, found.value, found.system, found.doubt) == (kind, kept, system, doubt)


def test_a_citizen_code_is_tested_by_its_check_digits() -> None:
    code = citizen_code.make(12345)
    assert number(citizen_code.show(code), systems.CITIZEN_CODE).consistent is True
    found = number(code[:-1] + str((int(code[-1]) + 1) % 10), systems.CITIZEN_CODE)
    assert (found.consistent, found.doubt) == (False, "check-digit")


def test_card_and_social_number_count_once_and_local_numbers_stand_apart() -> None:
    local = systems.facility_patient_number("01001")
    found = person(
        [
            {"system": systems.INSURANCE_NUMBER, "value": "DN4017473133047"},
            {"system": systems.SOCIAL_NUMBER, "value": "7473133047"},
            {"type": {"coding": [{"code": "MR"}]}, "system": "urn:his", "value": "77"},
            {"system": local, "value": "17"},
            {"system": local},
            {"value": None},
        ]
    )
    assert [one.kind for one in found.numbers] == ["bhxh", "local", "local"]
    assert found.local == (("urn:his", "77"), (local, "17"))


@pytest.mark.parametrize(
    ("written", "parts", "filler"),
    [
        ("1990-05-06", (1990, 5, 6), False),
        ("1990-05", (1990, 5, None), False),
        ("1990", (1990, None, None), False),
        ("1990-01-01", (1990, 1, 1), True),
        ("19900506", (1990, 5, 6), False),
        ("19900000", (1990, None, None), True),
        ("06/05/1990", (1990, 5, 6), False),
        ("1990-02-30", (1990, 2, None), False),
        ("1990-13-01", (1990, None, None), False),
        ("1800-01-01", (None, None, None), False),
        ("2999-05-05", (None, None, None), False),
        ("sinh năm 1990", (None, None, None), False),
    ],
)
def test_a_birth_date_is_what_is_known_of_it(
    written: str, parts: tuple[int | None, int | None, int | None], filler: bool
) -> None:
    birth = normalise({"birthDate": written}, today=TODAY).birth
    assert birth is not None
    assert ((birth.year, birth.month, birth.day), birth.filler, birth.original) == (parts, filler, written)


def test_the_future_is_only_refused_against_a_day_that_is_given() -> None:
    assert normalise({"birthDate": "2999-05-05"}).birth != normalise({"birthDate": "2999-05-05"}, today=TODAY).birth
    assert normalise({"birthDate": TODAY.isoformat()}, today=TODAY).birth == normalise({"birthDate": str(TODAY)}).birth
    assert normalise({}).birth is None


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("0912 345 670", ("0912345670",)),
        ("+84 912 345 670", ("0912345670",)),
        ("0084912345670", ("0912345670",)),
        ("84912345670", ("0912345670",)),
        ("912345670", ("0912345670",)),
        ("0123 4567 891", ("0834567891",)),
        ("01681234567", ("0381234567",)),
        ("0912345670 / 0381234567", ("0912345670", "0381234567")),
        ("024.3825.3531", ("02438253531",)),
        ("0438253531", ("02438253531",)),
        ("+1 (555) 783-1234", ("+15557831234",)),
        ("0900000000", ()),
        ("0123456789", ()),
        ("không có", ()),
        ("0" * 5000, ()),
    ],
)
def test_phones_come_to_the_national_form(written: str, phones: tuple[str, ...]) -> None:
    assert normalise({"telecom": [{"system": "phone", "value": written}]}).phones == phones


def test_e_mail_addresses_are_no_phones() -> None:
    assert normalise({"telecom": [{"system": "email", "value": "0912345670"}]}).phones == ()


def claimed(status: str, **more: Any) -> Number:
    extension = [{"url": systems.CLAIM_STATUS, "valueCode": status}]
    identifier = {"system": systems.PERSONAL_NUMBER, "value": "001090123456", "extension": extension, **more}
    return normalise({"identifier": [identifier], "birthDate": "1990-05-06"}, today=TODAY).numbers[0]


def test_a_verified_number_is_known_as_such_until_it_is_replaced() -> None:
    assert claimed("verified").verified
    assert claimed("verified", period={"end": "2099-01-01"}).verified
    for more in ({"use": "old"}, {"period": {"end": "2020-01-01"}}):
        assert not claimed("verified", **more).verified
        assert claimed("verified", **more).doubt == ""
    assert not claimed("unverified").verified
    assert not number("001090123456").verified


def test_a_revoked_number_and_one_that_does_not_fit_are_never_verified() -> None:
    revoked = claimed("revoked")
    assert (revoked.doubt, revoked.verified) == ("revoked", False)
    extension = [{"url": systems.CLAIM_STATUS, "valueCode": "verified"}]
    other = person([{"system": systems.PERSONAL_NUMBER, "value": "001071123456", "extension": extension}]).numbers[0]
    assert (other.doubt, other.verified) == ("year", False)

"""Addresses before and after July 2025 come to the same codes, where these can be told."""

from collections import Counter
from typing import Any

import pytest

from hoso.core import fold
from hoso.core import places as core_places
from hoso.core.places import old_province_codes
from hoso.fhir import systems
from hoso.identity.normalise import Place, normalise, units


def place(address: dict[str, Any] | str) -> Place:
    found = normalise({"address": [{"text": address} if isinstance(address, str) else address]})
    return found.places[0]


@pytest.mark.parametrize(
    ("written", "province", "commune", "old_ward", "hamlet"),
    [
        ("Số 5 Hàng Than, Phường Ba Đình, Thành phố Hà Nội", "01", "00004", "", "so 5 hang than"),
        ("Phường Trúc Bạch, Quận Ba Đình, Hà Nội", "01", "00004", "00004", ""),
        ("Phường Cống Vị, Quận Ba Đình, Hà Nội", "01", "", "00007", ""),  # divided between two communes
        ("12/4 Nguyễn Trãi, phường 01, quận 3, TP Hồ Chí Minh", "79", "27154", "27160", "12/4 nguyen trai"),
        ("P.1, Q.3, TP.HCM", "79", "27154", "27160", ""),
        ("P1, Q3, Sài Gòn", "79", "27154", "27160", ""),
        ("Phường 5, TP Vũng Tàu, Bà Rịa - Vũng Tàu", "79", "26506", "26518", ""),
        ("phường 5 thành phố vũng tàu tỉnh Bà Rịa-Vũng Tàu", "79", "26506", "26518", ""),
        ("ấp Hạ, Phường Vũng Tàu, Thành phố Hồ Chí Minh", "79", "26506", "", "ap ha"),
        ("Khóm 3, Thị trấn Cái Nước, huyện Cái Nước, Cà Mau", "96", "32128", "32128", "khom 3"),
        ("TDP 4 - Xã Chiềng Hặc - Huyện Yên Châu - Sơn La", "14", "04078", "04078", "to dan pho 4"),
        ("Côn Đảo, Bà Rịa - Vũng Tàu", "79", "26732", "", ""),
        ("Hà Nội", "01", "", "", ""),
        ("123 Main St, Boston, MA", "", "", "", "123 main st boston"),
    ],
)
def test_an_address_in_words_is_found_on_the_map_of_today(
    written: str, province: str, commune: str, old_ward: str, hamlet: str
) -> None:
    found = place(written)
    assert (found.province, found.commune, found.old_ward, found.hamlet) == (province, commune, old_ward, hamlet)
    assert found.text and found.text.isascii()


def test_fields_of_an_address_are_read_like_its_text() -> None:
    fields = {"line": ["Thôn 3"], "city": "Xã Chiềng Hặc", "district": "Huyện Yên Châu", "state": "Tỉnh Sơn La"}
    found = place(fields)
    assert (found.province, found.commune, found.old_ward, found.hamlet) == ("14", "04078", "04078", "thon 3")


def coded(code: str, system: str = "urn:x") -> dict[str, Any]:
    inner = {"url": "ward", "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}
    return {"extension": [{"url": "units", "extension": [inner]}]}


def test_codes_are_believed_before_names() -> None:
    found = place({**coded("00097", systems.COMMUNE), "text": "Phường Hồng Hà, Hà Nội"})
    assert (found.province, found.commune, found.old_ward) == ("01", "00097", "")
    ward_of_before = place(coded("00001"))
    assert (ward_of_before.province, ward_of_before.commune, ward_of_before.old_ward) == ("01", "00097", "00001")
    divided = place(coded("00007"))
    assert (divided.province, divided.commune, divided.old_ward) == ("01", "", "00007")
    assert place(coded("27")).province == "24"  # Bắc Ninh is 24 since it took in Bắc Giang


def test_a_code_nobody_gave_says_nothing() -> None:
    found = place({**coded("99999"), "text": "Xã Chiềng Hặc, Yên Châu, Sơn La"})
    assert found.province == "14"


def test_every_commune_of_today_is_found_by_its_full_name_unless_folding_makes_two_one() -> None:
    names = {province.code: province.full_name for province in core_places.provinces()}
    folded = Counter((commune.province, fold(commune.full_name)) for commune in core_places.communes())
    for commune in core_places.communes():
        found = place(f"Thôn 1, {commune.full_name}, {names[commune.province]}").commune
        alone = folded[commune.province, fold(commune.full_name)] == 1
        assert found == (commune.code if alone else "")


def test_every_old_ward_leads_to_communes_of_its_province() -> None:
    for code in old_province_codes():
        today = units.province_today(code)
        for wards in units._wards(code).values():
            for ward in wards:
                assert ward.communes
                assert {units.province_of_commune(commune) for commune in ward.communes} == {today}


def test_no_address_is_no_place() -> None:
    assert normalise({"address": [{}, {"use": "home"}, {"text": ""}]}).places == ()

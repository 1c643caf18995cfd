"""The public sets are read whole."""

import pytest

from bench import febrl


@pytest.mark.parametrize(
    ("number", "records", "links"), [(1, 1_000, 500), (2, 5_000, 1_934), (3, 5_000, 6_538), (4, 5_000, 5_000)]
)
def test_the_published_counts_of_records_and_links(number: int, records: int, links: int) -> None:
    found = febrl.read(number)
    assert len(found.left) == records
    assert len(found.right) == (records if number == 4 else 0)
    assert len(found.truth) == links


def test_the_links_of_the_fourth_set_go_from_left_to_right() -> None:
    found = febrl.read(4)
    left = {patient["id"] for patient in found.left}
    assert all(len(pair & left) == 1 for pair in found.truth)


def test_a_row_becomes_a_patient() -> None:
    row = {
        "rec_id": "rec-122-org", "given_name": "lachlan", "surname": "berry", "street_number": "69",
        "address_1": "giblin street", "address_2": "killarney", "suburb": "bittern", "postcode": "4814",
        "state": "qld", "date_of_birth": "19990219", "soc_sec_id": "7364009",
    }  # fmt: skip
    assert febrl.patient(row) == {
        "resourceType": "Patient",
        "id": "rec-122-org",
        "identifier": [{"system": febrl.SOCIAL_SECURITY, "value": "7364009"}],
        "name": [{"text": "lachlan berry", "family": "berry", "given": ["lachlan"]}],
        "birthDate": "1999-02-19",
        "address": [
            {
                "line": ["69 giblin street", "killarney"],
                "city": "bittern",
                "postalCode": "4814",
                "state": "QLD",
                "country": "AU",
            }
        ],
    }


def test_what_a_row_lacks_the_patient_lacks() -> None:
    row = dict.fromkeys(
        ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
         "date_of_birth", "soc_sec_id"), "",
    )  # fmt: skip
    assert febrl.patient({"rec_id": "rec-1-org", **row}) == {"resourceType": "Patient", "id": "rec-1-org"}

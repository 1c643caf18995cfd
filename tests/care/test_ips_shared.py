"""What a citizen leaves out of a summary is not in it anywhere, and the preview says what the summary will say."""

from __future__ import annotations

from typing import Any

import orjson
from tests.care.test_ips import ALLERGIES, BASE, PROBLEMS, RESULTS, TODAY, clinical, observation, section

from hoso.care import ips
from hoso.fhir.validate import validate

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"text": "Trần Thị Ánh"}], "birthDate": "1967"}
RECORDS = (
    clinical("Condition", "c", "Tăng huyết áp"),
    clinical("AllergyIntolerance", "a", "Penicillin"),
    observation("g", "Glucose máu", "2026-01-01", "5"),
)


def document(*withheld: str) -> dict[str, Any]:
    made = ips.summary(PATIENT, RECORDS, ips.Asked(BASE, "HoSo", TODAY, "vi", withheld=withheld))
    assert [one for one in validate(made) if one.severity in ("error", "fatal")] == []
    return made


def test_a_section_that_was_left_out_is_nowhere_in_the_document() -> None:
    text = orjson.dumps(document("allergies", "results")).decode()
    assert "Penicillin" not in text and "Glucose" not in text and "Tăng huyết áp" in text


def test_one_that_the_standard_requires_says_that_it_is_withheld_and_another_is_not_there() -> None:
    made = document("allergies", "results")
    found = section(made, ALLERGIES)
    assert found is not None and found["emptyReason"]["coding"][0]["code"] == "withheld"
    assert section(made, RESULTS) is None and section(made, PROBLEMS) is not None


def test_the_preview_has_the_sections_of_the_document_with_their_lines() -> None:
    shown = ips.contents(RECORDS, TODAY, "vi")
    titles = [one["title"] for one in document()["entry"][0]["resource"]["section"]]
    assert [one.title for one in shown] == titles
    lines = {one.key: one.lines for one in shown}
    assert lines["problems"] == ("Tăng huyết áp",) and lines["results"] == ("Glucose máu · 5 · 01/01/2026",)
    assert lines["medicines"] == () and next(one for one in shown if one.key == "medicines").required

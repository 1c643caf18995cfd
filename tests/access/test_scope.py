from __future__ import annotations

import pytest

from hoso.access import Scopes
from hoso.core import Refused


@pytest.mark.parametrize(
    ("text", "type", "rights"),
    [
        ("system/Patient.rs", "Patient", "rs"),
        ("system/Patient.read", "Patient", "rs"),
        ("system/Patient.write", "Patient", "cud"),
        ("system/Patient.*", "Patient", "cruds"),
        ("system/*.r", "Observation", "r"),
        ("user/Patient.c system/Patient.d", "Patient", "cd"),
        ("system/Patient.r", "Observation", ""),
    ],
)
def test_a_scope_opens_what_it_says(text: str, type: str, rights: str) -> None:
    scopes = Scopes.parse(text)
    assert "".join(right for right in "cruds" if scopes.permits(type, right)) == rights  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Patient.r",
        "system:Patient.read",
        "system/Patient",
        "system/Patient.",
        "system/Patient.sr",
        "system/Patient.rr",
        "system/Patient.x",
        "system/Pony.r",
        "patient/*.*",
        "patient/Observation.rs",
        "system/Observation.rs?category=laboratory",
        "system/Observation.rs??",
        "system\u2215Patient.r",
        "system/Patient.r\n",
        "SYSTEM/Patient.r",
        "system/Patient.r\tsystem/Patient.s",
        "openid",
        "system/Patient.r " * 400,
    ],
)
def test_nonsense_and_what_could_not_be_enforced_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Scopes.parse(text)


@pytest.mark.parametrize(
    ("wide", "narrow", "contained"),
    [
        ("system/*.cruds", "system/Patient.r", True),
        ("system/Patient.rs", "system/Patient.read", True),
        ("system/Patient.r", "system/Patient.rs", False),
        ("system/Patient.cruds", "system/*.r", False),
        ("system/*.r system/Patient.s", "system/Patient.rs", True),
        ("system/*.r system/Patient.s", "system/Observation.rs", False),
    ],
)
def test_containment_compares_rights_not_text(wide: str, narrow: str, contained: bool) -> None:
    assert Scopes.parse(wide).contains(Scopes.parse(narrow)) is contained


def test_a_scope_reads_back_as_it_was_meant() -> None:
    text = str(Scopes.parse("system/Patient.read user/*.c system/Patient.write"))
    assert text == "system/*.c system/Patient.cruds"
    assert Scopes.parse(text) == Scopes.parse("system/*.c system/Patient.*")


def test_no_scope_is_no_right() -> None:
    assert not Scopes().permits("Patient", "r")
    assert Scopes().types("s") == frozenset()
    assert Scopes.parse("system/*.s").types("s") is None

from __future__ import annotations

import pytest

from hoso.access import Scopes
from hoso.access.grain import Context, covered
from hoso.access.scope import read
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
        "system/Observation.rs?value-quantity=gt3",
        "system/Observation.rs?category:not=laboratory",
        "system/Observation.rs?subject:Patient.name=x",
        "system/Observation.rs?_filter=category eq laboratory",
        "system/Observation.rs?category=a&category=b",
        "system/Observation.rs?category=",
        "system/Observation.rs?category=a|b|c",
        "system/Observation.rs?category=a%2Cb",
        "system/*.rs?category=laboratory",
        "system/Encounter.rs?category=laboratory",
        "system/Observation.rs?",
        "system/Observation.rs??",
        "system/Observation.rs??category=laboratory",
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


@pytest.mark.parametrize(
    ("wide", "narrow", "contained"),
    [
        ("system/Observation.rs", "system/Observation.r?category=laboratory", True),
        ("system/Observation.rs?category=laboratory", "system/Observation.r", False),
        ("system/Observation.rs?category=laboratory,vital-signs", "system/Observation.r?category=vital-signs", True),
        ("system/Observation.rs?category=laboratory", "system/Observation.r?category=laboratory,vital-signs", False),
        ("system/Observation.rs?category=laboratory", "system/Observation.r?category=http://x|laboratory", True),
        ("system/Observation.rs?category=http://x|laboratory", "system/Observation.r?category=laboratory", False),
        ("system/Observation.rs?category=a", "system/Observation.r?category=a&code=b", True),
        ("system/Observation.rs?category=a&code=b", "system/Observation.r?category=a", False),
        ("system/Observation.r?category=a system/Observation.s?category=a", "system/Observation.rs?category=a", True),
        ("system/Observation.rs?category=a", "system/Condition.rs?category=a", False),
    ],
)
def test_a_scope_for_some_records_is_compared_by_what_it_lets_through(wide: str, narrow: str, contained: bool) -> None:
    assert Scopes.parse(wide).contains(Scopes.parse(narrow)) is contained


def test_an_app_never_may_what_its_user_may_not() -> None:
    asked = Scopes.of(read("patient/*.cruds user/Practitioner.rs user/Observation.rs?category=laboratory", PERSON))
    user = Scopes.parse("user/Patient.rs user/Observation.r user/Linkage.rs")
    left = asked.within(user.rights)
    assert str(left) == (
        "patient/Linkage.rs patient/Observation.r patient/Patient.rs user/Observation.r?category=laboratory"
    )
    assert not left.permits("Practitioner", "r") and not left.everywhere("Patient", "r")
    assert asked.within({}) == Scopes()


def test_the_contexts_are_kept_apart() -> None:
    with pytest.raises(Refused):
        read("system/Patient.r", PERSON)
    given = read("user/Patient.rs", PERSON)
    assert not covered(read("patient/Patient.r", PERSON), given) and covered(read("user/Patient.r", PERSON), given)


PERSON: tuple[Context, ...] = ("patient", "user")

"""Case 31: an emergency is opened by a page, by who may, with a reason; for one person, for hours; and not for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.security.apps import Person
from tests.security.people import words
from tests.security.scene import Scene, bearer, labelled, patient, visit

from hoso import compose
from hoso.core.clock import system_clock, to_ms

WORDS = "b\u1ea5t t\u1ec9nh \u1edf c\u1ed5ng, kh\u00f4ng c\u00f3 gi\u1ea5y t\u1edd"
SEALED = ("FETAL_SEX", "ART_DONOR", "PRIVATE_NOTE")
HURT, OTHER = "s-hurt", "s-other"
SignIn = Callable[[str], Person]


@pytest.fixture
def hurt(scene: Scene) -> Iterator[Scene]:
    for id, number in ((HURT, "001180004031"), (OTHER, "001180004032")):
        scene.put(patient(id, f"Nan {id}", number), visit(f"v-{id}", id, "35002"))
        scene.put(*(labelled(f"{id}-{label[:3].lower()}", id, 1, label) for label in SEALED))
        scene.put(labelled(f"{id}-psy", id, 1, "PSY"))
    yield scene
    rows(scene, f"UPDATE {GRANTS} SET until = 1 WHERE kind = 'emergency'")


GRANTS = "access_grant"


def rows(scene: Scene, sql: str) -> list[tuple[object, ...]]:
    node = compose.open(scene.site.folder)
    try:
        return [tuple(row) for row in node.store.engine.transact(lambda connection: connection.rows(sql, ()))]
    finally:
        node.close()


def opened(browser: Person, id: str = HURT, reason: str = "unconscious", said: str = WORDS) -> int:
    path = f"/patients/{id}/emergency"
    page = browser.get(path)
    return browser.post(path, page, reason=reason, words=said).status if page.status == 200 else page.status


@pytest.mark.parametrize(
    ("reason", "said"),
    [("", WORDS), ("unconscious", ""), ("unconscious", "  ng\u1eafn qu\u00e1   "), ("curious", WORDS),
     ("unconscious", "x" * 1001), ("unconscious", "a" + " " * 20 + "b")],
    ids=["no reason", "no words", "too few", "invented", "too many", "only spaces"],
)  # fmt: skip
def test_case_31_without_a_reason_and_words_it_stays_shut(hurt: Scene, person: SignIn, reason: str, said: str) -> None:
    browser = person("mai")
    assert opened(browser, HURT, reason, said) == 422
    assert browser.get(f"/patients/{HURT}").status == 404
    assert hurt.get(f"Patient/{HURT}").status == 404


def test_case_31_it_opens_one_person_to_one_user_and_not_what_is_sealed(hurt: Scene, person: SignIn) -> None:
    browser = person("mai")
    assert browser.get(f"/patients/{HURT}").status == 404
    assert opened(browser) == 302
    page = browser.get(f"/patients/{HURT}")
    home = page.headers["location"] if page.status == 302 else f"/patients/{HURT}"
    for path in (home, f"{home}/timeline", f"{home}/apps"):
        page = browser.get(path)
        assert page.status == 200 and "in-emergency" in page.body.decode(), path
    assert browser.get(f"/patients/{OTHER}").status == 404
    assert person("lan").get(f"/patients/{HURT}").status == 404
    cleared = bearer(hurt.site, browser, labels=[*SEALED, "PSY"])
    assert hurt.get(f"Observation/{HURT}-psy", cleared).status == 200
    for label in SEALED:
        assert hurt.get(f"Observation/{HURT}-{label[:3].lower()}", cleared).status == 404, label
    assert hurt.get(f"Observation/{OTHER}-psy", cleared).status == 404
    timeline = browser.get(f"/patients/{HURT}/timeline")
    assert timeline.status in (200, 302) and OTHER not in timeline.body.decode()


def test_case_31_the_form_of_one_person_opens_no_other(hurt: Scene, person: SignIn) -> None:
    """The grant and the person stand on the server; what a form says of them counts for nothing."""
    browser = person("mai")
    page = browser.get(f"/patients/{HURT}/emergency")
    sent = {"reason": "unconscious", "words": WORDS, "patient": OTHER, "person": OTHER, "id": OTHER, "grant": "1"}
    assert browser.post(f"/patients/{HURT}/emergency", page, **sent).status == 302
    assert browser.get(f"/patients/{OTHER}").status == 404
    assert browser.get(f"/patients/{OTHER}?grant=1&emergency={HURT}").status == 404


@pytest.mark.parametrize("how", ["clock", "hand"])
def test_case_31_after_its_end_it_is_as_before(hurt: Scene, person: SignIn, how: str) -> None:
    browser = person("mai")
    assert opened(browser) == 302
    assert browser.get(f"/patients/{HURT}").status in (200, 302)
    now = to_ms(system_clock())
    if how == "clock":
        ends = rows(hurt, f"SELECT max(until) FROM {GRANTS} WHERE kind = 'emergency'")[0][0]
        assert isinstance(ends, int) and ends <= now + 4 * 3600 * 1000
        rows(hurt, f"UPDATE {GRANTS} SET until = {now} WHERE kind = 'emergency'")
    else:
        grant = rows(hurt, f"SELECT id FROM {GRANTS} WHERE kind = 'emergency' AND until > {now}")[0][0]
        stranger = person("lan")
        stranger.post(f"/emergencies/{grant}/close", stranger.get("/connected-apps"))
        assert browser.get(f"/patients/{HURT}").status in (200, 302), "somebody else ended it"
        browser.post(f"/emergencies/{grant}/close", browser.get(f"/patients/{HURT}/emergency"))
    assert browser.get(f"/patients/{HURT}").status == 404
    assert hurt.get(f"Patient/{HURT}").status == 404


@pytest.mark.parametrize("username", ["thu", "quang"])
def test_case_31_who_may_not_finds_no_such_page(hurt: Scene, person: SignIn, username: str) -> None:
    browser = person(username)
    hidden, absent = browser.get(f"/patients/{HURT}/emergency"), browser.get("/patients/nobody/emergency")
    assert hidden.status == absent.status == 404 and words(hidden) == words(absent)
    form = browser.get("/connected-apps")
    assert browser.post(f"/patients/{HURT}/emergency", form, reason="unconscious", words=WORDS).status == 404
    shut, none = browser.get(f"/patients/{HURT}"), browser.get("/patients/nobody")
    assert shut.status == none.status in (403, 404) and words(shut) == words(none)


def test_case_31_it_needs_fresh_proof_and_a_form_of_our_own(hurt: Scene, person: SignIn) -> None:
    browser = person("mai")
    assert browser.site.ask("POST", f"/patients/{HURT}/emergency", b"reason=unconscious&words=" + b"x" * 30,
                            Cookie=f"hoso_session={browser.cookies['hoso_session']}",
                            Content_Type="application/x-www-form-urlencoded").status == 403  # fmt: skip
    stale(browser)
    page = browser.get(f"/patients/{HURT}/emergency")
    assert page.status == 302 and page.headers["location"].startswith("/account/confirm")
    assert browser.get(f"/patients/{HURT}").status == 404


def stale(browser: Person) -> None:
    """The second factor was shown an hour ago."""
    from importlib import import_module

    from django.conf import settings

    session = import_module(settings.SESSION_ENGINE).SessionStore(browser.cookies["hoso_session"])
    for one in session["account_authentication_methods"]:
        one["at"] -= 3600
    session.modified = True
    session.save()


HEADERS = {
    "X_Purpose": "BTG", "Purpose_Of_Use": "BTG", "X_Break_Glass": "true", "X_Emergency": "unconscious",
    "Break_Glass": "unconscious", "X_Hoso_Purpose": "ETREAT", "X_User": "user/quang", "X_Role": "steward",
    "X_Facility": "35002",
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_case_31_a_header_of_a_client_elevates_nobody(hurt: Scene, header: str) -> None:
    for path in (f"Patient/{HURT}", "Observation/s-hiv-1", f"Observation?patient={HURT}&_total=accurate"):
        plain, claimed = hurt.get(path), hurt.get(path, **{header: HEADERS[header]})
        assert claimed.status == plain.status in (200, 404)
        assert plain.status == 404 or claimed.json["total"] == plain.json["total"] == 0


@pytest.mark.parametrize("query", ["_purpose=BTG", "purpose=ETREAT", "_breakGlass=true"])
def test_case_31_nor_does_a_parameter(hurt: Scene, query: str) -> None:
    assert hurt.get(f"Patient/{HURT}?{query}").status in (400, 404)
    assert hurt.get(f"Observation?patient={HURT}&{query}").status == 400


def test_case_31_an_app_opens_none_for_its_user(hurt: Scene, person: SignIn) -> None:
    """A token is no session: the page does not know it."""
    answer = hurt.site.ask("POST", f"/patients/{HURT}/emergency", b"reason=unconscious", hurt.doctor)
    assert answer.status in (302, 403) and hurt.get(f"Patient/{HURT}").status == 404
    compose.hire(compose.load(hurt.site.folder), "case31", "receptionist", "35001", "Gieng-nuoc-trong-2026")
    token = bearer(hurt.site, person("case31"))
    assert hurt.get(f"Patient/{HURT}", token).status == 404

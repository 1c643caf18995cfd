"""A shared link by the clock and by the counts: who opens it, how often, and that what ended is as if it never was."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from jwcrypto import jwe, jwk
from tests.access.audit.logs import SIGNER, clock, sealer
from tests.access.citizen.test_looks import citizen
from tests.security.ward import FOREIGN, NOW, SHOWN, ward

from hoso.access.audit.event import legible
from hoso.access.audit.log import AuditLog
from hoso.access.healthlinks import Absent, HealthLinks, WrongPasscode, sealing
from hoso.access.healthlinks.links import LARGEST, place_of
from hoso.core.errors import Refused
from hoso.store import audit
from hoso.store.health_links import MOST_WRONG, HealthLinkTable, forget
from hoso.store.record_store import RecordStore

BASE = "https://hoso.example.vn/shl"
DOCUMENT = json.dumps({"resourceType": "Bundle", "type": "document", "note": "dị ứng penicillin " * 40}).encode()
DOCTOR = "BS. Nam, Bệnh viện Quận"


class Clockwork:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def at() -> Clockwork:
    return Clockwork()


@pytest.fixture
def links(store: RecordStore, at: Clockwork) -> HealthLinks:
    ward(store, [*SHOWN, *FOREIGN])
    numbers = count(1)
    journal = AuditLog(store, SIGNER, clock()).journal
    random = lambda size: next(numbers).to_bytes(2, "big") * (size // 2)  # noqa: E731
    return HealthLinks(store, HealthLinkTable(store.engine), journal, at, random)


def make(links: HealthLinks, once: str = "form-1", person: str = "p1", **more: Any) -> dict[str, Any]:
    """What the link says."""
    asked = {"base": BASE, "life": "day", "uses": 3, "passcode": "", "label": "Khám tim"} | more
    content = asked.pop("content", DOCUMENT)
    made = links.make(citizen(person), content, {"Condition"}, once=once, **asked)
    assert made is not None and made.text.startswith("shlink:/")
    return dict(json.loads(decoded(made.text.removeprefix("shlink:/"))))


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def secret_of(said: dict[str, Any]) -> str:
    return str(said["url"]).rpartition("/")[2]


def opened(text: str, key: str) -> bytes:
    """By another implementation of JWE."""
    token = jwe.JWE()
    token.deserialize(text, jwk.JWK(kty="oct", k=key))
    return bytes(token.payload)


def absent(links: HealthLinks, secret: str, passcode: str | None = None) -> bool:
    with pytest.raises(Absent):
        links.open(secret, DOCTOR, passcode, "93.184.216.34")
    return not links.direct(secret)


def test_the_link_says_what_the_specification_asks_and_opens_what_was_sealed(links: HealthLinks) -> None:
    said = make(links)
    assert set(said) == {"url", "key", "exp", "flag", "label"} and said["flag"] == "U" and len(said["label"]) <= 80
    assert len(said["key"]) == 43 and len(decoded(secret_of(said))) * 8 == 256 and len(said["url"]) <= 128
    assert said["exp"] == int((NOW + timedelta(days=1)).timestamp())
    text, whole = links.open(secret_of(said), DOCTOR, None, "93.184.216.34")
    assert whole and opened(text, said["key"]) == DOCUMENT
    assert json.loads(decoded(text.partition(".")[0])) == {
        "alg": "dir", "enc": "A256GCM", "cty": "application/fhir+json", "zip": "DEF",
    }  # fmt: skip


def test_the_database_has_nothing_by_which_it_could_be_read(links: HealthLinks, store: RecordStore) -> None:
    said = make(links, passcode="4711")
    (row,) = store.engine.reader().rows("SELECT * FROM health_link")
    kept = b"".join(bytes(value) for value in row if isinstance(value, bytes | memoryview))
    words = " ".join(value for value in row if isinstance(value, str))
    for secret in (said["key"], secret_of(said), "4711"):
        assert secret not in words and secret.encode() not in kept and (decoded(secret) not in kept or secret == "4711")
    assert b"penicillin" not in kept


def test_a_form_that_is_sent_twice_makes_one_link(links: HealthLinks) -> None:
    make(links)
    again = links.make(
        citizen("p1"), DOCUMENT, {"Condition"}, once="form-1", base=BASE, life="day", uses=3, passcode="", label=""
    )
    assert again is None and len(links.shared(citizen("p1"))) == 1
    make(links, person="p2")
    assert len(links.shared(citizen("p2"))) == 1


def test_it_ends_with_its_last_use(links: HealthLinks, store: RecordStore) -> None:
    secret = secret_of(make(links, uses=1))
    links.open(secret, DOCTOR, None, "93.184.216.34")
    assert absent(links, secret)
    (one,) = links.shared(citizen("p1"))
    assert one.state == "used" and one.left == 0
    assert store.engine.reader().rows("SELECT content FROM health_link")[0][0] is None


def test_it_ends_at_its_time_and_what_was_sealed_goes(links: HealthLinks, at: Clockwork, store: RecordStore) -> None:
    secret = secret_of(make(links, life="hour"))
    at.now += timedelta(hours=1)
    assert absent(links, secret) and links.shared(citizen("p1"))[0].state == "expired"
    make(links, once="another")
    assert sorted(row[0] is None for row in store.engine.reader().rows("SELECT content FROM health_link")) == [
        False,
        True,
    ]


def test_what_is_taken_back_is_gone_at_once_and_only_by_its_citizen(links: HealthLinks, store: RecordStore) -> None:
    secret = secret_of(make(links))
    (one,) = links.shared(citizen("p1"))
    assert not links.take_back(citizen("p2"), one.row.id) and not links.take_back(citizen("p1"), "\0nothing")
    assert links.shared(citizen("p2")) == []
    assert links.take_back(citizen("p1"), one.row.id) and not links.take_back(citizen("p1"), one.row.id)
    assert absent(links, secret) and links.shared(citizen("p1"))[0].state == "revoked"
    assert store.engine.reader().rows("SELECT content FROM health_link")[0][0] is None


def test_ten_wrong_passcodes_end_it_even_for_who_knows_the_right_one(links: HealthLinks) -> None:
    secret = secret_of(make(links, passcode="mật mã 4711"))
    for left in range(MOST_WRONG - 1, -1, -1):
        with pytest.raises(WrongPasscode) as wrong:
            links.open(secret, "kẻ đoán", "0000", "93.184.216.34")
        assert wrong.value.left == left
    assert absent(links, secret, "mật mã 4711") and absent(links, secret, "0000")
    (one,) = links.shared(citizen("p1"))
    assert one.state == "guessed" and [each.opened for each in one.openings] == [False] * MOST_WRONG


def test_right_passcodes_take_no_attempt_away(links: HealthLinks) -> None:
    secret = secret_of(make(links, passcode="4711", uses=50))
    for _ in range(MOST_WRONG + 2):
        links.open(secret, DOCTOR, "4711", "93.184.216.34")
    assert links.shared(citizen("p1"))[0].row.wrong == 0
    with pytest.raises(WrongPasscode):
        links.open(secret, DOCTOR, None, "93.184.216.34")


def test_guesses_at_the_same_moment_are_all_counted(links: HealthLinks) -> None:
    secret = secret_of(make(links, passcode="4711"))

    def guess(number: int) -> str:
        try:
            links.open(secret, "kẻ đoán", f"{number:04}", "93.184.216.34")
        except WrongPasscode:
            return "wrong"
        except Absent:
            return "absent"
        return "open"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(guess, range(24)))
    assert found.count("wrong") == MOST_WRONG and found.count("absent") == 24 - MOST_WRONG


def test_uses_at_the_same_moment_are_no_more_than_allowed(links: HealthLinks) -> None:
    secret = secret_of(make(links, uses=3))

    def use(_: int) -> bool:
        try:
            links.open(secret, DOCTOR, None, "93.184.216.34")
        except Absent:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(use, range(12))) == 3


def test_what_is_too_long_for_an_answer_is_fetched_once_by_its_ticket(links: HealthLinks, at: Clockwork) -> None:
    said = make(links, uses=1)
    ticket, whole = links.open(secret_of(said), DOCTOR, None, "93.184.216.34", most=10)
    assert not whole and opened(links.file(ticket), said["key"]) == DOCUMENT
    with pytest.raises(Absent):
        links.file(ticket)


@pytest.mark.parametrize("ended", ["late", "taken back", "made up"])
def test_a_ticket_that_is_late_or_of_a_link_that_was_taken_back_is_nothing(
    links: HealthLinks, at: Clockwork, ended: str
) -> None:
    ticket, _ = links.open(secret_of(make(links)), DOCTOR, None, "93.184.216.34", most=10)
    if ended == "late":
        at.now += timedelta(minutes=11)
    elif ended == "taken back":
        links.take_back(citizen("p1"), links.shared(citizen("p1"))[0].row.id)
    else:
        ticket = "0" * 43
    with pytest.raises(Absent):
        links.file(ticket)


def test_who_opened_it_is_in_the_citizens_list_and_in_the_log(links: HealthLinks, store: RecordStore) -> None:
    secret = secret_of(make(links, passcode="4711"))
    with pytest.raises(WrongPasscode):
        links.open(secret, "ai đó", "1111", "10.1.2.3")
    links.open(secret, DOCTOR, "4711", "93.184.216.34")
    (one,) = links.shared(citizen("p1"))
    assert [(each.recipient, each.place, each.opened) for each in one.openings] == [
        (DOCTOR, "internet", True),
        ("ai đó", "network", False),
    ]
    sealer(store).settle()
    events = [legible(row.bytes) for row in audit.of_patient(store.engine.reader(), one.row.patient, 0, 50)]
    told = [(e.kind, e.actor, e.outcome, e.types, e.address) for e in events if e and e.kind.startswith("share-")]
    assert told == [
        ("share-made", "user/c1", "ok", (), ""),
        ("share-opened", "recipient/ai đó", "denied", (), "10.1.2.3"),
        ("share-opened", f"recipient/{DOCTOR}", "ok", ("Condition",), "93.184.216.34"),
    ]


@pytest.mark.parametrize("secret", ["", "x", "0" * 43, "ä" * 43, "\0", "'; DROP TABLE health_link; --", "9" * 5_000])
def test_what_never_was_is_absent(links: HealthLinks, secret: str) -> None:
    make(links)
    assert absent(links, secret) and absent(links, secret, "4711")


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"life": "year"}, "health-link.choice"),
        ({"uses": 0}, "health-link.choice"),
        ({"passcode": "123"}, "health-link.passcode"),
        ({"passcode": "1" * 65}, "health-link.passcode"),
        ({"label": "x" * 81}, "health-link.label"),
        ({"base": "https://" + "a" * 100}, "health-link.address"),
    ],
)
def test_a_choice_that_is_none_is_refused_and_makes_nothing(
    links: HealthLinks, choice: dict[str, Any], says: str
) -> None:
    with pytest.raises(Refused) as refused:
        make(links, **choice)
    assert refused.value.status == 422 and refused.value.issues[0].key == says
    assert links.shared(citizen("p1")) == []


def test_a_summary_that_is_too_large_is_refused(links: HealthLinks) -> None:
    with pytest.raises(Refused):
        links.make(
            citizen("p1"), b"x" * (LARGEST + 1), (), once="1", base=BASE, life="day", uses=1, passcode="", label=""
        )


def test_nobody_but_a_citizen_shares(links: HealthLinks) -> None:
    from tests.security.ward import DOCTOR as staff

    from hoso.access import Errand

    with pytest.raises(Refused):
        links.shared(Errand(staff, "TREAT"))


def test_what_is_erased_for_ever_is_no_longer_shared(links: HealthLinks, store: RecordStore) -> None:
    secret = secret_of(make(links))
    whole = store.people.whole("p1")
    store.engine.transact(lambda connection: forget(connection, whole, 1))
    assert absent(links, secret)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1", "machine"),
        ("192.168.1.7", "network"),
        ("fe80::1", "network"),
        ("8.8.8.8", "internet"),
        ("", "internet"),
    ],
)
def test_of_an_address_its_kind_is_kept(address: str, place: str) -> None:
    assert place_of(address) == place


def test_a_key_or_a_nonce_of_another_length_is_refused() -> None:
    for key, nonce in ((b"short", bytes(12)), (bytes(32), b"short")):
        with pytest.raises(ValueError, match="bytes"):
            sealing.sealed(b"{}", key, nonce)

"""Citizens who come by the national provider: a real OpenID provider, real sockets, a browser."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import requests
from playwright.sync_api import Browser
from tests import postgres
from tests.conftest import ENGINES
from tests.security.keyserver import made_certificate
from tests.security.national_provider import CLIENT, SECRET
from tests.web.conftest import serving
from tests.web.looking import SIZES, faults, fits

from hoso import compose
from hoso.fhir.systems import PERSONAL_NUMBER

GOOD = {"personal_number": "037180000001", "birthdate": "1980-02-03", "acr": "loa3", "amr": ["otp", "face"]}
PEOPLE = {
    "one": ("Nguyễn Thị Một", "1980-02-03", "female", [("037180000001", "official")]),
    "twin-a": ("Trần Văn Hai", "1971-11-30", "male", [("037071000002", "official")]),
    "twin-b": ("Lê Thị Ba", "1990-05-05", "female", [("037071000002", "official")]),
    "old": ("Phạm Văn Cũ", "1965-01-01", "male", [("037065000003", "old"), ("037065000004", "official")]),
    "temp": ("Vũ Thị Tạm", "1966-01-01", "female", [("037166000005", "temp")]),
    "closed": ("Đỗ Văn Khóa", "1967-01-01", "male", [("037067000006", "official")]),
}


@dataclass
class Land:
    """A node, and the provider that it trusts."""

    address: str
    issuer: str
    folder: Path
    keys: Path
    node: compose.Node

    def says(self, key: int = 1, userinfo: dict[str, Any] | None = None, **claims: Any) -> None:
        """`userinfo`: what only the endpoint of that name says."""
        told = {"key": key, "claims": {**GOOD, **claims}, "userinfo": userinfo or {}}
        fresh = self.keys / "control.new"
        fresh.write_text(json.dumps(told), "utf-8")
        fresh.replace(self.keys / "control.json")

    def session(self) -> requests.Session:
        made = requests.Session()
        made.verify = str(self.keys / "certificate.pem")
        made.trust_env = False
        return made

    def returned(self, session: requests.Session, path: str = "/sign-in/national") -> str:
        """The address to which the provider sends the browser back, not yet gone to."""
        answer = session.get(self.address + path, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        address = answer.headers["Location"]
        for _ in range(6):
            answer = session.get(address, allow_redirects=False)
            if answer.status_code == 200:
                answer = session.post(address, allow_redirects=False)
            address = requests.compat.urljoin(address, answer.headers["Location"])
            if address.startswith(self.address):
                return str(address)
        raise AssertionError(address)

    def sign_in(self, session: requests.Session | None = None) -> requests.Response:
        session = session or self.session()
        return session.get(self.returned(session), allow_redirects=False)


@pytest.fixture(scope="module", params=ENGINES)
def land(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    folder, keys = tmp_path_factory.mktemp("national") / "node", tmp_path_factory.mktemp("provider")
    made_certificate(keys)
    with ExitStack() as stack:
        held = stack.enter_context(socket.socket())  # nobody else is given the port before the provider has it
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        issuer = f"https://localhost:{port}/o"
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        compose.create(folder, url)
        (folder / "keys" / "national").write_text(SECRET, "utf-8")
        (folder / "keys" / "national").chmod(0o600)
        settings = (
            f'[national]\nissuer = "{issuer}"\nclient_id = "{CLIENT}"\nsecret_file = "keys/national"\n'
            f'authorities = "{keys / "certificate.pem"}"\nacr = ["loa3", "loa4"]\namr = ["otp"]\nname = "VNeThử"\n'
        )
        file = folder / "config.toml"
        file.write_text(
            re.sub(r"\[national\]\n.*?\n(?=\[|\Z)", settings + "\n", file.read_text("utf-8"), flags=re.S), "utf-8"
        )
        node = compose.open(folder)
        stack.callback(node.close)
        for id, (name, born, sex, numbers) in PEOPLE.items():
            patient = {
                "resourceType": "Patient", "id": id, "name": [{"text": name}], "birthDate": born, "gender": sex,
                "identifier": [{"system": PERSONAL_NUMBER, "value": n, "use": use} for n, use in numbers],
            }  # fmt: skip
            node.records.update(compose.operator(node.config), "Patient", id, orjson.dumps(patient))
        address = stack.enter_context(serving(folder))
        made = Land(address, issuer, folder, keys, node)
        made.says()
        stack.enter_context(provider(port, keys, f"{address}/sign-in/national/back"))
        yield made


def provider(port: int, keys: Path, redirect: str) -> Any:
    script = Path(__file__).with_name("national_provider.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(port), str(keys), redirect], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    stack = ExitStack()
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    assert process.stdout is not None
    stack.callback(process.stdout.close)
    assert process.stdout.readline() == b"ready\n"
    return stack


@pytest.fixture(autouse=True)
def fresh(land: Land) -> None:
    land.says()


def signed_in(land: Land, session: requests.Session) -> bool:
    return session.get(land.address + "/me", allow_redirects=False).status_code == 200


def accounts(land: Land) -> int:
    from hoso.web.accounts import registry

    return len(registry.everyone(compose.load(land.folder)))


def test_a_citizen_signs_in_with_the_national_identity_in_a_browser(land: Land, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(land.address)
    page.get_by_role("link", name="Người dân: đăng nhập bằng VNeThử").click()
    page.get_by_role("button", name="Xác nhận").click()
    page.wait_for_url(land.address + "/me")
    assert "Nguyễn Thị Một" in page.content()
    asked = [cookie["name"] for cookie in context.cookies(land.address)]
    assert "hoso_national" not in asked
    context.close()


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("land", ["sqlite"], indirect=True)
def test_the_way_in_and_a_refusal_have_no_barrier_and_fit(land: Land, browser: Browser, size: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(land.address)
    assert faults(page) == []
    land.says(acr="loa1")
    page.get_by_role("link", name="Người dân: đăng nhập bằng VNeThử").click()
    page.get_by_role("button", name="Xác nhận").click()
    page.get_by_role("alert").wait_for()
    assert faults(page) == []
    assert fits(page)
    context.close()


def test_what_the_id_token_lacks_is_asked_of_the_userinfo_endpoint(land: Land) -> None:
    told = {"personal_number": GOOD["personal_number"], "birthdate": GOOD["birthdate"]}
    absent: dict[str, Any] = {"personal_number": None, "birthdate": None}
    session = land.session()
    land.says(userinfo=told, **absent)
    assert land.sign_in(session).headers["Location"] == "/me" and signed_in(land, session)
    land.says(userinfo={"personal_number": told["personal_number"]}, personal_number=None)
    assert land.sign_in().headers["Location"] == "/me"


@pytest.mark.parametrize(
    ("userinfo", "claims"),
    [
        ({"sub": "somebody else", "personal_number": "037180000001"}, {"personal_number": None}),
        ({"personal_number": "037180000001", "birthdate": "1999-01-01"}, {"personal_number": None, "birthdate": None}),
        ({"birthdate": "1980-02-03"}, {"personal_number": None}),
        ({"acr": "loa3", "personal_number": "037180000001"}, {"personal_number": None, "acr": None}),
        ({"personal_number": "037180000001", "birthdate": "1980-02-03"}, {"personal_number": "1", "birthdate": None}),
    ],
    ids=["of another", "another birth date", "no number", "assurance by userinfo only", "overridden"],
)
def test_userinfo_completes_an_id_token_and_replaces_nothing_of_it(
    land: Land, userinfo: dict[str, Any], claims: dict[str, Any]
) -> None:
    before, session = accounts(land), land.session()
    land.says(userinfo=userinfo, **claims)
    assert land.sign_in(session).status_code == 403 and not signed_in(land, session)
    assert accounts(land) == before


def test_the_same_person_comes_to_the_same_account(land: Land) -> None:
    assert land.sign_in().headers["Location"] == "/me"
    before = accounts(land)
    session = land.session()
    assert land.sign_in(session).headers["Location"] == "/me" and signed_in(land, session)
    assert accounts(land) == before


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("another issuer", {"iss": "https://localhost:1/o"}, "trusted"),
    ("the issuer with a slash", {"iss": "ISSUER/"}, "trusted"),
    ("another audience", {"aud": "somebody-else"}, "trusted"),
    ("one audience more", {"aud": [CLIENT, "somebody-else"]}, "trusted"),
    ("meant for another party", {"azp": "somebody-else"}, "trusted"),
    ("another nonce", {"nonce": "x"}, "trusted"),
    ("a nonce that is no text", {"nonce": 5}, "trusted"),
    ("expired", {"exp": 1}, "trusted"),
    ("no end", {"exp": None}, "trusted"),
    ("an end in words", {"exp": "tomorrow"}, "trusted"),
    ("made long ago", {"iat": 1_600_000_000}, "trusted"),
    ("of the future", {"nbf": 4_000_000_000}, "trusted"),
    ("of nobody", {"sub": ""}, "trusted"),
    ("not sure enough", {"acr": "loa1"}, "surer"),
    ("no sureness", {"acr": None}, "surer"),
    ("by a password alone", {"amr": ["pwd"]}, "surer"),
    ("a factor in a text", {"amr": "otp"}, "surer"),
    ("no number", {"personal_number": None}, "vouch"),
    ("an empty number", {"personal_number": ""}, "vouch"),
    ("a number as a number", {"personal_number": 37180000001}, "vouch"),
    ("several numbers", {"personal_number": ["037180000001"]}, "vouch"),
    ("a number and more", {"personal_number": "037180000001,037071000002"}, "vouch"),
    ("digits of another script", {"personal_number": "٠٣٧١٨٠٠٠٠٠٠١"}, "vouch"),
    ("a number of nobody", {"personal_number": "037199999999"}, "Nobody"),
    ("a number of two", {"personal_number": "037071000002", "birthdate": "1971-11-30"}, "fit"),
    ("a number of before", {"personal_number": "037065000003", "birthdate": "1965-01-01"}, "vouch"),
    ("a number to be confirmed", {"personal_number": "037166000005", "birthdate": "1966-01-01"}, "vouch"),
    ("another birth date", {"birthdate": "1980-02-04"}, "fit"),
    ("no birth date", {"birthdate": None}, "fit"),
    ("only an e-mail and a name", {"personal_number": None, "email": "a@b.vn", "name": "Nguyễn Thị Một"}, "vouch"),
]  # fmt: skip
WORDS = {
    "trusted": "Không thể tin điều dịch vụ", "surer": "cách đăng nhập chắc chắn hơn", "vouch": "chưa xác nhận số",
    "Nobody": "Ở đây chưa có ai", "fit": "không khớp với riêng bạn",
}  # fmt: skip


@pytest.mark.parametrize(("claims", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_whoever_is_not_vouched_for_is_refused_clearly_and_makes_no_account(
    land: Land, claims: dict[str, Any], words: str
) -> None:
    before = accounts(land)
    land.says(
        **{
            name: value.replace("ISSUER", land.issuer) if isinstance(value, str) else value
            for name, value in claims.items()
        }
    )
    session = land.session()
    answer = land.sign_in(session)
    assert answer.status_code == 403 and WORDS[words] in answer.text, answer.text
    assert not signed_in(land, session) and accounts(land) == before


def test_a_way_back_is_good_once_and_only_in_the_browser_that_left(land: Land) -> None:
    session, other = land.session(), land.session()
    address = land.returned(session)
    kept = session.cookies.get_dict()
    assert other.get(address, allow_redirects=False).status_code == 403  # began elsewhere
    assert session.get(address, allow_redirects=False).headers["Location"] == "/me"
    replay = land.session()
    replay.cookies.update({"hoso_national": kept["hoso_national"]})
    assert replay.get(address, allow_redirects=False).status_code == 403 and not signed_in(land, replay)
    # the same code behind a way of one's own: it was another's, and its verifier is not known
    mine = land.session()
    state = parse_qs(urlsplit(land.returned(mine)).query)["state"][0]
    code = parse_qs(urlsplit(address).query)["code"][0]
    forged = f"{land.address}/sign-in/national/back?code={code}&state={state}"
    assert mine.get(forged, allow_redirects=False).status_code == 503 and not signed_in(land, mine)


def test_a_stolen_code_is_worth_nothing_in_the_browser_of_another(land: Land) -> None:
    victim, thief = land.session(), land.session()
    code = parse_qs(urlsplit(land.returned(victim)).query)["code"][0]  # never used
    state = parse_qs(urlsplit(land.returned(thief)).query)["state"][0]
    forged = f"{land.address}/sign-in/national/back?code={code}&state={state}"
    assert thief.get(forged, allow_redirects=False).status_code == 503 and not signed_in(land, thief)


@pytest.mark.parametrize(
    "query", ["", "code=x", "state=x", "code=x&state=", "error=access_denied", "code=%00&state=%FF", "iss=https://evil"]
)
def test_a_way_back_that_nobody_left_on_leads_nowhere(land: Land, query: str) -> None:
    answer = land.session().get(f"{land.address}/sign-in/national/back?{query}", allow_redirects=False)
    assert answer.status_code == 403 and "bắt đầu lại" in answer.text


def test_whoever_stops_there_or_comes_from_another_server_is_told(land: Land) -> None:
    for more, words in (
        ("error=access_denied", "không xác nhận bạn là ai"),
        ("code=x&iss=https://evil.vn", "Không thể tin"),
    ):
        session = land.session()
        state = parse_qs(urlsplit(land.returned(session)).query)["state"][0]
        answer = session.get(f"{land.address}/sign-in/national/back?state={state}&{more}", allow_redirects=False)
        assert answer.status_code == 403 and words in answer.text


def test_a_way_leads_on_only_to_pages_of_ours(land: Land) -> None:
    session = land.session()
    address = land.returned(session, "/sign-in/national?next=https://evil.example/")
    assert session.get(address, allow_redirects=False).headers["Location"] == "/"


@pytest.mark.parametrize("land", ["sqlite"], indirect=True)  # keys are kept by the worker, not by the store
def test_a_key_that_the_provider_changed_is_fetched_and_a_foreign_one_is_not_believed(land: Land) -> None:
    assert land.sign_in().status_code == 302
    land.says(key=2)
    until_believed(land)
    land.says(key=1)
    until_believed(land)


def until_believed(land: Land) -> None:
    """Keys are fetched anew for a token whose key is not known, but not more often than every ten seconds."""
    believed = 0
    for _ in range(120):
        answer = land.sign_in()
        assert answer.status_code in (302, 403)
        believed = believed + 1 if answer.status_code == 302 else 0
        if believed == 24:  # by each of the two workers, but for one run in eight million
            return
        time.sleep(0.5 if believed == 0 else 0)
    raise AssertionError("the new key was never believed")


def test_whoever_is_signed_in_confirms_it_there_anew_and_only_as_themselves(land: Land) -> None:
    session = land.session()
    land.sign_in(session)
    assert land.sign_in(session).headers["Location"] == "/me"
    land.says(auth_time=int(time.time()) - 3_600)  # it only remembered the person
    assert "cách đăng nhập chắc chắn hơn" in land.sign_in(session).text
    land.says(personal_number="037067000006", birthdate="1967-01-01")
    assert "đang có người khác đăng nhập" in land.sign_in(session).text
    assert signed_in(land, session) and "Nguyễn Thị Một" in session.get(land.address + "/me").text


def test_a_closed_account_stays_closed(land: Land) -> None:
    from hoso.web.accounts import registry
    from hoso.web.accounts.models import Account

    land.says(personal_number="037067000006", birthdate="1967-01-01")
    assert land.sign_in().status_code == 302
    newest = Account.objects.exclude(last_login=None).latest("last_login")
    registry.disable(compose.load(land.folder), newest.username)
    answer = land.sign_in()
    assert answer.status_code == 403 and "Tài khoản của người này" in answer.text


def test_every_refusal_and_every_sign_in_is_in_the_log(land: Land) -> None:
    land.says(acr="loa1")
    land.sign_in()
    land.says()
    land.sign_in()
    from hoso.access.audit.event import read

    land.node.store.engine.gather()
    stored = land.node.store.engine.reader().rows("SELECT bytes FROM audit_event ORDER BY id")
    rows = [read(bytes(text)) for (text,) in stored]
    kinds = [(one.kind, one.outcome, one.reason) for one in rows if one.kind == "sign-in"]
    assert ("sign-in", "denied", "assurance") in kinds
    assert any(outcome == "ok" and "national" in reason for _, outcome, reason in kinds)


def test_a_node_without_a_provider_has_no_such_page(tmp_path: Path) -> None:
    compose.create(tmp_path / "node")
    with serving(tmp_path / "node") as address:
        assert requests.get(address + "/sign-in/national", timeout=10).status_code == 404
        assert "/sign-in/national" not in requests.get(address, timeout=10).text

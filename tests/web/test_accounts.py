"""Accounts: encrypted apart from the records, one generic refusal, guessing slowed down for all workers at once."""

from __future__ import annotations

import subprocess
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import apsw
import pytest
from tests.cli.serving import hoso
from tests.web.conftest import PASSWORD, Site

pytestmark = pytest.mark.xdist_group("browser")


class Client:
    """A browser without a screen: keeps cookies, follows redirects, answers (status, text, headers)."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, dict[str, str]]:
        data = None if form is None else urlencode(form).encode()
        try:
            with self.opener.open(self.site.address + path, data) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except HTTPError as error:
            with error:
                return error.code, error.read().decode(), dict(error.headers)

    def csrf(self) -> str:
        _, text, _ = self.ask("/")
        return text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    def sign_in(self, username: str, password: str) -> tuple[int, str, dict[str, str]]:
        form = {"login": username, "password": password, "csrfmiddlewaretoken": self.csrf()}
        return self.ask("/sign-in", form)


@pytest.fixture
def client(site: Site) -> Client:
    return Client(site)


def test_the_accounts_file_cannot_be_read_without_the_node_key(node_folder: Path) -> None:
    with pytest.raises(apsw.NotADBError):
        apsw.Connection(str(node_folder / "accounts.db")).execute("SELECT * FROM sqlite_master").fetchall()


def test_a_wrong_name_and_a_wrong_password_look_the_same(client: Client) -> None:
    known, unknown = client.sign_in("thu", "nope-nope-nope"), client.sign_in("khong-co", "nope-nope-nope")
    assert known[0] == unknown[0] == 403
    strip = [text.split('role="alert"')[1].split("</div>")[0] for _, text, _ in (known, unknown)]
    assert strip[0] == strip[1]


def test_a_guesser_has_to_wait_even_with_the_right_password(site: Site) -> None:
    statuses = [Client(site).sign_in("linh", f"guess-number-{n}")[0] for n in range(6)]
    assert statuses[0] == 403 and statuses[-1] == 429
    assert Client(site).sign_in("linh", PASSWORD)[0] == 429


def test_signing_in_changes_the_session_and_signing_out_ends_it(client: Client) -> None:
    assert client.sign_in("mai", PASSWORD)[0] == 200
    cookie = next(c for c in client.jar if c.name == "hoso_session")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert "Penicillin" in client.ask("/patients/full")[1]
    assert client.ask("/sign-out", {"csrfmiddlewaretoken": client.csrf()})[0] == 200
    client.jar.set_cookie(cookie)
    assert "Penicillin" not in client.ask("/patients/full")[1]


def test_a_stranger_learns_nothing_of_who_exists(client: Client) -> None:
    def shown(path: str) -> str:
        return client.ask(path)[1].split("<main")[1].replace("nobody", "full").split("csrfmiddlewaretoken")[0]

    assert shown("/patients/full") == shown("/patients/nobody")


def test_a_form_without_its_token_is_refused(client: Client) -> None:
    status, text, _ = client.ask("/sign-in", {"login": "mai", "password": PASSWORD})
    assert status == 403 and "Biểu mẫu đã quá cũ" in text


@pytest.mark.parametrize("path", ["/", "/patients/full", "/nowhere", "/style"])
def test_every_page_carries_the_headers_browsers_enforce(client: Client, path: str) -> None:
    headers = client.ask(path)[2]
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


def test_no_page_carries_inline_style_or_script(client: Client) -> None:
    client.sign_in("mai", PASSWORD)
    for path in ("/", "/patients/full", "/patients/full/timeline", "/style"):
        text = client.ask(path)[1]
        assert " style=" not in text and "<style" not in text and " onclick=" not in text
        assert text.count("<script") == text.count('<script type="module" src="/static/')


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_never_leaves_this_site(client: Client, next: str) -> None:
    form = {"next": next, "language": "en", "csrfmiddlewaretoken": client.csrf()}
    assert client.ask("/language", form)[0] == 200


@pytest.mark.parametrize(
    "path", ["/patients/%00", "/patients/" + "a" * 5000, "/?q=%00%ff", "/patients/full/timeline?until=x&kind=y"]
)
def test_hostile_addresses_do_not_break_a_page(client: Client, path: str) -> None:
    client.sign_in("mai", PASSWORD)
    assert client.ask(path)[0] in {200, 400, 404, 414}


def test_the_command_makes_lists_and_closes_accounts(node_folder: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return hoso("user", *words, "--data", node_folder)

    make = ("create", "--username", "an", "--role", "pharmacist", "--facility", "35001")
    made = run(*make)
    assert made.returncode == 0 and len(made.stdout.strip()) == 23
    assert run(*make).returncode == 1
    assert run("create", "--username", "x", "--role", "king", "--facility", "1").returncode == 1
    assert run("disable", "--username", "an").returncode == 0
    assert [row.split("\t")[3] for row in run("list").stdout.splitlines() if row.startswith("an\t")] == ["closed"]


def test_a_password_given_by_the_command_is_changed_first_unless_it_is_said_to_stay(site: Site) -> None:
    for username, words, place in (("be", (), "/account/password"), ("bi", ("--keep-password",), "/")):
        made = hoso(
            "user", "create", "--data", site.folder, "--username", username, "--role", "nurse",
            "--facility", "35001", "--password-stdin", *words, input=PASSWORD,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        client = Client(site)
        assert client.sign_in(username, PASSWORD)[0] == 200
        with client.opener.open(site.address + "/") as answer:
            assert answer.url == site.address + place


def test_twenty_people_signing_in_at_once_keep_nobody_from_reading(site: Site) -> None:
    reader = Client(site)
    assert reader.sign_in("mai", PASSWORD)[0] == 200
    clients = [Client(site) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        coming = [pool.submit(client.sign_in, "thu", PASSWORD) for client in clients]
        seen = [reader.ask("/patients/empty")[0] for _ in range(10)]
        answers = [one.result()[0] for one in coming]
    assert seen == [200] * 10
    assert set(answers) <= {200, 429, 503} and 200 in answers  # to the throttle these are twenty tries at one name
    assert Client(site).sign_in("thu", PASSWORD)[0] == 200

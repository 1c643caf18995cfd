"""Pages about agreeing, over real nodes: where everything is, and a choice between two sides reaches every node."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests import postgres
from tests.cli.serving import Server, hoso
from tests.cli.test_nodes_agree import ENGINES, Tree, _again
from tests.web.conftest import PASSWORD, Site, one_factor
from tests.web.looking import SIZES, faults, fits, shapes
from tests.web.test_accounts import Client

from hoso.fhir.systems import FACILITY_CODE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SHOTS = Path("build/agreeing")
STAFF = (("mai", "doctor"), ("lan", "steward"), ("quang", "facility-administrator"), ("thu", "receptionist"))
ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
Resource = dict[str, Any]


def person(name: str = "Nguyễn Thị Hoa") -> Resource:
    return {
        "resourceType": "Patient",
        "id": "pa",
        "name": [{"text": name}],
        "birthDate": "1980-02-03",
        "gender": "female",
    }


def encounter(id: str) -> Resource:
    return {
        "resourceType": "Encounter", "id": id, "status": "finished", "subject": {"reference": "Patient/pa"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "period": {"start": "2026-11-20T08:00:00+07:00", "end": "2026-11-20T08:20:00+07:00"},
        "serviceProvider": {"identifier": {"system": FACILITY_CODE, "value": "35001"}},
    }  # fmt: skip


def allergy(certainty: str, criticality: str, note: str) -> Resource:
    return {
        "resourceType": "AllergyIntolerance", "id": "al", "patient": {"reference": "Patient/pa"},
        "code": {"text": "Penicillin"}, "criticality": criticality, "note": [{"text": note}],
        "verificationStatus": {"coding": [{"system": f"{ALLERGY}-verification", "code": certainty}]},
        "clinicalStatus": {"coding": [{"system": f"{ALLERGY}-clinical", "code": "active"}]},
    }  # fmt: skip


@dataclass
class Apart:
    """A station whose hub is away, with an allergy that two sides changed, and a visit that waits for the line."""

    tree: Tree
    station: Server
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, who: str, server: Server | None = None) -> Client:
        at = server or self.station
        known = self.clients.get(f"{who}@{at.address}")
        if known is None:
            known = self.clients[f"{who}@{at.address}"] = Client(Site(at.address.rstrip("/"), at.folder))
            assert "Đăng xuất" in known.sign_in(who, PASSWORD)[1]
        return known

    def page(self, who: str, path: str, server: Server | None = None, status: int = 200) -> str:
        found, text, _ = self.client(who, server).ask(path)
        assert found == status, (path, found, text[:3000])
        return text


@pytest.fixture(scope="module", params=ENGINES)
def apart(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        tree = Tree(tmp_path_factory.mktemp("tree"), url)
        with tree.stack:
            for name in ("a", "b"):
                tree.station(name)
            for folder in (tree.folder / "a", tree.hub_folder):
                staffed(folder)
            tree.write("a", person(), encounter("v1"), allergy("confirmed", "high", "Nổi mề đay"))
            for name in ("a", "b"):
                tree.now(name)
            tree.write("a", allergy("confirmed", "high", "Nổi mề đay, khó thở năm 2019"))
            tree.write("b", {**allergy("refuted", "low", "Test da âm tính"), "code": {"text": "Penicillin"}})
            for name in ("a", "b", "a", "b"):
                tree.now(name)
            tree.hub.stop()
            tree.hub = _again(tree)
            yield Apart(tree, tree.hub)


def staffed(folder: Path) -> None:
    one_factor(folder)
    for username, role in STAFF:  # by the command: accounts of one process are those of one node
        done = hoso(
            "user", "create", "--data", folder, "--username", username, "--role", role, "--facility", "35001",
            "--password-stdin", "--keep-password", input=f"{PASSWORD}\n",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def alone(apart: Apart) -> None:
    """From now on the station has no line, and something that waits for it."""
    if apart.station is not apart.tree.hub:
        return
    os.killpg(apart.tree.hub.process.pid, signal.SIGKILL)
    apart.tree.hub.process.wait(20)
    apart.tree.write("a", encounter("v2"))
    apart.station = apart.tree.serve("a")


def seen(browser: Browser, apart: Apart, who: str, path: str, size: str, language: str) -> Page:
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    jar = [
        {"name": cookie.name, "value": cookie.value, "domain": cookie.domain, "path": "/"}
        for cookie in apart.client(who).jar
    ]
    host = jar[0]["domain"]
    page.context.add_cookies([*jar, {"name": "hoso_language", "value": language, "domain": host, "path": "/"}])  # type: ignore[list-item]
    page.goto(apart.station.address.rstrip("/") + path)
    return page


def test_the_hub_says_of_every_station_how_it_is(apart: Apart) -> None:
    text = apart.page("quang", "/nodes")
    for said in ("2 nút cấp dưới", "Mọi thứ đều ổn", "nút này ở cấp cao nhất", "HoSo 0"):
        assert said in text, said
    assert re.search(r"\d+ mục, mục mới nhất ghi lúc \d\d/\d\d/\d{4} \d\d:\d\d", text)
    [first, *_] = hoso("node", "list", "--data", apart.tree.hub_folder).stdout.splitlines()
    node = first.split("\t")[0]
    assert hoso("node", "revoke", "--data", apart.tree.hub_folder, "--node", node).returncode == 0
    text = apart.page("quang", "/nodes")
    assert "hãy bỏ việc thu hồi" in text
    assert hoso("node", "admit", "--data", apart.tree.hub_folder, "--node", node).returncode == 0
    for who in ("mai", "lan", "thu"):
        apart.page(who, "/nodes", status=404)
    assert "chờ gửi" not in apart.page("mai", "/")


def test_without_a_line_the_station_says_what_waits_and_where_a_visit_is(apart: Apart) -> None:
    alone(apart)
    text = apart.page("quang", "/nodes")
    assert re.search(r"\d+ mục chờ có mạng để gửi", text)
    assert "Bản duy nhất đang nằm trên máy này" in text
    told = re.compile(r"class=\"bar__line\">\d+ mục chờ gửi từ \d\d:\d\d<")
    until = time.monotonic() + 60
    while not told.search(apart.page("mai", "/")):  # it is looked up once in some seconds
        assert time.monotonic() < until
        time.sleep(0.5)
    assert "đã có ở trung ương" in apart.page("mai", "/patients/pa/visits/v1")
    assert "chờ có mạng để gửi: bản duy nhất" in apart.page("mai", "/patients/pa/visits/v2")


@shapes
@pytest.mark.parametrize("apart", ["sqlite"], indirect=True)  # they are the same templates
def test_the_pages_have_no_barrier_and_fit(browser: Browser, apart: Apart, size: str, language: str) -> None:
    alone(apart)
    SHOTS.mkdir(parents=True, exist_ok=True)
    one = "/conflicts/AllergyIntolerance/al"
    looks = (
        ("quang", "/nodes", "nodes"), ("mai", "/conflicts", "list"), ("mai", one, "one"),
        ("mai", "/patients/pa/visits/v2", "visit"),
    )  # fmt: skip
    for who, path, name in looks:
        page = seen(browser, apart, who, path, size, language)
        page.screenshot(path=SHOTS / f"{name}-{size}-{language}.png", full_page=True)
        assert faults(page) == [], path
        assert fits(page), path
        assert len(page.content().encode()) < 60_000
        page.context.close()


def test_who_may_write_the_record_chooses_and_the_choice_reaches_every_node(apart: Apart) -> None:
    alone(apart)
    for who in ("quang", "thu", "lan"):
        text = apart.page(who, "/conflicts")
        assert "Penicillin" not in text
        apart.page(who, "/conflicts/AllergyIntolerance/al", status=404)
    assert "Nguyễn Thị Hoa" in apart.page("mai", "/conflicts")
    path = "/conflicts/AllergyIntolerance/al"
    text = apart.page("mai", path)
    for said in ("khó thở năm 2019", "đã bác bỏ", "Lấy bản A", "Lấy bản B"):
        assert said in re.sub(r"</?mark[^>]*>", "", text), said
    _, second = re.findall(r'name="keep" value="([0-9a-f]+)"', text)
    client = apart.client("mai")
    token = text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    for keep in ("", "00", "ẩn"):
        status, again, _ = client.ask(path, {"keep": keep, "csrfmiddlewaretoken": token})
        assert status == 200 and "Lấy bản B" in again
    status, text, _ = client.ask(path, {"keep": second, "csrfmiddlewaretoken": token})
    assert status == 200 and "Đã chọn xong" in text and "Penicillin" not in text
    status, text, _ = client.ask(path, {"keep": second, "csrfmiddlewaretoken": token})
    assert status == 200 and "Đã chọn xong" in text
    apart.page("mai", path, status=404)
    apart.page("mai", "/conflicts/Nothing/%2e", status=404)
    hoso("audit", "seal", "--data", apart.station.folder)
    log = [json.loads(line) for line in hoso("audit", "export", "--data", apart.station.folder).stdout.splitlines()]
    told = json.dumps([one for one in log if "user/mai" in json.dumps(one)])
    assert '"U"' in told and "AllergyIntolerance/al" in told
    apart.tree.hub = _again(apart.tree)
    apart.tree.now("a")
    shown = apart.tree.shows("hub", apart.tree.hub, "AllergyIntolerance/al")
    assert shown is not None and shown["note"] == [{"text": "Test da âm tính"}] and shown["tags"] == []


def test_a_node_by_itself_says_nothing_of_others(site: Site) -> None:
    for who in ("mai", "lan"):
        client = Client(site)
        assert client.sign_in(who, PASSWORD)[0] == 200
        assert client.ask("/conflicts")[0] == client.ask("/nodes")[0] == 404
        assert "/conflicts" not in client.ask("/")[1]

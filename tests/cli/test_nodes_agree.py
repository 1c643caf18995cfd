"""Two stations and their hub through the running commands: what was written apart is everywhere, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from subprocess import DEVNULL

import pytest
from tests import postgres
from tests.cli.serving import HOSO, Server, hoso, made, served

ENGINES = ("sqlite", "postgresql")


class Tree:
    """A hub that serves, and stations below it; a station is served only where a test asks for it."""

    def __init__(self, folder: Path, database: str | None) -> None:
        self.folder, self.stack = folder, ExitStack()
        self.hub_folder = folder / "hub"
        options = ("--database", database) if database else ()
        self.tokens = {"hub": made(self.hub_folder, *options)}
        self.hub = self.serve("hub")

    def serve(self, name: str) -> Server:
        return self.stack.enter_context(served(self.folder / name, self.tokens[name]))

    def station(self, name: str) -> Path:
        folder = self.folder / name
        self.tokens[name] = made(folder)
        code = self.invite(name)
        self.enrol(name, code)
        return folder

    def invite(self, name: str) -> str:
        done = hoso("node", "invite", "--data", self.hub_folder, "--name", name, "--facility", "35001")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def enrol(self, name: str, code: str) -> None:
        done = hoso("node", "enrol", "--data", self.folder / name, "--hub", self.hub.address, "--code", code)
        assert done.returncode == 0, done.stderr

    def now(self, name: str) -> str:
        done = hoso("sync", "now", "--data", self.folder / name)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, name: str, *resources: dict[str, object]) -> None:
        """As a station that is alone: with no server, and no line."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(bundle(*resources)), "utf-8")
        done = hoso("load", "--data", self.folder / name, file)
        assert done.returncode == 0, done.stdout + done.stderr

    def log(self) -> str:
        """The audit log of the hub, up to now."""
        hoso("audit", "seal", "--data", self.hub_folder)
        return hoso("audit", "export", "--data", self.hub_folder).stdout

    def shows(self, name: str, server: Server, what: str) -> dict[str, object] | None:
        status, body = server.request("GET", f"/fhir/{what}")
        if status != 200:
            return None
        found = json.loads(body)
        tags = found.pop("meta").get("tag", [])
        return {**found, "tags": [tag["code"] for tag in tags]}


def bundle(*resources: dict[str, object]) -> dict[str, object]:
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def visit(patient: str, number: int, name: str = "Nguyễn Văn An") -> tuple[dict[str, object], ...]:
    subject = {"reference": f"Patient/{patient}"}
    return (
        {"resourceType": "Patient", "id": patient, "name": [{"text": name}], "birthDate": "1980-02-03"},
        {
            "resourceType": "Encounter", "id": f"{patient}-{number}", "status": "finished", "subject": subject,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        },
        note(f"{patient}-o{number}", patient, "37.0"),
    )  # fmt: skip


def note(id: str, patient: str, text: str) -> dict[str, object]:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": text},
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip


@pytest.fixture(params=ENGINES)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tree]:
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        found = Tree(tmp_path, url)
        with found.stack:
            yield found


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Tree]:
    """On SQLite alone, for what no database decides."""
    found = Tree(tmp_path, None)
    with found.stack:
        yield found


def test_what_two_stations_wrote_alone_arrives_everywhere(tree: Tree) -> None:
    tree.station("a")
    tree.station("b")
    tree.write("a", *visit("pa", 1))
    tree.write("b", *visit("pb", 1, "Trần Thị Bình"))
    before = json.loads(hoso("sync", "status", "--json", "--data", tree.folder / "a").stdout)
    assert before["here"] >= 5  # three records, a person and the event that says whose the record is
    assert before["hub"] == 0
    for name in ("a", "b", "a"):
        said = tree.now(name)
        assert "Both have the same." in said, said
    after = json.loads(hoso("sync", "status", "--json", "--data", tree.folder / "a").stdout)
    assert (after["here"], after["centre"]) == (0, before["here"])
    a, b = tree.serve("a"), tree.serve("b")
    for what in (
        "Patient/pa",
        "Encounter/pa-1",
        "Observation/pa-o1",
        "Patient/pb",
        "Encounter/pb-1",
        "Observation/pb-o1",
    ):
        told = [tree.shows(name, server, what) for name, server in (("hub", tree.hub), ("a", a), ("b", b))]
        assert told[0] is not None and told[0] == told[1] == told[2], what
    for folder in (tree.hub_folder, tree.folder / "a", tree.folder / "b"):
        assert hoso("audit", "verify", "--data", folder).returncode == 0
        checked = hoso("doctor", "--data", folder)
        assert checked.returncode == 0, checked.stdout


def test_a_station_for_its_own_people_has_them_whole_and_nobody_else(small: Tree) -> None:
    small.tokens["a"] = made(small.folder / "a")
    done = hoso("node", "invite", "--data", small.hub_folder, "--name", "a", "--facility", "01002", "--scope", "own")
    small.enrol("a", done.stdout.strip())
    small.station("b")
    small.write("a", *visit("pa", 1))
    small.write("b", *visit("pb", 1, "Trần Thị Bình"), *visit("pc", 1, "Lê Văn Cường"))
    for name in ("a", "b", "a"):
        assert "Both have the same." in small.now(name)
    a = small.serve("a")
    assert small.shows("a", a, "Observation/pa-o1") and not small.shows("a", a, "Observation/pb-o1")
    assert not small.shows("a", a, "Patient/pb")

    small.write("a", note("at-the-door", "pb", "38.5"))
    said = small.now("a")
    assert "Both have the same." in said and "had not come" not in said, said
    for what in ("Patient/pb", "Encounter/pb-1", "Observation/pb-o1", "Observation/at-the-door"):
        assert small.shows("a", a, what) == small.shows("hub", small.hub, what) is not None, what
    assert not small.shows("a", a, "Patient/pc") and not small.shows("a", a, "Observation/pc-o1")
    status, body = a.request("GET", "/fhir/Linkage")
    assert status == 200 and "pb" in body.decode() and "pc" not in body.decode()
    _, body = a.request("GET", "/fhir/Patient?_summary=count")
    assert json.loads(body)["total"] == 2
    for folder in (small.hub_folder, small.folder / "a"):
        assert hoso("doctor", "--data", folder).returncode == 0


def test_each_version_says_where_it_is(small: Tree) -> None:
    small.station("a")
    small.write("a", *visit("pa", 1))
    status = ("sync", "status", "--data", small.folder / "a", "Observation/pa-o1")
    assert "saved here" in hoso(*status).stdout
    small.now("a")
    assert "at the centre" in hoso(*status).stdout


def test_a_code_is_good_once_and_a_wrong_one_is_told_in_the_log(small: Tree) -> None:
    small.tokens["a"], small.tokens["b"] = made(small.folder / "a"), made(small.folder / "b")
    code = small.invite("a")
    small.enrol("a", code.lower().replace("-", " "))
    again = hoso("node", "enrol", "--data", small.folder / "b", "--hub", small.hub.address, "--code", code)
    assert again.returncode == 1
    assert "wrong, was used" in again.stderr
    assert (small.folder / "a" / "sync" / "node.key").stat().st_mode & 0o777 == 0o600
    log = small.log()
    assert "node-enrol" in log


def test_a_revoked_node_hands_in_and_is_given_nothing_until_it_counts_again(small: Tree) -> None:
    small.station("a")
    small.write("a", *visit("pa", 1))
    small.now("a")
    [node] = [line.split("\t")[0] for line in hoso("node", "list", "--data", small.hub_folder).stdout.splitlines()]
    assert hoso("node", "revoke", "--data", small.hub_folder, "--node", node).returncode == 0
    small.write("a", note("late", "pa", "38.5"))
    refused = hoso("sync", "now", "--data", small.folder / "a")
    assert refused.returncode == 1
    assert "revoked" in refused.stderr
    assert small.shows("hub", small.hub, "Observation/late") is None
    status = json.loads(hoso("sync", "status", "--json", "--data", small.folder / "a").stdout)
    assert status["here"] == 0  # it is kept at the hub, aside
    assert hoso("node", "admit", "--data", small.hub_folder, "--node", node).returncode == 0
    assert "Both have the same." in small.now("a")
    assert small.shows("hub", small.hub, "Observation/late") is not None
    log = small.log()
    assert "node-revoke" in log


def test_an_edit_on_both_sides_keeps_both_and_shows_the_same_everywhere(small: Tree) -> None:
    small.station("a")
    small.station("b")
    small.write("a", *visit("pa", 1))
    small.now("a")
    small.now("b")
    small.write("a", note("pa-o1", "pa", "37.5"))
    small.write("b", {**note("pa-o1", "pa", "39.9"), "status": "amended"})
    for name in ("a", "b", "a", "b"):
        small.now(name)
    a, b = small.serve("a"), small.serve("b")
    servers = (("hub", small.hub), ("a", a), ("b", b))
    told = [small.shows(name, server, "Observation/pa-o1") for name, server in servers]
    assert told[0] is not None and told[0] == told[1] == told[2]
    assert told[0]["code"] == {"text": "39.9"}
    assert told[0]["tags"] == ["conflict"]
    for _, server in servers:
        _, body = server.request("GET", "/fhir/Observation/pa-o1/_history")
        texts = {entry["resource"]["code"]["text"] for entry in json.loads(body)["entry"]}
        assert {"37.0", "37.5", "39.9"} <= texts
    assert "Observation/pa-o1 was changed on two sides" in hoso("sync", "status", "--data", small.folder / "a").stdout
    _, other = hoso("sync", "conflicts", "--data", small.folder / "a").stdout.splitlines()
    settle = ("sync", "settle", "--data", small.folder / "a", "Observation/pa-o1", "--keep", other.split("\t")[1])
    assert hoso(*settle).returncode == 0
    assert hoso(*settle).returncode == 1
    for name in ("a", "b"):
        small.now(name)
    for name, server in servers:
        told = small.shows(name, server, "Observation/pa-o1")
        assert told is not None and (told["code"], told["tags"]) == ({"text": "37.5"}, [])


def test_yesterdays_image_put_back_on_a_station_loses_neither_day(small: Tree) -> None:
    folder = small.station("a")
    small.write("a", *visit("monday", 1))
    small.now("a")
    shutil.copytree(folder, small.folder / "image")
    small.write("a", *visit("tuesday", 1))
    small.now("a")
    shutil.rmtree(folder)
    shutil.copytree(small.folder / "image", folder)
    small.write("a", *visit("wednesday", 1))
    assert "an image was put back" in small.now("a")
    assert "Both have the same." in small.now("a")
    server = small.serve("a")
    for day in ("monday", "tuesday", "wednesday"):
        for name, one in (("a", server), ("hub", small.hub)):
            assert small.shows(name, one, f"Observation/{day}-o1") is not None, (name, day)
    assert "node-fork" in small.log()


def test_a_station_that_was_restored_from_a_backup_reads_its_lost_day_back(small: Tree) -> None:
    folder = small.station("a")
    small.write("a", *visit("monday", 1))
    small.now("a")
    file, kept = small.folder / "monday.backup", small.folder / "kept"
    assert hoso("backup", "--data", folder, file, "--keys", kept).returncode == 0
    small.write("a", *visit("tuesday", 1))
    small.now("a")
    done = hoso("restore", "--data", small.folder / "again", file, "--keys", kept)
    assert done.returncode == 0, done.stdout + done.stderr
    small.tokens["again"] = small.tokens["a"]
    small.write("again", *visit("wednesday", 1))
    assert "an image was put back" in small.now("again")
    assert "Both have the same." in small.now("again")
    server = small.serve("again")
    for day in ("monday", "tuesday", "wednesday"):
        for name, one in (("again", server), ("hub", small.hub)):
            assert small.shows(name, one, f"Observation/{day}-o1") is not None, (name, day)


def test_what_a_station_wrote_is_at_the_centre_through_its_province(small: Tree) -> None:
    small.station("province")
    centre, small.hub = small.hub, small.serve("province")
    below = small.hub_folder
    small.hub_folder = small.folder / "province"
    small.station("a")
    small.write("a", *visit("pa", 1))
    status = ("sync", "status", "--data", small.folder / "a", "Observation/pa-o1")
    small.now("a")
    assert "at the province" in hoso(*status).stdout
    small.now("province")
    small.now("a")
    assert "at the centre" in hoso(*status).stdout
    assert small.shows("hub", centre, "Observation/pa-o1") is not None
    small.write("hub", note("from-above", "pa", "40.1"))
    for name in ("province", "a"):
        assert "Both have the same." in small.now(name)
    assert "received from another node" in hoso(*status[:-1], "Observation/from-above").stdout
    [province, station] = sorted(hoso("node", "list", "--data", below).stdout.splitlines())
    assert {province.split("\t")[1], station.split("\t")[1]} == {"province", "a"}


ROUNDS = int(os.environ.get("HOSO_KILL_ROUNDS", "2"))


@pytest.mark.parametrize("victim", ["hub", "station"])
def test_nothing_acknowledged_is_lost_when_a_process_is_killed(tree: Tree, victim: str) -> None:
    tree.station("a")
    written, chance = [], Random(victim)
    for number in range(ROUNDS):
        server = tree.serve("a")
        for place in range(6):
            id = f"k{number}-{place}"
            body = json.dumps(bundle(*visit(id, 1))).encode()
            if server.request("POST", "/fhir", body)[0] == 200:
                written.append(id)
        call = subprocess.Popen(
            [str(HOSO), "sync", "now", "--data", str(tree.folder / "a")], stdout=DEVNULL, stderr=DEVNULL
        )
        time.sleep(chance.uniform(0.2, 3.0))
        if victim == "hub":
            os.killpg(tree.hub.process.pid, signal.SIGKILL)
            tree.hub.process.wait(20)
            tree.hub = _again(tree)
        else:
            call.kill()
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(20)
        call.wait(200)
    assert len(written) == 6 * ROUNDS
    for _ in range(3):
        if "Both have the same." in tree.now("a"):
            break
    for id in written:
        assert tree.shows("hub", tree.hub, f"Observation/{id}-o1") is not None, id
    for folder in (tree.hub_folder, tree.folder / "a"):
        assert hoso("audit", "verify", "--data", folder).returncode == 0
        assert hoso("doctor", "--data", folder).returncode == 0


def _again(tree: Tree) -> Server:
    """The hub once more, under the address that its stations know."""
    port = tree.hub.port
    return tree.stack.enter_context(served(tree.hub_folder, tree.tokens["hub"], port))

"""`make bench SIZE=pages`: what staff pages cost a node on SQLite that holds so many citizens, one of
them with so many visits.

Each page is asked one time after the other, so that the time is the server's own. Beside it stands the processor time
of the node's processes for a page, which others on the machine do not stretch; the first row is the bare limit, an
address that only says that the node is up.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote_plus

import orjson

from bench.__main__ import signed_in
from bench.fill import ORIGIN
from bench.node import Served, cpu_seconds, make, run, served, tree
from bench.scores import percentile
from hoso import compose
from hoso.cli.demo import roster
from hoso.fhir import systems
from hoso.store.contract import Draft

Resource = dict[str, Any]
FACILITY, LONG = "01001", "c0"
TOGETHER = 500
ROUNDS = 40
BUDGETS = {"card": ("p99", 50.0), "timeline": ("p95", 200.0)}
"""Milliseconds; of every other page 95 of 100 are there in 100."""
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ")
MIDDLES = ("Văn", "Thị", "Hữu", "Đức", "Ngọc", "Minh", "Thanh", "Hồng", "Quang", "Thu")
GIVEN = (
    "An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hạnh", "Hòa", "Hùng", "Lan",
    "Linh", "Long", "Mai", "Nam", "Oanh", "Phúc", "Sơn", "Tâm", "Uyên", "Yến",
)  # fmt: skip


def citizen(number: int, drawn: random.Random) -> Resource:
    name = " ".join(map(drawn.choice, (FAMILIES, MIDDLES, GIVEN)))
    born = date(1940, 1, 1) + timedelta(days=drawn.randrange(31_000))
    return {
        "resourceType": "Patient", "id": f"c{number}", "active": True, "name": [{"text": name}],
        "identifier": [{"system": systems.PERSONAL_NUMBER, "value": f"{35_000_000_000 + number:012d}"}],
        "gender": drawn.choice(("male", "female")), "birthDate": born.isoformat(),
        "telecom": [{"system": "phone", "value": f"09{number:08d}"}],
        "address": [{"use": "home", "line": [f"Xóm {number % 40}"], "city": "Phường Hoa Lư", "state": "Ninh Bình"}],
    }  # fmt: skip


def visit(number: int, today: date) -> Resource:
    day = (today - timedelta(days=2 * number + 1)).isoformat()
    return {
        "resourceType": "Encounter", "id": f"v{number}", "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{LONG}"}, "reasonCode": [{"text": "Tái khám"}],
        "period": {"start": f"{day}T08:00:00+07:00", "end": f"{day}T08:20:00+07:00"},
    }  # fmt: skip


def fill(folder: Path, citizens: int, visits: int) -> float:
    """Straight into the store, in large transactions; the seconds it took."""
    drawn, start, today = random.Random(7), time.monotonic(), date.today()  # noqa: DTZ011
    made: Iterator[Resource] = iter(
        [
            *(citizen(number, drawn) for number in range(citizens)),
            *(visit(number, today) for number in range(visits)),
            roster("bench", FACILITY, [f"c{number}" for number in range(min(citizens, 2000))]),
        ]
    )
    with closing(compose.open(folder)) as node:
        while some := list(islice(made, TOGETHER)):
            drafts = [Draft("PUT", one["resourceType"], one["id"], orjson.dumps(one), one) for one in some]
            node.store.save(drafts, ORIGIN)
    return time.monotonic() - start


def measure(node: Served, cookie: str, paths: Sequence[str]) -> tuple[list[float], float, int]:
    """Milliseconds of each request, processor milliseconds for one, and the heaviest page in bytes."""
    pids, client, heaviest = tree(node.pid), node.client(), 0
    times: list[float] = []
    before = cpu_seconds(pids)
    for path in paths:
        start = time.perf_counter()
        client.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        answer = client.getresponse()
        heaviest = max(heaviest, len(answer.read()))
        times.append((time.perf_counter() - start) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
    client.close()
    return times, (cpu_seconds(pids) - before) * 1000 / len(paths), heaviest


def pages(citizens: int) -> dict[str, list[str]]:
    """The addresses of each kind, of people drawn by chance among those whom the facility looks after."""
    drawn = random.Random(3)
    some = [drawn.randrange(min(citizens, 2000)) for _ in range(ROUNDS)]
    names = [" ".join(map(drawn.choice, (FAMILIES, MIDDLES, GIVEN))) for _ in range(ROUNDS)]
    return {
        "up": ["/healthz"] * ROUNDS,
        "search by number": [f"/?q={35_000_000_000 + one:012d}" for one in some],
        "search by phone": [f"/?q=09{one:08d}" for one in some],
        "search by name": [f"/?q={quote_plus(name)}" for name in names],
        "card": [f"/patients/c{one}" for one in some],
        "timeline": [f"/patients/{LONG}/timeline"] * ROUNDS,
        "today": ["/today"] * ROUNDS,
        "register of the day": ["/today/register"] * ROUNDS,
        "results": ["/results"] * ROUNDS,
        "reports": [f"/reports/{date.today():%Y-%m}"] * ROUNDS,  # noqa: DTZ011  (the node lives in the present)
    }


def main(citizens: int, visits: int = 2_000) -> int:
    missed = 0
    with TemporaryDirectory(prefix="hoso-pages-") as scratch:
        folder = Path(scratch) / "node"
        make(folder, None)
        seconds = fill(folder, citizens, visits)
        print(f"{citizens:,} citizens, {visits:,} visits of one: written in {seconds:.0f} s")
        password = "Bench-mark-2026-xyz"
        run("user", "create", "--data", folder, "--username", "bench", "--role", "doctor", "--facility", FACILITY,
            "--password-stdin", "--keep-password", stdin=password + "\n")  # fmt: skip
        with served(folder) as node:
            cookie = signed_in(node, "bench", password)
            print(f"{'':22}{'p50':>9}{'p95':>9}{'p99':>9}{'CPU':>9} ms{'budget':>14}{'bytes':>9}")
            for name, paths in pages(citizens).items():
                measure(node, cookie, paths[:3])  # warm
                times, cpu, heaviest = measure(node, cookie, paths)
                of, budget = BUDGETS.get(name, ("p95", 100.0))
                at = {f"p{n}": percentile(times, n / 100) for n in (50, 95, 99)}
                met = name == "up" or at[of] <= budget
                missed += not met
                told = "" if name == "up" else f"{of} {budget:.0f} {'ok' if met else 'MISSED'}"
                print(
                    f"{name:22}{at['p50']:9.1f}{at['p95']:9.1f}{at['p99']:9.1f}{cpu:9.1f}   {told:>14}{heaviest:9,}",
                    flush=True,
                )
    return 1 if missed else 0

"""`make bench [SIZE=large]`: read, write, import, search, disk, memory and start on both engines, on one machine."""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import orjson

from bench import bare, codes, decisions, insertion, postgres, searches
from bench.figures import Figures, header
from bench.fill import fill
from bench.http import post_all, wrk
from bench.node import Served, cpu_seconds, database_bytes, make, resident_mb, run, served, tree
from hoso import compose
from hoso.cli.demo import roster
from hoso.fhir.extract import extract
from hoso.fhir.validate import validate
from hoso.synth.population import population
from hoso.web.accounts import registry

SIZES = {"small": 150, "large": 1_000, "huge": 44_000}
"""Citizens: about 20,000, more than 100,000 and more than 5,000,000 resources."""

KNOWN = 300
"""Of a huge population, the citizens from whose records values are drawn."""

RESERVED = 25
"""Citizens kept back, to be written and deleted by the CRUD mix."""

LIMIT_RESOURCES = 20_000
"""Whose rows are inserted for the limit of the import."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("size", nargs="?", choices=[*sorted(SIZES), "pages"], default="small")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--citizens", type=int, help="so many instead of the size's own")
    args = parser.parse_args()
    if args.size == "pages":
        from bench import pages  # it signs in as this module does

        return pages.main(args.citizens or 100_000)
    if args.size == "huge":
        return _huge(args.citizens or SIZES["huge"], args.engine or ["sqlite"])
    figures = Figures("make bench" + ("" if args.size == "small" else f" SIZE={args.size}"))
    bundles = list(population((args.citizens or SIZES[args.size]) + RESERVED, 1))
    load, spare = bundles[:-RESERVED], bundles[-RESERVED:]
    records = [entry["resource"] for bundle in load for entry in bundle["entry"]]
    print(f"{len(records):,} resources\n{header()}")
    with TemporaryDirectory(prefix="hoso-bench-") as scratch:
        figures.add("fsync.rate", bare.fsync_rate(Path(scratch)), "writes/s")
        wsgi = bare.wsgi_rate()
        figures.add("wsgi.bare", wsgi, "requests/s")
        _in_process(figures, records)
        for engine in args.engine or ("sqlite", "postgresql"):
            with _nodes(Path(scratch), engine, figures) as (folder, empty, database):
                _engine(figures, engine, folder, empty, database, load, spare, records)
    figures.write(Path("build/bench.json"))
    return 0


def _huge(citizens: int, engines: Sequence[str]) -> int:
    """Disk, reads and searches of a node that was filled without HTTP; memory holds some of its records only."""
    figures = Figures("make bench SIZE=huge")
    some = population(min(citizens, KNOWN), 1)
    records = [entry["resource"] for bundle in some for entry in bundle["entry"]]
    with TemporaryDirectory(prefix="hoso-bench-") as scratch:
        for engine in engines:
            with _nodes(Path(scratch), engine, figures) as (folder, _, _):
                start = time.perf_counter()
                number = fill(folder, citizens, 1, _progress)
                print(f"\n{number:,} resources\n{header()}")
                figures.add(f"fill.{engine}", number / (time.perf_counter() - start), "resources/s")
                size = "bytes_per_resource" if engine == "sqlite" else f"bytes_per_resource.{engine}"
                figures.add(size, database_bytes(folder) / number, "bytes")
                _served_huge(figures, engine, folder, records)
    figures.write(Path("build/bench-huge.json"))
    return 0


def _served_huge(figures: Figures, engine: str, folder: Path, records: Sequence[dict[str, Any]]) -> None:
    with served(folder) as node:
        paths = [f"/fhir/{one['resourceType']}/{one['id']}" for one in records]
        load = wrk(node.address, paths, {"Authorization": node.headers()["Authorization"]})
        figures.add(f"read.{engine}", load.rate, "requests/s")
        _searches(figures, engine, searches.measure(node, records, rounds=15))


def _progress(done: int, seconds: float) -> None:
    print(f"\r{done:,} resources, {done / seconds:,.0f} a second", end="", flush=True)


def _searches(figures: Figures, engine: str, medians: Mapping[str, float]) -> None:
    name = "search.p50_ms" if engine == "sqlite" else f"search.{engine}.p50_ms"
    figures.add(name, statistics.median(medians.values()), "ms")
    figures.add(f"search.{engine}.slowest_ms", max(medians.values()), "ms")
    print(f"{'':34}slowest shape: {max(medians, key=medians.__getitem__)}")


@contextmanager
def _nodes(scratch: Path, engine: str, figures: Figures) -> Iterator[tuple[Path, Path, int | None]]:
    """The folders of two new nodes, one of them to stay empty, and the process of their database server if any."""
    folder, empty = scratch / engine, scratch / f"{engine}-empty"
    if engine == "sqlite":
        make(folder, None)
        make(empty, None)
        yield folder, empty, None
        return
    with (
        postgres.running(figures) as server,
        postgres.database(server.url) as url,
        postgres.database(server.url) as other,
    ):
        assert server.process is not None
        make(folder, url)
        make(empty, other)
        yield folder, empty, server.process.pid


def _in_process(figures: Figures, records: Sequence[dict[str, Any]]) -> None:
    sample = random.Random(1).sample(list(records), min(4_000, len(records)))
    bodies = [orjson.dumps(one) for one in sample]
    best = parse = float("inf")
    for _ in range(4):
        start = time.process_time()
        for one in sample:
            validate(one)
            extract(one)
        best = min(best, time.process_time() - start)
        start = time.process_time()
        for body in bodies:
            orjson.loads(body)
        parse = min(parse, time.process_time() - start)
    figures.add("validate_extract.us", best / len(sample) * 1e6, "us", parse / len(sample) * 1e6)
    figures.add("decision.us", decisions.median_us(), "us")


def _engine(
    figures: Figures,
    engine: str,
    folder: Path,
    empty: Path,
    database: int | None,
    load: Sequence[Any],
    spare: Sequence[Any],
    records: Sequence[Any],
) -> None:
    def cpu() -> float:
        return cpu_seconds(tree(node.pid) + (tree(database) if database else []))

    with served(folder) as node:
        post_all(node, [orjson.dumps(load[0])], clients=1)
        before = cpu()
        seconds = post_all(node, [orjson.dumps(bundle) for bundle in load[1:]], clients=4)
        number = sum(len(bundle["entry"]) for bundle in load[1:])
        spent = cpu() - before
        size = "bytes_per_resource" if engine == "sqlite" else f"bytes_per_resource.{engine}"
        figures.add(size, database_bytes(folder) / len(records), "bytes")
        limit = insertion.rate(folder, empty, database, LIMIT_RESOURCES)
        figures.add(f"import.{engine}", number / spent, "resources/s per core", limit)
        figures.add(f"import.{engine}.wall", number / seconds, "resources/s")
        paths = [f"/fhir/{one['resourceType']}/{one['id']}" for one in records]
        rate = wrk(node.address, paths, {"Authorization": node.headers()["Authorization"]}).rate
        figures.add(f"crud.{engine}", _crud(node, spare, records), "requests/s")
        _searches(figures, engine, searches.measure(node, records, rounds=15))
        expand, check = codes.measure(node)
        figures.add(f"expand.{engine}.p50_ms", expand, "ms")
        figures.add(f"validate_code.{engine}.p50_ms", check, "ms")
        if engine == "sqlite":
            _page(figures, node, records)
            figures.add("node.rss_mb", resident_mb(tree(node.pid)), "MB")
    figures.add(f"read.{engine}", rate, "requests/s", bare.sql_rate(folder, paths))


def _crud(node: Served, spare: Sequence[Any], records: Sequence[Any]) -> float:
    """Create, read, update, read, search, delete of single resources, one after another over one connection."""
    client = node.client()
    draw = random.Random(3)
    singles = [
        one
        for bundle in spare
        for one in (e["resource"] for e in bundle["entry"])
        if one["resourceType"] == "Observation"
    ]
    count, start = 0, time.perf_counter()
    for one in singles[:150]:
        body, path = orjson.dumps(one), f"/fhir/Observation/{one['id']}"
        other = draw.choice(records)
        for method, target, content in (
            ("PUT", path, body), ("GET", path, None), ("PUT", path, body),
            ("GET", f"/fhir/{other['resourceType']}/{other['id']}", None),
            ("GET", f"/fhir/Observation?patient={one['subject']['reference']}&_count=10", None), ("DELETE", path, None),
        ):  # fmt: skip
            client.request(method, target, content, node.headers())
            answer = client.getresponse()
            text = answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {target}: {answer.status} {text[:300]!r}")
            count += 1
    client.close()
    return count / (time.perf_counter() - start)


_CARDS = 2_000
"""People whose cards are asked for in turn."""


def _page(figures: Figures, node: Served, records: Sequence[Any]) -> None:
    """The emergency card as a signed-in doctor gets it."""
    password = "Bench-mark-2026-xyz"
    run("user", "create", "--data", node.folder, "--username", "bench", "--role", "doctor", "--facility", "01001",
        "--password-stdin", "--keep-password", stdin=password + "\n")  # fmt: skip
    cookie = signed_in(node, "bench", password)
    ids = [one["id"] for one in records if one["resourceType"] == "Patient"][:_CARDS]
    _entrust(node, ids)
    pages = _cards(node, cookie, ids)
    load = wrk(node.address, pages, {"Cookie": cookie}, connections=2, seconds=6)
    figures.add("emergency.p99_ms", load.p99_ms, "ms")


def _entrust(node: Served, ids: Sequence[str]) -> None:
    """Puts them on the roster of the doctor's facility, who else would not see them."""
    client = node.client()
    client.request("PUT", "/fhir/Group/bench", orjson.dumps(roster("bench", "01001", ids)), node.headers())
    answer = client.getresponse()
    text = answer.read()
    client.close()
    if answer.status >= 300:
        raise RuntimeError(f"the roster: {answer.status} {text[:300]!r}")


def _cards(node: Served, cookie: str, ids: Sequence[str]) -> list[str]:
    """The addresses of the persons to whom the addresses of facilities' records lead on."""
    client, pages = node.client(), {}
    for id in ids:
        client.request("GET", f"/patients/{id}", headers={"Cookie": cookie})
        answer = client.getresponse()
        answer.read()
        if answer.status != 302:
            raise RuntimeError(f"/patients/{id}: {answer.status}")
        pages[answer.headers["Location"]] = None
    client.close()
    return list(pages)


def signed_in(node: Served, username: str, password: str) -> str:
    """The cookies of somebody who signed in with a password and the code of an authenticator."""
    config = compose.load(node.folder)
    secret = registry.new_secret(config)
    registry.enrol(config, username, secret)
    jar: SimpleCookie = SimpleCookie()
    _, page = _asked(node, jar, "GET", "/")
    status, _ = _asked(node, jar, "POST", "/sign-in", {**_hidden(page), "login": username, "password": password})
    _, page = _asked(node, jar, "GET", "/sign-in/code")
    code = registry.code_now(config, secret)
    after, _ = _asked(node, jar, "POST", "/sign-in/code", {**_hidden(page), "code": code})
    if (status, after) != (302, 302):
        raise RuntimeError(f"sign-in: {status}, {after}")
    return _sent(jar)


def _asked(
    node: Served, jar: SimpleCookie, method: str, path: str, form: dict[str, str] | None = None
) -> tuple[int, str]:
    client = node.client()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": _sent(jar), "Referer": node.address + "/"}
    client.request(method, path, urlencode(form) if form else None, headers)
    answer = client.getresponse()
    page = answer.read().decode()
    for value in answer.headers.get_all("Set-Cookie") or []:
        jar.load(value)
    client.close()
    return answer.status, page


def _hidden(page: str) -> dict[str, str]:
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    return {"csrfmiddlewaretoken": token, "next": "/"}


def _sent(jar: SimpleCookie) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())


if __name__ == "__main__":
    sys.exit(main())

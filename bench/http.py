"""Requests from outside: wrk for throughput, plain clients for latencies and imports."""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.node import Served

_SCRIPT = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
math.randomseed(os.time())
request = function() return wrk.format("GET", paths[math.random(#paths)], %s) end
"""


class Load:
    """What wrk saw: requests a second and the 99th percentile in milliseconds."""

    def __init__(self, text: str) -> None:
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
        self.p99_ms = float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        if bad:
            raise RuntimeError(f"{bad[1]} requests failed")


def wrk(
    address: str, paths: Sequence[str], headers: Mapping[str, str], *, connections: int = 32, seconds: int = 8
) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "paths")
        listed.write_text("\n".join(paths) + "\n")
        table = "{" + ", ".join(f'["{name}"] = "{value}"' for name, value in headers.items()) + "}"
        script = Path(folder, "script.lua")
        script.write_text(_SCRIPT % (listed, table))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), address]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Load(done.stdout)


def post_all(node: Served, bodies: Sequence[bytes], *, clients: int) -> float:
    """Sends every body to /fhir over so many connections; the seconds it took. Any refusal is an error."""
    waiting = iter(bodies)
    lock = threading.Lock()
    wrong: list[str] = []

    def work() -> None:
        client = node.client()
        while not wrong:
            with lock:
                body = next(waiting, None)
            if body is None:
                break
            client.request("POST", "/fhir", body, node.headers())
            answer = client.getresponse()
            text = answer.read()
            if answer.status != 200:
                wrong.append(f"{answer.status}: {text[:400]!r}")
        client.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return time.perf_counter() - start

"""What is made on first use is right also when many threads use it first, as in a server that has just started."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading
from hoso.synth.population import population
from hoso.fhir.extract import extract
from hoso.fhir.validate import validate
bundles = list(population(8, 1))
start = threading.Barrier(len(bundles))
found = []
def work(bundle):
    start.wait()
    found.extend(validate(bundle))
    for entry in bundle["entry"]:
        extract(entry["resource"])
sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=work, args=(bundle,)) for bundle in bundles]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(found[:3])
"""


def test_the_first_validations_may_come_at_once() -> None:
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr[-2000:]

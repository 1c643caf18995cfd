"""What questions about codes cost over HTTP, one client: searching ICD-10 by words, and whether a code is of a set."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlencode

from bench.node import Served

SET = "http://hl7.org/fhir/ValueSet/icd-10"
SYSTEM = "http://hl7.org/fhir/sid/icd-10"
WORDS = ("tieu duong", "cao huyet ap", "viêm", "heart", "sot xuat huyet", "J18", "gay", "a", "khong co gi", "K35.8")
CODES = ("I10", "E11.9", "J18.9", "A00", "Z99.9", "X", "K35.8", "O80.0", "S72.0", "B01.9")
ROUNDS = 12


def measure(node: Served) -> tuple[float, float]:
    """Median milliseconds of `$expand` with a filter over the 12,137 codes, and of `$validate-code`; the first round
    reads the list and is not counted."""
    expand = [f"/fhir/ValueSet/$expand?{urlencode({'url': SET, 'filter': one, 'count': 20})}" for one in WORDS]
    check = [f"/fhir/ValueSet/$validate-code?{urlencode({'url': SET, 'system': SYSTEM, 'code': one})}" for one in CODES]
    client = node.client()
    try:
        return _median_ms(client, node, expand), _median_ms(client, node, check)
    finally:
        client.close()


def _median_ms(client: HTTPConnection, node: Served, paths: list[str]) -> float:
    took = []
    for turn in range(ROUNDS + 1):
        for path in paths:
            start = time.perf_counter()
            client.request("GET", path, headers=node.headers())
            answer = client.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status}")
            if turn:
                took.append((time.perf_counter() - start) * 1000)
    return median(took)

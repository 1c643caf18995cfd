"""Answers in the shape of the insurance gateway: a code, an id, a time, a sentence, and each fault with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from hoso.access import Unavailable
from hoso.api import failure
from hoso.api.message import Header, Response
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM
from hoso.core.errors import Issue, Refused
from hoso.fhir.outcome import Language, text

GOOD, WRONG, UNKNOWN_CALLER, NOT_YOURS = "200", "205", "401", "403"
"""Of `maKetQua`: taken; something in what was sent is wrong; who asks is not known; it is another facility's."""
JSON: Header = ("Content-Type", "application/json; charset=utf-8")


def answer(members: Mapping[str, Any], status: int = 200, *headers: Header) -> Response:
    return Response(status, [JSON, *headers], orjson.dumps(members))


def said(key: str, language: Language, **values: str) -> str:
    return text(Issue("informational", key, values), language)


def minute(milliseconds: int) -> str:
    """As times are written there: yyyymmddHHMM in Vietnam."""
    return clock(from_ms(milliseconds))


def clock(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%Y%m%d%H%M")


def refused(error: Refused, language: Language, now: datetime) -> Response:
    """What the protocol has a code for is an answer of its kind (200), so that software shows its text; a body that was

    too large, late or too much at once is refused as HTTP refuses it.
    """
    sentence = " ".join(text(issue, language) for issue in error.issues)
    members = {
        "maKetQua": _code(error.status), "maGiaoDich": "", "thoiGianTiepNhan": clock(now), "thongDiep": sentence,
    }  # fmt: skip
    if error.status in (400, 401, 403, 422):
        return answer({**members, "dsLoi": faults(error.issues, language)} if error.status in (400, 422) else members)
    return answer(members, error.status, *kept_headers(error))


def kept_headers(error: Refused) -> list[Header]:
    """When to come again, and whether on this connection."""
    return [one for one in failure.refusal(error.status, error.issues).headers if one[0] in _KEPT]


def failed(error: Exception, language: Language, now: datetime) -> Response:
    if isinstance(error, Refused):
        return refused(error, language, now)
    if isinstance(error, Unavailable):
        return refused(Refused.because(503, "transient", "gateway.unavailable"), language, now)
    response = failure.failed(error)  # it is written to the node's log under a number
    number = orjson.loads(response.body if isinstance(response.body, bytes) else b"{}")
    told = str(number["issue"][0]["details"]["text"]).rpartition(" ")[2].strip(".")
    return answer({"maKetQua": "500", "thongDiep": said("gateway.fault", language, code=told)}, response.status)


def faults(issues: Iterable[Issue], language: Language) -> list[dict[str, str]]:
    return [fault(issue, language) for issue in issues]


def fault(issue: Issue, language: Language) -> dict[str, str]:
    """`viTri` as in "HOSO[3].XML2[5].LIEU_DUNG", with table and field apart as well, and the value if known."""
    place = issue.values.get("place", "") or issue.expression or ""
    parts = place.split(".")
    found = {
        "viTri": place,
        "bang": parts[1].partition("[")[0] if len(parts) > 1 else "",
        "truong": parts[2] if len(parts) > 2 else "",
        "giaTri": issue.values.get("text", ""),
        "maLoi": issue.key,
        "moTa": text(issue, language),
    }
    return {name: value for name, value in found.items() if value}


def _code(status: int) -> str:
    return WRONG if status in (400, 422) else str(status)


_KEPT = ("Retry-After", "Connection", "Allow")

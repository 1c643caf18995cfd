"""Check-in and records: a file in base64 becomes a deposit, durable before it is answered, and carried out if small.

The same file again is the same deposit, so that a sender who heard nothing may send as often as it likes.
"""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

from hoso.access.gateways import Account
from hoso.api.body import busy
from hoso.api.gateway import answers
from hoso.api.gateway.asked import Asked
from hoso.api.gateway.doors import Gateway, sender
from hoso.api.message import Response
from hoso.core.errors import Refused
from hoso.exchange import signing
from hoso.exchange.intake import Item, Receipt, Standing, State
from hoso.fhir.outcome import Language

FORMAT = "insurance-xml"
LISTED = 100
"""Faulty items that one answer lists; the status call goes on behind them."""
SENTENCES = 3
FEW = 16
"""Visits of a file that is carried out among the small ones."""
OPENING_SECONDS = 5.0
"""For so long a file waits while others are taken apart, before its sender is asked to come again."""
_PAUSE = 0.05


def send(gateway: Gateway, account: Account, asked: Asked, language: Language) -> Response:
    """A file of insurance XML, for visits and for check-ins alike."""
    facility = asked.text("macskcb")
    if facility and facility != account.facility:
        raise Refused.because(403, "forbidden", "gateway.other-facility", theirs=facility[:40], own=account.facility)
    with gateway.opening.entered(OPENING_SECONDS) as entered:
        if not entered:
            raise busy()
        data = asked.file("filehsbase64")
        receipt = opened(gateway, account, FORMAT, asked.text("loaihoso") or FORMAT, data)
    return answers.answer(members(gateway, account, worked(gateway, account, receipt), language))


def opened(gateway: Gateway, account: Account, format: str, name: str, data: bytes) -> Receipt:
    """The file made durable, with the verdict on its signature. Raises Refused, with nothing kept."""
    verdict = signing.verify(data, gateway.anchors, gateway.clock())
    if gateway.demands_signatures and not verdict.accepted:
        raise Refused(400, verdict.issue)
    return gateway.intake.receive(sender(account), format, name, BytesIO(data), verdict.kept(), hold=True)


def standing(gateway: Gateway, account: Account, asked: Asked, language: Language) -> Response:
    """How a deposit stands, by its `maGiaoDich`; `sau` goes on behind that item."""
    id, after = asked.text("magiaodich"), asked.text("sau")
    found = gateway.intake.standing(sender(account), id)
    behind = int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else 0
    return answers.answer(members(gateway, account, found, language, behind))


def members(gateway: Gateway, account: Account, found: Standing, language: Language, after: int = 0) -> dict[str, Any]:
    """What became of a deposit, in the members of an answer."""
    listed = found.told
    if listed is None or found.items > LISTED:
        state: State | None = None if found.items <= LISTED else "quarantined"
        listed = gateway.intake.told(sender(account), found.id, state=state, after=after, most=LISTED)
    bad = found.counts.get("quarantined", 0)
    good = sum(found.counts.get(state, 0) for state in ("stored", "unchanged"))
    told: dict[str, Any] = {
        "maKetQua": answers.WRONG if bad else answers.GOOD,
        "maGiaoDich": found.id,
        "thoiGianTiepNhan": answers.minute(found.received),
        "thongDiep": "",
        "trangThai": "DA_XU_LY" if found.over else "CHO_XU_LY",
        "soHoSo": found.items,
        "soHoSoDaNhan": good,
        "soHoSoLoi": bad,
    }
    counts = {"items": str(found.items), "good": str(good), "bad": str(bad), "id": found.id}
    if bad:
        told["dsLoi"] = [_said(item, _ERRORS, language) for item in listed if item.state == "quarantined"]
        first = [one["moTa"] for item in told["dsLoi"][:SENTENCES] for one in item["loi"]][:SENTENCES]
        told["thongDiep"] = " ".join([answers.said("gateway.some-bad", language, **counts), *first])
    else:
        key = "gateway.received" if found.over else "gateway.waiting"
        told["thongDiep"] = answers.said(key, language, **counts)
    if odd := [one for item in listed if (one := _said(item, _WARNINGS, language))["loi"]]:
        told["dsCanhBao"] = odd
    if found.signature:
        told["chuKy"] = _signature(found, language)
    return told


def worked(gateway: Gateway, account: Account, receipt: Receipt) -> Standing:
    """As far as it gets in the time of a request. Where others are at work, it stays with the node."""
    whose, ends = sender(account), time.monotonic() + gateway.seconds
    found: Standing | None = None
    lane = gateway.working if receipt.items <= FEW else gateway.toiling
    while (found is None or not found.over) and (left := ends - time.monotonic()) > 0:
        with lane.entered(min(left, 1.0)) as entered:
            if not entered:
                break
            found = gateway.intake.process(whose, receipt.id, left, receipt if found is None else None)
        if not found.over:
            time.sleep(_PAUSE)  # another process of the node has it in hand
    return found or gateway.intake.standing(whose, receipt.id)


_ERRORS, _WARNINGS = ("error", "fatal"), ("warning",)


def _said(item: Item, severities: tuple[str, ...], language: Language) -> dict[str, Any]:
    said = [issue for issue in item.issues if issue.severity in severities]
    return {"soThuTu": item.number, "maLk": item.label, "viTri": item.place, "loi": answers.faults(said, language)}


def _signature(found: Standing, language: Language) -> dict[str, str]:
    """The verdict that was kept, with a sentence."""
    kept = found.signature
    told = {name: str(kept[name]) for name in ("state", "subject", "serial", "trust") if kept.get(name)}
    if kept.get("reason"):
        told["moTa"] = answers.said(kept["reason"], language, **kept.get("values", {}))
    return told

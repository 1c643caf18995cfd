"""Speaks to a gateway in the shape of the insurance gateway (vietnam.md §1.7), HoSo's own among them.

Taken is what answers as that gateway does and says so; whatever else comes with status 200 is a stranger's page.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from hoso.access.gateways import sent
from hoso.access.outbound.calling import Answer, Calling, Request
from hoso.access.outbound.destinations import Destination
from hoso.access.outbound.means import Means
from hoso.core.errors import Issue
from hoso.exchange.outbound.shapes import MOST_ISSUES, Later, Lost, Outcome, Taken, Wrong, told
from hoso.store.outbound import SendingRow

TOKEN_SECONDS, SEND_SECONDS = 20.0, 60.0
PENDING = "CHO_XU_LY"
_CHECK_IN = b"<LOAIHOSO>XML0</LOAIHOSO>"
_NOT_NOW = frozenset({408, 425, 429})
_GOOD, _BAD, _FORBIDDEN, _UNKNOWN_CALLER = "200", frozenset({"205", "400", "422"}), "403", "401"
Tokens = tuple[str, str]


class GatewayWay:
    """Tokens are kept in memory for the next visit; one that counts no longer is renewed once."""

    def __init__(self, calling: Calling) -> None:
        self._calling, self._lock = calling, Lock()
        self._tokens: dict[tuple[str, int], Tokens] = {}

    def send(self, to: Destination, means: Means, row: SendingRow, body: bytes, leaving: Callable[[], None]) -> Outcome:
        call = "checkInKcbQd" if _CHECK_IN in body else "guiHoSoXmlQD"
        fields = {
            "username": to.username, "loaiHoSo": "130", "maTinh": to.facility[:2], "maCSKCB": to.facility,
            "fileHSBase64": b64encode(body).decode(),
        }  # fmt: skip
        answer = self._called(to, means, f"qd130/{call}{row.dialect}", fields, leaving)
        return _outcome(answer) if isinstance(answer, Answer) else answer

    def ask(self, to: Destination, means: Means, row: SendingRow) -> Outcome:
        fields = {"username": to.username, "maGiaoDich": row.number}
        answer = self._called(to, means, "qd130/trangThaiGiaoDich", fields, lambda: None)
        if isinstance(answer, Answer) and answer.status == 404 and _members(answer):
            return Lost()
        return _outcome(answer) if isinstance(answer, Answer) else answer

    def _called(
        self, to: Destination, means: Means, call: str, fields: Mapping[str, str], leaving: Callable[[], None]
    ) -> Answer | Later:
        key = (to.name, to.created)
        for fresh in (False, True):
            tokens = self._known(key) if not fresh else None
            if tokens is None:
                taken = self._sign_in(to, means)
                if isinstance(taken, Later):
                    return taken
                tokens = taken
                with self._lock:
                    self._tokens[key] = tokens
            headers = {"accessToken": tokens[0], "tokenId": tokens[1], "passwordHash": sent(means.secret)}
            answer = self._post(to, means, call, fields, headers, SEND_SECONDS, leaving)
            if not _is_unknown(answer):
                return answer
            with self._lock:
                self._tokens.pop(key, None)
        return Later(Issue("login", "outbound.not-signed-in"))

    def _known(self, key: tuple[str, int]) -> Tokens | None:
        with self._lock:
            return self._tokens.get(key)

    def _sign_in(self, to: Destination, means: Means) -> Tokens | Later:
        fields = {"username": to.username, "password": sent(means.secret)}
        answer = self._post(to, means, "token/take", fields, {}, TOKEN_SECONDS, lambda: None)
        if troubled := _trouble(answer):
            return troubled
        key = _members(answer).get("APIKey")
        if isinstance(key, dict) and key.get("access_token") and key.get("id_token"):
            return str(key["access_token"]), str(key["id_token"])
        return Later(Issue("login", "outbound.wrong-account", {"name": to.username}))

    def _post(
        self, to: Destination, means: Means, call: str, fields: Mapping[str, str], headers: Mapping[str, str],
        seconds: float, leaving: Callable[[], None],
    ) -> Answer:  # fmt: skip
        where, parts = to.where
        ours = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "HoSo", **headers}
        request = Request("POST", f"{parts.path.rstrip('/')}/api/{call}", json.dumps(fields).encode(), ours)
        return self._calling.call(where, request, seconds, leaving, means.shown(self._calling.authorities))


def _is_unknown(answer: Answer) -> bool:
    return answer.status == 401 or str(_members(answer).get("maKetQua", "")) == _UNKNOWN_CALLER


def _trouble(answer: Answer) -> Later | None:
    """What is no verdict on anything that was sent."""
    if answer.status in _NOT_NOW or answer.status >= 500:
        return Later(Issue("transient", "outbound.status", {"status": str(answer.status)}), answer.after)
    if not _members(answer):
        values = {"status": str(answer.status), "kind": answer.kind or "?"}
        return Later(Issue("processing", "outbound.not-a-gateway", values))
    return None


def _outcome(answer: Answer) -> Outcome:
    if answer.status == 413:
        return Wrong([Issue("too-long", "outbound.too-large-for-them")])
    if troubled := _trouble(answer):
        return troubled
    members = _members(answer)
    code, number, words = (str(members.get(name, ""))[:200] for name in ("maKetQua", "maGiaoDich", "thongDiep"))
    if code == _GOOD and answer.status == 200:
        return Taken(number, members.get("trangThai") != PENDING, _faults(members, "dsCanhBao"))
    if code in _BAD:
        return Wrong(_faults(members, "dsLoi") or [told(words or code)])
    if code == _FORBIDDEN:
        return Wrong([told(words or code)])
    return Later(Issue("processing", "outbound.code", {"code": code, "text": words}), answer.after, everybody=False)


def _members(answer: Answer) -> dict[str, Any]:
    """{} for what is no answer of a gateway."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and ("maKetQua" in found or "APIKey" in found) else {}


def _faults(members: Mapping[str, Any], name: str) -> list[Issue]:
    """Of our own gateway records with their faults; of another one whatever its faults are."""
    listed = members.get(name)
    found: list[Issue] = []
    for one in listed if isinstance(listed, list) else ():
        faults = one.get("loi") if isinstance(one, dict) and isinstance(one.get("loi"), list) else [one]
        for fault in faults or ():
            if isinstance(fault, dict):
                found.append(told(fault.get("moTa") or fault.get("maLoi") or fault, fault.get("viTri", "")))
            else:
                found.append(told(fault))
    return found[:MOST_ISSUES]

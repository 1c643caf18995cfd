"""Speaks to a FHIR server: one Bundle posted to its address, and each entry of its answer looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hoso.access.outbound.calling import Answer, Calling, Request
from hoso.access.outbound.destinations import Destination
from hoso.access.outbound.means import Means
from hoso.core.errors import Issue
from hoso.exchange.outbound.issuer import Issuer
from hoso.exchange.outbound.shapes import MOST_ISSUES, Later, Outcome, Taken, Wrong, told
from hoso.store.outbound import SendingRow

SECONDS = 60.0
_NOT_NOW = frozenset({408, 409, 423, 425, 429})
_BAD = ("error", "fatal")


class ServerWay:
    def __init__(self, calling: Calling) -> None:
        self._calling, self._issuer = calling, Issuer(calling)

    def send(self, to: Destination, means: Means, row: SendingRow, body: bytes, leaving: Callable[[], None]) -> Outcome:
        """With a token of the receiver's issuer where it has one; one that counts no longer is renewed once."""
        if not means.token_url:
            return _outcome(self._posted(to, means, means.secret, body, leaving), transaction=to.form == "fhir")
        for _ in range(2):
            token = self._issuer.token(to, means)
            if isinstance(token, Later):
                return token
            answer = self._posted(to, means, token, body, leaving)
            if answer.status != 401:
                break
            self._issuer.forget(to, token)
        return _outcome(answer, transaction=to.form == "fhir")

    def _posted(self, to: Destination, means: Means, token: str, body: bytes, leaving: Callable[[], None]) -> Answer:
        where, parts = to.where
        headers = {
            "Content-Type": "application/fhir+json; charset=utf-8", "Accept": "application/fhir+json",
            "Prefer": "return=minimal", "User-Agent": "HoSo",
        }  # fmt: skip
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = Request("POST", parts.path or "/", body, headers)
        return self._calling.call(where, request, SECONDS, leaving, means.shown(self._calling.authorities))

    def ask(self, to: Destination, means: Means, row: SendingRow) -> Outcome:
        """A server has settled what it answers."""
        return Taken(row.number)


def _outcome(answer: Answer, *, transaction: bool) -> Outcome:
    status, found = answer.status, _resource(answer)
    values = {"status": str(status), "kind": answer.kind or "?"}
    if status == 401:
        return Later(Issue("login", "outbound.not-signed-in"), answer.after)
    if status in _NOT_NOW or status >= 500:
        return Later(Issue("transient", "outbound.status", values), answer.after, everybody=status != 409)
    if 200 <= status < 300:
        if found.get("resourceType") == "Bundle" and transaction:
            return _entries(found)
        if not transaction and (found or (status in (201, 202, 204) and not answer.body)):
            faults = _faults(found)
            return Wrong(faults) if faults else Taken(str(found.get("id", "")))
    elif status >= 400 and found.get("resourceType") == "OperationOutcome":
        return Wrong(_faults(found) or [Issue("processing", "outbound.status", values)])
    elif status == 413:
        return Wrong([Issue("too-long", "outbound.too-large-for-them")])
    return Later(Issue("processing", "outbound.not-a-server", values))


def _entries(found: dict[str, Any]) -> Outcome:
    """Of a transaction all are taken or none is; a server that does otherwise has not taken the visit."""
    bad: list[Issue] = []
    entries = found.get("entry", [])
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        response = entry.get("response", {}) if isinstance(entry, dict) else {}
        if not str(response.get("status", "")).startswith("2"):
            bad += _faults(response.get("outcome", {})) or [told(response.get("status", "?"), f"entry[{place}]")]
    if bad:
        return Wrong(bad[:MOST_ISSUES])
    if found.get("type") != "transaction-response" or not entries:
        return Later(Issue("processing", "outbound.not-a-server", {"status": "200", "kind": "Bundle"}))
    return Taken(str(found.get("id", "")))


def _resource(answer: Answer) -> dict[str, Any]:
    """{} for what is none."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("resourceType"), str) else {}


def _faults(outcome: Any) -> list[Issue]:
    issues = outcome.get("issue", ()) if isinstance(outcome, dict) else ()
    return [
        told(_words(one), next(iter(one.get("expression") or one.get("location") or ()), ""))
        for one in (issues if isinstance(issues, list) else ())
        if isinstance(one, dict) and one.get("severity") in _BAD
    ][:MOST_ISSUES]


def _words(issue: dict[str, Any]) -> str:
    details = issue.get("details", {})
    text = details.get("text") if isinstance(details, dict) else None
    return str(text or issue.get("diagnostics") or issue.get("code") or "?")

"""Deposits and their items as JSON, the same at every door: each issue in both languages."""

from __future__ import annotations

from typing import Any

from hoso.core import Issue
from hoso.core.clock import instant
from hoso.exchange.intake.shapes import Item, Standing
from hoso.exchange.intake.undo import Undone
from hoso.fhir.outcome import text


def of_deposit(one: Standing) -> dict[str, Any]:
    """`received` is an instant in UTC, `size` in bytes; `over`: nothing waits any more."""
    return {
        "id": one.id, "format": one.format, "sender": one.sender, "facility": one.facility, "name": one.name,
        "received": instant(one.received), "size": one.size, "signature": dict(one.signature), "items": one.items,
        "counts": dict(one.counts), "over": one.over,
    }  # fmt: skip


def of_item(one: Item) -> dict[str, Any]:
    """`wrote` is empty for what changed nothing; `whose` and `code` are there where a Patient came."""
    found: dict[str, Any] = {
        "number": one.number, "place": one.place, "label": one.label, "state": one.state, "mended": one.mended,
        "issues": [of_issue(issue) for issue in one.issues],
        "wrote": [wrote._asdict() for wrote in one.wrote],
    }  # fmt: skip
    if one.whose:
        found |= {"whose": one.whose, "code": one.code}
    return found


def of_undone(done: Undone) -> dict[str, Any]:
    """`left` are the records that stay, each with why: "changed", "in-use" or "old"."""
    left = [{"type": one.type, "id": one.id, "why": one.why} for one in done.left]
    return {"items": done.items, "records": done.records, "left": left}


def of_issue(issue: Issue) -> dict[str, Any]:
    """`key` names the reason for a program, `en` and `vi` say it to a person."""
    found = {"severity": issue.severity, "code": issue.code, "key": issue.key}
    if issue.expression:
        found["expression"] = issue.expression
    return {**found, "en": text(issue, "en"), "vi": text(issue, "vi")}

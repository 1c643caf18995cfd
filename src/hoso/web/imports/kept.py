"""A file between the steps of its import: sealed, for its owner alone, and only for a day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from django.utils import timezone

from hoso.access.sealed import Sealed
from hoso.core import Issue
from hoso.core.ids import new_id
from hoso.exchange.intake.shapes import issues_of, issues_text
from hoso.exchange.sheets.mapping import Mapping, from_json
from hoso.web.accounts.models import Account, ImportFile
from hoso.web.pages import web_keys
from hoso.web.sqlite.secret import of_pages

LASTS = timedelta(days=1)
MOST = 5
"""Files of one account that wait at the same time."""


class Crowded(Exception):
    """Too many files of this account wait already."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a file: its deposit, "" when every row took the place of a refused one; `mended` by deposit."""

    deposit: str
    new: bool
    mended: dict[str, int] = field(default_factory=dict)
    not_taken: Sequence[Issue] = ()

    @property
    def deposits(self) -> list[str]:
        return list(dict.fromkeys([*self.mended, *([self.deposit] if self.deposit else [])]))


def put(account: Account, facility: str, name: str, format: str, data: bytes) -> ImportFile:
    """Raises Crowded."""
    forget()
    if ImportFile.objects.filter(account=account, done="").count() >= MOST:
        raise Crowded
    id = new_id()
    return ImportFile.objects.create(
        id=id, account=account, facility=facility, name=name[:200], format=format, sealed=_sealed().seal(data, id),
        brought=timezone.now(),
    )  # fmt: skip


def find(account: Account, facility: str, id: str) -> ImportFile | None:
    forget()
    return ImportFile.objects.filter(account=account, facility=facility, id=id).first()


def unfinished(account: Account, facility: str) -> list[ImportFile]:
    forget()
    own = ImportFile.objects.filter(account=account, facility=facility, done="")
    return list(own.defer("sealed").order_by("-brought"))


def content(row: ImportFile) -> bytes | None:
    """None when the key it was sealed under is gone: its owner brings it again."""
    try:
        return _sealed().open(bytes(row.sealed), row.id)
    except (InvalidTag, ValueError):
        return None


def mapping(row: ImportFile) -> Mapping | None:
    return from_json(json.loads(row.mapping)) if row.mapping else None


def say(row: ImportFile, *, kind: str = "", sheet: str = "", mapping: Mapping | None = None) -> None:
    row.kind, row.sheet = kind, sheet[:200]
    row.mapping = json.dumps(mapping.as_json(), ensure_ascii=False) if mapping else ""
    row.save(update_fields=["kind", "sheet", "mapping"])


def finish(row: ImportFile, done: Done) -> None:
    """The file itself goes; what became of it can be looked at until the day is over."""
    told = {
        "deposit": done.deposit, "new": done.new, "mended": done.mended, "not_taken": issues_text(done.not_taken),
    }  # fmt: skip
    row.done, row.sealed = json.dumps(told, ensure_ascii=False), b""
    row.save(update_fields=["done", "sealed"])


def done(row: ImportFile) -> Done | None:
    if not row.done:
        return None
    told = json.loads(row.done)
    return Done(told["deposit"], told["new"], told["mended"], issues_of(told["not_taken"]))


def forget() -> None:
    ImportFile.objects.filter(brought__lt=timezone.now() - LASTS).delete()


def _sealed() -> Sealed:
    return Sealed(of_pages(web_keys()), b"hoso import")

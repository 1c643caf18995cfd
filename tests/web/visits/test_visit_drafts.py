"""What is typed is kept field by field, on both engines; two windows of one writer lose nothing to each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests import postgres
from tests.conftest import ENGINES

from hoso import compose
from hoso.web.configure import configure


@pytest.fixture(params=ENGINES)
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        config = compose.create(tmp_path / "node", url)
        configure(config)
        from django.db import connections
        from django.utils import timezone

        from hoso.web.accounts.models import Account

        account = Account.objects.create(username="mai", created=timezone.now())
        yield int(account.pk)
        connections.close_all()


def test_fields_come_one_by_one_and_stay(account: int) -> None:
    from hoso.web.visits.keeping import Ticket, close, keep, kept, unfinished

    ticket = Ticket(account, "e1", "p1", "7")
    first = keep(ticket, {"reason": "ho"}, 0)
    second = keep(ticket, {"pulse": "76"}, first.revision)
    assert not second.clashes and kept(account, "e1").fields == {"reason": "ho", "pulse": "76"}
    assert kept(account, "e1").base == "7" and kept(account, "e2").fields == {} and not kept(account, "e2").begun
    assert [row.encounter for row in unfinished(account)] == ["e1"]
    close(account, "e1")
    assert not kept(account, "e1").begun and not unfinished(account)


def test_the_same_text_again_changes_nothing(account: int) -> None:
    from hoso.web.visits.keeping import Ticket, keep

    ticket = Ticket(account, "e1", "p1", "7")
    first = keep(ticket, {"reason": "ho"}, 0)
    assert keep(ticket, {"reason": "ho"}, 0).revision == first.revision


def test_a_text_that_another_window_replaced_is_kept_beside_and_told(account: int) -> None:
    from hoso.web.visits.keeping import Ticket, keep, kept

    ticket = Ticket(account, "e1", "p1", "7")
    seen = keep(ticket, {"reason": "ho"}, 0).revision
    keep(ticket, {"reason": "ho có đờm"}, seen)  # the other window
    mine = keep(ticket, {"reason": "ho khan", "pulse": "80"}, seen)
    assert mine.clashes == {"reason": "ho có đờm"}
    assert kept(account, "e1").fields["reason"] == "ho khan"
    assert kept(account, "e1").overtaken == (("reason", "ho có đờm"),)
    assert not keep(ticket, {"reason": "ho khan, sốt"}, mine.revision).clashes


def test_a_late_copy_of_what_was_signed_opens_nothing_and_another_text_does(account: int) -> None:
    from hoso.web.accounts.models import VisitDraft
    from hoso.web.visits.keeping import Ticket, close, keep, kept, unfinished

    ticket = Ticket(account, "e1", "p1", "7")
    seen = keep(ticket, {"reason": "ho", "pulse": ""}, 0).revision
    close(account, "e1")
    assert "ho" not in VisitDraft.objects.get().fields.split('"')
    late = keep(ticket, {"reason": "ho", "pulse": "", "plan": ""}, seen)
    assert late.closed and not unfinished(account) and not kept(account, "e1").begun
    other = keep(ticket, {"reason": "ho, sốt"}, seen)
    assert not other.closed and kept(account, "e1").fields == {"reason": "ho, sốt"} and other.base == "7"
    close(account, "e1")
    change = keep(Ticket(account, "e1", "p1", "8"), {"reason": "ho, sốt"}, 0)
    assert not change.closed and kept(account, "e1").base == "8"


def test_windows_that_write_at_once_lose_no_field(account: int) -> None:
    from django.db import connection

    from hoso.web.visits.keeping import Ticket, keep, kept

    ticket = Ticket(account, "e1", "p1", "7")

    def type(number: int) -> None:
        keep(ticket, {f"field{number}": str(number)}, 0)
        connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(type, range(24)))
    assert kept(account, "e1").fields == {f"field{n}": str(n) for n in range(24)}


def test_a_ticket_is_good_for_its_writer_and_visit_and_for_nothing_forged(account: int) -> None:
    from hoso.web.visits.keeping import Ticket

    ticket = Ticket(account, "e1", "p1", "7")
    sealed = ticket.sealed()
    assert Ticket.opened(sealed) == ticket
    for text in ("", "x", sealed[:-1], sealed + "x", "x" * 100_000, sealed.swapcase()):
        assert Ticket.opened(text) is None


def test_an_unfinished_visit_comes_along_in_a_backup(account: int) -> None:
    from django.core import serializers

    from hoso.web.accounts.copy import _models
    from hoso.web.visits.keeping import Ticket, keep

    keep(Ticket(account, "e1", "p1", "7"), {"reason": "ho"}, 0)
    text = serializers.serialize("json", [row for model in _models() for row in model._default_manager.order_by("pk")])
    (row,) = (row for row in json.loads(text) if row["model"] == "accounts.visitdraft")
    assert json.loads(row["fields"]["fields"]) == {"reason": ["ho", 1]}

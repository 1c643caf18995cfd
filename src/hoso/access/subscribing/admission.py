"""Subscriptions as they are written: refused with the reason, or kept with who asked and with which rights.

The status is the server's: a subscriber asks (`requested`) or ends (`off`), or leaves what the server said last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from hoso.access.bulk.asked import errand_text
from hoso.access.errand import Errand
from hoso.access.outward import NotAllowed
from hoso.access.scope import Right
from hoso.access.subscribing.endpoints import Endpoints
from hoso.access.subscribing.headers import Safe, Unopened, cover, whole
from hoso.core.errors import Issue, Refused
from hoso.fhir.json import encode, exact, parse
from hoso.fhir.search import Query
from hoso.fhir.subscriptions import Wanted, read
from hoso.store.contract import Draft, Saved, Transaction
from hoso.store.subscriptions import OFF, SubscriptionRow

TYPE = "Subscription"
MOST_OF_CALLER = 100

Settle = Callable[[Query], Query]
Save = Callable[[Sequence[Draft]], list[Saved]]


class Admission:
    def __init__(self, endpoints: Endpoints, safe: Safe, most: int = MOST_OF_CALLER) -> None:
        """`most`: how many that are not off a caller may have."""
        self._endpoints, self._safe, self._most = endpoints, safe, most

    def saved(
        self, errand: Errand, transaction: Transaction, drafts: Sequence[Draft], save: Save, settle: Settle
    ) -> list[Saved]:
        """Saves drafts of which some are Subscriptions; what goes with those is stored in the same transaction.

        `settle` raises Refused for a search that cannot be run.
        """
        secrets: dict[str, bytes | None] = {}
        for draft in drafts:
            if draft.type == TYPE and draft.resource is not None:
                _settle(read(draft.resource), settle)
        admitted = [self._admitted(errand, transaction, one, secrets) for one in drafts]
        saved = save(admitted)
        for one in saved:
            if one.type == TYPE and one.id in secrets and one.version is not None and one.outcome != "unchanged":
                self._keep(errand, transaction, one, secrets[one.id])
        return saved

    def _admitted(
        self, errand: Errand, transaction: Transaction, draft: Draft, secrets: dict[str, bytes | None]
    ) -> Draft:
        if draft.type != TYPE or draft.resource is None:
            return draft
        wanted = read(draft.resource)
        _check_status(transaction, draft)
        self._check(errand, wanted)
        before = transaction.subscriptions.find(draft.id)
        fresh = before is None or before.state == OFF
        if fresh and wanted.status != "off" and transaction.subscriptions.living(errand.actor.id) >= self._most:
            raise Refused.because(429, "throttled", "subscription.too-many", limit=str(self._most))
        headers = whole(wanted.headers, self._kept(errand, before))
        secrets[draft.id] = self._safe.seal(draft.id, headers)
        if not headers:
            return draft
        tree = exact(draft.body)
        cover(tree["channel"], headers)
        cover(draft.resource["channel"], headers)
        return replace(draft, body=encode(tree))

    def _check(self, errand: Errand, wanted: Wanted) -> None:
        actor = errand.actor
        if actor.role or actor.client or not actor.id.startswith("client/"):
            raise Refused.because(403, "forbidden", "subscription.who")
        try:
            self._endpoints.allowed(wanted.endpoint)
        except NotAllowed as refused:
            where = "Subscription.channel.endpoint"
            raise Refused.because(
                422, "business-rule", "subscription.endpoint", where, endpoint=wanted.endpoint[:200]
            ) from refused
        needed: tuple[Right, ...] = ("s", "r") if wanted.shows else ("s",)
        for type in sorted(wanted.types):
            for right in needed:
                if not actor.scopes.permits(type, right):
                    raise Refused.because(403, "forbidden", "rest.forbidden", type=type, right=right)

    def _kept(self, errand: Errand, row: SubscriptionRow | None) -> dict[str, str]:
        """What the same subscriber gave: another one could send it somewhere else."""
        try:
            return self._safe.open(row.id, row.asked_secret) if row and row.owner == errand.actor.id else {}
        except Unopened:
            return {}

    def _keep(self, errand: Errand, transaction: Transaction, saved: Saved, secret: bytes | None) -> None:
        assert saved.version is not None
        text = errand_text(replace(errand, notes=None))
        transaction.subscriptions.ask(SubscriptionRow(saved.id, errand.actor.id, saved.version, text, secret))


def _check_status(transaction: Transaction, draft: Draft) -> None:
    assert draft.resource is not None
    head = transaction.read(TYPE, draft.id) if draft.method != "POST" else None
    said = parse(head.body) if head is not None and head.body else {}
    given, faulty = draft.resource["status"], draft.resource.get("error", said.get("error")) != said.get("error")
    if faulty or given not in ("requested", "off", said.get("status")):
        where = "Subscription.error" if faulty else "Subscription.status"
        raise Refused.because(422, "business-rule", "subscription.status", where, given=given)


def _settle(wanted: Wanted, settle: Settle) -> None:
    try:
        for queries in wanted.searches.values():
            for query in queries:
                settle(query)
    except Refused as refused:
        where = "Subscription.criteria"
        raise Refused(422, *(Issue(one.code, one.key, one.values, where) for one in refused.issues)) from refused

"""How often automatic links are wrong: some are drawn by a seed and looked at blind; the answers make a rate."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from math import sqrt

import orjson

from hoso.access import Errand, Records, Transaction
from hoso.access.scope import Right
from hoso.core import Refused
from hoso.core.clock import to_ms
from hoso.fhir.search import parse
from hoso.fhir.systems import RECORD_KIND, REVIEW
from hoso.identity.desk import Desk
from hoso.identity.ledger import Event, read
from hoso.identity.review import TAG, answers_of, task

Z = 1.959964
"""Of the normal distribution: 95 % lie within."""

PAGE = 500
MOST = 10_000
RIGHTS: Sequence[tuple[Right, str]] = (("s", "Linkage"), ("r", "Patient"), ("u", "Task"))


@dataclass(frozen=True, slots=True)
class Week:
    """`start` is the Monday of the week in which the links were drawn."""

    start: date
    looked: int
    wrong: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """`looked`: sampled links a human was sure about. `low` and `high` bound the share of wrong ones (Wilson, 95 %)."""

    looked: int
    wrong: int
    low: float
    high: float
    weeks: Sequence[Week] = ()


class Samples:
    def __init__(self, records: Records) -> None:
        self._records = records

    def draw(self, errand: Errand, number: int, since: str, seed: int) -> list[str]:
        """Ids of the new Tasks. No link is drawn twice, and none whose record has gone elsewhere."""
        if not 0 < number <= MOST:
            raise Refused.because(422, "value", "identity.sample-size", number=str(number), limit=f"{MOST:,}")
        links = sorted(self._automatic(errand, _ms(since)), key=lambda link: link[0])
        random.Random(seed).shuffle(links)
        filed: list[str] = []
        while links and len(filed) < number:
            some = [links.pop() for _ in range(min(number - len(filed), len(links)))]
            filed += self._file(errand, some)
        return filed

    def rate(self, errand: Errand, since: str) -> Rate:
        looked: Counter[date] = Counter()
        wrong: Counter[date] = Counter()
        for drawn, answer in self._answers(errand, since):
            looked[drawn] += 1
            wrong[drawn] += answer == "different"
        weeks = [Week(w, looked[w], wrong[w], *wilson(wrong[w], looked[w])) for w in sorted(looked)]
        total, bad = looked.total(), wrong.total()
        return Rate(total, bad, *wilson(bad, total), weeks)

    def _automatic(self, errand: Errand, since: int) -> Iterator[tuple[str, Event]]:
        """Links that the machine was certain of, with the ids of their Linkages."""
        cursor: str | None = None
        while True:
            page = self._records.history(errand, "Linkage", since=since, count=PAGE, cursor=cursor)
            for version in page.versions:
                event = None if version.deleted else read(orjson.loads(version.body))
                if event is not None and event.kind == "link" and event.evidence.get("outcome") == "certain":
                    yield version.id, event
            cursor = page.cursor
            if cursor is None:
                return

    def _file(self, errand: Errand, links: Sequence[tuple[str, Event]]) -> list[str]:
        def work(transaction: Transaction) -> list[str]:
            desk, people = Desk(transaction, errand.actor.id, self._records.clock), transaction.people
            transaction.lock(["identity-sample"])
            filed = []
            for linkage, event in links:
                id = _named(linkage)
                (record,) = event.records
                rids = people.rids([record, event.person])
                person = people.persons_of([rids[event.person]]).get(rids[event.person], rids[event.person])
                still = people.persons_of([rids[record]]).get(rids[record]) == person
                if not still or len(people.members([person])) < 2 or transaction.read("Task", id) is not None:
                    continue
                evidence = {"linkage": linkage, **event.evidence}
                desk.add(task("sample", desk.id(person), [], desk.time, evidence, record) | {"id": id})
                filed.append(id)
            desk.done()
            return filed

        return self._records.transact(errand, RIGHTS, work)

    def _answers(self, errand: Errand, since: str) -> Iterator[tuple[date, str]]:
        """The week in which a link was drawn, and the answer that closed it."""
        asked = [("_tag", f"{RECORD_KIND}|{TAG}"), ("code", f"{REVIEW}|sample"), ("status", "completed")]
        query = parse("Task", [*asked, ("authored-on", f"ge{since}"), ("_count", str(PAGE))])
        for version in self._records.scan(errand, query):
            found = orjson.loads(version.body)
            drawn = datetime.fromisoformat(found["authoredOn"]).date()
            yield drawn - timedelta(days=drawn.weekday()), answers_of(found)[-1][0]


def wilson(wrong: int, looked: int) -> tuple[float, float]:
    """The interval in which the true share lies with 95 %: Wilson's, which holds for few cases and shares near 0."""
    if not looked:
        return 0.0, 1.0
    share, square = wrong / looked, Z * Z / looked
    middle = (share + square / 2) / (1 + square)
    reach = Z / (1 + square) * sqrt(share * (1 - share) / looked + square / (4 * looked))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _named(linkage: str) -> str:
    """A link is looked at once, whoever draws it."""
    return sha256(f"sample {linkage}".encode()).hexdigest()[:40]


def _ms(since: str) -> int:
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as error:
        raise Refused.because(422, "value", "identity.since", value=since[:40]) from error
    if moment.tzinfo is None:
        raise Refused.because(422, "value", "identity.since", value=since[:40])
    return to_ms(moment)

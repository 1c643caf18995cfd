"""What identity does by itself while a node serves. A record that waits for a code gets its person once there are some.

Once a day those of whom something new is known are looked at for contradictions, and some automatic links are drawn for
a blind review. How far the day's round came stands in the store, so that it goes on behind a restart.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hoso.access import Actor, Errand, Records, Scopes
from hoso.core.clock import Clock, instant, to_ms
from hoso.core.dates import VIETNAM
from hoso.identity.arrive import PLACE, Arrivals
from hoso.identity.batch.place import place
from hoso.identity.batch.walk import Piece
from hoso.identity.monitors import Monitors
from hoso.identity.sampling import Samples
from hoso.store.jobs import Job, Jobs

ERRAND = Errand(Actor("node/rounds", Scopes.parse("system/*.cruds")), "HOPERAT", "automatic")
SECONDS = 5.0
TOGETHER = 64
"""Records placed in one transaction: as many as may hold up others."""
WITHOUT_CODES = timedelta(minutes=1)
BEGINS = time(1)
"""In Viet Nam. A station that is off at night begins when it is switched on."""
CHANGES = 5_000
"""Of the feed, what is looked at between two marks."""
_PLACE, _DAY = "rounds.feed", "rounds.day"


class Rounds:
    def __init__(self, records: Records, arrivals: Arrivals, jobs: Jobs, clock: Clock, sample: int) -> None:
        """`sample`: links that are drawn a day; none for 0."""
        self._records, self._arrivals, self._jobs, self._clock = records, arrivals, jobs, clock
        self._monitors, self._samples, self._sample = Monitors(records), Samples(records), sample

    def step(self) -> bool:
        """Some of what is due now; whether more may be. Raises Unavailable, Race and Refused."""
        return self._place_some() or self._daily()

    def _place_some(self) -> bool:
        """The records that wait. Without codes they wait on, and nothing is lost."""
        now = to_ms(self._clock())
        waiting = self._jobs.claim(now, TOGETHER, PLACE)
        if not waiting:
            return False
        place(self._records, self._arrivals, Piece(0, tuple(dict.fromkeys(job.argument for job in waiting)), 0))
        known = self._records.people(ERRAND).arrived([job.argument for job in waiting])
        left = [job for job in waiting if (found := known.get(job.argument)) is not None and found.person is None]
        for job in waiting:
            self._done(job, now if job in left else 0)
        return not left and len(waiting) == TOGETHER

    def _done(self, job: Job, put_off: int) -> None:
        if put_off:
            self._jobs.put_off(job, put_off + WITHOUT_CODES // timedelta(milliseconds=1))
        else:
            self._jobs.finish(job)

    def _daily(self) -> bool:
        """One piece of the day's round, when the day's is not done."""
        now = self._clock()
        local = now.astimezone(VIETNAM)
        day = local.date() if local.time() >= BEGINS else local.date() - timedelta(days=1)
        people = self._records.people(ERRAND)
        if people.mark(_DAY) >= day.isoformat():
            return False
        after = int(people.mark(_PLACE) or 0)
        last, persons = people.log.touched(after, CHANGES)
        if last > after:
            self._monitors.look_at(ERRAND, sorted(persons))
            self._mark(_PLACE, str(last))
            return True
        if self._sample:
            self._samples.draw(ERRAND, self._sample, instant(to_ms(_a_day_before(now))), day.toordinal())
        self._mark(_DAY, day.isoformat())
        return False

    def _mark(self, name: str, text: str) -> None:
        rights = (("u", "Patient"),)
        self._records.transact(ERRAND, rights, lambda transaction: transaction.people.set_mark(name, text))  # type: ignore[arg-type]


def _a_day_before(now: datetime) -> datetime:
    return now - timedelta(days=1)

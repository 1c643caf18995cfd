"""Wiring of what privacy officers answer for: emergencies, what citizens ask, and who looks at it."""

from __future__ import annotations

from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING

from hoso.core.clock import system_clock
from hoso.core.ids import new_id

if TYPE_CHECKING:
    from hoso.access.audit.log import AuditLog
    from hoso.access.break_glass import BreakGlass
    from hoso.access.citizen.desk import Desk
    from hoso.access.inspecting import Inspection
    from hoso.access.organisation import Posts
    from hoso.access.organisation.overseers import Overseers
    from hoso.access.records import Records
    from hoso.access.trail import Trail, Withheld
    from hoso.access.watching.watch import Watch
    from hoso.store.grants import GrantTable
    from hoso.store.record_store import RecordStore
    from hoso.web.configure import WebConfig


def overseers(config: WebConfig, store: RecordStore, posts: Posts) -> Overseers:
    """An officer is who can sign in here. Django is only started when somebody asks."""
    from hoso.access.organisation.overseers import Overseers

    def signs_in(practitioner: str) -> bool:
        from hoso.web.accounts.presence import signs_in

        return signs_in(config, practitioner)

    return Overseers(store, posts, signs_in)


def emergencies(store: RecordStore, given: GrantTable, over: Overseers, log: AuditLog) -> BreakGlass:
    from hoso.access.break_glass import BreakGlass

    return BreakGlass(store, given, system_clock, new_id, over, log.journal)


def watch(store: RecordStore, over: Overseers, log: AuditLog) -> Watch:
    from hoso.access.watching.watch import Watch
    from hoso.store.unusual import UnusualTable

    return Watch(UnusualTable(store.engine), over, log.journal, system_clock)


def inspection(store: RecordStore, over: Overseers, log: AuditLog) -> Inspection:
    from hoso.access.inspecting import Inspection

    return Inspection(store, trail(store, over, log), log, system_clock)


def trail(store: RecordStore, over: Overseers, log: AuditLog, withheld: Withheld | None = None) -> Trail:
    from hoso.access.trail import Trail

    return Trail(store, log.journal, system_clock, log.verifier.name, over, withheld)


def upkeep(folder: Path, store: RecordStore, log: AuditLog, over: Overseers, node: str) -> None:
    """Unusual reading and offices that nobody holds are looked for, by one process of the node at a time."""
    from hoso.access.audit.running import Turn
    from hoso.access.watching import offices
    from hoso.access.watching.round import SECONDS, Round
    from hoso.access.working import Working
    from hoso.store.unusual import UnusualTable

    found = Round(log, UnusualTable(store.engine), system_clock, new_id)
    Working("unusual", found.step, Turn(folder / "unusual.lock"), SECONDS)
    held = offices.Offices(over, log, node)
    Working("offices", held.step, Turn(folder / "offices.lock"), offices.SECONDS)


def desk(store: RecordStore, records: Records, log: AuditLog, given: GrantTable, over: Overseers) -> Desk:
    from hoso.access.cases.cases import Cases
    from hoso.access.citizen.desk import Desk
    from hoso.access.citizen.looks import Looks
    from hoso.access.citizen.wishes import Wishes
    from hoso.access.grants import Grants
    from hoso.access.healthlinks import HealthLinks
    from hoso.core.codes import new_code
    from hoso.store.cases import CaseTable
    from hoso.store.health_links import HealthLinkTable

    looks = Looks(store, store.engine, given, log, system_clock)
    wishes = Wishes(store, records)
    cases = Cases(store, CaseTable(store.engine), records, looks, wishes, over, log.journal, system_clock, new_id)
    grants = Grants(store, given, system_clock, new_id, new_code, log.journal)
    links = HealthLinks(store, HealthLinkTable(store.engine), log.journal, system_clock, token_bytes)
    return Desk(looks, cases, grants, wishes, links)

"""Wiring of reminders: who has an account and a way to be reached is told of what is due, each thing once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hoso.core.clock import system_clock
from hoso.core.ids import new_id

if TYPE_CHECKING:
    from hoso.access import Errand
    from hoso.access.records import Records
    from hoso.access.reminders import Message, Sender, Thing
    from hoso.store.record_store import RecordStore
    from hoso.web.configure import WebConfig

TEXT = {
    "vi": "HoSo: bạn có {n} việc cần làm trong hồ sơ sức khỏe. Xem tại {address}",
    "en": "HoSo: {n} things to do are waiting in your health record. See {address}",
}
"""It may be read over a shoulder or on a shared phone, so it says nothing of health."""


@dataclass(slots=True)
class Told:
    """`unreachable`: those with something due and neither phone nor e-mail address."""

    people: int = 0
    things: int = 0
    unreachable: int = 0
    failed: int = 0


def remind(
    config: WebConfig, store: RecordStore, records: Records, errand: Errand, sender: Sender, days: int, language: str
) -> Told:
    """Everybody with an account of their own. What cannot be sent is tried again by the next run."""
    from hoso.access.reminders import NotSent, Reminders
    from hoso.store.reminders import ReminderTable

    reminders, told = Reminders(ReminderTable(store.engine), system_clock), Told()
    address = f"{config.base_url}/me" if config.base_url else "/me"
    for person, patient, things in _waiting(config, records, errand, days):
        to = _reached(patient)
        if to is None:
            told.unreachable += 1
            continue
        try:
            sent = reminders.tell(person, things, lambda n, to=to: _message(to, n, language, address), sender)  # type: ignore[misc]
        except NotSent:
            told.failed += 1
            continue
        told.people += sent > 0
        told.things += sent
    return told


def _waiting(
    config: WebConfig, records: Records, errand: Errand, days: int
) -> Iterator[tuple[str, dict[str, Any], list[Thing]]]:
    from hoso.access.reminders import Thing
    from hoso.web.configure import configure

    configure(config)
    from hoso.care.elements import day
    from hoso.web.accounts.models import Account
    from hoso.web.citizens.home import appointments, dues
    from hoso.web.door import Door
    from hoso.web.persons import Person

    for id in Account.objects.exclude(person="").filter(is_active=True).values_list("person", flat=True):
        reach = Door(records, replace(errand, request=new_id()))
        person = reach.persons.find(id)
        if isinstance(person, str):
            person = reach.persons.find(person)
        if not isinstance(person, Person):
            continue
        until = reach.today + timedelta(days=days)
        things = [Thing(f"checkup {one.key}", one.on.toordinal()) for one in dues(reach, person) if one.on is not None]
        for one in appointments(reach, person):
            at = day(one.start)
            if at is not None and at <= until:
                things.append(Thing(f"appointment {one.id}", at.toordinal()))
        if things:
            yield person.id, person.patient, things


def _reached(patient: dict[str, Any]) -> tuple[str, str] | None:
    """By phone, else by e-mail."""
    for system, kind in (("phone", "sms"), ("email", "email")):
        for one in patient.get("telecom", ()):
            value = str(one.get("value", ""))
            if one.get("system") == system and value and value.isprintable() and one.get("use") != "old":
                return kind, value
    return None


def _message(to: tuple[str, str], number: int, language: str, address: str) -> Message:
    from hoso.access.reminders import Message

    return Message(*to, TEXT[language].format(n=number, address=address))

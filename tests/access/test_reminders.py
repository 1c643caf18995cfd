"""A citizen is told of each thing once: by several runs, by two at the same moment, and again when sending failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from hoso.access.reminders import FolderSender, Message, NotSent, Reminders, Thing
from hoso.store.record_store import RecordStore
from hoso.store.reminders import ReminderTable

NOW = datetime(2026, 11, 28, tzinfo=UTC)
EYES, HBA1C = Thing("checkup diabetes-eyes", 739_000), Thing("checkup hba1c", 739_100)


class Sent(list[Message]):
    """A sender that keeps what it sends, or fails as often as it is told."""

    failures = 0

    def send(self, message: Message) -> None:
        if self.failures:
            self.failures -= 1
            raise NotSent("away")
        self.append(message)


@pytest.fixture
def reminders(store: RecordStore) -> Reminders:
    return Reminders(ReminderTable(store.engine), lambda: NOW)


def said(number: int) -> Message:
    return Message("sms", "0912345678", f"{number} việc")


def test_each_thing_is_told_once_and_a_new_day_is_another_thing(reminders: Reminders) -> None:
    sent = Sent()
    assert reminders.tell("p1", [EYES, HBA1C], said, sent) == 2
    assert reminders.tell("p1", [EYES, HBA1C], said, sent) == 0
    assert reminders.tell("p1", [EYES, Thing(HBA1C.what, HBA1C.due + 180)], said, sent) == 1
    assert reminders.tell("p2", [EYES], said, sent) == 1
    assert [one.text for one in sent] == ["2 việc", "1 việc", "1 việc"]


def test_what_could_not_be_sent_is_told_by_the_next_run(reminders: Reminders) -> None:
    sent = Sent()
    sent.failures = 1
    with pytest.raises(NotSent):
        reminders.tell("p1", [EYES, HBA1C], said, sent)
    assert reminders.tell("p1", [EYES, HBA1C], said, sent) == 2 and len(sent) == 1


def test_two_runs_at_the_same_moment_send_it_once(reminders: Reminders) -> None:
    sent = Sent()
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: reminders.tell("p1", [EYES], said, sent), range(8)))
    assert sum(told) == 1 and len(sent) == 1


def test_a_message_is_a_whole_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    numbers = count(1)
    sender = FolderSender(tmp_path / "out", lambda: f"m{next(numbers)}")
    sender.send(said(2))
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == "m1.txt" and file.read_text("utf-8") == "sms: 0912345678\n\n2 việc\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", "utf-8")
    with pytest.raises(NotSent):
        FolderSender(tmp_path / "out", lambda: "m").send(said(1))

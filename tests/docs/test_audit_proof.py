"""The script that a citizen or an auditor has: it says yes to a proof of ours and no to anything that was altered."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, clock, fill, spoil

from hoso.access.audit.log import AuditLog, NotErasable
from hoso.access.audit.note import COSIGNATURE, Note, Signer
from hoso.store import audit
from hoso.store.record_store import RecordStore

SCRIPT = Path(__file__).parents[2] / "docs" / "how-to" / "check-audit-proof.py"
WITNESS = Signer.of("witness.test", bytes(range(1, 33)), COSIGNATURE)
LOG = str(SIGNER.verifier)

Proof = dict[str, Any]


def check(tmp_path: Path, proof: object, *keys: str) -> tuple[int, str]:
    file = tmp_path / "proof.json"
    file.write_text(proof if isinstance(proof, str) else json.dumps(proof, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-I", str(SCRIPT), str(file), *(keys or (LOG,))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def log(store: RecordStore) -> AuditLog:
    fill(store, 300, patients=6)
    return AuditLog(store, SIGNER, clock())


def prove(log: AuditLog, *patients: int) -> Proof:
    return log.prove(patients, event(400, kind="audit-proof", reason="Người bệnh yêu cầu"))


def test_a_proof_is_accepted_and_holds_every_event(log: AuditLog, tmp_path: Path) -> None:
    proof = prove(log, 2, 3)
    assert [len(record["events"]) for record in proof["records"]] == [51, 51]
    assert "Người bệnh" in proof["records"][0]["events"][-1]["event"]
    assert check(tmp_path, proof) == (
        0,
        "OK: 102 events of a log of 304, none changed, none left out of 2 records\n"
        "ĐÚNG: 102 sự kiện trong nhật ký có 304, không bị sửa, không bị bỏ sót ở 2 hồ sơ\n",
    )


def test_a_witness_may_be_asked_for(log: AuditLog, store: RecordStore, tmp_path: Path) -> None:
    proof = prove(log, 2)
    note = Note.parse(proof["checkpoint"])
    proof["checkpoint"] = str(Note(note.text, (*note.signatures, WITNESS.sign(note.text, 1_767_268_800))))
    assert check(tmp_path, proof, LOG, str(WITNESS.verifier))[0] == 0
    other = str(Signer.of("witness.test", bytes(32), COSIGNATURE).verifier)
    assert check(tmp_path, proof, LOG, other)[0] == 1


def _drop(at: int) -> Callable[[Proof], None]:
    return lambda proof: proof["records"][0]["events"].pop(at)


def _renumber(proof: Proof) -> None:
    events = proof["records"][0]["events"]
    del events[10]
    for number, one in enumerate(events, 1):
        one["number"] = number


def _shrink(proof: Proof) -> None:
    """As if the last event had never been counted."""
    record = proof["records"][0]
    record["events"].pop()
    record["published"] |= {"count": record["published"]["count"] - 1, "head": record["events"][-1]["leaf"]}


ALTERED: dict[str, Callable[[Proof], None]] = {
    "first left out": _drop(0),
    "one left out": _drop(20),
    "last left out": _drop(-1),
    "numbers closed up": _renumber,
    "count made smaller": _shrink,
    "order changed": lambda proof: proof["records"][0]["events"].reverse(),
    "text changed": lambda proof: proof["records"][0]["events"][5].update(event="[1]"),
    "erased without its leaf": lambda proof: (
        proof["records"][0]["events"][5].pop("event") and proof["records"][0]["events"][5].update(leaf="00" * 32)
    ),
    "events of somebody else": lambda proof: proof["records"][0].update(events=proof["records"][1]["events"]),
    "no record at all": lambda proof: proof["records"].clear(),
    "one record twice": lambda proof: proof["records"].append(proof["records"][0]),
    "another subject": lambda proof: proof["records"][0].update(subject="00" * 16),
    "another form": lambda proof: proof.update(format="hoso-audit-proof/2"),
    "no checkpoint": lambda proof: proof.update(checkpoint=""),
    "a map that is none": lambda proof: proof.update(map=proof["records"][0]["events"][0]),
}


@pytest.mark.parametrize("altered", ALTERED)
def test_an_altered_proof_is_refused(log: AuditLog, tmp_path: Path, altered: str) -> None:
    proof = prove(log, 2, 3)
    ALTERED[altered](proof)
    code, told = check(tmp_path, proof)
    assert code == 1 and "WRONG" in told, told


def test_random_changes_are_refused(log: AuditLog, tmp_path: Path) -> None:
    proof, dice = prove(log, 4), random.Random(9)
    places = list(_leaves(proof, ()))
    for _ in range(40):
        way, value = dice.choice(places)
        changed = copy.deepcopy(proof)
        holder: Any = changed
        for step in way[:-1]:
            holder = holder[step]
        holder[way[-1]] = value + 1 if isinstance(value, int) else _other(value, dice)
        assert check(tmp_path, changed)[0] == 1, way


def _leaves(value: Any, way: tuple[Any, ...]) -> Any:
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            if way or key != "log":  # which says what to expect; the script is told the key by who runs it
                yield from _leaves(value[key], (*way, key))
    else:
        yield way, value


def _other(text: str, dice: random.Random) -> str:
    place = dice.randrange(len(text) - 2)  # the spare bits of a last base64 digit mean nothing
    return text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]


@pytest.mark.parametrize("file", ["", "{}", "[]", "null", '{"format": "hoso-audit-proof/1"}', "\x00"])
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, file: str) -> None:
    assert check(tmp_path, file)[0] == 1


def test_a_proof_of_another_log_is_refused(log: AuditLog, tmp_path: Path) -> None:
    other = str(Signer.of(SIGNER.name, bytes(32)).verifier)
    assert check(tmp_path, prove(log, 2), other)[0] == 1
    assert check(tmp_path, prove(log, 2), "x")[0] == 1


def test_an_erased_event_leaves_every_other_proof_valid(log: AuditLog, store: RecordStore, tmp_path: Path) -> None:
    row = audit.of_patient(store.engine.reader(), 2, 9, 1)[0]
    log.erase(row.seq, event(500, kind="audit-erase", action="D", reason="Hết hạn lưu"))
    log.sealer.settle()
    assert log.verify().erased == 1
    proof = prove(log, 2, 3)
    assert "event" not in proof["records"][0]["events"][9] and check(tmp_path, proof)[0] == 0


def test_what_cannot_be_erased_is_refused(log: AuditLog, store: RecordStore) -> None:
    why = event(500, kind="audit-erase", action="D")
    log.erase(7, why)
    log.sealer.settle()
    last = log.size() - 1
    for seq, reason in ((99_999, "none"), (-1, "none"), (7, "again"), (last, "kept"), (150, "kept")):
        with pytest.raises(NotErasable) as refused:
            log.erase(seq, why)
        assert refused.value.reason == reason
    assert log.verify().erased == 1


def test_the_end_of_the_log_is_looked_at_quickly(log: AuditLog, store: RecordStore) -> None:
    assert log.quick() == 301
    store.record(rows([event(1, 1)]))
    assert log.quick() == 301
    spoil(store, ("UPDATE audit_seal SET leaf = ? WHERE seq = 290", (bytes(32),)))
    with pytest.raises(Exception, match="checkpoint 301"):
        log.quick()

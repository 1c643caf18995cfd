"""A witness signs what continues all that it signed, and nothing else; what it knows outlives it."""

from __future__ import annotations

import stat
import threading
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hoso.access.audit.note import COSIGNATURE, Checkpoint, Note, Signer
from hoso.access.audit.tree import EMPTY, Growth, Listed, consistency, leaf_hash
from hoso.access.audit.watch import Broken, OtherKey, Watch
from hoso.access.audit.witness import Submission

LOG = Signer.of("hoso.audit/ward", bytes(range(32)))
OTHER = Signer.of("hoso.audit/ward", bytes(range(3, 35)))
LEAVES = [leaf_hash(bytes([n])) for n in range(40)]
FORK = [*LEAVES[:7], *(leaf_hash(b"x%d" % n) for n in range(33))]


def noon() -> datetime:
    return datetime(2026, 11, 26, 12, tzinfo=UTC)


def note(size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG) -> str:
    growth = Growth()
    for one in leaves[:size]:
        growth.append(one)
    text = str(Checkpoint(LOG.name, size, growth.root() if size else EMPTY))
    return str(Note(text, (signer.sign(text),)))


def asked(old: int, size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG) -> bytes:
    proof = tuple(consistency(Listed(leaves[:size]), old, size)) if old <= size else ()
    return str(Submission(old, proof, note(size, leaves, signer))).encode()


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    made = Watch.create(tmp_path / "w", "witness.test", bytes(range(1, 33)), noon)
    made.add(LOG.verifier)
    return made


def test_a_log_that_grows_is_cosigned_with_the_time(watch: Watch) -> None:
    for old, size in ((0, 5), (5, 5), (5, 8), (8, 33), (33, 40)):
        answer = watch.answer(asked(old, size))
        assert answer.status == 200, answer
        signature = Note(Note.parse(note(size)).text, (answer.text.rstrip("\n"),)).signed_by(watch.verifier)
        assert signature is not None and int.from_bytes(signature[:8], "big") == int(noon().timestamp())
    assert watch.verifier.algorithm == COSIGNATURE
    assert [point.size for _, point in watch.logs() if point] == [40]


def test_every_size_continues_every_smaller_one(tmp_path: Path) -> None:
    for old in range(1, 20):
        for size in range(old, 20):
            fresh = Watch.create(tmp_path / f"{old}-{size}", "witness.test", bytes(range(1, 33)), noon)
            fresh.add(LOG.verifier)
            assert [fresh.answer(asked(*step)).status for step in ((0, old), (old, size))] == [200, 200]
            assert fresh.answer(asked(size, 40, FORK)).status == (200 if size == 40 else 422 if size > 7 else 200)


def test_a_witness_that_is_ahead_says_how_far(watch: Watch) -> None:
    watch.answer(asked(0, 20))
    for body in (asked(0, 30), asked(8, 30), asked(0, 10), asked(30, 35)):
        answer = watch.answer(body)
        assert (answer.status, answer.text, answer.type) == (409, "20\n", "text/x.tlog.size")


def test_another_history_is_not_signed_and_kept_as_evidence(watch: Watch, tmp_path: Path) -> None:
    watch.answer(asked(0, 20))
    assert (watch.answer(asked(20, 20, FORK)).status, watch.answer(asked(20, 30, FORK)).status) == (409, 422)
    kept = {file.read_text("utf-8") for file in (tmp_path / "w" / "logs").glob("*.fork")}
    assert kept == {note(20, FORK), note(30, FORK)}
    assert watch.answer(asked(20, 30)).status == 200


def test_what_was_not_signed_by_a_known_log_is_refused(watch: Watch) -> None:
    stranger = note(3).replace("hoso.audit/ward", "hoso.audit/bed")
    assert watch.answer(f"old 0\n\n{stranger}".encode()).status == 404
    assert watch.answer(asked(0, 3, signer=OTHER)).status == 403
    assert watch.answer(asked(0, 3).replace(b"\n3\n", b"\n4\n")).status == 403
    assert [point for _, point in watch.logs()] == [None]


@pytest.mark.parametrize(
    "head",
    ["", "old", "old -1", "old 01", "old 1 ", "old 99999999999999999999", "old 0\nAAAA", "old 0\n!!", "old 0\n" * 2,
     "old 0" + f"\n{b64encode(bytes(32)).decode()}" * 64],
    ids=["nothing", "no-size", "below", "zeros", "blank", "huge", "short", "no-base64", "twice", "too-many"],
)  # fmt: skip
def test_nonsense_is_a_bad_request(watch: Watch, head: str) -> None:
    assert watch.answer(f"{head}\n\n{note(3)}".encode()).status == 400
    assert watch.answer(head.encode()).status == 400
    assert watch.answer(asked(5, 3)).status == 400
    assert watch.answer(b"\xff\xfe").status == 400


def test_a_false_proof_does_not_pass(watch: Watch) -> None:
    watch.answer(asked(0, 6))
    right = asked(6, 30).split(b"\n")
    for place in range(1, right.index(b"")):
        wrong = [*right[:place], b64encode(bytes(32)), *right[place + 1 :]]
        missing = [*right[:place], *right[place + 1 :]]
        assert watch.answer(b"\n".join(wrong)).status == watch.answer(b"\n".join(missing)).status == 422
    first = Submission(0, (bytes(32),), note(6))
    assert watch.answer(str(first).encode()).status == 409


def test_many_at_once_are_signed_one_after_the_other(watch: Watch, tmp_path: Path) -> None:
    """Two histories race for the same place, through handles of their own as processes have them: one is signed."""
    watch.answer(asked(0, 8))
    bodies = [asked(8, size, leaves) for size in range(9, 25) for leaves in (LEAVES, [*LEAVES[:8], *FORK[8:]])]
    statuses: list[int] = []

    def ask(body: bytes) -> None:
        statuses.append(Watch(tmp_path / "w", noon).answer(body).status)

    threads = [threading.Thread(target=ask, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * (len(bodies) - 1)


def test_what_it_knows_is_its_own_alone_and_outlives_it(watch: Watch, tmp_path: Path) -> None:
    watch.answer(asked(0, 20))
    again = Watch(tmp_path / "w", noon)
    assert again.verifier == watch.verifier and again.answer(asked(0, 30)).status == 409
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "w").rglob("*") if file.is_file()}
    assert modes == {0o600} and stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o700


def test_a_spoiled_memory_signs_nothing(watch: Watch, tmp_path: Path) -> None:
    watch.answer(asked(0, 20))
    (file,) = (tmp_path / "w" / "logs").glob("*.log")
    sound = file.read_text("utf-8")
    for text in ("", "x", sound.replace("\n20\n", "\n10\n"), sound[:-9]):
        file.write_text(text, "utf-8")
        with pytest.raises(Broken):
            watch.answer(asked(20, 30))
    (tmp_path / "w" / "key").write_text("witness.test\nzz\n")
    with pytest.raises(Broken):
        Watch(tmp_path / "w", noon)


def test_a_memory_that_cannot_be_written_signs_nothing(watch: Watch, tmp_path: Path) -> None:
    watch.answer(asked(0, 20))
    (file,) = (tmp_path / "w" / "logs").glob("*.log")
    file.with_name(f"{file.name}.new").mkdir()
    with pytest.raises(OSError):
        watch.answer(asked(20, 30))
    assert [point.size for _, point in watch.logs() if point] == [20]


def test_a_log_keeps_its_key_and_begins_anew_only_by_a_persons_act(watch: Watch, tmp_path: Path) -> None:
    watch.answer(asked(0, 20))
    watch.add(LOG.verifier)
    with pytest.raises(OtherKey):
        watch.add(OTHER.verifier)
    assert watch.answer(asked(0, 10)).status == 409
    watch.restart(LOG.verifier)
    assert watch.answer(asked(0, 10)).status == 200
    assert [file.read_text("utf-8") for file in (tmp_path / "w" / "logs").glob("*.fork")] == [note(20)]

"""Signed notes and checkpoints: what others sign and read, and what is refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hoso.access.audit.note import COSIGNATURE, BadNote, Checkpoint, Note, Signer, Verifier, opened

LOG = Signer.of("hoso.vn/node-1", bytes(range(32)))
WITNESS = Signer.of("witness.vn/so-y-te", bytes(range(1, 33)), COSIGNATURE)
POINT = Checkpoint(LOG.name, 7, bytes(range(32)))


def signed() -> Note:
    return Note(str(POINT), (LOG.sign(str(POINT)), WITNESS.sign(str(POINT), 1_767_268_800)))


def test_a_checkpoint_has_the_lines_of_the_format() -> None:
    assert str(POINT) == "hoso.vn/node-1\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    lines = str(signed()).split("\n")
    assert lines[3] == "" and lines[4].startswith("\u2014 hoso.vn/node-1 ") and lines[-1] == ""


def test_the_key_that_is_published_is_read_back() -> None:
    for signer in (LOG, WITNESS):
        assert Verifier.parse(str(signer.verifier)) == signer.verifier


def test_the_published_example_of_a_note_is_understood() -> None:
    """Of golang.org/x/mod/sumdb/note, on which the format rests."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    note = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
        "qdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert Note.parse(note).signed_by(Verifier.parse(key))


def test_a_note_signed_by_its_log_is_opened() -> None:
    note, point = opened(str(signed()), LOG.verifier)
    assert point == POINT
    signature = note.signed_by(WITNESS.verifier)
    assert signature is not None and int.from_bytes(signature[:8], "big") == 1_767_268_800


def test_a_witness_signs_the_time_along() -> None:
    signature = signed().signed_by(WITNESS.verifier)
    assert signature is not None
    text = b"cosignature/v1\ntime 1767268800\n" + str(POINT).encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.verifier.key).verify(signature[8:], text)


def test_any_changed_character_of_the_text_spoils_it() -> None:
    note = str(signed())
    for place in range(len(str(POINT))):
        other = "x" if note[place] != "x" else "y"
        with pytest.raises(BadNote):
            opened(note[:place] + other + note[place + 1 :], LOG.verifier)


@pytest.mark.parametrize(
    "note", ["", "\n\n", "a\n1\nAA==\n", "a\n\n\u2014 b\n", "a\n\nb c d\n", str(signed())[:-1], "\x00" + str(signed())]
)
def test_other_texts_are_no_checkpoint(note: str) -> None:
    with pytest.raises(BadNote):
        opened(note, LOG.verifier)


@pytest.mark.parametrize("key", ["", "a+b+c", "a+00000000+" + "A" * 44, str(LOG.verifier).replace("+", "+0", 1)])
def test_other_texts_are_no_key(key: str) -> None:
    with pytest.raises(BadNote):
        Verifier.parse(key)


def test_a_stranger_to_the_note_signed_nothing() -> None:
    stranger = Signer.of("else", bytes(32))
    assert signed().signed_by(stranger.verifier) is None
    with pytest.raises(BadNote, match="not signed"):
        opened(str(signed()), stranger.verifier)

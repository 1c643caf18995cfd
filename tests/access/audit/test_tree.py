"""Trees and proofs against RFC 9162's own definition, written down naively, and against known hashes."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoso.access.audit.tree import (
    EMPTY,
    Growth,
    Listed,
    consistency,
    extended,
    fold,
    included,
    inclusion,
    leaf_hash,
    resumed,
    root,
)

INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
"""The eight leaves that implementations of Certificate Transparency are tried with."""


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = half(len(leaves))
    return sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def half(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def defined_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of §2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    if m < k:
        return [*defined_path(m, leaves[:k]), defined_root(leaves[k:])]
    return [*defined_path(m - k, leaves[k:]), defined_root(leaves[:k])]


def defined_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of §2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [defined_root(leaves)]
    k = half(len(leaves))
    if m <= k:
        return [*defined_subproof(m, leaves[:k], whole), defined_root(leaves[k:])]
    return [*defined_subproof(m - k, leaves[k:], False), defined_root(leaves[:k])]


def leaves_of(count: int) -> list[bytes]:
    return [n.to_bytes(4, "big") for n in range(count)]


def test_the_known_trees_have_their_known_roots() -> None:
    known = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for size, expected in known.items():
        assert root(Listed([leaf_hash(data) for data in INPUTS]), size).hex() == expected


@pytest.mark.parametrize("size", [*range(1, 20), 31, 32, 33, 65])
def test_every_proof_is_the_one_that_the_rfc_defines_and_is_accepted(size: int) -> None:
    leaves = leaves_of(size)
    tree, top = Listed([leaf_hash(data) for data in leaves]), defined_root(leaves)
    assert root(tree, size) == top
    for index in range(size):
        proof = inclusion(tree, index, size)
        assert proof == defined_path(index, leaves)
        assert included(leaf_hash(leaves[index]), index, size, proof, top)
    for old in range(1, size + 1):
        proof = consistency(tree, old, size)
        assert proof == defined_subproof(old, leaves, True)
        assert extended(old, defined_root(leaves[:old]), size, top, proof)
    assert extended(0, EMPTY, size, top, consistency(tree, 0, size))


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 200), st.data())
def test_a_proof_with_anything_changed_is_refused(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    hashes = [leaf_hash(one) for one in leaves]
    tree, top = Listed(hashes), defined_root(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(tree, index, size)
    at, bit = data.draw(st.integers(0, len(proof) * 32 - 1)), data.draw(st.integers(0, 7))
    assert not included(hashes[index], index, size, flipped(proof, at, bit), top)
    assert not included(hashes[index], (index + 1) % size, size, proof, top)
    assert not included(hashes[index], index, size, proof[:-1], top)
    assert not included(hashes[index], index, size, [*proof, top], top)
    old = data.draw(st.integers(1, size - 1))
    before, path = defined_root(leaves[:old]), consistency(tree, old, size)
    at = data.draw(st.integers(0, len(path) * 32 - 1))
    assert not extended(old, before, size, top, flipped(path, at, bit))
    assert not extended(old, top, size, top, path)
    assert not extended(old, before, size, before, path)
    assert not extended(old, before, size, top, path[:-1])
    assert not extended(old, before, size, top, [*path, top])


def flipped(proof: list[bytes], at: int, bit: int) -> list[bytes]:
    changed = bytearray(proof[at // 32])
    changed[at % 32] ^= 1 << bit
    return [*proof[: at // 32], bytes(changed), *proof[at // 32 + 1 :]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.integers(0, 60))
def test_a_tree_may_be_grown_in_two_sittings(first: int, more: int) -> None:
    hashes = [leaf_hash(one) for one in leaves_of(first + more)]
    growth = resumed(Listed(hashes), first)
    for hash in hashes[first:]:
        growth.append(hash)
    assert growth.root() == defined_root(leaves_of(first + more))


def test_growing_tells_each_subtree_that_is_full() -> None:
    hashes, growth = [leaf_hash(one) for one in leaves_of(64)], Growth()
    made = [one for hash in hashes for one in growth.append(hash)]
    assert len(made) == 63
    for level, place, hash in made:
        assert hash == fold(hashes[place << level : (place + 1) << level])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion(Listed([]), index, size)


def test_a_smaller_tree_extends_no_larger_one() -> None:
    with pytest.raises(ValueError, match="extend"):
        consistency(Listed([]), 5, 4)
    assert not extended(5, EMPTY, 4, EMPTY, [EMPTY])

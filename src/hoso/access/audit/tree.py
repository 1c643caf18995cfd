"""The Merkle tree of RFC 9162 §2.1: hashes, roots, and proofs that a leaf is in a tree or that a tree only grew.

Proofs are made from hashes of complete subtrees, which a `Subtrees` finds: few are kept, the others are folded anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Protocol

EMPTY = sha256(b"").digest()


class Subtrees(Protocol):
    def subtree(self, level: int, place: int) -> bytes:
        """The hash over the leaves from `place << level`, 2 ** `level` of them, all of which exist."""


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(tree: Subtrees, size: int) -> bytes:
    return _range(tree, 0, size) if size else EMPTY


def inclusion(tree: Subtrees, index: int, size: int) -> list[bytes]:
    """The hashes beside the way from a leaf up to the root, lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_range(tree, middle, end))
            end = middle
        else:
            proof.append(_range(tree, begin, middle))
            begin = middle
    return proof[::-1]


def consistency(tree: Subtrees, old: int, new: int) -> list[bytes]:
    """What shows that the first `old` leaves of the tree of `new` are the tree of `old`."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not extend one of {old}")
    if old in (0, new):
        return []
    proof, begin, end, whole = [], 0, new, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(_range(tree, middle, end))
            end = middle
        else:
            proof.append(_range(tree, begin, middle))
            begin, whole = middle, False
    if not whole:
        proof.append(_range(tree, begin, end))
    return proof[::-1]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Checks an inclusion proof (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for hash in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(hash, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, hash)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def extended(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Checks a consistency proof (RFC 9162 §2.1.4.2). Any tree extends the empty one."""
    if old == 0:
        return not proof and old_root == EMPTY and new >= 0
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for hash in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(hash, first), node_hash(hash, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, hash)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class Growth:
    """A tree that grows leaf by leaf and remembers only the roots of its complete subtrees, largest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self._peaks = size, list(peaks)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Answers the subtrees that this leaf completed: (level, place, hash)."""
        found, level, made = leaf, 0, []
        while self.size >> level & 1:
            found = node_hash(self._peaks.pop(), found)
            level += 1
            made.append((level, self.size >> level, found))
        self._peaks.append(found)
        self.size += 1
        return made

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def resumed(tree: Subtrees, size: int) -> Growth:
    """A tree of this size, to go on with."""
    peaks, begin = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            peaks.append(tree.subtree(level, begin >> level))
            begin += 1 << level
    return Growth(size, peaks)


class Listed:
    """Subtrees of leaves that are all at hand."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [list(leaves)]

    def subtree(self, level: int, place: int) -> bytes:
        while len(self._levels) <= level:
            below = self._levels[-1]
            self._levels.append([node_hash(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)])
        return self._levels[level][place]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over 2 ** n neighbours."""
    found = list(hashes)
    while len(found) > 1:
        found = [node_hash(found[n], found[n + 1]) for n in range(0, len(found), 2)]
    return found[0]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _range(tree: Subtrees, begin: int, end: int) -> bytes:
    count = end - begin
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return tree.subtree(level, begin >> level)
    middle = begin + _split(count)
    return node_hash(_range(tree, begin, middle), _range(tree, middle, end))

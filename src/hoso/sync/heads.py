"""Which versions of a resource are its heads: those no other was built on. A pure question about a set.

So the answer is the same in whatever order the versions came, and whether or not a base is here yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from hoso.sync.ledger import Version


def heads(versions: Iterable[Version]) -> list[Version]:
    """The heads, by their change, which is the same order on every node."""
    present = list(versions)
    built_on = {base for version in present for base in version.header.bases}
    found = [version for version in present if version.header.change not in built_on]
    return sorted(found, key=lambda version: version.header.change)

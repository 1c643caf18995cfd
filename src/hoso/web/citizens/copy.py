"""A record as one file: a FHIR Bundle written as its parts come, however long the record is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hoso.access import Version


def bundle(versions: Iterable[Version]) -> Iterator[bytes]:
    """A collection; deletions are left out, their versions stay in the log of changes."""
    yield b'{"resourceType":"Bundle","type":"collection","entry":['
    first = True
    for version in versions:
        if not version.deleted:
            yield b'%s{"resource":%s}' % (b"" if first else b",\n", version.body)
            first = False
    yield b"]}\n"

"""Reads the definitions out of a FHIR package (.tgz), a folder's files or one JSON file; nothing is unpacked to disk.

Whatever a member is called, it is only read: a name that climbs out of the archive leads nowhere. Bombs are stopped
while they unpack.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from hoso.core.errors import Refused
from hoso.fhir.json import parse

KEPT = ("StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "NamingSystem", "SearchParameter")
MOST_FILES = 50_000
MOST_BYTES = 1_000_000_000
LARGEST = 64_000_000


class Broken(ValueError):
    """`where` names the file, `reason` is a key of the command's texts, `more` fills its blanks."""

    def __init__(self, where: str, reason: str, refused: Refused | None = None) -> None:
        super().__init__(f"{where}: {reason}")
        self.where, self.reason, self.refused = where, reason, refused


def definitions_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """File name and definition, in order. Raises Broken; OSError for what cannot be opened."""
    for name, body in _files(path):
        if not body.strip():
            continue
        try:
            tree = parse(body)
        except Refused as refused:
            raise Broken(name, "unreadable", refused) from None
        if tree["resourceType"] in KEPT and isinstance(tree.get("url"), str):
            yield name, tree


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            if file.is_symlink() or not _wanted(file.name):
                continue
            if file.stat().st_size > LARGEST:
                raise Broken(str(file), "large")
            yield str(file), file.read_bytes()
    elif path.suffix == ".json":
        if path.stat().st_size > LARGEST:
            raise Broken(str(path), "large")
        yield str(path), path.read_bytes()
    else:
        yield from _members(path)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    try:
        with gzip.open(path) as unpacked, tarfile.open(fileobj=cast(IO[bytes], _Bounded(unpacked)), mode="r|") as tar:
            for count, member in enumerate(tar):
                if count >= MOST_FILES:
                    raise Broken(str(path), "many")
                folder, _, name = member.name.removeprefix("./").rpartition("/")
                if not member.isfile() or not _wanted(name) or "/" in folder:
                    continue  # examples and other things of the guide stand in folders below
                total += member.size
                if member.size > LARGEST or total > MOST_BYTES:
                    raise Broken(member.name, "large")
                file = tar.extractfile(member)
                if file is not None:
                    yield member.name, file.read()
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise Broken(str(path), "no-package") from fault


def _wanted(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".") and name != "package.json"


class _Bounded:
    """Stops an archive that unpacks to more than any package holds."""

    def __init__(self, source: gzip.GzipFile) -> None:
        self._source, self._left = source, MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(part)
        if self._left < 0:
            raise Broken(str(self._source.name), "large")
        return part

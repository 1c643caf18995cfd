"""Packages of public examples: from a folder, else once from npm into build/suites, taken only with the known hash."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

Files = Callable[[], Iterator[tuple[str, bytes]]]
"""Name within the package → content, of its JSON files."""


class Missing(Exception):
    """The suite is not in the folder and cannot be fetched."""


class Package(NamedTuple):
    spec: str
    sha512: str

    @property
    def name(self) -> str:
        return self.spec.partition("@")[0]


def fetched(package: Package, folder: Path | None, cache: Path) -> Files:
    for place in sorted(folder.glob(f"{package.name}*")) if folder is not None else ():
        if place.is_dir():
            return lambda place=place: _of_folder(place)  # type: ignore[misc]
        if place.suffix == ".tgz":
            return lambda place=place: _of_archive(place)  # type: ignore[misc]
    kept = cache / f"{package.spec.replace('@', '-')}.tgz"
    if not kept.is_file():
        _keep(package, kept)
    return lambda: _of_archive(kept)


def _keep(package: Package, target: Path) -> None:
    if shutil.which("npm") is None:
        raise Missing("npm is not installed (Debian package 'npm'), nor is the package in SUITES")
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["npm", "pack", package.spec], cwd=folder, capture_output=True, text=True)
        if packed.returncode:
            raise Missing(f"npm cannot fetch {package.spec}: {packed.stderr.strip().splitlines()[-1:]}")
        content = (Path(folder) / packed.stdout.split()[-1]).read_bytes()
    if hashlib.sha512(content).digest() != b64decode(package.sha512):
        raise Missing(f"{package.spec} is not what it was: its hash differs")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(target)


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*.json")):
        yield file.relative_to(folder).as_posix(), file.read_bytes()


def _of_archive(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() and member.name.endswith(".json") else None
            if content is not None:
                yield member.name, content.read()

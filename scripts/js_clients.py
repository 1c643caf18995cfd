"""Fetches the JavaScript FHIR clients for the browser tests, by name and version, each only with its known hash.

They are not part of the repository and of nothing that is shipped. Prints the name of each and
its folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import NamedTuple


class Package(NamedTuple):
    spec: str
    sha512: str
    within: str
    """The folder of its scripts."""


PACKAGES = {
    "fhir-kit-client": Package(
        "fhir-kit-client@2.0.3",
        "Fz6Uuu5AmbbPCG2gY/0IJuGh5GVrdZGZuVAVWWV2KmlGwHRqbAU6JAX0swUOL9zid4r9LvmAQzsKe/jvY1pjmQ==",
        "package/dist",
    ),
    "medplum": Package(
        "@medplum/core@5.2.13",
        "iAchF30F6z+iyzqxU4cxG26Vf7jluMic1jcgjyOQ/wdCkG8unx2Adn5B3EIs1gumRpXPDkqgofnPo0yheZC5qQ==",
        "package/dist/esm",
    ),
    "smart": Package(
        "fhirclient@2.6.3",
        "CirZixcwWelbkIXxpxlNQx5+ZdJirl6F1s4y4yvA1X7hHAkr9n99aVHaMi0wX+97nATjKQ65X6NB5as/wZoJzg==",
        "package/build",
    ),
}
TARGET = Path(__file__).parents[1] / "build" / "js-clients"


def main() -> int:
    missing = {name: package for name, package in PACKAGES.items() if not kept(name, package).is_dir()}
    if missing and shutil.which("npm") is None:
        install()
    for name, package in missing.items():
        TARGET.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TARGET) as folder:
            taken(packed(package, Path(folder)), package, kept(name, package))
    for name, package in PACKAGES.items():
        print(name, kept(name, package))
    return 0


def kept(name: str, package: Package) -> Path:
    return TARGET / f"{name}-{package.spec.rpartition('@')[2]}"


def packed(package: Package, folder: Path) -> Path:
    out = subprocess.run(["npm", "pack", package.spec], cwd=folder, check=True, capture_output=True, text=True)
    return folder / out.stdout.split()[-1]


def install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit("npm is missing: install the Debian package 'npm' to run the browser tests of SMART")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "npm"], check=True, stdout=subprocess.DEVNULL)


def taken(archive: Path, package: Package, target: Path) -> None:
    if hashlib.sha512(archive.read_bytes()).digest() != b64decode(package.sha512):
        sys.exit(f"{package.spec} is not what it was: its hash differs")
    with tarfile.open(archive) as tar:
        tar.extractall(archive.parent, filter="data")
    try:
        (archive.parent / package.within).rename(target)
    except OSError:
        if not target.is_dir():  # else another was quicker
            raise


if __name__ == "__main__":
    sys.exit(main())

"""Fetches the SMART JS client for the browser tests, by name and version, and takes it only with the known hash.

It is not part of the repository and of nothing that is shipped. Prints where it is.
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

PACKAGE = "fhirclient@2.6.3"
SHA512 = "CirZixcwWelbkIXxpxlNQx5+ZdJirl6F1s4y4yvA1X7hHAkr9n99aVHaMi0wX+97nATjKQ65X6NB5as/wZoJzg=="
MEMBER = "package/build/fhir-client.js"
TARGET = Path(__file__).parents[1] / "build" / "smart-client-2.6.3.js"


def main() -> int:
    if not TARGET.is_file():
        TARGET.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            taken(packed(Path(folder)))
    print(TARGET)
    return 0


def packed(folder: Path) -> Path:
    if shutil.which("npm") is None:
        install()
    out = subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    return folder / out.stdout.split()[-1]


def install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit("npm is missing: install the Debian package 'npm' to run the browser tests of SMART")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "npm"], check=True, stdout=subprocess.DEVNULL)


def taken(package: Path) -> None:
    if hashlib.sha512(package.read_bytes()).digest() != b64decode(SHA512):
        sys.exit(f"{PACKAGE} is not what it was: its hash differs")
    with tarfile.open(package) as tar:
        member = tar.extractfile(MEMBER)
        assert member is not None
        fresh = TARGET.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(member.read())
        fresh.replace(TARGET)


if __name__ == "__main__":
    sys.exit(main())

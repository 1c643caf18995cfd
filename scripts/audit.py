"""`make audit`: what the package is made of (SBOM), whether its licences allow it, and whether holes in it are known.

Ends with 0 when all is well, 1 when something was found, 3 when nobody could be asked about holes: that is no green.
The SBOM (CycloneDX 1.6) is written in any case. Licences are those that the installed packages say of themselves.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-data.lock")
TOOL = ROOT / "build" / "audit" / "bin" / "pip-audit"
SERVICES = ("pypi", "osv")
FOUND, UNASKED = 1, 3

ALLOWED = frozenset(
    (
        "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD", "ISC", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT",
        "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Zlib", "any-OSI",
    )
)  # fmt: skip
"""LGPL: libraries that are imported as they are, and that whoever runs HoSo may replace. No GPL, no AGPL."""

CLASSIFIERS = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "ISC License (ISCL)": "ISC",
}
STATED = {
    "apsw-sqlite3mc": "any-OSI",
    "axe-playwright-python": "MIT",
    "fhirpy": "MIT",
    "fido2": "BSD-2-Clause AND MPL-2.0",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "qrcode": "BSD-3-Clause",
}
"""Read by us in the package itself, because its metadata says it in no form that a program could judge."""

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.M)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Locked:
    name: str
    version: str
    lock: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Holes:
    """`known`: a line for each; `unasked`: packages of which nobody said anything."""

    known: Sequence[str]
    unasked: Sequence[str]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(files: Iterable[Path]) -> list[Locked]:
    """Every package of the lock files, in the first that names it."""
    found: dict[str, Locked] = {}
    for file in files:
        text = file.read_text("utf-8")
        pins = [*_PIN.finditer(text)]
        for pin, following in zip(pins, [*pins[1:], None], strict=True):
            block = text[pin.end() : following.start() if following else None]
            name = normal(pin.group(1))
            found.setdefault(name, Locked(name, pin.group(2), file.name, tuple(_HASH.findall(block))))
    return sorted(found.values(), key=lambda one: one.name)


def licence(distribution: Distribution) -> str:
    """As an expression of SPDX where the package says one; "" when it says nothing to be judged by."""
    about = distribution.metadata
    name = normal(about["Name"])
    if name in STATED:
        return STATED[name]
    if expression := about.get("License-Expression"):
        return str(expression)
    said = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or () if one.startswith("License ::")]
    if said:
        return " AND ".join(CLASSIFIERS.get(one, one.replace(" ", "-")) for one in said)
    line = str(about.get("License") or "").strip()
    return line if line and len(line) < 40 and "\n" not in line else ""


def allowed(expression: str) -> bool:
    """Every licence of it is on the list; of "A OR B" one of them is enough."""
    every = re.split(r"\bAND\b", expression.replace("(", " ").replace(")", " "))
    return all(any(_listed(one) for one in re.split(r"\bOR\b", either)) for either in every)


def _listed(text: str) -> bool:
    return text.strip() in ALLOWED


def faults(packages: Sequence[Locked], licences: dict[str, str]) -> list[str]:
    """A line for each package whose licence is not allowed, or not known."""
    found = []
    for one in packages:
        if one.name not in licences:
            found.append(f"{one.name} {one.version} is not installed here, so its licence is not known")
        elif not allowed(licences[one.name]):
            found.append(f"{one.name} {one.version}: licence {licences[one.name] or 'not told'} is not on the list")
    return found


def sbom(packages: Sequence[Locked], licences: dict[str, str], now: datetime) -> dict[str, Any]:
    serial = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(one.purl for one in packages))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": now.isoformat(timespec="seconds"),
            "component": {"type": "application", "bom-ref": "hoso", "name": "hoso", "licenses": _said("Apache-2.0")},
        },
        "components": [_component(one, licences.get(one.name, "")) for one in packages],
    }


def _component(one: Locked, expression: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        "scope": "required" if one.lock == LOCKS[0] else "excluded",
        "hashes": [{"alg": "SHA-256", "content": text} for text in one.hashes],
        "properties": [{"name": "hoso:lock", "value": one.lock}],
    }
    return made | ({"licenses": _said(expression)} if expression else {})


def _said(expression: str) -> list[dict[str, Any]]:
    """As an expression; "BSD" and "any-OSI" are no identifiers of SPDX, and neither is what is not allowed."""
    plain = expression in ("BSD", "any-OSI") or not allowed(expression)
    return [{"license": {"name": expression}}] if plain else [{"expression": expression}]


def holes(tool: Path, packages: Sequence[Locked], files: Sequence[Path]) -> Holes:
    """Asks one service after the other until one has answered for every package."""
    best = Holes([], [one.name for one in packages])
    for service in SERVICES:
        found = _asked(tool, service, packages, files)
        if found is not None and len(found.unasked) <= len(best.unasked):
            best = found
        if not best.unasked:
            break
    return best


def _asked(tool: Path, service: str, packages: Sequence[Locked], files: Sequence[Path]) -> Holes | None:
    """None when there was no answer at all. A package that was passed over counts as not asked about."""
    named = [word for file in files for word in ("-r", str(file))]
    command = [
        str(tool),
        *named,
        "--no-deps",
        "--disable-pip",
        "-f",
        "json",
        "-s",
        service,
        "--progress-spinner",
        "off",
    ]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
        told = json.loads(ran.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    answered = {normal(one["name"]): one for one in told if "skip_reason" not in one}
    known = [
        f"{name} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
        for name, one in sorted(answered.items())
        for hole in one.get("vulns", ())
    ]
    return Holes(known, [one.name for one in packages if one.name not in answered])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, action="append", help="a lock file (default: those of the repository)")
    parser.add_argument("--site", type=Path, help="where the packages are installed (default: this Python)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "sbom.cdx.json")
    parser.add_argument("--tool", type=Path, default=TOOL, help="pip-audit")
    args = parser.parse_args(arguments)
    files = args.lock or [ROOT / name for name in LOCKS]
    packages = locked(files)
    installed = distributions(path=[str(args.site)]) if args.site else distributions()
    licences = {normal(one.metadata["Name"]): licence(one) for one in installed}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(sbom(packages, licences, datetime.now(UTC)), indent=1) + "\n", "utf-8")
    print(f"{args.out}: {len(packages)} packages")
    wrong = faults(packages, licences)
    found = holes(args.tool, packages, files)
    for line in [*wrong, *found.known]:
        print(f"FOUND  {line}")
    if found.unasked:
        print(
            f"NOT ASKED  of {len(found.unasked)} packages nobody could say whether holes in them are known "
            f"(no network, or a mirror without that service): {' '.join(found.unasked[:8])} ..."
        )
    if wrong or found.known:
        return FOUND
    if found.unasked:
        return UNASKED
    print("Licences are allowed and no hole is known.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

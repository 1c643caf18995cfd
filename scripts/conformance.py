"""Holds HoSo against public suites and writes build/conformance.json: HL7's FHIRPath cases, R4's and IPS's examples.

The examples are read and validated, and taken to XML and back; those of IPS are held against its profiles. A suite
is taken from the folder given (a subfolder, or the package as .tgz), else from npm by name, version and hash.
Ends with 1 when a suite is below its budget, with 3 when one was "not attempted": neither there nor to be had.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

from conformance_examples import examples
from conformance_fetch import Missing, Package, fetched
from conformance_fhirpath import fhirpath
from conformance_profiles import profiles
from conformance_rows import Row, Suite
from conformance_summary import summaries
from conformance_xml import round_trip

BUILD = Path(__file__).resolve().parents[1] / "build"
R4 = Package(
    "hl7.fhir.r4.examples@4.0.1",
    "DXBdIZOeQaSKIgCU7w6HOC7sw/6BzylmipLkBW4f//pT+Bc94x+8LImwTdvaNThPJoOzpBzvxAzNqjeu3X/zLw==",
)
IPS = Package(
    "hl7.fhir.uv.ips@2.0.0",
    "4PWToJ9b1FgXsm9DIvHiU6HO9Z5m75jxk0e0MXOmhFlf2m2slk/d6RoiSYIChKJlvmtJ7GbRftt7PphlwmZcbQ==",
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, nargs="?", help="where suites were put by hand")
    options.add_argument("--out", type=Path, default=BUILD / "conformance.json", help="where the report goes")
    options.add_argument("--failures", action="store_true", help="print each case that is not right")
    chosen = options.parse_args()
    suites = [
        fhirpath(chosen.folder / "fhirpath" if chosen.folder is not None else None),
        *(
            suite
            for name, package in (("r4_examples", R4), ("ips_examples", IPS))
            for suite in _examples(name, package, chosen.folder)
        ),
    ]
    for suite in suites:
        _print(suite, chosen.failures)
    rows = [row for suite in suites for row in suite.rows]
    _write(rows, chosen.out)
    print()
    for row in rows:
        print(f"{'ok ' if row.ok else 'NOT'} {row.name}: {row.figure if row.figure is not None else '-'} {row.unit}")
    if any(row.figure is not None and not row.ok for row in rows):
        return 1
    return 0 if all(row.ok for row in rows) else 3


def _examples(name: str, package: Package, folder: Path | None) -> list[Suite]:
    try:
        files = fetched(package, folder, BUILD / "suites")
    except Missing as fault:
        unit = f"not attempted: {fault}"
        rows = [Row(f"{name}.{one}", None, unit, 10, None, False) for one in ("false_alarms", "xml_round_trip")]
        if package is IPS:
            rows.append(Row("ips_profiles.false_alarms", None, unit, 0, None, False))
            rows.append(Row("ips_summary.wrong", None, unit, 0, None, False))
        return [Suite(name, {}, rows, [])]
    guides = [profiles("ips_profiles", files), summaries(files)] if package is IPS else []
    return [examples(name, files), round_trip(name, files), *guides]


def _print(suite: Suite, failures: bool) -> None:
    print(f"\n{suite.name}: {'group':<40}{'pass':>7}{'fail':>6}{'not attempted':>15}")
    for group, counts in suite.groups.items():
        print(f"  {group:<{len(suite.name) + 40}}{counts.right:>7}{counts.wrong:>6}{counts.left_out:>15}")
    for line in suite.failures if failures else ():
        print(f"  {line}")


def _write(rows: list[Row], target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    report = {
        "machine": platform.platform(),
        "command": " ".join(sys.argv),
        "rows": [row._asdict() for row in rows],
    }
    target.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""A long spreadsheet: `python -m bench.sheet [--rows N] [--bad SHARE] [--kills K] [--seconds S]`.

Writes a workbook of laboratory results with bad rows at known places, loads it with `hoso sheet load`, kills that on
the way and goes on. Prints the largest memory of each stage, its processor time, and whether every bad row is in the
sheet of rejects. `--rows 1000000` is the whole of it; `--seconds` ends the storing after so long.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from bench.node import HOSO, cpu_seconds, make, run

HEAD = ("Mã BN", "Họ tên", "Ngày sinh", "Giới tính", "Ngày xét nghiệm", "Tên xét nghiệm", "Kết quả", "Đơn vị")
PERSONS = 1_000
TESTS = ("Glucose", "Creatinin", "Ure", "Cholesterol", "Triglycerid", "AST", "ALT", "HbA1c")
NAMES = ("An", "Bình", "Chi", "Dung", "Giang", "Hà", "Khánh", "Linh", "Mai", "Nga")


@dataclass(slots=True)
class Ran:
    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    out: str = ""
    ended: bool = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--bad", type=float, default=0.03)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        wrong = write(work / "a.xlsx", args.rows, args.bad)
        print(f"sheet        {args.rows:>9,} rows, {len(wrong):,} bad, {(work / 'a.xlsx').stat().st_size >> 20} MB")
        make(work / "node", None)
        run("facility", "add", "--data", work / "node", "--code", "01001", "--kind", "regional", "--name", "Bệnh viện")
        command = [
            "sheet",
            "load",
            "--data",
            work / "node",
            "--facility",
            "01001",
            "--kind",
            "results",
            "--yes",
            "--json",
        ]
        for _ in range(args.kills):
            _tell("killed", ran(*command, work / "a.xlsx", kill=args.rows / 2_000 + 3))
        loaded = ran(*command, work / "a.xlsx", limit=args.seconds)
        _tell("loaded" if loaded.ended else "broken off", loaded)
        [deposit] = [
            line.split()[0] for line in run("inbox", "list", "--data", work / "node").splitlines() if "sheet" in line
        ][:1]
        rejects = ran("sheet", "rejects", "--data", work / "node", "--json", "--out", work / "b.xlsx", deposit)
        _tell("rejects", rejects)
        found = {int(text.rpartition(":")[2]) for text in _texts(work / "b.xlsx") if text.startswith(f"{deposit}:")}
        missing = wrong - found
        told = f"{len(wrong & found):,} of {len(wrong):,} in the report, {len(found - wrong)} good ones among them"
        print(f"bad rows     {told}")
        if loaded.ended and (missing or found - wrong):
            raise SystemExit(f"missing {sorted(missing)[:10]}, too many {sorted(found - wrong)[:10]}")


def write(file: Path, rows: int, bad: float) -> set[int]:
    """The workbook, a row at a time; the numbers of the rows that cannot go in."""
    step = max(1, round(1 / bad)) if bad else rows + 2
    wrong = {number for number in range(2, rows + 2) if number % step == 0}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, text in _PARTS.items():
            book.writestr(name, text)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f"<worksheet {_MAIN}><sheetData>".encode())
            sheet.write(_line(1, HEAD))
            for number in range(2, rows + 2):
                sheet.write(_line(number, _cells(number, number in wrong)))
            sheet.write(b"</sheetData></worksheet>")
    return wrong


def _cells(number: int, bad: bool) -> tuple[str, ...]:
    one, at = number % PERSONS, number // PERSONS
    name = f"Nguyễn {NAMES[one // 100]} {NAMES[one // 10 % 10]} {NAMES[one % 10]}"
    born = f"{1 + one % 28:02}/{1 + one % 12:02}/{1950 + one % 60}"
    day = "31/02/2026" if bad else f"{1 + at % 28:02}/{1 + at // 28 % 9:02}/{2020 + at // 252 % 6}"
    return (
        f"B{one}",
        name,
        born,
        "Nam" if one % 2 else "Nữ",
        day,
        TESTS[number % 8],
        f"{number % 90 / 10 + 1:.1f}",
        "mmol/L",
    )


def _line(number: int, cells: tuple[str, ...]) -> bytes:
    inside = "".join(f'<c t="inlineStr"><is><t>{escape(one)}</t></is></c>' for one in cells)
    return f'<row r="{number}">{inside}</row>'.encode()


def ran(*arguments: object, kill: float = 0.0, limit: float = 0.0) -> Ran:
    """A command with what it cost; `kill` ends it hard after so many seconds, `limit` asks it to stop."""
    done, started = Ran(), time.monotonic()
    with (
        tempfile.TemporaryFile() as out,
        subprocess.Popen([HOSO, *map(str, arguments)], stdout=out, stderr=subprocess.DEVNULL) as process,
    ):
        while process.poll() is None:
            done.peak, done.cpu = max(done.peak, _peak(process.pid)), _cpu(process.pid, done.cpu)
            past = time.monotonic() - started
            if (kill and past > kill) or (limit and past > limit):
                done.ended = False
                process.send_signal(signal.SIGKILL)
                process.wait()
            time.sleep(0.05)
        done.seconds = time.monotonic() - started
        out.seek(0)
        done.out = out.read().decode()
    return done


def _peak(pid: int) -> int:
    """Bytes that the process had at most."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def _cpu(pid: int, before: float) -> float:
    try:
        return max(before, cpu_seconds([pid]))
    except OSError:
        return before


def _tell(what: str, one: Ran) -> None:
    told = ""
    if one.out.startswith("{"):
        told = json.dumps(json.loads(one.out).get("counts") or json.loads(one.out))[:160]
    print(
        f"{what:<12} {one.seconds:>8.1f} s  {one.cpu:>7.1f} s CPU  {one.peak >> 20:>5} MB at most  {told}", flush=True
    )


def _texts(file: Path) -> Iterator[str]:
    """The cells of the sheet of rejects, by its own reader."""
    from hoso.exchange.sheets.table import read

    with file.open("rb") as stream:
        for row in read(stream, file.name).main.rows():
            yield from row.texts


_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>',
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_REL}">'
    '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    '<Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
}


if __name__ == "__main__":
    main()

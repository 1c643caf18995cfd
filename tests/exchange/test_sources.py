"""Files of every kind become units with true places, in bounded memory, whatever somebody made of them."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hoso.exchange import sources
from hoso.exchange.sources import Unit, Unreadable

ONE = b'{"resourceType":"Patient","id":"a"}'
PRETTY = b'{\n  "resourceType": "Patient",\n  "id": "a"\n}\n'


def units(path: Path) -> list[Unit]:
    found = list(sources.read(path))
    assert all(isinstance(one, Unit) for one in found), found
    return [one for one in found if isinstance(one, Unit)]


def refusal(path: Path) -> Unreadable:
    (one,) = sources.read(path)
    assert isinstance(one, Unreadable)
    return one


def test_a_pretty_printed_document_is_one_unit_with_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(PRETTY)
    (unit,) = units(file)
    assert unit.data == PRETTY and unit.line is None


def test_ndjson_is_cut_into_pieces_whose_lines_can_be_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"\n" + (ONE + b"\n\n") * 300)
    found = units(file)
    assert len(found) == 3
    for unit in found:
        assert unit.line is not None
        lines = file.read_bytes().split(b"\n")[unit.line - 1 :]
        assert unit.data.split(b"\n")[0] == lines[0]
    assert b"".join(unit.data for unit in found) == file.read_bytes().lstrip(b"\n")


@pytest.mark.parametrize("name", ["a.json", "a", 'a.json.gz"', "a.txt"])
def test_what_a_file_is_its_first_bytes_say(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(ONE + b"\n" + ONE))
    (unit,) = units(file)
    assert unit.data == ONE + b"\n" + ONE


def test_a_zip_gives_its_members_under_names_that_are_only_shown(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../etc/passwd", ONE)
        archive.writestr("inner.json.gz", gzip.compress(PRETTY))
        archive.writestr("folder/", b"")
    found = units(file)
    assert [unit.source.rpartition("!")[2] for unit in found] == ["../../etc/passwd", "inner.json.gz"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}


def test_control_characters_in_a_name_are_not_sent_to_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a\x1b[2Jb.json", ONE)
    (unit,) = units(file)
    assert "\x1b" not in unit.source


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"\xef\xbb\xbf" + PRETTY)
    assert units(file)[0].data == PRETTY


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "load.empty"),
        (b" \n\n ", "load.empty"),
        ("\ufeff{}".encode("utf-16-le"), "load.utf16"),
        (gzip.compress(ONE * 1000, mtime=0)[:40], "load.archive"),
        (gzip.compress(gzip.compress(gzip.compress(ONE, mtime=0), mtime=0), mtime=0), "load.nesting"),
        (b"PK\x03\x04 no zip at all", "load.archive"),
        (b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>', "xml.cda"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, key: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(content)
    assert refusal(file).key == key


def test_a_zip_inside_a_zip_is_refused(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.json", ONE)
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("b.zip", inner.getvalue())
    assert refusal(file).key == "load.nesting"


def test_a_bomb_is_left_before_it_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "EXPANSION_FLOOR", 1 << 20)
    file = tmp_path / "a.gz"
    file.write_bytes(gzip.compress(b" " * (8 << 20)))
    assert refusal(file).key == "load.bomb"


def test_a_line_longer_than_any_record_is_left_out_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "UNIT_BYTES", 1_000)
    file = tmp_path / "a.ndjson"
    file.write_bytes(ONE + b"\n" + b'{"x":"' + b"y" * 5_000 + b'"}\n' + ONE + b"\n")
    first, bad, last = sources.read(file)
    assert isinstance(first, Unit) and isinstance(last, Unit) and last.line == 3
    assert isinstance(bad, Unreadable) and bad.line == 2


def test_a_folder_gives_records_in_order_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    for name, content in (("b.json", ONE), ("a", b" \n" + ONE), ("read me.md", b"# no"), (".hidden.json", ONE)):
        (tmp_path / name).write_bytes(content)
    taken, skipped = sources.files([tmp_path])
    assert [path.name for path in taken] == ["a", "b.json"]
    assert [path.name for path in skipped] == ["read me.md"]


def test_the_answers_beside_an_invented_population_are_no_records(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text('{"people": []}', "utf-8")
    assert sources.files([tmp_path]) == ([], [tmp_path / "truth.json"])


def test_the_costs_of_the_units_add_up_to_the_files_size(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes((ONE + b"\n") * 1_000)
    assert sum(unit.cost for unit in sources.read(file)) == file.stat().st_size


def test_what_may_not_be_opened_is_told_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "in" / "closed").mkdir(parents=True)
    for name in ("in/closed/a.json", "in/unread", "in/open.json"):
        (tmp_path / name).write_bytes(ONE)
    (tmp_path / "in" / "gone.json").symlink_to(tmp_path / "nowhere")
    program = """
import os, sys
from pathlib import Path
from hoso.exchange import sources
for name in ("closed", "unread"):
    os.chmod(Path(sys.argv[1], name), 0)
os.chmod(Path(sys.argv[1]).parent, 0o755)
os.setgroups([]), os.setuid(65534)
taken, _ = sources.files([Path(sys.argv[1])])
print([(file.name, [getattr(one, "values", {}).get("reason") for one in sources.read(file)]) for file in taken])
"""
    if os.getuid() == 0:
        for folder in tmp_path.parents:
            if folder.name.startswith(("pytest-", "popen-")):
                folder.chmod(0o755)
    else:
        program = program.replace("os.setgroups([]), os.setuid(65534)", "")
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "in")], capture_output=True, text=True)
    (tmp_path / "in" / "closed").chmod(0o755)
    assert done.stdout.strip() == str(
        [
            ("closed", ["Permission denied"]),
            ("gone.json", ["No such file or directory"]),
            ("open.json", [None]),
            ("unread", ["Permission denied"]),
        ]
    ), done.stderr

"""`hoso facility` and the roles of `hoso user`, by the real command."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.serving import hoso

from hoso import compose


@pytest.fixture
def node(tmp_path: Path) -> Path:
    compose.create(tmp_path / "node")
    return tmp_path / "node"


def facility(node: Path, *arguments: object) -> tuple[int, str, str]:
    done = hoso("--lang", "en", "facility", *map(str, arguments), "--data", node)
    return done.returncode, done.stdout, done.stderr


def test_a_tree_is_built_listed_moved_and_closed(node: Path) -> None:
    assert facility(node, "add", "--code", "SYT35", "--kind", "health_department", "--name", "Sở Y tế")[0] == 0
    added = facility(node, "add", "--code", "35001", "--kind", "regional", "--name", "Bệnh viện", "--under", "SYT35")
    assert added[:2] == (0, "added 35001: Bệnh viện\n")
    assert facility(node, "add", "--code", "35101", "--kind", "station", "--name", "Trạm", "--under", "35001")[0] == 0
    assert facility(node, "list")[1].splitlines() == [
        "SYT35\thealth_department\tSở Y tế", "  35001\tregional\tBệnh viện", "    35101\tstation\tTrạm",
    ]  # fmt: skip
    assert facility(node, "move", "35101", "--under", "SYT35")[0] == 0
    assert facility(node, "rename", "35101", "--name", "Trạm Y tế")[0] == 0
    assert "stands: Sở Y tế > Trạm Y tế" in facility(node, "show", "35101")[1]
    assert facility(node, "close", "35101")[0] == 0
    assert "\tclosed" in facility(node, "list")[1]
    again = facility(node, "add", "--code", "35001", "--kind", "clinic", "--name", "Hai")
    assert again[0] == 1 and "There is a facility with the number 35001 already." in again[2]
    assert facility(node, "show", "99999")[0] == 1


def test_a_list_with_a_wrong_line_adds_nothing_and_says_which(node: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("code,kind,name\n35001,regional,Một\n35002,hospital,Hai\n", "utf-8")
    code, _, errors = facility(node, "import", file)
    assert code == 1 and f"{file}, line 3: There is no kind" in errors and "nothing was added" in errors
    assert facility(node, "list")[1] == ""
    file.write_text("code,kind,name\n35001,regional,Một\n", "utf-8")
    assert facility(node, "import", file)[:2] == (0, "added 1, on record already 0, refused 0\n")
    assert facility(node, "import", file)[:2] == (0, "added 0, on record already 1, refused 0\n")
    assert facility(node, "import", tmp_path / "nothing.csv")[0] == 1


def test_places_of_a_facility_are_added_inside_each_other_renamed_and_closed(node: Path) -> None:
    facility(node, "add", "--code", "35002", "--kind", "clinic", "--name", "Phòng khám")
    done = facility(node, "add-location", "35002", "--name", "Nhà A", "--kind", "bu")
    assert done[0] == 0
    house = done[1].split(", ")[1].rstrip(".\n")
    room = facility(node, "add-location", "35002", "--name", "Phòng 1", "--kind", "ro", "--inside", house)
    assert room[0] == 0
    id = room[1].split(", ")[1].rstrip(".\n")
    listed = facility(node, "locations", "35002")[1].splitlines()
    assert listed[:2] == [f"{house}\tbu\tNhà A", f"  {id}\tro\tPhòng 1"] and listed[2].endswith("\t-\tPhòng khám")
    for wrong in (
        ("add-location", "35002", "--name", "Phòng 1", "--kind", "ro", "--inside", house),
        ("add-location", "35002", "--name", "x", "--kind", "ro", "--inside", "nowhere"),
        ("add-location", "35002", "--name", " ", "--kind", "ro"), ("close-location", "35002", house),
        ("add-location", "99999", "--name", "x", "--kind", "ro"), ("close-location", "35002", "nowhere"),
    ):  # fmt: skip
        assert facility(node, *wrong)[0] == 1, wrong
    assert facility(node, "rename-location", "35002", id, "--name", "Phòng 2")[0] == 0
    assert facility(node, "close-location", "35002", id)[0] == facility(node, "close-location", "35002", house)[0] == 0
    assert facility(node, "reopen-location", "35002", id)[0] == 1  # what it is inside of is closed
    assert facility(node, "reopen-location", "35002", house)[0] == 0
    assert facility(node, "reopen-location", "35002", id)[0] == 0
    assert "Phòng 2" in facility(node, "locations", "35002")[1]


def test_roles_are_given_for_a_time_and_ended(node: Path) -> None:
    def user(*arguments: str) -> tuple[int, str, str]:
        done = hoso("--lang", "en", "user", *arguments, "--data", node)
        return done.returncode, done.stdout, done.stderr

    made = user("create", "--username", "mai", "--role", "doctor", "--facility", "35001", "--name", "Trần Thị Mai")
    assert made[0] == 0 and "facility 35001 was not on record" in made[2]
    lost = user("give", "--username", "mai", "--role", "nurse", "--facility", "35002")
    assert lost[0] == 1 and "hoso facility add" in lost[2]
    facility(node, "add", "--code", "35002", "--kind", "clinic", "--name", "Phòng khám")
    given = ("give", "--username", "mai", "--role", "nurse", "--facility", "35002", "--until", "2027-06-30")
    assert user(*given)[0] == 0
    assert user(*given)[0] == 1  # twice the same
    assert "mai\tdoctor,nurse\t35001,35002\topen" in user("list")[1]
    assert user("give", "--username", "mai", "--role", "god", "--facility", "35002")[0] == 1
    assert user("give", "--username", "mai", "--role", "nurse", "--facility", "35001", "--until", "2020-01-01")[0] == 1
    assert user("give", "--username", "mai", "--role", "nurse", "--facility", "35001", "--until", "soon")[0] == 2
    assert user("end", "--username", "mai", "--facility", "35002")[0] == 0
    assert "mai\tdoctor\t35001\topen" in user("list")[1]
    assert user("end", "--username", "mai", "--facility", "35002")[0] == 1
    assert user("end", "--username", "nobody")[0] == 1
    assert hoso("doctor", "--data", node).returncode == 0

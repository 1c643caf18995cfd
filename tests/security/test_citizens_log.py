"""The citizen's log as a citizen meets it: who looked, from which page to which, and nothing of anybody else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.security.apps import Person
from tests.security.citizens import Register, Somebody
from tests.security.people import words

from hoso import compose

SCRIPT = Path(__file__).parents[2] / "docs" / "how-to" / "check-audit-proof.py"


def settled(one: Somebody) -> None:
    """Everything told until now has its place in the log, and the day its map."""
    node = compose.open(one.site.folder)
    node.audit.sealer.settle()
    while not node.audit.sealer.publish(again=True):
        node.audit.sealer.settle()
    node.audit.sealer.settle()
    node.close()


def test_a_citizen_sees_who_looked_at_what_and_why(register: Register, person: Callable[[str], Person]) -> None:
    one, other = register("Lý Thị Cúc"), register("Lý Thị Hoa")
    for somebody in (one, other):
        assert person("mai").get(f"/patients/{somebody.golden}").status == 200
    browser = one.enrolled()
    settled(one)
    page = browser.get("/me/log")
    said = words(page)
    assert page.status == 200 and "mai" in said and "Bác sĩ" in said and "trên màn hình" in said
    assert "để khám chữa bệnh cho bạn" in said and "kết quả" in said
    assert "một chương trình, không có người" in said
    settled(one)
    again = words(browser.get("/me/log"))
    assert "Bạn" in again and other.name not in again and other.record not in again


def test_what_is_asked_for_in_nonsense_is_the_first_page_or_nothing(register: Register) -> None:
    browser = register("Lý Văn Tỏi").enrolled()
    for query in (
        "before=-1",
        "before=x",
        "before=" + "9" * 400,
        "year=20a6",
        "year=%00",
        "only=%F0",
        "before=%E0%A5%A7",
    ):
        assert browser.get(f"/me/log?{query}").status == 200, query
    assert browser.get("/me/log?before=0").status == browser.get("/me/log?year=2100").status == 200


def test_the_log_is_the_citizens_alone(register: Register, person: Callable[[str], Person]) -> None:
    one = register("Lý Thị Ngò")
    one.enrolled()
    for path in ("/me/log", "/me/log/proof"):
        for staff in ("mai", "thu", "quang"):
            assert person(staff).get(path).status == 404, (path, staff)
        assert Person(one.site).get(path).headers["location"].startswith("/?next=")


def test_the_proof_is_a_file_that_the_independent_script_accepts(register: Register, tmp_path: Path) -> None:
    one, other = register("Lý Văn Sả"), register("Lý Văn Gừng")
    browser = one.enrolled()
    assert browser.get("/me").status == 200
    settled(one)
    page = browser.get("/me/log/proof")
    key = page.body.decode().partition("hoso-nhat-ky.json ")[2].partition("<")[0]
    answer = browser.post("/me/log/proof", page)
    assert answer.status == 200 and "attachment" in answer.headers["content-disposition"]
    assert other.golden not in answer.body.decode() and other.record not in answer.body.decode()
    file = tmp_path / "proof.json"
    file.write_bytes(answer.body)
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(file), key], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    proof = json.loads(answer.body)
    count = len(proof["records"])
    assert f"left out of {count} records" in done.stdout and f"{count} hồ sơ" in page.body.decode()
    proof["records"][0]["events"][0]["number"] += 1
    file.write_text(json.dumps(proof), "utf-8")
    assert subprocess.run([sys.executable, "-I", str(SCRIPT), str(file), key], capture_output=True).returncode == 1

"""The tree of facilities: what may stand where, numbers that are nobody else's, and lists that name their faults."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest

from hoso.access import Actor, Errand, Records, Scopes
from hoso.access.organisation import listed
from hoso.access.organisation.facilities import Facilities, Wanted
from hoso.access.organisation.register import Organisation
from hoso.core import Refused
from hoso.store.record_store import RecordStore

OPERATOR = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN", "command")
GLN = "8930000000019"


@pytest.fixture
def organisation(store: RecordStore) -> Organisation:
    return Organisation.of(store, Records(store, lambda: datetime(2026, 11, 26, tzinfo=UTC)))


@pytest.fixture
def tree(organisation: Organisation) -> Facilities:
    """A ministry, a department of health, a hospital and a station."""
    facilities = organisation.facilities
    for code, kind, under in (
        ("BYT", "ministry", ""), ("SYT35", "health_department", "BYT"), ("35001", "regional", "SYT35"),
        ("35101", "station", "35001"),
    ):  # fmt: skip
        facilities.add(OPERATOR, Wanted(code, kind, f"Cơ sở {code}", under))
    return facilities


def refused(call: object, *arguments: object) -> str:
    with pytest.raises(Refused) as error:
        call(*arguments)  # type: ignore[operator]
    return error.value.issues[0].key


def test_a_facility_stands_where_it_was_put_and_is_found_by_either_number(tree: Facilities) -> None:
    made = tree.add(OPERATOR, Wanted("35102", "station", "Trạm Y tế", "SYT35", GLN, "Đường 1"))
    assert tree.by_code("35102") == tree.by_code(GLN) == tree.by_id(made.id)
    assert [one.code for one in tree.line(made.id)] == ["BYT", "SYT35", "35102"]
    syt = tree.by_code("SYT35")
    assert syt and [one.code for one in tree.below(OPERATOR, syt.id)] == ["35001", "35102"]
    assert len(list(tree.all(OPERATOR))) == 5


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        (Wanted("35001", "clinic", "Hai"), "organisation.taken"),
        (Wanted("3500", "clinic", "Ngắn"), "organisation.code"),
        (Wanted("AB001", "clinic", "Chữ"), "organisation.code"),
        (Wanted("35 01", "clinic", "Trống"), "organisation.code"),
        (Wanted("35001\n", "clinic", "Dòng"), "organisation.code"),
        (Wanted("٣٥٠٠١", "clinic", "Chữ số khác"), "organisation.code"),
        (Wanted("khoa", "agency", "Thường"), "organisation.own-code"),
        (Wanted("", "clinic", "Không số"), "organisation.no-code"),
        (Wanted("", "clinic", "Sai số", gln="8930000000018"), "organisation.gln"),
        (Wanted("", "clinic", "Nước khác", gln="4000000000019"), "organisation.gln"),
        (Wanted("35900", "hospital", "Loại lạ"), "organisation.kind"),
        (Wanted("35900", "district", "Huyện"), "organisation.ended"),
        (Wanted("35900", "clinic", "  "), "organisation.name"),
        (Wanted("35900", "clinic", "a\u202eb"), "organisation.name"),
        (Wanted("35900", "clinic", "x" * 201), "organisation.name"),
        (Wanted("35900", "station", "Dưới ai", "99999"), "organisation.unknown"),
        (Wanted("35900", "central", "Ngược", "35101"), "organisation.under"),
        (Wanted("S1", "health_department", "Ngược", "35001"), "organisation.under"),
    ],
    ids=range(18),
)
def test_what_no_facility_may_be_is_refused(tree: Facilities, wanted: Wanted, key: str) -> None:
    before = len(list(tree.all(OPERATOR)))
    assert refused(tree.add, OPERATOR, wanted) == key
    assert len(list(tree.all(OPERATOR))) == before


def test_the_same_number_is_given_once_however_many_ask_at_once(tree: Facilities) -> None:
    together, came = Barrier(6), []

    def ask() -> None:
        together.wait()
        try:
            tree.add(OPERATOR, Wanted("35777", "clinic", "Phòng khám"))
            came.append("made")
        except Refused as error:
            came.append(error.issues[0].key)

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["made", *["organisation.taken"] * 5]


def test_it_moves_with_all_below_and_never_below_itself(tree: Facilities) -> None:
    tree.add(OPERATOR, Wanted("35002", "provincial", "Tỉnh", "SYT35"))
    moved = tree.move(OPERATOR, "35001", "35002")
    station = tree.by_code("35101")
    assert station and [one.code for one in tree.line(station.id)] == ["BYT", "SYT35", "35002", "35001", "35101"]
    assert tree.line(moved.id)[-2].code == "35002"
    tree.add(OPERATOR, Wanted("CQ1", "agency", "Cơ quan"))
    tree.add(OPERATOR, Wanted("CQ2", "agency", "Chi nhánh", "CQ1"))
    assert refused(tree.move, OPERATOR, "CQ1", "CQ2") == "organisation.ring"
    assert refused(tree.move, OPERATOR, "CQ1", "CQ1") == "organisation.ring"
    assert refused(tree.move, OPERATOR, "nobody", "CQ1") == "organisation.unknown"
    assert refused(tree.move, OPERATOR, "35101", "CQ1") == "organisation.under"
    assert tree.move(OPERATOR, "35001", "").under == ""


def test_two_moves_at_once_make_no_ring(tree: Facilities) -> None:
    for code in ("CQ1", "CQ2"):
        tree.add(OPERATOR, Wanted(code, "agency", code))
    together = Barrier(2)

    def move(code: str, under: str) -> None:
        together.wait()
        with suppress(Refused):
            tree.move(OPERATOR, code, under)

    threads = [Thread(target=move, args=pair) for pair in (("CQ1", "CQ2"), ("CQ2", "CQ1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, two = tree.by_code("CQ1"), tree.by_code("CQ2")
    assert one and two and sorted(bool(each.under) for each in (one, two)) == [False, True]


def test_a_closed_facility_stays_on_record_and_gives_nobody_a_role(
    organisation: Organisation, tree: Facilities
) -> None:
    place = tree.by_code("35101")
    assert place is not None
    who = organisation.staff.hire(OPERATOR, "Lan", "nurse", place.id, None, None)
    assert [post.facility for post in organisation.posts.of(who)] == ["35101"]
    assert refused(tree.close, OPERATOR, "35001") == "organisation.has-others"
    assert tree.close(OPERATOR, "35101").active is False
    assert organisation.posts.of(who) == []
    assert refused(tree.add, OPERATOR, Wanted("35102", "clinic", "Mới", "35101")) == "organisation.unknown"
    tree.reopen(OPERATOR, "35101")
    assert [post.facility for post in organisation.posts.of(who)] == ["35101"]


def test_whoever_works_in_a_department_acts_for_its_facility(organisation: Organisation, tree: Facilities) -> None:
    place = tree.by_code("35001")
    assert place is not None
    ward = tree.add_department(OPERATOR, place.id, "Khoa Nội")
    room = tree.add_department(OPERATOR, ward.id, "Buồng 1")
    assert refused(tree.add_department, OPERATOR, place.id, "Khoa Nội") == "organisation.department"
    who = organisation.staff.hire(OPERATOR, "Lan", "nurse", room.id, None, None)
    post = organisation.posts.of(who)[0]
    assert (post.facility, post.place, post.department) == ("35001", "Cơ sở 35001", "Buồng 1")
    tree.close_department(OPERATOR, ward.id)
    assert organisation.posts.of(who) == []
    assert refused(tree.close_department, OPERATOR, place.id) == "rest.not-found"


def test_a_ring_that_other_software_wrote_gives_nobody_a_role_and_hangs_nothing(
    organisation: Organisation, tree: Facilities, store: RecordStore
) -> None:
    records = Records(store, lambda: datetime(2026, 11, 26, tzinfo=UTC))
    for id, under in (("a", "b"), ("b", "a")):
        body = (
            f'{{"resourceType":"Organization","id":"{id}","name":"x","partOf":{{"reference":"Organization/{under}"}}}}'
        )
        records.update(OPERATOR, "Organization", id, body.encode())
    who = organisation.staff.hire(OPERATOR, "Lan", "nurse", "a", None, None)
    assert organisation.posts.of(who) == [] and len(tree.line("a")) <= 8


LIST = """code,kind,name,under
35201,station,Trạm Một,35200
35200,regional,"Bệnh viện, khu vực",SYT35

35202,station,Trạm Hai,35200
"""


def test_a_list_is_added_those_above_first_and_twice_changes_nothing(tree: Facilities) -> None:
    rows, faults = listed.read(LIST.encode("utf-8-sig"))
    assert not faults and not list(listed.check(tree, rows))
    assert listed.add(tree, OPERATOR, rows) == (3, 0, [])
    assert listed.add(tree, OPERATOR, rows) == (0, 3, [])
    station = tree.by_code("35201")
    assert station and [one.code for one in tree.line(station.id)] == ["BYT", "SYT35", "35200", "35201"]


def test_every_fault_of_a_list_names_its_line(tree: Facilities) -> None:
    text = """kind,name,code,under,gln
station,Một,35301,35001,
station,Hai,35301,35001,
clinic,"Ba
trên hai dòng",35303,,
station,Bốn,35304,nobody,
regional,Năm,35305,,893
hospital,Sáu,35306,,
station,Bảy,35307
"""
    rows, faults = listed.read(text.encode())
    found = sorted((fault.line, fault.issue.key) for fault in [*faults, *listed.check(tree, rows)])
    assert found == [
        (3, "organisation.same-line"), (5, "organisation.name"), (6, "organisation.unknown"),
        (7, "organisation.gln"), (8, "organisation.kind"), (9, "organisation.cells"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "line", "key"),
    [
        (b"", 1, "organisation.columns"),
        (b"name,code\nA,1\n", 1, "organisation.columns"),
        (b"kind,name,name\n", 1, "organisation.columns"),
        (b"kind,name,password\n", 1, "organisation.columns"),
        (b"kind,name\nclinic,A\nclinic,Tr\xe1\xba\n", 3, "organisation.encoding"),
        (b'kind,name\nclinic,A\nclinic,"B\n', 3, "organisation.csv"),
        (b"kind,name\nclinic," + b"x" * 200_000 + b"\n", 2, "organisation.csv"),
        (b"PK\x03\x04\x00\x00kind", 1, "organisation.columns"),
    ],
    ids=range(8),
)
def test_what_is_no_list_is_refused_with_its_line(data: bytes, line: int, key: str) -> None:
    _, faults = listed.read(data)
    assert [(fault.line, fault.issue.key) for fault in faults] == [(line, key)]


def test_rows_that_stand_under_each_other_are_refused_and_the_others_added(tree: Facilities) -> None:
    rows, _ = listed.read(b"code,kind,name,under\nCQ7,agency,A,CQ8\nCQ8,agency,B,CQ7\nCQ9,agency,C,\n")
    added, _, faults = listed.add(tree, OPERATOR, rows)
    assert added == 1 and [(one.line, one.issue.key) for one in faults] == [
        (2, "organisation.circle"), (3, "organisation.circle"),
    ]  # fmt: skip

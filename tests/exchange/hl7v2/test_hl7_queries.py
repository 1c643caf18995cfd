"""PIX and PDQ questions of other software, against persons made of real messages, on both engines."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exchange.hl7v2.hl7_messages import message, segment
from tests.exchange.hl7v2.test_hl7_again import Here

from hoso.access import Records
from hoso.access.audit.journal import PlainJournal
from hoso.access.audit.log import AuditLog
from hoso.access.audit.note import Signer
from hoso.core import Refused, new_id, system_clock
from hoso.exchange.hl7v2.asking import Asked, asked
from hoso.exchange.hl7v2.draft import Part
from hoso.exchange.hl7v2.outward import person
from hoso.exchange.hl7v2.parsing import Message, Segment, parse
from hoso.exchange.hl7v2.queries import Queries
from hoso.exchange.intake.shapes import Sender
from hoso.fhir.systems import CITIZEN_CODE
from hoso.store.record_store import RecordStore

OWN = "079085001234"
HOSPITAL, STATION = Sender("mllp/01001", "01001", "automatic"), Sender("mllp/01002", "01002", "automatic")
AN = f"PID|1||BN0001^^^^MR~{OWN}^^^CCCD^NI||NGUYỄN^AN^VĂN||19850312|M|||12 Lê Lợi^^Huế||0905123456"


class Asking(Here):
    """A node that two facilities have told of the same man, and one of a woman."""

    def __init__(self, store: RecordStore) -> None:
        super().__init__(store)
        self.take(message("ADT^A04", AN))
        again = AN.replace("BN0001", "TR\\T\\77").replace("NGUYỄN^AN^VĂN", "Nguyễn Văn An")
        self.take(message("ADT^A04", again, control="M2", facility="01002"))
        self.take(message("ADT^A04", "PID|1||BN0002^^^^MR||LÊ^HOA^THỊ||19900101|F", control="M3"))
        self.queries = Queries(self.node.records, system_clock, new_id)

    def ask(self, kind: str, *segments: str, sender: Sender = HOSPITAL, version: str = "2.5.1") -> Message:
        data = message(f"QBP^{kind}^QBP_Q21", *segments, control="Q1").replace(b"2.5.1", version.encode())
        return parse(self.queries.answer(parse(data), sender))

    def pix(self, number: str, *domains: str, sender: Sender = HOSPITAL) -> Message:
        return self.ask("Q23", f"QPD|IHE PIX Query|T1|{number}|{'~'.join(domains)}", "RCP|I", sender=sender)

    def pdq(self, *asked: str, domains: str = "", quantity: str = "", pointer: str = "") -> Message:
        query = segment("QPD", {1: "IHE PDQ Query", 2: "T2", 3: "~".join(f"@{one}" for one in asked), 8: domains})
        more = [f"DSC|{pointer}|I"] if pointer else []
        return self.ask("Q22", query, f"RCP|I|{quantity}", *more)


@pytest.fixture
def node(store: RecordStore) -> Asking:
    return Asking(store)


def stands(answer: Message) -> tuple[str, str]:
    """MSA-1 and QAK-2, and what both refer to is the question."""
    acknowledged, query = answer.first("MSA"), answer.first("QAK")
    assert acknowledged is not None and query is not None
    assert acknowledged.get(2) == "Q1"
    assert answer.all("QPD")[0].get(2) == query.get(1)
    return acknowledged.get(1), query.get(2)


def fault(answer: Message) -> tuple[str, str]:
    """The place of the one fault and its code of table 0357."""
    assert stands(answer) == ("AE", "AE") and not answer.all("PID")
    (error,) = answer.all("ERR")
    assert error.get(4) == "E" and error.get(7) and error.get(8)
    place = "^".join(component[0] for component in error.repetitions(2)[0])
    return place, error.get(3)


def numbers(answer: Message, place: int = 0) -> set[tuple[str, str]]:
    """Number and short name of its authority."""
    pid = answer.all("PID")[place]
    return {(one[0][0], one[3][0]) for one in pid.repetitions(3)}


def test_a_pix_query_answers_with_the_numbers_elsewhere_and_hides_the_name(node: Asking) -> None:
    answer = node.pix("BN0001^^^01001^MR")
    assert stands(answer) == ("AA", "OK")
    head = answer.segments[0]
    assert [head.get(9, at) for at in (1, 2, 3)] == ["RSP", "K23", "RSP_K23"]
    assert (head.get(3), head.get(4), head.get(5), head.get(6)) == ("HOSO", "VN", "HIS", "01001")
    code = next(one["value"] for one in node.node.persons()[0]["identifier"] if one["system"] == CITIZEN_CODE)
    codes = {one["identifier"][0]["value"] for one in node.node.persons()}
    found = numbers(answer)
    assert {("TR&77", "01002"), (OWN, "CCCD")} < found and len(found) == 3 and code in codes
    (ours,) = (value for value, authority in found if authority == "HOSO")
    assert ours in codes
    pid = answer.all("PID")[0]
    assert pid.get(5) == "" and pid.get(5, 7, 1, 2) == "S"


def test_a_number_that_was_answered_can_be_asked_by_as_it_stands(node: Asking) -> None:
    for one in node.pix("BN0001^^^01001^MR").all("PID")[0].raw[3].split("~"):
        assert ("BN0001", "01001") in numbers(node.pix(one)), one


def test_a_number_without_authority_is_the_senders_own(node: Asking) -> None:
    assert ("BN0001", "01001") in numbers(node.pix("TR\\T\\77", sender=STATION))
    assert fault(node.pix("TR\\T\\77")) == ("QPD^1^3^1^1", "204")


def test_domains_narrow_a_pix_answer(node: Asking) -> None:
    assert numbers(node.pix("BN0001^^^01001", "^^^01002")) == {("TR&77", "01002")}
    assert numbers(node.pix("BN0001^^^01001", "^^^01002", "^^^CCCD")) == {("TR&77", "01002"), (OWN, "CCCD")}
    assert stands(node.pix("BN0002^^^01001", "^^^01002")) == ("AA", "NF")


@pytest.mark.parametrize(
    ("query", "place", "code"),
    [
        ("QPD|IHE PIX Query|T1|BN9999^^^01001", "QPD^1^3^1^1", "204"),
        ("QPD|IHE PIX Query|T1|BN0001^^^99999", "QPD^1^3^1^4", "204"),
        ("QPD|IHE PIX Query|T1|BN0001^^^&1.2.3&ISO", "QPD^1^3^1^4", "204"),
        ("QPD|IHE PIX Query|T1|BN0001^^^01001|^^^01002~^^^99999", "QPD^1^4^2", "204"),
        ("QPD|IHE PIX Query|T1|BN0001^^^01001|^^^01002~", "QPD^1^4^2", "204"),
        ("QPD|IHE PIX Query|T1|", "QPD^1^3^1^1", "101"),
        ("QPD|IHE PIX Query||BN0001^^^01001", "QPD^1^2^1", "101"),
    ],
)
def test_what_a_pix_query_has_wrong_is_said_with_its_place(node: Asking, query: str, place: str, code: str) -> None:
    assert fault(node.ask("Q23", query, "RCP|I")) == (place, code)


def test_a_number_of_two_persons_is_answered_by_none_of_theirs(node: Asking) -> None:
    for id in ("x", "y"):
        name = [{"text": "Trần Văn Bảy" if id == "x" else "Phạm Thị Mười"}]
        shared = {"system": "urn:oid:1.9.9", "value": "7"}
        node.node.put({"resourceType": "Patient", "id": id, "name": name, "identifier": [shared]})
    assert fault(node.pix("7^^^&1.9.9&ISO")) == ("QPD^1^3^1^1", "205")


def test_a_query_without_its_segment_and_one_for_later_are_errors(node: Asking) -> None:
    answer = node.ask("Q23", "RCP|I")
    assert answer.all("ERR")[0].get(2, 3) == "2"
    assert fault(node.ask("Q23", "QPD|IHE PIX Query|T1|BN0001^^^01001", "RCP|D")) == ("RCP^1^1^1", "103")


def test_a_person_is_found_once_by_any_spelling_of_the_name(node: Asking) -> None:
    for asked_by in (["PID.5.1^nguyen"], ["PID.5.1^NGUYỄN VĂN AN"], ["PID.5.1^Nguyễn", "PID.5.2^an"],
                     ["PID.5.1^Ngu*", "PID.5.2^A*"], ["PID.5.2^AN"]):  # fmt: skip
        answer = node.pdq(*asked_by)
        assert stands(answer) == ("AA", "OK")
        assert len(answer.all("PID")) == 1, asked_by
        assert {("BN0001", "01001"), ("TR&77", "01002"), (OWN, "CCCD")} < numbers(answer)
    head, pid = answer.segments[0], answer.all("PID")[0]
    assert [head.get(9, at) for at in (1, 2, 3)] == ["RSP", "K22", "RSP_K21"]
    assert (pid.get(7), pid.get(8), pid.get(11, 3), pid.get(13)) == ("19850312", "M", "Huế", "0905123456")


@pytest.mark.parametrize(
    ("asked_by", "found"),
    [
        (["PID.7^19900101"], 1),
        (["PID.7^1985", "PID.8^M"], 1),
        (["PID.7^1985", "PID.8^F"], 0),
        (["PID.3.1^BN0001"], 1),
        (["PID.3.1^BN0001", "PID.3.4.1^01001"], 1),
        (["PID.3.1^BN0001", "PID.3.4.1^01002"], 0),
        ([f"PID.3.1^{OWN}", "PID.3.4.1^CCCD"], 1),
        (["PID.13.1^0905123456"], 1),
        (["PID.11.3^hue", "PID.5.1^nguyen"], 1),
        (["PID.5.1^nguyen", "PID.5.2^hoa"], 0),
        (["PID.5.1^ngu"], 0),
    ],
)
def test_demographics_are_asked_alone_and_together(node: Asking, asked_by: list[str], found: int) -> None:
    answer = node.pdq(*asked_by)
    assert stands(answer) == ("AA", "OK" if found else "NF")
    assert len(answer.all("PID")) == found
    assert [answer.all("QAK")[0].get(at) for at in (4, 5, 6)] == [str(found), str(found), "0"]


def test_domains_choose_the_numbers_and_the_persons_of_a_search(node: Asking) -> None:
    answer = node.pdq("PID.5.1^nguyen", domains="^^^01002")
    assert numbers(answer) == {("TR&77", "01002")}
    assert stands(node.pdq("PID.5.1^le", domains="^^^01002")) == ("AA", "NF")
    assert fault(node.pdq("PID.5.1^le", domains="^^^01002~^^^99999")) == ("QPD^1^8^2", "204")


@pytest.mark.parametrize(
    ("asked_by", "place", "code"),
    [
        (["PID.5.1^le", "PID.6.1^Trần"], "QPD^1^3^2^1", "103"),
        (["PID.7^31/12/1990"], "QPD^1^3^1^2", "102"),
        (["PID.5.1^le", "PID.8^Q"], "QPD^1^3^2^2", "103"),
        (["PID.8^F"], "QPD^1^3", "101"),
        ([], "QPD^1^3", "101"),
        (["PID.5.1^le", "PID.5.1^tran"], "QPD^1^3^2^1", "102"),
        (["PID.3.4.1^01001"], "QPD^1^3^1^1", "101"),
        (["PID.3.1^BN0001", "PID.3.4.1^99999"], "QPD^1^3", "204"),
    ],
)
def test_what_a_search_has_wrong_is_said_with_its_place(
    node: Asking, asked_by: list[str], place: str, code: str
) -> None:
    assert fault(node.pdq(*asked_by)) == (place, code)


def test_a_long_answer_is_gone_on_with_until_everybody_was_told(node: Asking) -> None:
    for number in range(7):
        pid = f"PID|1||C{number}^^^^MR||ĐỖ^{'ABCDEFG'[number]}^Q{number}||19{number}50{number + 1}11|F"
        node.take(message("ADT^A04", pid, control=f"C{number}"))
    told: list[str] = []
    answer = node.pdq("PID.5.1^do", quantity="3^RD")
    first = answer.all("DSC")[0].get(1)
    sizes = []
    while True:
        told += [pid.get(5, 2) for pid in answer.all("PID")]
        sizes.append(len(answer.all("PID")))
        if not answer.all("DSC"):
            break
        answer = node.pdq("PID.5.1^do", quantity="3^RD", pointer=answer.all("DSC")[0].get(1))
    assert sorted(told) == list("ABCDEFG") and sizes == [3, 3, 1]
    again = node.pdq("PID.5.1^do", quantity="3^RD", pointer=first)
    assert [pid.get(5, 2) for pid in again.all("PID")] == told[3:6]
    data = message("QBP^Q22^QBP_Q21", "QPD|IHE PDQ Query|T2|@PID.5.1^do", "RCP|I|3^RD", f"DSC|{first}|I", control="Q1")
    assert fault(parse(node.queries.answer(parse(data), STATION))) == ("DSC^1^1^1", "204")
    cancelled = parse(node.queries.answer(parse(message("QCN^J01", "QID|T2|IHE PDQ Query", control="Q2")), HOSPITAL))
    assert cancelled.segments[1].raw[:3] == ["MSA", "AA", "Q2"]
    assert fault(node.pdq("PID.5.1^do", quantity="3^RD", pointer=first)) == ("DSC^1^1^1", "204")
    assert fault(node.pdq("PID.5.1^do", quantity="many")) == ("RCP^1^2^1", "102")


def test_other_questions_are_rejected_and_old_versions_get_an_old_fault(node: Asking) -> None:
    answer = node.ask("ZV1", "QPD|IHE PDVQ Query|T1|@PID.5.1^le", "RCP|I")
    assert answer.segments[1].get(1) == "AR" and answer.all("ERR")[0].get(3) == "201"
    old = node.ask("Q23", "QPD|IHE PIX Query|T1|BN9999^^^01001", "RCP|I", version="2.4")
    assert [one[0] for one in old.all("ERR")[0].repetitions(1)[0]][:3] == ["QPD", "1", "3"]


def test_what_was_asked_is_in_the_log_under_the_sender(node: Asking, store: RecordStore) -> None:
    records = Records(store, system_clock, journal=PlainJournal(store))
    node.queries = Queries(records, system_clock, new_id)
    node.pix("BN0001^^^01001")
    node.pdq("PID.5.1^le")
    log = AuditLog(store, Signer.of("hoso.audit/test", bytes(32)), system_clock)
    log.sealer.settle()
    told = [one for _, one in log.events() if one is not None and one.actor == "mllp/01001"]
    assert {(one.facility, one.purpose, one.channel) for one in told} == {("01001", "TREAT", "automatic")}
    what = " ".join(one.what for one in told)
    assert "BN0001" in what and "name=le" in what
    assert len({one.patient for one in told if one.patient}) >= 2  # both persons whose data was shown


def test_a_person_is_written_so_that_it_reads_back(node: Asking) -> None:
    patient = {
        "name": [{"use": "official", "text": "Ngô|Thị^Bé~", "family": "Ngô|", "given": ["Thị^", "Bé~"]}],
        "address": [{"text": "12 Lê Lợi, Huế"}],
        "telecom": [{"system": "email", "value": "be@example.org"}, {"system": "phone"}],
        "deceasedDateTime": "2026-01-02T03:04:05+07:00",
    }
    head = "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5.1\r"
    pid = parse((head + person(patient, [], 1)).encode()).segments[1]
    assert [pid.get(5, at) for at in (1, 2, 3)] == ["Ngô|", "Bé~", "Thị^"]
    assert (pid.get(11), pid.get(13, 4), len(pid.repetitions(13))) == ("12 Lê Lợi, Huế", "be@example.org", 1)
    assert (pid.get(29), pid.get(30)) == ("20260102030405", "Y")


MARKS = parse(b"MSH|^~\\&|A|B|C|D|20260101||QBP^Q22|1|P|2.5.1\r").segments[0].marks


@given(st.lists(st.text("@PID.0123456789^~&\\*nguyễ |\x00", max_size=30), max_size=6), st.text(max_size=10))
def test_any_question_is_a_search_or_refused_with_a_place(fields: Sequence[str], tag: str) -> None:
    part = Part(Segment("QPD", ["QPD", "Q", tag, "~".join(fields)], MARKS), 1)
    try:
        found = asked(part, lambda domain, value: "urn:x")
    except Refused as refused:
        assert all(one.values["segment"] == "QPD" and one.values["field"] == "3" for one in refused.issues)
    else:
        assert isinstance(found, Asked) and len(found.pairs) > 4

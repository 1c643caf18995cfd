"""The insurance gateway's calls at a served node over real sockets, as hospitals' software sends them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.api.gateway.senders import CHECK_IN, FORM, JSON, LOOK_UP, SEND, STATE, Hospital, hospital, raw
from tests.cli.serving import Server, made, running, served
from tests.exchange.insurance.insurance_files import SUMMARY, Row, envelope, filed, inner, visit
from tests.exchange.signing.signed_files import certificate, signed

from hoso import compose
from hoso.access.audit import Event
from hoso.core import system_clock
from hoso.core.dates import VIETNAM

UNSIGNED = "<CHUKYDONVI/>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("gateway") / "node") as server:
        yield server
        assert server.stop() == 0


@pytest.fixture(scope="module")
def one(server: Server) -> Hospital:
    return hospital(server, "01001")


@pytest.fixture(scope="module")
def other(server: Server) -> Hospital:
    return hospital(server, "01002")


def person(number: int, **more: str) -> Row:
    """Nobody else of these tests."""
    who = {
        "MA_LK": f"LK{number:05}", "MA_HSBA": f"BA{number:05}", "MA_BN": f"BN{number:05}",
        "HO_TEN": f"Trần Văn {chr(65 + number % 26)}{chr(97 + number // 26 % 26)}",
        "SO_CCCD": f"0010{70 + number % 29}{number:06}", "DIA_CHI": f"{number} phố Lò Đúc",
        "NGAY_SINH": f"19{70 + number % 29}0{1 + number % 9}150000", "GIOI_TINH": "1",
        "MA_THE_BHYT": f"GD401{number:010}",
    }  # fmt: skip
    return {**SUMMARY, **who, **more}


def file(*rows: Row, **more: Any) -> bytes:
    return envelope(*(visit({"XML1": [row]}) for row in rows), signature=UNSIGNED, **more)


def test_a_record_is_taken_and_the_same_file_is_the_same_deposit(one: Hospital) -> None:
    first = one.send(file(person(1)))
    assert (first["maKetQua"], first["trangThai"], first["soHoSoDaNhan"]) == ("200", "DA_XU_LY", 1)
    assert len(first["thoiGianTiepNhan"]) == 12 and first["maGiaoDich"] and "đã được lưu" in first["thongDiep"]
    for path, kind in (
        (SEND, JSON),
        ("/api/qd130/guiHoSoXmlQD4750", FORM),
        ("/gateway/api/egw/guiHoSoGiamDinh4210", FORM),
    ):
        assert one.send(file(person(1)), path, kind)["maGiaoDich"] == first["maGiaoDich"]
    assert one.send(file(person(2)))["maGiaoDich"] != first["maGiaoDich"]


def test_every_fault_says_table_field_value_and_what_to_do(one: Hospital) -> None:
    told = one.send(file(person(3), person(4, MA_LK="")))
    assert (told["maKetQua"], told["soHoSoDaNhan"], told["soHoSoLoi"]) == ("205", 1, 1)
    (bad,) = told["dsLoi"]
    (fault,) = bad["loi"]
    assert (bad["soThuTu"], fault["viTri"], fault["bang"], fault["truong"]) == (
        2,
        "HOSO[2].XML1[1].MA_LK",
        "XML1",
        "MA_LK",
    )
    assert "MA_LK để trống" in fault["moTa"] and "MA_LK để trống" in told["thongDiep"]
    english = one.call(STATE, {"maGiaoDich": told["maGiaoDich"]}, headers={**one.tokens, "Accept-Language": "en"})[1]
    assert english["maKetQua"] == "205" and english["dsLoi"][0]["loi"][0]["moTa"] != fault["moTa"]


def test_a_facility_sends_only_its_own_and_sees_only_its_own(one: Hospital, other: Hospital) -> None:
    taken = one.send(file(person(5)))
    assert other.call(STATE, {"maGiaoDich": taken["maGiaoDich"]})[0] == 404
    assert one.call(STATE, {"maGiaoDich": taken["maGiaoDich"]})[1]["soHoSoDaNhan"] == 1
    assert other.send(file(person(5)))["dsLoi"][0]["loi"][0]["maLoi"] == "intake.other-facility"
    assert other.send(file(person(5)), maCSKCB="01001")["maKetQua"] == "403"


def test_tokens_are_asked_for_wherever_they_stand(one: Hospital, other: Hospital) -> None:
    tokens, body = one.tokens, {"maGiaoDich": one.send(file(person(6)))["maGiaoDich"]}
    fields = {"token": tokens["accessToken"], "id_token": tokens["tokenId"], "username": "01001"}
    assert one.call(STATE, {**body, **fields}, headers={})[1]["maKetQua"] == "200"
    assert one.call(STATE, body, headers={"Authorization": f"Bearer {tokens['accessToken']}"})[1]["maKetQua"] == "200"
    crossed = {**tokens, "tokenId": other.tokens["tokenId"]}
    for wrong in ({}, crossed, {**tokens, "passwordHash": "0" * 32}, {**tokens, "accessToken": "x"}):
        status, told = one.call(STATE, body, headers=wrong)
        assert (status, told["maKetQua"]) == (200, "401")
    assert one.call(STATE, {**body, "username": "01002"})[1]["maKetQua"] == "401"


def test_a_wrong_password_opens_nothing_and_guessing_ends(server: Server) -> None:
    guess = Hospital(server.port, "01001", "01001", "wrong")
    asked = {"username": "nobody", "password": "0" * 32}
    answers = [guess.call("/gateway/api/token/take", asked, headers={}) for _ in range(11)]
    assert {told["maKetQua"] for status, told in answers[:10]} == {"401"}
    assert answers[10][0] == 429 and "Hãy đợi" in answers[10][1]["thongDiep"]
    assert guess.call("/gateway/api/token/take", {"username": "01001"}, headers={})[1]["maKetQua"] == "205"


NOW = system_clock().astimezone(VIETNAM)
CAME, LEFT = f"{NOW - timedelta(days=1):%Y%m%d}0830", f"{NOW:%Y%m%d}0001"


def checked_in(number: int, **more: str) -> bytes:
    names = ("MA_LK", "MA_BN", "HO_TEN", "SO_CCCD", "NGAY_SINH", "GIOI_TINH", "MA_THE_BHYT", "MA_LOAI_KCB", "MA_CSKCB")
    row = {name: person(number)[name] for name in names}
    row |= {"STT": "1", "MA_DOITUONG_KCB": "1.1", "NGAY_VAO": CAME, "NGAY_YL": CAME, **more}
    return inner("XML0", [row]).encode()


def look_up(who: Hospital, number: int, **more: str) -> Any:
    row = person(number)
    born = row["NGAY_SINH"]
    asked = {
        "maThe": row["SO_CCCD"], "hoTen": row["HO_TEN"], "ngaySinh": f"{born[6:8]}/{born[4:6]}/{born[:4]}",
        "hoTenCb": "Lê Văn Bình", "cccdCb": "001085000001", **more,
    }  # fmt: skip
    return who.call(LOOK_UP, asked, JSON)[1]


def test_history_is_for_those_who_know_number_name_and_birth_date_of_who_is_in_their_care(
    one: Hospital, other: Hospital
) -> None:
    assert look_up(one, 7)["maKetQua"] == "050"
    assert one.send(checked_in(7), CHECK_IN)["maKetQua"] == "200"
    found = look_up(one, 7)
    assert (found["maKetQua"], found["hoTen"], found["gioiTinh"]) == ("000", person(7)["HO_TEN"], "Nam")
    (visited,) = found["dsLichSuKCB2018"]
    assert (visited["maCSKCB"], visited["ngayVao"]) == ("01001", CAME)
    assert one.send(file(person(7, NGAY_VAO=CAME, NGAY_RA=LEFT)))["maKetQua"] == "200"
    (visited,) = look_up(one, 7, hoTen="TRAN VAN HA", maThe=person(7)["MA_THE_BHYT"])["dsLichSuKCB2018"]
    assert (visited["ngayRa"], visited["tenBenh"]) == (LEFT, SUMMARY["CHAN_DOAN_RV"])
    assert look_up(one, 7, hoTen="Trần Văn Khác")["maKetQua"] == "060"
    assert look_up(one, 7, ngaySinh="16/08/1977")["maKetQua"] == "070"
    assert look_up(one, 7, ngaySinh=person(7)["NGAY_SINH"][:4])["maKetQua"] == "000"
    assert look_up(other, 7) == look_up(other, 999), "denied and absent look the same"
    for field, text, code in (
        ("maThe", "12", "051"), ("maThe", "GD4000000000007", "052"), ("maThe", "GD9010000000007", "053"),
        ("cccdCb", "", "205"), ("hoTenCb", "", "205"), ("ngaySinh", "31/02/1977", "205"),
    ):  # fmt: skip
        assert look_up(one, 7, **{field: text})["maKetQua"] == code


def test_who_looked_somebody_up_stands_in_the_log(one: Hospital, server: Server) -> None:
    one.send(checked_in(8), CHECK_IN)
    look_up(one, 8, hoTenCb="Người Hay Tìm")
    node = compose.open(server.folder)
    try:
        told: list[Event] = []
        while not told:  # it is there; its place in the log comes within seconds
            told = [one for _, one in node.audit.events() if one and one.reason == "Người Hay Tìm 001085000001"]
    finally:
        node.close()
    assert {(event.actor, event.role, event.facility) for event in told} == {("gateway/01001", "system", "01001")}
    assert any(event.patient for event in told)


def test_visits_of_a_labelled_kind_are_not_told(one: Hospital) -> None:
    row = person(9, MA_BENH_CHINH="B20", CHAN_DOAN_RV="Bệnh HIV", NGAY_VAO=CAME, NGAY_RA=LEFT)
    assert one.send(file(row))["maKetQua"] == "200"
    found = look_up(one, 9)
    assert found["maKetQua"] == "000" and "HIV" not in json.dumps(found, ensure_ascii=False)


def test_the_verdict_on_a_signature_is_told(one: Hospital) -> None:
    signer = certificate("Bệnh viện 01001")
    good = signed(file(person(10)), signer)
    assert one.send(good)["chuKy"] | {"serial": ""} == {
        "state": "valid", "subject": "CN=Bệnh viện 01001", "serial": "", "trust": "unasked",
    }  # fmt: skip
    told = one.send(good.replace(b"20260719", b"20260720"))
    assert told["maKetQua"] == "200" and told["chuKy"]["state"] == "invalid" and "không khớp" in told["chuKy"]["moTa"]


BOMB = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]><GIAMDINHHS>&j;</GIAMDINHHS>"  # fmt: skip


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><GIAMDINHHS>&x;</GIAMDINHHS>', "insurance.doctype"),
        (BOMB, "insurance.doctype"),
        (b"<HTML/>", "insurance.root"),
        (b"<GIAMDINHHS><THONGTINHOSO>", "insurance.malformed"),
        (b"\x00\x01\x02\x03", "insurance.malformed"),
        (b"<GIAMDINHHS>" + b"<A>" * 100, "insurance.too-deep"),
        (b"<GIAMDINHHS/>", "intake.empty"),
    ],
)
def test_hostile_files_are_refused_with_their_reason(one: Hospital, data: bytes, key: str) -> None:
    told = one.send(data)
    assert (told["maKetQua"], told["maGiaoDich"], told["dsLoi"][0]["maLoi"]) == ("205", "", key)
    assert one.send(file(person(11)))["maKetQua"] == "200"


def test_what_stands_before_a_break_is_taken(one: Hospital) -> None:
    told = one.send(file(person(12), person(13))[:-400])
    assert (told["maKetQua"], told["soHoSoDaNhan"]) == ("205", 1)


@pytest.mark.parametrize("text", ["@@@", "AAA", "AAAA=AAA", "Zm9v\u00e1", " "])
def test_what_is_no_base64_is_told(one: Hospital, text: str) -> None:
    status, told = one.call(SEND, {"maCSKCB": "01001", "fileHSBase64": text})
    assert status == 200 and told["dsLoi"][0]["maLoi"] in ("gateway.base64", "gateway.no-file")


def test_a_plus_sign_that_became_a_space_and_broken_lines_are_forgiven(one: Hospital) -> None:
    wanted = base64.b64encode(file(person(14, DIA_CHI="\u00fb\u00ef\u00be" * 9))).decode()
    assert "+" in wanted
    fields = f"maCSKCB=01001&fileHSBase64={wanted[:76]}%0D%0A{wanted[76:]}".encode()
    told = raw(one.port, head_of(one, "Connection: close", f"Content-Length: {len(fields)}"), fields)
    assert b'"maKetQua":"200"' in told


def head_of(one: Hospital, *lines: str, kind: str = FORM) -> str:
    tokens = [f"{name}: {value}" for name, value in one.tokens.items()]
    return "\n".join([f"POST {SEND} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", *tokens, *lines])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_in_other_encodings_are_read(one: Hospital, encoding: str) -> None:
    text = (
        file(person(15 if encoding == "utf-16" else 16))
        .decode()
        .replace('encoding="utf-8"', f'encoding="{encoding[:6]}"')
    )
    assert one.send(text.encode(encoding))["maKetQua"] == "200"


def test_an_inner_file_that_is_no_base64_is_told_with_its_table(one: Hospital) -> None:
    rubbish = "<FILEHOSO><LOAIHOSO>XML2</LOAIHOSO><NOIDUNGFILE>@@</NOIDUNGFILE></FILEHOSO>"
    broken = f"<HOSO>{filed('XML1', inner('XML1', [person(17)]))}{rubbish}</HOSO>"
    told = one.send(envelope(broken, signature=UNSIGNED))
    assert [fault["maLoi"] for fault in told["dsLoi"][0]["loi"]] == ["insurance.base64"]


def test_a_gigabyte_is_not_waited_for(one: Hospital) -> None:
    told = raw(one.port, head_of(one, "Content-Length: 1000000000"), b"fileHSBase64=AAAA")
    assert told.startswith(b"HTTP/1.1 413") and b'"maKetQua":"413"' in told
    piece = b"100000\r\n" + b"A" * 0x100000 + b"\r\n"
    told = raw(one.port, head_of(one, "Transfer-Encoding: chunked"), *[piece] * 60)
    assert told.startswith(b"HTTP/1.1 413") or told == b""
    assert one.send(file(person(18)))["maKetQua"] == "200"


def test_half_a_body_is_told_and_nothing_of_it_is_kept(one: Hospital) -> None:
    told = raw(one.port, head_of(one, "Connection: close", "Content-Length: 5000"), b"fileHSBase64=AAAA", shut=True)
    assert "bị đứt" in told.decode() and '"maGiaoDich":""' in told.decode()
    assert one.send(file(person(19)))["maKetQua"] == "200"


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        (JSON, b"{", "gateway.bad-json"),
        (JSON, b"[1]", "gateway.bad-json"),
        (JSON, b'{"fileHSBase64": 7}', "gateway.no-file"),
        (JSON, b'{"maCSKCB": ["01001"]}', "gateway.no-text"),
        (FORM, b"&".join(b"a%d=1" % n for n in range(100)), "gateway.many-fields"),
        (FORM, b"maCSKCB=\xff\xfe", "gateway.not-utf8"),
        (FORM, b"maCSKCB=%FF", "gateway.not-utf8"),
        (FORM, b"maCSKCB=" + b"9" * 5_000, "gateway.long-field"),
    ],
)
def test_a_body_that_says_nothing_is_told_why(one: Hospital, kind: str, body: bytes, key: str) -> None:
    told = raw(one.port, head_of(one, "Connection: close", f"Content-Length: {len(body)}", kind=kind), body)
    assert json.loads(told.partition(b"\r\n\r\n")[2])["dsLoi"][0]["maLoi"] == key


def test_other_types_methods_and_calls_are_told(one: Hospital, server: Server) -> None:
    assert one.call(SEND, {"a": "b"}, "text/xml")[0] == 415
    assert one.call("/gateway/api/qd130/khongCo", {})[0] == 404
    assert server.request("GET", SEND)[0] == 405


def test_many_visits_in_one_file_are_all_taken(one: Hospital) -> None:
    told = one.send(file(*(person(1_000 + n) for n in range(150))))
    while told["trangThai"] == "CHO_XU_LY":
        told = one.call(STATE, {"maGiaoDich": told["maGiaoDich"]})[1]
    assert (told["maKetQua"], told["soHoSoDaNhan"]) == ("200", 150)


def test_a_node_that_demands_signatures_takes_no_other(tmp_path: Path) -> None:
    token, config = made(tmp_path), tmp_path / "config.toml"
    root = certificate("Cơ quan chứng thực", authority=True, days=4_000)
    (tmp_path / "authorities").mkdir()
    (tmp_path / "authorities" / "ca.pem").write_bytes(root[0].public_bytes(Encoding.PEM))
    before, section, after = config.read_text("utf-8").partition("[gateway]")
    after = after.replace('authorities = ""', 'authorities = "authorities"').replace("= false", "= true")
    config.write_text(before + section + after, "utf-8")
    with served(tmp_path, token) as server:
        sender = hospital(server, "01001")
        assert sender.send(file(person(1)))["dsLoi"][0]["maLoi"] == "signing.absent"
        stranger = signed(file(person(1)), certificate("Ai đó", days=4_000))
        assert sender.send(stranger)["dsLoi"][0]["maLoi"] == "signing.unknown-authority"
        told = sender.send(signed(file(person(1)), certificate("Bệnh viện", root, days=4_000)))
        assert (told["maKetQua"], told["chuKy"]["trust"]) == ("200", "trusted")
        assert server.stop() == 0

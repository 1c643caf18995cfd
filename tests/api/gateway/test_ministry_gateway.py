"""The Ministry's gateway for health checks: signed messages, however their parts were written when they were hashed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.api.gateway.senders import Hospital, hospital
from tests.cli.serving import Server, running
from tests.exchange.health_checks.check_files import PUPIL, dossier, package

from hoso.access.gateways import sent

LOGIN, DATA = "/gateway/api/auth/login", "/gateway/api/platform/data-sync"
PUSH, STATUS = f"{DATA}/push", f"{DATA}/status"
KEY = rsa.generate_private_key(65_537, 2_048)
HEADER = {
    "version": "1.0", "sender_id": "8930000000019", "receiver_id": "8930000000002", "txn_type": "KSK",
    "msg_id": "m-1", "msg_type": 101, "data_type": "xml/base64", "send_datetime": 1_795_000_000_000,
}  # fmt: skip
EMPTY = b"<KHAMSUCKHOE><THONGTINDONVI><MACSKCB>01234</MACSKCB></THONGTINDONVI></KHAMSUCKHOE>"
Writing = Callable[[Any], bytes]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("ministry") / "node") as server:
        yield server


@pytest.fixture(scope="module")
def one(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    file = tmp_path_factory.mktemp("key") / "public.pem"
    file.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return hospital(server, "01234", "--key", file)


def plain(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=False).encode()


def short(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


def ordered(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def content(tree: Any) -> bytes:
    return str(tree["file_content"]).encode()


def push(
    one: Hospital, data: bytes, head: Writing = plain, tail: Writing = plain, service: str = "100", **more: Any
) -> tuple[int, Any]:
    header, body = {**HEADER, **more}, {"file_content": base64.b64encode(data).decode()}
    text = f"{sha256(head(header)).hexdigest().upper()}.{sha256(tail(body)).hexdigest().upper()}"
    signature = base64.b64encode(KEY.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
    message = b'{"header": %s, "data": %s, "signature": "%s"}' % (plain(header), plain(body), signature.encode())
    return post(one, PUSH, message, service)


def post(one: Hospital, path: str, body: bytes, service: str = "100", token: str | None = None) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", one.port, timeout=60)
    known = one.tokens["accessToken"] if token is None else token
    headers = {"Content-Type": "application/json", "service-type": service, "Authorization": f"Bearer {known}"}
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    found = response.status, json.loads(response.read())
    connection.close()
    return found


def test_a_token_is_given_for_the_password(one: Hospital) -> None:
    asked = {"username": one.username, "password": sent(one.secret)}
    status, told = post(one, LOGIN, json.dumps(asked).encode(), token="")
    assert (status, told["code"]) == (200, "CM_SUCCESS")
    token = told["data"]["access_token"]
    assert post(one, STATUS, b'{"transaction_id": "x"}', token=token)[0] == 404
    assert post(one, LOGIN, json.dumps({**asked, "password": "x"}).encode(), token="")[0] == 401
    assert post(one, PUSH, b"{}", token="wrong")[1]["code"] == "CM_UNAUTHORIZED"


@pytest.mark.parametrize("head", [plain, short, ordered])
@pytest.mark.parametrize("tail", [plain, short, content])
def test_a_true_signature_is_true_in_each_way_of_writing(one: Hospital, head: Writing, tail: Writing) -> None:
    assert push(one, EMPTY, head, tail)[1]["code"] == "CM_INVALID_REQUEST", "the signature is true, the file is empty"


def test_health_checks_are_taken_once_and_their_faults_told(one: Hospital) -> None:
    file = package(dossier(PUPIL), dossier({**PUPIL, "MA_LK": "K2", "NGAY_VAO": ""}))
    status, told = push(one, file)
    (bad,) = told["data"]["errors"]
    assert (status, told["code"], told["data"]["items"], bad["soThuTu"]) == (200, "PS_DS_VERIFY_DATA_INVALID", 2, 2)
    assert bad["loi"][0]["viTri"] and bad["loi"][0]["moTa"]
    good = push(one, package(dossier(PUPIL)))[1]
    assert (good["code"], good["data"]["pending"], good["data"]["errors"]) == ("CM_SUCCESS", False, [])
    again = push(one, package(dossier(PUPIL)), msg_id="m-2")[1]
    assert again["data"]["transaction_id"] == good["data"]["transaction_id"]
    asked = json.dumps({"transaction_id": good["data"]["transaction_id"]}).encode()
    assert post(one, STATUS, asked)[1]["code"] == "CM_SUCCESS"


def test_a_signature_of_another_message_is_false(one: Hospital) -> None:
    for head, tail in ((lambda tree: plain({**tree, "msg_id": "m-2"}), plain), (plain, lambda tree: b"{}")):
        assert push(one, EMPTY, head, tail)[1]["code"] == "PS_DS_RSA_SIGNATURE_INVALID"
    body = b'{"header": %s, "data": {"file_content": ""}, "signature": "@"}' % plain(HEADER)
    assert post(one, PUSH, body)[1]["code"] == "PS_DS_RSA_SIGNATURE_INVALID"


def test_an_account_without_a_key_is_told_to_give_one(server: Server) -> None:
    told = push(hospital(server, "01002"), EMPTY)[1]
    assert told["code"] == "PS_DS_RSA_SIGNATURE_INVALID" and "01002" in told["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"header": [], "data": {}, "signature": ""}', b'{"header": {"a": "\xff"}, "data": {}}'],
)
def test_what_is_no_message_is_told(one: Hospital, body: bytes) -> None:
    status, told = post(one, PUSH, body)
    assert (status, told["code"]) == (200, "CM_INVALID_REQUEST")


def test_header_fields_are_asked_for(one: Hospital) -> None:
    assert push(one, EMPTY, service="200")[1]["code"] == "CM_INVALID_REQUEST"
    assert push(one, EMPTY, msg_type=7)[1]["code"] == "CM_INVALID_REQUEST"
    assert push(one, EMPTY, data_type="pdf")[1]["code"] == "CM_INVALID_REQUEST"

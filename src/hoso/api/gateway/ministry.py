"""The shape of the Ministry's gateway for health checks: sign in, then push a signed message with a file of them.

RSA-SHA256 signs the text upper-case hex SHA256(header) + "." + SHA256(data). What bytes stand for header and data when
they are hashed is not published, so each way of writing them that makers use is tried (`_texts`); all are of the same
content, so that a signature is never true of anything but what is read.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec
import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hoso.access.gateways import Account
from hoso.api.body import busy
from hoso.api.gateway import answers
from hoso.api.gateway.asked import Asked
from hoso.api.gateway.doors import Gateway, sender
from hoso.api.gateway.records import OPENING_SECONDS, members, opened, worked
from hoso.api.message import Response
from hoso.core.errors import Issue, Refused
from hoso.exchange.intake import Standing
from hoso.fhir.outcome import Language, text

LOGIN, PUSH, STATUS = "auth/login", "platform/data-sync/push", "platform/data-sync/status"
PATHS = frozenset({LOGIN, PUSH, STATUS})
FORMAT = "ksk"
SERVICE, KIND = "100", "101"
GOOD, BAD_REQUEST, BAD_SIGNATURE, BAD_FILE, UNAUTHORIZED = (
    "CM_SUCCESS", "CM_INVALID_REQUEST", "PS_DS_RSA_SIGNATURE_INVALID", "PS_DS_VERIFY_DATA_INVALID", "CM_UNAUTHORIZED",
)  # fmt: skip
NOT_SIGNED = "PS_DS_CA_SIGNATURE_INVALID"

_CODES = {
    "gateway.rsa-signature": BAD_SIGNATURE,
    "gateway.no-key": BAD_SIGNATURE,
    "gateway.base64": BAD_FILE,
    "gateway.no-file": BAD_FILE,
}


class _Message(msgspec.Struct):
    """The body, with header and data as the bytes that came."""

    header: msgspec.Raw = msgspec.Raw(b"")
    data: msgspec.Raw = msgspec.Raw(b"")
    signature: str = ""


_decode = msgspec.json.Decoder(_Message).decode


def login(gateway: Gateway, asked: Asked, environ: dict[str, Any], language: Language) -> Response:
    name, password = asked.text("username"), asked.text("passwordhash")
    session = gateway.accounts.sign_in(name, password, environ.get("REMOTE_ADDR", "")) if name and password else None
    if session is None:
        raise Refused.because(401, "login", "gateway.wrong-password")
    data = {"access_token": session.access_token, "token_type": "Bearer", "expires_in": session.seconds}
    return _answer(GOOD, text(Issue("informational", "gateway.signed-in"), language), data)


def push(gateway: Gateway, account: Account, body: bytes, environ: dict[str, Any], language: Language) -> Response:
    """A file of health checks. Raises Refused with what is wrong about the message."""
    if environ.get("HTTP_SERVICE_TYPE", "").strip() != SERVICE:
        raise Refused.because(400, "value", "gateway.service-type", type=SERVICE)
    message, header, data = _message(body)
    with gateway.opening.entered(OPENING_SECONDS) as entered:
        if not entered:
            raise busy()
        _check_signature(account, message, header, data)
        content = _content(header, data)
        receipt = opened(gateway, account, FORMAT, str(header.get("msg_id", ""))[:100], content)
    return _standing(worked(gateway, account, receipt), gateway, account, language)


def status(gateway: Gateway, account: Account, asked: Asked, language: Language) -> Response:
    return _standing(gateway.intake.standing(sender(account), asked.text("transaction_id")), gateway, account, language)


def refused(error: Refused, language: Language) -> Response:
    key = error.issues[0].key
    code = UNAUTHORIZED if error.status == 401 else _CODES.get(key, BAD_REQUEST)
    code = NOT_SIGNED if key.startswith("signing.") else code
    status = error.status if error.status not in (400, 422) else 200
    return _answer(code, " ".join(text(issue, language) for issue in error.issues), None, status, error)


def _answer(code: str, sentence: str, data: Any, status: int = 200, error: Refused | None = None) -> Response:
    kept = answers.kept_headers(error) if error is not None and status != 200 else []
    return answers.answer({"code": code, "message": sentence, "data": data}, status, *kept)


def _standing(found: Standing, gateway: Gateway, account: Account, language: Language) -> Response:
    """`CM_SUCCESS` for all that is kept and has no fault, also while some of it waits: `pending` says so."""
    told = members(gateway, account, found, language)
    bad = found.counts.get("quarantined", 0)
    data = {
        "transaction_id": found.id, "items": found.items, "pending": not found.over, "errors": told.get("dsLoi", []),
    }  # fmt: skip
    return _answer(BAD_FILE if bad else GOOD, str(told["thongDiep"]), data)


def _message(body: bytes) -> tuple[_Message, dict[str, Any], dict[str, Any]]:
    try:
        message = _decode(body)
        header, data = orjson.loads(bytes(message.header)), orjson.loads(bytes(message.data))
    except (msgspec.DecodeError, orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refused.because(400, "structure", "gateway.bad-message") from error
    if not isinstance(header, dict) or not isinstance(data, dict):
        raise Refused.because(400, "structure", "gateway.bad-message")
    if str(header.get("msg_type", "")) != KIND:
        raise Refused.because(400, "value", "gateway.message-type", type=KIND)
    return message, header, data


def _check_signature(account: Account, message: _Message, header: dict[str, Any], data: dict[str, Any]) -> None:
    if not account.key:
        raise Refused.because(400, "security", "gateway.no-key", name=account.username)
    key = load_pem_public_key(account.key.encode())
    assert isinstance(key, RSAPublicKey)  # none else is taken
    try:
        signature = b64decode("".join(message.signature.split()), validate=True)
    except binascii.Error as error:
        raise Refused.because(400, "security", "gateway.rsa-signature") from error
    heads = {_digest(one) for one in _texts(bytes(message.header), header)}
    tails = {_digest(one) for one in _texts(bytes(message.data), data)}
    content = data.get("file_content")
    tails |= {_digest(content.encode())} if isinstance(content, str) else set()
    if not any(_is_true(key, signature, f"{head}.{tail}") for head in sorted(heads) for tail in sorted(tails)):
        raise Refused.because(400, "security", "gateway.rsa-signature")


def _texts(raw: bytes, tree: dict[str, Any]) -> Iterator[bytes]:
    """As it came; without spaces in the order that it came; without spaces with its names in order."""
    yield raw
    yield orjson.dumps(tree)
    yield orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest().upper()


def _is_true(key: RSAPublicKey, signature: bytes, signed: str) -> bool:
    try:
        key.verify(signature, signed.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _content(header: dict[str, Any], data: dict[str, Any]) -> bytes:
    kind = str(header.get("data_type", "")).lower()
    if kind not in ("xml/base64", "base64", "application/xml", "xml"):
        raise Refused.because(400, "not-supported", "gateway.data-type", type=kind[:40])
    return Asked({"filehsbase64": data.get("file_content")}, False).file("filehsbase64")

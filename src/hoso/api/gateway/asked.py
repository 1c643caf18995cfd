"""What a call of the gateway says: fields of a form, of JSON or of the address, and tokens in headers, by any spelling.

Software of many makers calls here, so a field counts wherever it stands and however its letters are written.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from hoso.core.errors import Refused

FIELDS = 60
LONGEST = 1_000
"""Letters of a field that is no file."""
_SPACE = re.compile(rb"[\r\n\t]+")
_HEADERS = {
    "HTTP_ACCESSTOKEN": "accesstoken",
    "HTTP_TOKENID": "tokenid",
    "HTTP_PASSWORDHASH": "passwordhash",
    "HTTP_USERNAME": "username",
}
_NAMES = {
    "token": "accesstoken",
    "access_token": "accesstoken",
    "id_token": "tokenid",
    "idtoken": "tokenid",
    "password": "passwordhash",
    "filehs": "filehsbase64",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`fields` by name in small letters; `form`: whether a plus sign may have become a space on its way."""

    fields: Mapping[str, Any]
    form: bool

    def text(self, name: str) -> str:
        """A short field without spaces around it; "" when it is not there."""
        value = self.fields.get(name)
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if text is None:
            return ""
        if not isinstance(text, str):
            raise Refused.because(400, "value", "gateway.no-text", name=name)
        if len(text) > LONGEST:
            raise Refused.because(400, "too-long", "gateway.long-field", name=name, limit=str(LONGEST))
        return text.strip()

    def file(self, name: str) -> bytes:
        """The bytes of a field in base64. Raises Refused for none, and for what is none."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value.strip():
            raise Refused.because(400, "required", "gateway.no-file")
        try:
            text = _SPACE.sub(b"", value.strip().encode("ascii"))
        except UnicodeEncodeError as error:
            raise Refused.because(400, "value", "gateway.base64", at=str(error.start + 1)) from error
        text = text.replace(b" ", b"+" if self.form else b"")
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error as error:
            raise Refused.because(400, "value", "gateway.base64", at=str(_fault(text))) from error


def read(environ: Mapping[str, Any], body: bytes) -> Asked:
    """Raises Refused(400, 415) for a body that is neither a form nor a JSON object."""
    kind = str(environ.get("CONTENT_TYPE") or environ.get("HTTP_CONTENT_TYPE") or "").split(";")[0].strip().lower()
    fields: dict[str, Any] = dict(_form(environ.get("QUERY_STRING", "")))
    form = True
    if body.strip():
        is_json = kind in ("application/json", "text/json") or (kind != _FORM and body.lstrip()[:1] == b"{")
        if is_json:
            form = False
            fields |= _json(body)
        elif kind in (_FORM, "", "text/plain"):
            fields |= dict(_form(_ascii(body)))
        else:
            raise Refused.because(415, "not-supported", "gateway.body-type", type=kind[:80])
    for header, name in _HEADERS.items():
        if environ.get(header):
            fields[name] = environ[header]
    return Asked(fields, form)


def bearer(environ: Mapping[str, Any]) -> str:
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


_FORM = "application/x-www-form-urlencoded"


def _ascii(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused.because(400, "value", "gateway.not-utf8", at=str(error.start + 1)) from error


def _form(text: str) -> Iterator[tuple[str, str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError as error:
        raise Refused.because(400, "value", "gateway.not-utf8", at="?") from error
    except ValueError as error:
        raise Refused.because(400, "too-costly", "gateway.many-fields", limit=str(FIELDS)) from error
    for name, value in pairs:
        yield _named(name), value


def _json(body: bytes) -> dict[str, Any]:
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused.because(400, "structure", "gateway.bad-json", at=f"{error.lineno}:{error.colno}") from error
    if not isinstance(tree, dict):
        raise Refused.because(400, "structure", "gateway.bad-json", at="1:1")
    return {_named(name): value for name, value in tree.items()}


def _named(name: str) -> str:
    small = name.strip().lower()
    return _NAMES.get(small, small)


def _fault(text: bytes) -> int:
    """Where the first letter stands that base64 has not; behind the end for one that is cut off."""
    found = re.search(rb"[^A-Za-z0-9+/]", text.rstrip(b"="))
    return found.start() + 1 if found else len(text) + 1

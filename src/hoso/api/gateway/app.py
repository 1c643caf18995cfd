"""The WSGI callable of the gateway: which call a path means, who calls, and every fault in the gateway's own shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from hoso.access.gateways import Account
from hoso.api.body import Bodies
from hoso.api.gateway import answers, history, ministry, records
from hoso.api.gateway.asked import Asked, bearer, read
from hoso.api.gateway.doors import BARE, HERE, Gateway
from hoso.api.message import Response
from hoso.api.negotiate import compressed
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.fhir.outcome import Language, preferred

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Call = Callable[[Gateway, Account, Asked, Language], Response]

_HEADERS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_SEND = re.compile(r"qd130/(checkinkcb|guihosoxml)(qd)?[0-9]{2,5}|egw/guihosogiamdinh[0-9]{4}")
_CALLS: dict[str, Call] = {"qd130/trangthaigiaodich": records.standing}
_PUSH = "platform/data-sync/push"


def application(gateway: Gateway, bodies: Bodies) -> Application:
    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        language = _language(environ)
        try:
            response = _answer(environ, language)
        except Exception as error:  # the rim: whatever went wrong, the caller gets an answer of the gateway's shape
            response = answers.failed(error, language, gateway.clock())
        response = compressed(response, environ.get("HTTP_ACCEPT_ENCODING") or "")
        start(f"{response.status} {HTTPStatus(response.status).phrase}", response.headers + _HEADERS)
        return [response.body] if isinstance(response.body, bytes) else response.body

    def _answer(environ: Environ, language: Language) -> Response:
        path = _path(environ["PATH_INFO"])
        call = _call(path)
        if path in ministry.PATHS:
            return _of_ministry(path, environ, language)
        _check_method(environ, path)
        if path == "token/take":
            return _token(environ, _asked(environ, environ.get("REMOTE_ADDR", "")), language)
        if call is None and path not in history.PATHS:
            raise Refused.because(404, "not-found", "gateway.no-call", path=path[:100])
        early = read(environ, b"")
        caller = _known(environ, early).username if bearer(environ) or early.text("accesstoken") else ""
        asked = _asked(environ, caller or environ.get("REMOTE_ADDR", ""))
        account = _known(environ, asked)
        if call is None:
            return history.look_up(gateway, account, asked, language, environ)
        return call(gateway, account, asked, language)

    def _asked(environ: Environ, caller: str) -> Asked:
        return read(environ, bodies.read(environ, caller))

    def _known(environ: Environ, asked: Asked) -> Account:
        account = _signed_in(environ, asked)
        if account is None:
            gateway.records.stranger(environ.get("REMOTE_ADDR", ""))
            raise Refused.because(401, "login", "gateway.not-signed-in")
        return account

    def _signed_in(environ: Environ, asked: Asked) -> Account | None:
        token = bearer(environ)
        name, password = asked.text("username"), asked.text("passwordhash")
        second = asked.text("tokenid") or None
        if token:
            return gateway.accounts.signed_in(token, second, name, password)
        return gateway.accounts.signed_in(asked.text("accesstoken"), second or "", name, password)

    def _token(environ: Environ, asked: Asked, language: Language) -> Response:
        name, password = asked.text("username"), asked.text("passwordhash")
        if not name or not password:
            raise Refused.because(400, "required", "gateway.no-password")
        session = gateway.accounts.sign_in(name, password, environ.get("REMOTE_ADDR", ""))
        if session is None:
            raise Refused.because(401, "login", "gateway.wrong-password")
        expires = from_ms(session.expires).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        key = {
            "access_token": session.access_token, "id_token": session.id_token, "token_type": "Bearer",
            "username": session.account.username, "expires_in": expires,
        }  # fmt: skip
        return answers.answer({"maKetQua": answers.GOOD, "APIKey": key})

    def _of_ministry(path: str, environ: Environ, language: Language) -> Response:
        try:
            _check_method(environ, path)
            token = bearer(environ)
            account = gateway.accounts.signed_in(token, None, "", "") if token else None
            body = bodies.read(environ, account.username if account else environ.get("REMOTE_ADDR", ""))
            if path == ministry.LOGIN:
                return ministry.login(gateway, read(environ, body), environ, language)
            if account is None:
                gateway.records.stranger(environ.get("REMOTE_ADDR", ""))
                raise Refused.because(401, "login", "gateway.not-signed-in")
            if path == ministry.STATUS:
                return ministry.status(gateway, account, read(environ, body), language)
            return ministry.push(gateway, account, body, environ, language)
        except Refused as error:
            return ministry.refused(error, language)

    return serve


def _path(path: str) -> str:
    """Below `api/`, in small letters; "" for what is elsewhere."""
    if path.startswith(HERE):
        path = path[len(HERE) - 1 :]
    elif not path.startswith(BARE):
        return ""
    small = path.lower().rstrip("/")
    return small.removeprefix("/api/") if small.startswith("/api/") else ""


def _call(path: str) -> Call | None:
    return records.send if _SEND.fullmatch(path) else _CALLS.get(path)


def _check_method(environ: Environ, path: str) -> None:
    allowed = ("GET", "POST") if path in _CALLS else ("POST",)
    if environ["REQUEST_METHOD"] not in allowed:
        method = str(environ["REQUEST_METHOD"])[:20]
        raise Refused.because(405, "not-supported", "rest.method", method=method, allow=", ".join(allowed))


def _language(environ: Environ) -> Language:
    """Vietnamese, unless somebody asks for something."""
    asked = environ.get("HTTP_ACCEPT_LANGUAGE")
    return preferred(asked) if asked else "vi"

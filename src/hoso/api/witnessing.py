"""The door of a witness: checkpoints come in, cosignatures go out (C2SP tlog-witness). It needs no node beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from hoso.access.audit.watch import Broken, Watch
from hoso.access.audit.witness import LARGEST, Answer

log = logging.getLogger(__name__)

_REASONS = {
    200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    411: "Length Required", 413: "Content Too Large", 422: "Unprocessable Entity", 500: "Internal Server Error",
}  # fmt: skip

Start = Callable[[str, list[tuple[str, str]]], Any]


def application(watch: Watch) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    def serve(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        try:
            answer = _answer(watch, environ)
        except (Broken, OSError) as error:
            log.error("the witness signed nothing: %s", error)
            answer = Answer(500, "the witness cannot keep what it would sign; it signed nothing\n")
        body = answer.text.encode()
        headers = [("Content-Type", answer.type), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start(f"{answer.status} {_REASONS[answer.status]}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    return serve


def _answer(watch: Watch, environ: dict[str, Any]) -> Answer:
    path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
    if path == "/add-checkpoint":
        return _add(watch, environ) if method == "POST" else Answer(405, "POST a checkpoint\n")
    if path not in ("/", "/healthz"):
        return Answer(404, "there is only /add-checkpoint\n")
    if method not in ("GET", "HEAD"):
        return Answer(405, "GET only\n")
    return Answer(200, _state(watch))


def _add(watch: Watch, environ: dict[str, Any]) -> Answer:
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()):
        return Answer(411, "say how long the body is\n")
    if len(length) > 9 or int(length) > LARGEST:
        return Answer(413, f"at most {LARGEST} bytes\n")
    body = environ["wsgi.input"].read(int(length))
    return watch.answer(body)


def _state(watch: Watch) -> str:
    """Its key, and each log with the size that it cosigned last."""
    lines = [f"{log.name} {point.size if point else 0}" for log, point in watch.logs()]
    return "\n".join([str(watch.verifier), "", *lines, ""])

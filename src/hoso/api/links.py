"""Page links: sealed with the node's key and bound to the caller and the query, so nobody can forge or borrow one."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from hoso.api.message import Request
from hoso.core.errors import Refused
from hoso.core.escaping import escaped
from hoso.core.keychain import Keychain, chain

PAGE = "_page"
Pairs = Sequence[tuple[str, str]]


class Seal:
    def __init__(self, keys: bytes | Keychain) -> None:
        self._keys = chain(keys)

    def token(self, actor: str, path: str, pairs: Pairs, cursor: str) -> str:
        """An opaque text that only the same actor can bring back, with the same query."""
        mac = _mac(self._keys.key, actor, path, pairs, cursor)
        return urlsafe_b64encode(mac + cursor.encode()).decode().rstrip("=")

    def cursor(self, actor: str, path: str, pairs: Pairs, token: str) -> str:
        """The cursor in a token. Raises Refused(400) when the token is not ours, not theirs, or of another query."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            cursor = raw[16:].decode()
        except ValueError as error:
            raise Refused.because(400, "value", "rest.bad-page") from error
        if not any(hmac.compare_digest(raw[:16], _mac(key, actor, path, pairs, cursor)) for key in self._keys):
            raise Refused.because(400, "value", "rest.bad-page")
        return cursor


def _mac(key: bytes, actor: str, path: str, pairs: Pairs, cursor: str) -> bytes:
    bound = "\0".join((actor, path, escaped(pairs), cursor))
    return hmac.digest(key, bound.encode(), "sha256")[:16]


def split_page(pairs: Pairs) -> tuple[list[tuple[str, str]], str | None]:
    """The parameters without the page token, and the token."""
    tokens = [value for name, value in pairs if name == PAGE]
    if len(tokens) > 1:
        raise Refused.because(400, "value", "rest.bad-page")
    return [pair for pair in pairs if pair[0] != PAGE], tokens[0] if tokens else None


def address(request: Request, path: str, pairs: Pairs) -> str:
    """A link to the same question or its next page; who asked for XML in the question gets XML from the link, too."""
    asked = request.xml and ("_format" in request.query or "_format" in request.form)
    return url(request.base, path, [*pairs, ("_format", "xml")] if asked else pairs)


def url(base: str, path: str, pairs: Pairs) -> str:
    text = escaped(pairs)
    where = f"{base}/{path}" if path else base
    return f"{where}?{text}" if text else where

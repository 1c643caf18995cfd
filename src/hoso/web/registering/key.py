"""The key of one form: the ids of what it will make, signed for who opened it, so that sending it twice makes one."""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest

from hoso.core import new_id

_SALT = "hoso.registering.key"
_SECONDS = 24 * 3_600


def fresh(request: HttpRequest) -> str:
    return signing.dumps([new_id(), request.user.get_username()], salt=_SALT)


def opened(request: HttpRequest, key: str) -> str:
    """The id of the Patient to make; empty for a key of yesterday, of another person, or of nobody."""
    id, whose = _read(key)
    return id if whose == request.user.get_username() else ""


def owner(key: str) -> str:
    return _read(key)[1]


def _read(key: str) -> tuple[str, str]:
    try:
        id, whose = signing.loads(key, salt=_SALT, max_age=_SECONDS)
    except (signing.BadSignature, ValueError):
        return "", ""
    return str(id), str(whose)

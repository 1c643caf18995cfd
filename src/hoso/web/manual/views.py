"""The manual in the app: a list of chapters with a search, a chapter, and its pictures; open to everybody."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from markupsafe import Markup

from hoso.web.manual import book
from hoso.web.pages import page
from hoso.web.stewards import reader

_NAME = re.compile(r"[a-z0-9-]{1,40}\Z")
LONGEST = 100


def contents(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("words", "")[:LONGEST].strip()
    user: Any = request.user
    role = user.role if user.is_authenticated else ""
    return page(
        request, "manual/contents.html", chapters=book.chapters(reader()), asked=asked, role=role,
        hits=book.search(reader(), asked) if asked else None,
    )  # fmt: skip


def chapter(request: HttpRequest, name: str) -> HttpResponse:
    found = book.chapters(reader()).get(name)
    if found is None:
        raise Http404
    parts = [(one, Markup("".join(one.html))) for one in found.sections]  # noqa: S704  (ours; texts are escaped)
    return page(request, "manual/chapter.html", chapter=found, parts=parts)


def picture(request: HttpRequest, name: str) -> HttpResponse:
    file = book.PICTURES / f"{name}.png"
    if not _NAME.match(name) or not file.is_file():
        raise Http404
    return HttpResponse(file.read_bytes(), content_type="image/png", headers={"Cache-Control": "max-age=86400"})

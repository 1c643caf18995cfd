"""Everything that is recorded about a citizen as one file: the book (PDF), a summary (IPS), every entry (NDJSON)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse

from hoso.access import Version
from hoso.access.policy.matrix import kinds
from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.web.citizens.own import own
from hoso.web.citizens.summarised import document, shareable
from hoso.web.door import Door
from hoso.web.pages import errand
from hoso.web.papers import views as papers
from hoso.web.persons import Person

LARGEST = 200_000_000
"""Bytes before packing; a longer record is asked for as a copy, which is sent piece by piece."""


@own
def everything(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    if request.method != "POST":
        raise Http404
    request.errand = replace(errand(request), channel="export", activity="export")  # type: ignore[attr-defined]
    types = [type for some in kinds().values() for type in some if reach.may(type)]
    records = Door(reach.records, errand(request)).records.everything(errand(request), person.id, types=types)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ho-so.ndjson", _lines(records))
        archive.writestr("tom-tat-ips.json", encode(document(request, person, shareable(request, person, closed=True))))
        archive.writestr("so-suc-khoe.pdf", papers.book_for(request, person))
    response = HttpResponse(packed.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="ho-so-suc-khoe.zip"'
    return response


def _lines(versions: Iterable[Version]) -> bytes:
    """A line each; what was deleted is left out. Raises Refused for a record that is too long for one file."""
    out, size = io.BytesIO(), 0
    for version in versions:
        if not version.deleted:
            size += out.write(version.body.replace(b"\n", b" ") + b"\n")
        if size > LARGEST:
            raise Refused.because(413, "too-long", "rest.too-large", limit=str(LARGEST // 1_000_000))
    return out.getvalue()

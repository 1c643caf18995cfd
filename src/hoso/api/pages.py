"""Bundles of results, joined from stored bytes: a resource is never parsed on its way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hoso.access import HistoryPage, Version
from hoso.core.clock import instant
from hoso.core.errors import Issue
from hoso.core.ids import new_id
from hoso.fhir.json import encode
from hoso.fhir.outcome import Language, outcome

Dress = Callable[[Version], bytes]


def stored(version: Version) -> bytes:
    return version.body


def bundle(
    kind: str, updated: int, total: int | None, links: Sequence[tuple[str, str]], entries: Iterable[bytes]
) -> bytes:
    return b"".join((head(kind, updated, total, links), b",".join(entries), b"]}"))


def head(kind: str, updated: int, total: int | None, links: Sequence[tuple[str, str]]) -> bytes:
    """Everything up to the first entry. An empty `entry` list would be invalid, see `without_entries`."""
    counted = b"" if total is None else b'"total":%d,' % total
    linked = b",".join(b'{"relation":"%b","url":%b}' % (rel.encode(), encode(url)) for rel, url in links)
    return b'{"resourceType":"Bundle","id":"%b","meta":{"lastUpdated":"%b"},"type":"%b",%b"link":[%b],"entry":[' % (
        new_id().encode(),
        instant(updated).encode(),
        kind.encode(),
        counted,
        linked,
    )


def without_entries(text: bytes) -> bytes:
    """FHIR has no empty lists: a bundle with no entry has no `entry`."""
    return text[: -len(b',"entry":[]}')] + b"}" if text.endswith(b',"entry":[]}') else text


def match_entries(
    base: str, versions: Iterable[Version], mode: str, dress: Callable[[Version], bytes] = stored
) -> list[bytes]:
    """`dress` makes what is shown of a record. Types and ids have no letter that JSON escapes."""
    start = b'{"fullUrl":%b' % encode(f"{base}/")[:-1]
    end = b',"search":{"mode":"%b"}}' % mode.encode()
    return [
        b'%b%b/%b","resource":%b%b' % (start, version.type.encode(), version.id.encode(), dress(version), end)
        for version in versions
    ]


def outcome_entry(issues: Sequence[Issue], language: Language) -> bytes:
    return b'{"resource":%b,"search":{"mode":"outcome"}}' % encode(outcome(issues, language))


def history_entries(base: str, page: HistoryPage) -> Iterable[bytes]:
    for version in page.versions:
        yield history_entry(base, version)


def history_entry(base: str, version: Version) -> bytes:
    resource = b"" if version.deleted else b'"resource":%b,' % version.body
    created = version.method == "POST"
    url = version.type if created else f"{version.type}/{version.id}"
    status = "204" if version.deleted else "201" if created or version.version.split("-")[0] == "1" else "200"
    return (
        b'{"fullUrl":%b,%b"request":{"method":"%b","url":"%b"},'
        b'"response":{"status":"%b","etag":"W/\\"%b\\"","lastModified":"%b"}}'
    ) % (
        encode(f"{base}/{version.type}/{version.id}"),
        resource,
        version.method.encode(),
        url.encode(),
        status.encode(),
        version.version.encode(),
        instant(version.updated).encode(),
    )

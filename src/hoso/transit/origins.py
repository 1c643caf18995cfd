"""Two addresses of one node: people's, with pages and cookies, and systems', which shows no page and knows no cookie.

What somebody sent in (a Binary that is a web page, a narrative) then never stands where a session could be ridden.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from hoso.transit.edge import Environ, host_of


def parse(fhir_url: str, base_url: str) -> str:
    """The systems' address without a closing slash, "" for none. Raises ValueError for what cannot be one."""
    address, people = urlsplit(fhir_url.rstrip("/")), urlsplit(base_url)
    if not fhir_url:
        return ""
    if not address.hostname or address.path or address.query or address.fragment or address.username:
        raise ValueError('[http] fhir_url is an address without a path, such as "https://fhir.hoso.example.vn"')
    if address.scheme != people.scheme:
        raise ValueError("[http] fhir_url needs a base_url, and both are https or both are http")
    if address.hostname == people.hostname:
        raise ValueError("[http] fhir_url needs another name than base_url: a port alone does not part cookies")
    return fhir_url.rstrip("/")


def answers(environ: Environ, systems: str, people: str) -> bool:
    """Whether a request came to the name that answers its path; the machine's own (`localhost`) answer everything.

    `systems` and `people` are names of hosts. What comes to the systems' name loses its cookies here.
    """
    host, path = host_of(environ.get("HTTP_HOST") or ""), environ["PATH_INFO"]
    if host == systems:
        environ.pop("HTTP_COOKIE", None)
    if path == "/healthz" or host not in (systems, people):
        return True
    return (host == systems) == is_for_systems(path)


def is_for_systems(path: str) -> bool:
    return path in _WHOLE or path.startswith(_BEGINNINGS)


_WHOLE = ("/fhir", "/intake", "/cds-services")
_BEGINNINGS = ("/fhir/", "/intake/", "/gateway/", "/api/", "/cds-services/")

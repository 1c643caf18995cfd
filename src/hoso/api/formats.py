"""XML at the rim: a body that came in XML becomes JSON before anything looks at it, an answer becomes XML after.

Between the two everything is JSON, so that what is kept and what is read most often never meets a parser here.
"""

from __future__ import annotations

from hoso.api.failure import failed
from hoso.api.message import CONTENT, FHIR_JSON, FHIR_XML, XML_CONTENT, Header, Request, Response
from hoso.api.negotiate import XML_NAMES, media_type
from hoso.core.errors import Issue, Refused
from hoso.fhir import xml
from hoso.fhir.json import encode
from hoso.fhir.outcome import Language, outcome

_PROTECTED: list[Header] = [("Content-Security-Policy", "default-src 'none'; sandbox")]
"""A browser shows XHTML inside XML as a page, so nothing in it may load or run, whatever was stored."""


def in_json(request: Request) -> None:
    """Makes the request's body JSON when it says it is XML. Raises Refused(400, 415)."""
    name, parameters = media_type(request.content_type)
    resource = name in (FHIR_XML, "application/xml+fhir")
    if name not in XML_NAMES or name == "xml" or not (resource or request.path[:1] != ("Binary",)):
        return
    charset, version = parameters.get("charset", "utf-8"), parameters.get("fhirversion", "4.0")
    if charset not in ("utf-8", "utf8", "us-ascii") or version not in ("4.0", "4.0.1"):
        raise Refused.because(415, "not-supported", "rest.content-type", type=request.content_type[:80])
    request.body = xml.read(request.body)
    request.content_type = FHIR_JSON


def in_xml(response: Response, method: str, language: Language, *, pretty: bool = False) -> Response:
    """The same answer in XML. What is no resource (a Binary's own bytes, nothing at all) stays as it is."""
    if XML_CONTENT in response.headers:
        response.headers += _PROTECTED
    if CONTENT not in response.headers or not isinstance(response.body, bytes) or not response.body:
        return response
    try:
        response.body = xml.write(response.body, replacing=response.status >= 400, pretty=pretty)
    except Refused as refused:
        if method in ("GET", "HEAD"):
            response = failed(refused, language)
            assert isinstance(response.body, bytes)
            response.body = xml.write(response.body, replacing=True)
        else:  # it was done, and only cannot be told in full
            issues = [Issue(i.code, i.key, i.values, i.expression, "warning") for i in refused.issues]
            response.body = xml.write(encode(outcome(issues, language)), replacing=True)
    response.headers = [XML_CONTENT if header == CONTENT else header for header in response.headers] + _PROTECTED
    return response

"""The CapabilityStatement: generated from the model and the routes, so that it says what is there and nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

from hoso import __version__
from hoso.access import Unavailable
from hoso.access.trail import TYPE
from hoso.api import health_book, immds, insurance_xml, subscribing
from hoso.api.auditing import PARAMETERS
from hoso.api.definitions import IMPORT, URL, listed
from hoso.api.doors import Doors
from hoso.api.message import CONTENT, FHIR_JSON, FHIR_XML, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.terminology import EXPAND
from hoso.core.errors import Refused
from hoso.fhir.added import WORDS, written
from hoso.fhir.json import encode
from hoso.fhir.model import load
from hoso.fhir.search.offered import NOTHING, Offered
from hoso.fhir.terminology import CodeSystem, Library

DATE = "2026-11-26"
PIX = "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix"
BULK = "http://hl7.org/fhir/uv/bulkdata"
SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
TERMINOLOGY = {
    "CodeSystem": ("lookup", "validate-code", "subsumes"),
    "ValueSet": ("expand", "validate-code"),
    "ConceptMap": ("translate",),
}
_GRAPHQL = {"name": "graphql", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-graphql"}
_MODES = ("full", "normative", "terminology")
_RESULT = ("_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude", "_contained")
_INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)


def metadata(doors: Doors, request: Request) -> Response:
    check_format(request)
    mode = dict(request.pairs()).get("mode", "full")
    if mode not in _MODES:
        raise Refused.because(400, "value", "rest.bad-mode", value=mode[:40])
    if mode == "terminology":
        return Response(200, [CONTENT], encode(_terminology(request.base, doors.records.code_lists.library())))
    try:
        profiles, offered = _profiles(doors), doors.records.parameters.offered()
    except Unavailable:  # what was loaded into the store cannot be told; what HoSo is, can
        profiles, offered = {}, NOTHING
    return Response(200, [CONTENT], encode(_whole(_statement(*_has(doors)), request, profiles, offered)))


def _has(doors: Doors) -> tuple[bool, ...]:
    return tuple(one is not None for one in (doors.identity, doors.exports, doors.subscriptions, doors.imports))


def _profiles(doors: Doors) -> dict[str, dict[str, Any]]:
    """By type: `profile` where each record must hold that one, and all that are known here, those asked for first."""
    required = doors.records.demands.required if doors.records.demands else {}
    found: dict[str, list[str]] = {type: list(urls) for type, urls in required.items()}
    for one in doors.guides.known().shelf.all("StructureDefinition") if doors.guides else ():
        if one.get("derivation") == "constraint" and one.get("kind") == "resource":
            found.setdefault(one["type"], []).append(one["url"])
    return {
        type: {
            **({"profile": required[type][0]} if len(required.get(type, ())) == 1 else {}),
            "supportedProfile": list(dict.fromkeys(urls)),
        }
        for type, urls in found.items()
    }


def _whole(
    statement: dict[str, Any], request: Request, profiles: dict[str, dict[str, Any]], offered: Offered
) -> dict[str, Any]:
    """With what depends on the address that was asked, and on the guides and search parameters that were added."""
    rest = statement["rest"][0]
    resources = [_with(one, offered) | profiles.get(one["type"], {}) for one in rest["resource"]]
    common = [{"name": code, "type": "string"} for code in WORDS if _ready(offered, "Patient", code)]
    rest = {
        **rest,
        "resource": resources,
        "searchParam": [*rest["searchParam"], *common],
        "security": _security(request.signing_in),
    }
    return {**statement, "implementation": _here(request.base), "rest": [rest]}


def _with(resource: dict[str, Any], offered: Offered) -> dict[str, Any]:
    """With the added search parameters whose index is complete."""
    added = offered.get(resource["type"], {})
    more = [one.param for one in added.values() if one.param.type != "words" and one.share is None]
    if not more or resource["type"] == TYPE:
        return resource
    named = [{"name": written(one.code), "definition": one.url, "type": one.type} for one in more]
    found = resource | {"searchParam": [*resource["searchParam"], *named]}
    edges = [f"{resource['type']}:{written(one.code)}" for one in more if one.type == "reference"]
    return found | {"searchInclude": [*resource["searchInclude"], *edges]} if edges else found


def _ready(offered: Offered, type: str, code: str) -> bool:
    found = offered.get(type, {}).get(code)
    return found is not None and found.share is None


def _security(origin: str) -> dict[str, Any]:
    uris = {"authorize": "authorize", "token": "token", "introspect": "introspect", "revoke": "revoke"}
    return {
        "cors": True,
        "service": [{"coding": [{"system": SERVICE, "code": "SMART-on-FHIR"}], "text": "OAuth2 using SMART-on-FHIR"}],
        "description": "Bearer token in every request but this one; SMART scopes per type. See smart-configuration.",
        "extension": [
            {
                "url": OAUTH_URIS,
                "extension": [{"url": name, "valueUri": f"{origin}/oauth/{path}"} for name, path in uris.items()],
            }
        ],
    }


def _here(base: str) -> dict[str, str]:
    return {"description": "HoSo", "url": base}


@cache
def _statement(persons: bool, exports: bool, subscriptions: bool, imports: bool) -> dict[str, Any]:
    model = load()
    statement: dict[str, Any] = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "HoSo", "version": __version__},
        "implementation": {},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json", FHIR_XML, "xml"],
        "patchFormat": ["application/json-patch+json", FHIR_JSON, FHIR_XML],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(type, persons, exports) for type in model.resource_types],
                "interaction": [{"code": code} for code in ("transaction", "batch", "history-system", "search-system")],
                "searchParam": [*(_param(p) for p in _common()), {"name": "_filter", "type": "special"}],
                "operation": [_GRAPHQL, {"name": "immds-forecast", "definition": f"{URL}{immds.ID}"}],
            }
        ],
    }
    if subscriptions:
        (own,) = (one for one in statement["rest"][0]["resource"] if one["type"] == "Subscription")
        more = subscribing.capability()
        own |= {"extension": more["extension"], "operation": [*own["operation"], *more["operation"]]}
        statement["instantiates"] = [subscribing.SERVER]
    if exports:
        statement.setdefault("instantiates", []).insert(0, f"{BULK}/CapabilityStatement/bulk-data")
        statement["rest"][0]["operation"].append(_bulk("export"))
    if imports:
        statement["rest"][0]["operation"].append({"name": "import", "definition": f"{URL}{IMPORT}"})
    return statement


def _bulk(code: str) -> dict[str, str]:
    return {"name": "export", "definition": f"{BULK}/OperationDefinition/{code}"}


def _common() -> list[Any]:
    """Parameters that hold for every type."""
    patient = load().search_params["Patient"]
    return [param for code, param in patient.items() if code.startswith("_") and _usable(param)]


def _usable(param: Any) -> bool:
    return param.code not in ("_text", "_content", "_query", "_filter")


def _param(param: Any) -> dict[str, str]:
    return {"name": param.code, "definition": param.url, "type": param.type}


def _audit() -> dict[str, Any]:
    """A view of the log: read and searched only."""
    params = [p for p in load().search_params[TYPE].values() if p.code in PARAMETERS]
    return {
        "type": TYPE,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [_param(p) for p in params],
        "operation": [{"name": "validate", "definition": _operation("Resource-validate")}],
    }


def _resource(type: str, persons: bool, exports: bool) -> dict[str, Any]:
    if type == TYPE:
        return _audit()
    params = [p for p in load().search_params[type].values() if _usable(p) and p.code != "_type"]
    references = [p.code for p in params if p.type == "reference" and not p.code.startswith("_")]
    found: dict[str, Any] = {
        "type": type,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
        "searchInclude": ["*", *(f"{type}:{code}" for code in references)],
        "searchParam": [_param(p) for p in params],
        "operation": [
            {"name": name, "definition": _operation(f"Resource-{name}")}
            for name in ("validate", "meta", "meta-add", "meta-delete", "graphql")
        ],
    }
    if type == "Observation":
        found["operation"].append({"name": "lastn", "definition": _operation("Observation-lastn")})
    if type == "Composition":
        found["operation"].append({"name": "document", "definition": _operation("Composition-document")})
    found["operation"] += [
        {"name": name, "definition": _operation(f"{type}-{name}")} for name in TERMINOLOGY.get(type, ())
    ]
    if type == "Encounter":
        found["operation"].append({"name": "insurance-xml", "definition": f"{URL}{insurance_xml.ID}"})
    if type in ("Patient", "Group"):
        found["operation"].append({"name": "everything", "definition": _operation(f"{type}-everything")})
    if type == "Patient":
        found["operation"].append({"name": "summary", "definition": SUMMARY})
        found["operation"].append({"name": "health-book", "definition": f"{URL}{health_book.ID}"})
        found["operation"].append({"name": "immds-forecast", "definition": f"{URL}{immds.ID}"})
    if type in ("Patient", "Group") and exports:
        found["operation"].append(_bulk(f"{type.lower()}-export"))
    if type == "Patient" and persons:
        found["operation"].append({"name": "match", "definition": _operation("Patient-match")})
        found["operation"].append({"name": "ihe-pix", "definition": PIX})
        found["operation"] += listed()
    return found


SUMMARY = "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"


def _operation(name: str) -> str:
    return f"http://hl7.org/fhir/OperationDefinition/{name}"


def _terminology(base: str, library: Library) -> dict[str, Any]:
    """What HoSo brings and what the operator loaded, and what the operations on it understand: anybody may ask."""
    parameters = [name for name in EXPAND if name not in ("url", "valueSet", "valueSetVersion")]
    return {
        "resourceType": "TerminologyCapabilities",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "HoSo", "version": __version__},
        "implementation": _here(base),
        "codeSystem": [
            _listed(trusted)
            for _, some in sorted(library.systems.items())
            if (trusted := [one for one in some if one.head.trusted])
        ],
        "expansion": {
            "hierarchical": False,
            "paging": True,
            "incomplete": False,
            "parameter": [{"name": name} for name in sorted(parameters)],
            "textFilter": "Without accents, in any case: the code or a name, its beginning, or beginnings of words.",
        },
        "codeSearch": "all",
        "validateCode": {"translations": False},
        "translation": {"needsMap": True},
        "closure": {"translation": False},
    }


def _listed(systems: list[CodeSystem]) -> dict[str, Any]:
    versions = [{"code": one.head.version} for one in systems if one.head.version]
    found: dict[str, Any] = {"uri": systems[0].head.url}
    return found | {"version": versions} if versions else found

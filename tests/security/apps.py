"""The other side of OAuth for the tests: an app, a system with a key, and a person with a browser's cookies."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jwcrypto import jwk, jws
from tests.security.keyserver import KeyServer

from hoso import compose
from hoso.web.configure import configure
from hoso.web.oauth import registry

BACK = "https://app.example.vn/back"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def told(self) -> dict[str, str]:
        """What a redirect carries back to the app."""
        return dict(parse_qsl(urlsplit(self.headers["location"]).query))


@dataclass
class Site:
    address: str
    folder: Path
    token: str
    """An operator's, for everything."""
    keys: KeyServer | None = None
    """A server that keeps the key sets of others."""

    @property
    def fhir(self) -> str:
        return f"{self.address}/fhir"

    def ask(
        self, method: str, path: str, body: bytes | dict[str, Any] = b"", token: str = "", **headers: str
    ) -> Answer:  # fmt: skip
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            fields.setdefault("Content-Type", "application/fhir+json")
        try:
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            cookies = tuple(response.headers.get_all("Set-Cookie") or ())
            return Answer(response.status, found, response.read(), cookies)
        finally:
            connection.close()

    def post(self, path: str, **form: str) -> Answer:
        body = urlencode(form).encode()
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded")

    def fhir_get(self, path: str, token: str) -> Answer:
        return self.ask("GET", f"/fhir/{path}", token=token)

    def client(self, kind: registry.Kind = "browser", scopes: str = "", *, approved: bool = True, **more: Any) -> Any:
        """A registered client."""
        configure(compose.load(self.folder))
        if kind != "backend":
            more.setdefault("redirects", [BACK])
        made = registry.register(
            registry.Application(
                name=more.pop("name", f"App {secrets.token_hex(3)}"),
                owner=more.pop("owner", "Bệnh viện Thử"),
                kind=kind,
                scopes=scopes,
                **more,
            )
        )
        return registry.approve(made.client_id, "test") if approved else made


@dataclass
class Key:
    """A system's own key."""

    algorithm: str = "ES384"
    kid: str = "k1"
    pair: Any = None

    def __post_init__(self) -> None:
        kinds = {"ES384": {"kty": "EC", "crv": "P-384"}, "RS384": {"kty": "RSA", "size": 2048}}
        self.pair = jwk.JWK.generate(kid=self.kid, **kinds[self.algorithm])

    @property
    def jwks(self) -> str:
        return json.dumps({"keys": [self.pair.export_public(as_dict=True)]})

    def claims(self, site: Site, client: str, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        told = {
            "iss": client,
            "sub": client,
            "aud": f"{site.address}/oauth/token",
            "exp": now + 240,
            "jti": secrets.token_hex(16),
        }
        return {name: value for name, value in {**told, **changed}.items() if value is not None}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        made = jws.JWS(json.dumps(claims))
        full = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **header}
        made.add_signature(self.pair, None, json.dumps(full))
        return str(made.serialize(compact=True))

    def token(self, site: Site, client: str, scope: str, assertion: str = "", **form: str) -> Answer:
        return site.post(
            "/oauth/token",
            grant_type="client_credentials",
            scope=scope,
            client_assertion_type=ASSERTION,
            client_assertion=assertion or self.signed(self.claims(site, client)),
            **form,
        )


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden" and found.get("name"):
            self.fields[str(found["name"])] = found.get("value") or ""


@dataclass
class Person:
    """Somebody signed in, with the cookies of a browser."""

    site: Site
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._kept(self.site.ask("GET", path, Cookie=self._sent()))

    def post(self, path: str, page: Answer, **form: str) -> Answer:
        """Sends the form of a page, with what its hidden fields hold."""
        forms = _Forms()
        forms.feed(page.body.decode())
        hidden = {name: value for name, value in forms.fields.items() if name in ("csrfmiddlewaretoken", "choice")}
        body = urlencode({**hidden, **form}).encode()
        kind = "application/x-www-form-urlencoded"
        return self._kept(self.site.ask("POST", path, body, Cookie=self._sent(), Content_Type=kind))

    def _sent(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _kept(self, answer: Answer) -> Answer:
        for cookie in answer.cookies:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        return answer


@dataclass
class App:
    """An app of the kind browser at the authorization endpoint and the token endpoint."""

    site: Site
    client: str
    scope: str
    back: str = BACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return b64(sha256(self.verifier.encode()).digest())

    def address(self, **changed: str | None) -> str:
        """Of the authorization endpoint; a parameter that is None is left out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.back,
            "scope": self.scope,
            "state": "s-1",
            "aud": self.site.fhir,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **changed,
        }
        return "/oauth/authorize?" + urlencode({name: value for name, value in asked.items() if value is not None})

    def code(self, person: Person, patient: str = "", **changed: str | None) -> str:
        """Through the pages as a person goes: choose whose record, look at what is asked, let the app in."""
        address = self.address(**changed)
        page = person.get(address)
        if patient and page.status == 200:
            page = person.post(address, page, step="choose", patient=patient)
        if page.status == 200:
            page = person.post(address, page, step="allow")
        assert page.status == 302, page.body.decode()[:2000]
        assert page.told["state"] == "s-1" and page.told["iss"] == self.site.address, page.headers
        return page.told["code"]

    def redeem(self, code: str, **changed: str) -> Answer:
        asked = {
            "grant_type": "authorization_code",
            "client_id": self.client,
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": self.verifier,
            **changed,
        }
        return self.site.post("/oauth/token", **asked)

    def refresh(self, refresh: str, **changed: str) -> Answer:
        asked = {"grant_type": "refresh_token", "client_id": self.client, "refresh_token": refresh, **changed}
        return self.site.post("/oauth/token", **asked)

    def tokens(self, person: Person, patient: str = "", **changed: str | None) -> dict[str, Any]:
        answer = self.redeem(self.code(person, patient, **changed))
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

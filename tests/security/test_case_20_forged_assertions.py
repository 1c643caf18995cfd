"""Case 20: assertions that were forged the known ways prove nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from jwcrypto import jwk, jws
from jwcrypto.common import base64url_encode
from tests.security.apps import Key, Site, b64


@pytest.fixture(scope="module")
def key() -> Key:
    return Key("RS384")


@pytest.fixture(scope="module")
def client(site: Site, key: Key) -> str:
    return str(site.client("backend", "system/Patient.r", jwks=key.jwks).client_id)


def refused(site: Site, key: Key, client: str, assertion: str) -> None:
    answer = key.token(site, client, "system/Patient.r", assertion)
    assert answer.status == 401 and answer.json["error"] == "invalid_client", answer.body


def test_case_20_the_honest_assertion_is_taken(site: Site, key: Key, client: str) -> None:
    assert key.token(site, client, "system/Patient.r").status == 200
    plain = signed(key, {"alg": "RS384", "kid": key.kid}, key.claims(site, client))
    assert key.token(site, client, "system/Patient.r", plain).status == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_case_20_an_unsigned_assertion(site: Site, key: Key, client: str, algorithm: str) -> None:
    header = b64(json.dumps({"alg": algorithm, "kid": key.kid, "typ": "JWT"}).encode())
    claims = b64(json.dumps(key.claims(site, client)).encode())
    signature = key.signed(key.claims(site, client)).split(".")[2]
    for last in ("", signature):
        refused(site, key, client, f"{header}.{claims}.{last}")


@pytest.mark.parametrize("form", ["pem", "jwk", "empty"])
def test_case_20_a_public_key_or_nothing_as_a_shared_secret(site: Site, key: Key, client: str, form: str) -> None:
    secret = {"pem": key.pair.export_to_pem(), "jwk": key.pair.export_public().encode(), "empty": b"\0" * 64}[form]
    forged = jws.JWS(json.dumps(key.claims(site, client)))
    shared = jwk.JWK(kty="oct", k=base64url_encode(secret))
    forged.add_signature(shared, None, json.dumps({"alg": "HS256", "kid": key.kid}))
    refused(site, key, client, forged.serialize(compact=True))


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": {"kty": "RSA"}},
        {"x5u": "https://keys.example.vn/chain.pem"},
        {"jku": "https://keys.example.vn/jwks.json"},
        {"x5c": ["MIIB"]},
        {"b64": True},
        {"kid": "../../../../etc/passwd"},
        {"kid": "k1' OR '1'='1"},
        {"kid": ["k1"]},
        {"kid": None},
        {"alg": "RS256"},
        {"alg": "PS384"},
        {"alg": "ES384"},
    ],
    ids=lambda header: "-".join(f"{k}" for k in header) + str(next(iter(header.values())))[:12],
)
def test_case_20_a_header_that_brings_its_own_truth(site: Site, key: Key, client: str, header: dict[str, Any]) -> None:
    """Signed rightly, so that nothing but the header speaks against it."""
    full = {"alg": "RS384", "kid": key.kid, "typ": "JWT", **header}
    refused(site, key, client, signed(key, full, key.claims(site, client)))


def signed(key: Key, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """By the client's own RSA key, in the way the header names; whatever else stands in the header."""
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}".encode()
    hashed = hashes.SHA256() if header["alg"] == "RS256" else hashes.SHA384()
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), hashes.SHA384.digest_size)
    way = pss if header["alg"] == "PS384" else padding.PKCS1v15()
    return f"{text.decode()}.{b64(key.pair.get_op_key('sign').sign(text, way, hashed))}"


@pytest.mark.parametrize("crit", [["exp"], ["b64"], ["unheard"], []])
def test_case_20_a_critical_extension_nobody_knows(site: Site, key: Key, client: str, crit: list[str]) -> None:
    header = {"alg": "RS384", "kid": key.kid, "crit": crit, "b64": True, "unheard": 1}
    refused(site, key, client, signed(key, header, key.claims(site, client)))


def test_case_20_a_key_that_was_not_registered(site: Site, key: Key, client: str) -> None:
    for algorithm in ("RS384", "ES384"):
        other = Key(algorithm, kid=key.kid)
        refused(site, other, client, other.signed(other.claims(site, client)))


def test_case_20_keys_that_may_not_be_registered(site: Site) -> None:
    from hoso.core.errors import Refused

    small = {**json.loads(jwk.JWK.generate(kty="RSA", size=1024).export_public()), "kid": "a"}
    shared = {**json.loads(jwk.JWK.generate(kty="oct", size=256).export()), "kid": "a"}
    private = {**json.loads(jwk.JWK.generate(kty="EC", crv="P-384").export()), "kid": "a"}
    curve = {**json.loads(jwk.JWK.generate(kty="EC", crv="P-256").export_public()), "kid": "a"}
    for bad in ([small], [shared], [private], [curve], [], [{"kty": "RSA"}], "x"):
        with pytest.raises(Refused):
            site.client("backend", "system/Patient.r", jwks=json.dumps({"keys": bad}))

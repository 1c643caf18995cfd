"""ID tokens of the national provider that are no proof: keys of another kind, and texts that are none."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jwcrypto import jwk, jws

from hoso.web.national.settings import Provider, parse
from hoso.web.national.token import Unfit, UnknownKey, claims

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PROVIDER = Provider("https://id.example.vn", "hoso", "secret", acr=("loa3",))
KEY = jwk.JWK.generate(kty="RSA", size=2048, kid="one")
CURVE = jwk.JWK.generate(kty="EC", crv="P-256", kid="curve")
WEAK = jwk.JWK.generate(kty="RSA", size=1024, kid="weak")
SHARED = jwk.JWK.generate(kty="oct", size=256, kid="shared")
KEYS = json.dumps({"keys": [json.loads(one.export_public()) for one in (KEY, CURVE, WEAK)]})
GOOD = {
    "iss": "https://id.example.vn", "aud": "hoso", "sub": "1", "nonce": "n", "acr": "loa3",
    "exp": NOW.timestamp() + 60, "iat": NOW.timestamp(),
}  # fmt: skip


def signed(payload: object = GOOD, key: jwk.JWK = KEY, alg: str = "RS256", **header: Any) -> str:
    token = jws.JWS(json.dumps(payload))
    token.allowed_algs = [alg]
    token.add_signature(key, protected=json.dumps({"alg": alg, "kid": key["kid"], **header}))
    return str(token.serialize(compact=True))


def why(text: object, keys: str = KEYS, nonce: str = "n", provider: Provider = PROVIDER) -> str:
    with pytest.raises(Unfit) as unfit:
        claims(text, keys, provider, nonce, NOW)
    return unfit.value.why


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("key", "alg"), [(KEY, "RS256"), (KEY, "PS256"), (CURVE, "ES256")])
def test_a_good_token_is_believed(key: jwk.JWK, alg: str) -> None:
    assert claims(signed(key=key, alg=alg), KEYS, PROVIDER, "n", NOW)["sub"] == "1"


def test_a_token_without_a_signature_or_with_a_shared_secret_is_not() -> None:
    assert why(f"{part({'alg': 'none', 'kid': 'one'})}.{part(GOOD)}.") == "signature"
    public = json.loads(KEY.export_public())["n"]
    secret = jwk.JWK(kty="oct", k=public, kid="one")
    assert why(signed(key=secret, alg="HS256")) == "signature"
    keys = json.dumps({"keys": [json.loads(SHARED.export())]})
    assert why(signed(key=SHARED, alg="HS256"), keys) == "signature"


def test_another_ones_signature_a_weak_key_or_an_altered_text_is_not() -> None:
    other = jwk.JWK.generate(kty="RSA", size=2048, kid="one")
    assert why(signed(key=other)) == "signature"
    assert why(signed(key=WEAK)) == "signature"
    head, _, tail = signed().split(".")
    assert why(f"{head}.{part({**GOOD, 'sub': '2'})}.{tail}") == "signature"
    critical = part({"alg": "RS256", "kid": "one", "crit": ["exp"], "exp": 1})
    assert why(f"{critical}.{part(GOOD)}.{tail}") == "signature"


def test_an_unknown_key_is_told_apart_so_that_a_newer_set_is_asked_for() -> None:
    with pytest.raises(UnknownKey):
        claims(signed(key=jwk.JWK.generate(kty="RSA", size=2048, kid="new")), KEYS, PROVIDER, "n", NOW)


@pytest.mark.parametrize(
    "text", [None, 5, "", "a", "a.b", "a.b.c", "é.b.c", "a.b.c.d", "x" * 20_000, "{}.{}.{}", b"a.b.c", ["a.b.c"]]
)
def test_what_is_no_token_is_refused(text: object) -> None:
    assert why(text) in ("token", "signature", "key")


@pytest.mark.parametrize("payload", [[], "text", 5, None, True])
def test_claims_that_are_no_object_are_refused(payload: object) -> None:
    assert why(signed(payload)) == "token"


@pytest.mark.parametrize(
    "keys", ["", "[]", "{}", '{"keys": 5}', '{"keys": [5]}', '{"keys": [{"kid": "one"}]}', "[" * 9999]
)
def test_keys_that_are_none_prove_nothing(keys: str) -> None:
    assert why(signed(), keys) in ("signature", "key")


SETTINGS: dict[str, Any] = {"issuer": "https://id.example.vn", "client_id": "hoso", "secret_file": "s", "acr": ["loa3"]}


def secret(folder: Path) -> Path:
    file = folder / "s"
    file.write_text("secret\n")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "http://id.example.vn"}, {"issuer": "https://a:b@id.example.vn"}, {"issuer": "https://id.vn/?x"},
        {"issuer": 5}, {"client_id": ""}, {"secret_file": ""}, {"secret_file": "nowhere"}, {"acr": []}, {"acr": "loa3"},
        {"amr": [5]}, {"number_claim": ""}, {"password": "x"},
    ],
    ids=range(12),
)  # fmt: skip
def test_settings_that_would_be_unsafe_are_refused_with_their_name(tmp_path: Path, changed: dict[str, Any]) -> None:
    secret(tmp_path)
    with pytest.raises(ValueError, match=r"\[national\]"):
        parse({**SETTINGS, **changed}, tmp_path)


def test_settings_are_read_and_none_means_no_provider(tmp_path: Path) -> None:
    secret(tmp_path).chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        parse(SETTINGS, tmp_path)
    secret(tmp_path)
    found = parse(SETTINGS, tmp_path)
    assert found is not None and found.secret == "secret" and "secret" not in repr(found)
    assert found.scopes == ("openid",) and parse({}, tmp_path) is None and parse({"issuer": ""}, tmp_path) is None

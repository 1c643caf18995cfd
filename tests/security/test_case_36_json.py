"""Case 36: JSON that is deep, double, endless or no JSON, and archives that are small only until they are opened."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from pathlib import Path

import pytest
from tests.api.test_hostile import BODIES, bomb
from tests.security.apps import ASSERTION, Key, Site, b64
from tests.security.scene import Scene
from tests.security.test_case_19_costly import cheaply

JSON = "application/fhir+json"
DOORS = (("POST", "Patient"), ("PUT", "Patient/s-json"), ("POST", "Patient/$validate"), ("POST", "Patient/$match"))


@pytest.mark.parametrize("name", BODIES)
def test_case_36_a_broken_body_is_refused_at_every_door(scene: Scene, name: str) -> None:
    for method, path in DOORS:
        answer = cheaply(scene, method, path, BODIES[name], scene.site.token, Content_Type=JSON)
        assert answer.status in (400, 422) or (path.endswith("$validate") and answer.status == 200), (path, answer.body)
        assert answer.json["resourceType"] == "OperationOutcome"
        if answer.status == 200:
            assert "error" in {one["severity"] for one in answer.json["issue"]}
    assert scene.get("Patient/s-json", scene.site.token).status == 404


def test_case_36_of_a_key_that_stands_twice_neither_value_is_taken(scene: Scene) -> None:
    """Two readers would take two: what one checked, the other stored."""
    head = '{"resourceType":"Observation","status":"final","code":{"text":"x"}'
    for first, second in (("s-own", "s-far"), ("s-far", "s-own")):
        subjects = ",".join(f'"subject":{{"reference":"Patient/{one}"}}' for one in (first, second))
        body = f"{head},{subjects}}}"
        assert scene.ask("POST", "Observation", body.encode(), Content_Type=JSON).status == 400
        entry = f'{{"resource":{body},"request":{{"method":"POST","url":"Observation"}}}}'
        wrapped = f'{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}'
        assert scene.ask("POST", "", wrapped.encode(), Content_Type=JSON).status == 400


@pytest.mark.parametrize("size", [100_000_000])
def test_case_36_what_is_packed_is_measured_unpacked(scene: Scene, size: int) -> None:
    packed = bomb(size)
    assert len(packed) < size // 900
    for method, path in (("POST", "Patient"), ("POST", ""), ("PUT", "Patient/s-json")):
        answer = cheaply(
            scene, method, path, packed, scene.site.token, Content_Type=JSON, Content_Encoding="gzip"
        )  # fmt: skip
        assert answer.status == 413, answer.body


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip", "compress", "x-unknown"])
def test_case_36_another_packing_is_refused_or_unpacked_once(scene: Scene, encoding: str) -> None:
    twice = gzip.compress(gzip.compress(b'{"resourceType":"Patient"}'))
    answer = cheaply(
        scene, "POST", "Patient", twice, scene.site.token, Content_Type=JSON, Content_Encoding=encoding
    )  # fmt: skip
    assert answer.status in (400, 415), answer.body


def test_case_36_a_signed_claim_is_not_unpacked(site: Site) -> None:
    """Assertions with `zip`, and encrypted ones, of a registered client: 401, however small they are."""
    key = Key()
    client = site.client("backend", "system/Observation.rs", jwks=key.jwks).client_id
    claims = key.claims(site, client)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    small = packer.compress(b" " * 50_000_000) + packer.flush()
    header = {"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF", "kid": "k1"}
    encrypted = ".".join(
        (b64(json.dumps(header).encode()), b64(b"k" * 256), b64(b"i" * 12), b64(small), b64(b"t" * 16))
    )
    for assertion in (key.signed(claims, zip="DEF"), encrypted):
        answer = key.token(site, client, "system/Observation.rs", assertion)
        assert answer.status == 401, answer.body
    assert site.post("/oauth/token", client_assertion_type=ASSERTION, client_assertion=b64(small)).status in (400, 401)


def test_case_36_an_archive_is_a_file_like_any_other(scene: Scene, tmp_path: Path) -> None:
    """No door unpacks an archive: over HTTP it is a Binary, and `hoso load` says that it is none of its formats."""
    from tests.security.conftest import hoso

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in ("../../hoso-slip.txt", "/tmp/hoso-slip.txt", "..\\hoso-slip.txt"):
            archive.writestr(name, "slipped")
    answer = scene.ask("PUT", "Binary/s-zip", held.getvalue(), scene.site.token, Content_Type="application/zip")
    assert answer.status in (200, 201)
    shown = scene.get("Binary/s-zip", scene.site.token, Accept="application/zip")
    assert shown.body == held.getvalue() and shown.headers["content-disposition"].startswith("attachment")
    file = tmp_path / "records.zip"
    file.write_bytes(held.getvalue())
    assert hoso(scene.site.folder, "load", str(file)).returncode != 0
    assert not Path("/tmp/hoso-slip.txt").exists() and not (tmp_path.parent / "hoso-slip.txt").exists()


@pytest.mark.parametrize("path", ["Patient/s-own/$health-cards-issue", "$health-card-verify", "shc", "$verify"])
def test_case_36_there_are_no_smart_health_cards(scene: Scene, path: str) -> None:
    """Neither issued nor read here, so nothing inflates what a QR code claims to hold."""
    assert scene.ask("POST", path, {"resourceType": "Parameters"}, scene.site.token).status == 404

"""What a facility signs: true for our own reader, and for who counts it by hand with another library."""

from __future__ import annotations

import hashlib
import subprocess
from base64 import b64decode
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lxml import etree
from tests.exchange.outbound.gates import gate
from tests.exchange.outbound.senders_house import CODE, SendersHouse
from tests.exchange.signing.signed_files import NOW, Signer, certificate

from hoso.core import Refused
from hoso.exchange.door import LOADING
from hoso.exchange.insurance import read
from hoso.exchange.signing import Anchors, Seal, Seals, Unfit, verify
from hoso.store.record_store import RecordStore

DS = "{http://www.w3.org/2000/09/xmldsig#}"


def pem(signer: Signer, *chain: Signer) -> bytes:
    key = signer[1].private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return key + b"".join(one[0].public_bytes(Encoding.PEM) for one in (signer, *chain))


def is_true(data: bytes, folder: Path) -> bool:
    """By the words of the recommendation: the digest of the file without its signature, and the signature of that."""
    root = etree.fromstring(data)
    signature = root.find(f"CHUKYDONVI/{DS}Signature")
    assert signature is not None
    info, value = signature.find(f"{DS}SignedInfo"), signature.findtext(f"{DS}SignatureValue")
    shown = signature.findtext(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate")
    (folder / "info").write_bytes(etree.tostring(info, method="c14n"))
    (folder / "value").write_bytes(b64decode(value or ""))
    (folder / "cert").write_bytes(b64decode(shown or ""))
    digest = signature.findtext(f".//{DS}DigestValue")
    signature.getparent().remove(signature)
    same = hashlib.sha256(etree.tostring(root, method="c14n")).digest() == b64decode(digest or "")
    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", folder / "cert", "-pubkey", "-noout", "-out", folder / "pub"],
        check=True,
    )
    asked = ["openssl", "dgst", "-sha256", "-verify", folder / "pub", "-signature", folder / "value", folder / "info"]
    return same and subprocess.run(asked, capture_output=True).returncode == 0


def test_what_is_sent_is_signed_by_its_facility_and_any_change_shows(store: RecordStore, tmp_path: Path) -> None:
    root = certificate("Cơ quan chứng thực thử", authority=True, days=4_000)
    hospital = certificate("Bệnh viện thử 01001", root, days=3_000)
    file = tmp_path / f"sign-{CODE}.pem"
    with gate() as receiver:
        house = SendersHouse(store, tmp_path, receiver.url)
        file.write_bytes(pem(hospital, root))
        open_to_all = house.ask()
        file.chmod(0o644)
        house.work()
        assert (house.stands(open_to_all).state, house.keys(open_to_all)) == ("refused", ["signing.own-open"])
        file.chmod(0o600)
        receiver.answers = [503]
        id = house.ask()
        house.work()
        house.work(1)
        assert house.stands(id).state == "delivered"
        first, again = receiver.sent
        assert first == again
        assert house.outbox.written(LOADING, "bhxh", house.visit, partial=True) == first
    verdict = verify(first, Anchors((root[0],)), NOW)
    assert (verdict.state, verdict.trust, verdict.subject) == ("valid", "trusted", "CN=Bệnh viện thử 01001")
    [back] = read(BytesIO(first))
    assert back.rows("XML1")[0].get("HO_TEN")
    assert is_true(first, tmp_path)
    changed = first.replace(b"<MACSKCB>01001", b"<MACSKCB>01002")
    assert changed != first
    assert not is_true(changed, tmp_path)
    assert verify(changed, Anchors((root[0],)), NOW).state == "invalid"


def test_a_key_that_cannot_sign_is_none(tmp_path: Path) -> None:
    root = certificate("Cơ quan", authority=True)
    hospital, other = certificate("Bệnh viện", root), certificate("Khác", root)
    file = tmp_path / "sign-01001.pem"
    file.touch(mode=0o600)
    file.write_bytes(pem(hospital))
    empty = b"<GIAMDINHHS><CHUKYDONVI/></GIAMDINHHS>"
    seals = Seals(tmp_path)
    assert b"SignatureValue" in seals.signed(empty, "01001", NOW)
    assert seals.signed(empty, "01002", NOW) == seals.signed(empty, "../sign-01001", NOW) == empty
    with pytest.raises(Refused, match="own-not-in-force"):
        seals.signed(empty, "01001", NOW + timedelta(days=500))
    file.write_bytes(b"nothing")
    with pytest.raises(Refused, match="own-unusable"):
        seals.signed(empty, "01001", NOW)
    curve = ec.generate_private_key(ec.SECP256R1())
    curved = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    shown = hospital[0].public_bytes(Encoding.PEM)
    public = hospital[1].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for data, reason in (
        (pem(hospital).replace(shown, other[0].public_bytes(Encoding.PEM)), "signing.own-no-pair"),
        (public + shown, "signing.own-no-pair"),
        (curved + shown, "signing.own-no-rsa"),
        (pem(certificate("Ngắn", root, bits=1024)), "signing.own-no-rsa"),
    ):
        with pytest.raises(Unfit, match=reason):
            Seal.of(data)

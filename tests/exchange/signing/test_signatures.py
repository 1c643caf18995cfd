"""Signatures of insurance files: what is true of them is told, and nothing that only looks signed passes."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod, XMLSigner
from tests.exchange.insurance.insurance_files import SIGNATURE, SUMMARY, envelope, visit
from tests.exchange.signing.signed_files import NOW, Signer, certificate, signed

from hoso.exchange.signing import Anchors, Verdict, anchors, verify

EMPTY = "<CHUKYDONVI/>"
ENVELOPED = b"http://www.w3.org/2000/09/xmldsig#enveloped-signature"
FILE = envelope(visit({"XML1": [SUMMARY]}), signature=EMPTY)


@pytest.fixture(scope="module")
def root() -> Signer:
    return certificate("Cơ quan chứng thực thử", authority=True)


@pytest.fixture(scope="module")
def hospital(root: Signer) -> Signer:
    return certificate("Bệnh viện thử 01001", root)


@pytest.fixture(scope="module")
def true(hospital: Signer) -> bytes:
    return signed(FILE, hospital)


def judged(data: bytes, *known: Signer) -> Verdict:
    return verify(data, Anchors(tuple(one[0] for one in known)), NOW)


def test_a_true_signature_tells_who_signed(true: bytes, root: Signer, hospital: Signer) -> None:
    verdict = judged(true, root)
    assert (verdict.state, verdict.reason, verdict.trust) == ("valid", "", "trusted")
    assert verdict.subject == "CN=Bệnh viện thử 01001"
    assert int(verdict.serial, 16) == hospital[0].serial_number
    assert verdict.accepted


def test_without_authorities_nobody_is_asked_and_with_others_nobody_vouches(true: bytes) -> None:
    assert judged(true).trust == "unasked"
    verdict = judged(true, certificate("Cơ quan khác", authority=True))
    assert (verdict.state, verdict.trust, verdict.accepted) == ("valid", "unknown", False)
    assert verdict.issue.key == "signing.unknown-authority"


def test_a_hospital_is_no_authority(root: Signer, hospital: Signer) -> None:
    below = signed(FILE, certificate("Kẻ mạo danh", hospital))
    assert judged(below, root).trust == "unknown"


def test_a_certificate_that_is_over_is_told(root: Signer) -> None:
    old = signed(FILE, certificate("Bệnh viện cũ", root, days=10))
    verdict = judged(old, root)
    assert (verdict.state, verdict.trust, verdict.issue.key) == ("valid", "over", "signing.not-in-force")


@pytest.mark.parametrize("data", [FILE, envelope(visit({"XML1": [SUMMARY]}), signature="")])
def test_no_signature_is_no_fault(data: bytes) -> None:
    assert judged(data).state == "absent"


@pytest.mark.parametrize("part", ["SignatureValue", "DigestValue", "X509Certificate"])
def test_half_a_signature_says_what_it_lacks(true: bytes, part: str) -> None:
    tree = etree.fromstring(true)
    one = next(tree.iter(f"{{*}}{part}"))
    one.getparent().remove(one)
    verdict = judged(etree.tostring(tree))
    assert (verdict.state, verdict.values) == ("half", {"part": part})


def test_text_in_place_of_a_signature_is_half_of_one() -> None:
    verdict = judged(envelope(visit({"XML1": [SUMMARY]}), signature="<CHUKYDONVI>QUJD</CHUKYDONVI>"))
    assert (verdict.state, verdict.reason) == ("half", "signing.no-signature")


def test_what_only_looks_like_a_signature_is_told() -> None:
    assert judged(envelope(visit({"XML1": [SUMMARY]}), signature=SIGNATURE)).reason == "signing.certificate"


@pytest.mark.parametrize("place", ["MACSKCB", "NOIDUNGFILE", "NGAYLAP"])
def test_a_file_changed_after_it_was_signed_is_false(true: bytes, place: str) -> None:
    tree = etree.fromstring(true)
    next(tree.iter(place)).text = "79001"
    verdict = judged(etree.tostring(tree))
    assert (verdict.state, verdict.reason) == ("invalid", "signing.false")


def test_another_certificate_put_in_is_false(true: bytes, root: Signer) -> None:
    tree = etree.fromstring(true)
    other = certificate("Bệnh viện khác", root)[0]
    next(tree.iter("{*}X509Certificate")).text = b64encode(other.public_bytes(Encoding.DER)).decode()
    assert judged(etree.tostring(tree), root).reason == "signing.false"


def test_parts_signed_by_name_are_enough_when_nothing_is_left_over(hospital: Signer) -> None:
    tree = etree.fromstring(FILE)
    tree.find("THONGTINHOSO").set("Id", "hoso")
    verdict = judged(signed(etree.tostring(tree), hospital, uri="hoso"))
    assert (verdict.reason, verdict.values) == ("signing.uncovered", {"name": "THONGTINDONVI"})


def test_both_parts_signed_by_name_are_the_whole_file(hospital: Signer) -> None:
    tree = etree.fromstring(FILE)
    tree.find("THONGTINDONVI").set("Id", "donvi")
    tree.find("THONGTINHOSO").set("Id", "hoso")
    data = signed(etree.tostring(tree), hospital, uri=["donvi", "hoso"])  # type: ignore[arg-type]
    assert judged(data).state == "valid"


def test_a_signed_part_moved_aside_covers_nothing_that_is_read(hospital: Signer) -> None:
    tree = etree.fromstring(FILE)
    tree.find("THONGTINHOSO").set("Id", "hoso")
    wrapped = etree.fromstring(signed(etree.tostring(tree), hospital, uri="hoso"))
    real = wrapped.find("THONGTINHOSO")
    wrapped.replace(
        real, etree.fromstring(envelope(visit({"XML1": [{**SUMMARY, "HO_TEN": "Kẻ khác"}]}))).find("THONGTINHOSO")
    )
    aside = etree.SubElement(wrapped, "DU_PHONG")
    aside.append(real)
    assert judged(etree.tostring(wrapped)).reason == "signing.uncovered"


def test_two_elements_of_one_name_are_nobody_knows_which(hospital: Signer) -> None:
    tree = etree.fromstring(FILE)
    tree.find("THONGTINHOSO").set("Id", "hoso")
    wrapped = etree.fromstring(signed(etree.tostring(tree), hospital, uri="hoso"))
    etree.SubElement(wrapped, "THONGTINHOSO", ID="hoso")
    assert judged(etree.tostring(wrapped)).reason == "signing.target"


def test_a_visit_inside_the_signature_is_signed_by_nobody(true: bytes) -> None:
    tree = etree.fromstring(true)
    hidden = etree.SubElement(next(tree.iter("{*}Signature")), "{http://www.w3.org/2000/09/xmldsig#}Object")
    etree.SubElement(hidden, "HOSO")
    assert judged(etree.tostring(tree)).reason == "signing.foreign"


def test_a_visit_beside_the_signature_in_its_box_is_told(true: bytes) -> None:
    tree = etree.fromstring(true)
    etree.SubElement(tree.find("CHUKYDONVI"), "HOSO")
    assert judged(etree.tostring(tree)).state == "invalid"


def test_two_signatures_and_one_somewhere_else_are_told(true: bytes) -> None:
    tree = etree.fromstring(true)
    tree.append(etree.fromstring(etree.tostring(tree.find("CHUKYDONVI"))))
    assert judged(etree.tostring(tree)).reason == "signing.several"
    tree = etree.fromstring(true)
    tree.find("THONGTINDONVI").append(tree.find("CHUKYDONVI"))
    assert judged(etree.tostring(tree)).reason == "signing.misplaced"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            b"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            b"http://www.w3.org/TR/1999/REC-xslt-19991116",
            "transform",
        ),
        (b'URI=""', b'URI="http://127.0.0.1:9/file.xml"', "elsewhere"),
        (b'URI=""', b'URI="file:///etc/hostname"', "elsewhere"),
        (b'URI=""', b'URI="#xpointer(/)"', "elsewhere"),
        (b'URI=""', b'URI="#nobody"', "target"),
    ],
)
def test_what_computes_or_leads_elsewhere_is_not_followed(true: bytes, old: bytes, new: bytes, reason: str) -> None:
    assert old in true
    assert judged(true.replace(old, new)).reason == f"signing.{reason}"


def test_kinds_that_can_be_forged_are_named(root: Signer, hospital: Signer) -> None:
    class Old(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """Lets SHA-1 be used."""

    tree = etree.fromstring(FILE)
    etree.SubElement(tree.find("CHUKYDONVI"), "{http://www.w3.org/2000/09/xmldsig#}Signature", Id="placeholder")
    signer = Old(signature_algorithm=SignatureMethod.RSA_SHA1, digest_algorithm=DigestAlgorithm.SHA1)
    made = signer.sign(tree, key=hospital[1], cert=[hospital[0]])
    verdict = judged(etree.tostring(made), root)
    assert (verdict.reason, verdict.values) == ("signing.weak", {"name": "rsa-sha1, sha1"})
    assert judged(signed(FILE, certificate("Khóa ngắn", root, bits=1024)), root).values == {"name": "RSA 1024"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<GIAMDINHHS><Signature", "unreadable"),
        (b"\xff\xfe<\x00", "unreadable"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><GIAMDINHHS>&x;<Signature/></GIAMDINHHS>', "doctype"),
        (b"<!DOCTYPE Signature><GIAMDINHHS/>", "doctype"),
        (b"<Signature>" + b"<a>" * 5_000, "unreadable"),
        (b"", "absent"),
        (b"<!DOCTYPE a><GIAMDINHHS/>", "absent"),
    ],
)
def test_hostile_files_get_a_verdict_and_nothing_else(data: bytes, reason: str) -> None:
    assert judged(data).reason == f"signing.{reason}"


def test_a_signature_full_of_rubbish_is_malformed(true: bytes) -> None:
    tree = etree.fromstring(true)
    next(tree.iter("{*}SignatureValue")).text = "không"
    assert judged(etree.tostring(tree)).reason in ("signing.malformed", "signing.false")


def test_authorities_come_from_a_folder(tmp_path: Path, true: bytes, root: Signer) -> None:
    (tmp_path / "ca.pem").write_bytes(root[0].public_bytes(Encoding.PEM))
    (tmp_path / "readme.txt").write_text("no certificate")
    assert verify(true, anchors(tmp_path), NOW).trust == "trusted"
    assert verify(true, anchors(tmp_path), NOW + timedelta(days=1_000)).trust == "over"
    (tmp_path / "bad.crt").write_text("no certificate either")
    with pytest.raises(ValueError, match=r"bad\.crt"):
        anchors(tmp_path)

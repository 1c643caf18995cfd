"""The signature of a GIAMDINHHS file: an XML signature in CHUKYDONVI over what is read, and over nothing else.

A library does the mathematics. Before it is asked, everything that a signature could do beside being checked is shut
out: document types, files and addresses from elsewhere, transforms that compute, keys without a certificate; and that
each part of the file which is read is covered is asked here, so that nothing can be wrapped around a true signature.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime

import cryptography.exceptions
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from hoso.exchange.signing import who
from hoso.exchange.signing.verdict import Verdict

LIMIT = 64 << 20
"""Bytes of a file whose signature is looked at: checking holds the whole of it, several times."""
REFERENCES = 4
_DS = "http://www.w3.org/2000/09/xmldsig#"
_SIGNED = f"{{{_DS}}}"
_ENVELOPED = f"{_DS}enveloped-signature"
_CANONICAL = frozenset(
    f"{base}{comments}"
    for base in (
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    for comments in ("", "WithComments" if base.endswith("#") else "#WithComments")
)
_METHODS = frozenset(one for one in SignatureMethod if not one.name.startswith(("HMAC", "DSA")))
_STRONG = frozenset(one.value for one in _METHODS if "SHA1" not in one.name and "SHA224" not in one.name)
_DIGESTS = frozenset(one.value for one in DigestAlgorithm if one.name not in ("SHA1", "SHA224"))
_NAMESPACES = (_DS, "http://www.w3.org/2009/xmldsig11#", "http://uri.etsi.org/01903/")
"""Of what may stand inside a signature; a visit there would be signed by nobody."""
_ID = ("Id", "ID", "id")
_BOXES = ("CHUKYDONVI",)
_BOX = re.compile(rb"<(?:\w+:)?CHUKYDONVI(?:\s[^>]*)?(?<!/)>(.*?)</(?:\w+:)?CHUKYDONVI", re.IGNORECASE | re.DOTALL)
_TAIL = 65_536
"""Bytes at the end of a file in which the place of the signature is looked for when there is none."""


class _Unfit(Exception):
    """Why a signature is not accepted: a key of the catalogue and its values."""

    def __init__(self, reason: str, state: str = "invalid", **values: str) -> None:
        super().__init__(reason)
        self.verdict = Verdict("half" if state == "half" else "invalid", reason, values)


def verify(data: bytes, known: who.Anchors, moment: datetime) -> Verdict:
    """The verdict on a whole file as it came. `moment` is when it came. Never raises for what a file holds."""
    if len(data) > LIMIT:
        return Verdict("invalid", "signing.too-large", {"limit": str(LIMIT >> 20)})
    try:
        if _is_bare(data):
            return _without(data)
        root = _parsed(data)
        signature = _signature(root)
        if signature is None:
            return Verdict("absent", "signing.absent")
        found = _certificates(signature)
    except _Unfit as unfit:
        return unfit.verdict
    leaf = who.signer(found)
    verdict = _judged(root, signature, leaf)
    others = [one for one in found if one is not leaf]
    trusted = who.trust(known, leaf, others, moment) if verdict.state == "valid" else ""
    subject, issuer = leaf.subject.rfc4514_string(), leaf.issuer.rfc4514_string()
    serial = f"{leaf.serial_number:x}"
    return Verdict(verdict.state, verdict.reason, verdict.values, subject[:500], issuer[:500], serial, trusted)


def _is_bare(data: bytes) -> bool:
    """Whether there can be no signature, as in most files: then nothing needs to be taken apart."""
    return b"Signature" not in data and b"\x00" not in data[:100]


def _without(data: bytes) -> Verdict:
    found = _BOX.search(data[-_TAIL:])
    if found is not None and found[1].strip():
        raise _Unfit("signing.no-signature", "half")
    return Verdict("absent", "signing.absent")


def _parsed(data: bytes) -> etree._Element:
    try:
        root = etree.fromstring(data, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _Unfit("signing.unreadable") from error
    document = root.getroottree().docinfo
    if document.internalDTD is not None or document.doctype:
        raise _Unfit("signing.doctype")
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=True
    )


def _signature(root: etree._Element) -> etree._Element | None:
    """The one signature of the file, at its place. An empty CHUKYDONVI is none."""
    found = [one for one in root.iter(f"{_SIGNED}Signature") if not _inside_signature(one)]
    begun = [one for one in root.iter() if _name(one) in _BOXES]
    if not found:
        if any("".join(one.itertext()).strip() or len(one) for one in begun):
            raise _Unfit("signing.no-signature", "half")
        return None
    if len(found) > 1 or len(begun) > 1:
        raise _Unfit("signing.several")
    parent = found[0].getparent()
    if parent is not root and (parent is None or _name(parent) not in _BOXES or parent.getparent() is not root):
        raise _Unfit("signing.misplaced")
    return found[0]


def _inside_signature(element: etree._Element) -> bool:
    return any(one.tag == f"{_SIGNED}Signature" for one in element.iterancestors())


def _certificates(signature: etree._Element) -> list[x509.Certificate]:
    for part in ("SignedInfo/DS:Reference/DS:DigestValue", "SignatureValue", "KeyInfo/DS:X509Data/DS:X509Certificate"):
        one = signature.find(f"DS:{part}", {"DS": _DS})
        if one is None or not (one.text or "").strip():
            raise _Unfit("signing.half", "half", part=part.rpartition(":")[2])
    texts = [one.text or "" for one in signature.iterfind("DS:KeyInfo/DS:X509Data/DS:X509Certificate", {"DS": _DS})]
    try:
        return who.certificates(texts)
    except ValueError as error:
        raise _Unfit("signing.certificate") from error


def _judged(root: etree._Element, signature: etree._Element, leaf: x509.Certificate) -> Verdict:
    try:
        _check_shape(root, signature)
        _check_mathematics(root, leaf)
        _check_strength(signature, leaf)
    except _Unfit as unfit:
        return unfit.verdict
    return Verdict("valid")


def _check_shape(root: etree._Element, signature: etree._Element) -> None:
    """Nothing in the signature computes or leads elsewhere, and all that is read is under it."""
    for one in signature.iter():
        if not isinstance(one.tag, str) or not etree.QName(one).namespace or not _is_own(one):
            raise _Unfit("signing.foreign", name=_name(one)[:40])
    box = signature.getparent()
    if box is not root and (len(box) != 1 or (box.text or "").strip() or (signature.tail or "").strip()):
        raise _Unfit("signing.foreign", name=_name(box))
    references = signature.findall(f"{_SIGNED}SignedInfo/{_SIGNED}Reference")
    if not 0 < len(references) <= REFERENCES:
        raise _Unfit("signing.references", limit=str(REFERENCES))
    covered = [target for one in references for target in _covered(root, signature, one)]
    for child in root:
        if child is not signature and child is not box and not any(child is one for one in covered):
            raise _Unfit("signing.uncovered", name=_name(child)[:40])


def _is_own(element: etree._Element) -> bool:
    return str(etree.QName(element).namespace).startswith(_NAMESPACES)


def _covered(root: etree._Element, signature: etree._Element, reference: etree._Element) -> Iterator[etree._Element]:
    """The children of the root that a reference is true of, whole."""
    transforms = [one.get("Algorithm", "") for one in reference.iterfind(f"{_SIGNED}Transforms/{_SIGNED}Transform")]
    for name in transforms:
        if name != _ENVELOPED and name not in _CANONICAL:
            raise _Unfit("signing.transform", name=name[:120])
    uri = reference.get("URI")
    if uri == "":
        target = root
    elif uri and uri.startswith("#") and not uri.startswith("#xpointer"):
        target = _target(root, uri[1:])
    else:
        raise _Unfit("signing.elsewhere", address=(uri or "")[:120])
    if target is root:
        if _ENVELOPED not in transforms:
            raise _Unfit("signing.not-enveloped")
        yield from root
    elif target.getparent() is root:
        yield target


def _target(root: etree._Element, id: str) -> etree._Element:
    """The one element of that name; two would be one for the signature and one for the reader."""
    found = [one for one in root.iter() if isinstance(one.tag, str) and any(one.get(name) == id for name in _ID)]
    if len(found) != 1:
        raise _Unfit("signing.target", id=id[:80], number=str(len(found)))
    return found[0]


def _check_mathematics(root: etree._Element, leaf: x509.Certificate) -> None:
    config = SignatureConfiguration(
        require_x509=True,
        expect_references=True,
        signature_methods=_METHODS,
        digest_algorithms=frozenset(DigestAlgorithm),
        ignore_ambiguous_key_info=True,  # the key is the certificate's, whatever else stands beside it
        verification_time=leaf.not_valid_before_utc,  # whether it was in force is a matter of trust, told apart
    )
    try:
        XMLVerifier().verify(root, x509_cert=_pem(leaf), parser=_parser(), validate_schema=False, expect_config=config)
    except (SignXMLException, cryptography.exceptions.UnsupportedAlgorithm) as error:
        raise _Unfit("signing.false") from error
    except (ValueError, TypeError, KeyError, AttributeError, etree.LxmlError) as error:
        raise _Unfit("signing.malformed") from error


def _pem(leaf: x509.Certificate) -> str:
    body = b64encode(leaf.public_bytes(Encoding.DER)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


def _check_strength(signature: etree._Element, leaf: x509.Certificate) -> None:
    """A true signature of a kind that can be forged proves nothing."""
    weak = [*_weak(signature, "SignatureMethod", _STRONG), *_weak(signature, "DigestMethod", _DIGESTS)]
    weak += [key] if (key := who.too_weak(leaf)) else []
    if weak:
        raise _Unfit("signing.weak", name=", ".join(weak))


def _weak(signature: etree._Element, part: str, strong: frozenset[str]) -> Sequence[str]:
    info = signature.find(f"{_SIGNED}SignedInfo")
    assert info is not None  # a signature without one is half
    names = sorted({one.get("Algorithm", "") for one in info.iter(f"{_SIGNED}{part}")} - strong)
    return [name.rpartition("#")[2][:40] for name in names]


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname).upper() if isinstance(element.tag, str) else "?"

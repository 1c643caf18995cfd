"""`hoso key sign` and the certificate of `hoso destination add`: what is taken in, what is not, and where it stands."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.access.test_telling import events
from tests.exchange.outbound.test_sending_signed import pem
from tests.exchange.signing.signed_files import Signer, certificate

from hoso import compose
from hoso.cli.main import main


def file(folder: Path, name: str, data: bytes, mode: int = 0o600) -> str:
    path = folder / name
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def parts(signer: Signer) -> tuple[bytes, bytes]:
    key = signer[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return signer[0].public_bytes(Encoding.PEM), key


def test_a_facilitys_key_is_taken_in_told_kept_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, hospital = str(tmp_path / "node"), certificate("Hospital 01001", days=3_000)
    assert main(["init", "--data", data]) == 0
    assert main(["facility", "add", "--data", data, "--code", "01001", "--kind", "regional", "--name", "BV"]) == 0

    def asked(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["--lang", "en", "key", "sign", "--data", data, *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    good = file(tmp_path, "good.pem", pem(hospital))
    code, text = asked("--facility", "01001")
    assert code and "has no key here" in text
    code, text = asked("--facility", "01002", "--pem", good)
    assert code and "01002" in text
    code, text = asked("--facility", "01001", "--pem", file(tmp_path, "open.pem", pem(hospital), 0o640))
    assert code and "chmod 600" in text
    code, text = asked("--facility", "01001", "--pem", file(tmp_path, "half.pem", pem(hospital)[:900]))
    assert code and "the key must be that of the first certificate" in text
    code, text = asked("--facility", "01001", "--pem", good)
    assert code == 0 and "CN=Hospital 01001" in text
    kept = tmp_path / "node/keys/sign-01001.pem"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.name in compose.carried(kept.parent)
    assert asked("--facility", "01001") == (0, text)
    assert asked("--facility", "01001", "--remove")[0] == 0
    assert not kept.exists()
    node = compose.open(Path(data))
    try:
        told = [event.what for event in events(node.store) if event.kind == "key-rotated"]
    finally:
        node.close()
    assert told == [f"sign 01001 {hospital[0].serial_number:x}", "sign 01001 removed"]

    shown, key = parts(hospital)
    words = ["--lang", "en", "destination", "add", "--data", data, "--name", "x", "--url", "https://gateway.test",
             "--as", "fhir", "--facility", "01001", "--basis", "b",
             "--certificate", file(tmp_path, "c", shown, 0o644)]  # fmt: skip
    assert main([*words, "--key", file(tmp_path, "k", key, 0o644)]) != 0
    assert main([*words, "--key", file(tmp_path, "k", parts(certificate("Other"))[1])]) != 0
    assert main([*words, "--key", file(tmp_path, "k", key)]) == 0

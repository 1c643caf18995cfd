"""What an operator says about the national provider, in config.toml under [national]; without it there is none."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_TEXTS = (
    "issuer",
    "client_id",
    "secret_file",
    "authorities",
    "number_claim",
    "birthdate_claim",
    "verified_claim",
    "name",
)
_LISTS = ("acr", "amr", "scopes")
_NEEDED = ("issuer", "client_id", "secret_file")


@dataclass(frozen=True, slots=True)
class Provider:
    """`issuer` is compared letter by letter. `acr`: values of which one is needed; `amr`: values that are all needed.

    `birthdate_claim` has to equal the birth date on record; empty, it is not asked. `verified_claim` has to be true.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    name: str = ""
    number_claim: str = "personal_number"
    birthdate_claim: str = "birthdate"
    verified_claim: str = ""
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid",)
    authorities: Path | None = None


def parse(table: Mapping[str, Any], folder: Path) -> Provider | None:
    """Raises ValueError naming the setting that is unknown, missing or unfit. None when there is no provider."""
    for name, value in table.items():
        if name in _TEXTS and isinstance(value, str):
            continue
        if name in _LISTS and isinstance(value, list) and all(isinstance(one, str) and one for one in value):
            continue
        raise ValueError(f"[national] {name} is no setting, or not of its kind")
    if not table.get("issuer"):
        return None
    for name in _NEEDED:
        if not table.get(name):
            raise ValueError(f"[national] {name} is missing")
    if not table.get("acr") and not table.get("amr"):
        raise ValueError("[national] acr or amr has to say how surely people must have been identified")
    if table.get("number_claim") == "":
        raise ValueError("[national] number_claim names the claim with the personal number")
    return Provider(
        issuer=_issuer(table["issuer"]),
        client_id=table["client_id"],
        secret=_secret(folder / table["secret_file"]),
        name=table.get("name", ""),
        number_claim=table.get("number_claim", "personal_number"),
        birthdate_claim=table.get("birthdate_claim", "birthdate"),
        verified_claim=table.get("verified_claim", ""),
        acr=tuple(table.get("acr", ())),
        amr=tuple(table.get("amr", ())),
        scopes=tuple(dict.fromkeys(["openid", *table.get("scopes", ())])),
        authorities=folder / table["authorities"] if table.get("authorities") else None,
    )


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("[national] issuer is an https address without query")
    return text


def _secret(file: Path) -> str:
    try:
        open_to_others = stat.S_IMODE(file.stat().st_mode) & 0o077
        found = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"[national] secret_file {file} cannot be read") from error
    if not found:
        raise ValueError(f"[national] secret_file {file} is empty")
    if open_to_others:
        raise ValueError(f"[national] others may read or change secret_file {file}: chmod 600 {file}")
    return found

"""What the pages of an import call encodings, separators and how sure a guess is; keys of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

SURE_TITLES: Mapping[str, str] = {"certain": "certain", "likely": "likely", "doubtful": "doubtful"}
ENCODING_TITLES: Mapping[str, str] = {
    "utf-8": "Unicode (UTF-8)",
    "utf-16-le": "Unicode (UTF-16)",
    "utf-16-be": "Unicode (UTF-16)",
    "cp1258": "Vietnamese of older programs (windows-1258)",
    "latin-1": "an old font (TCVN3, VNI), turned into Unicode",
}
SEPARATOR_TITLES: Mapping[str, str] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

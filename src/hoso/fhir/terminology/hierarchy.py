"""What stands under or over a code, in every version of its code system: records outlive lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hoso.fhir import systems
from hoso.fhir.terminology.codesystem import CodeSystem

_STRETCH = re.compile(r"([A-Z]\d\d)-([A-Z]\d\d)\Z", re.ASCII)


def below(versions: Sequence[CodeSystem], code: str) -> set[str]:
    """The code itself and all under it; empty where no version knows it.

    A chapter or block of ICD-10 is named by its stretch of categories ("A00-A09"), which needs no list of blocks.
    """
    found = {one.code for version in versions for one in version.below(_as_listed(version, code))}
    stretch = _STRETCH.match(code.upper()) if versions and versions[0].head.url == systems.ICD10 else None
    if stretch:
        first, last = stretch.groups()
        found |= {listed for version in versions for listed in version.concepts if first <= listed[:3].upper() <= last}
    return found


def above(versions: Sequence[CodeSystem], code: str) -> set[str]:
    """The code itself and all it stands under; empty where no version knows it."""
    return {over for version in versions for over in version.above(_as_listed(version, code))}


def _as_listed(system: CodeSystem, code: str) -> str:
    """As the list spells it, where case does not matter."""
    found = system.find(code)
    return found.code if found else code

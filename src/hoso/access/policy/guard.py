"""What a writer with a role may not change of a record: whose it is to the system, and how far it is closed."""

from __future__ import annotations

from typing import Any

_OWNED = ("meta.tag", "managingOrganization", "subject", "patient", "beneficiary")


def forbidden_change(type: str, old: dict[str, Any], new: dict[str, Any]) -> str | None:
    """The element that this writer may not change so; None when nothing of the kind was changed."""
    for name in _OWNED:
        if _at(old, name) != _at(new, name):
            return f"{type}.{name}"
    before, after = _labels(old), _labels(new)
    return None if before <= after else f"{type}.meta.security"


def _labels(resource: dict[str, Any]) -> set[tuple[Any, Any]]:
    return {(one.get("system"), one.get("code")) for one in _at(resource, "meta.security") or ()}


def _at(resource: dict[str, Any], path: str) -> Any:
    found: Any = resource
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found

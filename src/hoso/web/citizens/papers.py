"""Who looks at a person's papers, and so may hand out the code for the own record."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from hoso.access.policy import matrix


def sees_papers(request: HttpRequest) -> bool:
    """Whoever receives people, as the policy's table says."""
    user: Any = request.user
    row = matrix.role(user.role) if user.is_authenticated and user.staff else None
    return row is not None and row.identify

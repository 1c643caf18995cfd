"""Who may sign in and stay signed in: an open account that was used of late. Asked at every click."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.utils import timezone


class Backend(AuthenticationBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return bool(user.is_active and not user.unused(timezone.now(), settings.SIGN_IN.unused))

    def _check_password(self, user: Any, password: str) -> Any:
        """As theirs, without keeping a closed account at hand to tell of it: it is answered like a wrong password."""
        found = super()._check_password(user, password)
        self.unstash_authenticated_user()
        return found

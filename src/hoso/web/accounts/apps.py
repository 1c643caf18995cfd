"""Tells Django this folder is an application, under the label its tables carry."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "hoso.web.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hoso.web.sign_in import events  # noqa: F401

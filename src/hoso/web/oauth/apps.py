from __future__ import annotations

from django.apps import AppConfig


class OAuth(AppConfig):
    name = "hoso.web.oauth"
    label = "oauth"

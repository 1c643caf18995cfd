"""Addresses of the pages: each names the module that answers."""

from __future__ import annotations

from django.urls import path

from hoso.web import errors, parting, rate, reviews, search, sign_in, sources, style
from hoso.web import record as pages
from hoso.web.oauth import admin, authorize, connected, discovery, endpoints, launching

urlpatterns = [
    path("", search.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("language", sign_in.language, name="language"),
    path("patients/<str:id>", pages.card, name="card"),
    path("patients/<str:id>/timeline", pages.timeline, name="timeline"),
    path("patients/<str:id>/sources", sources.sources, name="sources"),
    path("patients/<str:id>/split", parting.split, name="split"),
    path("patients/<str:id>/unmerge/<str:other>", parting.unmerge, name="unmerge"),
    path("reviews", reviews.queue, name="reviews"),
    path("reviews/rate", rate.rate, name="rate"),
    path("reviews/<str:id>", reviews.review, name="review"),
    path("patients/<str:id>/apps", launching.apps, name="apps"),
    path("patients/<str:id>/apps/open", launching.launch, name="launch"),
    path("connected-apps", connected.connected, name="connected"),
    path("connected-apps/withdraw", connected.withdraw, name="withdraw"),
    path("clients", admin.clients, name="clients"),
    path("clients/register", admin.register, name="client-register"),
    path("clients/decide", admin.decide, name="client-decide"),
    path("oauth/authorize", authorize.authorize, name="authorize"),
    path("oauth/token", endpoints.token, name="token"),
    path("oauth/revoke", endpoints.revoke, name="revoke"),
    path("oauth/introspect", endpoints.introspect, name="introspect"),
    path("oauth/jwks", discovery.jwks, name="jwks"),
    path(".well-known/smart-configuration", discovery.smart_configuration),
    path("fhir/.well-known/smart-configuration", discovery.smart_configuration),
    path(".well-known/openid-configuration", discovery.openid_configuration),
    path(".well-known/oauth-authorization-server", discovery.authorization_server),
    path("style", style.style, name="style"),
    path("favicon.ico", errors.no_icon),
]

handler404 = errors.not_found
handler403 = errors.forbidden
handler500 = errors.broken
handler400 = errors.bad_request

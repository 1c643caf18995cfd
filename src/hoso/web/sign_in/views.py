"""The pages of sign-in and of one's own account: allauth's views with our templates, statuses and ways back."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.internal.flows.logout import logout
from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView, PasswordChangeView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ConfirmByCodeView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from hoso.web.accounts import recovery
from hoso.web.language import own
from hoso.web.oauth.telling import tell
from hoso.web.pages import page, signed_in
from hoso.web.recent import forget
from hoso.web.registering import kept
from hoso.web.sign_in import assurance, challenge, device
from hoso.web.sign_in.adapters import may_go
from hoso.web.sign_in.fresh import fresh

_STATUS = {"too_many_login_attempts": 429, "busy": 503}
_PROBLEM = {429: "wait", 503: "busy"}


class SignIn(LoginView):
    """A refusal never says which of name and password was wrong."""

    http_method_names = ("post",)

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> HttpResponse | None:
        """Somebody else signs in where one went away before the code."""
        clear_login(request)
        return None

    def form_invalid(self, form: Any) -> HttpResponse:
        codes = {error.code for errors in form.errors.as_data().values() for error in errors}
        status = next((_STATUS[code] for code in codes if code in _STATUS), 403)
        return page(
            self.request,
            "sign_in.html",
            status,
            username=str(form.data.get("login", ""))[:64],
            problem=_PROBLEM.get(status, "wrong"),
            next=own(self.request.POST.get("next", "")),
            idle=False,
            kept=False,
        )


sign_in = sensitive_post_parameters("password")(SignIn.as_view())


class _Worded:
    """Adds what allauth leaves to a template: whether a passkey can be used here, and its options as text."""

    request: HttpRequest
    status = 200

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {
            "passkeys": passkeys_here(self.request),
            "options": json.dumps(found["js_data"], default=_plain) if "js_data" in found else "",
            **found,
        }

    def form_invalid(self, form: Any) -> Any:
        response = super().form_invalid(form)  # type: ignore[misc]
        codes = {error.code for errors in form.errors.as_data().values() for error in errors}
        response.status_code = 429 if "too_many_login_attempts" in codes else 403
        return response


class Code(_Worded, AuthenticateView):
    template_name = "account/code.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        has_key = is_mfa_enabled(self.stage.login.user, [Authenticator.Type.WEBAUTHN])
        return {**found, "passkeys": found["passkeys"] and has_key}


class Activate(_Worded, ActivateTOTPView):
    template_name = "account/authenticator.html"

    def get_success_url(self) -> str:
        return "/account?done=factor"


class Deactivate(_Worded, DeactivateTOTPView):
    template_name = "account/remove.html"
    success_url = "/account?done=removed"


class AddPasskey(_Worded, AddWebAuthnView):
    """Always one that is found without a name and asks for a finger or PIN, so that it is two factors in one."""

    template_name = "account/passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        made = auth.begin_registration(self.request.user, True)
        return {**found, "options": json.dumps({"creation_options": made}, default=_plain)}

    def get_success_url(self) -> str:
        return "/account?done=factor"


class RemovePasskey(RemoveWebAuthnView):
    template_name = "account/remove.html"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        if not may_go(self.get_object()):
            return page(self.request, "account/remove.html", 403, form=form, last=True)
        return super().form_valid(form)  # type: ignore[no-any-return]


class Confirm(_Worded, ReauthenticateView):
    """By the password, for those who have nothing stronger (`Accounts.get_reauthentication_methods`)."""

    template_name = "account/confirm.html"


class ConfirmByCode(_Worded, ConfirmByCodeView):
    template_name = "account/confirm.html"


class ConfirmByPasskey(_Worded, ReauthenticateWebAuthnView):
    template_name = "account/confirm.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=403)  # type: ignore[no-any-return]


class NewPassword(_Worded, PasswordChangeView):
    template_name = "account/password.html"


class PasskeyAlone(LoginWebAuthnView):
    """By a passkey without a name. The options are fetched by the page's script."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        made = {"request_options": auth.begin_authentication(user=None)}
        response = JsonResponse(json.loads(json.dumps(made, default=_plain)))
        challenge.give(response)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        challenge.take(request)
        return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]

    def form_valid(self, form: Any) -> HttpResponse:
        return super().form_valid(form) if challenge.spend(self.request) else self.form_invalid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        auth.clear_state()
        tell(self.request, "sign-in", "passkey", outcome="denied", reason="passkey", channel="screen")
        return page(self.request, "sign_in.html", 403, username="", problem="passkey", next="", idle=False, kept=False)


@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: second factors, password, where one is signed in."""
    user: Any = request.user
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    return page(
        request,
        "account/index.html",
        app=next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        keys=[(row.pk, row.wrap().name, row.created_at) for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        left=recovery.left(user),
        enrolled=assurance.enrolled(user),
        needed=user.staff and settings.SIGN_IN.second_factor,
        passkeys=passkeys_here(request),
        done=request.GET.get("done", ""),
    )


@fresh
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Makes new ones and shows them on this page only."""
    user: Any = request.user
    if not assurance.enrolled(user):
        return HttpResponseRedirect("/account")
    if request.method != "POST":
        return page(request, "account/recovery.html", codes=(), left=recovery.left(user))
    codes = recovery.renew(user)
    tell(request, "factor-added", f"user/{user.username} recovery_codes", channel="screen")
    return page(request, "account/recovery.html", codes=codes, left=len(codes))


@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """Where this person is signed in."""
    user: Any = request.user
    rows = sorted(UserSession.objects.purge_and_list(user), key=lambda one: one.created_at, reverse=True)
    found = [(one, device.named(one.user_agent)) for one in rows]
    return page(request, "account/sessions.html", sessions=found, done="done" in request.GET)


@require_POST
@signed_in
def end_session(request: HttpRequest) -> HttpResponse:
    """One of one's own, or all but this one."""
    chosen = request.POST.get("session", "")
    mine = [one for one in UserSession.objects.filter(user=request.user) if not one.is_current()]
    ended = mine if chosen == "others" else [one for one in mine if str(one.pk) == chosen]
    if not ended and chosen != "others":
        raise Http404
    end_sessions(request, ended)
    return HttpResponseRedirect("/account/sessions?done=1")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Also from between the password and the code."""
    logout(request, show_message=False)
    request.session.flush()
    response = HttpResponseRedirect("/")
    forget(response)
    kept.forget(response)
    return response


def passkeys_here(request: HttpRequest) -> bool:
    """Browsers offer passkeys on https and on localhost only, never at a bare address."""
    return bool(settings.SIGN_IN_SECURE) or request.get_host().partition(":")[0] == "localhost"


def _plain(value: Any) -> Any:
    """What the WebAuthn library's options are in JSON."""
    return dict(value)

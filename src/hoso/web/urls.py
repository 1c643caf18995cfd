"""Addresses of the pages: each names the module that answers."""

from __future__ import annotations

from django.urls import path

from hoso.web import (
    acting,
    cases,
    codes,
    counter,
    delegate,
    emergency,
    errors,
    healthlink,
    household,
    language,
    parting,
    rate,
    reviews,
    search,
    sources,
    style,
    trail,
    unusual,
    whole,
)
from hoso.web import record as pages
from hoso.web.agreeing import conflicts, nodes
from hoso.web.book import views as book
from hoso.web.citizens import cases as asked
from hoso.web.citizens import consents, download, family, handing, home, reminders, results, share, sharing
from hoso.web.citizens import log as looks
from hoso.web.citizens import views as citizen
from hoso.web.growth import views as growth
from hoso.web.imports import views as imports
from hoso.web.inbox import refused
from hoso.web.inbox import views as inbox
from hoso.web.manual import views as manual
from hoso.web.national import views as national
from hoso.web.oauth import admin, authorize, connected, discovery, endpoints, launching
from hoso.web.orders import results as answers
from hoso.web.orders import views as orders
from hoso.web.papers import prescription
from hoso.web.papers import referral as letters
from hoso.web.papers import views as papers
from hoso.web.practice import views as practice
from hoso.web.referrals import form as referring
from hoso.web.referrals import views as referrals
from hoso.web.registering import done
from hoso.web.registering import views as registering
from hoso.web.reports import views as reports
from hoso.web.sign_in import views as own
from hoso.web.staffing import locations, people, places, review
from hoso.web.today import register
from hoso.web.today import views as day
from hoso.web.upkeep import health, switches, tables, translations
from hoso.web.vaccines import views as vaccines
from hoso.web.visits import views as visits

urlpatterns = [
    path("", search.home, name="home"),
    path("language", language.language, name="language"),
    # The names of these are those that allauth looks for.
    path("sign-in", own.sign_in, name="account_login"),
    path("sign-in/code", own.Code.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey", own.PasskeyAlone.as_view(), name="mfa_login_webauthn"),
    path("sign-in/national", national.leave, name="national"),
    path("sign-in/national/back", national.back),
    path("sign-out", own.sign_out, name="account_logout"),
    path("account", own.account, name="mfa_index"),
    path("account/password", own.NewPassword.as_view(), name="account_change_password"),
    path("account/authenticator", own.Activate.as_view(), name="mfa_activate_totp"),
    path("account/authenticator/remove", own.Deactivate.as_view(), name="mfa_deactivate_totp"),
    path("account/passkeys/add", own.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove", own.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("account/recovery-codes", own.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/sessions", own.sessions, name="usersessions_list"),
    path("account/sessions/end", own.end_session),
    path("account/confirm", own.Confirm.as_view(), name="account_reauthenticate"),
    path("account/confirm/code", own.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("account/confirm/passkey", own.ConfirmByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("register", registering.register, name="register"),
    path("posts", acting.posts, name="posts"),
    path("staff", people.everyone, name="staff"),
    path("staff/new", people.hire),
    path("staff/review", review.review),
    path("staff/<str:id>", people.one, name="staff-member"),
    path("departments", places.departments, name="departments"),
    path("facilities", places.facilities, name="facilities"),
    path("locations", locations.locations, name="locations"),
    path("imports", imports.start, name="imports"),
    path("imports/empty/<str:name>.xlsx", imports.empty, name="empty-sheet"),
    path("imports/<str:id>", imports.understood, name="import"),
    path("imports/<str:id>/check", imports.checked, name="import-check"),
    path("inbox", inbox.listed, name="inbox"),
    path("inbox/<str:id>", inbox.deposit, name="deposit"),
    path("inbox/<str:id>/undo", inbox.undo, name="deposit-undo"),
    path("inbox/<str:id>/rejects.xlsx", refused.rejects, name="deposit-rejects"),
    path("inbox/<str:id>/<int:number>", inbox.original, name="deposit-item"),
    path("inbox/<str:id>/<int:number>/row", refused.row, name="deposit-row"),
    path("enrol", citizen.enrol, name="enrol"),
    path("me", home.home, name="me"),
    path("me/record", citizen.me, name="my-record"),
    path("me/more", citizen.more, name="my-more"),
    path("me/text", citizen.text),
    path("me/reminders.ics", reminders.reminders, name="my-reminders"),
    path("me/appointments/<str:id>.ics", reminders.appointment, name="my-appointment"),
    path("me/whole", whole.my_whole, name="my-whole"),
    path("me/family/<str:id>/whole", whole.their_whole, name="their-whole"),
    path("me/card.pdf", papers.my_card, name="my-paper-card"),
    path("me/everything.zip", download.everything, name="my-everything"),
    path("me/book", book.my_book, name="my-book-page"),
    path("me/book.pdf", papers.my_book, name="my-book"),
    path("me/visits/<str:encounter>.pdf", papers.my_visit, name="my-visit-paper"),
    path("me/vaccines", vaccines.my_vaccines, name="my-vaccines"),
    path("me/vaccines.pdf", vaccines.my_card, name="my-vaccines-paper"),
    path("me/vaccines.ics", vaccines.my_dates, name="my-vaccines-dates"),
    path("me/growth", growth.my_growth, name="my-growth"),
    path("me/family/<str:id>/growth", growth.their_growth),
    path("me/family/<str:id>/vaccines", vaccines.their_vaccines),
    path("me/family/<str:id>/vaccines.pdf", vaccines.their_card),
    path("me/family/<str:id>/vaccines.ics", vaccines.their_dates),
    path("me/timeline", citizen.timeline, name="my-timeline"),
    path("me/log", looks.log, name="my-log"),
    path("me/log/proof", looks.proof, name="my-proof"),
    path("me/emergencies/<str:grant>", citizen.read_emergency),
    path("me/consents", consents.consents, name="my-consents"),
    path("me/sharing", sharing.sharing, name="my-sharing"),
    path("me/results", results.results, name="my-results"),
    path("me/results/<str:test>", results.result, name="my-result"),
    path("me/share", share.share, name="my-share"),
    path("me/share/new", share.new, name="my-share-new"),
    path("s", healthlink.viewer, name="health-link"),
    path("shl/file/<str:ticket>", healthlink.file, name="health-link-file"),
    path("shl/<str:secret>", healthlink.link, name="health-link-manifest"),
    path("me/family", family.family, name="my-family"),
    path("me/family/<str:id>", family.card, name="their-record"),
    path("me/family/<str:id>/timeline", family.timeline, name="their-timeline"),
    path("codes", codes.redeem, name="codes"),
    path("patients/<str:id>/delegate", delegate.delegate, name="delegate"),
    path("me/cases", asked.listed, name="my-cases"),
    path("me/cases/new", asked.ask, name="my-case-new"),
    path("me/cases/<str:id>", asked.one, name="my-case"),
    path("me/cases/<str:id>/copy", asked.copy, name="my-copy"),
    path("nodes", nodes.nodes, name="nodes"),
    path("conflicts", conflicts.conflicts, name="conflicts"),
    path("conflicts/<str:type>/<str:id>", conflicts.conflict, name="conflict"),
    path("unusual", unusual.queue, name="unusual"),
    path("unusual/<str:id>", unusual.one, name="unusual-one"),
    path("trail", trail.search, name="trail"),
    path("trail/export", trail.export),
    path("cases", cases.queue, name="cases"),
    path("cases/<str:id>", cases.one, name="case"),
    path("patients/<str:id>", pages.card, name="card"),
    path("patients/<str:id>/whole", whole.whole, name="whole"),
    path("patients/<str:id>/registered", done.registered, name="registered"),
    path("patients/<str:id>/household", household.household, name="household"),
    path("patients/<str:id>/card.pdf", done.citizen_card, name="citizen-card"),
    path("patients/<str:id>/timeline", pages.timeline, name="timeline"),
    path("patients/<str:id>/book", book.book, name="book-page"),
    path("patients/<str:id>/book.pdf", papers.book_of, name="book"),
    path("patients/<str:id>/visits/new", visits.begin, name="visit_new"),
    path("patients/<str:id>/visits/<str:encounter>.pdf", papers.visit_of, name="visit-paper"),
    path("results", answers.inbox, name="results"),
    path("patients/<str:id>/orders/new", orders.order_new, name="order_new"),
    path("patients/<str:id>/prescriptions/<str:code>.pdf", prescription.prescription_of, name="prescription"),
    path("patients/<str:id>/visits/<str:encounter>", visits.visit, name="visit"),
    path("patients/<str:id>/visits/<str:encounter>/edit", visits.edit, name="visit-edit"),
    path("patients/<str:id>/visits/<str:encounter>/draft", visits.draft, name="visit-draft"),
    path("patients/<str:id>/visits/<str:encounter>/refer", referring.refer, name="refer"),
    path("patients/<str:id>/referrals/<str:referral>.pdf", letters.referral_of, name="referral-paper"),
    path("patients/<str:id>/referrals/<str:referral>/reply.pdf", letters.reply_of, name="reply-paper"),
    path("patients/<str:id>/referrals/<str:referral>", referrals.one, name="referral"),
    path("referrals", referrals.listed, name="referrals"),
    path("diagnoses", visits.codes, name="diagnoses"),
    path("patients/<str:id>/sources", sources.sources, name="sources"),
    path("patients/<str:id>/own-record", handing.hand_out, name="hand-out"),
    path("patients/<str:id>/split", parting.split, name="split"),
    path("patients/<str:id>/unmerge/<str:other>", parting.unmerge, name="unmerge"),
    path("patients/<str:id>/growth", growth.growth_of, name="growth"),
    path("patients/<str:id>/vaccines", vaccines.vaccines_of, name="vaccines"),
    path("patients/<str:id>/vaccines.pdf", vaccines.card_of, name="vaccines-paper"),
    path("patients/<str:id>/vaccines.ics", vaccines.dates_of, name="vaccines-dates"),
    path("patients/<str:id>/emergency", emergency.open_record, name="emergency"),
    path("emergencies", emergency.queue, name="emergencies"),
    path("emergencies/<str:grant>/close", emergency.close),
    path("visits", counter.begin, name="visits"),
    path("today", day.today, name="today"),
    path("today/register", register.book, name="visit-register"),
    path("reports", reports.newest, name="reports"),
    path("reports/<str:period>", reports.report, name="report"),
    path("reports/<str:period>/<str:key>", reports.opened, name="report-lines"),
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
    path("health", health.health, name="health"),
    path("tables", tables.listed, name="tables"),
    path("translations", translations.coverage, name="translations"),
    path("features", switches.listed, name="features"),
    path("training", practice.training, name="training"),
    path("manual", manual.contents, name="manual"),
    path("manual/pictures/<str:name>.png", manual.picture, name="manual-picture"),
    path("manual/<str:name>", manual.chapter, name="manual-chapter"),
    path("style", style.style, name="style"),
    path("favicon.ico", errors.no_icon),
]

handler404 = errors.not_found
handler403 = errors.forbidden
handler500 = errors.broken
handler400 = errors.bad_request

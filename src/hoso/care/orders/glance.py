"""The emergency card in one breath: allergies and what changes first aid, for whoever opens a record elsewhere."""

from __future__ import annotations

from hoso.care.card import Alert, Allergy, EmergencyCard
from hoso.care.ips.tell import day
from hoso.care.orders.words import LONGEST, Language, Told
from hoso.care.rules import table

_MOST_NAMES = 3


def glance(card: EmergencyCard, language: Language) -> Told:
    allergies = _allergies(card, language)
    alerts = [table("order_words")["alert"][one.key][language] for one in card.alerts.items]
    short = "; ".join((allergies, ", ".join(alerts))) if alerts else allergies
    lines = [_allergy(one, language) for one in card.allergies.items] or [allergies]
    lines += [_alert(one, language) for one in card.alerts.items]
    return Told(short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…", "\n".join(f"- {x}" for x in lines), ())


def _allergies(card: EmergencyCard, language: Language) -> str:
    section, words = card.allergies, table("order_words")["glance"]
    if section.state != "listed":
        return str(words[section.state][language]).format(date=day(section.checked[:10]) or "?")
    names = [one.substance or words["unnamed"][language] for one in section.items]
    more = f" +{len(names) - _MOST_NAMES}" if len(names) > _MOST_NAMES else ""
    return str(words["listed"][language]).format(names=", ".join(names[:_MOST_NAMES]) + more)


def _allergy(one: Allergy, language: Language) -> str:
    words = table("order_words")["glance"]
    reaction = ", ".join(one.reactions) or table("order_words")["word"]["no-reaction"][language]
    grave = f" ({words['high-risk'][language]})" if one.high_risk else ""
    return f"{words['allergy'][language]}: {one.substance or words['unnamed'][language]}{grave}: {reaction}"


def _alert(one: Alert, language: Language) -> str:
    title = table("order_words")["alert"][one.key][language]
    weeks = f" {one.weeks[0]}w{one.weeks[1]}d" if one.weeks else ""
    return f"{title}{weeks}: {one.detail}"

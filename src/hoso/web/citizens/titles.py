"""Words for what stands in the log and in cases as a code; each is a key of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

PURPOSE_TITLES = {
    "TREAT": "for your treatment",
    "ETREAT": "for your treatment in an emergency",
    "HOPERAT": "to run the facility",
    "PUBHLTH": "for public health",
    "PATRQT": "at the person's own wish",
    "SYSADMIN": "upkeep of the system",
    "HRESCH": "for research",
    "HPAYMT": "for payment",
}
CHANNEL_TITLES = {
    "screen": "on a screen",
    "print": "printed",
    "export": "taken out as a file",
    "api": "by a connected program",
    "sync": "exchanged between systems",
    "command": "by a command at the machine",
    "automatic": "by a machine",
}
ACTIVITY_TITLES = {"print": "printed", "export": "taken out as a file", "send": "sent on"}
DEED_TITLES = {
    "saw": "saw",
    "wrote": "recorded",
    "changed": "changed",
    "removed": "removed",
    "identify": "looked up who you are",
    "emergency": "opened your record in an emergency",
    "emergency-decided": "decided whether an emergency opening was justified",
    "emergency-closed": "closed an emergency opening",
    "emergency-delayed": "decided that you are told of an emergency later",
    "emergency-released": "decided that you are told of an emergency now",
    "enrol": "made a code for your own account",
    "link": "joined or parted records of yours",
    "proof": "took out a proof of this log",
    "look": "looked at this log",
    "sent": "sent a visit of yours to another place",
    "grant-offered": "made a code that lets somebody in",
    "grant-redeemed": "was let in by your code",
    "grant-delegated": "handed over to a colleague",
    "grant-taken-back": "ended somebody's access",
    "break-glass-read": "read that an emergency opened the record",
    "consent-decided": "decided about sharing",
    "share-made": "made a link to a summary",
    "share-opened": "opened a summary by your link",
    "share-ended": "ended a link to a summary",
    "case-opened": "asked for an answer",
    "case-acknowledged": "confirmed that your request arrived",
    "case-extended": "took more time for your request",
    "case-answered": "answered your request",
    "case-closed": "closed a request",
}
KIND_TITLES = {
    "identity": "who you are and how to reach you",
    "facility": "facilities and staff",
    "catalogue": "lists of medicines",
    "visit": "visits",
    "problem": "diagnoses, allergies and plans",
    "order": "orders and referrals",
    "result": "results",
    "medicine": "medicines and vaccines",
    "procedure": "procedures and devices",
    "document": "documents",
    "consent": "your decisions about sharing",
    "billing": "insurance and bills",
    "ledger": "how your records were joined",
    "log": "who looked at your record",
}
CASE_TITLES = {
    "look": "A look that seems wrong",
    "access": "A copy of my record",
    "correction": "Correct a mistake",
    "withdrawal": "Take back a consent",
    "restriction": "Limit the use of my data",
    "erasure": "Erase my data",
}
CASE_HINTS = {
    "look": "Say why it seems wrong to you, for example that you were never at this facility.",
    "access": "Everything that is recorded about you, as a file. Say what you need it for if you like.",
    "correction": "Say which entry is wrong, where it stands, and what is right.",
    "withdrawal": "Say which consent you take back. Your decisions about sharing you can change yourself, at once.",
    "restriction": "Say which data should no longer be used, and for what. In an emergency a doctor still sees them.",
    "erasure": "A health record must be kept for as long as the law says. Say what should be erased, and why.",
}
OUTCOME_TITLES = {
    "proper": "It was in order",
    "improper": "It was not in order",
    "referred": "Referred for an inquiry",
    "fulfilled": "Fulfilled",
    "refused": "Refused",
}
GRANT_TITLES = {
    "grant": "Somebody who treats me sees the record",
    "representative": "Somebody acts for me: sees everything but what is most private",
    "summary": "Somebody acts for me: sees a summary only",
    "delegation": "A doctor handed over to a colleague",
}
HELD_TITLES = {
    "guardian": "You are the guardian",
    "representative": "You act for this person",
    "summary": "You act for this person and see a summary only",
}
LINK_LIVES = {"hour": "1 hour", "day": "1 day", "month": "30 days"}
LINK_STATES = {
    "open": "Can be opened",
    "revoked": "You took it back",
    "expired": "Its time is over",
    "used": "All its uses are used",
    "guessed": "Ended: too many wrong passcodes",
}
LINK_PLACES = {"machine": "at this server itself", "network": "from the local network", "internet": "from the internet"}
STANDINGS = {
    "within": "Within the reference range.",
    "above": "Above the reference range. Discuss it at your next visit.",
    "below": "Below the reference range. Discuss it at your next visit.",
    "little": "A little outside the reference range. Mention it at your next visit.",
    "outside": "Not as usual. Discuss it at your next visit.",
    "danger": "Far outside the usual. If nobody has spoken with you about it, call the facility today.",
    "unknown": "There is no range to compare it with. Ask at your next visit what it means for you.",
}
STATE_TITLES = {"open": "Waits for an answer", "answered": "Answered", "closed": "Closed"}


def every() -> Iterator[str]:
    acts = (PURPOSE_TITLES, CHANNEL_TITLES, ACTIVITY_TITLES, DEED_TITLES, KIND_TITLES)
    for titles in (*acts, CASE_TITLES, CASE_HINTS, OUTCOME_TITLES, STATE_TITLES, GRANT_TITLES, HELD_TITLES, LINK_LIVES,
                   LINK_STATES, LINK_PLACES, STANDINGS):  # fmt: skip
        yield from titles.values()

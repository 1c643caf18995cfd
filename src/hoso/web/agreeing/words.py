"""What states of agreeing are called, and what to do about them; catalogue keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hoso.sync.status import Where
from hoso.web.agreeing.advice import Advice

WHERE_TITLES: Mapping[Where, str] = {
    "saved": "This visit is saved here and waits for the line: its only copy is on this machine.",
    "province": "This visit is at the province.",
    "national": "This visit is at the centre.",
    "received": "This visit was received from another node.",
    "held": "A part of this visit is held above: it was received and is looked at by people there.",
}
STANDING_TITLES = {"good": "counts", "expired": "certificate ended", "revoked": "revoked"}
ADVICE: Mapping[Advice, str] = {
    "well": "All is well; nothing to do.",
    "revoked": "It is given nothing, and what it hands in is kept aside. If it works again, take the revocation back.",
    "expired": "Its certificate has ended. Give it a new code and enrol it again with the key it has; nothing is lost.",
    "never": "It has not called yet. See that the programme runs there and that the address of the hub is right.",
    "silent": "Not heard of for days. Call them by phone: is there power, a line, and does the programme run?",
    "quiet": "Not heard of for a day. If there is a line, see that the programme runs.",
    "held": "Some of what was written is held. See the reasons and have them mended where it was written.",
    "clock": "The clock is wrong by minutes. Set it, with the right date and time zone.",
    "ends": "Its certificate ends soon. It is renewed at the next contact.",
    "version": "It runs another version than this node. Update the older of the two.",
    "disk": "The disk is nearly full. Make room before nothing can be saved.",
    "waits": "Entries of more than a day ago still wait there. See that the line holds until they are handed in.",
    "differs": "At the end of the last contact both did not have the same yet. It is mended at the next one.",
}
TYPE_TITLES = {
    "Patient": "Personal details",
    "RelatedPerson": "Relative",
    "Encounter": "Visit",
    "Condition": "Diagnosis",
    "AllergyIntolerance": "Allergy",
    "Observation": "Measurement or result",
    "DiagnosticReport": "Report",
    "MedicationRequest": "Prescription",
    "MedicationStatement": "Medicine taken",
    "Immunization": "Vaccination",
    "Procedure": "Procedure",
    "ServiceRequest": "Order or referral",
    "DocumentReference": "Document",
    "Appointment": "Appointment",
    "Consent": "Decision about sharing",
    "Flag": "Warning",
    "CarePlan": "Care plan",
    "Organization": "Facility",
    "Practitioner": "Member of staff",
}
"""The kinds that are met most; any other is a record."""
OTHER_TYPE = "Record"
FIELD_TITLES = {
    "status": "State",
    "clinicalStatus": "State",
    "verificationStatus": "Certainty",
    "code": "What",
    "category": "Kind of entry",
    "criticality": "Risk",
    "severity": "Severity",
    "reaction": "Reaction",
    "value": "Value",
    "component": "Parts",
    "interpretation": "Meaning",
    "effectiveDateTime": "Date",
    "onsetDateTime": "Began",
    "recordedDate": "Written down",
    "period": "Time",
    "note": "Note",
    "name": "Name",
    "birthDate": "Born",
    "gender": "Sex",
    "identifier": "Numbers",
    "telecom": "Phone",
    "address": "Address",
    "contact": "Contacts",
    "active": "In use",
    "deceased": "Died",
    "medicationCodeableConcept": "Medicine",
    "dosageInstruction": "How to take it",
    "vaccineCode": "Vaccine",
    "occurrenceDateTime": "Date",
    "lotNumber": "Lot",
    "performer": "By",
    "author": "By",
    "recorder": "By",
    "serviceProvider": "Facility",
    "reasonCode": "Reason for the visit",
    "diagnosis": "Diagnoses",
    "conclusion": "Conclusion",
    "description": "Description",
    "intent": "Intent",
    "authoredOn": "Date",
    "issued": "Given out",
    "class": "Kind of visit",
    "participant": "Staff",
    "link": "Joined with",
    "communication": "Language",
    "maritalStatus": "Marital status",
    "subject": "Person",
    "patient": "Person",
}
CODE_TITLES = {
    "active": "active",
    "inactive": "no longer active",
    "resolved": "resolved",
    "confirmed": "confirmed",
    "unconfirmed": "not confirmed",
    "provisional": "provisional",
    "refuted": "refuted",
    "entered-in-error": "entered by mistake",
    "final": "final",
    "preliminary": "preliminary",
    "amended": "amended",
    "corrected": "corrected",
    "finished": "finished",
    "completed": "completed",
    "cancelled": "cancelled",
    "stopped": "stopped",
    "on-hold": "on hold",
    "high": "high",
    "low": "low",
    "mild": "mild",
    "moderate": "moderate",
    "severe": "severe",
}


def every() -> Iterator[str]:
    """For the message catalogues."""
    for titles in (WHERE_TITLES, STANDING_TITLES, ADVICE, TYPE_TITLES, FIELD_TITLES, CODE_TITLES):
        yield from titles.values()
    yield OTHER_TYPE

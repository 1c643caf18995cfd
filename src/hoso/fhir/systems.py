"""The names (system URIs) of the number spaces and code lists that HoSo writes; docs/reference/identifiers.md explains.

A system is never renamed once data carries it.
"""

from __future__ import annotations

from urllib.parse import quote

from hoso.core.citizen_code import SYSTEM as CITIZEN_CODE

# Draft VN Core (HL7 Viet Nam): numbers given by the state, and one facility's own.
PERSONAL_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/national_id"
INSURANCE_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/insurance_number"
OLD_CARD_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/citizen_id"
PASSPORT_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/passport_number"
INTERNAL_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/patient-internal-id"
DRIVING_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/driver-license-number"
PROVIDER_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/provider-license-number"
LICENCE_NUMBER = "http://fhir.ehealth.gov.vn/core/sid/provider-medical-license-number"

# HoSo's own.
SOCIAL_NUMBER = "https://hoso.vn/sid/social-insurance-number"
FACILITY_CODE = "https://hoso.vn/sid/facility-code"
PRESCRIPTION_CODE = "https://hoso.vn/sid/prescription-code"
REFERRAL_NUMBER = "https://hoso.vn/sid/referral-number"
ORGANISATION_CODE = "https://hoso.vn/sid/organisation-code"
FACILITY_LEVEL = "https://hoso.vn/CodeSystem/facility-level"
VISIT_KIND = "https://hoso.vn/CodeSystem/visit-kind"
VISIT_TYPE = "https://hoso.vn/CodeSystem/visit-type"
VISIT_TEMPLATE = "https://hoso.vn/CodeSystem/visit-template"
"""With which template of the visit page a visit was written (`care/rules/visit.toml`)."""
XML_TABLE = "https://hoso.vn/CodeSystem/xml-table"
"""From which table of the insurance XML a document is, or into which it goes."""
PAPER = "https://hoso.vn/CodeSystem/paper"
REFERRAL_ANSWER = "https://hoso.vn/CodeSystem/referral-answer"
REFERRAL_REASON = "https://hoso.vn/CodeSystem/referral-reason"
HEALTH_CLASS = "https://hoso.vn/CodeSystem/health-class"
COMMUNE = "https://hoso.vn/CodeSystem/commune"
ETHNIC_GROUP = "https://hoso.vn/CodeSystem/ethnic-group"
FINDING = "https://hoso.vn/CodeSystem/finding"
RECORD_KIND = "https://hoso.vn/CodeSystem/record-kind"
LINK_EVENT = "https://hoso.vn/StructureDefinition/link-event"
LINK_EVENT_KIND = "https://hoso.vn/CodeSystem/link-event-kind"
LINK_EVENT_NUMBER = "https://hoso.vn/sid/link-event-number"
MATCH_EVIDENCE = "https://hoso.vn/StructureDefinition/match-evidence"
CLAIM_STATUS = "https://hoso.vn/StructureDefinition/claim-status"
WORKPLACE = "https://hoso.vn/StructureDefinition/workplace"
"""On a Patient: where they work, or school and class, as it was written."""
KNOWN_AS = "https://hoso.vn/StructureDefinition/known-as"
"""On a Patient: by what people know them, or what somebody without a name looks like."""
REVIEW = "https://hoso.vn/CodeSystem/identity-review"
GROUP_KIND = "https://hoso.vn/CodeSystem/group-kind"
WISH = "https://hoso.vn/CodeSystem/wish"
"""What a citizen decided on the own page, as a tag of the Consent."""
OVERRIDE_REASON = "https://hoso.vn/CodeSystem/override-reason"
"""Why somebody ordered although something stood against it; the codes are the keys of rules/order_words.toml."""
ORDER_FINDING = "https://hoso.vn/CodeSystem/order-finding"
AUDIT_KIND = "https://hoso.vn/CodeSystem/audit-kind"
ROLE = "https://hoso.vn/CodeSystem/role"
AUDIT_ACTOR = "https://hoso.vn/sid/actor"
AUDIT_REQUEST = "https://hoso.vn/sid/request"
AUDIT_CHANNEL = "https://hoso.vn/StructureDefinition/audit-channel"
AUDIT_ACTIVITY = "https://hoso.vn/StructureDefinition/audit-activity"

# International.
GLN = "https://www.gs1.org/gln"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD9_PROCEDURES = "http://hl7.org/fhir/sid/icd-9-cm"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
SNOMED = "http://snomed.info/sct"

__all__ = [
    "ATC",
    "AUDIT_ACTIVITY",
    "AUDIT_ACTOR",
    "AUDIT_CHANNEL",
    "AUDIT_KIND",
    "AUDIT_REQUEST",
    "CITIZEN_CODE",
    "CLAIM_STATUS",
    "COMMUNE",
    "CVX",
    "DRIVING_NUMBER",
    "ETHNIC_GROUP",
    "FACILITY_CODE",
    "FACILITY_LEVEL",
    "FINDING",
    "GLN",
    "GROUP_KIND",
    "HEALTH_CLASS",
    "ICD9_PROCEDURES",
    "ICD10",
    "INSURANCE_NUMBER",
    "INTERNAL_NUMBER",
    "KNOWN_AS",
    "LICENCE_NUMBER",
    "LINK_EVENT",
    "LINK_EVENT_KIND",
    "LINK_EVENT_NUMBER",
    "LOINC",
    "MATCH_EVIDENCE",
    "OLD_CARD_NUMBER",
    "ORDER_FINDING",
    "ORGANISATION_CODE",
    "OVERRIDE_REASON",
    "PAPER",
    "PASSPORT_NUMBER",
    "PERSONAL_NUMBER",
    "PRESCRIPTION_CODE",
    "PROVIDER_NUMBER",
    "RECORD_KIND",
    "REFERRAL_ANSWER",
    "REFERRAL_NUMBER",
    "REFERRAL_REASON",
    "REVIEW",
    "ROLE",
    "SNOMED",
    "SOCIAL_NUMBER",
    "UCUM",
    "VISIT_KIND",
    "VISIT_TEMPLATE",
    "VISIT_TYPE",
    "WORKPLACE",
    "XML_TABLE",
    "facility_appointment_number",
    "facility_check_number",
    "facility_codes",
    "facility_numbers",
    "facility_patient_number",
    "facility_record_number",
    "facility_visit_key",
    "facility_visit_number",
]


def facility_patient_number(facility_code: str) -> str:
    """The system of one facility's own patient numbers."""
    return f"https://hoso.vn/sid/facility/{facility_code}/patient"


def facility_visit_number(facility_code: str) -> str:
    """The system of one facility's own visit numbers (MA_LK)."""
    return f"https://hoso.vn/sid/facility/{facility_code}/visit"


def facility_check_number(facility_code: str) -> str:
    """The system of one facility's own numbers of health checks (MA_LK of the KHAMSUCKHOE package)."""
    return f"https://hoso.vn/sid/facility/{facility_code}/health-check"


def facility_visit_key(facility_code: str) -> str:
    """The system of the names by which HoSo knows visits of a facility, also when their numbers change."""
    return f"https://hoso.vn/sid/facility/{facility_code}/visit-key"


def facility_record_number(facility_code: str) -> str:
    """The system of one facility's own record numbers (MA_HSBA)."""
    return f"https://hoso.vn/sid/facility/{facility_code}/record"


def facility_appointment_number(facility_code: str) -> str:
    """The system of one facility's own numbers of appointments (SO_GIAYHEN_KL)."""
    return f"https://hoso.vn/sid/facility/{facility_code}/appointment"


def facility_numbers(facility_code: str, kind: str) -> str:
    """The system of other numbers that one facility gives itself: of orders, results, documents, staff."""
    return f"https://hoso.vn/sid/facility/{facility_code}/{quote(kind, safe='')}"


def facility_codes(facility_code: str, name: str) -> str:
    """The system of a code list that one facility keeps under a name."""
    return f"https://hoso.vn/CodeSystem/facility/{facility_code}/{quote(name, safe='')}"

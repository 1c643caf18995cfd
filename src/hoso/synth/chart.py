"""Writing in a citizen's chart: a visit at a facility, and in it vital signs, diagnoses, orders and results.

Each trajectory of a life (infancy, illness, pregnancy …) writes through a Chart and knows no FHIR.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from hoso.fhir import systems
from hoso.synth.body import Body
from hoso.synth.facilities import Facility, Network, Practitioner
from hoso.synth.people import YEAR, Person
from hoso.synth.record import Record, Resource, coded, moment, terminology
from hoso.synth.tables import settings

VITAL_CATEGORY = [terminology("observation-category", "vital-signs")]
NARROW = frozenset(
    {
        "Tiêm chủng",
        "Xét nghiệm",
        "Chẩn đoán hình ảnh",
        "Khám sức khỏe",
        "Hộ sinh",
        "Nhi sơ sinh",
        "Sản phụ khoa",
        "Ung bướu",
    }
)
"""Who sees a patient only when asked for by specialty."""
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@dataclass
class Visit:
    """One encounter while it is being written."""

    encounter: Resource
    reference: dict[str, str]
    at: datetime
    facility: Facility
    doctor: Practitioner

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def performer(self) -> dict[str, str]:
        return {"reference": f"Practitioner/{self.doctor.id}", "display": f"{self.doctor.title} {self.doctor.name}"}

    @property
    def end(self) -> str:
        return str(self.encounter["period"]["end"])


class Chart:
    def __init__(self, record: Record, person: Person, body: Body, network: Network, today: date, rng: Random) -> None:
        assert person.home is not None
        self.record = record
        self.person = person
        self.body = body
        self.network = network
        self.today = today
        self.rng = rng
        self.home = person.home
        self.visited: dict[str, Facility] = {}
        self.visits: list[Visit] = []
        self.avoid: set[str] = set()
        """Medicines never given: allergy, or a disease that forbids them."""
        self.pregnancies: list[tuple[date, date]] = []
        self.problems: list[str] = []
        """ICD-10 codes of lasting diseases."""
        self.last = min(today, person.died) if person.died else today

    def is_open(self, at: date) -> bool:
        """Born, not dead, not in the future."""
        return self.person.birth <= at < self.last

    def day_at_age(self, years: float) -> date:
        return self.person.birth + timedelta(days=round(years * YEAR))

    def facility(self, level: str) -> Facility:
        return self.network.at(level, self.home.commune)

    def visit(
        self, at: date, level: str, kind: str, reason: str, specialty: str | None = None, nights: int = 0
    ) -> Visit:
        facility = self.facility(level)
        self.visited.setdefault(facility.code, facility)
        doctor = self._doctor(facility, specialty)
        entry = settings("visits.toml")[kind]
        start = self._hour(at, kind)
        minutes = self.rng.randrange(*entry["minutes"]) + nights * 1440
        encounter: Resource = {
            "resourceType": "Encounter",
            "identifier": [
                {
                    "system": systems.facility_visit_number(facility.code),
                    "value": f"{facility.code}_{start:%y%m%d}_{self.rng.randrange(10**6):06d}",
                }
            ],
            "status": "finished",
            "class": {"system": ACT_CODE, "code": entry["class"], "display": entry["class_display"]},
            "type": [
                {
                    "coding": [
                        {"system": systems.VISIT_KIND, "code": kind, "display": entry["en"]},
                        {"system": systems.VISIT_TYPE, "code": entry["type"]},
                    ],
                    "text": entry["vi"],
                }
            ],
            "subject": self.record.subject,
            "participant": [
                {
                    "type": [terminology("v3-ParticipationType", "ATND")],
                    "individual": {
                        "reference": f"Practitioner/{doctor.id}",
                        "display": f"{doctor.title} {doctor.name}",
                    },
                }
            ],
            "period": {"start": moment(start), "end": moment(start + timedelta(minutes=minutes))},
            "reasonCode": [{"text": reason}],
            "location": [{"location": {"reference": f"Location/{facility.location_id}", "display": facility.name}}],
            "serviceProvider": {
                "reference": f"Organization/{facility.organization_id}",
                "display": facility.name,
            },
        }
        if nights:
            encounter["hospitalization"] = {
                "dischargeDisposition": terminology("discharge-disposition", "home") | {"text": "Ra viện"}
            }
        reference = self.record.add(encounter)
        visit = Visit(self.record.resources[-1], reference, start, facility, doctor)
        self.visits.append(visit)
        return visit

    def _doctor(self, facility: Facility, specialty: str | None) -> Practitioner:
        fitting = [member for member in facility.staff if member.specialty == specialty]
        general = [member for member in facility.staff if member.specialty not in NARROW]
        return self.rng.choice(fitting or general or facility.staff)

    def _hour(self, at: date, kind: str) -> datetime:
        """Clinics work in the morning and the afternoon; emergencies come at any hour."""
        rng = self.rng
        if kind in ("emergency", "birth", "delivery"):
            return datetime.combine(at, time(rng.randrange(24), rng.randrange(60)))
        hour = rng.choice((7, 7, 8, 8, 8, 9, 9, 10, 13, 14, 14, 15, 16))
        return datetime.combine(at, time(hour, rng.randrange(60)))

    def observe(self, visit: Visit, resource: Resource) -> dict[str, str]:
        """An Observation with what all of a visit's observations share."""
        return self.record.add(
            {
                "resourceType": "Observation",
                "status": "final",
                **resource,
                "subject": self.record.subject,
                "encounter": visit.reference,
                "effectiveDateTime": moment(visit.at + timedelta(minutes=5)),
                "performer": [visit.performer],
            }
        )

    def vital(self, visit: Visit, key: str, value: float) -> dict[str, str]:
        entry = settings("vitals.toml")[key]
        return self.observe(
            visit,
            {
                "category": VITAL_CATEGORY,
                "code": coded(systems.LOINC, entry["loinc"], entry["en"], entry["vi"]),
                "valueQuantity": quantity(value, entry),
            },
        )

    def blood_pressure(self, visit: Visit, value: tuple[int, int] | None = None) -> tuple[int, int]:
        systolic, diastolic = value or self.body.pressure(visit.day, self.rng)
        table = settings("vitals.toml")
        resource: Resource = {
            "category": VITAL_CATEGORY,
            "code": coded(systems.LOINC, "85354-9", "Blood pressure panel with all children optional", "Huyết áp"),
            "component": [
                {
                    "code": coded(systems.LOINC, table[key]["loinc"], table[key]["en"], table[key]["vi"]),
                    "valueQuantity": quantity(number, table[key]),
                }
                for key, number in (("systolic", systolic), ("diastolic", diastolic))
            ],
        }
        if systolic >= 140 or diastolic >= 90:
            resource["interpretation"] = [interpretation("H")]
        elif systolic < 90 and self.person.age(visit.day) >= 16:
            resource["interpretation"] = [interpretation("L")]
        self.observe(visit, resource)
        return systolic, diastolic

    def weigh(self, visit: Visit, with_height: bool = False) -> float:
        """Weight, with height and body mass index where both are taken; answers with the weight."""
        weight = round(self.body.weight(visit.day) * (1 + self.rng.gauss(0, 0.008)), 1)
        self.vital(visit, "weight", weight)
        if with_height:
            height = round(self.body.height(visit.day) + self.rng.gauss(0, 0.3), 1)
            self.vital(visit, "height", height)
            self.vital(visit, "bmi", round(weight / (height / 100) ** 2, 1))
        return weight

    def temperature(self, visit: Visit, fever: float = 0) -> None:
        """`fever` in degrees above normal."""
        self.vital(visit, "temperature", round(36.7 + self.rng.gauss(0, 0.18) + fever, 1))

    def is_pregnant(self, at: date) -> bool:
        return any(start <= at < end for start, end in self.pregnancies)

    def age_days(self, at: date) -> int:
        return (at - self.person.birth).days


def quantity(value: float, entry: Resource) -> Resource:
    return {"value": value, "unit": entry["unit"], "system": systems.UCUM, "code": entry["ucum"]}


def interpretation(code: str) -> Resource:
    words = {"H": "Cao", "L": "Thấp", "HH": "Rất cao", "LL": "Rất thấp", "N": "Bình thường", "A": "Bất thường"}
    return terminology("v3-ObservationInterpretation", code) | {"text": words[code]}

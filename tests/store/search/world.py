"""A small random world of records, and random searches about it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]
LOINC, UCUM, LOCAL = "http://loinc.org", "http://unitsofmeasure.org", "urn:local"
CODES = ["8867-4", "8480-6", "8302-2", "a,b", "x|y", "p$q"]
FAMILIES = ["Nguyễn", "Nguyen", "Đặng", "Dang", "Trần Thị", "O'Brien", "100%", "a_b"]
GIVEN = ["Hoà", "Hòa", "hoa", "An", "Ánh", "Bình"]
DATES = ["1990", "1990-05", "1990-05-07", "2001-12-31", "2020-02", "2020-02-29", "2024"]
MOMENTS = ["2020-02-29T10:00:00+07:00", "2020-02-29T10:00:00Z", "2024-01-01T00:00:00+07:00", "2020-02", "2019"]
UNITS = [("mm[Hg]", UCUM), ("kg", UCUM), ("g", UCUM), ("viên", None), ("cm", UCUM), ("m", UCUM)]
TYPES = ("Patient", "Observation", "Organization", "Practitioner", "Encounter", "Condition", "List")


class World:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids = {type: [f"{type[:3].lower()}{n}" for n in range(size)] for type, size in self._sizes().items()}

    def _sizes(self) -> dict[str, int]:
        return {"Organization": 3, "Practitioner": 3, "Patient": 8, "Encounter": 12, "Observation": 40,
                "Condition": 12, "List": 3}  # fmt: skip

    def everything(self) -> Iterator[Resource]:
        for type in self.ids:
            for id in self.ids[type]:
                yield self.resource(type, id)

    def resource(self, type: str, id: str) -> Resource:
        found = {"resourceType": type, "id": id, **getattr(self, "_" + type.lower())()}
        if self.maybe(0.3):
            found["meta"] = {"tag": [{"system": LOCAL, "code": self.one(["red", "blue"])}]}
        if self.maybe(0.2):
            found.setdefault("meta", {})["profile"] = [self.one(["http://a.vn/p", "http://a.vn/p/q", "http://a.vn/pq"])]
        return {k: v for k, v in found.items() if v is not None}

    def maybe(self, chance: float = 0.5) -> bool:
        return self.random.random() < chance

    def one(self, choices: Any) -> Any:
        return self.random.choice(choices)

    def some(self, make: Any, most: int = 2) -> Any:
        return [make() for _ in range(self.random.randint(0, most))] or None

    def to(self, *types: str) -> Resource:
        type = self.one(types)
        if self.maybe(0.05):
            return {"reference": f"http://elsewhere.vn/fhir/{type}/1"}
        return {"reference": f"{type}/{self.one([*self.ids[type], 'nobody'])}"}

    def concept(self) -> Resource:
        coding = [
            {"system": self.one([LOINC, LOCAL, None]), "code": self.one(CODES)} for _ in range(self.one([1, 1, 2]))
        ]
        coding = [{k: v for k, v in c.items() if v} for c in coding]
        return {"coding": coding, **({"text": self.one(FAMILIES)} if self.maybe(0.3) else {})}

    def amount(self) -> Resource:
        code, system = self.one(UNITS)
        value = self.one([0, 1, 1.5, 70, 100, 100.4, 120, 1200, 99.5])
        return {"value": value, **({"system": system, "code": code} if system else {"unit": code})}

    def _identifier(self) -> Resource:
        found = {"value": str(self.random.randint(1, 9))}
        if self.maybe(0.7):
            found["system"] = self.one([LOCAL, LOINC])
        if self.maybe(0.3):
            found["type"] = {"coding": [{"system": LOCAL, "code": "MR"}]}  # type: ignore[assignment]
        return found

    def _name(self) -> Resource:
        return {"family": self.one(FAMILIES), "given": [self.one(GIVEN) for _ in range(self.one([1, 2]))]}

    def _patient(self) -> Resource:
        return {
            "identifier": self.some(self._identifier), "name": self.some(self._name),
            "gender": self.one(["male", "female", None]), "birthDate": self.one([*DATES, None]),
            "managingOrganization": self.to("Organization") if self.maybe() else None,
            "link": [{"other": self.to("Patient"), "type": "seealso"}] if self.maybe(0.2) else None,
        }  # fmt: skip

    def _organization(self) -> Resource:
        return {"name": self.one(FAMILIES), "partOf": self.to("Organization") if self.maybe() else None}

    def _practitioner(self) -> Resource:
        return {"name": self.some(self._name), "identifier": self.some(self._identifier)}

    def _encounter(self) -> Resource:
        period = {"start": self.one(MOMENTS[:3])} if self.maybe() else {}
        if self.maybe():
            period["end"] = "2024-06-01T00:00:00+07:00"
        return {
            "status": self.one(["planned", "finished"]), "class": {"system": LOCAL, "code": self.one(["AMB", "IMP"])},
            "subject": self.to("Patient") if self.maybe(0.9) else None, "period": period or None,
            "serviceProvider": self.to("Organization") if self.maybe() else None,
        }  # fmt: skip

    def _observation(self) -> Resource:
        found = {
            "status": self.one(["final", "preliminary"]), "code": self.concept(),
            "subject": self.to("Patient", "Patient", "Organization") if self.maybe(0.9) else None,
            "encounter": self.to("Encounter") if self.maybe() else None,
            "performer": self.some(lambda: self.to("Practitioner", "Organization", "Patient")),
        }  # fmt: skip
        if found["subject"] and "Organization" in found["subject"]["reference"]:
            found["subject"] = None
        if self.maybe(0.8):
            found["effectiveDateTime"] = self.one(MOMENTS)
        elif self.maybe():
            found["effectivePeriod"] = {self.one(["start", "end"]): "2020-03-01"}
        found.update(self._value())
        found["component"] = self.some(lambda: {"code": self.concept(), "valueQuantity": self.amount()})
        return found

    def _value(self) -> Resource:
        kind = self.one(["q", "q", "c", "s", None])
        if kind == "q":
            return {"valueQuantity": self.amount()}
        if kind == "c":
            return {"valueCodeableConcept": self.concept()}
        return {"valueString": self.one(FAMILIES)} if kind else {}

    def _condition(self) -> Resource:
        return {
            "code": self.concept(), "subject": self.to("Patient"), "recordedDate": self.one([*DATES, None]),
            "onsetDateTime": self.one([*MOMENTS, None]), "encounter": self.to("Encounter") if self.maybe() else None,
        }  # fmt: skip

    def _list(self) -> Resource:
        entries = [{"item": self.to("Patient", "Observation")} for _ in range(4)]
        return {"status": "current", "mode": "working", "entry": entries}


def escaped(text: str) -> str:
    for ch in "\\,|$":
        text = text.replace(ch, "\\" + ch)
    return text


class Searches:
    """Random parameters, in the words of a caller."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.random

    def search(self) -> tuple[str | None, list[tuple[str, str]]]:
        if self.world.maybe(0.08):
            pairs = [self._common() for _ in range(self.random.randint(0, 2))]
            if self.world.maybe():
                pairs.append(("_sort", self.world.one(["_lastUpdated", "-_lastUpdated", "_id"])))
            return None, [*pairs, ("_type", "Patient,Observation,Condition")] if self.world.maybe() else pairs
        type = self.world.one(("Patient", "Observation", "Observation", "Encounter", "Condition"))
        pairs = [self.pair(type) for _ in range(self.random.choice([0, 1, 1, 2, 2, 3]))]
        if self.world.maybe(0.15):
            pairs += self._range(type)
        if self.world.maybe(0.6):
            keys = self.random.sample(_SORTS[type], self.random.choice([1, 1, 2]))
            pairs.append(("_sort", ",".join(self.world.one(["", "-"]) + k for k in keys)))
        return type, pairs

    def _range(self, type: str) -> list[tuple[str, str]]:
        """From one day to another, as people ask for a month."""
        name = self.world.one([n for n, kind in _PARAMS[type] if kind == "date" and n[0] != "_" and "." not in n])
        first, last = sorted(self.random.sample(DATES, 2))
        return [(name, self.world.one(["ge", "gt", "sa"]) + first), (name, self.world.one(["lt", "le", "eb"]) + last)]

    def pair(self, type: str) -> tuple[str, str]:
        if self.world.maybe(0.15):
            return self._common(type)
        name, kind = self.world.one(_PARAMS[type])
        return self._leaf(type, name, kind)

    def _leaf(self, type: str, name: str, kind: str) -> tuple[str, str]:
        if self.world.maybe(0.07) and "." not in name and not name.startswith("_has"):
            return f"{name}:missing", self.world.one(["true", "false"])
        value, modifier = getattr(self, "_" + kind)(type, name)
        if modifier in ("", ":not") and self.world.maybe(0.25) and kind != "composite":
            other, _ = getattr(self, "_" + kind)(type, name) if not modifier else (value, "")
            value = f"{value},{other}" if not _ else value
        return name + modifier, value

    def _common(self, type: str | None = None) -> tuple[str, str]:
        kind = self.world.one(["_id", "_tag", "_profile", "_lastUpdated", "_list"])
        if kind == "_id":
            ids = self.world.ids[type or "Patient"]
            return "_id", ",".join(self.random.sample(ids, 3)) + ",nobody"
        if kind == "_tag":
            return self.world.one(
                [("_tag", "red"), ("_tag", f"{LOCAL}|blue"), ("_tag:not", "red"), ("_tag:missing", "true")]
            )
        if kind == "_profile":
            base = self.world.one(["http://a.vn/p", "http://a.vn/p/q", "http://a.vn/"])
            return "_profile" + self.world.one(["", ":below", ":above"]), base
        if kind == "_list":
            return "_list", self.world.one(self.world.ids["List"])
        return "_lastUpdated", self.world.one(["gt2020", "lt2020", "ge2026"])

    def _token(self, type: str, name: str) -> tuple[str, str]:
        pools = {"gender": ["male", "female"], "status": ["final", "finished"], "class": ["AMB"],
                 "identifier": ["1", "2", "3"]}  # fmt: skip
        code = escaped(self.world.one(pools.get(name.split(".")[-1].split(":")[-1], CODES)))
        system = self.world.one([LOINC, LOCAL])
        value = self.world.one([code, code, f"{system}|{code}", f"|{code}", f"{system}|"])
        if name.endswith("identifier") and self.world.maybe(0.1):
            return f"{LOCAL}|MR|{code}", ":of-type"
        if name.endswith("code") and self.world.maybe(0.1):
            return escaped(self.world.one(FAMILIES)), ":text"
        return value, self.world.one(["", "", "", ":not"])

    def _string(self, type: str, name: str) -> tuple[str, str]:
        text = self.world.one(FAMILIES + GIVEN)
        modifier = self.world.one(["", "", ":exact", ":contains"])
        if not modifier and self.world.maybe():
            text = text[: self.random.randint(1, len(text))]
        if modifier == ":contains":
            text = text[1:] or text
        return escaped(text.strip() or "a"), modifier

    def _date(self, type: str, name: str) -> tuple[str, str]:
        prefix = self.world.one(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
        return prefix + self.world.one(DATES + MOMENTS), ""

    def _quantity(self, type: str, name: str) -> tuple[str, str]:
        prefix = self.world.one(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
        number = self.world.one(["1", "1.5", "70", "100", "100.4", "1e2", "1200", "0"])
        code, system = self.world.one(UNITS)
        unit = self.world.one(["", "", f"|{system or ''}|{code}", f"||{code}"])
        return prefix + number + unit, ""

    def _reference(self, type: str, name: str) -> tuple[str, str]:
        target = "Organization" if name in ("organization", "service-provider") else "Patient"
        if name == "encounter":
            target = "Encounter"
        id = self.world.one(self.world.ids[target])
        if self.world.maybe(0.1):
            return f"http://elsewhere.vn/fhir/{target}/1", ""
        if self.world.maybe(0.1):
            return id, f":{target}"
        return self.world.one([id, f"{target}/{id}", f"{target}/{id}/_history/1"]), ""

    def _composite(self, type: str, name: str) -> tuple[str, str]:
        code = self._token(type, "code")[0]
        while code.endswith("|") and not code.endswith("\\|"):
            code = self._token(type, "code")[0]
        code = code if not code.startswith(LOCAL + "|MR") else "8867-4"
        if name.endswith("concept"):
            return f"{code}${escaped(self.world.one(CODES))}", ""
        if name.endswith("string"):
            return f"{code}${escaped(self.world.one(FAMILIES))}", ""
        return f"{code}${self._quantity(type, name)[0]}", ""


_PARAMS = {
    "Patient": [("name", "string"), ("family", "string"), ("given", "string"), ("gender", "token"),
                ("identifier", "token"), ("birthdate", "date"), ("organization", "reference"),
                ("organization.name", "string"), ("organization:Organization.partof.name", "string"),
                ("link", "reference"), ("_has:Observation:patient:code", "token"),
                ("_has:Observation:subject:value-quantity", "quantity"), ("_has:Encounter:patient:date", "date"),
                ("_has:Encounter:subject:_has:Observation:encounter:code", "token")],
    "Observation": [("code", "token"), ("status", "token"), ("combo-code", "token"), ("date", "date"),
                    ("value-quantity", "quantity"), ("combo-value-quantity", "quantity"),
                    ("value-string", "string"), ("patient", "reference"), ("subject", "reference"),
                    ("performer", "reference"), ("encounter", "reference"), ("patient.name", "string"),
                    ("subject:Patient.gender", "token"), ("encounter.service-provider.name", "string"),
                    ("patient.birthdate", "date"), ("code-value-quantity", "composite"),
                    ("component-code-value-quantity", "composite"), ("combo-code-value-quantity", "composite"),
                    ("code-value-concept", "composite"), ("code-value-string", "composite"),
                    ("performer:Practitioner.identifier", "token")],
    "Encounter": [("status", "token"), ("class", "token"), ("date", "date"), ("patient", "reference"),
                  ("service-provider", "reference"), ("patient.identifier", "token"),
                  ("_has:Condition:encounter:code", "token")],
    "Condition": [("code", "token"), ("onset-date", "date"), ("recorded-date", "date"), ("patient", "reference"),
                  ("encounter", "reference"), ("encounter.class", "token"), ("patient.organization.name", "string")],
}  # fmt: skip
_SORTS = {
    "Patient": ["_id", "_lastUpdated", "name", "birthdate", "organization", "gender", "family", "identifier"],
    "Observation": [
        "date",
        "date",
        "_id",
        "_lastUpdated",
        "value-quantity",
        "code",
        "status",
        "combo-code",
        "subject",
        "patient",
        "value-string",
    ],
    "Encounter": ["date", "_id", "class", "patient"],
    "Condition": ["onset-date", "recorded-date", "code", "_id"],
}

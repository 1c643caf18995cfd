"""Places near a place, over HTTP, on both engines: circles on the ground, the poles, and the order of distance."""

from __future__ import annotations

from tests.api.caller import Caller

PLACES = {
    "bach-mai": (21.0008, 105.8412),
    "viet-duc": (21.0286, 105.8467),
    "cho-ray": (10.7577, 106.6594),
    "west": (0.0, -179.99),
    "east": (0.0, 179.99),
    "pole": (89.99, 10.0),
}
HOAN_KIEM = "21.0285|105.8522"
FOUND = [
    (f"near={HOAN_KIEM}|1", ["viet-duc"]),
    (f"near={HOAN_KIEM}|3.4|km", ["bach-mai", "viet-duc"]),
    (f"near={HOAN_KIEM}|600|m", ["viet-duc"]),
    (f"near={HOAN_KIEM}|500|m", []),
    (f"near={HOAN_KIEM}", ["bach-mai", "viet-duc"]),
    (f"near={HOAN_KIEM}|2000|km", ["bach-mai", "cho-ray", "viet-duc"]),
    (f"near={HOAN_KIEM}|1|km,10.75|106.66|1|km", ["cho-ray", "viet-duc"]),
    ("near=0|180|2", ["east", "west"]),
    ("near=0|-179.99|2.3|km", ["east", "west"]),
    ("near=89.99|-170|3", ["pole"]),
    ("near=0|0|20100", ["bach-mai", "cho-ray", "east", "pole", "viet-duc", "west"]),
    ("near:missing=true", ["nowhere"]),
    (f"near={HOAN_KIEM}|3.4&name=bach", ["bach-mai"]),
]


def test_near_finds_what_lies_in_the_circle(call: Caller) -> None:
    put_places(call)
    answers = {where: call("GET", f"Location?{where}") for where, _ in FOUND}
    wrong = [where for where, ids in FOUND if sorted(one["id"] for one in answers[where].resources) != ids]
    assert wrong == []
    role = {"resourceType": "HealthcareService", "id": "a", "location": [{"reference": "Location/viet-duc"}]}
    call("PUT", "HealthcareService/a", role)
    assert [one["id"] for one in call("GET", f"HealthcareService?location.near={HOAN_KIEM}|1").resources] == ["a"]
    moved = place("viet-duc", 10.0, 106.0)
    call("PUT", "Location/viet-duc", moved)
    assert call("GET", f"Location?near={HOAN_KIEM}|1").resources == []


def test_the_nearest_comes_first(call: Caller) -> None:
    put_places(call)
    first = call("GET", f"Location?near={HOAN_KIEM}|20100&_sort=near&_count=2")
    assert [one["id"] for one in first.resources] == ["viet-duc", "bach-mai"]
    assert [one["id"] for one in call("GET", first.link("next") or "").resources] == ["cho-ray", "pole"]
    far = call("GET", f"Location?near={HOAN_KIEM}|2000&_sort=-near")
    assert [one["id"] for one in far.resources] == ["cho-ray", "bach-mai", "viet-duc"]
    assert call("GET", "Location?_sort=near").keys == ["search.near-sort"]


def test_what_is_no_circle_is_refused(call: Caller) -> None:
    for value in ("21", "91|10", "21|181", "x|y", "21|105|-1", "21|105|", "21|105|1|km|x", "21|105|1e999", "nan|1"):
        answer = call("GET", f"Location?near={value}", Accept_Language="vi")
        assert (answer.status, answer.keys) == (400, ["search.near"]), value
        assert "vĩ độ" in answer.json["issue"][0]["details"]["text"]
    assert call("GET", "Location?near=21|105|1|kg").keys == ["search.near-unit"]
    assert call("GET", "Location?near:exact=21|105").keys == ["search.modifier"]
    assert call("GET", "Patient?near=21|105").keys == ["search.unknown-parameter"]


def put_places(call: Caller) -> None:
    for id, (latitude, longitude) in PLACES.items():
        assert call("PUT", f"Location/{id}", place(id, latitude, longitude)).status == 201
    call("PUT", "Location/nowhere", {"resourceType": "Location", "id": "nowhere", "name": "nowhere"})


def place(id: str, latitude: float, longitude: float) -> dict[str, object]:
    position = {"latitude": latitude, "longitude": longitude}
    return {"resourceType": "Location", "id": id, "name": id, "position": position}

"""Case 3: a value that one may not read is not found out by asking which patients have it."""

from __future__ import annotations

from tests.security.scene import Scene, told

HAS = "Patient?_has:Observation:patient:value-quantity="


def test_case_03_a_hidden_value_is_not_bisected(scene: Scene) -> None:
    """Halving the range 64 times would tell it to any precision; every question gives what it gave before."""
    low, high = 0.0, 64.0
    asked = []
    for _ in range(20):
        middle = (low + high) / 2
        asked.append(f"{HAS}gt{middle:.6f}")
        low, high = (middle, high) if scene.ids(asked[-1], scene.site.token) >= {"s-far"} else (low, middle)
    assert abs(low - 4) < 0.01, "an operator finds the largest value of s-far so"
    scene.unmoved(asked, control=False)


def test_case_03_neither_of_a_foreign_person_nor_a_closed_one_of_the_own(scene: Scene) -> None:
    scene.unmoved(
        [
            f"{HAS}gt20",
            f"{HAS}gt20&_summary=count",
            f"{HAS}3&_id=s-own",
            f"{HAS}gt20&_total=accurate&_count=0",
            "Patient?_has:Observation:patient:code=718-7&_id=s-own,s-far",
            "Patient?_has:Encounter:patient:status=arrived",
            "Encounter?subject:Patient._has:Observation:patient:value-quantity=gt20",
        ],
        control=False,
    )
    assert "s-own" in scene.ids(f"{HAS}1")
    assert scene.ids(f"{HAS}30") == scene.ids(f"{HAS}3") == set()
    assert scene.ids(f"{HAS}3", scene.site.token) >= {"s-own", "s-far"}


def test_case_03_a_record_that_refers_to_a_hidden_one_says_nothing_of_it(scene: Scene) -> None:
    asked = "Observation?has-member:Observation.value-quantity=3"
    assert scene.ids(asked, scene.site.token) == {"s-own-2"}
    assert scene.ids(asked) == set()
    assert told(scene.get("Observation?has-member:Observation.code=2345-7&_summary=count"))[1]["total"] == 0

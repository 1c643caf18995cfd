"""Short expressions that would work for hours on a large resource are ended by the budget; honest ones are not."""

from __future__ import annotations

from typing import Any

import pytest

from hoso.fhir.path import PathError, compile

MANY: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": f"urn:uuid:{n}",
            "resource": {
                "resourceType": "Observation",
                "id": f"o{n}",
                "status": "final",
                "code": {"text": f"Mạch {n}"},
                "effectiveDateTime": f"20{n % 90 + 10}-01-01",
                "valueQuantity": {"value": n, "unit": "kg"},
            },
        }
        for n in range(1000)
    ],
}
LONG: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "a" * 1_000_000}]}
TEN = "(0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9)"


def times(body: str) -> str:
    """Runs the body 100,000 times."""
    return f"{TEN}.select({TEN}.select({TEN}.select({TEN}.select({TEN}.select({body})))))"


@pytest.mark.parametrize(
    ("expression", "resource"),
    [
        ("descendants().where(%resource.descendants().exists())", MANY),
        ("defineVariable('all', descendants()).descendants().where($this in %all)", MANY),
        ("descendants() ~ descendants()", MANY),
        ("descendants().where(%resource = %context)", MANY),
        ("descendants().where(%resource.entry.resource.nothing.empty())", MANY),
        ("defineVariable('all', descendants()).select(%all).where(%all.nothing.empty())", MANY),
        ("descendants().intersect(descendants())", MANY),
        ("repeatAll(%resource)", MANY),
        (times("%resource.name.text.upper().length()"), LONG),
        (times("(%resource.name.text & 'x').length()"), LONG),
        (times("%resource.name.text < %resource.name.text.lower()"), LONG),
        (times("%resource.name.text.matches('b')"), LONG),
        (times("%resource.name.text.htmlChecks()"), LONG),
        ("name.text.matches('a*a*b')", LONG),
        ("name.text.toChars().join('xxxxxxxxxx')", LONG),
        (f"{TEN}.aggregate(iif($total.empty(), 1 'cm', $total * $total))", LONG),
        (f"{TEN}.combine({TEN}).aggregate(iif($total.empty(), 1, $total.combine($total).combine($total)))", LONG),
    ],
)
def test_work_that_grows_with_the_data_is_ended(expression: str, resource: dict[str, Any]) -> None:
    with pytest.raises(PathError) as fault:
        compile(expression).evaluate(resource)
    assert fault.value.kind == "limit"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("descendants().distinct().count()", 8093),
        ("Bundle.entry.resource.effective.distinct().count()", 90),
        ("(Bundle.entry.resource | Bundle.entry.resource).count()", 1000),
        ("Bundle.entry.resource.value.sum().value", 499_500),
        ("%resource ~ %context", True),
        ("Bundle.entry.resource.sort(-value.value).first().id", "o999"),
    ],
)
def test_honest_work_on_a_large_resource_is_done(expression: str, expected: Any) -> None:
    assert compile(expression).evaluate(MANY)[0].value == expected

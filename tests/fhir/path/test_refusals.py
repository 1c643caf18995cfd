"""What is no expression, means nothing or would run away is refused with its place, and quickly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.fhir.path import PathError, compile

PATIENT = {"resourceType": "Patient", "name": [{"given": ["A", "B"]}], "gender": "male"}


@pytest.mark.parametrize(
    ("expression", "position"),
    [
        ("2 + 2 /", 7),
        ("name.", 5),
        ("'open", 0),
        ("a..b", 2),
        ("(1", 2),
        ("1 2", 2),
        ("@2012-13-01", 0),
        ("#", 0),
        ("", 0),
    ],
)
def test_a_syntax_error_names_its_place(expression: str, position: int) -> None:
    with pytest.raises(PathError) as fault:
        compile(expression)
    assert (fault.value.kind, fault.value.position) == ("syntax", position)


@pytest.mark.parametrize(
    "expression",
    [
        "Encounter.status",
        "Patient.nome",
        "Patient.name.given1",
        "Patient.contact.where(nom.exists())",
        "Patient.identifier.startsWith('a')",
        "Patient.multipleBirthInteger",
    ],
)
def test_a_strict_expression_that_can_never_find_anything_is_refused(expression: str) -> None:
    with pytest.raises(PathError) as fault:
        compile(expression, strict=True).evaluate(PATIENT)
    assert fault.value.kind == "semantic"
    assert compile(expression).evaluate(PATIENT) is not None


@pytest.mark.parametrize(
    "expression",
    ["nothing()", "name.first(1)", "1.is('x')", "name.single(2)"],
)
def test_an_unknown_function_or_number_of_arguments_is_refused(expression: str) -> None:
    with pytest.raises(PathError):
        compile(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "1 + 'a'",
        "-'a'",
        "name < name",
        "(1 | 2) + 1",
        "('a' | 'b') & 'c'",
        "%nobody",
        "'a' < 1",
        "@2012 + 3 'kg'",
        "now()",
    ],
)
def test_an_operation_without_meaning_is_an_execution_error(expression: str) -> None:
    with pytest.raises(PathError) as fault:
        compile(expression).evaluate({"resourceType": "Patient", "name": [{"text": "a"}, {"text": "b"}]})
    assert fault.value.kind == "execution"


BROKEN = {
    "resourceType": "Observation",
    "effectiveDateTime": 5,
    "valueQuantity": {"value": "abc", "unit": 5},
    "issued": "yesterday",
    "component": [[1], {"valueInteger": "x"}],
    "code": [],
}


@pytest.mark.parametrize(
    "expression",
    ["effective + 1 day", "value + 1 'mg'", "component.value + 1", "effective.toString()", "value.value.abs()"],
)
def test_a_value_that_is_none_of_its_type_is_an_execution_error(expression: str) -> None:
    """The command is given resources that nobody has validated."""
    with pytest.raises(PathError) as fault:
        compile(expression).evaluate(BROKEN)
    assert fault.value.kind == "execution"
    assert compile("(0 'cm').ln() | code.text").evaluate(BROKEN) == []


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "1",
        "1" + "+1" * 5000,
        "a" + ".a" * 5000,
        "a[" * 3000,
        " " * 30_000,
        "iif(" * 1000,
    ],
    ids=["parentheses", "signs", "sums", "steps", "indexes", "length", "calls"],
)
def test_an_expression_beyond_the_limits_is_not_even_compiled(expression: str) -> None:
    with pytest.raises(PathError):
        compile(expression)


DIGITS = "(0|1|2|3|4|5|6|7|8|9)"
GROW = f"{DIGITS}.select({DIGITS}.select({DIGITS}.select({DIGITS}.select({DIGITS}.select({DIGITS}.select($this))))))"


@pytest.mark.parametrize(
    "expression",
    [
        GROW + ".select(" + GROW + ")",
        "("
        + GROW.replace("select($this)", "select('xxxxxxxxxx')")
        + ").aggregate(iif($total.empty(), 'x', $total & $total))",
        DIGITS + ".repeatAll($this)",
        "'" + "a" * 40 + "!'.matches('(a+)+$')",
        "'" + "a" * 400 + "!'.matches('a*a*a*a*a*a*b')",
        "'x'.matches('" + "(" * 1200 + "')",
    ],
    ids=["nested selects", "doubling text", "endless circle", "nested repeat", "many repeats", "long pattern"],
)
def test_work_that_would_run_away_is_ended(expression: str) -> None:
    with pytest.raises(PathError) as fault:
        compile(expression).evaluate(PATIENT)
    assert fault.value.kind == "limit"


@given(st.text(alphabet="ab1.()[]{}'`@%$+-*/&|<>=~! ,T:\\\"", max_size=60))
def test_any_text_is_evaluated_or_refused(expression: str) -> None:
    try:
        compile(expression).evaluate(PATIENT)
    except PathError as fault:
        assert 0 <= fault.position <= len(expression)

"""Most objects have the members of one seen before: for such a form a function is written that says "certainly right".

It never says what is wrong. An object of a rare form, or one it is not sure of, goes to the rules, and the resource
with it: they decide and have the words. What depends on the names alone is settled when the function is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hoso.fhir.model import Element, TypeDef, TypeRef, load
from hoso.fhir.rules.bindings import allowed_codes, bound
from hoso.fhir.rules.codes import code_fits
from hoso.fhir.rules.compiler import rule_of
from hoso.fhir.rules.faults import Context
from hoso.fhir.rules.invariants import decided, invariant_tests
from hoso.fhir.rules.narrative import fault_in
from hoso.fhir.rules.primitives import CHECKS, KNOWN, QUICK, TEXT_LIMIT
from hoso.fhir.rules.references import known_kinds, plain_kind, reference_rule

Sure = Callable[[Any, Context], bool]

SEEN_BEFORE = 4
"""How often a form must have come before its function is written, which costs as much as a hundred objects."""

MADE_LIMIT = 1_000
SEEN_LIMIT = 5_000
WIDEST = 60
"""Forms with functions, forms counted, members of a form: whoever sends ever new ones must not fill the memory."""

_POINTING = frozenset(("uri", "url", "canonical"))


def sure(name: str, value: dict[str, Any], context: Context) -> bool:
    """Whether a resource that contains no others is certainly right."""
    return _forms_of(name)[tuple(value)](value, context)


class _Forms(dict[tuple[str, ...], Sure]):
    """The functions of one type by the names of the members, in their order."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __missing__(self, names: tuple[str, ...]) -> Sure:
        if len(names) > WIDEST:
            return _unsure
        if len(_seen) >= SEEN_LIMIT:
            _seen.clear()
        form = (self.name, names)
        times = _seen[form] = _seen.get(form, 0) + 1
        if times <= SEEN_BEFORE:
            return _unsure
        _seen.pop(form, None)
        if sum(map(len, _forms.values())) >= MADE_LIMIT:
            for forms in list(_forms.values()):
                forms.clear()
        made = self[names] = _Writer(load().types[self.name], names).function() or _unsure
        return made


_forms: dict[str, _Forms] = {}
_seen: dict[tuple[str, tuple[str, ...]], int] = {}


def _forms_of(name: str) -> _Forms:
    found = _forms.get(name)
    return found if found is not None else _forms.setdefault(name, _Forms(name))


def _unsure(value: Any, context: Context) -> bool:
    return False


class _Writer:
    """Writes the function of one form. Its text holds names of the definitions only; all else is bound by name."""

    def __init__(self, definition: TypeDef, names: tuple[str, ...]) -> None:
        self.definition, self.names = definition, names
        self.lines: list[str] = []
        self.space: dict[str, Any] = {"kinds": known_kinds, "kind": plain_kind}

    def function(self) -> Sure | None:
        """None for a form that is wrong or that only the rules understand."""
        if not self._complete():
            return None
        variables = [f"v{place}" for place in range(len(self.names))]
        for name, variable in zip(self.names, variables, strict=True):
            if name != "resourceType" or self.definition.kind != "resource":
                self._member(*self.definition.properties[name], variable)
        for named in invariant_tests(
            self.definition.invariants, self.definition.name, self.definition.name, self.definition
        ):
            holds = decided(named, self.definition, self.names)
            if holds is False:
                return None
            if holds is None:
                self._unless(f"{self._bind(named.test)}(node, context)")
        if self.definition.name == "Identifier" and {"system", "value"} <= set(self.names):
            self._unless(f"{self._bind(code_fits)}(node, context)")
        text = (
            f"def sure(node, context):\n {', '.join(variables)}, = node.values()\n{''.join(self.lines)} return True\n"
        )
        exec(compile(text, "<usual form>", "exec"), self.space)  # noqa: S102  (our own text, from the definitions)
        made: Sure = self.space["sure"]
        return made

    def _complete(self) -> bool:
        """All names are known, what must be there is, and of a choice there is one."""
        names, definition = set(self.names), self.definition
        known = definition.properties.keys() | ({"resourceType"} if definition.kind == "resource" else set())
        if not names or not names <= known or "contained" in names:
            return False
        if definition.kind != "resource" and names == {"id"}:
            return False
        for element in definition.elements:
            there = sum(key in names for key, _ in element.spellings())
            if there > 1 or (element.min and not there):
                return False
        return True

    def _unless(self, condition: str, indent: str = " ") -> None:
        self.lines.append(f"{indent}if not ({condition}): return False\n")

    def _bind(self, value: Any) -> str:
        name = f"x{len(self.space)}"
        self.space[name] = value
        return name

    def _member(self, element: Element, ref: TypeRef, variable: str) -> None:
        if element.max is not None and element.max <= 1:
            self._value(element, ref, variable, " ")
            return
        self._unless(f"type({variable}) is list and {variable}")
        if element.min > 1 or element.max is not None:
            self._unless(f"{element.min} <= len({variable}) <= {element.max or 'len(' + variable + ')'}")
        self.lines.append(f" for item in {variable}:\n")
        self._value(element, ref, "item", "  ")

    def _value(self, element: Element, ref: TypeRef, variable: str, indent: str) -> None:
        code = ref.profile or ref.code
        if ref.code == "Resource":
            self._unless("False", indent)
        elif load().types[code].kind == "primitive":
            self._unless(self._primitive(element, code, variable), indent)
        elif ref.code == "Reference":
            self._unless(self._reference(ref, variable), indent)
        else:
            forms = self._bind(_forms_of(code))
            self._unless(f"type({variable}) is dict and {forms}[tuple({variable})]({variable}, context)", indent)
            if element.codes:
                check = self._bind(bound(_nothing_wrong, ref.code, element.codes))
                self._unless(f"{check}({variable}, context) is None", indent)
        for named in invariant_tests(element.invariants, element.name, ref.code):
            self._unless(f"{self._bind(named.test)}({variable}, context)", indent)

    def _primitive(self, element: Element, code: str, value: str) -> str:
        text = f"type({value}) is str"
        if code == "xhtml":
            return f"{text} and {self._bind(fault_in)}({value}) is None"
        if element.codes:
            return f"{text} and {value} in {self._bind(allowed_codes(element.codes))}"
        if code in ("string", "markdown"):
            return f"{text} and 0 < len({value}) <= {TEXT_LIMIT}"
        if code == "boolean":
            return f"{value} is True or {value} is False"
        valid = f"{self._bind(CHECKS[code])}({value})"
        if code == "decimal":
            return f"type({value}) is float or {valid}"
        if code in _POINTING:
            return f"{text} and ({value} in {self._bind(KNOWN['uri'])} or ({valid} and {value}[0] != '#'))"
        if code == "code":
            return f"{text} and ({value} in {self._bind(KNOWN['code'])} or {valid})"
        return f"{text} and ({self._bind(QUICK[code])}({value}) or {valid})" if code in QUICK else valid

    def _reference(self, ref: TypeRef, value: str) -> str:
        """A plain pointer with or without a display is looked at here; another form of Reference by its rule."""
        targets = self._bind(frozenset(ref.targets or load().type_number) & load().type_number.keys())
        rule = self._bind(reference_rule(rule_of("Reference"), ref.targets))
        shown = f"len({value}) == 2 and type(d := {value}.get('display')) is str and 0 < len(d) <= {TEXT_LIMIT}"
        plain = f"type(t := {value}.get('reference')) is str and (kinds.get(t) or kind(t)) in {targets}"
        return (
            f"type({value}) is dict and"
            f" ({plain} and (len({value}) == 1 or {shown}) or {rule}({value}, context) is None)"
        )


def _nothing_wrong(value: Any, context: Context) -> None:
    return None

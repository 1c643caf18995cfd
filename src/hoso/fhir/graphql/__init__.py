"""GraphQL documents: text → operations and fragments, and what they come to when written out.

Documents are code from outside: their length, nesting and number of fields are bounded before anything runs.
"""

from hoso.fhir.graphql.document import (
    Directive,
    Document,
    Field,
    Fragment,
    Inline,
    Operation,
    Selection,
    Spread,
    Value,
    Variable,
)
from hoso.fhir.graphql.faults import Fault, Place
from hoso.fhir.graphql.measure import Asked, chosen
from hoso.fhir.graphql.parser import parse

__all__ = [
    "Asked",
    "Directive",
    "Document",
    "Fault",
    "Field",
    "Fragment",
    "Inline",
    "Operation",
    "Place",
    "Selection",
    "Spread",
    "Value",
    "Variable",
    "chosen",
    "parse",
]

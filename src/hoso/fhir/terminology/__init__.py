"""Codes and what they mean: code systems, value sets and maps, those that HoSo brings and those that are handed in.

Pure: what is known lies in a `Library`; who may ask and where the operator's own lists are kept is decided above.
"""

from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head, Language
from hoso.fhir.terminology.conceptmap import ConceptMap, Mapping
from hoso.fhir.terminology.expansion import Wish, expand
from hoso.fhir.terminology.library import Library, ValueSet
from hoso.fhir.terminology.selection import Member, Selection, select
from hoso.fhir.terminology.shipped import shipped

__all__ = [
    "CodeSystem",
    "Concept",
    "ConceptMap",
    "Head",
    "Language",
    "Library",
    "Mapping",
    "Member",
    "Selection",
    "ValueSet",
    "Wish",
    "expand",
    "select",
    "shipped",
]

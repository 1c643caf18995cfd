"""What a national or local guide asks of a resource beyond R4: StructureDefinitions, kept as trees of constraints.

The structure that R4 itself asks for is checked by `hoso.fhir.validate`; here only what a profile adds is looked at.
"""

from hoso.fhir.profiles.check import Checked, asking, check
from hoso.fhir.profiles.package import Broken, definitions_of
from hoso.fhir.profiles.shelf import Shelf
from hoso.fhir.profiles.shipped import shipped
from hoso.fhir.profiles.terms import LibraryTerms, Terms

__all__ = ["Broken", "Checked", "LibraryTerms", "Shelf", "Terms", "asking", "check", "definitions_of", "shipped"]

"""FHIR's XML form, driven by the R4 model: read into the JSON that is kept, and written from it.

What is kept is always JSON; XML exists only on the way in and out, and says neither more nor less.
"""

from hoso.fhir.xml.foreign import is_cda
from hoso.fhir.xml.reading import read
from hoso.fhir.xml.writing import MARKUP, bundle_parts, write

__all__ = ["MARKUP", "bundle_parts", "is_cda", "read", "write"]

"""The R4 search grammar: parameters as they come → a `Query`, or a refusal that names the parameter at fault.

Nothing is dropped or guessed silently; what a query means in SQL is the store's business.
"""

from hoso.fhir.search.limits import MAX_COUNT
from hoso.fhir.search.parse import parse
from hoso.fhir.search.query import Query

__all__ = ["MAX_COUNT", "Query", "parse"]

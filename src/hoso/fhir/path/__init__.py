"""FHIRPath: expression text → AST → closures over JSON, typed by the R4 model.

Expressions are code that arrives from outside: their length, nesting and running are bounded.
"""

from hoso.fhir.path.errors import PathError
from hoso.fhir.path.expression import Compiled, Typed, compile, invariant, placed

__all__ = ["Compiled", "PathError", "Typed", "compile", "invariant", "placed"]

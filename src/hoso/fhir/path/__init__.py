"""FHIRPath: expression text → AST → closures over JSON, typed by the R4 model.

Expressions are code that arrives from outside: their length, nesting and running are bounded.
"""

"""The parts validation is made of: faults, primitives, narrative, references, invariants, bundles, and the compiler.

A rule is a closure over the model: it takes a value and its context and returns None when all is well.
"""

"""What may a record say: the R4 model, validation, FHIRPath, search grammar, patch and bundles, as pure functions.

A resource stays the JSON it is; nothing here reads a database, a clock or the network.
"""

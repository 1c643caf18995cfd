"""Search-value extraction: R4's search parameter expressions turned once into closures that walk a resource.

Only what a resource contains is visited; see `hoso.fhir.extract` for the one public function.
"""

"""Labels by content: one list, which codes say which, and from what a record inherits. Pure: the store keeps rows."""

from hoso.fhir.labels.content import Said, said
from hoso.fhir.labels.names import NOBODY, Label, bits, enciphered, everything, labels, mask, names, sealed, system
from hoso.fhir.labels.shown import shown

__all__ = [
    "NOBODY",
    "Label",
    "Said",
    "bits",
    "enciphered",
    "everything",
    "labels",
    "mask",
    "names",
    "said",
    "sealed",
    "shown",
    "system",
]

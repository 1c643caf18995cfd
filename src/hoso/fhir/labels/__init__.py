"""Labels by content: one list, which codes say which, and from what a record inherits. Pure; the store keeps the rows."""

from hoso.fhir.labels.content import Said, said
from hoso.fhir.labels.names import NOBODY, Label, bits, everything, labels, mask, names, sealed, system

__all__ = ["NOBODY", "Label", "Said", "bits", "everything", "labels", "mask", "names", "said", "sealed", "system"]

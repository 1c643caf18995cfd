"""HoSo's own code of a person: given at the centre, leased to nodes for work without a line, printed, scanned, merged.

A code means nothing, is never given twice and never stops leading to its person.
"""

from hoso.identity.code.card import BadCard, Card, born_of, initials_of, is_card
from hoso.identity.code.codes import Centre, Codes, Status

__all__ = ["BadCard", "Card", "Centre", "Codes", "Status", "born_of", "initials_of", "is_card"]

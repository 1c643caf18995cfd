"""What a record means at the bedside: the emergency summary and the timeline, as pure functions over FHIR JSON.

Clinical rules are readable tables in `rules/`, each with its source and date; time comes in as an argument.
"""

from hoso.care.card import EmergencyCard
from hoso.care.summary import CARD_TYPES, emergency_card
from hoso.care.timeline import Item, Kind, TimelinePage, timeline_page

__all__ = ["CARD_TYPES", "EmergencyCard", "Item", "Kind", "TimelinePage", "emergency_card", "timeline_page"]

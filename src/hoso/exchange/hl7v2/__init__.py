"""HL7 v2: messages of hospitals' and laboratories' software, read as they were written and mapped by tables.

`parse` reads the text of a message; `messages.read` makes the records it asks for.
"""

from hoso.exchange.hl7v2.parsing import Message, Segment, parse

__all__ = ["Message", "Segment", "parse"]

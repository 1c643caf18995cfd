"""HL7 v2 over MLLP: a listener whose messages are stored through the intake and answered when they are durable."""

from hoso.exchange.mllp.desk import Messages, Peer
from hoso.exchange.mllp.listener import Listener, Terms

__all__ = ["Listener", "Messages", "Peer", "Terms"]

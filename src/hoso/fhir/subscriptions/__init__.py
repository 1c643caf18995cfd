"""Subscriptions as a record says them: R4's criteria and the topics of the backport (IG v1.1.0), read and held against
one version of a record. Nothing here asks a database or a network.
"""

from hoso.fhir.subscriptions.holding import Beyond, Held, holds
from hoso.fhir.subscriptions.topics import BASE, Topic, topic, topics
from hoso.fhir.subscriptions.wanted import Content, Wanted, read

__all__ = ["BASE", "Beyond", "Content", "Held", "Topic", "Wanted", "holds", "read", "topic", "topics"]

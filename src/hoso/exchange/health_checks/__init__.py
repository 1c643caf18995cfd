"""Health checks from schools, agencies and facilities: the KHAMSUCKHOE package and sheets with the same keys.

A piece is one person's form, and `read` gives the records it asks for; whose they are, identity decides when they are
stored.
"""

from hoso.exchange.health_checks.package import knows, split
from hoso.exchange.health_checks.reading import dossiers, read
from hoso.exchange.health_checks.sheet import is_roster

__all__ = ["dossiers", "is_roster", "knows", "read", "split"]

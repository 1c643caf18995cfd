"""Search over the index tables: a `Query` becomes SQL that SQLite and PostgreSQL both run, and runs page by page.

Every resource a query touches is opened by `alias.Opener`, which puts the caller's visibility on it.
"""

from hoso.store.search.everything import everything
from hoso.store.search.page import run, scan

__all__ = ["everything", "run", "scan"]

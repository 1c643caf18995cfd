"""`$graphql`: a caller says which elements of which records it wants, and gets those in one answer.

Each record is read as any other read is, for the same errand, and told once for each patient.
"""

from hoso.api.graphql.answering import answer

__all__ = ["answer"]

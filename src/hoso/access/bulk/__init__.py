"""Exports of many records at once (FHIR Bulk Data): asked for, carried out beside the node's work, fetched, forgotten.

Each goes through the same view and the same audit log as a search, as an export and not as a look.
"""

from hoso.access.bulk.asked import Asked, Level
from hoso.access.bulk.exports import Exports, Output, Standing
from hoso.access.bulk.runner import Runner
from hoso.access.bulk.sheets import Sheets

__all__ = ["Asked", "Exports", "Level", "Output", "Runner", "Sheets", "Standing"]

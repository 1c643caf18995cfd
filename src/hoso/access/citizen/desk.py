"""What stands behind the citizen's own pages, and behind the pages of those who owe the citizen an answer."""

from __future__ import annotations

from dataclasses import dataclass

from hoso.access.cases.cases import Cases
from hoso.access.citizen.looks import Looks
from hoso.access.citizen.wishes import Wishes
from hoso.access.grants import Grants
from hoso.access.healthlinks import HealthLinks


@dataclass(frozen=True, slots=True)
class Desk:
    looks: Looks
    cases: Cases
    grants: Grants
    wishes: Wishes
    health_links: HealthLinks

"""What a citizen shares by QR: a SMART Health Link to a sealed summary. The key stands in the link and is not kept."""

from hoso.access.healthlinks.links import Absent, HealthLinks, Made, Opening, Shared, WrongPasscode

__all__ = ["Absent", "HealthLinks", "Made", "Opening", "Shared", "WrongPasscode"]

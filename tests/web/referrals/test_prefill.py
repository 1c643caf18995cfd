"""A referral begins with what its visit says."""

from __future__ import annotations

import base64

from hoso.care.visit.write import ORDERS, PROGRESS
from hoso.web.referrals.prefill import filled


def test_a_note_of_several_lines_goes_into_the_referral_whole() -> None:
    text = f"{PROGRESS}: Đau ngực\nlan ra tay trái\n{ORDERS}: Aspirin 81 mg\nchuyển ngay"
    note = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"data": base64.b64encode(text.encode()).decode()}}],
    }
    told = filled({"resourceType": "Encounter", "id": "v"}, [note])
    assert told == {"signs": "Đau ngực\nlan ra tay trái", "treatment": "Aspirin 81 mg\nchuyển ngay"}

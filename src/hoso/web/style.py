"""The living style page: every component with made-up values, for those who build pages and for their tests."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse

from hoso.care.card import Alert, Allergy, Measure, Source
from hoso.web.oauth import granting, words
from hoso.web.oauth.people import Choice
from hoso.web.pages import page

_SOURCE = Source("Trạm Y tế xã Hoa Lư", "BS. Trần Thị Mai", "2026-10-12")
ALLERGY = Allergy("Penicillin G", ("Phản vệ độ III",), "severe", True, True, _SOURCE)
MILD = Allergy("Tôm", ("Mày đay",), "mild", False, None, _SOURCE)
ALERT = Alert("insulin", "Insulin", "Insulin glargin 100 IU/ml", _SOURCE)
MEASURE = Measure("glucose", "Glucose", "7.4", "mmol/L", "high", _SOURCE)
SCOPES = "openid offline_access patient/Observation.rs?category=laboratory patient/Condition.cu user/Practitioner.r"
WHO = Choice("1", "Nguyễn Thị Hồng Hạnh", "female", "1967-03-01")


def style(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "style.html",
        allergies=(ALLERGY, MILD),
        alert_value=ALERT,
        measure_value=MEASURE,
        told=words.told(granting.asked(SCOPES, granting.PERSON)),
        who=WHO,
        today=date(2026, 11, 26),
    )

"""Vaccinations by the national schedule: which doses count, what is due now and when the next ones are.

Pure functions over the tables rules/immunization.toml and rules/vaccines.toml; a schedule changes there and not here.
"""

from hoso.care.immunization.counting import Given, Judged
from hoso.care.immunization.forecast import Forecast, Line, Status, forbidden, forecast
from hoso.care.immunization.reading import Told, forecast_of, province_of, told
from hoso.care.immunization.schedule import Slot, Vaccine, programme, vaccine_named, vaccines

__all__ = [
    "Forecast", "Given", "Judged", "Line", "Slot", "Status", "Told", "Vaccine", "forbidden", "forecast",
    "forecast_of", "programme", "province_of", "told",
    "vaccine_named", "vaccines",
]  # fmt: skip

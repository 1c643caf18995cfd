"""The slips a register makes, one small function each: it changes the form and says whether it could."""

from __future__ import annotations

from bench.simulator import writing
from bench.simulator.slips import address, birth, name, number
from bench.simulator.slips.kind import Slip
from bench.simulator.slips.number import DUMMY_NUMBERS, DUMMY_PHONES

__all__ = ["DUMMY_NUMBERS", "DUMMY_PHONES", "SLIPS", "Slip"]

# In the order in which they happen to one record: what was told, what was typed, what the software did to it.
SLIPS: dict[str, Slip] = {
    "placeholder": name.placeholder,
    "middle_dropped": name.middle_dropped,
    "wrong_tone": name.one_token(writing.other_tone),
    "by_ear": name.one_token(writing.by_ear),
    "letter_typo": name.one_token(writing.letter_typo),
    "swapped_parts": name.swapped_parts,
    "new_tone_style": name.style(new=True),
    "old_tone_style": name.style(new=False),
    "no_marks": name.letters(writing.no_marks),
    "telex": name.letters(writing.telex, 0.4),
    "vni_keys": name.letters(writing.vni_keys, 0.4),
    "tcvn3": name.letters(writing.tcvn3),
    "vni_font": name.letters(writing.vni_font),
    "mojibake": name.letters(writing.mojibake),
    "decomposed": name.decomposed,
    "title": name.title,
    "all_caps": name.all_caps,
    "birth_missing": birth.birth_missing,
    "year_only": birth.year_only,
    "first_january": birth.first_january,
    "day_month_swapped": birth.day_month_swapped,
    "digit_slip": birth.digit_slip,
    "year_off": birth.year_off,
    "wrong_sex": birth.wrong_sex,
    "sex_missing": birth.sex_missing,
    "reissued": number.reissued,
    "no_personal": number.no_personal,
    "no_number_yet": number.no_number_yet,
    "old_card": number.old_card,
    "parents_number": number.parents_number,
    "dummy_number": number.dummy_number,
    "number_typo": number.number_typo,
    "no_insurance": number.no_insurance,
    "insurance_typo": number.insurance_typo,
    "other_group": number.other_group,
    "ten_digits": number.ten_digits,
    "no_phone": number.no_phone,
    "phone_changed": number.phone_changed,
    "relatives_phone": number.relatives_phone,
    "dummy_phone": number.dummy_phone,
    "phone_written_otherwise": number.phone_written_otherwise,
    "zeros_lost": number.zeros_lost,
    "moved": address.moved,
    "no_address": address.no_address,
    "old_address": address.old_address,
    "coded_commune": address.coded_commune,
    "one_name_field": name.one_name_field,
}

"""A visit that was read is written again: no field is lost, and what is written reads as the same records."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.insurance.insurance_files import SUMMARY, envelope, visit
from tests.exchange.insurance.test_load_visits import Here

from hoso.exchange.door import LOADING
from hoso.exchange.insurance import Place, Visit, map_visit, read
from hoso.exchange.insurance.definitions import Field, fields, tables
from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.insurance.text import mended
from hoso.exchange.insurance.writing import Dialect, Written, written
from hoso.exchange.outgoing import facility_of, gathered
from hoso.fhir.json import encode, exact
from hoso.fhir.search import parse
from hoso.store.record_store import RecordStore
from hoso.synth import insurance as synthetic
from hoso.synth.population import Citizen, truths

FACILITY = "35001"
TELLING = {
    "MA_LK": "LK1", "MA_CSKCB": FACILITY, "GIOI_TINH": "2", "MA_LOAI_KCB": "03", "SO_CCCD": "035080012345",
    "MATINH_CU_TRU": "37", "MAHUYEN_CU_TRU": "370", "MAXA_CU_TRU": "14464", "MA_DANTOC": "01", "MA_QUOCTICH": "000",
    "MA_NGHE_NGHIEP": "00000", "MA_BENH_CHINH": "I10", "MA_BENH_KT": "E11.9;I48.2", "MA_BENH": "I10",
    "MA_THE_BHYT": "GD4013501234567", "MA_KHOA": "K01;K19", "MA_PTTT_QT": "47.09", "KET_QUA_DTRI": "2",
}  # fmt: skip
"""Fields whose text means something."""
KINDS = {
    "number": "12.5", "day": "20260715", "moment": "202607150830", "birth": "198005010000", "days": "20260101",
    "list": "A1;B2",
}  # fmt: skip


def text_of(field: Field, number: int) -> str:
    if field.name == "STT":
        return str(number)
    if field.name in TELLING:
        return TELLING[field.name]
    if field.kind in KINDS:
        return KINDS[field.kind][: field.length] if field.kind in ("number", "birth") else KINDS[field.kind]
    return f"Chữ {field.name} <&> {number}"[: field.length].strip()


def full(dialect: Dialect) -> Visit:
    """A visit with every field of every table, two rows where there may be many; one service is a test, one is done."""
    made = Visit(Place("t", 1), FACILITY)
    for table in tables():
        if table == "XML0":
            continue
        for number in (1, 2) if table in ("XML2", "XML3", "XML4", "XML5") else (1,):
            row = made.add(table)
            row.values |= {name: text_of(one, number) for (of, name), one in fields(dialect).items() if of == table}
            if table == "XML3":
                row.values["MA_NHOM"] = "1" if number == 1 else "8"
    return made


def records(made: Visit) -> list[Resource]:
    """As they are read back from the store."""
    return [exact(encode(one)) for one in map_visit(made).resources]


def again(file: Written) -> Visit:
    [found] = read(BytesIO(file.body))
    return found


@pytest.mark.parametrize("dialect", ["4750", "3176"])
@pytest.mark.parametrize("plain", [True, False])
def test_every_field_of_every_table_comes_back(dialect: Dialect, plain: bool) -> None:
    made = full(dialect)
    came = {table: [dict(row.values) for row in rows] for table, rows in made.tables.items()}
    file = written(records(made), dialect=dialect, facility=FACILITY, plain=plain)
    back = {table: [dict(row.values) for row in rows] for table, rows in again(file).tables.items()}
    assert back == came
    assert file.missing == ()


def test_what_is_written_reads_as_the_same_records() -> None:
    made = full("4750")
    file = written(records(made), dialect="4750", facility=FACILITY)
    assert bodies(again(file)) == bodies(made)


def bodies(visit: Visit) -> list[bytes]:
    return [encode(one) for one in map_visit(visit).resources]


def is_itself(text: str) -> bool:
    """Not what an old font would have been."""
    return all(mended(name, text) == text for name in ("LY_DO_VV", "TEN_THUOC", "GIA_TRI"))


LETTERS = "abc XYZ 0189 .,;:/-+%<>&'\"()[]{}=*_ ăâđêôơưạảấầẩẫậắằặẹẽếềệỉĩịọỏốồổộớờợụủứừựỳỵÀÁĐƯ ≤ ° ²"
texts = st.text(LETTERS, min_size=1, max_size=40).map(str.strip).filter(lambda text: bool(text) and is_itself(text))
FREE = ("LY_DO_VV", "CHAN_DOAN_VAO", "CHAN_DOAN_RV", "DIA_CHI", "HO_TEN", "GHI_CHU")


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(FREE), texts),
    st.lists(st.fixed_dictionaries({"GIA_TRI": texts | st.decimals(0, 999, places=2).map(str), "KET_LUAN": texts,
                                    "TEN_CHI_SO": texts, "MA_DICH_VU": texts}), max_size=4),
    st.lists(st.fixed_dictionaries({"TEN_THUOC": texts, "HAM_LUONG": texts, "LIEU_DUNG": texts, "DON_GIA": texts}),
             max_size=3),
)  # fmt: skip
def test_whatever_the_words_they_come_back(
    summary: dict[str, str], results: list[dict[str, str]], medicines: list[dict[str, str]]
) -> None:
    made = Visit(Place("t", 1), "01001")
    made.add("XML1").values |= {**SUMMARY, **summary}
    for table, rows in (("XML2", medicines), ("XML4", results)):
        for number, row in enumerate(rows, 1):
            made.add(table).values |= {"MA_LK": SUMMARY["MA_LK"], "STT": str(number), **row}
    before = bodies(made)
    file = written([exact(one) for one in before], dialect="3176", facility="01001")
    assert bodies(again(file)) == before


def test_synthetic_visits_go_through_a_store_and_come_out_as_they_came(
    store: RecordStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic, "FAULTY", 0)
    here = Here(store, tmp_path)
    node = here.node
    sent = [first_of_130(citizen) for citizen in truths(6, 4)]
    for one in sent:
        assert not here.load(synthetic.envelope([one], one.facility, "20260801").encode()).rejects
    found = {}
    for version in node.records.scan(LOADING, parse("Encounter", [])):
        facility = facility_of(node.records, LOADING, exact(version.body))
        file = written(gathered(node.records, LOADING, version).resources, dialect="4750", facility=facility)
        found[facility, again(file).label] = shown(again(file))
    for one in sent:
        [came] = read(BytesIO(synthetic.envelope([one], one.facility, "20260801").encode()))
        assert found[one.facility, came.label] == shown(came)


def first_of_130(citizen: Citizen) -> synthetic.Sent:
    visits = synthetic.visits(citizen.bundle, citizen.truth, Random(4))
    return next(one for one in visits if one.truth["dialect"].startswith("130"))


def shown(visit: Visit) -> dict[str, list[dict[str, str]]]:
    return {table: [filled(row.values) for row in rows] for table, rows in visit.tables.items()}


def filled(values: dict[str, str]) -> dict[str, str]:
    return {name: text.strip() for name, text in values.items() if text.strip()}


def test_a_visit_of_another_door_is_written_as_far_as_it_goes_and_the_rest_is_told() -> None:
    everything = [entry["resource"] for one in truths(12, 9) for entry in one.bundle["entry"]]
    held = {one["id"]: of(everything, one["id"]) for one in everything if one["resourceType"] == "Encounter"}
    wanted = {"MedicationRequest", "Condition", "DiagnosticReport"}
    id = next(id for id, some in held.items() if wanted <= {one["resourceType"] for one in some})
    inside = held[id]
    encounter = next(one for one in everything if one["id"] == id)
    facility = encounter["identifier"][0]["system"].split("/")[-2]
    patient = next(one for one in everything if encounter["subject"]["reference"] == f"Patient/{one['id']}")
    file = written([encounter, patient, *inside], dialect="3176", facility=facility)
    [summary] = file.tables["XML1"]
    assert summary["MA_LK"] == encounter["identifier"][0]["value"] and summary["HO_TEN"] == patient["name"][0]["text"]
    codes = [one["code"]["coding"][0]["code"] for one in inside if one["resourceType"] == "Condition"]
    assert [summary["MA_BENH_CHINH"], *filter(None, summary["MA_BENH_KT"].split(";"))] == codes
    drugs = [one["medicationCodeableConcept"]["text"] for one in inside if one["resourceType"] == "MedicationRequest"]
    assert [row["TEN_THUOC"] for row in file.tables["XML2"]] == drugs
    assert {row["GIA_TRI"] for row in file.tables["XML4"] if row["GIA_TRI"]}
    told = {(one.table, one.field) for one in file.missing}
    assert ("XML1", "MA_LOAI_RV") in told and ("XML1", "HO_TEN") not in told
    for one in file.missing:
        assert one.reason == "too-long" or not file.tables[one.table][one.row - 1][one.field]


def of(everything: list[Resource], id: str) -> list[Resource]:
    kinds = ("MedicationRequest", "Condition", "Observation", "DiagnosticReport")
    inside = [one for one in everything if one.get("encounter", {}).get("reference") == f"Encounter/{id}"]
    return [one for one in inside if one["resourceType"] in kinds]


def test_what_a_correction_took_back_is_not_written(store: RecordStore, tmp_path: Path) -> None:
    here = Here(store, tmp_path)
    drugs = [{"MA_LK": "LK001", "STT": str(at), "TEN_THUOC": name} for at, name in enumerate(("Một", "Hai"), 1)]
    for some in (drugs, drugs[:1]):
        here.load(envelope(visit({"XML1": [SUMMARY], "XML2": some})))
    [head] = here.node.records.scan(LOADING, parse("Encounter", []))
    resources = gathered(here.node.records, LOADING, head).resources
    assert "entered-in-error" in {one.get("status") for one in resources}
    file = written(resources, dialect="4750", facility="01001")
    assert [row["TEN_THUOC"] for row in file.tables["XML2"]] == ["Một"]


def test_nothing_but_one_visit_is_written() -> None:
    with pytest.raises(ValueError, match="0 Encounters"):
        written([], dialect="4750", facility=FACILITY)
    one = records(full("4750"))
    with pytest.raises(ValueError, match="2 Encounters"):
        written([*one, {**one[1], "id": "other"}], dialect="4750", facility=FACILITY)


def test_a_small_file_of_another_software_comes_back() -> None:
    """As the tests of reading write it, with its own shapes."""
    [came] = read(BytesIO(envelope(visit({"XML1": [SUMMARY]}))))
    file = written(records(came), dialect="4750", facility="01001")
    assert filled(again(file).rows("XML1")[0].values) == filled(came.rows("XML1")[0].values)

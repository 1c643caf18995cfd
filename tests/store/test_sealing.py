"""Bodies of the special classes are sealed: nothing of them in clear, all that worked goes on working."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.conftest import sealing
from tests.store.samples import WHO, delete, patient, put

from hoso.core.ids import new_id
from hoso.fhir.labels import mask
from hoso.fhir.search import parse
from hoso.store import doctor, repair
from hoso.store.contract import Draft
from hoso.store.label_acts import Act, act
from hoso.store.record_store import RecordStore
from hoso.store.seal import BadSeal, Gone, Keyring, is_sealed
from hoso.store.visible import EVERYTHING

ICD = "http://hl7.org/fhir/sid/icd-10"
SECRET = "Dòng chữ không ai được đọc"


def condition(id: str, code: str, text: str = SECRET) -> Draft:
    return put(
        {
            "resourceType": "Condition",
            "id": id,
            "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": ICD, "code": code, "display": text}], "text": text},
            "onsetDateTime": "2026-01-02",
        },
        id,
    )


def note(id: str, *items: str, text: str = SECRET) -> Draft:
    resource: dict[str, Any] = {
        "resourceType": "List", "id": id, "status": "current", "mode": "working", "title": text,
        "subject": {"reference": "Patient/p"},
    }  # fmt: skip
    if items:
        resource["entry"] = [{"item": {"reference": item}} for item in items]
    return put(resource, id)


def bodies(store: RecordStore, id: str) -> list[bool]:
    """Of each version of a record, whether its body is sealed."""
    rows = store.engine.reader().rows(
        """SELECT b.dict, b.bytes FROM change c JOIN key k ON k.rid = c.rid
           JOIN body b ON b.patient = c.patient AND b.seq = c.seq WHERE k.id = ? ORDER BY c.seq""",
        (id,),
    )
    return [is_sealed(dictionary) for dictionary, _ in rows]


def texts(store: RecordStore) -> str:
    """All text that stands in clear beside the bodies."""
    reader = store.engine.reader()
    found = [reader.rows("SELECT value, long FROM string"), reader.rows("SELECT value, long FROM texts")]
    return json.dumps(found, ensure_ascii=False)


def sound(store: RecordStore) -> None:
    assert [f for finding in doctor.examine(store) for f in finding.faults] == []


def test_a_special_record_is_sealed_from_its_first_version_and_read_as_before(store: RecordStore) -> None:
    store.save([put(patient(), "p")], WHO)
    saved = store.save([condition("hiv", "B20"), condition("flu", "J10", "Cúm mùa")], WHO)
    assert bodies(store, "hiv") == [True]
    assert bodies(store, "flu") == [False]
    assert bodies(store, "p") == [False]
    head = store.read("Condition", "hiv")
    assert head is not None and head.body == saved[0].body and SECRET in head.body.decode()
    store.save([condition("hiv", "B20", SECRET + " 2"), condition("hiv", "B20", SECRET + " 3")], WHO)
    assert bodies(store, "hiv") == [True] * 3
    old = store.vread("Condition", "hiv", "1")
    assert old is not None and old.body == saved[0].body
    assert [v.version for v in store.history("Condition", "hiv").versions] == ["3", "2", "1"]
    assert "khong ai" not in texts(store) and "cum mua" in texts(store)
    sound(store)


def test_a_special_record_is_found_by_code_date_and_patient_but_not_by_its_words(store: RecordStore) -> None:
    store.save([put(patient(), "p"), condition("hiv", "B20"), condition("flu", "J10", "Cúm mùa")], WHO)

    def found(**asked: str) -> list[str]:
        pairs = [(name.replace("__", ":").replace("_", "-"), value) for name, value in asked.items()]
        return [v.id for v in store.search(parse("Condition", pairs), EVERYTHING).matches]

    assert found(code="B20") == ["hiv"]
    assert sorted(found(patient="p")) == ["flu", "hiv"]
    assert sorted(found(onset_date="2026-01-02")) == ["flu", "hiv"]
    assert found(code__text="cúm") == ["flu"]
    assert found(code__text="dòng chữ") == []
    included = store.search(parse("Condition", [("code", "B20"), ("_include", "Condition:subject")]), EVERYTHING)
    assert [v.id for v in included.included] == ["p"]
    backward = store.search(parse("Patient", [("_id", "p"), ("_revinclude", "Condition:subject")]), EVERYTHING)
    assert sorted(v.id for v in backward.included) == ["flu", "hiv"]
    assert SECRET in next(v.body.decode() for v in backward.included if v.id == "hiv")
    assert sorted(v.id for v in store.everything("p", EVERYTHING)) == ["flu", "hiv", "p"]
    assert SECRET in next(c.version.body.decode() for c in store.feed() if c.version.id == "hiv")


def test_a_label_that_comes_later_seals_the_older_versions_and_the_heirs(store: RecordStore) -> None:
    store.save([put(patient(), "p")], WHO)
    store.save([condition("c", "J10"), note("n", "Condition/c"), note("m", "List/n"), note("o")], WHO)
    store.save([condition("c", "J10")], WHO)
    assert bodies(store, "c") == [False, False]
    assert "khong ai" in texts(store)
    store.save([condition("c", "B20")], WHO)
    assert bodies(store, "c") == [True] * 3
    assert bodies(store, "n") == [True] and bodies(store, "m") == [True]
    assert bodies(store, "o") == [False]
    assert store.read("List", "m").body.decode().count(SECRET) == 1  # type: ignore[union-attr]
    sound(store)
    store.save([note("n")], WHO)  # what once was special stays sealed
    assert bodies(store, "n") == [True, True]
    sound(store)


def test_a_label_by_hand_seals_and_one_taken_off_leaves_all_readable(store: RecordStore) -> None:
    store.save([put(patient(), "p"), note("n"), note("m", "List/n")], WHO)
    rid = store.read("List", "n").rid  # type: ignore[union-attr]
    done = Act(new_id(), rid, 1, "user/x", mask(["DV"]), 0, "vì người đi cùng đọc được")

    def raised(transaction: Any) -> None:
        transaction.older |= act(transaction.connection, done)

    store.write(raised, WHO)
    assert bodies(store, "n") == [True] and bodies(store, "m") == [True]
    lowered = done._replace(id=new_id(), raised=0, lowered=mask(["DV"]))
    store.write(lambda t: act(t.connection, lowered), WHO)  # type: ignore[attr-defined]
    assert SECRET in store.read("List", "n").body.decode()  # type: ignore[union-attr]
    store.save([note("n"), delete("List", "m"), note("m")], WHO)
    assert SECRET in store.read("List", "m").body.decode()  # type: ignore[union-attr]
    sound(store)


def test_what_a_stop_left_in_clear_is_told_by_the_doctor_and_sealed_by_the_next_start(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save([put(patient(), "p"), condition("c", "J10")], WHO)
    monkeypatch.setattr(store, "seal", lambda rids: None)  # the process ends between the two transactions
    store.save([condition("c", "B20")], WHO)
    monkeypatch.undo()
    assert bodies(store, "c") == [False, True]
    faults = [f for finding in doctor.examine(store) for f in finding.faults]
    assert len(faults) == 1 and "in clear" in faults[0]
    assert store.seal_rest() == 1
    assert bodies(store, "c") == [True, True]
    assert store.seal_rest() == 0
    sound(store)


def test_the_index_is_rebuilt_without_what_is_said_in_clear(store: RecordStore) -> None:
    store.save([put(patient(), "p"), condition("hiv", "B20"), condition("flu", "J10", "Cúm mùa")], WHO)
    store.engine.transact(lambda c: c.rows("DELETE FROM string"))
    store.engine.transact(lambda c: c.rows("DELETE FROM token"))
    repair.rebuild(store)
    assert "khong ai" not in texts(store)
    sound(store)


def test_a_sealed_body_counts_in_its_own_place_only(store: RecordStore) -> None:
    store.save([put(patient(), "p"), condition("a", "B20", "một"), condition("b", "B20", "hai")], WHO)
    store.save([condition("a", "B20", "ba")], WHO)
    rows = store.engine.reader().rows(
        """SELECT b.seq, b.bytes FROM change c JOIN key k ON k.rid = c.rid JOIN body b ON b.seq = c.seq
           WHERE k.id IN ('a', 'b') ORDER BY b.seq"""
    )
    (first, one), (second, two), (third, three) = [(seq, bytes(body)) for seq, body in rows]
    for place, other in ((first, two), (third, one), (second, one), (first, three[:-1] + bytes([three[-1] ^ 1]))):
        before = dict(rows)[place]

        def put_there(connection: Any, body: bytes = other, seq: int = place) -> None:
            connection.rows("UPDATE body SET bytes = ? WHERE seq = ?", (body, seq))

        store.engine.transact(put_there)
        with pytest.raises(BadSeal):
            [store.vread("Condition", id, version) for id in "ab" for version in "12"]
        faults = [f for finding in doctor.examine(store) for f in finding.faults if finding.check == "log"]
        assert faults
        store.engine.transact(lambda c, body=bytes(before), seq=place: put_there(c, body, seq))
    sound(store)


def test_without_its_key_a_body_is_gone_and_with_another_sealing_key_it_is_refused(store: RecordStore) -> None:
    store.save([put(patient(), "p"), condition("a", "B20"), condition("b", "B20")], WHO)
    rid = store.read("Condition", "a").rid  # type: ignore[union-attr]
    packed = store.engine.reader().rows("SELECT bytes FROM body WHERE dict < 0 AND seq = 2")[0][0]
    with pytest.raises(BadSeal):
        Keyring(lambda: [bytes(32)]).open(store.engine.reader(), bytes(packed), rid, "1")
    store.engine.transact(lambda c: c.rows("DELETE FROM record_key WHERE rid = ?", (rid,)))
    with pytest.raises(Gone):
        Keyring(sealing).open(store.engine.reader(), bytes(packed), rid, "1")
    other = store.read("Condition", "b")
    assert other is not None and SECRET in other.body.decode()


def test_many_write_special_records_at_once_and_all_can_be_read(store: RecordStore) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store.save([put(patient(), "p")], WHO)

    def write(number: int) -> None:
        id = f"c{number % 5}"
        store.save(
            [
                condition(id, "B20" if number % 3 else "J10", f"{SECRET} {number}"),
                note(f"n{number % 4}", f"Condition/{id}"),
            ],
            WHO,
        )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(60)))
    store.seal_rest()
    for number in range(5):
        versions = store.history("Condition", f"c{number}").versions
        assert len(versions) == 12 and all(SECRET in v.body.decode() for v in versions)
    sound(store)


def test_the_raw_file_has_nothing_of_it_even_without_the_encryption_around(
    tmp_path: Path, make_store: Any, engine: str
) -> None:
    """The pages are written anew in clear: what then stands there is what a dump of any database would hold."""
    if engine != "sqlite":
        pytest.skip("PostgreSQL's dump is looked at in test_sealed_dump")
    store = make_store("sqlite")
    store.save([put(patient(), "p"), condition("c", "J10"), note("n", "Condition/c")], WHO)
    store.save([condition("c", "B20")], WHO)
    rows = [row for table in ("body", "string", "codes", "change", "resource", "record_key", "label")
            for row in store.engine.reader().rows(f"SELECT * FROM {table}")]  # fmt: skip
    clear = apsw.Connection(str(tmp_path / "clear.db"))
    clear.execute("CREATE TABLE dump (value)")
    clear.executemany("INSERT INTO dump VALUES (?)", [(value,) for row in rows for value in row])
    clear.close()
    raw = (tmp_path / "clear.db").read_bytes()
    assert b"Condition" not in raw
    for text in (SECRET, "khong ai", "Dòng chữ"):
        assert text.encode() not in raw
    # Words of codes stand once for all records; of a record that is sealed none is known to be its own.
    assert store.engine.reader().rows("SELECT texts FROM resource WHERE id = 'c'") == [(0,)]

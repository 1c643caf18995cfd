"""Weights and term frequencies: readable, complete, learned from number-anchored pairs, and compared before use."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.identity.match.people import BA_DINH, judged, record

from hoso.identity.match import Candidate, Policy, WeightsError, default_model
from hoso.identity.match.estimate import count_rarity, estimated, shadow
from hoso.identity.match.frequency import DATA, shipped
from hoso.identity.match.levels import FIELDS
from hoso.identity.match.weights import ADDED, model, read, write

LE, NGUYEN = "Lê", "Nguyễn"


def test_the_shipped_weights_name_their_source_and_every_level() -> None:
    shipped_model = default_model()
    assert shipped_model.version == "4"
    assert "2026" in shipped_model.source
    assert {name: ("missing", *levels) for name, levels in shipped_model.chances.items()} == FIELDS


def test_agreement_speaks_for_and_contradiction_against() -> None:
    for name, levels in default_model().chances.items():
        if name == "order":
            continue
        bits = [m / u for m, u in levels.values()]
        assert bits[0] > 1, name
        if name not in ADDED:  # of which only agreement is told
            assert bits[-1] < 1, name


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    common = judged(record("Nguyễn Văn Anh", "1980-03-15"), record("Nguyễn Văn Anh", "1980-03-15"))
    rare = judged(record("Khổng Tiểu Quyên", "1980-03-15"), record("Khổng Tiểu Quyên", "1980-03-15"))
    for field in ("family", "middle", "given"):
        assert rare.fields[field] > common.fields[field]


def test_weights_are_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(write(default_model()), encoding="utf-8")
    again = read(path, shipped())
    for before, after in zip(default_model().bits, again.bits, strict=True):
        assert after == pytest.approx(before, abs=0.02)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[fields.sex]", "[fields.seks]", "sex: no weight for same, different"),
        ("different = [0.0115, 0.502]", "different = [0, 0.502]", "sex.different"),
        ("different = [0.0115, 0.502]", "different = [0.0115, 0.502]\nodd = [0.1, 0.1]", "sex: unknown level odd"),
        ('version = "4"', "version = ", "weights.toml"),
    ],
)
def test_a_faulty_weights_file_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (DATA / "weights-4.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "weights.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(WeightsError, match=said):
        read(path, shipped())


def test_number_anchored_pairs_teach_how_often_a_phone_changes() -> None:
    anchored = [
        (
            record("Nguyễn Văn An", "1980-03-15", cccd=f"0010801{number:05d}", phone=f"0914{number:06d}"),
            record("Nguyễn Văn An", "1980-03-15", cccd=f"0010801{number:05d}", phone=f"0387{number:06d}"),
        )
        for number in range(2_000)
    ]
    old = default_model()
    new = estimated("2", old, anchored, [], source="test")
    assert new.version == "2"
    assert new.chances["phone"]["same"][0] < 0.1 < old.chances["phone"]["same"][0]
    assert new.chances["phone"]["different"][0] > 0.85
    for level, chances in new.chances["citizen"].items():
        assert chances == pytest.approx(old.chances["citizen"][level], rel=0.05), "a number does not teach itself"


def test_a_number_of_two_names_and_two_birth_dates_teaches_nothing() -> None:
    father = record("Nguyễn Văn An", "1980-03-15", cccd="001080123456", phone="0914273658")
    child = record("Nguyễn Minh Khôi", "2019-06-20", cccd="001080123456", phone="0914273658")
    old = default_model()
    new = estimated("2", old, [(father, child)] * 3_000, [])
    assert new.chances["given"]["different"][0] == pytest.approx(old.chances["given"]["different"][0], rel=0.05)


def test_what_a_few_random_pairs_did_not_show_stays_as_likely_as_before() -> None:
    one = record("Nguyễn Văn An", "1980-03-15", cccd="001080123456", phone="0914273658")
    other = record("Trần Thị Bưởi", "1971-02-03", cccd="001171654321", phone="0387111222")
    old = default_model()
    new = estimated("3", old, [], [(one, other)] * 3_000)
    for field in ("phone", "citizen"):
        assert new.chances[field]["same"][1] == pytest.approx(old.chances[field]["same"][1], rel=0.05)


def test_an_installation_counts_its_own_names() -> None:
    records = [record(f"{LE if number % 10 else NGUYEN} Văn An", place=BA_DINH) for number in range(500)]
    counted = count_rarity(records)
    assert counted.toned["family"].bits["lê"] < counted.toned["family"].bits["nguyễn"]
    assert estimated("2", default_model(), [], [], counted).rarity is counted


def test_a_name_without_its_tones_is_no_other_name() -> None:
    men = ("Lê Văn Ngọc", "LE VAN NGOC", "Lê Văn Nhoa", "Lê Văn Nhòa")
    counted = count_rarity([record(name, sex="male") for name in men for _ in range(3)])
    assert counted.several[1] - shipped().several[1] == {"nhoa"}
    assert counted.given[2] == shipped().given[2]
    assert "lan" in counted.given[2] - counted.given[1]


def test_a_new_model_is_compared_with_the_old_before_it_is_used() -> None:
    random = Random(1)
    arrivals = []
    for number in range(50):
        birth = f"19{random.randint(50, 99)}-0{random.randint(2, 9)}-15"
        held = record("Nguyễn Văn An", birth, phone=f"0914{number:06d}", place=BA_DINH)
        arrivals.append((record("Nguyễn Văn An", birth, phone=f"0914{number:06d}"), [Candidate("p", (held,))]))
    same = shadow(default_model(), default_model(), arrivals, 1_000_000, Policy())
    assert (same.decided, same.changed, same.other_person, same.new_links) == (50, {}, 0, 0)
    chances = {name: dict(levels) for name, levels in default_model().chances.items()}
    chances["phone"]["same"] = (0.01, 0.5)
    stricter = model("x", chances, shipped())
    changed = shadow(default_model(), stricter, arrivals, 1_000_000, Policy())
    assert changed.changed == {("certain", "possible"): 50}
    assert changed.new_links == 0

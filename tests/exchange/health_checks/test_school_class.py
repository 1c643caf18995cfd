"""A class of 40 pupils from a sheet: linked, new and to review as the truth says, and nobody is taken for another."""

from __future__ import annotations

import csv
import io

import pytest

from bench.roster import TODAY, Result, judge, records_of
from hoso.exchange import formats
from hoso.exchange.health_checks.reading import dossiers
from hoso.exchange.health_checks.resources import map_dossier
from hoso.store.record_store import RecordStore
from hoso.synth.roster import SIZE, school_class


@pytest.mark.parametrize("seeds", [range(1, 4)])
def test_rows_become_what_the_truth_says(store: RecordStore, seeds: range) -> None:
    total, records = Result(), records_of(store)
    for seed in seeds:
        total += judge(records, school_class(seed, TODAY))
    assert total.rows == SIZE * len(seeds)
    assert total.false_links == 0
    assert total.right >= 0.99 * total.rows, total.wrong
    assert min(total.outcomes[name] for name in ("linked", "new", "review")) > 3  # the classes do ask something


def test_a_class_as_a_sheet_is_read_as_it_was_written() -> None:
    pupils = school_class(5, TODAY).pupils
    text = io.StringIO()
    writer = csv.DictWriter(text, list(pupils[0].cells))
    writer.writeheader()
    writer.writerows(pupil.cells for pupil in pupils)
    data = text.getvalue().encode()
    assert formats.known(data[: formats.HEAD]) is formats.FORMATS["ksk"]
    pieces = list(formats.FORMATS["ksk"].split(io.BytesIO(data)))
    assert len(pieces) == SIZE
    for piece, pupil in zip(pieces, pupils, strict=True):
        assert piece.data is not None
        [mapped] = map(map_dossier, dossiers(piece.data, piece.number))
        patient = mapped.resources[0]
        assert patient["name"][0]["text"] == pupil.cells["HO_TEN"]
        numbers = [one["value"] for one in patient.get("identifier", ())]
        assert numbers == (
            [] if pupil.slip == "guardian-number" or not pupil.cells["SO_CCCD"] else [pupil.cells["SO_CCCD"]]
        )


def test_the_same_seed_gives_the_same_class() -> None:
    assert school_class(7, TODAY) == school_class(7, TODAY)
    assert school_class(7, TODAY) != school_class(8, TODAY)

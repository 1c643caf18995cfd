"""The PostgreSQL of a measurement is set for the machine, within bounds."""

from __future__ import annotations

import psycopg
import pytest

from bench import postgres
from bench.figures import Figures


@pytest.mark.parametrize(("memory", "shared"), [(1_024, "256MB"), (4_096, "1024MB"), (24_000, "2048MB")])
def test_a_quarter_of_the_memory_is_for_pages_and_at_most_two_gigabytes(memory: int, shared: str) -> None:
    assert postgres.settings(memory)["shared_buffers"] == shared


def test_the_server_runs_with_what_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    figures = Figures("test")
    with postgres.running(figures) as server, psycopg.connect(server.url) as connection:
        names = ("shared_buffers", "fsync", "autovacuum")
        shared, *modes = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    assert shared and modes == [("on",), ("on",)]
    assert figures.notes == [capsys.readouterr().out.strip()] and "shared_buffers" in figures.notes[0]

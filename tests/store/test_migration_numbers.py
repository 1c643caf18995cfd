"""Two branches that take the same number would leave a database that cannot be opened."""

from __future__ import annotations

from collections import Counter

import pytest

from hoso.store.connection import Dialect
from hoso.store.migrate import shipped


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_migration_has_a_number_of_its_own(dialect: Dialect) -> None:
    counted = Counter(migration.number for migration in shipped(dialect))
    assert [number for number, times in counted.items() if times > 1] == []

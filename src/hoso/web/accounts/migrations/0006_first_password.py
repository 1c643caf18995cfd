"""Whether an account still has the password it was made with."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0005_access_review")]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField("account", "first_password", models.BooleanField(default=False)),
    ]

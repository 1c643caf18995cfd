"""In which role of its person an app acts."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("oauth", "0002_certificate")]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField("connection", "post", models.CharField(blank=True, default="", max_length=64)),
    ]

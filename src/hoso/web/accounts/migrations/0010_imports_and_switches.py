"""Files between the steps of an import, sealed; and which features an administrator has switched off."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0009_last_views_and_reports")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("facility", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=200)),
                ("format", models.CharField(max_length=32)),
                ("kind", models.CharField(blank=True, default="", max_length=32)),
                ("sheet", models.CharField(blank=True, default="", max_length=200)),
                ("mapping", models.TextField(blank=True, default="")),
                ("sealed", models.BinaryField()),
                ("brought", models.DateTimeField()),
                ("done", models.TextField(blank=True, default="")),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Switch",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("on", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=128)),
            ],
        ),
    ]

"""Visits that are typed and not yet signed."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0006_first_password")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="VisitDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("encounter", models.CharField(max_length=64)),
                ("person", models.CharField(max_length=64)),
                ("base", models.CharField(max_length=64)),
                ("fields", models.TextField(default="{}")),
                ("overtaken", models.TextField(default="[]")),
                ("revision", models.PositiveIntegerField(default=0)),
                ("saved", models.DateTimeField()),
                ("closed", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "encounter"), name="one_draft_for_each_visit")
                ]
            },
        ),
    ]

"""When somebody last looked at whom, for that account alone; and the reports of a station, as counted and as closed."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0007_visit_drafts")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="LastView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.CharField(max_length=64)),
                ("seen", models.DateTimeField()),
                ("former", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("account", "person"), name="one_view_of_each_person")]
            },
        ),
        migrations.CreateModel(
            name="StationReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("facility", models.CharField(max_length=32)),
                ("period", models.CharField(max_length=8)),
                ("closed", models.BooleanField()),
                ("figures", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=128)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "period", "closed"), name="one_report_of_each_kind")
                ]
            },
        ),
    ]

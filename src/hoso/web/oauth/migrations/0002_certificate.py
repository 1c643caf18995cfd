"""Clients may be bound to a certificate."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauth", "0001_oauth")]  # noqa: RUF012

    operations = [  # noqa: RUF012
        migrations.AddField("Client", "certificate", models.CharField(blank=True, default="", max_length=64)),
    ]

"""Clients known by the subject of their certificate, and tokens bound to the certificate they were asked for with."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauth", "0003_posts")]  # noqa: RUF012

    operations = [  # noqa: RUF012
        migrations.AddField("Client", "subject", models.CharField(blank=True, default="", max_length=255)),
        migrations.AddField("AccessToken", "certificate", models.CharField(blank=True, default="", max_length=64)),
    ]

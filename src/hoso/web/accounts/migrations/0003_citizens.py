"""Whose record an account is, what citizens sign in with, and codes for their first sign-in."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sign_in")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.AddField(
            "account", "person", models.CharField(blank=True, default="", db_index=True, max_length=64)
        ),
        migrations.AddField("account", "practitioner", models.CharField(blank=True, default="", max_length=64)),
        migrations.AlterField("account", "facility", models.CharField(blank=True, max_length=64)),
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("person", models.CharField(db_index=True, max_length=64)),
                ("name", models.CharField(blank=True, max_length=128)),
                ("numbers", models.TextField()),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SignInName",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.account")),
            ],
        ),
    ]

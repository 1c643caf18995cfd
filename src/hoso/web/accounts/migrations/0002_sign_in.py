"""What signing in with a second factor needs; accounts of before stay as they are."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.AddField("account", "opened", models.DateTimeField(null=True)),
        migrations.AddField("account", "epoch", models.PositiveIntegerField(default=0)),
        migrations.CreateModel(
            name="Spent",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
    ]

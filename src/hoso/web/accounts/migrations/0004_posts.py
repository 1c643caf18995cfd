"""Role and facility of staff stand in the records of staff; what accounts had is kept until it was carried over."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


def forget_citizens(apps: object, editor: object) -> None:
    """A citizen's role is that the account is of a person."""
    apps.get_model("accounts", "Account").objects.exclude(person="").update(former_role="", former_facility="")  # type: ignore[attr-defined]


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0003_citizens")]

    operations: ClassVar[list[Operation]] = [
        migrations.RenameField("Account", "role", "former_role"),
        migrations.RenameField("Account", "facility", "former_facility"),
        migrations.AlterField("Account", "former_role", models.CharField(max_length=32, blank=True, default="")),
        migrations.AlterField("Account", "former_facility", models.CharField(max_length=64, blank=True, default="")),
        migrations.RunPython(forget_citizens, migrations.RunPython.noop),
    ]

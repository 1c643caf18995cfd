"""Tables of sign-in: accounts, and the failures that slow a guesser down for all workers at once."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Accounts(BaseUserManager["Account"]):
    pass


class Account(AbstractBaseUser):
    username: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    name: models.CharField[str, str] = models.CharField(max_length=128, blank=True)
    role: models.CharField[str, str] = models.CharField(max_length=32)
    facility: models.CharField[str, str] = models.CharField(max_length=64)
    is_active: models.BooleanField[bool, bool] = models.BooleanField(default=True)
    created: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = Accounts()


class Failures(models.Model):
    """Failed sign-ins under one key: an account name or an address, each as a keyed hash."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    count: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    """No attempt is looked at before this."""
    last: models.DateTimeField[datetime, datetime] = models.DateTimeField()

"""Tables of sign-in: accounts, the failures that slow a guesser down for all workers at once, and used codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from hoso.access.organisation import Post
from hoso.web.roles import CITIZEN


class Accounts(BaseUserManager["Account"]):
    pass


class Account(AbstractBaseUser):
    username: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    name: models.CharField[str, str] = models.CharField(max_length=128, blank=True)
    former_role: models.CharField[str, str] = models.CharField(max_length=32, blank=True, default="")
    """Of an account of before there were records of staff, until `hiring.settle` makes them of it; else empty."""
    former_facility: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    person: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="", db_index=True)
    """Of a citizen: the id of the golden Patient that is the person."""
    practitioner: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    """Of staff: the id of their Practitioner. What they may do, and where, its PractitionerRoles say."""
    first_password: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    """Whether the password is still the one somebody else gave: nothing opens but the page that changes it."""
    is_active: models.BooleanField[bool, bool] = models.BooleanField(default=True)
    created: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    opened: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    """When an operator last opened it again; counts as a sign-in for the rule about unused accounts."""
    epoch: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    """Counted up to end every session at once."""

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = Accounts()

    post: Post | None = None
    """Of staff: what they act as in this request; no column, it is looked up each time."""

    @property
    def staff(self) -> bool:
        return not self.person

    @property
    def role(self) -> str:
        """Empty for staff without a post: they may do nothing."""
        return CITIZEN if self.person else self.post.role if self.post else ""

    @property
    def facility(self) -> str:
        return self.post.facility if self.post else ""

    def unused(self, now: datetime, longest: timedelta) -> bool:
        """Whether nobody signed in for so long that it is closed."""
        return now - max(t for t in (self.created, self.last_login, self.opened) if t is not None) > longest

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session is good for one password, person and epoch: a change of any ends it at the next click."""
        bound = "\n".join((self.password, self.person, self.practitioner, str(self.epoch)))
        return salted_hmac("hoso.accounts.session", bound, secret=secret, algorithm="sha256").hexdigest()


class AccessReview(models.Model):
    """Somebody looked through all roles at a facility and decided about each (TCVN 14423: every six months)."""

    organization: models.CharField[str, str] = models.CharField(max_length=64, db_index=True)
    by: models.CharField[str, str] = models.CharField(max_length=64)
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    kept: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    ended: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()


class Failures(models.Model):
    """Failed sign-ins under one key: an account name or an address, each as a keyed hash."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    count: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    """No attempt is looked at before this."""
    last: models.DateTimeField[datetime, datetime] = models.DateTimeField()


class Spent(models.Model):
    """A one-time code that was used, as a keyed hash; the unique row refuses it to every worker after that."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)


class SignInName(models.Model):
    """A number with which a citizen signs in, as a keyed hash."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    account: models.ForeignKey[Account, Account] = models.ForeignKey(Account, on_delete=models.CASCADE)


class Enrolment(models.Model):
    """A code for a citizen's first sign-in, as a keyed hash, with the hashes of the numbers it is good with."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    person: models.CharField[str, str] = models.CharField(max_length=64, db_index=True)
    name: models.CharField[str, str] = models.CharField(max_length=128, blank=True)
    numbers: models.TextField[str, str] = models.TextField()
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()


class VisitDraft(models.Model):
    """What somebody has typed into a visit that is not signed; one for each writer and visit."""

    account: models.ForeignKey[Account, Account] = models.ForeignKey(Account, on_delete=models.CASCADE)
    encounter: models.CharField[str, str] = models.CharField(max_length=64)
    person: models.CharField[str, str] = models.CharField(max_length=64)
    """The id of the Patient under whose address it was typed, to lead back there."""
    base: models.CharField[str, str] = models.CharField(max_length=64)
    """The version of the visit that it was begun on."""
    fields: models.TextField[str, str] = models.TextField(default="{}")
    """JSON: name of a field to its text and the revision that put it there."""
    overtaken: models.TextField[str, str] = models.TextField(default="[]")
    """JSON: texts that another window of the same writer replaced, [name, text], so that none is lost."""
    revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    saved: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    closed: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    """Signed or discarded: of each text a hash alone is left, by which a late copy of it is known."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "encounter"], name="one_draft_for_each_visit")
        ]


class LastView(models.Model):
    """When an account looked at a person, so that its next look shows what came since; of no concern to others."""

    account: models.ForeignKey[Account, Account] = models.ForeignKey(Account, on_delete=models.CASCADE)
    person: models.CharField[str, str] = models.CharField(max_length=64)
    seen: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    former: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    """The end of the sitting before this one."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "person"], name="one_view_of_each_person")
        ]


class StationReport(models.Model):
    """The figures of a facility in a period: as they were counted last, and as they were when the report was closed."""

    facility: models.CharField[str, str] = models.CharField(max_length=32)
    period: models.CharField[str, str] = models.CharField(max_length=8)
    closed: models.BooleanField[bool, bool] = models.BooleanField()
    figures: models.TextField[str, str] = models.TextField()
    """JSON: by figure the keys of the lines it counts."""
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    by: models.CharField[str, str] = models.CharField(max_length=128)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["facility", "period", "closed"], name="one_report_of_each_kind")
        ]


class ImportFile(models.Model):
    """A file that somebody brings, between the steps of its import; for a day, and for that account alone."""

    id: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    account: models.ForeignKey[Account, Account] = models.ForeignKey(Account, on_delete=models.CASCADE)
    facility: models.CharField[str, str] = models.CharField(max_length=32)
    """The code of the facility for which it is brought."""
    name: models.CharField[str, str] = models.CharField(max_length=200)
    format: models.CharField[str, str] = models.CharField(max_length=32)
    """One of the formats of the intake, or "" for a spreadsheet whose columns are to be understood."""
    kind: models.CharField[str, str] = models.CharField(max_length=32, blank=True, default="")
    sheet: models.CharField[str, str] = models.CharField(max_length=200, blank=True, default="")
    mapping: models.TextField[str, str] = models.TextField(blank=True, default="")
    """JSON: what its owner said the columns mean; "" before that."""
    sealed: models.BinaryField[bytes, bytes] = models.BinaryField()
    """The file, under a key of the pages; empty once it went in."""
    brought: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    done: models.TextField[str, str] = models.TextField(blank=True, default="")
    """JSON: what became of it; "" until it went in."""


class Switch(models.Model):
    """A feature that an administrator of the node switched; one without a row is on."""

    name: models.CharField[str, str] = models.CharField(max_length=32, primary_key=True)
    on: models.BooleanField[bool, bool] = models.BooleanField()
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    by: models.CharField[str, str] = models.CharField(max_length=128)

"""A file of people who signed up elsewhere, on its way into registrations."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

from common.jobs import Job, JobQuerySet
from common.tenancy.models import TenantModel, tenant_unique
from workshops.models.workshop import Workshop


class RegistrationImport(TenantModel, Job):
    """
    An uploaded CSV or XLSX file.

    `columns` says which of the file's columns (counted from 0) holds which field. Without a `workshop` each row names
    its own. `done` counts rows that are written, so that a worker that was killed goes on after them. `content` is
    emptied when all are.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "not started: check its columns"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    LEASE = timedelta(minutes=2)

    file_name = models.TextField()
    content = models.BinaryField()
    workshop = models.ForeignKey(
        Workshop,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    columns = models.JSONField(default=dict)
    status = models.TextField(choices=Status, default=Status.DRAFT)
    reason = models.TextField(blank=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    registered = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    requested_by = models.TextField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "registration_imports"
        verbose_name = "import"
        constraints = [tenant_unique("registration_imports_organization_id_key")]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="registration_imports_newest"),
            models.Index(fields=["status", "run_after"], name="registration_imports_due"),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(TenantModel):
    """What became of one row of a file. `number` is the row's in the file, as spreadsheets count."""

    class Outcome(models.TextChoices):
        REGISTERED = "registered", "a new registration"
        REPEATED = "repeated", "was registered already"
        KNOWN = "known", "was imported before"
        REFUSED = "refused"

    registration_import = models.ForeignKey(
        RegistrationImport, on_delete=models.CASCADE, related_name="rows", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    outcome = models.TextField(choices=Outcome)
    person = models.TextField(blank=True)
    note = models.TextField(blank=True)

    class Meta:
        db_table = "registration_import_rows"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "registration_import", "number"], name="registration_import_rows_once"
            )
        ]

    def __str__(self) -> str:
        return f"row {self.number}"

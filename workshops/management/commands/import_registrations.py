"""`manage.py import_registrations`: people of a CSV or XLSX file become registrations."""

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from tqdm import tqdm

from common import tenancy
from common.errors import DomainError
from organizations.models import Organization
from workshops import services
from workshops.models import ImportRow, RegistrationImport, Workshop
from workshops.services import imports

_SOME_REFUSED = 1
_WRONG_ARGUMENTS = 2


class Command(BaseCommand):
    """Needs no worker. Exit codes: 0 all rows imported or known, 1 some were refused, 2 wrong arguments or file."""

    help = "Import registrations from a CSV or XLSX file. Run again after an interruption: known rows are passed over."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, whose it is, and what its columns hold."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--organization", metavar="ID", required=True)
        parser.add_argument("--workshop", metavar="ID", help="without it, each row names its workshop")
        parser.add_argument(
            "--column", metavar="FIELD=HEADER", action="append", default=[], dest="columns",
            help=f"a column that its header does not give away; fields: {', '.join(imports.FIELDS)}",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="report row by row, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, import, report."""
        try:
            job = self._run(options)
        except DomainError as error:
            is_unclear = isinstance(error, services.ImportNotStartable)
            hint = " Say so by --workshop ID, or by --column phone=HEADER." if is_unclear else ""
            raise CommandError(f"{error.message}{hint}", returncode=_WRONG_ARGUMENTS) from error
        counts = ", ".join(f"{getattr(job, outcome)} {outcome}" for outcome in ImportRow.Outcome)
        self.stdout.write(f"{'Nothing was written. ' if options['dry_run'] else ''}{job.done} rows: {counts}.")
        if job.refused:
            raise SystemExit(_SOME_REFUSED)

    def _run(self, options: dict[str, Any]) -> RegistrationImport:
        organization_id = options["organization"]
        if not options["dry_run"]:
            with tenancy.tenant(organization_id):
                job = _upload(options)
            return self._import(job)
        with tenancy.tenant(organization_id):
            job = self._import(_upload(options))
            transaction.set_rollback(True)
            return job

    def _import(self, job: RegistrationImport) -> RegistrationImport:
        with tqdm(total=job.total, unit="row", file=sys.stderr, disable=not sys.stderr.isatty()) as progress:
            done = services.run_import(
                import_id=job.pk, attempt=job.attempt, organization_id=job.organization_id, progress=progress.update
            )
        if done is None:
            raise CommandError("A worker took this import: see it in the admin.", returncode=_WRONG_ARGUMENTS)
        with tenancy.tenant(job.organization_id):
            for row in ImportRow.objects.filter(registration_import=job).order_by("number").iterator():
                self.stdout.write(f"row {row.number}: {row.get_outcome_display()}. {row.note}".rstrip())
        return done


def _upload(options: dict[str, Any]) -> RegistrationImport:
    organization = Organization.objects.filter(pk=options["organization"]).first()
    if organization is None:
        raise CommandError(f"There is no organization {options['organization']}.", returncode=_WRONG_ARGUMENTS)
    path: Path = options["file"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=_WRONG_ARGUMENTS) from error
    job = services.upload_import(
        organization=organization, file_name=path.name, content=content, workshop=_workshop(options["workshop"]),
        requested_by="command:import_registrations",
    )  # fmt: skip
    job = services.change_columns(
        registration_import=job, columns={**job.columns, **_columns(options["columns"], content)}, workshop=job.workshop
    )
    return services.start_import(registration_import=job, is_for_worker=False)


def _workshop(key: str | None) -> Workshop | None:
    if not key:
        return None
    try:
        return Workshop.objects.get(pk=UUID(key))
    except (ValueError, Workshop.DoesNotExist) as error:
        raise CommandError(f"The organization has no workshop {key}.", returncode=_WRONG_ARGUMENTS) from error


def _columns(given: list[str], content: bytes) -> dict[str, int]:
    headers = imports.open_sheet(content).headers
    found = {}
    for text in given:
        field, _, header = text.partition("=")
        if field not in imports.FIELDS or header not in headers:
            known = f"Fields: {', '.join(imports.FIELDS)}. Headers: {', '.join(headers)}."
            raise CommandError(f"--column {text} names no field or no header. {known}", returncode=_WRONG_ARGUMENTS)
        found[field] = headers.index(header)
    return found

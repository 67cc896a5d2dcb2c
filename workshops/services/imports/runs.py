"""
An import: uploaded, looked at, started, and run in chunks.

A chunk is one transaction: its registrations, its report and how far the import is. A worker that is killed leaves
whole chunks behind, and the next one goes on after them. The same file twice changes nothing: rows are orders, and
known ones are passed over.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from common.jobs import SWEEP_GRACE, AttemptTaken, soon
from common.queue import enqueue
from organizations.models import Organization
from workshops.models import ImportRow, Order, Platform, RegistrationImport, Workshop
from workshops.services.imports.columns import FIELDS, Row, guess_columns, read_row
from workshops.services.imports.sheets import Sheet, SheetUnreadable, open_sheet
from workshops.services.locks import lock_orders_of
from workshops.services.orders import Purchase, take_order
from workshops.services.people import read_person

log = logging.getLogger(__name__)
CHUNK = 100
_TASK = "workshops.import_registrations"
_EVENT = "import"
Status = RegistrationImport.Status
Outcome = ImportRow.Outcome
#: Told how many more rows are done.
Progress = Callable[[int], object]


class ImportNotStartable(DomainError):
    """It was started before, or its columns do not say enough."""

    code = "import_not_startable"
    status = 409


@transaction.atomic
def upload_import(
    *, organization: Organization, file_name: str, content: bytes, requested_by: str, workshop: Workshop | None = None
) -> RegistrationImport:
    """
    Keep a file, its columns guessed by their headers. Nothing is imported yet.

    :raises SheetUnreadable: it cannot be read
    """
    sheet = open_sheet(content)
    return RegistrationImport.objects.create(
        organization=organization, file_name=file_name[:200], content=content, workshop=workshop,
        columns=guess_columns(sheet.headers), total=len(sheet.rows), requested_by=requested_by,
    )  # fmt: skip


@transaction.atomic
def change_columns(
    *, registration_import: RegistrationImport, columns: Mapping[str, int], workshop: Workshop | None
) -> RegistrationImport:
    """
    Say which column holds what, and whose workshop it is, before it starts.

    :raises ImportNotStartable: it was started
    """
    found = RegistrationImport.objects.select_for_update().get(pk=registration_import.pk)
    if found.status != Status.DRAFT:
        raise ImportNotStartable("This import was started: its columns cannot be changed any more.")
    found.columns = {field: column for field, column in columns.items() if field in FIELDS}
    found.workshop = workshop
    found.save(update_fields=["columns", "workshop"])
    return found


@transaction.atomic
def start_import(*, registration_import: RegistrationImport, is_for_worker: bool = True) -> RegistrationImport:
    """
    Let a worker run it; or nobody but the caller, as long as the caller lives.

    :raises ImportNotStartable: it runs or ran, or nobody could be found by its columns
    """
    found = RegistrationImport.objects.select_for_update().get(pk=registration_import.pk)
    if found.status not in (Status.DRAFT, Status.FAILED):
        raise ImportNotStartable("This import was started before. To import the file again, upload it again.")
    if not {"phone", "email"} & found.columns.keys():
        raise ImportNotStartable("Say which column holds the phone or the e-mail.")
    if found.workshop_id is None and "workshop_name" not in found.columns:
        raise ImportNotStartable("Choose a workshop, or say which column names it.")
    found.status, found.reason, found.run_after, found.lease_until = Status.QUEUED, "", soon(), None
    found.save(update_fields=["status", "reason", "run_after", "lease_until"])
    if is_for_worker:
        enqueue(_TASK, import_id=str(found.pk), attempt=found.attempt, organization_id=found.organization_id)
    return found


def preview_import(*, registration_import: RegistrationImport, number: int = 10) -> tuple[Sheet, list[Row]]:
    """The sheet, and its first rows as they would be read."""
    sheet = open_sheet(bytes(registration_import.content))
    return sheet, _read(registration_import, sheet.rows[:number])


def run_import(
    *, import_id: UUID, attempt: int, organization_id: str, progress: Progress = lambda _: None
) -> RegistrationImport | None:
    """Import what is not imported yet, chunk by chunk; None when somebody else is at it."""
    with tenancy.tenant(organization_id):
        job = RegistrationImport.objects.claim(
            import_id, attempt, lease=RegistrationImport.LEASE, status=Status.RUNNING
        )
    if job is None:
        return None
    try:
        rows = open_sheet(bytes(job.content)).rows
        progress(job.done)
        while chunk := rows[job.done : job.done + CHUNK]:
            with tenancy.tenant(organization_id):
                job = _import_chunk(job, chunk)
            progress(len(chunk))
        with tenancy.tenant(organization_id):
            return _end(job, Status.DONE)
    except SheetUnreadable as error:
        with tenancy.tenant(organization_id):
            return _end(job, Status.FAILED, error.message)
    except AttemptTaken:
        return None


def sweep_imports() -> int:
    """Start imports whose task was lost or whose worker died; answers how many."""
    with tenancy.system():
        due = RegistrationImport.objects.due(waiting=[Status.QUEUED], working=[Status.RUNNING])
        left = list(due.select_for_update(skip_locked=True, of=("self",)).defer("content"))
        for job in left:
            job.run_after = timezone.now() + SWEEP_GRACE
            job.save(update_fields=["run_after"])
            enqueue(
                _TASK, expires=SWEEP_GRACE, import_id=str(job.pk), attempt=job.attempt,
                organization_id=job.organization_id,
            )  # fmt: skip
    return len(left)


def _import_chunk(job: RegistrationImport, chunk: Sequence[tuple[int, list[str]]]) -> RegistrationImport:
    lock_orders_of(job.organization_id)
    job = RegistrationImport.objects.select_related("organization", "workshop").defer("content").held(job)
    report = [_import_row(job, row) for row in _read(job, chunk)]
    ImportRow.objects.bulk_create(report)
    counts = Counter(row.outcome for row in report)
    for outcome in Outcome:
        setattr(job, outcome, getattr(job, outcome) + counts[outcome])
    job.done += len(chunk)
    job.lease_until = timezone.now() + RegistrationImport.LEASE
    job.save(update_fields=["done", "lease_until", *map(str, Outcome)])
    return job


def _import_row(job: RegistrationImport, row: Row) -> ImportRow:
    outcome, note = Outcome.REFUSED, row.problem
    if not row.problem:
        try:
            with transaction.atomic():
                outcome, note = _register(job, row)
        except (DataError, IntegrityError):
            log.exception("row %s of import %s could not be written", row.number, job.pk)
            outcome, note = Outcome.REFUSED, "It could not be written. An operator finds the reason in the log."
    return ImportRow(
        organization_id=job.organization_id, registration_import=job, number=row.number, outcome=outcome,
        person=row.person, note=note,
    )  # fmt: skip


def _register(job: RegistrationImport, row: Row) -> tuple[Outcome, str]:
    external_id = _identity(job, row)
    known = Order.objects.filter(organization_id=job.organization_id, platform=Platform.IMPORT, external_id=external_id)
    if known.exists():
        return Outcome.KNOWN, ""
    order = take_order(organization=job.organization, workshop=job.workshop, purchase=_purchase(job, row, external_id))
    registration = order.registration
    is_first = registration is not None and registration.orders.count() == 1
    is_unreadable = registration is not None and row.values.get("phone") and not registration.full_phone
    note = "The phone is no phone number; it is kept as it is written." if is_unreadable else ""
    if registration is not None and registration.workshop_id is None:
        note = f"{note} Held until its workshop is mapped.".strip()
    return (Outcome.REGISTERED if is_first else Outcome.REPEATED), note


def _purchase(job: RegistrationImport, row: Row, external_id: str) -> Purchase:
    said = row.values
    return Purchase(
        platform=Platform.IMPORT, external_id=external_id, event=_EVENT, status=Order.Status.COMPLETED,
        raw={"file": job.file_name, "row": row.number, **said}, occurred_at=row.registered_at or job.created_at,
        product_name=said.get("workshop_name", ""), name=said.get("name", ""), email=said.get("email", ""),
        phone_text=said.get("phone", ""), amount=row.amount, **_where_phone_is(said),
    )  # fmt: skip


def _identity(job: RegistrationImport, row: Row) -> str:
    """
    Who it is, what for, and the order's id if the file has one, whatever file says so.

    One order may be for several people. It is a digest: no length of a name makes two of them one.
    """
    where = str(job.workshop_id) if job.workshop_id else row.values.get("workshop_name", "")
    person = read_person(
        organization=job.organization, name=row.values.get("name", ""), email=row.values.get("email", ""),
        phone_text=row.values.get("phone", ""), **_where_phone_is(row.values),
    )  # fmt: skip
    identity = "\n".join([where, row.values.get("order_id", ""), person.key])
    return "sha256:" + hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


def _where_phone_is(said: Mapping[str, str]) -> dict[str, str]:
    """A country code is a dial code, or a country's two letters."""
    code = said.get("country_code", "")
    return {"country": code} if code.isalpha() else {"dial_code": code}


def _read(job: RegistrationImport, rows: Sequence[tuple[int, list[str]]]) -> list[Row]:
    now: datetime = timezone.now()
    zone, has_workshop = job.organization.zone, job.workshop_id is not None
    return [
        read_row(number, cells, columns=job.columns, zone=zone, has_workshop=has_workshop, now=now)
        for number, cells in rows
    ]


def _end(job: RegistrationImport, status: Status, reason: str = "") -> RegistrationImport:
    job = RegistrationImport.objects.defer("content").held(job)
    job.status, job.reason, job.lease_until, job.finished_at = status, reason, None, timezone.now()
    changed = ["status", "reason", "lease_until", "finished_at"]
    if status == Status.DONE:
        job.content = b""  # personal data that nobody needs any more; a failed one may be started again
        changed.append("content")
    job.save(update_fields=changed)
    return job

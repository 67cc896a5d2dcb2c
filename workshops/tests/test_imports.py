"""Files of people who signed up elsewhere."""

import io
import os
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from openpyxl import Workbook

from common import tenancy
from common.tests.admin_pages import press, superuser, text_of, url
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from workshops import services, tasks
from workshops.models import ImportRow, RegistrationImport, Workshop
from workshops.services import imports
from workshops.tests import posts
from workshops.tests.factories import OrderFactory, RegistrationFactory, WorkshopFactory

pytestmark = pytest.mark.django_db

MANY = 5_000 if os.environ.get("ROLLCALL_TEST_FULL") else 250
CSV = """Name,E-Mail,Mobile No,Amount
Asha Rao,asha@example.com,98123 45678,"1,499"
Ravi,ravi@example.com,call me,
,,,
Nobody,,,5
"""


@pytest.fixture
def workshop() -> Workshop:
    made: Workshop = WorkshopFactory.create()
    return made


def _upload(workshop: Workshop, content: bytes | str, *, is_for_workshop: bool = True) -> RegistrationImport:
    raw = content.encode() if isinstance(content, str) else content
    with tenancy.tenant(workshop.organization_id):
        return services.upload_import(
            organization=workshop.organization, file_name="people.csv", content=raw, requested_by="test",
            workshop=workshop if is_for_workshop else None,
        )  # fmt: skip


def _run(job: RegistrationImport) -> RegistrationImport:
    with tenancy.tenant(job.organization_id):
        started = services.start_import(registration_import=job)
    done = services.run_import(import_id=job.pk, attempt=started.attempt, organization_id=job.organization_id)
    assert done is not None
    return done


def _rows(job: RegistrationImport) -> list[tuple[int, str, str]]:
    with tenancy.system():
        found = ImportRow.objects.filter(registration_import=job).order_by("number")
        return [(row.number, row.outcome, row.note) for row in found]


def test_a_file_becomes_registrations_and_a_report_row_by_row(workshop: Workshop) -> None:
    job = _run(_upload(workshop, CSV))
    assert (job.status, job.done, job.registered, job.refused) == ("done", 3, 2, 1)
    assert _rows(job) == [
        (2, "registered", ""),
        (3, "registered", "The phone is no phone number; it is kept as it is written."),
        (5, "refused", "Neither a phone nor an e-mail."),
    ]
    people = {person.name: (person.full_phone, person.workshop_id) for person in posts.registrations()}
    assert people == {"Asha Rao": ("+919812345678", workshop.pk), "Ravi": (None, workshop.pk)}
    assert posts.orders()[0].platform == "import"
    assert Decimal("1499.00") in {order.amount for order in posts.orders()}


def test_the_file_itself_is_kept_no_longer_than_it_is_needed(workshop: Workshop) -> None:
    draft = _upload(workshop, CSV)
    assert bytes(draft.content) == CSV.encode()
    done = _run(draft)
    with tenancy.system():
        assert bytes(RegistrationImport.objects.get(pk=done.pk).content) == b""
    assert superuser().get(url(RegistrationImport, "change", done.pk)).status_code == 200


def test_the_same_file_twice_changes_nothing_and_somebody_who_is_there_is_not_doubled(workshop: Workshop) -> None:
    OrderFactory.create(registration=RegistrationFactory.create(workshop=workshop, full_phone="+919812345678"))
    first, second = _run(_upload(workshop, CSV)), _run(_upload(workshop, CSV))
    assert (first.registered, first.repeated, second.known, second.registered) == (1, 1, 2, 0)
    assert (len(posts.registrations()), len(posts.orders())) == (2, 3)


def test_rows_may_name_their_workshops(workshop: Workshop) -> None:
    text = "name;phone;workshop name;order date\nAsha;9812345678;Crypto <> 4TH February;20/01/2026\nRavi;9812345679;;\n"
    job = _run(_upload(workshop, text, is_for_workshop=False))
    assert [outcome for _, outcome, _ in _rows(job)] == ["registered", "refused"]
    [person] = posts.registrations()
    assert person.workshop is not None
    assert (person.workshop.title, person.workshop.starts_at) == ("Crypto", datetime(2026, 2, 4, 13, 30, tzinfo=UTC))
    assert person.registered_at == datetime(2026, 1, 19, 18, 30, tzinfo=UTC)  # midnight in Kolkata


def test_one_order_for_two_people_registers_both_and_a_repeat_neither(workshop: Workshop) -> None:
    """Fails with an identity without the person: the second one would be "known" and never missed."""
    text = "order id,name,phone\nA-1,Asha,9812345678\nA-1,Ravi,9812345679\n"
    first, second = _run(_upload(workshop, text)), _run(_upload(workshop, text))
    assert (first.registered, first.known, second.registered, second.known) == (2, 0, 0, 2)
    assert {person.name for person in posts.registrations()} == {"Asha", "Ravi"}


def test_orders_of_a_very_long_name_are_told_apart(workshop: Workshop) -> None:
    """Fails with an identity that is cut off: the second order would count as known before."""
    name = "x" * 400
    lines = [f"{name},{order},981234567{order}" for order in (1, 2)]
    job = _run(_upload(workshop, "\n".join(["workshop_name,order_id,phone", *lines]), is_for_workshop=False))
    assert (job.registered, job.known) == (2, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_found_out(encoding: str, delimiter: str) -> None:
    rows = [["Name", "Phone, mobile"], ["Zoë Müller", "a,b;c|d"], ["O'Neil", "1"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    sheet = imports.open_sheet(text.encode(encoding))
    assert (sheet.headers, [cells for _, cells in sheet.rows]) == (rows[0], rows[1:])


def _xlsx(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def test_cells_of_spreadsheets_are_read_as_a_person_wrote_them(workshop: Workshop) -> None:
    moment = datetime(2026, 1, 20, 9, 30)  # noqa: DTZ001  (spreadsheets know no zones)
    content = _xlsx(
        ["Name", "Phone", "Amount", "Date", "Formula"],
        ["Asha", 9812345678, 499.5, moment, "=1+1"],
        [None, None],
        ["Ravi", 919812345679.0, "#N/A", "2026-01-21", True],
    )
    sheet = imports.open_sheet(content)
    assert sheet.rows == [
        (2, ["Asha", "9812345678", "499.5", "2026-01-20T09:30:00", ""]),
        (4, ["Ravi", "919812345679", "", "2026-01-21", ""]),
    ]
    _run(_upload(workshop, content))
    assert [(person.full_phone, person.registered_at) for person in posts.registrations()] == [
        ("+919812345678", datetime(2026, 1, 20, 4, tzinfo=UTC)),
        ("+919812345679", datetime(2026, 1, 20, 18, 30, tzinfo=UTC)),
    ]


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", b"\0" * 101 * 2**20)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"), (b"name,phone\n", "no rows"), (b"\n,,\n\n", "no rows"), (b"PK\x03\x04 broken", "broken"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"), (b"\x89PNG\r\n\0\0", "neither"), (b"a" * (5 * 2**20 + 1), "larger"),
        (_bomb(), "unpacks"), (b"a,b\n" + b"1,2\n" * 20_001, "more than 20000 rows"),
        (b'a,b\n1,"' + b"x" * 200_000, "broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(imports.SheetUnreadable) as refused:
        imports.open_sheet(content)
    assert said in refused.value.message


def test_an_import_that_was_killed_goes_on_where_it_was(workshop: Workshop) -> None:
    text = "phone\n" + "".join(f"98{number:08}\n" for number in range(MANY))
    job = _upload(workshop, text)
    with tenancy.tenant(job.organization_id):
        started = services.start_import(registration_import=job)
    seen: list[int] = []

    def die(number: int) -> None:
        seen.append(number)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.run_import(
            import_id=job.pk, attempt=started.attempt, organization_id=job.organization_id, progress=die
        )
    with tenancy.system():
        left = RegistrationImport.objects.get(pk=job.pk)
        assert (left.status, left.done) == ("running", 200)
        assert services.sweep_imports() == 0, "its worker may be alive"
        RegistrationImport.objects.update(lease_until="2020-01-01T00:00:00Z")
        assert services.sweep_imports() == 1
    tasks.import_registrations(import_id=str(job.pk), attempt=left.attempt, organization_id=job.organization_id)
    tasks.import_registrations(import_id=str(job.pk), attempt=left.attempt, organization_id=job.organization_id)
    with tenancy.system():
        ended = RegistrationImport.objects.get(pk=job.pk)
        assert (ended.status, ended.done, ended.registered) == ("done", MANY, MANY)
        assert ImportRow.objects.count() == MANY
    assert len(posts.registrations()) == MANY


@pytest.mark.parametrize(
    ("columns", "has_workshop", "said"),
    [({"name": 0}, True, "phone or the e-mail"), ({"phone": 1}, False, "Choose a workshop")],
)
def test_an_import_that_could_find_nobody_does_not_start(
    workshop: Workshop, columns: dict[str, int], has_workshop: bool, said: str
) -> None:
    job = _upload(workshop, CSV)
    with tenancy.tenant(job.organization_id):
        job = services.change_columns(
            registration_import=job, columns=columns, workshop=workshop if has_workshop else None
        )
        with pytest.raises(services.ImportNotStartable) as refused:
            services.start_import(registration_import=job)
    assert said in refused.value.message


# --- the admin -----------------------------------------------------------------------------------------------------


def _post_file(client: Client, organization: Organization, content: bytes) -> Any:
    file = SimpleUploadedFile("people.csv", content)
    return client.post(url(RegistrationImport, "add"), {"organization": organization.pk, "file": file})


def test_a_file_is_uploaded_looked_at_and_imported(workshop: Workshop) -> None:
    client = superuser()
    assert _post_file(client, workshop.organization, CSV.encode()).status_code == 302
    with tenancy.system():
        job = RegistrationImport.objects.get()
    address = url(RegistrationImport, "change", job.pk)
    seen = text_of(client.get(address))
    assert "98123 45678" in seen
    assert "It names no workshop" in seen
    chosen = {"workshop": str(workshop.pk), "column_name": "0", "column_phone": "2", "column_email": ""}
    assert client.post(address, chosen).status_code == 302
    seen = text_of(client.get(address))
    assert "It names no workshop" not in seen
    assert "asha@example.com" not in seen.split("As they are read")[-1]
    assert "Refresh" not in client.get(address)
    assert "started" in press(client, "start_this", job)
    assert "Refresh" in client.get(address), "its bar moves"
    tasks.import_registrations(import_id=str(job.pk), attempt=0, organization_id=job.organization_id)
    assert "2 registered, 0 repeated, 0 known, 1 refused" in text_of(client.get(address))
    assert "start_this" not in client.get(address).content.decode()


def test_a_bad_file_is_refused_on_the_page(workshop: Workshop) -> None:
    assert "old Excel file" in text_of(_post_file(superuser(), workshop.organization, b"\xd0\xcf\x11\xe0"))


def test_a_file_may_be_larger_than_other_bodies_there_and_nowhere_else(workshop: Workshop) -> None:
    large = b"phone,note\n" + 200 * (b"9812345678," + b"x" * 10_000 + b"\n")
    assert _post_file(superuser(), workshop.organization, large).status_code == 302
    assert superuser().post(url(Workshop, "add"), {"title": "x" * 2_000_000}).status_code == 413


# --- the command ---------------------------------------------------------------------------------------------------


def _command(*arguments: str) -> str:
    said = io.StringIO()
    call_command("import_registrations", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_reports_writes_nothing_on_a_dry_run_and_can_be_repeated(
    workshop: Workshop, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Who,Phone\nAsha,9812345678\nRavi,9812345679\n")
    arguments = [
        str(file),
        "--organization",
        workshop.organization_id,
        "--workshop",
        str(workshop.pk),
        "--column",
        "name=Who",
    ]
    assert "Nothing was written. 2 rows: 2 registered" in _command(*arguments, "--dry-run")
    assert not posts.registrations()
    assert "row 2: a new registration." in _command(*arguments)
    assert "2 rows: 0 registered, 0 repeated, 2 known" in _command(*arguments)
    assert {person.name for person in posts.registrations()} == {"Asha", "Ravi"}


def test_the_command_says_by_its_exit_code_that_rows_were_refused(workshop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    with pytest.raises(SystemExit) as ended:
        _command(str(file), "--organization", workshop.organization_id, "--workshop", str(workshop.pk))
    assert ended.value.code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--organization", "org_nobody"], "There is no organization org_nobody"),
        (["--workshop", "x"], "has no workshop x"),
        (["--column", "shoe=Name"], "names no field or no header"),
        (["--column", "name=Shoe"], "Headers: Name, E-Mail, Mobile No, Amount"),
    ],
)
def test_wrong_arguments_are_explained(workshop: Workshop, tmp_path: Path, arguments: list[str], said: str) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    usual = ["--organization", workshop.organization_id, "--workshop", str(workshop.pk)]
    with pytest.raises(CommandError) as refused:
        _command(str(file), *usual, *arguments)
    assert said in str(refused.value)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("text", ["A,B\n1,2\n", "Name,E-mail\nAsha,asha@x.example\n"])
def test_the_command_says_how_to_say_what_the_file_does_not(workshop: Workshop, tmp_path: Path, text: str) -> None:
    file = tmp_path / "people.csv"
    file.write_text(text)
    with pytest.raises(CommandError, match="--workshop ID, or by --column phone=HEADER"):
        _command(str(file), "--organization", workshop.organization_id)
    with tenancy.system():
        assert not RegistrationImport.objects.exists()


def test_another_organizations_workshop_is_none(workshop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    with pytest.raises(CommandError, match="has no workshop"):
        _command(str(file), "--organization", OrganizationFactory.create().pk, "--workshop", str(workshop.pk))

"""`manage.py repair_conversations`: everybody pushed anew, and back in their channels."""

import argparse
import sys
from collections import Counter
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from chat import outbound, services
from common.errors import DomainError

_NOT_ALL_READY = 1
_WRONG = 2
_STOPPED = 130


class Command(BaseCommand):
    """Needs no worker. Exit codes: 0 all are ready, 1 some are not, 2 wrong arguments."""

    help = "Repair conversations: push their participants to Stream anew, and bring back whoever is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        """One selection."""
        selection = parser.add_mutually_exclusive_group(required=True)
        selection.add_argument("--organization", metavar="ID", help="the conversations of an organization")
        selection.add_argument("--conversation", metavar="ID", type=_uuid, help="one conversation")
        selection.add_argument("--unready", action="store_true", help="those that are not ready")
        selection.add_argument("--all", action="store_true", dest="is_all", help="every conversation")
        parser.add_argument("--dry-run", action="store_true", help="say what would be repaired, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Choose, repair, add up."""
        ids = services.repairable(
            company_id=options["organization"] or "", conversation_id=options["conversation"],
            only_unready=options["unready"],
        )  # fmt: skip
        if not ids:
            _check(options)
        if options["dry_run"]:
            for conversation_id in ids:
                self.stdout.write(f"would repair {conversation_id}")
            self.stdout.write(f"Nothing was done. Conversations to repair: {len(ids)}")
            return
        counts: Counter[str] = Counter()
        try:
            self._repair(ids, counts)
        except KeyboardInterrupt:
            self._sum_up(counts)
            raise SystemExit(_STOPPED) from None
        self._sum_up(counts)
        if counts["ready"] < len(ids):
            raise SystemExit(_NOT_ALL_READY)

    def _repair(self, ids: Collection[UUID], counts: Counter[str]) -> None:
        with tqdm(ids, unit="conversation", file=sys.stderr, disable=not sys.stderr.isatty()) as progress:
            for conversation_id in progress:
                outcome = _repaired(conversation_id)
                counts[outcome.partition(":")[0]] += 1
                with tqdm.external_write_mode(file=sys.stderr):
                    self.stdout.write(f"{conversation_id}: {outcome}")

    def _sum_up(self, counts: Counter[str]) -> None:
        words = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
        self.stdout.write(f"Repaired: {words or 'none'}")


def _check(options: dict[str, Any]) -> None:
    """Nothing was found: is it because there is no such conversation or organization?"""
    if options["conversation"]:
        raise CommandError(f"There is no conversation {options['conversation']}.", returncode=_WRONG)
    organization = options["organization"]
    if organization and not any(services.organization_parties(organization)):
        raise CommandError(f"There is no organization {organization}.", returncode=_WRONG)


def _repaired(conversation_id: UUID) -> str:
    """The status afterwards, with the reason where it is not ready."""
    try:
        conversation = outbound.repair_conversation(conversation_id=conversation_id)
    except DomainError as error:
        return f"failed: {error.message}"
    return conversation.status if conversation.is_ready else f"{conversation.status}: {conversation.error}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no id of a conversation") from error

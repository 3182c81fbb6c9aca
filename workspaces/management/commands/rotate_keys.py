"""``manage.py rotate_keys``: store every secret anew with the first of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from workspaces import crypto
from workspaces.models import Connection, WebhookEndpoint

COLUMNS = (
    (Connection, "secret"),
    (WebhookEndpoint, "secret"),
    (WebhookEndpoint, "previous_secret"),
)


class Command(BaseCommand):
    """After it ran, the old keys can be removed from the environment."""

    help = "Encrypt every stored secret with the first of FIELD_ENCRYPTION_KEYS."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """All secrets or none."""
        try:
            count = sum(_rotate(model, column) for model, column in COLUMNS)
        except crypto.SecretUnreadableError as error:
            raise CommandError(
                f"{error} Nothing was changed; manage.py doctor counts them."
            ) from error
        self.stdout.write(f"{count} secrets are stored with the first key; remove the others.")


def _rotate(model: type[Connection] | type[WebhookEndpoint], column: str) -> int:
    rows = model._default_manager.select_for_update().exclude(**{column: ""}).order_by("pk")
    count = 0
    for row in rows.only("pk", column):
        setattr(row, column, crypto.encrypt(crypto.decrypt(getattr(row, column))))
        row.save(update_fields=[column])
        count += 1
    return count

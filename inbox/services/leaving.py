"""A wish to hear no more, as a message told it: carried out at once, whoever understood it."""

from __future__ import annotations

from inbox.models import CustomerResponse
from outreach.models import ConsentSource
from outreach.services.leaving import stop
from workspaces.services.locks import lock_names


def leave(row: CustomerResponse) -> None:
    """Send who wrote it no more marketing by the way it came, in the caller's transaction."""
    contact = row.point.contact
    lock_names([f"outreach-consent:{contact.pk}"])
    stop(
        contact=contact, channel=row.point.channel, at=row.at, is_everywhere=False,
        source=ConsentSource.STOP,
        evidence={"text": row.text[:300], "key": f"inbox:{row.public_id}"},
    )  # fmt: skip

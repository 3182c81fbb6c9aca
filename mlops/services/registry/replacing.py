"""One champion after the other: the step that promotions, canaries and roll-backs share."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from mlops.models import ModelStage, ModelVersion, Promotion
from workspaces.gate import NotAllowedError
from workspaces.models import Proposal, User, Workspace
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.webhooks_out import publish

logger = logging.getLogger(__name__)

STANDING: Final = ["stage", "promoted_at", "promoted_by", "archived_at", "archived_by"]
#: Every worker that answers listens to it, where a queue gives each message to one of them.
LOAD_QUEUE: Final = "infer-all"
_EXPIRES_S: Final = 60


def replace_champion(
    champion: ModelVersion | None, version: ModelVersion, *, by: User | None, now: datetime
) -> None:
    """Demote one and promote the other, in the caller's transaction and under its lock."""
    if champion is not None:
        put_away(champion, by=by, now=now)
    version.stage = ModelStage.CHAMPION
    version.promoted_at, version.promoted_by = now, by
    version.archived_at = version.archived_by = None
    version.save(update_fields=STANDING)
    load_soon()


def put_away(version: ModelVersion, *, by: User | None, now: datetime) -> None:
    """Take a version out of the running."""
    version.stage = ModelStage.ARCHIVED
    version.archived_at, version.archived_by = now, by
    version.save(update_fields=STANDING)


def serve_signed(
    *, proposal: Proposal, champion: ModelVersion | None, version: ModelVersion, now: datetime
) -> None:
    """Let the version of a signed plan serve everyone, and tell of it."""
    Promotion.objects.filter(proposal=proposal).update(replaced=champion, done_at=now)
    replace_champion(champion, version, by=proposal.decided_by, now=now)
    publish(
        workspace=proposal.workspace,
        event_type="model.promoted",
        data={
            "id": str(version.public_id),
            "name": version.name,
            "version": version.version,
            "replaced_version": champion.version if champion else None,
            "sha256": version.sha256,
        },
        event_id=f"{proposal.public_id}:model",
        now=now,
    )


def require_rank(by: User, workspace: Workspace, role: Role, now: datetime, what: str) -> None:
    """Refuse who has less than a role.

    Raises
    ------
    NotAllowedError : the person has less
    """
    if effective_rank(user=by, workspace=workspace, now=now) < role.rank:
        raise NotAllowedError(f"{what} needs the role of {role.label.lower()}.")


def load_soon() -> None:
    """Have every worker that answers load what serves, or may soon, once this is committed."""
    transaction.on_commit(_nudge)


def _nudge() -> None:
    try:
        current_app.send_task(
            "mlops.warm_up",
            queue=LOAD_QUEUE,
            # Celery declares no fanout when it sends, and to Redis one that is not known is direct:
            # the message would reach nobody.
            declare=[current_app.amqp.queues[LOAD_QUEUE].exchange],
            expires=_EXPIRES_S,
            retry=False,
            ignore_result=True,
        )
    except OperationalError:
        logger.warning("models are loaded by the next minute; the broker does not answer")

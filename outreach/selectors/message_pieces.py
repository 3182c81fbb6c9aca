"""What people read of our messages, with how it did: for best practices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Sum

from experiments.engine.practices.traits import Piece
from experiments.piece_sources import SentPiece
from outreach.models import MessageDay
from workspaces.models import Workspace

_WINDOW: Final = timedelta(days=365)
#: Below it a rate says little.
_LEAST: Final = 200
_MOST: Final = 5_000


def message_pieces(workspace: Workspace, now: datetime) -> list[SentPiece]:
    """Texts of campaigns by version, with how many got them and converted."""
    rows = (
        MessageDay.objects.filter(
            workspace=workspace, day__gte=(now - _WINDOW).date(), version__isnull=False,
            campaign__isnull=False,
        )
        .values("channel", "version", subject=F("version__subject"), text=F("version__text"))
        .annotate(units=Sum("delivered"), done=Sum("converted"))
        .filter(units__gte=_LEAST)
        .order_by("-units", "version")[:_MOST]
    )  # fmt: skip
    return [
        SentPiece(
            row["channel"], Piece(headline=row["subject"], body=row["text"]), row["units"],
            min(row["done"], row["units"]),
        )
        for row in rows
        if row["subject"] or row["text"]
    ]  # fmt: skip

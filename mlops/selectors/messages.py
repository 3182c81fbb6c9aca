"""Messages of customers, with what they were read as and what people made of that."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db.models import F, Q, QuerySet

from inbox.models import AIClassification, Direction, Intent
from outreach.engine.opt_out import wish_of
from workspaces.models import Workspace

#: The newest; more of them teach little, and each costs some milliseconds.
MOST_CORRECTED: Final = 5_000
MOST_STANDING: Final = 2_000
MOST_TRAFFIC: Final = 1_000
_COLUMNS: Final = (
    "response_id", "response__at", "response__point__contact_id", "response__text",
    "response__subject", "intent", "corrected_intent", "confidence", "language",
    "response__channel",
)  # fmt: skip


@dataclass(frozen=True)
class Messages:
    """Messages that were read, the oldest first; arrays are (n,).

    Attributes
    ----------
    keys : of the messages
    text : as it was read
    intent, sure : what it was read as, and how surely
    meant : what a person said that it is meant for, or else what was let stand
    is_corrected : a person said so
    writer : contact
    """

    keys: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    writer: npt.NDArray[np.int64]
    text: tuple[str, ...]
    intent: npt.NDArray[np.str_]
    meant: npt.NDArray[np.str_]
    is_corrected: npt.NDArray[np.bool_]
    sure: npt.NDArray[np.float64]
    language: npt.NDArray[np.str_]
    channel: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return self.keys.size

    def take(self, chosen: npt.NDArray[Any]) -> Messages:
        """Take some of them, in their order."""
        places = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return Messages(
            self.keys[places], self.at[places], self.writer[places],
            tuple(self.text[place] for place in places.tolist()), self.intent[places],
            self.meant[places], self.is_corrected[places], self.sure[places],
            self.language[places], self.channel[places],
        )  # fmt: skip

    @property
    def days(self) -> npt.NDArray[np.datetime64]:
        """Day of each, of the world's clock."""
        return self.at.astype("datetime64[s]").astype("datetime64[D]")

    @property
    def sha256(self) -> str:
        """Checksum of what can be learned from them."""
        found = hashlib.sha256()
        for part in (self.keys, self.is_corrected, np.array(self.meant, dtype="U11")):
            found.update(np.ascontiguousarray(part).tobytes())
        return found.hexdigest()


def handled_messages(
    workspace: Workspace, *, since: datetime, read_by: tuple[str, str] | None = None
) -> Messages:
    """Messages that a person corrected, or answered and so let stand as they were read.

    Of texts that are the same the last one counts. Who asked in known words to hear no more is left
    out: no head reads that.

    Parameters
    ----------
    since : when they were written
    read_by : model and version whose readings alone are wanted
    """
    rows = _readings(workspace, since, read_by)
    fixed = rows.filter(corrected_at__isnull=False)
    answered = Q(
        corrected_intent="", response__is_auto=False,
        response__answered_by__author__isnull=False,
        # An answer stands where its message stands; by the conversation there is an index.
        response__answered_by__conversation=F("response__conversation"),
        response__answered_by__delivery__in=("sent", "delivered", "by_hand"),
    )  # fmt: skip
    found = {
        row["response_id"]: row
        for part, most in (
            (rows.filter(answered), MOST_STANDING), (fixed, MOST_CORRECTED),
        )
        for row in part.order_by("-response__at", "-response_id").values(*_COLUMNS)[:most]
    }  # fmt: skip
    ordered = sorted(found.values(), key=lambda row: (row["response__at"], row["response_id"]))
    return _messages(_each_text_once(ordered))


def newest_messages(
    workspace: Workspace,
    *,
    since: datetime,
    most: int = MOST_TRAFFIC,
    read_by: tuple[str, str] | None = None,
) -> Messages:
    """Newest messages that were read, whatever became of them.

    Parameters
    ----------
    since : when they were written
    most : of them
    read_by : model and version whose readings alone are wanted
    """
    rows = _readings(workspace, since, read_by).filter(response__is_auto=False)
    # Who asks in known words to hear no more is read by no head, and known for sure.
    rows = rows.exclude(intent=Intent.UNSUBSCRIBE, confidence=1)
    newest = rows.order_by("-response__at", "-response_id").values(*_COLUMNS)[:most]
    return _messages(list(newest)[::-1])


def corrections_since(workspace: Workspace, since: datetime | None) -> int:
    """How many readings were corrected, after a time."""
    rows = AIClassification.objects.filter(workspace=workspace, corrected_at__isnull=False)
    return (rows.filter(corrected_at__gt=since) if since else rows).count()


def _readings(
    workspace: Workspace, since: datetime, read_by: tuple[str, str] | None
) -> QuerySet[AIClassification]:
    # Erased people's words are gone, and what was read of them says nothing.
    rows = AIClassification.objects.filter(
        workspace=workspace, response__workspace=workspace, response__direction=Direction.IN,
        response__at__gte=since,
    ).exclude(response__text="", response__subject="")  # fmt: skip
    return rows.filter(model=read_by[0], version=read_by[1]) if read_by else rows


def _each_text_once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    last: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = " ".join(_text(row).lower().split())
        before = last.get(key)
        # What a person said is not undone by one who said nothing.
        if before is None or row["corrected_intent"] or not before["corrected_intent"]:
            last[key] = row
    kept = {row["response_id"] for row in last.values()}
    return [row for row in rows if row["response_id"] in kept and not _is_opt_out(row)]


def _is_opt_out(row: dict[str, Any]) -> bool:
    wish = wish_of(_text(row))
    return wish.action == "opt_out" and wish.is_executed


def _text(row: dict[str, Any]) -> str:
    return str(row["response__text"] or row["response__subject"])


def _messages(rows: list[dict[str, Any]]) -> Messages:
    def column(name: str, kind: str) -> npt.NDArray[Any]:
        return np.array([row[name] for row in rows], dtype=kind)

    return Messages(
        keys=column("response_id", "int64"),
        at=np.array([int(row["response__at"].timestamp()) for row in rows], dtype=np.int64),
        writer=column("response__point__contact_id", "int64"),
        text=tuple(map(_text, rows)),
        intent=column("intent", "U11"),
        meant=np.array([row["corrected_intent"] or row["intent"] for row in rows], dtype="U11"),
        is_corrected=np.array([bool(row["corrected_intent"]) for row in rows], dtype=np.bool_),
        sure=column("confidence", "float64"),
        language=column("language", "U8"),
        channel=column("response__channel", "U9"),
    )

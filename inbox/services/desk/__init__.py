"""What people do with conversations: one row or five thousand, told in their story, undone."""

from __future__ import annotations

from inbox.services.desk.acting import MOST, DeskError, Done
from inbox.services.desk.handling import (
    add_tags,
    assign,
    close,
    escalate,
    remove_tags,
    reopen,
    set_posture,
    set_team,
    snooze,
    wait,
    wake_due,
)
from inbox.services.desk.moving import drafts_void, merge, unmerge
from inbox.services.desk.noting import write_note
from inbox.services.desk.reading import Corrected, correct_reading, mark_viewed
from inbox.services.desk.splitting import split
from inbox.services.desk.undoing import undo

__all__ = [
    "MOST",
    "Corrected",
    "DeskError",
    "Done",
    "add_tags",
    "assign",
    "close",
    "correct_reading",
    "drafts_void",
    "escalate",
    "mark_viewed",
    "merge",
    "remove_tags",
    "reopen",
    "set_posture",
    "set_team",
    "snooze",
    "split",
    "undo",
    "unmerge",
    "wait",
    "wake_due",
    "write_note",
]

"""What an answer says, as it goes out: checked, with its subject and who signs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inbox.engine.mail import Attachment as File
from inbox.models import AgentProfile, CustomerResponse, InboxChannel
from inbox.selectors.comments import most_below
from workspaces.gate import RequestError
from workspaces.models import User

MOST_TEXT: Final = 20_000
MOST_FILES: Final = 10
#: Bytes of all files of a mail; more is refused by many servers once it is encoded.
MOST_BYTES: Final = 10 * 1024 * 1024
_PLACE: Final = re.compile(r"\{\{\s*[a-z_.]+\s*\}\}")
# RFC 3676 4.3: what stands below it is a signature.
_DASHES: Final = "\n\n-- \n"


class AnswerError(RequestError):
    """An answer that cannot be sent; ``field`` names what is wrong."""


@dataclass(frozen=True)
class Words:
    """What an answer says, and the files that go with it."""

    text: str
    subject: str = ""
    files: Sequence[File] = ()


def text_of(words: Words) -> str:
    """The words of an answer, checked.

    Raises
    ------
    AnswerError : there are none, or too many
    """
    text = words.text.replace("\x00", "").strip()
    if not text:
        raise AnswerError("text", "Write something.")
    if len(text) > MOST_TEXT:
        raise AnswerError("text", f"Write at most {MOST_TEXT:,} characters.")
    return text


def subject_of_answer(to: CustomerResponse, words: Words) -> str:
    """The subject of a mail that answers; other channels have none."""
    if to.channel != InboxChannel.EMAIL:
        return ""
    subject = words.subject.strip() or to.subject.strip() or to.conversation.subject
    is_answer = subject.casefold().startswith("re:")
    return (subject if is_answer else f"Re: {subject}")[:998]


def check_files(to: CustomerResponse, files: Sequence[File]) -> None:
    """Refuse files that cannot go to an address.

    Raises
    ------
    AnswerError : the channel carries none, they are too many or too large, or one is held back
    """
    if not files:
        return
    if to.channel != InboxChannel.EMAIL:
        raise AnswerError("file", f"Files go by e-mail, not by {to.get_channel_display()}.")
    for one in files:
        if one.held_because:
            raise AnswerError("file", f"{one.name}: {one.held_because}")
    if len(files) > MOST_FILES:
        raise AnswerError("file", f"Send at most {MOST_FILES} files with an answer.")
    if sum(one.size for one in files) > MOST_BYTES:
        raise AnswerError("file", f"Send at most {MOST_BYTES // 1024**2} MB with an answer.")


def written(to: CustomerResponse, words: Words, user: User | None) -> str:
    """The words of an answer as a person sends them: a mail with their signature, if they have one.

    Raises
    ------
    AnswerError : there are none, too many, or a place in them is empty
    """
    text = text_of(words)
    if place := _PLACE.search(text):
        raise AnswerError("text", f"Fill in {place[0]} first, or take it out.")
    if to.channel == InboxChannel.COMMENT and len(text) > (most := most_below(to)) > 0:
        raise AnswerError("text", f"Write at most {most:,} characters below a comment there.")
    return text + _signature(to, user)


def unsigned(row: CustomerResponse) -> str:
    """The words of an answer of ours without the signature below them."""
    return row.text.removesuffix(_signature(row, row.author))


def _signature(to: CustomerResponse, user: User | None) -> str:
    if to.channel != InboxChannel.EMAIL or user is None:
        return ""
    found = AgentProfile.objects.filter(workspace=to.workspace_id, user=user)
    signature = (found.values_list("signature", flat=True).first() or "").strip()
    return f"{_DASHES}{signature}" if signature else ""

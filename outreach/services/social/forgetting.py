"""What contacts did on networks, and what we answered: forgotten with them, and told to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from outreach.models import (
    SocialAdvocate,
    SocialAnswer,
    SocialEngagement,
    SocialFunnelEntry,
    SocialPerson,
)
from workspaces.services.redacting import redact

ERASED: Final = "erased"
_LABEL: Final = "Answer to somebody erased"
_STOPPED: Final = "They were erased."


def forget(*, workspace_id: int, contacts: Collection[int], now: datetime) -> dict[str, int]:
    """Take words, names and notes away; that somebody did something stays, as nobody's.

    Returns
    -------
    how many of their engagements, and of our answers, were emptied

    Raises
    ------
    StateError : an answer to them is carried out just now
    """
    people = SocialPerson.objects.filter(workspace=workspace_id, contact__in=contacts)
    keys = list(people.values_list("pk", flat=True))
    answers = SocialAnswer.objects.filter(workspace=workspace_id, entry__person__in=keys)
    emptied = redact(
        workspace_id=workspace_id, proposals=list(answers.values_list("pk", flat=True)),
        label=_LABEL, now=now,
    )  # fmt: skip
    SocialFunnelEntry.objects.filter(person__in=keys, stopped_reason="").update(
        stopped_reason=_STOPPED
    )
    count = SocialEngagement.objects.filter(person__in=keys).update(text="")
    SocialAdvocate.objects.filter(person__in=keys).update(notes="", is_vip=False)
    for key in keys:
        SocialPerson.objects.filter(pk=key).update(
            external_id=f"{ERASED}:{key}", username="", name="", followers=None, contact=None
        )
    return {"engagement": count, "answers": emptied}


def marks_of(*, contacts: Collection[int]) -> list[str]:
    """What they, and what they did, is called by networks."""
    people = SocialPerson.objects.filter(contact__in=contacts)
    names = [name for pair in people.values_list("external_id", "username") for name in pair]
    done = SocialEngagement.objects.filter(person__in=people)
    return [*names, *done.values_list("external_id", flat=True)]


def kept_of(*, contacts: Collection[int]) -> tuple[QuerySet[SocialPerson],
                                                   QuerySet[SocialEngagement]]:  # fmt: skip
    """Who they are on networks, and what they did there."""
    people = SocialPerson.objects.filter(contact__in=contacts)
    return people, SocialEngagement.objects.filter(person__in=people)

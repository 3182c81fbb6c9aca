"""What contacts did on networks: forgotten with them, and told to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db.models import QuerySet

from outreach.models import SocialAdvocate, SocialEngagement, SocialPerson

ERASED: Final = "erased"


def forget(*, workspace_id: int, contacts: Collection[int]) -> int:
    """Take words, names and notes away; that somebody did something stays, as nobody's.

    Returns
    -------
    how many of their engagements were emptied
    """
    people = SocialPerson.objects.filter(workspace=workspace_id, contact__in=contacts)
    keys = list(people.values_list("pk", flat=True))
    count = SocialEngagement.objects.filter(person__in=keys).update(text="")
    SocialAdvocate.objects.filter(person__in=keys).update(notes="", is_vip=False)
    for key in keys:
        SocialPerson.objects.filter(pk=key).update(
            external_id=f"{ERASED}:{key}", username="", name="", followers=None, contact=None
        )
    return count


def kept_of(*, contacts: Collection[int]) -> tuple[QuerySet[SocialPerson],
                                                   QuerySet[SocialEngagement]]:  # fmt: skip
    """Who they are on networks, and what they did there."""
    people = SocialPerson.objects.filter(contact__in=contacts)
    return people, SocialEngagement.objects.filter(person__in=people)

"""Rows from what networks tell, whether they were asked or call: each thing once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from django.db import transaction

from attribution.models import TouchKind
from attribution.services.touches import Touch, record_touches
from outreach.engine.social.worth import KINDS, engagement_rate, engagement_values, influence
from outreach.models import (
    Contact,
    ContactPoint,
    SocialAccount,
    SocialEngagement,
    SocialPerson,
    SocialPost,
)
from outreach.platforms.social.base import Author, Done, Post
from workspaces.models import Workspace
from workspaces.services.locks import lock_names
from workspaces.text_classes import COMMENT_INTENT, SENTIMENT, classifier

TOPIC: Final = "social"
#: From here on somebody who wrote may speak for us.
PRAISE_FROM: Final = 0.3
_HASHTAG: Final = re.compile(r"#(\w{1,100})")
_FIGURES: Final = ("likes", "comments", "shares", "saves", "views", "reach")
_UPDATED: Final = ("caption", "type", "hashtags", "url", "engagement_rate", "fetched_at", *_FIGURES)
#: An id that stands for a user name, until the network tells the real one.
_BY_NAME: Final = "@"


def take_posts(*, account: SocialAccount, posts: Sequence[Post], now: datetime) -> None:
    """Keep posts with their newest figures."""
    SocialPost.objects.bulk_create(
        [_post(account, one, now) for one in posts],
        update_conflicts=True,
        unique_fields=["workspace", "platform", "external_id"],
        update_fields=_UPDATED,
    )


def _post(account: SocialAccount, one: Post, now: datetime) -> SocialPost:
    figures = {name: getattr(one, name) for name in _FIGURES}
    rate = None
    if one.reach is not None:
        counts = (np.array([float(n)]) for n in (one.likes, one.comments, one.shares, one.reach))
        rate = float(engagement_rate(*counts)[0])
    return SocialPost(
        workspace=account.workspace,
        account=account,
        platform=account.platform,
        external_id=one.external_id,
        caption=one.caption,
        type=one.type[:40],
        hashtags=sorted({tag.lower() for tag in _HASHTAG.findall(one.caption)}),
        url=one.url[:500],
        posted_at=one.at,
        engagement_rate=rate,
        fetched_at=now,
        **figures,
    )


@transaction.atomic
def take_doings(*, workspace: Workspace, platform: str, rows: Sequence[Done]) -> int:
    """Keep what people did that is not known yet; returns how much that is.

    Each becomes a touch where the person is one of the contacts.
    """
    # Of two that take the same at once the second finds it known.
    lock_names([f"social:{workspace.pk}:{platform}"])
    new = _unknown(workspace, platform, rows)
    if not new:
        return 0
    people = _people(workspace, platform, [one.author for one in new])
    posts = {
        post.external_id: post
        for post in SocialPost.objects.filter(
            workspace=workspace, platform=platform, external_id__in={one.post for one in new}
        )
    }
    made = [_engagement(workspace, platform, one, people, posts) for one in new]
    _weigh(made)
    _read(workspace, made)
    SocialEngagement.objects.bulk_create(made)
    touch(workspace=workspace, engagements=made)
    return len(made)


def _unknown(workspace: Workspace, platform: str, rows: Sequence[Done]) -> list[Done]:
    known = set(
        SocialEngagement.objects.filter(
            workspace=workspace,
            platform=platform,
            external_id__in={one.external_id for one in rows},
        ).values_list("kind", "external_id")
    )
    once = {(one.kind, one.external_id): one for one in rows if _name_of(one.author)}
    return [once[key] for key in once if key not in known]


def _name_of(author: Author) -> str:
    return author.external_id or (f"{_BY_NAME}{author.username}" if author.username else "")


def _people(
    workspace: Workspace, platform: str, authors: Sequence[Author]
) -> dict[str, SocialPerson]:
    """Who did it, by their id there or by their name; made where they are new."""
    rows = SocialPerson.objects.filter(workspace=workspace, platform=platform)
    names = {author.username for author in authors} - {""}
    by_name = {one.username: one for one in rows.filter(username__in=names)}
    ids = {_name_of(author) for author in authors}
    by_id = {one.external_id: one for one in rows.filter(external_id__in=ids)}
    new: dict[str, SocialPerson] = {}
    for author in authors:
        key = _name_of(author)
        person = by_id.get(key) or by_name.get(author.username) or new.get(key)
        if person is None:
            person = SocialPerson(workspace=workspace, platform=platform, external_id=key)
            new[key] = person
        _renew(person, author)
        by_id[key] = person
        if author.username:
            by_name[author.username] = person
    _link(workspace, platform, by_id.values())
    _store(list({id(one): one for one in by_id.values()}.values()))
    return by_id


def _renew(person: SocialPerson, author: Author) -> None:
    if author.external_id and person.external_id.startswith(_BY_NAME):
        person.external_id = author.external_id
    person.username = author.username[:120] or person.username
    person.name = author.name[:200] or person.name
    if author.followers is not None:
        person.followers = author.followers
    if author.takes_messages is not None:
        person.takes_messages = author.takes_messages


def _link(workspace: Workspace, platform: str, people: Collection[SocialPerson]) -> None:
    """Who of them is a contact: by the id that messages go to."""
    unknown = {one.external_id: one for one in people if one.contact_id is None}
    points = ContactPoint.objects.filter(
        workspace=workspace, channel=platform, address__in=unknown
    ).values_list("address", "contact_id")
    for address, contact in points:
        unknown[address].contact_id = contact


def _store(people: Sequence[SocialPerson]) -> None:
    SocialPerson.objects.bulk_create([one for one in people if one.pk is None])
    SocialPerson.objects.bulk_update(
        [one for one in people if one.pk is not None],
        ["external_id", "username", "name", "followers", "takes_messages", "contact"],
    )


def _engagement(
    workspace: Workspace, platform: str, one: Done, people: Mapping[str, SocialPerson],
    posts: Mapping[str, SocialPost],
) -> SocialEngagement:  # fmt: skip
    return SocialEngagement(
        workspace=workspace,
        platform=platform,
        external_id=one.external_id,
        kind=one.kind,
        person=people[_name_of(one.author)],
        post=posts.get(one.post),
        parent_external_id=one.parent,
        text=one.text,
        at=one.at,
    )


def _weigh(made: Sequence[SocialEngagement]) -> None:
    kinds = np.array([KINDS.index(one.kind) for one in made], dtype=np.int8)
    values = engagement_values(kinds)
    followers = np.array([one.person.followers or 0 for one in made], dtype=np.float64)
    for one, value, weight in zip(made, values, influence(followers, values), strict=True):
        one.value, one.influence = float(value), float(weight)


def _read(workspace: Workspace, made: Sequence[SocialEngagement]) -> None:
    """Say what the texts want and how they sound, by the best classifiers there are."""
    spoken = [one for one in made if one.text.strip()]
    texts = [one.text for one in spoken]
    feel, want = classifier(workspace, SENTIMENT), classifier(workspace, COMMENT_INTENT)
    if feel and texts:
        for one, told in zip(spoken, feel(texts), strict=True):
            one.sentiment = told.score
            one.is_possible_advocate = told.score >= PRAISE_FROM
    if want and texts:
        for one, told in zip(spoken, want(texts), strict=True):
            one.intent = told.label[:40]


def touch(*, workspace: Workspace, engagements: Sequence[SocialEngagement]) -> None:
    """Make a touch of what contacts did."""
    contacts = Contact.objects.select_related("person").in_bulk(
        {one.person.contact_id for one in engagements if one.person.contact_id}
    )
    record_touches(
        workspace=workspace,
        touches=[
            Touch(
                person=contacts[one.person.contact_id].person,
                channel=one.platform,
                kind=TouchKind.SOCIAL,
                at=one.at,
                source_key=f"social:{one.platform}:{one.kind}:{one.external_id}"[:160],
                content_title=str(one.post)[:300] if one.post else "",
                extra={"kind": one.kind, "intent": one.intent},
            )
            for one in engagements
            if one.person.contact_id
        ],
    )

"""Reading of networks: page by page, each kept at once, from where the last reading came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db.models import Q

from outreach.models import SocialAccount, SocialPlatform, SocialPost
from outreach.platforms.social.base import Doings, OwnAccount, Reader
from outreach.platforms.social.registry import PLATFORMS, build_reader
from outreach.services.social.scoring import score_posts
from outreach.services.social.taking import TOPIC, take_doings, take_posts
from workspaces.crypto import SecretUnreadableError, decrypt
from workspaces.models import Connection, ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.jobs import Progress
from workspaces.services.live import bump

#: What a first reading goes back.
FIRST: Final = timedelta(days=90)
#: So long figures and comments of a post grow worth reading again.
GROWS: Final = timedelta(days=28)
#: What was being written while we read the last time.
OVERLAP: Final = timedelta(hours=1)
#: A list that never ends is a fault over there.
MAX_PAGES: Final = 500

ReaderOf = Callable[[Connection], Reader]


def job_name(platform: str) -> str:
    """The job that reads a network."""
    return f"social-{platform}"


def reader_of(connection: Connection) -> Reader:
    """Return the reader of a connection.

    Raises
    ------
    PlatformError : its secret cannot be read or used
    """
    try:
        secret = decrypt(connection.secret)
    except SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    return build_reader(
        connection.kind,
        secret=secret,
        base_url=connection.base_url or None,
        allow_loopback=settings.ALLOW_SANDBOX,
    )


def connections_to(workspace: Workspace, platform: str) -> list[Connection]:
    """Connections that open a network and may be used."""
    kinds = [kind for kind, opened in PLATFORMS.items() if platform in opened]
    rows = Connection.objects.filter(
        workspace=workspace, kind__in=kinds, status=ConnectionStatus.ACTIVE
    )
    return list(rows.order_by("pk"))


def sync(progress: Progress, platform: str) -> None:
    """Read a network by each connection that opens it, as a job; one that fails stops no other.

    Raises
    ------
    PlatformError : all of them failed
    """
    failed: list[PlatformError] = []
    connections = connections_to(progress.workspace, platform)
    for connection in connections:
        rows = Connection.objects.filter(pk=connection.pk)
        try:
            new = read_network(connection, platform, now=progress.now)
        except PlatformError as error:
            rows.update(last_error=error.message, last_error_at=progress.now)
            failed.append(error)
        else:
            rows.update(last_ok_at=progress.now, last_error="")
            progress.count(engagements=new, connections=1)
    bump(progress.workspace.pk, TOPIC)
    if failed and len(failed) == len(connections):
        raise failed[0]
    progress.count(failed=len(failed))


def jobs() -> Iterator[tuple[str, str, Callable[[Progress], None]]]:
    """Name, label and body of the job of each network."""
    for platform in SocialPlatform:
        yield job_name(platform), f"Read {platform.label}", partial(sync, platform=platform.value)


def read_network(
    connection: Connection, platform: str, *, now: datetime, build: ReaderOf = reader_of
) -> int:
    """Read posts, comments and mentions since the last time; returns how much is new.

    What was read before a fault is kept, and the next reading goes on there.

    Raises
    ------
    PlatformError : the network refuses or does not answer
    """
    reader = build(connection)
    try:
        new = 0
        for own in reader.accounts():
            if own.platform == platform:
                new += _read(reader, own, _account(connection, own), now)
        return new
    finally:
        reader.close()


def _account(connection: Connection, own: OwnAccount) -> SocialAccount:
    account, _ = SocialAccount.objects.update_or_create(
        workspace=connection.workspace,
        platform=own.platform,
        external_id=own.external_id,
        defaults={"connection": connection, "name": own.name[:200], "followers": own.followers},
    )
    return account


def _read(reader: Reader, own: OwnAccount, account: SocialAccount, now: datetime) -> int:
    since = account.synced_until or now - FIRST
    _read_posts(reader, own, account, min(since, now - GROWS), now)
    score_posts(account)
    new = 0
    for post in _open_posts(account, now):
        begin = (post.comments_until or post.posted_at) - OVERLAP
        new += _take_all(account, partial(reader.comments, own, post.external_id, begin))
        SocialPost.objects.filter(pk=post.pk).update(comments_until=now)
    new += _take_all(account, partial(reader.mentions, own, since - OVERLAP))
    SocialAccount.objects.filter(pk=account.pk).update(synced_until=now)
    return new


def _read_posts(
    reader: Reader, own: OwnAccount, account: SocialAccount, since: datetime, now: datetime
) -> None:
    cursor = ""
    for _ in range(MAX_PAGES):
        page = reader.posts(own, since, cursor)
        take_posts(account=account, posts=page.rows, now=now)
        cursor = page.next
        if not cursor:
            return
    raise _endless(account)


def _open_posts(account: SocialAccount, now: datetime) -> list[SocialPost]:
    """Posts whose comments were never read to the end, or still grow."""
    rows = SocialPost.objects.filter(account=account, comments__gt=0)
    return list(
        rows.filter(Q(comments_until=None) | Q(posted_at__gte=now - GROWS)).order_by("posted_at")
    )


def _take_all(account: SocialAccount, ask: Callable[[str], Doings]) -> int:
    new, cursor = 0, ""
    for _ in range(MAX_PAGES):
        page = ask(cursor)
        new += take_doings(workspace=account.workspace, platform=account.platform, rows=page.rows)
        cursor = page.next
        if not cursor:
            return new
    raise _endless(account)


def _endless(account: SocialAccount) -> PlatformError:
    words = f"{account} has more than {MAX_PAGES} pages; the reading stopped there."
    return PlatformError(ErrorKind.INVALID, words)

"""Hundreds of drafts that say nearly the same, signed in one click and taken back in another."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attribution.models import Person
from benchmarks.figures import Figure, reset_peak_mb
from inbox.models import AIClassification, Conversation, CustomerResponse, ResponseTemplate
from inbox.services.drafting import draft_by_template
from inbox.services.signing_together import sign_together, undo_together
from outreach.models import ChannelPolicy, Contact, ContactPoint
from workspaces.crypto import encrypt
from workspaces.models import Connection, Decision, Membership, Proposal, Signature, User, Workspace

TARGET_S: Final = 5.0
_GROWTH: Final = (1, 4, 16)
_Done = TypeVar("_Done")
_TEXT: Final = "Hello {{ first_name }}, your parcel is on its way."


def run(drafts: int) -> list[Figure]:
    """Sign so many mails, and take them back; the database keeps none of it."""
    peak_mb, now = reset_peak_mb(), timezone.now()
    workspace = Workspace.objects.create(slug="bench-signing", name="Bench")
    agent = User.objects.create(email="agent@bench-signing.example")
    Membership.objects.create(workspace=workspace, user=agent, role="agent")
    picks = _picks(workspace, agent, drafts, now)
    with connection.cursor() as cursor:
        # As its own upkeep does within a minute.
        cursor.execute("ANALYZE")
    own: dict[str, Any] = {"workspace": workspace, "by": agent, "now": now}
    growth = []
    for factor in _GROWTH:
        some = picks[: max(1, drafts * factor // _GROWTH[-1])]
        signing_s, undoing_s, queries = _signed(some, own, now)
        growth.append((len(some), signing_s))
    bare_s = _bare_s(len(picks), agent, now)
    figures = (("signed in one click", signing_s), ("… and taken back in one click", undoing_s))
    return [
        Figure(
            f"{len(picks)} mails {name}" if not number else name, took_s,
            f"s ({queries} queries)" if not number else "s",
            limit_name="s for bare inserts of the signatures and one UPDATE", limit=bare_s,
            target=f"≤ {TARGET_S:g} s", is_met=took_s <= TARGET_S,
            growth=() if number else tuple(growth), peak_mb=None if number else peak_mb(),
        )
        for number, (name, took_s) in enumerate(figures)
    ]  # fmt: skip


def _signed(picks: list[str], own: dict[str, Any], now: datetime) -> tuple[float, float, int]:
    """Seconds to sign and to take back, and how many queries the signing took."""
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        done, signing_s = _seconds(lambda: sign_together(picks=picks, **own))
        count = len(queries)
        undone, undoing_s = _seconds(lambda: undo_together(at=now, **own))
        transaction.set_rollback(True)
    if done.done != len(picks) or undone.done != len(picks):
        raise RuntimeError(f"{done.done} signed, {undone.done} taken back; {done.refused[:1]}")
    return signing_s, undoing_s, count


def _bare_s(count: int, agent: User, now: datetime) -> float:
    """The limit: the rows alone, past every check of ours; the database's triggers hold."""
    with transaction.atomic():
        rows = list(Proposal.objects.filter(kind="inbox.reply").order_by("-pk")[:count])

        def write() -> None:
            Signature.objects.bulk_create(
                Signature(
                    plan_id=row.current_plan_id, person=agent, decision=Decision.APPROVE,
                    rank_held="agent", at=now,
                )
                for row in rows
            )  # fmt: skip
            keys = [row.pk for row in rows]
            Proposal.objects.filter(pk__in=keys).update(status="approved", decided_at=now)

        _, took_s = _seconds(write)
        transaction.set_rollback(True)
    return took_s


def _picks(workspace: Workspace, agent: User, count: int, now: datetime) -> list[str]:
    """People who asked the same by mail, each with a draft of one template."""
    server = {"provider": "smtp", "host": "127.0.0.1", "port": "25", "security": "none"}
    by_smtp = Connection.objects.create(
        workspace=workspace, kind="email", name="Mail server", secret=encrypt(server)
    )
    ChannelPolicy.objects.create(
        workspace=workspace, channel="email", is_on=True, connection=by_smtp,
        sender="Shop <shop@bench.example>",
    )  # fmt: skip
    template = ResponseTemplate.objects.create(
        workspace=workspace, name="Where", body=_TEXT, approved_by=agent, approved_at=now
    )
    made = [
        draft_by_template(to=asked, template=template, why="Alike", now=now)
        for asked in _asked(workspace, count, now)
    ]
    rows = Proposal.objects.filter(pk__in=[one.pk for one in made if one]).order_by("pk")
    told = rows.values_list("public_id", "current_plan__sha256")
    return [f"{public_id}:{sha256}" for public_id, sha256 in told]


def _asked(workspace: Workspace, count: int, now: datetime) -> list[CustomerResponse]:
    persons = Person.objects.bulk_create(Person(workspace=workspace) for _ in range(count))
    contacts = Contact.objects.bulk_create(
        Contact(workspace=workspace, person=one, first_name="Ann", time_zone="Europe/Berlin")
        for one in persons
    )
    points = ContactPoint.objects.bulk_create(
        ContactPoint(
            workspace=workspace, contact=one, channel="email", last_inbound_at=now,
            address=f"a{one.pk}@example.com",
        )
        for one in contacts
    )  # fmt: skip
    talks = Conversation.objects.bulk_create(
        Conversation(
            workspace=workspace, contact=one, channel="email", opened_at=now, last_message_at=now
        )
        for one in contacts
    )
    asked = CustomerResponse.objects.bulk_create(
        CustomerResponse(
            workspace=workspace, conversation=talk, arrived_in=talk, channel="email",
            direction="in", point=point, text="Where is my parcel?", at=now, received_at=now,
        )
        for talk, point in zip(talks, points, strict=True)
    )  # fmt: skip
    AIClassification.objects.bulk_create(
        AIClassification(
            workspace=workspace, response=one, intent="question", confidence=0.95, sentiment=0,
            urgency="low", sentiment_label="neutral", model="words", ms=1, read_at=now,
        )
        for one in asked
    )  # fmt: skip
    return asked


def _seconds(work: Callable[[], _Done]) -> tuple[_Done, float]:
    started = time.perf_counter()
    done = work()
    return done, time.perf_counter() - started

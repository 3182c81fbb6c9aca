"""Conversations that turn out to be one, and come apart again.

Messages move: an answer of ours stands where the message stands that it answers, and the database
holds that. What moved is told in the event of the merge, so taking apart is exact whatever came in
between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    HappenedKind,
    ReplyDraft,
)
from inbox.services.desk.acting import (
    NO_PROMISE,
    Act,
    DeskError,
    Done,
    State,
    changes,
    ids_of,
    lock,
    no_sense,
    plain,
    write,
)
from inbox.services.restating import restate
from workspaces.gate import Proposer
from workspaces.models import Proposal, Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require
from workspaces.services.withdrawing import withdraw_all

#: The kind of proposal by which answers are signed.
REPLY_KIND: Final = "inbox.reply"


def drafts_void(*, drafts: QuerySet[ReplyDraft], why: str, now: datetime) -> int:
    """Withdraw those of some drafts that are not carried out yet; how many.

    To be called before conversations are locked: the gate locks proposals first, too.
    """
    workspaces = Workspace.objects.filter(pk__in=drafts.order_by().values("workspace"))
    mine = Proposal.objects.filter(kind=REPLY_KIND, pk__in=drafts.order_by().values("pk"))
    return sum(withdraw_all(proposals=mine, workspace=one, why=why, now=now) for one in workspaces)


def merge(*, into: Conversation, rows: QuerySet[Conversation], by: Proposer, now: datetime) -> Done:
    """Move what stands in some conversations into another one; they are closed and point there.

    Channels may differ, and people: an answer still goes only to the address that wrote.

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : the one to merge into is closed or merged, or every other one refuses
    """
    workspace = into.workspace
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Merging")
    ids = set(ids_of(rows)) - {into.pk}
    act = Act(workspace, HappenedKind.MERGED, by, now)
    with transaction.atomic():
        moved_drafts = ReplyDraft.objects.filter(workspace=workspace, conversation__in=ids)
        drafts_void(drafts=moved_drafts, why="The conversation was merged.", now=now)
        states = lock(workspace, [into.pk, *ids])
        target = states.pop(into.pk)
        if why := no_sense(target):
            raise DeskError(why, "into")
        refused = Counter(filter(None, (no_sense(one, closed=True) for one in states.values())))
        sources = [one for one in states.values() if not no_sense(one, closed=True)]
        return _join(act, target, sources, refused)


def _join(act: Act, target: State, sources: Collection[State], refused: Mapping[str, int]) -> Done:
    stand: dict[int, list[int]] = {one["id"]: [] for one in sources}
    responses = CustomerResponse.objects.filter(conversation__in=stand)
    for conversation, response in responses.order_by("pk").values_list("conversation", "pk"):
        stand[conversation].append(response)
    events = [
        act.event(
            one, _merged(one, target["id"], act.now), into=target["id"], responses=stand[one["id"]]
        )
        for one in sources
    ]
    if events:
        after = changes(target, _joined(target, sources))
        events.append(act.event(target, after, merged=list(stand)))
    done = write(act, events, refused)
    responses.update(conversation=target["id"])
    restate([target["id"]] if events else [], now=act.now)
    return done


def _merged(state: State, into: int, now: datetime) -> State:
    return changes(state, {
        **NO_PROMISE, "status": ConversationStatus.CLOSED, "snoozed_until": None,
        "closed_at": state["closed_at"] or now, "waiting_since": None, "unread": 0,
        "merged_into_id": into,
    })  # fmt: skip


def _joined(target: State, sources: Iterable[State]) -> State:
    """The target goes on being open if one of them was."""
    if any(one["status"] == ConversationStatus.OPEN for one in [target, *sources]):
        return {"status": ConversationStatus.OPEN, "snoozed_until": None}
    return {}


def unmerge(*, conversation: Conversation, by: Proposer, now: datetime) -> Done:
    """Take a merged conversation out again, with its messages and our answers to them.

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : it is not merged
    """
    return take_apart(workspace=conversation.workspace, ids=[conversation.pk], by=by, now=now)


def take_apart(*, workspace: Workspace, ids: Collection[int], by: Proposer, now: datetime) -> Done:
    """Take conversations out of the one that they were merged into together."""
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Taking apart")
    with transaction.atomic():
        root = way_of(workspace, min(ids))[-1]
        listed = {pk for one in _merges(workspace, ids).values() for pk in one.after["responses"]}
        moved = ReplyDraft.objects.filter(workspace=workspace, answers__in=listed)
        drafts_void(drafts=moved, why="The conversation was taken apart.", now=now)
        states = lock(workspace, {root, *ids})
        # Somebody may have been quicker while we waited for the lock.
        is_merged = [states[pk]["merged_into_id"] is not None for pk in ids if pk in states]
        if (
            not all(is_merged)
            or len(is_merged) < len(ids)
            or way_of(workspace, min(ids))[-1] != root
        ):
            raise DeskError("It is not merged, or somebody else just took it apart.")
        target = states.pop(root)
        act = Act(workspace, HappenedKind.UNMERGED, by, now)
        return _part(act, target, states.values(), _merges(workspace, ids))


def way_of(workspace: Workspace, pk: int) -> list[int]:
    """A conversation, what it was merged into, and so on to where its messages stand now."""
    rows = Conversation.objects.filter(workspace=workspace)
    way, into = [pk], rows.filter(pk=pk).values_list("merged_into", flat=True).first()
    while into is not None:
        way.append(into)
        into = rows.values_list("merged_into", flat=True).get(pk=into)
    return way


def _merges(workspace: Workspace, ids: Collection[int]) -> dict[int, ConversationEvent]:
    """The last merge of each of some conversations."""
    rows = ConversationEvent.objects.filter(
        workspace=workspace, conversation__in=ids, kind=HappenedKind.MERGED,
        after__has_key="responses",
    )  # fmt: skip
    last = rows.order_by("conversation", "-pk").distinct("conversation")
    return {one.conversation_id: one for one in last}


def _part(
    act: Act, target: State, sources: Collection[State], merges: Mapping[int, ConversationEvent]
) -> Done:
    claimed = _claimed(act.workspace, merges)
    events = []
    for one in sources:
        merged = merges[one["id"]]
        own = set(merged.after["responses"]) - {
            pk for at, those in claimed if at > merged.pk for pk in those
        }
        _move(target["id"], own, one["id"])
        events.append(act.event(one, _before(merged), out_of=target["id"]))
    after = _restored(target, merges)
    events.append(act.event(target, after, gone=[one["id"] for one in sources]))
    done = write(act, events, {})
    restate([target["id"], *(one["id"] for one in sources)], now=act.now)
    return done


def _claimed(
    workspace: Workspace, merges: Mapping[int, ConversationEvent]
) -> list[tuple[int, list[int]]]:
    """Messages that came to the same place by later merges of others: they stay there.

    Not those that came with what these were merged into.
    """
    way = way_of(workspace, min(merges))
    first = min(one.pk for one in merges.values())
    others = Conversation.objects.filter(workspace=workspace, merged_into__isnull=False)
    since = ConversationEvent.objects.filter(
        workspace=workspace, kind=HappenedKind.MERGED, pk__gt=first, after__has_key="responses",
        conversation__in=others.exclude(pk__in=[*merges, *way]).values("pk"),
    )  # fmt: skip
    last = since.order_by("conversation", "-pk").distinct("conversation")
    return [
        (one.pk, one.after["responses"])
        for one in last
        if way_of(workspace, one.conversation_id)[-1] == way[-1]
    ]


def _move(source: int, responses: Collection[int], to: int) -> None:
    """Move messages that stand in a conversation, and our answers to them."""
    rows = CustomerResponse.objects.filter(conversation=source)
    rows.filter(Q(pk__in=responses, answers=None) | Q(answers__in=responses)).update(
        conversation=to
    )


def _before(event: ConversationEvent) -> dict[str, Any]:
    """Columns before an event, as JSON keeps them."""
    return dict(event.before)


def _restored(target: State, merges: Mapping[int, ConversationEvent]) -> dict[str, Any]:
    """What the merge made of the target is put back, where all of it comes apart untouched."""
    batches = {one.batch for one in merges.values()}
    told = ConversationEvent.objects.filter(
        workspace=next(iter(merges.values())).workspace_id, batch__in=batches,
        conversation=target["id"], kind=HappenedKind.MERGED,
        after__has_key="merged",  # it may have been merged itself by the same act
    ).first()  # fmt: skip
    if told is None or len(batches) > 1 or set(told.after["merged"]) - merges.keys():
        return {}
    stands = all(plain(target[name]) == told.after[name] for name in told.before)
    return dict(told.before) if stands else {}

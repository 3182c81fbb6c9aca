"""The nightly audit: people say of drafts whether they were good, and do not know which went out.

Verdicts come in two ways. What a person signed as it was is good, and what one rejected is bad:
that is said by signing. What was put into other words, answered otherwise, signed with others at
once or sent unsigned is asked about: a sample each night, in an order that tells nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from inbox.engine.auto_send import Sent, sample
from inbox.models import AuditedReply, AutoSendRule, DraftSource, ReplyDraft, Verdict
from inbox.selectors.automation import SWITCHED, would_go
from inbox.services.auto_sending import demote_if_due, rule_of
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import Decision, Signature, Status, User, Workspace
from workspaces.roles import Role
from workspaces.services.jobs import Progress
from workspaces.services.live import bump
from workspaces.services.permissions import require

AUDIT_JOB: Final = "reply-audit"
#: Days that are drawn where no worker ran in their night.
_CAUGHT_UP: Final = 3
#: With which words answering ends a draft, see `answering`.
_ANSWERED: Final = "It was answered."
_SIGNED_AS_IT_WAS: Final = "Signed as it was."
_LEAST_SHARE: Final = 0.01


@dataclass(frozen=True)
class Decided:
    """A draft of the day and what was decided of it."""

    draft: ReplyDraft
    signer: User | None  # alone, of the draft as it was written
    is_batch: bool  # signed with others in one click
    is_edited: bool

    @property
    def is_sent(self) -> bool:
        """Whether it went out."""
        return self.draft.proposal.status == Status.EXECUTED

    @property
    def is_rejected(self) -> bool:
        """Whether a person said no to it."""
        return self.draft.proposal.status == Status.REJECTED


def audit_workspace(progress: Progress) -> None:
    """Draw what is looked at of the workspace's last days, and end what is no longer shown."""
    workspace, now = progress.workspace, progress.now
    today = now.astimezone(workspace.zone).date()
    days = [today - timedelta(days=back) for back in range(_CAUGHT_UP, 0, -1)]
    drawn = sum(draw(workspace=workspace, day=day) for day in days)
    progress.count(drawn=drawn, demoted=review(workspace=workspace, now=now))


@transaction.atomic
def draw(*, workspace: Workspace, day: date) -> int:
    """Draw the drafts of a day, once; how many."""
    rules = {row.intent: row for row in _locked(workspace)}
    if AuditedReply.objects.filter(workspace=workspace, drawn_on=day).exists():
        return 0
    decided = _ended_on(workspace, day)
    rows = [
        row
        for intent in SWITCHED
        for row in _of_intent(
            [one for one in decided if one.draft.intent == intent], rules[intent], day
        )
    ]
    AuditedReply.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        bump(workspace.pk, TOPIC)
    return len(rows)


def review(*, workspace: Workspace, now: datetime) -> int:
    """End automatic sending where the last verdicts no longer show 99 %; of how many intents."""
    with transaction.atomic():
        return sum(demote_if_due(rule, now=now) for rule in _locked(workspace))


def _locked(workspace: Workspace) -> list[AutoSendRule]:
    """The switches, locked in one order, so that verdicts and nights follow each other."""
    return [rule_of(workspace, intent) for intent in SWITCHED]


def _ended_on(workspace: Workspace, day: date) -> list[Decided]:
    start = datetime.combine(day, time(), workspace.zone)
    end = datetime.combine(day + timedelta(days=1), time(), workspace.zone)
    # What was signed before midnight and goes out after it is of the day on which it went out.
    is_ended = Q(
        proposal__status=Status.EXECUTED,
        proposal__executed_at__gte=start, proposal__executed_at__lt=end,
    ) | Q(
        proposal__status__in=(Status.REJECTED, Status.CANCELLED),
        proposal__decided_at__gte=start, proposal__decided_at__lt=end,
    )  # fmt: skip
    drafts = list(
        ReplyDraft.objects.filter(
            is_ended, workspace=workspace, source=DraftSource.TEMPLATE, intent__in=SWITCHED,
            audit=None,
        )
        .select_related("proposal__decided_by", "answers__reading", "template")
        .order_by("pk")
    )  # fmt: skip
    of = [one.proposal_id for one in drafts]
    signatures = list(
        Signature.objects.filter(
            plan__proposal__in=of, decision=Decision.APPROVE, withdrawn_at=None
        ).select_related("person", "plan")
    )
    at_once = Counter((one.person_id, one.at) for one in signatures)
    signed = {one.plan.proposal_id: one for one in signatures}
    edited = set(
        ReplyDraft.objects.filter(pk__in=of, proposal__plans__edited_by__isnull=False).values_list(
            "pk", flat=True
        )
    )
    return [_seen(one, signed.get(one.pk), at_once, is_edited=one.pk in edited) for one in drafts]


def _seen(
    draft: ReplyDraft,
    signature: Signature | None,
    at_once: Mapping[tuple[int | None, datetime], int],
    *,
    is_edited: bool,
) -> Decided:
    signer = signature.person if signature else None
    is_batch = signature is not None and at_once[(signature.person_id, signature.at)] > 1
    return Decided(draft, signer, is_batch=is_batch, is_edited=is_edited)


def _of_intent(decided: Iterable[Decided], rule: AutoSendRule, day: date) -> Iterable[AuditedReply]:
    """What becomes of the drafts of an intent: a verdict already, a question, or nothing."""
    asked: list[Decided] = []
    cover: list[Decided] = []
    for one in decided:
        if not (one.draft.was_auto or would_go(one.draft)):
            cover.append(one)
        elif (told := _told(one, rule, day)) is not None:
            yield told
        else:
            asked.append(one)
    for one in asked:
        if _is_otherwise(one):
            yield _row(one.draft, rule, day)
    yield from _sampled([one for one in asked if _is_as_drafted(one)],
                        [one for one in cover if _is_as_drafted(one)], rule, day)  # fmt: skip


def _told(one: Decided, rule: AutoSendRule, day: date) -> AuditedReply | None:
    """The verdict that a decision is; ``None`` where it has to be asked for."""
    proposal = one.draft.proposal
    if one.is_rejected and proposal.decided_by is not None:
        why = proposal.decision_reason
        return _row(one.draft, rule, day, Verdict.BAD, why=why, by=proposal.decided_by)
    if _is_as_drafted(one) and one.signer is not None and not one.is_batch and not rule.is_on:
        return _row(one.draft, rule, day, Verdict.GOOD, why=_SIGNED_AS_IT_WAS, by=one.signer)
    return None


def _sampled(
    asked: list[Decided], cover: list[Decided], rule: AutoSendRule, day: date
) -> Iterable[AuditedReply]:
    """Draw a share of what went out unsigned, and among it others, so that nobody can tell."""
    drafts = {str(one.draft.pk): one.draft for one in (*asked, *cover)}
    covering = {str(one.draft.pk) for one in cover}
    unsigned = any(one.draft.was_auto for one in asked)
    sent = [
        # While nothing goes out unsigned, what was signed in one click is what is asked about.
        Sent(str(one.draft.pk), rule.intent, was_auto=one.draft.was_auto or not unsigned)
        for one in asked
    ] + [Sent(key, rule.intent, was_auto=False) for key in covering if unsigned]
    seed = f"{rule.workspace.public_id}/{day.isoformat()}"
    share = rule.audit_share if unsigned else _LEAST_SHARE
    for drawn in sample(sent, share=share, seed=seed):
        yield _row(drafts[drawn.id], rule, day, counts=drawn.id not in covering)


def _is_as_drafted(one: Decided) -> bool:
    """Whether it went out in the machine's own words."""
    return one.is_sent and not one.is_edited


def _is_otherwise(one: Decided) -> bool:
    """Whether a person chose other words than the draft's."""
    if one.draft.was_auto:
        return False
    return one.is_edited or one.draft.proposal.decision_reason == _ANSWERED


def _row(
    draft: ReplyDraft, rule: AutoSendRule, day: date, verdict: Verdict = Verdict.OPEN, *,
    why: str = "", by: User | None = None, counts: bool = True,
) -> AuditedReply:  # fmt: skip
    return AuditedReply(
        # Of no intent is what only hides the others: it could not have gone out alone.
        workspace=rule.workspace, draft=draft, intent=rule.intent if counts else "",
        was_auto=draft.was_auto,
        drawn_on=day, verdict=verdict, why=why[:200], judged_by=by,
        judged_at=draft.proposal.decided_at if verdict else None,
    )  # fmt: skip


@transaction.atomic
def judge(
    *, audited: AuditedReply, verdict: str, by: User, now: datetime, why: str = ""
) -> AuditedReply:
    """Say whether a draft was good as the machine wrote it.

    With a bad one of too many automatic sending of its intent ends at once.

    Raises
    ------
    NotAllowedError : the person is no agent
    RequestError : no verdict, or a bad one without a reason
    StateError : it was judged already, or by who answered it himself
    """
    workspace = audited.workspace
    require(Role.AGENT, by=Proposer.person(by), workspace=workspace, now=now, what="Judging drafts")
    why = why.replace("\x00", "").strip()[:200]
    if verdict not in (Verdict.GOOD, Verdict.BAD):
        raise RequestError("verdict", "Say good or bad.")
    if verdict == Verdict.BAD and not why:
        raise RequestError("why", "Say what is wrong with it: the others learn from it.")
    rule = rule_of(workspace, audited.intent) if audited.intent else None
    row = AuditedReply.objects.select_for_update().get(pk=audited.pk)
    if row.verdict:
        raise StateError("Somebody judged it already.")
    if not waiting_for(workspace=workspace, user=by).filter(pk=row.pk).exists():
        raise StateError("You answered this one yourself, so another person judges it.")
    row.verdict, row.why, row.judged_by, row.judged_at = verdict, why, by, now
    row.save(update_fields=["verdict", "why", "judged_by", "judged_at"])
    if rule is not None:
        demote_if_due(rule, now=now)
    bump(workspace.pk, TOPIC)
    return row


def waiting_for(*, workspace: Workspace, user: User) -> QuerySet[AuditedReply]:
    """What a person may be asked about: not what he answered himself."""
    rows = AuditedReply.objects.filter(workspace=workspace, verdict="").exclude(draft__text="")
    return rows.exclude(draft__answers__answered_by__author=user)

"""Answers to what people do on networks, as a kind of proposal.

The public answer is a call like every change of the gate: marked before, read back after, and
deleted again where it is undone. The private message is a row of the sending machinery, judged
there once more when its time has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from outreach import answer_calls
from outreach.models import (
    AnswerOperation,
    MessageChannel,
    SocialAnswer,
    SocialFunnelEntry,
    SocialPlatform,
)
from outreach.selectors.answers import (
    KIND,
    answers_in_public,
    entry_of,
    filled_in,
    is_private_reply,
)
from outreach.selectors.campaign_rules import settings_sha256
from outreach.selectors.launches import active_plan
from outreach.services.social.answering import deliver, note_answered, take_back
from workspaces.gate import (
    CheckResult,
    Draft,
    Judgement,
    Outcome,
    PlanView,
    Reading,
    RequestError,
    StateError,
    body_of,
)
from workspaces.models import ExecutionAttempt, Proposal, Risk, Workspace
from workspaces.own_kinds import OwnKind
from workspaces.roles import Role

VERSION: Final = 1
#: An answer that comes later is odd.
_WAITS: Final = timedelta(days=2)
_MOST_TEXT: Final = 2_000


class AnswerHandler(OwnKind):
    """What we say to somebody who commented, in public and privately."""

    kind = KIND
    label = "Answer"
    template = "outreach/social/answer_detail.html"
    rules = "answers v1"
    row = SocialAnswer

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Plan an answer, with words of its own where the request has them; or its end."""
        entry = entry_of(workspace, request.get("funnel"), request.get("engagement"))
        if entry is None:
            raise RequestError("engagement", "No funnel has this engagement.")
        operation = request.get("operation")
        if operation not in AnswerOperation.values:
            raise RequestError("operation", f"Choose one of {', '.join(AnswerOperation.values)}.")
        if operation == AnswerOperation.TAKE_BACK:
            return _taking_back(entry)
        return _answer(entry, request)

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Wait for its minute; let the policy sign where an approver said that it may."""
        entry = entry_of(plan.workspace, plan.body["funnel"], plan.body["engagement"])
        if entry is None:
            return self.judged(CheckResult("state", "blocked", "The engagement is gone."))
        if plan.body["operation"] == AnswerOperation.TAKE_BACK:
            return self.judged(CheckResult("effect", "passed", "It is deleted."), risk=Risk.LOW)
        funnel = entry.funnel
        if not funnel.is_on or funnel.archived_at is not None:
            return self.judged(CheckResult("state", "blocked", "The funnel was switched off."))
        checks = [CheckResult("state", "passed", "The funnel is on.")]
        due = datetime.fromisoformat(plan.body["from"])
        if due > now:
            why = f"Not before {due.astimezone(plan.workspace.zone):%H:%M}."
            checks.append(CheckResult("minute", "deferred", why, not_before=due))
        return Judgement(
            tuple(checks), Risk.LOW, Role.APPROVER, signatures=1, policy_version=self.rules,
            policy_may_sign=plan.is_by_machine and not funnel.needs_approval
            and not plan.body["is_edited"],
        )  # fmt: skip

    def lifetime(self, plan: PlanView) -> timedelta:
        """Two days."""
        return _WAITS

    def read_back(self, plans: Sequence[PlanView]) -> list[Reading]:
        """Look below the comment. Network."""
        return [self.reading(plan) for plan in plans]

    def reading(self, plan: PlanView) -> Reading:
        """Whether our answer stands there."""
        entry = entry_of(plan.workspace, plan.body["funnel"], plan.body["engagement"])
        if entry is None:
            return Reading("other", words="The engagement is gone")
        if plan.body["operation"] == AnswerOperation.TAKE_BACK:
            return answer_calls.is_taken_back(entry, plan.body)
        if entry.replied_at is not None or entry.message_id is not None:
            return Reading("after", facts={"reply": entry.reply_external_id}, words="Answered")
        if not plan.body["reply"]:
            return Reading("before", words="Not answered yet")
        return answer_calls.is_answered(entry, plan.body)

    def execute(self, plans: Sequence[PlanView]) -> list[Outcome]:
        """Write the public answer, or delete it. Network."""
        return [self._carried(plan) for plan in plans]

    def _carried(self, plan: PlanView) -> Outcome:
        entry = entry_of(plan.workspace, plan.body["funnel"], plan.body["engagement"])
        if entry is None:
            return Outcome("refused", "The engagement is gone.")
        if plan.body["operation"] == AnswerOperation.TAKE_BACK:
            return answer_calls.delete(entry, plan.body)
        if not plan.body["reply"]:
            return Outcome("applied", self.done(plan))
        return answer_calls.write(entry, plan.body)

    def done(self, plan: PlanView) -> str:
        """What holds then."""
        if plan.body["operation"] == AnswerOperation.TAKE_BACK:
            return "The public reply is deleted."
        return "It is answered."

    def settle(self, ends: Sequence[tuple[ExecutionAttempt, Outcome]], *, now: datetime) -> None:
        """Note the answer and let the private message wait for its minute."""
        for attempt, outcome in ends:
            if outcome.status == "applied":
                reply = str(outcome.facts.get("reply", ""))
                self._write(attempt.plan.proposal, attempt.plan.content, reply, now)

    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Write what was signed; nothing was said in public."""
        self._write(proposal, body, "", now)

    def _write(self, proposal: Proposal, body: Mapping[str, Any], reply: str, at: datetime) -> None:
        entry = entry_of(proposal.workspace, body["funnel"], body["engagement"])
        if entry is None:
            return
        if body["operation"] == AnswerOperation.TAKE_BACK:
            take_back(entry=entry, now=at)
            return
        if reply:
            note_answered(entry=entry, reply=reply, now=at)
        if body["message"]:
            deliver(entry=entry, body=body, proposal=proposal, now=at)

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether nothing was rewritten."""
        return old == new

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Ask to delete the public reply."""
        body = body_of(proposal)
        entry = entry_of(proposal.workspace, body.get("funnel"), body.get("engagement"))
        is_answer = body.get("operation") == AnswerOperation.ANSWER
        if entry is None or not is_answer or not entry.reply_external_id:
            raise StateError("There is no public reply to delete; what was sent stays sent.")
        return {
            "funnel": body["funnel"], "engagement": body["engagement"],
            "operation": str(AnswerOperation.TAKE_BACK),
        }  # fmt: skip

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """While a public reply stands."""
        answers = SocialAnswer.objects.filter(
            proposal__in=proposals, operation=AnswerOperation.ANSWER, entry__taken_back_at=None
        ).exclude(entry__reply_external_id="")
        public = set(answers.values_list("proposal_id", flat=True))
        return [row.pk in public for row in proposals]


def _answer(entry: SocialFunnelEntry, request: Mapping[str, Any]) -> Draft:
    if entry.stopped_reason or entry.taken_back_at:
        raise StateError(f"It goes no further: {entry.stopped_reason or 'it was taken back'}.")
    funnel, engagement = entry.funnel, entry.engagement
    if not funnel.is_on or funnel.archived_at is not None:
        raise StateError(f"The funnel “{funnel.name}” is switched off.")
    reply = _words(entry, request, "reply", funnel.public_reply)
    message = _words(entry, request, "message", funnel.dm_text)
    if reply and not answers_in_public(engagement):
        # A person says it then, where a person may.
        message, reply = message or reply, ""
    channel = engagement.platform if engagement.platform in MessageChannel.values else ""
    if not (reply or (message and channel)):
        raise StateError("Nothing can be said to them there.")
    return _draft(
        entry, AnswerOperation.ANSWER,
        summary=f"Answer {entry.person} on {engagement.get_platform_display()}",
        before="Not answered", after=_after(entry, reply, message), reply=reply, message=message,
        is_edited="reply" in request or "message" in request,
        **{"from": (entry.reply_due_at if reply else entry.dm_due_at or entry.triggered_at)
           .isoformat()},  # type: ignore[union-attr]  # a reply has its minute
        message_at=(entry.dm_due_at or entry.triggered_at).isoformat() if message else None,
        is_private_reply=is_private_reply(engagement), follow_up=_follow_up(entry),
    )  # fmt: skip


def _words(entry: SocialFunnelEntry, request: Mapping[str, Any], name: str, text: str) -> str:
    given = str(request.get(name, text)).replace("\x00", "").strip()
    if len(given) > _MOST_TEXT:
        raise RequestError(name, f"It has {_MOST_TEXT:,} characters at most.")
    return filled_in(given, entry.person)


def _after(entry: SocialFunnelEntry, reply: str, message: str) -> str:
    by_hand = entry.engagement.platform == SocialPlatform.LINKEDIN
    parts = [
        "a public reply" if reply else "",
        ("a draft for a person to send" if by_hand else "a message") if message else "",
    ]
    return " and ".join(one for one in parts if one).capitalize()


def _follow_up(entry: SocialFunnelEntry) -> dict[str, str] | None:
    """The sequence that goes on with who answers, as it was signed."""
    campaign = entry.funnel.follow_up
    plan = active_plan(campaign) if campaign else None
    if campaign is None or plan is None:
        return None
    return {
        "campaign": str(campaign.public_id), "name": campaign.name,
        "settings_sha256": settings_sha256(plan.settings),
    }  # fmt: skip


def _taking_back(entry: SocialFunnelEntry) -> Draft:
    if not entry.reply_external_id or entry.taken_back_at is not None:
        raise StateError("There is no public reply to delete.")
    return _draft(
        entry, AnswerOperation.TAKE_BACK,
        summary=f"Delete our reply to {entry.person}", before="A public reply", after="Deleted",
        reply_id=entry.reply_external_id, reply="", message="", is_edited=False,
    )  # fmt: skip


def _draft(
    entry: SocialFunnelEntry, operation: AnswerOperation, *, summary: str, **values: Any
) -> Draft:
    engagement = entry.engagement
    subject = f"{KIND}:{engagement.public_id}"
    return Draft(
        subject_key=subject,
        subject_label=f"{entry.person} on {engagement.get_platform_display()}",
        summary=summary,
        body={
            "version": VERSION,
            "subject": subject,
            "operation": str(operation),
            "funnel": str(entry.funnel.public_id),
            "funnel_name": entry.funnel.name,
            "engagement": str(engagement.public_id),
            "platform": engagement.platform,
            "comment": engagement.external_id,
            "comment_text": engagement.text[:_MOST_TEXT],
            "person": str(entry.person),
            **values,
        },
        detail={"entry": entry, "operation": operation},
    )

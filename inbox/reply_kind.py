"""Answers that a machine or another system drafted, as a kind of proposal.

What is signed is the text, the address it goes to and the last message that the signer had read.
When they write again it is a different conversation: the draft says so, and is written anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db.models import F

from inbox.models import (
    AutoSendRule,
    CustomerResponse,
    DraftSource,
    InboxPolicy,
    Intent,
    ReplyDraft,
    ResponseTemplate,
)
from inbox.selectors.replies import (
    KIND,
    clearance_of,
    handling_of,
    is_over,
    last_said,
    newest_of,
    response_named,
    subject_of,
    template_named,
)
from inbox.selectors.talks import Talk, responses_named, talks_of, whys_not
from inbox.services.answering import Words, answer
from inbox.services.drafting import DRAFTER
from inbox.services.topics import TOPIC
from outreach.services.sending.proving import signed_proof
from workspaces.gate import (
    CheckResult,
    Draft,
    Judgement,
    Outcome,
    PlanView,
    Proposer,
    Reading,
    RequestError,
    StateError,
)
from workspaces.models import Proposal, Risk, Signature, Workspace
from workspaces.own_kinds import OwnKind
from workspaces.roles import Role
from workspaces.services.live import bump

#: After a week nobody waits for an answer any more.
_WAITS: Final = timedelta(days=7)
_MOST_TEXT: Final = 20_000


class ReplyHandler(OwnKind):
    """What we say to somebody who wrote."""

    kind = KIND
    label = "Answer in the inbox"
    template = "inbox/reply_detail.html"
    rules = "replies v1"
    row = ReplyDraft
    queue: Literal["approvals", "inbox"] = "inbox"

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Plan an answer to a message, with its words."""
        response = response_named(workspace, request.get("answers"))
        if response is None:
            raise RequestError("answers", "There is no such message of theirs.")
        if response.conversation.merged_into_id is not None:
            raise StateError("The conversation was merged into another one.")
        text = _text(request, "text", _MOST_TEXT)
        if not text:
            raise RequestError("text", "Write something.")
        newest = newest_of(response)
        _refuse_overtaken(response, newest, request)
        return _draft(response, newest, text, request)

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Ask whether it still answers the last thing they wrote, and who must sign it."""
        (verdict,) = self.judge_all([plan], now=now)
        return verdict

    def judge_all(self, plans: Sequence[PlanView], *, now: datetime) -> list[Judgement]:
        """Judge by facts that are read once for all of them."""
        named = [(plan.workspace.pk, str(plan.body["answers"])) for plan in plans]
        responses = responses_named(named)
        found = [responses.get(name) for name in named]
        switched_on = _switched_on({plan.workspace.pk for plan in plans})
        return [
            self.judged(CheckResult("state", "blocked", "The message is gone."))
            if response is None
            else self._judged(plan, response, checks, switched_on)
            for plan, response, checks in zip(
                plans, found, _standing(plans, found, now), strict=True
            )
        ]

    def _judged(
        self, plan: PlanView, response: CustomerResponse, standing: Sequence[CheckResult],
        switched_on: Collection[tuple[int, str]],
    ) -> Judgement:  # fmt: skip
        handling = handling_of(response)
        checks = [*standing, *(CheckResult("person", "warning", why) for why in handling.reasons)]
        policy = getattr(response.workspace, "inbox_policy", None) or InboxPolicy()
        undo_ms = policy.undo_s * 1000
        waits = handling.needs_person or any(one.verdict == "blocked" for one in checks)
        # Asked first: where nothing goes out alone, nobody's record is read.
        is_on = (response.workspace_id, _intent_of(response)) in switched_on
        return Judgement(
            tuple(checks), _risk(response), Role.AGENT, signatures=1, policy_version=self.rules,
            policy_may_sign=is_on and not waits and _may_go_alone(response, plan),
            # So long a signature can be withdrawn.
            jitter_ms=(undo_ms, undo_ms),
        )  # fmt: skip

    def attached(self, proposal: Proposal) -> None:
        """Let lists and open conversations show it at once."""
        bump(proposal.workspace_id, TOPIC)

    def lifetime(self, plan: PlanView) -> timedelta:
        """A week; their next message ends it before."""
        return _WAITS

    def reading(self, plan: PlanView) -> Reading:
        """Whether it was sent, and whether it still answers the last thing they wrote."""
        draft = ReplyDraft.objects.filter(proposal=plan.proposal_id).first()
        if draft is not None and draft.response_id is not None:
            return Reading("after", words="Sent")
        response = response_named(plan.workspace, plan.body["answers"])
        if response is None:
            return Reading("other", words="The message is gone")
        if str(newest_of(response).public_id) != plan.body["newest"]:
            return Reading("other", words="They wrote again")
        if not _is_last(last_said(response.conversation), plan.body):
            return Reading("other", words="Something was said since")
        return Reading("before", words="Not answered yet")

    def execute(self, plans: Sequence[PlanView]) -> list[Outcome]:
        """Refuse what may not go any more; else it is sent where the attempt is settled."""
        return [Outcome("applied", self.done(plan)) for plan in plans]

    def done(self, plan: PlanView) -> str:
        """What holds then."""
        return "It is being sent."

    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Send what was signed, to the address that was signed."""
        response = response_named(proposal.workspace, body["answers"])
        draft = ReplyDraft.objects.select_for_update().get(proposal=proposal)
        if response is None or draft.response_id is not None:
            return
        by = _signer(proposal)
        draft.response = answer(
            to=response, words=Words(body["text"], body["mail_subject"]), by=by, now=now,
            seen=_seen(proposal, body), send_at=now, proof=signed_proof(proposal), is_signed=True,
        )  # fmt: skip
        draft.was_auto = by.user is None
        draft.save(update_fields=["response", "was_auto"])
        if draft.template_id is not None:
            ResponseTemplate.objects.filter(pk=draft.template_id).update(uses=F("uses") + 1)

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Who puts an answer into other words may sign it."""
        return True

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Nothing takes words back that somebody read."""
        raise StateError("What was sent stays sent. Write to them again.")

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """Never."""
        return [False for _ in proposals]


_NEWEST: Final = CheckResult("newest", "passed", "It answers the last thing that they wrote.")


def _standing(
    plans: Sequence[PlanView], responses: Sequence[CustomerResponse | None], now: datetime
) -> list[Sequence[CheckResult]]:
    """What speaks for and against each, by how its conversation and its address stand."""
    talks = talks_of([one for one in responses if one is not None])
    stopped = [
        _stopped(response, plan, talks[response.pk]) if response else []
        for plan, response in zip(plans, responses, strict=True)
    ]
    left = [one for one, why in zip(responses, stopped, strict=True) if one and not why]
    whys = whys_not(left, now)
    return [
        why or [_NEWEST, _permission(whys.get(response.pk, "") if response else "")]
        for response, why in zip(responses, stopped, strict=True)
    ]


def _stopped(response: CustomerResponse, plan: PlanView, talk: Talk) -> list[CheckResult]:
    """What was said or changed since, if anything was."""
    if str(talk.newest.public_id) != plan.body["newest"]:
        return [CheckResult("newest", "blocked", "They wrote again. Read that, and answer it.")]
    if talk.is_over(response) or not _is_last(talk.last, plan.body):
        return [_NEWEST, CheckResult("state", "blocked", "It was answered or closed meanwhile.")]
    if _digest(response) != plan.body["to_sha256"]:
        return [CheckResult("address", "blocked", "The address is another one by now.")]
    return []


def _permission(why: str) -> CheckResult:
    if why:
        return CheckResult("permission", "blocked", why)
    return CheckResult("permission", "passed", "They may be written to there.")


def _is_last(last: CustomerResponse | None, body: Mapping[str, Any]) -> bool:
    """Whether nothing was said since the plan was made, also under a time that is long past."""
    return "shown" not in body or last is None or str(last.public_id) == body["shown"]


def _seen(proposal: Proposal, body: Mapping[str, Any]) -> CustomerResponse | None:
    """What the signer had before him; asked once more under the lock of the conversation."""
    rows = CustomerResponse.objects.filter(workspace=proposal.workspace)
    return rows.filter(public_id=body.get("shown", body["newest"])).first()


def _may_go_alone(response: CustomerResponse, plan: PlanView) -> bool:
    """Whether the policy may sign: what others drafted is sent by people, whatever it says."""
    if not plan.is_by_machine or plan.proposal_id is None:
        return False
    ours = Proposal.objects.filter(pk=plan.proposal_id, proposer_key=Proposer.rule(DRAFTER).key)
    return ours.exists() and clearance_of(response, plan.body).is_allowed


def _switched_on(workspaces: Collection[int]) -> set[tuple[int, str]]:
    """Intents that are answered automatically, by workspace."""
    rules = AutoSendRule.objects.filter(workspace__in=workspaces, is_on=True)
    return set(rules.values_list("workspace", "intent"))


def _intent_of(response: CustomerResponse) -> str:
    reading = getattr(response, "reading", None)
    return (reading.corrected_intent or reading.intent) if reading else ""


def _risk(response: CustomerResponse) -> Risk:
    doubtful = (Intent.COMPLAINT, Intent.OBJECTION, "")
    return Risk.MEDIUM if _intent_of(response) in doubtful else Risk.LOW


def _text(request: dict[str, Any], name: str, most: int) -> str:
    text = request.get(name, "")
    if not isinstance(text, str):
        raise RequestError(name, "It must be text.")
    text = text.replace("\x00", "").strip()
    if len(text) > most:
        raise RequestError(name, f"It has {most:,} characters at most.")
    return text


def _digest(response: CustomerResponse) -> str:
    """The address, so that a plan names it without telling it."""
    point = response.point
    return hashlib.sha256(f"{point.channel}:{point.address}".encode()).hexdigest()


def _refuse_overtaken(
    response: CustomerResponse, newest: CustomerResponse, request: dict[str, Any]
) -> None:
    """Bind words of a machine of ours to no message that it never saw."""
    if request.get("source") not in (DraftSource.TEMPLATE, DraftSource.MODEL):
        return
    if newest.pk != response.pk:
        raise StateError("They wrote again.")
    if is_over(response, newest):
        raise StateError("It was answered or closed meanwhile.")


def _draft(
    response: CustomerResponse, newest: CustomerResponse, text: str, request: dict[str, Any]
) -> Draft:
    source = request.get("source", DraftSource.EXTERNAL)
    if source not in DraftSource.values:
        raise RequestError("source", f"Choose one of {', '.join(DraftSource.values)}.")
    subject = _text(request, "mail_subject", 998)
    reading = getattr(response, "reading", None)
    template = template_named(response.workspace, request.get("template"))
    if request.get("template") and template is None:
        raise RequestError("template", "There is no such template.")
    name = response.point.contact.name or response.sender_name or "somebody"
    return Draft(
        subject_key=subject_of(response),
        subject_label=f"{name}: {response.conversation}",
        summary=f"Answer {name} by {response.get_channel_display()}",
        body={
            "subject": subject_of(response), "operation": "reply",
            "conversation": str(response.conversation.public_id),
            "answers": str(response.public_id), "newest": str(newest.public_id),
            "shown": str((last_said(response.conversation) or newest).public_id),
            "channel": response.channel, "to_sha256": _digest(response), "text": text,
            "mail_subject": subject, "template": str(template.public_id) if template else "",
            "before": "Not answered", "after": "Answered", "not_before": None,
        },
        evidence={"reasons": list(reading.reasons) if reading else []},
        detail={
            "conversation": response.conversation, "answers": response, "source": source,
            "template": template,
            "intent": _intent_of(response),
            "confidence": reading.confidence if reading else None, "subject": subject,
            "text": text, "why_person": " ".join(_reasons(response, source))[:200],
        },
    )  # fmt: skip


def _reasons(response: CustomerResponse, source: str) -> list[str]:
    reasons = list(handling_of(response).reasons)
    return ["A language model wrote it.", *reasons] if source == DraftSource.MODEL else reasons


def _signer(proposal: Proposal) -> Proposer:
    """Whose words they are now: who signed them last, or the policy."""
    signature = (
        Signature.objects.filter(plan=proposal.current_plan_id, withdrawn_at=None)
        .select_related("person")
        .order_by("-pk")
        .first()
    )
    if signature is None or signature.person is None:
        return Proposer.rule("Automatic answers")
    return Proposer.person(signature.person)

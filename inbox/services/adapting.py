"""Drafts that a language model adapts to the message; a person signs each of them.

It gets the approved template as it was filled in, the conversation and what the customer's record
says, as data. What it says beyond that is refused, and the template's draft stays as it is.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Q

from inbox.engine.grounding import problems_of
from inbox.models import CustomerResponse, Delivery, Direction, DraftSource, InboxPolicy, ReplyDraft
from inbox.selectors.replies import SAID, values_for
from inbox.services.drafting import DRAFTER, propose_reply
from outreach.services.texts.asking import has_model
from workspaces.cache import take_tokens
from workspaces.crypto import SecretUnreadableError
from workspaces.gate import GateError, Proposer
from workspaces.models import Proposal, Status, Workspace
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.llm import Question
from workspaces.services.model_asking import NoModelError, Said, ask_model

if TYPE_CHECKING:  # pydantic loads late
    from inbox.engine.adapted import Adapted

logger = logging.getLogger(__name__)

#: Answers that a model may be asked for in an hour, of a workspace.
MOST_AN_HOUR: Final = 120
BATCH: Final = 10
#: Drafts that are older are read by somebody already.
_YOUNG: Final = timedelta(minutes=30)
_MESSAGES: Final = 6
_SENT: Final = 2_000
_LONGEST: Final = 600
#: Longer than its task may run: a lapsed mark is a dead worker's.
_LEASE: Final = timedelta(minutes=16)
_ASKED: Final = "a language model was asked"


def adapt_waiting(*, now: datetime) -> int:
    """Have a model adapt drafts that were just made of templates, each once; how many it did.

    Not to be called in a transaction: it goes over the network.
    """
    return sum(_adapt(draft, now=now) for draft in _claimed(now))


@transaction.atomic
def _claimed(now: datetime) -> list[ReplyDraft]:
    """Drafts to adapt, marked as asked about: a model that fails is not asked again and again.

    A mark counts until whoever made it must be done; what they said of the draft stays.
    """
    is_free = ~Q(sources__contains=[{"kind": "model"}]) | Q(
        sources__contains=[{"kind": "model", "label": _ASKED}],
        **{"sources__-1__until__lte": now.timestamp()},
    )
    policies = InboxPolicy.objects.filter(model_drafts=True, workspace__in=Workspace.objects.open())
    rows = list(
        ReplyDraft.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            is_free, workspace__in=policies.values("workspace"), source=DraftSource.TEMPLATE,
            proposal__status=Status.PENDING, proposal__created_at__gt=now - _YOUNG,
            proposal__proposer_key=Proposer.rule(DRAFTER).key,
            proposal__current_plan__edited_by=None,
        )
        .select_related(
            "workspace", "template", "conversation", "answers__point__contact",
            "answers__workspace", "answers__conversation", "proposal",
        )
        .order_by("pk")[:BATCH]
    )  # fmt: skip
    for row in rows:
        _note(row, _ASKED, until=(now + _LEASE).timestamp())
    return rows


def _adapt(draft: ReplyDraft, *, now: datetime) -> bool:
    """Ask for one draft and propose what came; whether it did."""
    workspace = draft.workspace
    if not has_model(workspace=workspace):
        _note(draft, "no language model is connected, so it is the plain template")
        return False
    own = f"inbox:adapted:{workspace.pk}"
    granted, _ = take_tokens(own, rate=MOST_AN_HOUR / 3600, burst=MOST_AN_HOUR, wanted=1)
    if not granted:
        _note(
            draft, "the language model was asked enough in this hour, so it is the plain template"
        )
        return False
    try:
        said = ask_model(workspace=workspace, question=_question(draft), now=now)
        if not _stands(draft):
            return False
        _propose(draft, said, now)
    except (NoModelError, PlatformError, SecretUnreadableError) as error:
        logger.warning("draft_not_adapted", extra={"draft": draft.pk})
        _note(draft, f"the language model's answer was not used: {error}"[:300])
        return False
    except GateError:
        # It was signed or overtaken meanwhile.
        return False
    return True


def _stands(draft: ReplyDraft) -> bool:
    """Whether nobody decided about a draft or changed it while the model thought."""
    plan = draft.proposal.current_plan_id
    rows = Proposal.objects.filter(pk=draft.proposal_id, status=Status.PENDING)
    return rows.filter(current_plan=plan).exists()


def _note(draft: ReplyDraft, words: str, **more: float) -> None:
    told = [one for one in draft.sources if one.get("kind") != "model"]
    draft.sources = [*told, {"kind": "model", "label": words, **more}]
    draft.save(update_fields=["sources"])


def _question(draft: ReplyDraft) -> Question[Adapted]:
    from inbox.engine.adapted import ASK, Adapted

    said = _said_before(draft.answers)
    record = {name: value for name, value in values_for(draft.answers).items() if value.strip()}
    ours = [draft.text, *(one.text for one in said if one.direction == Direction.OUT)]
    # The subject is their own words.
    ours += [value for name, value in record.items() if name != "subject"]
    theirs = [one.text for one in said if one.direction == Direction.IN]
    longest = 2 * len(draft.text) + _LONGEST

    def check(answer: Adapted) -> list[str]:
        found = problems_of(answer.text, ours=ours, theirs=theirs)
        return found + (["Make it shorter."] if len(answer.text) > longest else [])

    return Question(ASK, _data(draft, said, record), Adapted, check)


def _said_before(response: CustomerResponse) -> list[CustomerResponse]:
    """The last messages of the conversation, the oldest first."""
    rows = CustomerResponse.objects.filter(SAID, conversation=response.conversation_id)
    told = rows.exclude(delivery__in=(Delivery.CANCELLED, Delivery.FAILED))
    return list(reversed(told.order_by("-pk")[:_MESSAGES]))


def _data(draft: ReplyDraft, said: list[CustomerResponse], record: dict[str, str]) -> str:
    return json.dumps(
        {
            "approved_answer": draft.text,
            "channel": draft.answers.channel,
            "record": record,
            "conversation": [
                {"who": "customer" if one.direction == Direction.IN else "we",
                 "text": one.text[:_SENT]}
                for one in said
            ],
        },
        ensure_ascii=False,
    )  # fmt: skip


def _propose(draft: ReplyDraft, said: Said[Adapted], now: datetime) -> Proposal:
    proposal = propose_reply(
        to=draft.answers, text=said.answer.text, subject=draft.subject,
        by=Proposer.model("inbox-answers", said.model), now=now, source=DraftSource.MODEL,
        template=draft.template, reason=f"{said.model} adapted “{draft.template}” to the message.",
    )  # fmt: skip
    told: list[dict[str, Any]] = [one for one in draft.sources if one.get("kind") != "model"]
    told += [
        {"kind": "conversation", "label": "the conversation"},
        {"kind": "model", "label": f"put into words by {said.model}"},
    ]
    ReplyDraft.objects.filter(pk=proposal.pk).update(sources=told, similarity=draft.similarity)
    return proposal

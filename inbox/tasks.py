"""Celery entry points of the inbox. Each may run twice, late, or next to itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from celery import shared_task
from django.utils import timezone

from inbox.models import CustomerResponse
from inbox.selectors.replies import response_named
from inbox.services import analysing
from inbox.services.adapting import adapt_waiting
from inbox.services.assigning import assign_waiting
from inbox.services.chores import do_each
from inbox.services.clustering import cluster_changed
from inbox.services.commenting import send_replies, take_comments
from inbox.services.desk import wake_due
from inbox.services.making_up import make_up
from inbox.services.media import fetch_due
from inbox.services.polling import due_mailboxes, poll
from inbox.services.rating import ask_due
from inbox.services.reading import BATCH, draft_read, read_new
from inbox.services.settling import settle_answers
from inbox.services.sweeping import renew_changed, sweep
from inbox.services.uploading import clear_uploads
from inbox.services.valuing import value_open
from inbox.services.waiting import close_silent
from workspaces.asking import answer
from workspaces.gate import RequestError
from workspaces.models import Workspace

_LIMIT_S = 300
#: Answers that a task drafts: so many are done in well under a second.
_DRAFTS: Final = 16


@shared_task(name="inbox.settle_answers", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def settle(**_: object) -> int:
    """Note what became of answers."""
    return settle_answers(now=timezone.now())


@shared_task(name="inbox.clear_uploads", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def clear(**_: object) -> int:
    """Delete files that were chosen for answers and never sent."""
    return clear_uploads(now=timezone.now())


@shared_task(name="inbox.watch_promises", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def watch_promises(**_: object) -> int:
    """Mark what is due soon, missed and escalated, by what is promised now; wake who slept."""
    now = timezone.now()
    return do_each(partial(step, now=now) for step in (renew_changed, sweep, wake_due))


@shared_task(name="inbox.tend", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def tend(**_: object) -> int:
    """Give what nobody has to somebody who is free; close what nobody says more about; make up
    for what a worker that died left undone.
    """
    now = timezone.now()
    late = partial(make_up, now=now, draft=_draft_later)
    return do_each([*(partial(step, now=now) for step in (assign_waiting, close_silent)), late])


@shared_task(name="inbox.ask_how_it_was", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def ask_how_it_was(**_: object) -> int:
    """Ask those whose conversation was closed a while ago."""
    return ask_due(now=timezone.now())


@shared_task(name="inbox.value_open", acks_late=True, ignore_result=True, time_limit=3_600)
def value_all(**_: object) -> int:
    """Say anew what waiting may cost, from what is known of customers since."""
    return value_open(now=timezone.now())


@shared_task(name="inbox.read_new", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def read_arrived(**_: object) -> int:
    """Read what arrived; a run that has more to do is followed by another one.

    Answers are drafted by tasks of a queue of their own, so that no reading waits for them.
    """
    count = read_new(now=timezone.now(), draft=_draft_later)
    if count == BATCH:
        read_arrived.delay()
    return count


def _draft_later(rows: Sequence[CustomerResponse], now: datetime) -> None:
    for place in range(0, len(rows), _DRAFTS):
        draft_answers.delay(responses=[row.pk for row in rows[place : place + _DRAFTS]])


@shared_task(name="inbox.draft_answers", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def draft_answers(*, responses: Sequence[int], **_: object) -> None:
    """Draft answers to messages that were just read."""
    draft_read(ids=responses, now=timezone.now())


@shared_task(name="inbox.poll_mailboxes", ignore_result=True, time_limit=60)
def poll_mailboxes(**_: object) -> int:
    """Have each mailbox that is due looked into by a task of its own."""
    due = due_mailboxes(now=timezone.now())
    for connection_id in due:
        poll_mailbox.delay(connection_id=connection_id)
    return len(due)


@shared_task(name="inbox.poll_mailbox", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def poll_mailbox(*, connection_id: int, **_: object) -> None:
    """Look into one mailbox; where there is more, another run follows."""
    if poll(connection_id=connection_id, now=timezone.now()):
        poll_mailbox.delay(connection_id=connection_id)


@shared_task(name="inbox.cluster_drafts", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def cluster_waiting(**_: object) -> int:
    """Group drafts that say nearly the same."""
    return cluster_changed()


@shared_task(name="inbox.fetch_media", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def fetch_media(**_: object) -> int:
    """Fetch pictures and files of messages from their networks."""
    return fetch_due(now=timezone.now())


@shared_task(name="inbox.adapt_drafts", ignore_result=True, time_limit=900)
def adapt_drafts(**_: object) -> int:
    """Have a language model adapt drafts, where a workspace wants that."""
    return adapt_waiting(now=timezone.now())


@shared_task(name="inbox.comments", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def comments(**_: object) -> int:
    """Take in comments below our posts."""
    return take_comments(now=timezone.now())


@shared_task(name="inbox.answer_comments", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def answer_comments(**_: object) -> int:
    """Write answers below comments: networks may take their time, and new comments do not wait."""
    return send_replies(now=timezone.now())


#: Questions to the sentence model, which no web process loads.
QUESTIONS: Final[dict[str, Callable[[Sequence[str], int], dict[str, Any]]]] = {
    "classify": lambda texts, of: {"results": analysing.classify(texts, workspace_id=of)},
    "objection": lambda texts, of: analysing.analyse_objection(texts[0], workspace_id=of),
    "purchase": lambda texts, of: analysing.analyse_purchase(texts[0], workspace_id=of),
}


@shared_task(name="inbox.analyse", soft_time_limit=20, time_limit=30, ignore_result=True)
def analyse_task(
    *, question: str, texts: Sequence[str], key: str, workspace_id: int = 0, **_: object
) -> None:
    """Say what texts say to the one who waits, by the model of the workspace."""
    answer(key, lambda: QUESTIONS[question](texts, workspace_id))


@shared_task(name="inbox.suggest", soft_time_limit=20, time_limit=30, ignore_result=True)
def suggest_task(*, workspace_id: int, response: str, key: str, **_: object) -> None:
    """Say how a message would be answered to the one who waits."""
    answer(key, lambda: _suggested(workspace_id, response))


def _suggested(workspace_id: int, public_id: str) -> dict[str, Any]:
    found = response_named(Workspace.objects.get(pk=workspace_id), public_id)
    if found is None:
        raise RequestError("response", "There is no such message of theirs.")
    return analysing.suggest(found)

"""Celery entry points of outreach. Each may run twice, late, or next to itself."""

from __future__ import annotations

from collections.abc import Iterable

from celery import shared_task
from django.utils import timezone

from outreach.models import ChannelTemplate
from outreach.services.people.import_job import IMPORT_JOB, workspaces_waiting
from outreach.services.planning.jobs import WATCH_JOB
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import dispatch
from outreach.services.sending.falling_back import fall_back_after_news, fall_back_without_receipt
from outreach.services.sending.marking import end_stopped
from outreach.services.sending.materialising import materialise_due
from outreach.services.sending.recovering import end_leases_of_the_dead, recover
from outreach.services.social.following import FUNNELS_JOB, workspaces_with_funnels
from outreach.services.texts.asking import ask_for_words
from outreach.services.watching import workspaces_sending
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import request_and_send
from workspaces.workers import has_let_go, worker_name

_LIMIT_S = 900
#: A wait for the rate limit that is shorter than beat's next round.
_SHORT_WAIT_S = 2.0


@shared_task(name="outreach.dispatch_due", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def dispatch_due(**_: object) -> int:
    """Send what is due; a run that has more to do is followed by another one."""
    with Senders() as senders:
        run = dispatch(worker=worker_name(), clock=timezone.now, senders=senders)
    if not run.is_done and run.wait_s < _SHORT_WAIT_S:
        dispatch_due.apply_async(countdown=run.wait_s)
    return run.called


@shared_task(
    name="outreach.materialise_due", acks_late=True, ignore_result=True, time_limit=_LIMIT_S
)
def materialise(**_: object) -> int:
    """Make messages of plans whose time comes."""
    return materialise_due(now=timezone.now())


@shared_task(name="outreach.recover", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def recover_lapsed(**_: object) -> int:
    """Finish what dead workers and lost answers left."""
    now = timezone.now()
    end_leases_of_the_dead(is_gone=has_let_go, now=now)
    end_stopped(now=now)
    with Senders() as senders:
        return recover(worker=worker_name(), senders=senders, now=now, clock=timezone.now)


@shared_task(name="outreach.fall_back", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def fall_back(**_: object) -> int:
    """Use the next channel for what nothing was heard of, and what did not arrive."""
    now = timezone.now()
    return fall_back_after_news(now=now) + fall_back_without_receipt(now=now)


def _start(workspaces: Iterable[Workspace], name: str) -> int:
    """Start a job where there is something for it to do; how many were started."""
    started = 0
    for workspace in workspaces:
        try:
            request_and_send(workspace=workspace, name=name, trigger="schedule", now=timezone.now())
        except JobRefusedError:
            # Switched off, or still busy with the minute before.
            continue
        started += 1
    return started


@shared_task(name="outreach.watch_sends", time_limit=300)
def watch_sends(**_: object) -> int:
    """Start the watch where something is being sent; a workspace without gets no run on record."""
    return _start(workspaces_sending(now=timezone.now()), WATCH_JOB)


@shared_task(name="outreach.answer_comments", ignore_result=True, time_limit=300)
def answer_comments(**_: object) -> int:
    """Let funnels look where there are any."""
    return _start(workspaces_with_funnels(), FUNNELS_JOB)


@shared_task(name="outreach.import_waiting", ignore_result=True, time_limit=300)
def import_waiting(**_: object) -> int:
    """Start the imports of workspaces where a file waits."""
    return _start(workspaces_waiting(), IMPORT_JOB)


@shared_task(name="outreach.write_text", ignore_result=True, time_limit=300)
def write_text(*, template_id: int, user_id: int, kind: str, brief: str, **_: object) -> None:
    """Have a text written by the workspace's model; what came of it is kept beside the text."""
    template = ChannelTemplate.objects.select_related("workspace").get(pk=template_id)
    by = Proposer.person(User.objects.get(pk=user_id))
    ask_for_words(template=template, kind=kind, brief=brief, by=by, now=timezone.now())

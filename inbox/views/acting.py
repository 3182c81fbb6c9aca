"""What is done with conversations: one, those that are selected, or all that a list holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from inbox.models import Conversation, CustomerResponse, Direction, Posture, Team
from inbox.selectors.lists import filters_of, rows_of
from inbox.selectors.naming import name_them
from inbox.services import desk
from inbox.services.desk import Done
from inbox.views.listing import state_of
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.models import Membership, User
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

Rows = QuerySet[Conversation]
_MORNING: Final = 9


@dataclass(frozen=True)
class Act:
    """One act: its name on the button, what it did, whether more is to be said for it."""

    verb: str
    done: str
    run: Callable[[PageRequest, Rows, datetime], Done]
    asks: bool = True


def _by(request: PageRequest, now: datetime) -> dict[str, Any]:
    return {"by": Proposer.person(request.user), "now": now}


def _assign(request: PageRequest, rows: Rows, now: datetime) -> Done:
    asked = request.POST.get("assignee", "")
    to = next((one for one in members_of(request) if str(one.pk) == asked), None)
    if to is None and asked != "none":
        raise RequestError("assignee", "Choose a member who may answer, or nobody.")
    return desk.assign(rows=rows, workspace=request.workspace, to=to, **_by(request, now))


def members_of(request: PageRequest) -> list[User]:
    """Members who may answer; who asks stands first."""
    roles = [role for role in Role if role.rank >= Role.AGENT.rank]
    rows = Membership.objects.filter(
        workspace=request.workspace, role__in=roles, user__is_active=True
    )
    users = [one.user for one in rows.select_related("user").order_by("user__email")]
    return sorted(users, key=lambda user: user.pk != request.user.pk)


def _team(request: PageRequest, rows: Rows, now: datetime) -> Done:
    team = request.POST.get("team", "")
    return desk.set_team(rows=rows, workspace=request.workspace, team=team, **_by(request, now))


def _posture(request: PageRequest, rows: Rows, now: datetime) -> Done:
    posture = request.POST.get("posture", "")
    return desk.set_posture(
        rows=rows, workspace=request.workspace, posture=posture, **_by(request, now)
    )


def _tag(request: PageRequest, rows: Rows, now: datetime) -> Done:
    tags = [one for one in request.POST.get("tags", "").split(",") if one.strip()]
    run = desk.remove_tags if request.POST.get("off") else desk.add_tags
    return run(rows=rows, workspace=request.workspace, tags=tags, **_by(request, now))


def _snooze(request: PageRequest, rows: Rows, now: datetime) -> Done:
    until = _until(request.POST, now)
    return desk.snooze(rows=rows, workspace=request.workspace, until=until, **_by(request, now))


def snoozes(now: datetime) -> list[tuple[str, str, datetime]]:
    """Moments that can be chosen, with what they are called."""
    here = timezone.localtime(now)
    morning = here.replace(hour=_MORNING, minute=0, second=0, microsecond=0)
    monday = morning + timedelta(days=7 - here.weekday())
    return [
        ("hour", "In an hour", now + timedelta(hours=1)),
        ("later", "In four hours", now + timedelta(hours=4)),
        ("tomorrow", "Tomorrow morning", morning + timedelta(days=1)),
        ("monday", "Monday morning", monday),
    ]


def _until(given: QueryDict, now: datetime) -> datetime:
    moments = {key: moment for key, _label, moment in snoozes(now)}
    if (asked := given.get("until", "")) in moments:
        return moments[asked]
    try:
        moment = parse_datetime(given.get("moment", ""))
    except ValueError:
        moment = None
    if moment is None:
        raise RequestError("until", "Choose until when.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _close(request: PageRequest, rows: Rows, now: datetime) -> Done:
    return desk.close(rows=rows, workspace=request.workspace, **_by(request, now))


def _wait(request: PageRequest, rows: Rows, now: datetime) -> Done:
    return desk.wait(rows=rows, workspace=request.workspace, **_by(request, now))


def _escalate(request: PageRequest, rows: Rows, now: datetime) -> Done:
    return desk.escalate(rows=rows, workspace=request.workspace, **_by(request, now))


def _reopen(request: PageRequest, rows: Rows, now: datetime) -> Done:
    return desk.reopen(rows=rows, workspace=request.workspace, **_by(request, now))


def _merge(request: PageRequest, rows: Rows, now: datetime) -> Done:
    into = rows.filter(public_id=_uuid(request.POST.get("into", ""), "into")).first()
    if into is None:
        raise RequestError("into", "Choose the conversation that stays.")
    return desk.merge(into=into, rows=rows.exclude(pk=into.pk), **_by(request, now))


def _unmerge(request: PageRequest, rows: Rows, now: datetime) -> Done:
    return desk.unmerge(conversation=_only(rows), **_by(request, now))


def _only(rows: Rows) -> Conversation:
    found = list(rows.select_related("workspace")[:2])
    if len(found) != 1:
        raise RequestError("pick", "Choose one conversation for this.")
    return found[0]


ACTS: Final[Mapping[str, Act]] = {
    "assign": Act("Assign", "assigned", _assign),
    "team": Act("Give to a team", "given to the team", _team),
    "tag": Act("Tag", "tagged", _tag),
    "snooze": Act("Snooze", "snoozed", _snooze),
    "close": Act("Close", "closed", _close, asks=False),
    "reopen": Act("Open again", "opened again", _reopen, asks=False),
    "wait": Act("Wait for them", "set to wait for them", _wait, asks=False),
    "escalate": Act("Escalate", "escalated", _escalate, asks=False),
    "merge": Act("Merge", "merged", _merge),
    "unmerge": Act("Take apart", "taken apart", _unmerge, asks=False),
    "posture": Act("Tell the machine", "changed", _posture),
}


@require_POST
@page(Role.AGENT)
def act(request: PageRequest) -> HttpResponse:
    """Do one thing; ask first where more is to be said, and for all results."""
    now, name = timezone.now(), request.POST.get("do", "")
    try:
        if name == "split":
            return _split(request, now)
        if name not in ACTS:
            raise RequestError("do", "Choose what to do.")
        rows = _chosen(request, now)
        is_sure = "confirmed" in request.POST
        if not is_sure and (ACTS[name].asks or request.POST.get("all")):
            return _ask(request, name, rows, now)
        done = ACTS[name].run(request, rows, now)
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    return report(request, done, ACTS[name].done)


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RequestError(field, "The selection is damaged. Reload the page.") from None


def _chosen(request: PageRequest, now: datetime) -> Rows:
    """What was ticked, or everything that the list holds."""
    if request.POST.get("all"):
        filters = filters_of(QueryDict(request.POST.get("state", "")).dict())
        return rows_of(request.workspace, filters, user=request.user, now=now)
    picked = [_uuid(text, "pick") for text in request.POST.getlist("pick")[: desk.MOST + 1]]
    if not picked:
        raise RequestError("pick", "Select at least one conversation first (key x).")
    return Conversation.objects.filter(workspace=request.workspace, public_id__in=picked)


def _ask(request: PageRequest, name: str, rows: Rows, now: datetime) -> HttpResponse:
    is_merge = name == "merge"
    if is_merge and request.POST.get("all"):
        raise RequestError("pick", "Select the conversations to merge one by one.")
    count = rows.values("pk")[: desk.MOST + 1].count()
    if is_merge and count < 2:  # one cannot be joined
        raise RequestError("pick", "Select at least two conversations to merge.")
    if count > desk.MOST:
        raise RequestError("pick", f"Choose at most {desk.MOST:,} conversations at once.")
    context = {
        "title": "Inbox",
        "do": name,
        "verb": ACTS[name].verb,
        "count": count,
        "picked": request.POST.getlist("pick"),
        "all": request.POST.get("all", ""),
        "state": request.POST.get("state", ""),
        "from": request.POST.get("from", ""),
        "members": members_of(request) if name == "assign" else [],
        "teams": Team.choices,
        "postures": Posture.choices,
        "snoozes": snoozes(now) if name == "snooze" else [],
        "mergeable": _named(rows) if is_merge else [],
    }
    part = "#ask" if request.htmx else ""
    return show(request, f"inbox/ask.html{part}", context)


def _named(rows: Rows) -> list[Conversation]:
    found = list(rows.select_related("contact").order_by("pk")[:50])
    name_them(found)
    return found


def _split(request: PageRequest, now: datetime) -> HttpResponse:
    """Ask which messages, then give them a conversation of their own."""
    conversation = _only(_chosen(request, now))
    theirs = CustomerResponse.objects.filter(conversation=conversation, direction=Direction.IN)
    if "confirmed" not in request.POST:
        context = {
            "title": "Inbox", "do": "split", "verb": "Split", "count": 1,
            "picked": [str(conversation.public_id)], "from": str(conversation.public_id),
            "state": request.POST.get("state", ""),
            "messages_of": theirs.order_by("-at", "-pk")[:50],
        }  # fmt: skip
        return show(request, f"inbox/ask.html{'#ask' if request.htmx else ''}", context)
    ids = [_uuid(text, "message") for text in request.POST.getlist("message")]
    if not ids:
        raise RequestError("message", "Choose the messages that go.")
    made = desk.split(
        conversation=conversation, responses=theirs.filter(public_id__in=ids), **_by(request, now)
    )
    messages.success(request, "This is the new conversation.")
    return _go(request, f"/inbox/{made.public_id}/?{_state(request)}")


def _state(request: PageRequest) -> str:
    return state_of(QueryDict(request.POST.get("state", "")))


def _go(request: PageRequest, address: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def report(request: PageRequest, done: Done, verb: str) -> HttpResponse:
    """Say what was done and what not, with the way back."""
    count = len(done.changed)
    context = {
        "said": f"{count} conversation{'' if count == 1 else 's'} {verb}."
        if count else "Nothing had to be changed.",
        "refused": [(why, number) for why, number in done.refused.items()],
        "batch": done.batch if count else None,
        "state": _state(request),
    }  # fmt: skip
    if request.htmx:
        return noted(request, context)
    messages.success(request, str(context["said"]))
    for why, number in done.refused.items():
        messages.warning(request, f"{number} left as they were. {why}")
    opened = request.POST.get("from", "")
    where = f"/inbox/{_uuid(opened, 'from')}/" if opened else "/inbox/"
    undo = f"done={done.batch}" if count else ""
    return redirect(f"{where}?{'&'.join(part for part in (_state(request), undo) if part)}")


def noted(request: PageRequest, context: dict[str, Any]) -> HttpResponse:
    """Say above the panes what was done, with the way back; lists look for what changed."""
    answer = show(request, "inbox/_done.html", context)
    answer["HX-Retarget"], answer["HX-Reswap"] = "#notes", "innerHTML"
    return tell_done(answer)


def tell_done(answer: HttpResponse) -> HttpResponse:
    """Let the page know: lists look for what changed, questions close.

    After the swap: it is told to the whole page then, also where news replaced the asking form
    meanwhile.
    """
    answer["HX-Trigger-After-Swap"] = "inbox-done"
    return answer


@require_POST
@page(Role.AGENT)
def undo(request: PageRequest) -> HttpResponse:
    """Put back what was done at once."""
    try:
        batch = _uuid(request.POST.get("batch", ""), "batch")
        done = desk.undo(
            workspace=request.workspace, batch=batch, by=Proposer.person(request.user),
            now=timezone.now(),
        )  # fmt: skip
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    return report(request, done, "put back")

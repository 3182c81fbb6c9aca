"""How the inbox is run: switches, promises and hours, on one page for admins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inbox.engine.hours_document import hours_in_words, read_hours
from inbox.models import BusinessHours, InboxChannel, InboxPolicy, Team, Urgency
from inbox.services.ruling import (
    POLICY_FIELDS,
    Minutes,
    promises_of,
    remove_hours,
    save_hours,
    save_policy,
    save_promises,
    shipped,
)
from inbox.views.hours_text import day_text, holidays_text, read_day, read_holidays
from workspaces.forms import Dressed, LongSelect, zones
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.roles import Role

_DAYS: Final = (
    ("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday"), ("thu", "Thursday"),
    ("fri", "Friday"), ("sat", "Saturday"), ("sun", "Sunday"),
)  # fmt: skip
_PROMISES: Final = (
    ("first", "First answer", "Minutes of business time from their first message to our answer."),
    ("next", "Next answers", "After an answer of ours. Empty: as the first."),
    ("resolution", "Closed within", "From the first message. Empty: not promised."),
)


class PolicyForm(Dressed, forms.ModelForm[InboxPolicy]):
    """Switches of the inbox, one by one."""

    class Meta:
        model = InboxPolicy
        fields = POLICY_FIELDS
        labels = {  # as forms want it
            "order": "Which conversation comes first",
            "drafts_on": "Draft answers from approved templates",
            "model_drafts": "Let a connected language model adapt drafts",
            "undo_s": "Answers can be taken back for (seconds)",
            "acknowledges": "Tell people that their message has come",
            "acknowledgement": "What they are told",
            "asks_satisfaction": "Ask how it was",
            "satisfaction_text": "How they are asked",
            "satisfaction_after_minutes": "Ask so long after closing (minutes)",
            "close_waiting_after_days": "Close what waits for them after (days)",
            "shows_images": "Load pictures of mails from outside",
        }
        widgets = {  # as forms want it
            "acknowledgement": forms.Textarea(attrs={"rows": 4}),
            "satisfaction_text": forms.Textarea(attrs={"rows": 3}),
        }


@dataclass(frozen=True)
class Cell:
    """One promise of the table."""

    name: str
    label: str
    urgency: str
    value: str
    shipped: str


@dataclass(frozen=True)
class Table:
    """Promises of one kind: a row for each channel, a cell for each urgency."""

    key: str
    title: str
    text: str
    rows: Sequence[tuple[str, Sequence[Cell]]]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page(Role.VIEWER)
def settings(request: PageRequest) -> HttpResponse:
    """Show how the inbox is run; admins change it."""
    if request.method != "POST":
        return _draw(request, PolicyForm(instance=_policy(request)))
    if not has_role(request, Role.ADMIN):
        return refuse(request, "Setting up the inbox needs the role of admin.", status=403)
    save = _SAVES.get(request.POST.get("do", ""))
    if save is None:
        return refuse(request, "Choose what to save.", status=400)
    try:
        return save(request)
    except GateError as error:
        form = PolicyForm(instance=_policy(request))
        return _draw(request, form, error=str(error), status=error.status)


def _policy(request: PageRequest) -> InboxPolicy:
    found = InboxPolicy.objects.filter(workspace=request.workspace).first()
    return found or InboxPolicy(workspace=request.workspace)


def _by(request: PageRequest) -> dict[str, Any]:
    return {
        "workspace": request.workspace, "by": Proposer.person(request.user),
        "now": timezone.now(),
    }  # fmt: skip


def _save_policy(request: PageRequest) -> HttpResponse:
    form = PolicyForm(request.POST, instance=_policy(request))
    if not form.is_valid():
        return _draw(request, form, status=400)
    values = {name: form.cleaned_data[name] for name in POLICY_FIELDS}
    try:
        save_policy(values=values, **_by(request))
    except RequestError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _draw(request, form, status=400)
    return _saved(request, "The inbox runs like this from now on.", "switches")


def _save_promises(request: PageRequest) -> HttpResponse:
    given = {}
    for channel in InboxChannel.values:
        for urgency in Urgency.values:
            first, following, resolution = (
                _minutes(request, f"{key}-{channel}-{urgency}") for key, _, _ in _PROMISES
            )
            least = first if first is not None else shipped(channel, urgency).first
            given[channel, urgency] = Minutes(least, following, resolution)
    count = save_promises(promises=given, **_by(request))
    said = f"{count} promise{'' if count == 1 else 's'} changed. Due times follow within a minute."
    return _saved(request, said if count else "Nothing had to be changed.", "promises")


def _minutes(request: PageRequest, name: str) -> int | None:
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise RequestError(name, f"“{text[:20]}” is no number of minutes.")
    return int(text)


def _save_hours(request: PageRequest) -> HttpResponse:
    post = request.POST
    save_hours(
        team=post.get("team", ""), time_zone=post.get("time_zone", ""),
        week={day: read_day(label, post.get(day, "")) for day, label in _DAYS if post.get(day)},
        holidays=read_holidays(post.get("holidays", "")), **_by(request),
    )  # fmt: skip
    said = "The hours are kept. Due times follow within a minute."
    return _saved(request, said, "hours", post.get("team", ""))


def _remove_hours(request: PageRequest) -> HttpResponse:
    team = request.POST.get("team", "")
    remove_hours(team=team, **_by(request))
    said = "They have the hours of everybody now." if team else "The clock never stops now."
    return _saved(request, said, "hours", team)


_SAVES: Final = {
    "policy": _save_policy, "promises": _save_promises, "hours": _save_hours,
    "no-hours": _remove_hours,
}  # fmt: skip


def _saved(request: PageRequest, said: str, part: str, team: str = "") -> HttpResponse:
    messages.success(request, said)
    return redirect(f"/inbox/settings/?team={team if team in Team.values else ''}#{part}")


def _draw(
    request: PageRequest, form: PolicyForm, *, error: str = "", status: int = 200
) -> HttpResponse:
    given = request.POST if request.method == "POST" else None
    team = (request.POST.get("team") or request.GET.get("team")) or ""
    team = team if team in Team.values else ""
    rows = {row.team: row for row in BusinessHours.objects.filter(workspace=request.workspace)}
    is_hours = given is not None and given.get("do") == "hours"
    context = {
        "title": "Inbox settings",
        "tab": "settings",
        "form": form,
        "error": error,
        "may_edit": has_role(request, Role.ADMIN),
        "tables": _tables(request, given if given and given.get("do") == "promises" else None),
        "teams": [("", "Everybody"), *Team.choices],
        "team": team,
        "team_label": Team(team).label if team else "Everybody",
        "hours": _hours(request, rows.get(team), given if is_hours else None),
        "is_kept": team in rows,
        "told": _told(rows.get(team) or rows.get("")),
    }
    return show(request, "inbox/rules/settings.html", context, status=status)


def _tables(request: PageRequest, given: Any) -> list[Table]:
    told = promises_of(workspace=request.workspace)
    return [
        Table(key, title, text, [
            (channel.label, [_cell(key, channel, urgency, told, given) for urgency in Urgency])
            for channel in InboxChannel
        ])
        for key, title, text in _PROMISES
    ]  # fmt: skip


def _cell(
    key: str, channel: InboxChannel, urgency: Urgency, told: dict[tuple[str, str], Minutes],
    given: Any,
) -> Cell:  # fmt: skip
    name = f"{key}-{channel}-{urgency}"
    value = getattr(told[channel, urgency], key)
    standing = getattr(shipped(channel, urgency), key)
    text = given.get(name, "") if given is not None else _text(value)
    label = f"{channel.label}, {urgency.label.lower()} urgency"
    return Cell(name, label, urgency.label, text, _text(standing))


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _hours(request: PageRequest, row: BusinessHours | None, given: Any) -> dict[str, Any]:
    """What the fields of the hours hold: what was typed, else what is kept."""
    week = row.week if row else {}
    zone = row.time_zone if row else str(request.workspace.zone)
    names = [
        (day, label, given.get(day, "") if given else day_text(week.get(day, [])))
        for day, label in _DAYS
    ]
    chosen = given.get("time_zone", "") if given else zone
    select = LongSelect(choices=zones(), attrs={"id": "time_zone"})
    holidays = row.holidays if row else {}
    return {
        "days": names,
        "zone": select.render("time_zone", chosen),
        "holidays": given.get("holidays", "") if given else holidays_text(holidays),
    }


def _told(row: BusinessHours | None) -> str:
    if row is None:
        return "at any time"
    return f"{hours_in_words(read_hours(row.time_zone, row.week, row.holidays))} ({row.time_zone})"

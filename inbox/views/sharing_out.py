"""Who gets what arrives, and what each who answers can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inbox.engine.assigning import Asked
from inbox.models import AgentProfile, AssignHow, AssignmentRule, InboxChannel, Intent, Team
from inbox.selectors.agents import agents_of, away_of, profiles_of
from inbox.services.assigning import Tried, try_rules
from inbox.services.sharing_out import (
    delete_rule,
    move_rule,
    save_desk,
    save_rule,
    switch_rule,
)
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.models import User
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.roles import Role


@dataclass(frozen=True)
class RuleLine:
    """A rule on the page, in words."""

    rule: AssignmentRule
    wanted: str
    who: str


@dataclass(frozen=True)
class AgentLine:
    """Somebody who answers, as the rules look at them."""

    profile: AgentProfile
    open_count: int
    value_at_risk: Decimal
    away: str


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page(Role.VIEWER)
def assignment(request: PageRequest) -> HttpResponse:
    """Show the rules and who would get what; approvers change them."""
    if request.method != "POST":
        return _draw(request)
    if not has_role(request, Role.APPROVER):
        return refuse(request, "Setting rules needs the role of approver.", status=403)
    try:
        said = _act(request, timezone.now())
    except GateError as error:
        return _draw(request, error=str(error), given=request.POST, status=error.status)
    messages.success(request, said)
    return redirect("/inbox/assignment/")


def _act(request: PageRequest, now: datetime) -> str:
    do: dict[str, Any] = {"by": Proposer.person(request.user), "now": now}
    act, rule = request.POST.get("do", ""), _rule(request, request.POST.get("rule", ""))
    if act == "save":
        values = _rule_values(request.POST)
        saved = save_rule(workspace=request.workspace, rule=rule, values=values, **do)
        return f"“{saved}” is kept."
    if rule is None:
        raise RequestError("rule", "Choose a rule.")
    if act in ("up", "down"):
        return "It moved." if move_rule(rule=rule, up=act == "up", **do) else "It stands there."
    if act in ("on", "off"):
        switch_rule(rule=rule, is_on=act == "on", **do)
        return f"“{rule}” is {act} now."
    if act == "delete":
        delete_rule(rule=rule, **do)
        return f"“{rule}” is gone."
    raise RequestError("do", "Choose what to do.")


def _rule(request: PageRequest, text: str) -> AssignmentRule | None:
    if not text:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) < 19
    rows = AssignmentRule.objects.filter(workspace=request.workspace)
    found = rows.filter(pk=int(text)).first() if is_number else None
    if found is None:
        raise Http404("There is no such rule.")
    return found


def _rule_values(given: QueryDict) -> dict[str, Any]:
    return {
        "name": given.get("name", "").strip(),
        "channels": given.getlist("channels"),
        "intents": given.getlist("intents"),
        "languages": words_of(given.get("languages", "")),
        "skills": words_of(given.get("skills", "")),
        "min_value_at_risk": _number(given, "min_value_at_risk", float),
        "team": given.get("team", ""),
        "how": given.get("how", ""),
        "people": _keys(given),
        "most_open": _number(given, "most_open", int),
    }


def _keys(given: QueryDict) -> list[int]:
    """People as they were chosen; what names nobody is left out."""
    return [
        int(one) for one in given.getlist("people")
        if one.isascii() and one.isdecimal() and len(one) < 19
    ]  # fmt: skip


def words_of(text: str) -> list[str]:
    """Words with commas between, in small letters, each once."""
    return list(
        dict.fromkeys(" ".join(one.lower().split()) for one in text.split(",") if one.strip())
    )


def _number(given: QueryDict, name: str, kind: Any) -> Any:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise RequestError(name, f"“{text[:20]}” is no number.") from None


def _draw(
    request: PageRequest, *, error: str = "", given: QueryDict | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    profiles = profiles_of(request.workspace)
    rules = AssignmentRule.objects.filter(workspace=request.workspace).order_by("position", "pk")
    edited = request.GET.get("rule", "")
    context = {
        "title": "Assignment", "tab": "assignment", "error": error,
        "may_edit": has_role(request, Role.APPROVER),
        "may_edit_desks": has_role(request, Role.ADMIN),
        "rules": [_line(one, profiles) for one in rules],
        "agents": _agents(profiles, now),
        "form": _form(given) if given else _form_of(_rule(request, edited)),
        "profiles": profiles, "channels": InboxChannel.choices, "intents": Intent.choices,
        "teams": Team.choices, "hows": AssignHow.choices, "currency": request.workspace.currency,
        "asked": request.GET, "tried": _tried(request, now),
    }  # fmt: skip
    return show(request, "inbox/rules/assignment.html", context, status=status)


def _line(rule: AssignmentRule, profiles: list[AgentProfile]) -> RuleLine:
    names = {one.user_id: str(one.user) for one in profiles}
    channels, intents = dict(InboxChannel.choices), dict(Intent.choices)
    parts = [
        rule.get_team_display(),
        ", ".join(channels[one] for one in rule.channels),
        ", ".join(intents[one] for one in rule.intents),
        f"in {', '.join(rule.languages)}" if rule.languages else "",
        f"from {rule.min_value_at_risk:g} at risk on" if rule.min_value_at_risk else "",
    ]
    who = ", ".join(names.get(one, "somebody who left") for one in rule.people)
    if rule.skills:
        who = f"{who or 'the team'}, with {', '.join(rule.skills)}"
    return RuleLine(rule, "; ".join(filter(None, parts)) or "everything", who or "the team")


def _agents(profiles: list[AgentProfile], now: datetime) -> list[AgentLine]:
    told = {one.id: one for one in agents_of(profiles, now=now)}
    return [
        AgentLine(one, told[one.user_id].open_count, _money(told[one.user_id].value_at_risk),
                  told[one.user_id].away)
        for one in profiles
    ]  # fmt: skip


def _money(value: float) -> Decimal:
    return Decimal(str(round(value, 2)))


def _form_of(rule: AssignmentRule | None) -> dict[str, Any]:
    if rule is None:
        return {"rule": "", "how": AssignHow.ROUND_ROBIN}
    return {
        "rule": rule.pk, "name": rule.name, "channels": rule.channels, "intents": rule.intents,
        "languages": ", ".join(rule.languages), "skills": ", ".join(rule.skills),
        "min_value_at_risk": rule.min_value_at_risk, "team": rule.team, "how": rule.how,
        "people": rule.people, "most_open": rule.most_open,
    }  # fmt: skip


def _form(given: QueryDict) -> dict[str, Any]:
    """What was typed, after a refusal."""
    return {
        **given.dict(), "channels": given.getlist("channels"),
        "intents": given.getlist("intents"),
        "people": _keys(given),
    }  # fmt: skip


def _tried(request: PageRequest, now: datetime) -> Tried | None:
    """Who would get a conversation that was described; nothing was asked: none."""
    given = request.GET
    if "try" not in given:
        return None
    try:
        value = float(given.get("value") or 0)
    except ValueError:
        value = 0.0
    asked = Asked(
        0, team=_among(given, "team", Team.values) or Team.SUPPORT,
        channel=_among(given, "channel", InboxChannel.values),
        intent=_among(given, "intent", Intent.values),
        language=given.get("language", "").strip().lower()[:8], value_at_risk=value,
    )  # fmt: skip
    return try_rules(workspace=request.workspace, asked=asked, now=now)


def _among(given: QueryDict, name: str, known: Any) -> str:
    asked: str = given.get(name, "")
    return asked if asked in known else ""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page(Role.AGENT)
def desk(request: PageRequest) -> HttpResponse:
    """What an agent can do, whether they are there, and what stands below their mails."""
    now = timezone.now()
    profiles = {one.user_id: one for one in profiles_of(request.workspace)}
    user = _whose(request, profiles)
    if request.method != "POST":
        return _draw_desk(request, profiles[user.pk], now)
    try:
        save_desk(
            workspace=request.workspace, user=user, values=_desk_values(request),
            by=Proposer.person(request.user), now=now,
        )  # fmt: skip
    except GateError as error:
        return _draw_desk(request, profiles[user.pk], now, error=str(error), status=error.status)
    messages.success(request, "The desk is kept.")
    return redirect(f"/inbox/desk/?of={user.pk}" if user != request.user else "/inbox/desk/")


def _whose(request: PageRequest, profiles: Mapping[int, AgentProfile]) -> User:
    asked = request.POST.get("of") or request.GET.get("of") or str(request.user.pk)
    found = next((one.user for pk, one in profiles.items() if str(pk) == asked), None)
    if found is None or (found != request.user and not has_role(request, Role.ADMIN)):
        raise Http404("There is no such desk.")
    return found


_DESK_FIELDS: Final = ("away_note", "signature")


def _desk_values(request: PageRequest) -> dict[str, Any]:
    given = request.POST
    values: dict[str, Any] = {
        "languages": words_of(given.get("languages", "")),
        "skills": words_of(given.get("skills", "")),
        "is_away": bool(given.get("is_away")),
        "away_until": _moment(given.get("away_until", "")),
        **{name: given.get(name, "").strip() for name in _DESK_FIELDS},
    }
    if has_role(request, Role.ADMIN):
        values |= {"team": given.get("team", ""), "capacity": _number(given, "capacity", int)}
    return values


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise RequestError("away_until", "Choose until when.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _draw_desk(
    request: PageRequest,
    profile: AgentProfile,
    now: datetime,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    is_own = profile.user == request.user
    context = {
        "title": "My desk" if is_own else f"Desk of {profile.user}",
        "tab": "desk", "profile": profile, "error": error, "teams": Team.choices,
        "is_own": is_own, "may_edit_all": has_role(request, Role.ADMIN),
        "away": away_of(profile, now), "languages": ", ".join(profile.languages),
        "skills": ", ".join(profile.skills),
    }  # fmt: skip
    return show(request, "inbox/rules/desk.html", context, status=status)

"""What is wrong with the texts of a campaign: of its steps as they are, and as a plan has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from hashlib import md5
from typing import Final

from django.core.cache import cache

from outreach.engine.lint import Finding
from outreach.models import (
    ChannelTemplate,
    OutreachCampaign,
    OutreachPolicy,
    SendPlan,
    TemplateVersion,
)
from outreach.selectors.campaign_rules import steps_of
from outreach.selectors.laws import outreach_policy_of
from outreach.selectors.text_looks import Draft, look_at

_KEPT_S: Final = 3600
ERROR: Final = "error"


@dataclass(frozen=True)
class TextFinding:
    """Something that a person should look at in a text."""

    text: str
    severity: str
    place: str
    advice: str

    @property
    def is_error(self) -> bool:
        """Whether nothing is launched before it is mended."""
        return self.severity == ERROR


def findings_of(campaign: OutreachCampaign) -> list[TextFinding]:
    """What is wrong with the texts of a campaign as they are now, each written with its samples."""
    return _found(
        (
            (text.template, text.template.current, text.channel)
            for step in steps_of(campaign)
            for text in step.texts.all()
        ),
        campaign.purpose,
        outreach_policy_of(campaign.workspace),
    )


def errors_in(plan: SendPlan) -> list[TextFinding]:
    """Errors in the texts that a plan was made with; with any it is not launched."""
    said = {
        text["version"]: text["channel"]
        for step in plan.settings["steps"]
        for text in step["texts"]
        if text["version"]
    }
    versions = TemplateVersion.objects.filter(
        workspace=plan.workspace_id, public_id__in=said
    ).select_related("template")
    found = _found(
        ((one.template, one, said[str(one.public_id)]) for one in versions.order_by("pk")),
        plan.settings["campaign"]["purpose"],
        outreach_policy_of(plan.workspace),
    )
    return [one for one in found if one.is_error]


def _found(
    texts: Iterable[tuple[ChannelTemplate, TemplateVersion | None, str]],
    purpose: str,
    policy: OutreachPolicy,
) -> list[TextFinding]:
    found: dict[tuple[str, str, str], TextFinding] = {}
    for template, version, channel in texts:
        if version is not None:
            for one in _looked_over(template, version, channel, purpose, policy):
                told = TextFinding(template.name, one.severity, one.place, one.advice)
                found[template.name, one.rule, one.place] = told
    return list(found.values())


def _looked_over(
    template: ChannelTemplate,
    version: TemplateVersion,
    channel: str,
    purpose: str,
    policy: OutreachPolicy,
) -> list[Finding]:
    """A version never changes, so what was found in it is kept."""
    sender = f"{policy.workspace.name}\n{policy.postal_address}"
    digest = md5(sender.encode(), usedforsecurity=False).hexdigest()
    key = f"text-faults:{version.pk}:{channel}:{purpose}:{digest}"
    kept = cache.get(key)
    if kept is None:
        draft = replace(Draft.of(template, version), channel=channel, category=purpose)
        look = look_at(draft, workspace=policy.workspace, policy=policy)
        unread = [Finding(ERROR, "template", one.part, str(one)) for one in look.problems]
        kept = [astuple(one) for one in (*unread, *look.findings)]
        cache.set(key, kept, _KEPT_S)
    return [Finding(*one) for one in kept]

"""From whom, by what and under which law messages go: as it is now, and as it was signed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from outreach.engine.caps import CapRules
from outreach.engine.laws import ChannelLaw
from outreach.engine.signed_laws import law_as_signed, law_that_was_signed, stricter
from outreach.models import ChannelPolicy, MessageChannel, OutreachMessage, SendPlan
from outreach.selectors.laws import policies_of
from outreach.selectors.messages_facts import law_of
from workspaces.gate import Json, canonical, digest
from workspaces.models import Workspace

#: What recipients see, and who sends it: other than signed, nothing goes.
_FROM: Final = {
    "sender": "another sender", "reply_to": "another address for answers",
    "connection": "another connection",
}  # fmt: skip
_TERMS: Final = {"unit_cost": "another price", "law_sha256": "other rules of law and hours"}


def senders_of(workspace: Workspace, channels: Iterable[str]) -> Json:
    """What whoever signs relies on, by channel; nothing of one that was never set up."""
    policies = policies_of(workspace)
    return {name: _sender(policies[name]) for name in sorted(channels) if name in policies}


def _sender(policy: ChannelPolicy) -> Json:
    law = law_as_signed(law_of(policy))
    connection = policy.connection
    return {
        "sender": policy.sender,
        "reply_to": policy.reply_to,
        "connection": str(connection.public_id) if connection else None,
        "connection_name": connection.name if connection else "",
        "unit_cost": f"{Decimal(policy.unit_cost).normalize():f}",
        "law": law,
        "law_sha256": digest(canonical(law)),
    }


def changed_since(plan: SendPlan, *, terms: bool) -> str:
    """What differs from what stands in a plan, such as “E-mail: another sender”; else empty.

    ``terms``: price and law count too. They do until it is let go; then the price is paid as it
    is, and of both laws the stricter one binds.
    """
    signed = plan.settings.get("senders")
    if signed is None:
        # Of before they were signed: nothing to hold what runs against.
        return "it does not say from whom it comes" if terms else ""
    names = {**_FROM, **_TERMS} if terms else _FROM
    live = senders_of(plan.workspace, signed)
    return ", ".join(
        f"{MessageChannel(channel).label}: {words}"
        for channel, said in signed.items()
        for name, words in names.items()
        if live.get(channel, {}).get(name) != said[name]
    )


@dataclass(frozen=True)
class Binding:
    """What binds messages of a plan on a channel: law, caps, and whether they may go at all."""

    law: ChannelLaw
    caps: CapRules
    is_changed: bool = False


def bindings_of(
    messages: Sequence[OutreachMessage], policy: ChannelPolicy, caps: CapRules
) -> dict[int, Binding]:
    """What binds some messages of one channel, by plan; 0 of those without one.

    Of law and caps as they are and as they were signed, the stricter ones do.
    """
    found = {0: Binding(law_of(policy), caps)}
    plans = {one.plan_id for one in messages if one.plan_id is not None}
    rows = SendPlan.objects.filter(pk__in=plans) if plans else SendPlan.objects.none()
    for plan, senders, signed in rows.values_list("pk", "settings__senders", "settings__caps"):
        # Of before either was signed, what is now holds alone.
        both = caps.stricter(CapRules(**signed)) if signed else caps
        said = (senders or {}).get(policy.channel)
        found[plan] = _binding(policy, said, both) if said else replace(found[0], caps=both)
    return found


def _binding(policy: ChannelPolicy, said: Json, caps: CapRules) -> Binding:
    now = _sender(policy)
    law = stricter(law_of(policy), law_that_was_signed(said["law"]))
    return Binding(law, caps, any(now[name] != said[name] for name in _FROM))


def channels_with_texts(steps: Iterable[Json], wanted: Collection[str]) -> set[str]:
    """Channels by which something can go out: the chosen ones that a step has a text for."""
    found = {text["channel"] for step in steps for text in step["texts"]}
    return found & set(wanted) if wanted else found

"""What becomes of a message: a stated, seeded model with rules by recipient.

A rule is ``{"platform"?, "recipient"?: regular expression, <share>: 0.97, …, "code"?: 30007}``;
the first that fits says its shares, the rest comes from the channel's default. The fate depends
on the seed, the recipient and how many messages that recipient got before, on nothing else.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import Literal

from sandbox.store import Store
from sandbox.web import JsonObject, as_list, as_object

Channel = Literal["email", "sms", "whatsapp", "social"]
#: Shares of all messages: delivered, refused (for good, for now), late; the others leave no trace.
#: Shares of what was delivered: read or opened, clicked (which opens), complained, unsubscribed.
DEFAULTS: dict[Channel, dict[str, float]] = {
    "email": {
        "delivered": 0.97, "hard": 0.012, "soft": 0.008, "deferred": 0.03,
        "opened": 0.42, "clicked": 0.06, "complained": 0.0004, "unsubscribed": 0.003,
    },
    "sms": {"delivered": 0.96, "hard": 0.02, "soft": 0.01},
    "whatsapp": {"delivered": 0.97, "hard": 0.01, "soft": 0.01, "opened": 0.7},
    "social": {"delivered": 0.96, "hard": 0.02, "opened": 0.6},
}  # fmt: skip
SHARES = tuple(DEFAULTS["email"])
SETTING = "message_model"
_FILTERS = ("platform", "recipient", "code")


class ModelError(ValueError):
    """A rule of the model that cannot be understood; the message says which part."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens to a message some time after it was taken."""

    kind: str
    after_s: float
    code: int = 0


def set_rules(store: Store, rules: list[object]) -> list[JsonObject]:
    """Keep the rules in place of the earlier ones.

    Raises
    ------
    ModelError : an unknown name, a share beyond 0 to 1, a broken regular expression
    """
    checked = [_checked(as_object(rule)) for rule in rules]
    store.set_setting(SETTING, json.dumps(checked))
    return checked


def rules_of(store: Store) -> list[JsonObject]:
    """Return the rules that were set."""
    return [as_object(rule) for rule in as_list(json.loads(store.setting(SETTING, "[]")))]


def _checked(rule: JsonObject) -> JsonObject:
    unknown = set(rule) - {*SHARES, *_FILTERS}
    if unknown:
        known = ", ".join((*_FILTERS, *SHARES))
        raise ModelError(f"unknown: {', '.join(sorted(unknown))}; a rule has {known}")
    for name in SHARES:
        share = rule.get(name, 0)
        if not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise ModelError(f"{name} is a share between 0 and 1, not {share!r}")
    try:
        re.compile(str(rule.get("recipient", "")))
    except re.error as error:
        raise ModelError(f"recipient is no regular expression: {error}") from error
    return rule


def fate(store: Store, channel: Channel, platform: str, recipient: str, nth: int) -> list[Step]:
    """Return what will happen to a message, in its order."""
    shares, code = _shares(store, channel, platform, recipient)
    # S311: chance for tests, not for secrets.
    rng = random.Random(f"{store.seed}:{channel}:{recipient}:{nth}")  # noqa: S311
    arrival, reaction, complaint, leaving = (rng.random() for _ in range(4))
    sent_s = 1 + 2 * rng.random()
    steps = [Step("sent", sent_s)]
    arrived_s = sent_s + 1 + 8 * rng.random()
    if rng.random() < shares.get("deferred", 0):
        steps.append(Step("deferred", arrived_s))
        arrived_s += 300 + 3300 * rng.random()
    ends = (("delivered", ""), ("hard", "hard"), ("soft", "soft"))
    edge = 0.0
    for name, kind in ends:
        edge += shares.get(name, 0)
        if arrival < edge:
            steps.append(Step(kind or name, arrived_s, code if kind else 0))
            break
    if steps[-1].kind == "delivered":
        steps += _reactions(shares, rng, arrived_s, (reaction, complaint, leaving))
    return steps


def _reactions(
    shares: dict[str, float],
    rng: random.Random,
    arrived_s: float,
    draws: tuple[float, float, float],
) -> list[Step]:
    reaction, complaint, leaving = draws
    # Half of those who open do so within the hour, one in ten after a day.
    opened_s = arrived_s + min(3600 * rng.lognormvariate(0, 1.5), 5 * 86_400)
    steps = []
    clicks = reaction < shares.get("clicked", 0)
    if clicks or reaction < shares.get("opened", 0):
        steps.append(Step("opened", opened_s))
    if clicks:
        steps.append(Step("clicked", opened_s + 5 + 115 * rng.random()))
    if leaving < shares.get("unsubscribed", 0):
        steps.append(Step("unsubscribed", opened_s + 20 + 100 * rng.random()))
    if complaint < shares.get("complained", 0):
        steps.append(Step("complained", opened_s + 30 + 600 * rng.random()))
    return steps


def _shares(
    store: Store, channel: Channel, platform: str, recipient: str
) -> tuple[dict[str, float], int]:
    shares = dict(DEFAULTS[channel])
    for rule in rules_of(store):
        fits = str(rule.get("platform", platform)) == platform
        if fits and re.search(str(rule.get("recipient", "")), recipient):
            given = {name: float(str(rule[name])) for name in SHARES if name in rule}
            # What a rule adds to one end it takes from the delivered ones.
            if "delivered" not in given and ("hard" in given or "soft" in given):
                lost = given.get("hard", shares.get("hard", 0))
                lost += given.get("soft", shares.get("soft", 0))
                given["delivered"] = min(shares["delivered"], max(1 - lost, 0.0))
            return shares | given, int(str(rule.get("code", 0)))
    return shares, 0

"""Failures injected by rule: which calls they hit, what becomes of commit and answer."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote_plus

from sandbox.entities import PLATFORMS
from sandbox.store import Store
from sandbox.web import JsonObject, Request, as_object

Transport = Literal["normal", "drop", "reset", "truncate", "drip"]

#: Kind → (does the call commit, how the answer travels). A rule's `commit` overrides the first.
KINDS: dict[str, tuple[bool, Transport]] = {
    "timeout_before_commit": (False, "drop"),
    "timeout_after_commit": (True, "normal"),
    "reset": (False, "reset"),
    "http_500": (False, "normal"),
    "http_502_html": (False, "normal"),
    "success_false": (False, "normal"),
    "empty": (True, "normal"),
    "truncated": (True, "truncate"),
    "slow_drip": (True, "drip"),
    "malformed": (True, "normal"),
    "http_429": (False, "normal"),
    "meta_17": (False, "normal"),
    "meta_613_score": (False, "normal"),
    "meta_613_budget": (False, "normal"),
    "meta_80004": (False, "normal"),
    "meta_190": (False, "normal"),
    "meta_100": (False, "normal"),
    "meta_368": (False, "normal"),
    "meta_1": (False, "normal"),
    "meta_code": (False, "normal"),
    "meta_batch_null": (True, "normal"),
    "usage": (True, "normal"),
    "external_edit": (True, "normal"),
    "google_error": (False, "normal"),
    "google_partial_failure": (True, "normal"),
    "tiktok_code": (False, "normal"),
    "linkedin_status": (False, "normal"),
    "hubspot_429": (False, "normal"),
    "hubspot_status": (False, "normal"),
    "hubspot_partial": (True, "normal"),
    "delay": (True, "normal"),
    "mail_partial": (True, "normal"),
    "smtp_reply": (False, "normal"),
    "imap_reply": (False, "normal"),
    "twilio_code": (False, "normal"),
    "x_status": (False, "normal"),
}
_HELD = {
    **dict.fromkeys(("timeout_before_commit", "timeout_after_commit", "slow_drip"), 30.0),
    "delay": 0.05,
}
_NAMES = {
    *("kind", "platform", "path", "method", "entity", "nth", "times", "probability", "seed"),
    *("commit", "hold_s", "minutes", "pct", "field", "retry_after_s", "index", "code"),
    "subcode",
    *("edit", "error", "policy"),
}


class FaultError(ValueError):
    """The rule cannot be understood; the message says which part."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Conditions that are left out hold for every call."""

    kind: str
    platform: str = ""
    #: Regular expression searched in `METHOD /path?query`.
    path: str = ""
    method: str = ""
    #: Platform id of an entity or account that the call must name in its path or body.
    entity: str = ""
    #: Fire only at this matching call, counted from 1.
    nth: int = 0
    #: Fire at most so often; 0 is without end (1 where `nth` is given).
    times: int = 0
    probability: float = 1.0
    seed: int = 0
    commit: bool = True
    transport: Transport = "normal"
    #: How long the answer is held at most, or how long the drip takes.
    hold_s: float = 0.0
    options: JsonObject = field(default_factory=dict)

    def number(self, name: str, default: int) -> int:
        """Return one of the rule's numbers."""
        value = self.options.get(name, default)
        return int(value) if isinstance(value, (int, float, str)) else default

    def text(self, name: str, default: str) -> str:
        """Return one of the rule's texts."""
        return str(self.options.get(name, default))


def parse_rule(item: JsonObject) -> Rule:
    """Read a rule, and refuse what would silently never fire.

    Raises
    ------
    FaultError : unknown kind, name, platform, or a broken regular expression
    """
    kind = str(item.get("kind", ""))
    if kind not in KINDS:
        raise FaultError(f"kind {kind!r} is unknown; use one of {', '.join(KINDS)}")
    unknown = set(item) - _NAMES
    if unknown:
        raise FaultError(
            f"unknown: {', '.join(sorted(unknown))}; a rule has {', '.join(sorted(_NAMES))}"
        )
    platform, path = str(item.get("platform", "")), str(item.get("path", ""))
    if platform and platform not in PLATFORMS:
        raise FaultError(f"platform {platform!r} is unknown; use one of {', '.join(PLATFORMS)}")
    if platform and _platform_of(kind) not in ("", platform):
        raise FaultError(f"{kind} is an error of {_platform_of(kind)}, not of {platform}")
    try:
        re.compile(path)
        return _rule(kind, platform, path, item)
    except re.error as error:
        raise FaultError(f"path {path!r} is no regular expression: {error}") from error
    except (TypeError, ValueError) as error:
        raise FaultError(f"a number of the rule cannot be read: {error}") from error


def _rule(kind: str, platform: str, path: str, item: JsonObject) -> Rule:
    commits, transport = KINDS[kind]
    nth = int(str(item.get("nth", 0)))
    return Rule(
        kind=kind,
        # A platform's own error makes sense nowhere else.
        platform=platform or _platform_of(kind),
        path=path,
        method=str(item.get("method", "")).upper(),
        entity=str(item.get("entity", "")),
        nth=nth,
        times=int(str(item.get("times", 1 if nth else 0))),
        probability=float(str(item.get("probability", 1.0))),
        seed=int(str(item.get("seed", 0))),
        commit=bool(item.get("commit", commits)),
        transport=transport,
        hold_s=float(str(item.get("hold_s", _HELD.get(kind, 0.0)))),
        options=item,
    )


def _platform_of(kind: str) -> str:
    prefix = "meta" if kind == "usage" else kind.partition("_")[0]
    return prefix if prefix in PLATFORMS else ""


def add_rule(store: Store, item: JsonObject) -> int:
    """Store a rule; its id."""
    parse_rule(item)
    return store.execute("INSERT INTO fault VALUES (NULL, ?, 0, 0)", json.dumps(item))


def list_rules(store: Store) -> list[JsonObject]:
    """Return the rules with how often each matched and fired."""
    return [
        {"id": row["id"], "matched": row["matched"], "fired": row["fired"]}
        | as_object(json.loads(row["rule"]))
        for row in store.query("SELECT * FROM fault ORDER BY id")
    ]


def find_fault(store: Store, platform: str, request: Request, method: str) -> Rule | None:
    """Return the first rule that fires on this call; every rule that matches counts it.

    ``method`` is what rules are asked for: that of the request, or GET for a batch of reads.
    """
    fired: Rule | None = None
    for row in store.query("SELECT * FROM fault ORDER BY id"):
        rule = parse_rule(json.loads(row["rule"]))
        if not _matches(rule, platform, request, method):
            continue
        matched = row["matched"] + 1
        fires = fired is None and _fires(rule, matched, row["fired"])
        store.execute(
            "UPDATE fault SET matched = ?, fired = fired + ? WHERE id = ?",
            matched,
            fires,
            row["id"],
        )
        fired = rule if fires else fired
    return fired


def _matches(rule: Rule, platform: str, request: Request, method: str) -> bool:
    if rule.platform and rule.platform != platform:
        return False
    if rule.method and rule.method != method:
        return False
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    target = f"{method} {request.path}" + (f"?{query}" if query else "")
    if rule.path and not re.search(rule.path, target):
        return False
    return not rule.entity or _names_entity(rule.entity, target, request.body)


def _names_entity(entity: str, target: str, body: bytes) -> bool:
    text = f"{target} {unquote_plus(body.decode('utf-8', 'replace'))}"
    return re.search(rf"(?<![0-9]){re.escape(entity)}(?![0-9])", text) is not None


def _fires(rule: Rule, matched: int, fired: int) -> bool:
    if (rule.nth and matched != rule.nth) or (rule.times and fired >= rule.times):
        return False
    # S311: chance for tests, not for secrets. One draw per matching call, so that the order of
    # other calls does not move it.
    return random.Random(f"{rule.seed}:{matched}").random() < rule.probability  # noqa: S311

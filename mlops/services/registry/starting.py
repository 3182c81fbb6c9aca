"""How a promoted version begins to serve: for everyone, or for a share of the subjects first."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from mlops.engine.learning.kinds import KINDS
from mlops.models import ModelPolicy, ModelVersion, share_in_words
from mlops.selectors.registry import label_of
from mlops.selectors.watch import model_policy
from workspaces.gate import RequestError
from workspaces.models import Workspace

SMALLEST: Final = Decimal("0.001")
LONGEST_DAYS: Final = 60


@dataclass(frozen=True)
class Start:
    """A share of the subjects, and for how many days before all; 1 and 0: all at once."""

    share: Decimal = Decimal(1)
    days: int = 0

    @classmethod
    def of(cls, body: dict[str, Any]) -> Start:
        """Read it from the body of a plan; one of before there were canaries serves everyone."""
        return cls(Decimal(body.get("canary_share", "1")), int(body.get("canary_days", 0)))

    def as_body(self) -> dict[str, Any]:
        """Form in which a plan holds it."""
        return {"canary_share": f"{self.share.normalize():f}", "canary_days": self.days}

    @property
    def pct(self) -> str:
        """The share for people."""
        return share_in_words(self.share)

    @property
    def in_summary(self) -> str:
        """What the line of a proposal adds."""
        return f", {self.pct} of the subjects first" if self.share < 1 else ""

    @property
    def words(self) -> str:
        """What a person signs."""
        if self.share >= 1:
            return "Everyone is served at once; nothing is watched beside another version first."
        return (
            f"It answers {self.pct} of the subjects for {self.days} days, and then all of them by"
            " itself, sooner where an approver says so. Where it does harm it ends, and the version"
            " before answers all again."
        )


@dataclass(frozen=True)
class Suggestion:
    """What a form starts with; ``why_all`` says why there is no choice."""

    pct: str
    days: int
    why_all: str


def suggestion_for(
    version: ModelVersion, champion: ModelVersion | None, policy: ModelPolicy
) -> Suggestion:
    """What a workspace's policy would do with a version."""
    why = ""
    if champion is None:
        why = "No version serves yet, so this one serves everyone at once."
    elif not is_by_subject(version):
        rests = KINDS[version.name].why_at_once if version.name in KINDS else "It is not known here"
        why = f"{rests}, so it serves at once and not a share first."
    return Suggestion(f"{(policy.canary_share * 100).normalize():f}", policy.canary_days, why)


def is_by_subject(version: ModelVersion) -> bool:
    """Whether two versions of its kind can answer side by side."""
    return version.name in KINDS and KINDS[version.name].is_by_subject


def start_of(
    workspace: Workspace,
    version: ModelVersion,
    champion: ModelVersion | None,
    request: dict[str, Any],
) -> Start:
    """Take what is asked for, else what the workspace's policy says.

    A version that plans of the whole workspace rest on, or the first of its name, serves at once.

    Raises
    ------
    RequestError : no such share or days, or a share of what has no subjects
    """
    policy = model_policy(workspace)
    asked = _share(request.get("canary_share"))
    if asked is not None and asked < 1 and not is_by_subject(version):
        raise RequestError(
            "canary_share",
            f"{label_of(version.name)} serves plans of the whole workspace, so no share can go"
            " first; ask for 1.",
        )
    share = policy.canary_share if asked is None else asked
    days = _days(request.get("canary_days"), policy.canary_days)
    if share >= 1 or champion is None or not is_by_subject(version):
        return Start()
    return Start(share, days)


def _share(given: object) -> Decimal | None:
    if given in (None, ""):
        return None
    try:
        share = Decimal(str(given))
    except InvalidOperation:
        share = Decimal(0)
    if not share.is_finite() or not SMALLEST <= share <= 1 or share % SMALLEST:
        raise RequestError(
            "canary_share", "Give a share of at least 0.001 and at most 1, to the thousandth."
        )
    return share


def _days(given: object, default: int) -> int:
    if given in (None, ""):
        return default
    days = str(given)
    if not days.isdecimal() or not 1 <= int(days) <= LONGEST_DAYS:
        raise RequestError("canary_days", f"Give 1 to {LONGEST_DAYS} days.")
    return int(days)

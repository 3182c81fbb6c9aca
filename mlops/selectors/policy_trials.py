"""Trials of policies as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet

from campaigns.models import SafetyPolicy
from mlops.models import PolicyTrial, SamplerDecision
from workspaces.formats import figure, share, signed_figure
from workspaces.models import Workspace

if TYPE_CHECKING:
    from mlops.services.policy_asking import Asked

MOST_SHOWN: Final = 20
_MOST_VERSIONS: Final = 30
# Below so many rounds in effect, one more week may turn the answer round.
_FEW_ROUNDS: Final = 30
_MUCH_MONEY: Final = 0.25
_SOME_UNCOVERED: Final = 0.01
_DIGITS: Final = 2
_GAINS: Final[Mapping[str, str]] = {
    "doubly_robust": "gain", "snips": "snips_gain", "ips": "ips_gain",
}  # fmt: skip


def policy_versions(workspace: Workspace) -> QuerySet[SafetyPolicy]:
    """Versions of the workspace's policy that were in force once, the newest first."""
    rows = SafetyPolicy.objects.filter(
        workspace=workspace, account=None, effective_at__isnull=False
    )
    return rows.order_by("-version")


def shown_versions(workspace: Workspace) -> list[SafetyPolicy]:
    """The newest of them."""
    return list(policy_versions(workspace)[:_MOST_VERSIONS])


def trials_of(workspace: Workspace) -> QuerySet[PolicyTrial]:
    """Trials of a workspace, the newest first."""
    rows = PolicyTrial.objects.filter(workspace=workspace).select_related("asked_by")
    return rows.order_by("-asked_at", "-pk")


def has_ledger(workspace: Workspace) -> bool:
    """Whether the sampler has ever shared a budget out."""
    return SamplerDecision.objects.filter(workspace=workspace).exists()


@dataclass(frozen=True)
class EstimateRow:
    """One estimator's word: value and gain per unit of money, with their intervals."""

    label: str
    value: str
    interval: str
    gain: str = ""
    gain_interval: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class TrialBoard:
    """A trial in words."""

    trial: PolicyTrial
    asked: Asked
    name: str
    currency: str
    estimators: Mapping[str, str]

    @property
    def results(self) -> Mapping[str, Any]:
        """What was found, as stored."""
        found: Mapping[str, Any] = self.trial.results
        return found

    @property
    def since(self) -> datetime:
        """First moment of the days replayed."""
        return datetime.fromisoformat(self.results["since"])

    @property
    def value_name(self) -> str:
        """What is counted per unit of money."""
        brought = "Pipeline value" if self.results["mode"] == "pipeline" else "Revenue"
        return f"{brought} per 1 {self.currency} spent"

    @property
    def rows(self) -> list[EstimateRow]:
        """What was done, then what each estimator says of the other policy."""
        known = self.results["estimates"]
        value, interval = _texts(known["logged"])
        return [
            EstimateRow("What was done", value, interval),
            *(
                EstimateRow(
                    label, *_texts(known[name]), *_texts(known[_GAINS[name]], is_signed=True),
                    is_chosen=name == self.asked.estimator,
                )
                for name, label in self.estimators.items()
            ),
        ]  # fmt: skip

    @property
    def sentence(self) -> str:
        """The answer of the chosen estimator."""
        known = self.results["estimates"]
        gain, low, high = known[_GAINS[self.asked.estimator]]
        value, logged = known[self.asked.estimator][0], known["logged"][0]
        if low > 0:
            verdict = "So it is better by the ledger."
        elif high < 0:
            verdict = "So it is worse by the ledger."
        else:
            verdict = "That may be chance: the ledger cannot tell the two apart."
        _, interval = _texts([gain, low, high], is_signed=True)
        return (
            f"It would have brought {figure(value, _DIGITS)} per 1 {self.currency} spent,"
            f" {figure(abs(gain), _DIGITS)} {'less' if gain < 0 else 'more'} than the"
            f" {figure(logged, _DIGITS)} of what was done (95 % interval {interval}). {verdict}"
        )

    @property
    def facts(self) -> list[tuple[str, str]]:
        """How much of the ledger stands behind it."""
        found = self.results
        return [
            (
                "Of the ledger",
                f"{found['rounds']:,} of {found['allocations']:,} allocations count: the last of a"
                " day, with money spent and its outcome known",
            ),
            (
                "Worth",
                f"{figure(found['effective_rounds'])} rounds: what they would say if both policies"
                " shared money alike",
            ),
            (
                "Would differ",
                f"{share(found['money_moved'])} of the money and"
                f" {found['decided_otherwise']:,} of {found['decisions']:,} decisions",
            ),
        ]

    @property
    def warnings(self) -> list[str]:
        """Where the ground is thin, and what that means."""
        found, said = self.results, []
        worth = figure(found["effective_rounds"])
        if found["effective_rounds"] < _FEW_ROUNDS:
            said.append(
                f"Thin support: for this policy the ledger is worth {worth} rounds. Ask again when"
                " more are known, or for a policy closer to the present one."
            )
        if found["money_moved"] > _MUCH_MONEY:
            said.append(
                f"It would have moved {share(found['money_moved'])} of the money. Returns fall as"
                " money grows, so it is flattered."
            )
        if found["uncovered"] > _SOME_UNCOVERED:
            said.append(
                f"{share(found['uncovered'])} of its money would have gone where none was spent;"
                " what that brings nobody knows."
            )
        if not self._is_agreed:
            said.append("The estimators disagree beyond their intervals: take this as a hint.")
        return said

    @property
    def _is_agreed(self) -> bool:
        known = [self.results["estimates"][name] for name in self.estimators]
        return bool(max(low for _, low, _ in known) <= min(high for _, _, high in known))


def _texts(ends: list[float], *, is_signed: bool = False) -> tuple[str, str]:
    write = signed_figure if is_signed else figure
    value, low, high = (write(one, _DIGITS) for one in ends)
    return value, f"{low} to {high}"

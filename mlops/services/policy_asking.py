"""What may be asked of the ledger: which policy, with what values, over how many days."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final, Self

from mlops.engine.posterior import SPREADING_COUNT
from workspaces.services.refusals import RefusedError

DAYS: Final = 90
LEAST_DAYS: Final = 7
MOST_DAYS: Final = 365
VALUES, VERSION = "values", "version"
#: Policies by the name that a form sends; a stored version is ``version-3``.
POLICIES: Final[Mapping[str, str]] = {
    VALUES: "The sampler with other values",
    "equal": "Equal split",
    "proportional": "Proportional to ROAS",
    "greedy": "Greedy by ROAS",
}
RULES: Final = frozenset(POLICIES) - {VALUES}
ESTIMATORS: Final[Mapping[str, str]] = {
    "doubly_robust": "Doubly robust",
    "snips": "Self-normalised inverse propensities",
    "ips": "Inverse propensities",
}


class AskedError(RefusedError):
    """A field of the question is wrong; ``field`` says which."""

    status = 400

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field = name


@dataclass(frozen=True)
class Value:
    """A number of the sampler's that may be another: its name, unit and range.

    ``scale`` is what a form's number is divided by; per cents become shares.
    """

    name: str
    label: str
    unit: str
    least: float
    most: float
    scale: float = 1.0

    def in_force(self, policy: object) -> Decimal:
        """The number in the units of a form; what no policy holds is the sampler's own."""
        known = getattr(policy, self.name, SPREADING_COUNT)
        return Decimal(str(known)) * Decimal(str(self.scale))

    def said(self, number: float) -> str:
        """The value with its name, in words."""
        unit = "" if self.unit == "money" else f" {self.unit}"
        return f"{self.label[0].lower()}{self.label[1:]} {number * self.scale:,g}{unit}"


SAMPLER_VALUES: Final = (
    Value("max_budget_change", "Largest change of a budget", "%", 0, 100, 100.0),
    Value("kill_pipeline_roas", "Kill below a ROAS of", "×", 0, 1_000),
    Value("scale_pipeline_roas", "Scale above a ROAS of", "×", 0, 1_000),
    Value("min_spend_for_kill", "Spend before a kill or a raise", "money", 0, 1e9),
    Value("most_evidence", "Evidence counts for at most", "impressions", 1, 100_000),
)


@dataclass(frozen=True)
class Asked:
    """A question that was checked.

    Attributes
    ----------
    policy : a key of ``POLICIES``, or ``version``
    version : of the stored policy
    options : values of the sampler that are not as in force
    """

    policy: str = VALUES
    version: int | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    days: int = DAYS
    estimator: str = "doubly_robust"

    @property
    def name(self) -> str:
        """Which policy it is, in words."""
        if self.policy == VERSION:
            return f"Safety policy, version {self.version}"
        if self.policy != VALUES:
            return POLICIES[self.policy]
        told = [
            one.said(self.options[one.name]) for one in SAMPLER_VALUES if one.name in self.options
        ]
        return f"Sampler: {', '.join(told)}"

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote."""
        return cls(**stored)


def read_asked(given: Mapping[str, str], versions: frozenset[int]) -> Asked:
    """Check what a form sent; fields that are empty are as in force.

    Raises
    ------
    AskedError : names the field
    """
    policy, _, number = given.get("policy", VALUES).partition("-")
    version = int(number) if policy == VERSION and number.isdigit() else None
    if policy == VERSION and version not in versions:
        raise AskedError("policy", "There is no such version of the safety policy.")
    if policy not in {*POLICIES, VERSION}:
        raise AskedError("policy", f"There is no such policy; there are: {', '.join(POLICIES)}.")
    estimator = given.get("estimator", "doubly_robust")
    if estimator not in ESTIMATORS:
        raise AskedError("estimator", f"There are: {', '.join(ESTIMATORS)}.")
    days = _number(given.get("days") or str(DAYS), "days", LEAST_DAYS, MOST_DAYS)
    options = _options(given) if policy == VALUES else {}
    if policy == VALUES and not options:
        raise AskedError("policy", "Change at least one value; with none it is the same policy.")
    return Asked(policy, version, options, int(days), estimator)


def name_of_field(name: str) -> str:
    """What the page calls a field."""
    labels = {one.name: one.label for one in SAMPLER_VALUES}
    return labels.get(name, name.capitalize())


def _options(given: Mapping[str, str]) -> dict[str, float]:
    return {
        one.name: _number(text, one.name, one.least, one.most) / one.scale
        for one in SAMPLER_VALUES
        if (text := given.get(one.name, "").strip())
    }


def _number(text: str, name: str, least: float, most: float) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise AskedError(name, f"Give a number from {least:,g} to {most:,.0f}, not {text[:40]!r}.")
    return value

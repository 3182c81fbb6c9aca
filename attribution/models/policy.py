"""What clicks are held together by: windows of hours, and salts of fingerprints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from attribution.engine.matching import Windows
from workspaces.models import Workspace

MOST_WINDOW_HOURS = 30 * 24  # raw clicks are kept no longer
_DEFAULTS = Windows()


def _hours(default: float) -> models.PositiveIntegerField:  # type: ignore[type-arg]  # stubs want both
    return models.PositiveIntegerField(default=int(default))


class AttributionPolicy(models.Model):
    """How many hours a click may precede its conversion, per layer."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT)
    url_parameter = _hours(_DEFAULTS.url_parameter)
    identity = _hours(_DEFAULTS.identity)
    fingerprint = _hours(_DEFAULTS.fingerprint)
    probabilistic = _hours(_DEFAULTS.probabilistic)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "attribution policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(**{f"{layer}__gte": 1, f"{layer}__lte": MOST_WINDOW_HOURS}),
                name=f"attribution_policy_{layer}",
                violation_error_message=f"A window has 1 to {MOST_WINDOW_HOURS} hours.",
            )
            for layer in ("url_parameter", "identity", "fingerprint", "probabilistic")
        ]

    def __str__(self) -> str:
        return "Attribution windows"

    @property
    def windows(self) -> Windows:
        """The same for the engine."""
        return Windows(self.url_parameter, self.identity, self.fingerprint, self.probabilistic)


class FingerprintSalt(models.Model):
    """What fingerprints of one week are hashed with; deleted with that week's clicks."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    week_starts_on = models.DateField()
    secret = models.TextField(help_text="Encrypted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "week_starts_on"], name="attribution_salt_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.week_starts_on)

"""Admin of models: the sampler's record, versions and what they said, winners."""

from mlops.admin import models, winners

__all__ = ["models", "winners"]

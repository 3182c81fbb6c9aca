"""Paths of the models."""

from __future__ import annotations

from mlops.api.sampler import Feedback, Select
from workspaces.api.routing import api_path

urlpatterns = [
    api_path("ml/battle-hardened/select/", Select.as_view(), "api-sampler-select"),
    api_path("ml/battle-hardened/feedback/", Feedback.as_view(), "api-sampler-feedback"),
]

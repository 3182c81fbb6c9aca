"""The demo's messages: people, channels and texts, and two weeks of sends, done by the services."""

from __future__ import annotations

from mlops.services.demo.outreach.story import Mailing

__all__ = ["Mailing"]

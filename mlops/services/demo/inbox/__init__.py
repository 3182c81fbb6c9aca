"""The demo's inbox: two weeks of what people wrote, answered by the services, some of it left."""

from __future__ import annotations

from mlops.services.demo.inbox.story import Desk

__all__ = ["Desk"]

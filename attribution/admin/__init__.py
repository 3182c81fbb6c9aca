"""The admin of attribution."""

from attribution.admin import clicks, identity

__all__ = ["clicks", "identity"]

"""The admin of attribution."""

from attribution.admin import clicks, crm, identity, revenue

__all__ = ["clicks", "crm", "identity", "revenue"]

"""The admin of attribution."""

from attribution.admin import click_reports, clicks, credits, crm, identity, revenue

__all__ = ["click_reports", "clicks", "credits", "crm", "identity", "revenue"]

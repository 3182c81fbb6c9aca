"""The admin app, with a site that people enter by membership."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """``django.contrib.admin`` on our site."""

    default_site = "workspaces.site.WorkspaceSite"

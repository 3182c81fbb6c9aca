"""Addresses in messages; short, because every link of every message holds one."""

from __future__ import annotations

from django.urls import path

from outreach.views import links

urlpatterns = [
    path("o/c/<str:token>", links.click, name="outreach-click"),
    path("o/p/<str:token>.gif", links.pixel, name="outreach-pixel"),
    path("o/u/<str:token>", links.leave, name="outreach-unsubscribe"),
    path("o/preferences/<str:token>", links.preferences, name="outreach-preferences"),
]

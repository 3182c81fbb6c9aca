"""Paths of the home page."""

from __future__ import annotations

from django.urls import path

from workspaces.views import home, search

urlpatterns = [
    path("", home.front, name="front"),
    path("home/", home.home, name="home"),
    path("home/cards/<slug:key>/", home.card, name="home-card"),
    path("search/", search.search_all, name="search"),
]

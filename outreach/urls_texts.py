"""Paths of the pages of texts."""

from __future__ import annotations

from django.urls import path

from outreach.views import text_help, texts

_TEXT = "outreach/texts/<uuid:public_id>/"

urlpatterns = [
    path("outreach/texts/", texts.gallery, name="texts"),
    path("outreach/texts/new/", texts.new, name="text-new"),
    path("outreach/texts/starters/", texts.starters, name="texts-starters"),
    path(_TEXT, texts.text, name="text"),
    path(f"{_TEXT}preview/", texts.preview, name="text-preview"),
    path(f"{_TEXT}save/", texts.save, name="text-save"),
    path(f"{_TEXT}test/", text_help.test, name="text-test"),
    path(f"{_TEXT}words/", text_help.words, name="text-words"),
    path(f"{_TEXT}versions/", texts.versions, name="text-versions"),
    path(f"{_TEXT}do/<slug:action>/", texts.act, name="text-act"),
]

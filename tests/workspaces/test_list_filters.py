"""What ends the filters of every list."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory


@pytest.mark.parametrize(
    ("query", "cleared"),
    [
        ("", ""),
        ("tab=done&sort=-spend&page=3", ""),
        ("q=&channel=", ""),
        ("q=shoes", "/texts/"),
        ("q=shoes&tab=done&page=3", "/texts/?tab=done"),
        ("channel=email&sort=-spend&tab=done", "/texts/?tab=done&amp;sort=-spend"),
    ],
)
def test_clear_leads_to_the_same_tab_and_order_without_filters(query: str, cleared: str) -> None:
    request = RequestFactory().get(f"/texts/?{query}")
    buttons = render_to_string("_shared/filter_buttons.html", request=request)
    assert ("Clear" in buttons) == bool(cleared)
    assert f'href="{cleared}"' in buttons or not cleared

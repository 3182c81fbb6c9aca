"""Lists of the admin draw once what is alike in their rows, and views are asked once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from unfold.admin import ModelAdmin
from unfold.templatetags import unfold_list

from tests.workspaces.factories import WorkspaceFactory
from workspaces.cells import _headers_once, _labels_once, box_of
from workspaces.models import Workspace
from workspaces.reportadmin import FirstPaginator


def test_columns_are_named_once_for_each_list():
    asked: list[Any] = []
    headers = _headers_once(lambda changes: asked.append(changes) or iter([{"text": "Name"}]))
    one, other = SimpleNamespace(), SimpleNamespace()

    drawn = [headers(one), headers(one), headers(other)]

    assert drawn == [[{"text": "Name"}]] * 3
    assert asked == [one, other]


def test_labels_look_as_unfold_draws_them():
    draw = unfold_list.display_for_label.__wrapped__
    label = _labels_once(draw)
    colours, others = {"open": "success"}, {"open": "danger"}

    for value in ("open", "<b>", mark_safe("<b>"), "<b>", ("open", "Open"), ("gone", "Gone"), None):
        for given in (colours, others, True):
            assert label(value, "-", given) == draw(value, "-", given)


@pytest.mark.parametrize("value", ["open", ("open", "Open")])
def test_labels_of_plain_words_are_drawn_once(value):
    asked: list[Any] = []
    label = _labels_once(lambda *given: asked.append(given) or "drawn")

    drawn = [label(value, "-", {"open": "success"}) for _ in range(2)]

    assert drawn == ["drawn"] * 2
    assert asked == [(value, "", {"open": "success"})]


def test_the_box_is_the_one_that_unfold_draws():
    for pk in (7, '"><b>'):
        assert box_of(pk) == ModelAdmin.action_checkbox(None, SimpleNamespace(pk=pk))


@pytest.mark.parametrize(("number", "queries"), [(2, 1), (3, 2)])
def test_a_short_list_is_not_counted(db, number, queries, django_assert_num_queries):
    made = [WorkspaceFactory() for _ in range(number)]
    pages = FirstPaginator(Workspace.objects.order_by("pk"), 2)

    with django_assert_num_queries(queries):
        assert pages.count == number
        assert list(pages.page(1)) == made[:2]
    if number > 2:
        assert list(pages.page(2)) == made[2:]

"""How texts look, how they fare, and how their versions differ."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.shares import share_of
from outreach.models import MessageDay, OutreachPolicy, TemplateVersion
from outreach.selectors.text_looks import Draft, look_at
from outreach.selectors.texts import differences, rates_by_template, rates_by_version, texts_of
from tests.outreach.steps import contact_of, template_of
from workspaces.models import Workspace

OFFER = [{"name": "offer", "sample": "20 % off"}]


def test_preview_with_samples_and_for_a_contact(workspace: Workspace) -> None:
    draft = Draft("sms", text="Hi {{ first_name }}: {{ offer }}. STOP ends it", variables=OFFER)

    sampled = look_at(draft, workspace=workspace)
    ben = look_at(draft, workspace=workspace, contact=contact_of(workspace, first_name="Ben"))

    assert sampled.rendered.text == "Hi Ann: 20 % off. STOP ends it"
    assert (sampled.sms.segments, sampled.findings, sampled.from_samples) == (1, (), ())
    assert ben.rendered.text == "Hi Ben: 20 % off. STOP ends it"
    assert ben.from_samples == ("offer",)


def test_attributes_of_a_contact_fill_blanks(workspace: Workspace) -> None:
    draft = Draft("chat", text="{{ offer }}", variables=OFFER)
    contact = contact_of(workspace, attributes={"offer": "Free delivery"})

    assert look_at(draft, workspace=workspace, contact=contact).rendered.text == "Free delivery"


def test_unknown_names_are_told_with_their_line(workspace: Workspace) -> None:
    look = look_at(Draft("chat", text="Hi\n{{ nam }}"), workspace=workspace)

    assert [(one.part, one.line, one.variable) for one in look.problems] == [("text", 2, "nam")]
    assert look.rendered is None


def test_pages_are_shown_without_scripts(workspace: Workspace) -> None:
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street")
    body = "<p onclick='x()'>Hi<script>alert(1)</script><iframe src='x'></iframe></p>"

    look = look_at(Draft("email", subject="S", body=body, markup="html"), workspace=workspace)

    assert look.page == "<p>Hi</p>"
    assert {"unsubscribe", "postal-address", "tag"} <= {one.rule for one in look.findings}
    assert len(look.errors) == 4  # a script and a frame are two


def test_rates_by_text_and_version(workspace: Workspace, other_workspace: Workspace) -> None:
    template = template_of(workspace)
    first = template.current
    second = TemplateVersion.objects.create(
        workspace=workspace, template=template, number=2, sha256="1" * 64
    )
    days = {"workspace": workspace, "day": date(2026, 6, 1), "channel": "email"}
    MessageDay.objects.create(**days, version=first, sent=80, delivered=78, opened=39, domain="a.x")
    MessageDay.objects.create(**days, version=first, sent=20, delivered=0, bounced=2, domain="b.x")
    MessageDay.objects.create(**days, version=second, sent=10, delivered=10, clicked=1)

    rates = rates_by_version(workspace, template)

    assert (rates[first.pk].sent, rates[first.pk].arrived, rates[second.pk].clicked) == (100, 98, 1)
    assert rates[first.pk].shares["opened"].rate == 39 / 98
    assert rates_by_template(workspace, [template.pk])[template.pk].sent == 110
    assert rates_by_template(other_workspace, [template.pk]) == {}


def test_search_finds_words_of_any_version(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    template_of(workspace, name="Spring", text="Tulips for you")
    template_of(workspace, "sms", name="Autumn")
    template_of(other_workspace, name="Tulips")

    assert [one.name for one in texts_of(workspace, {"q": "tulip"})] == ["Spring"]
    assert [one.name for one in texts_of(workspace, {"channel": "sms"})] == ["Autumn"]
    assert [one.name for one in texts_of(workspace, {"status": "draft"})] == []


def test_differences_name_the_lines() -> None:
    before = TemplateVersion(subject="News", text="a\nb\nc", variables=OFFER)
    after = TemplateVersion(subject="News", text="a\nB\nc")

    found = {one.part: one.lines for one in differences(before, after)}

    assert list(found) == ["text", "variables"]
    assert found["text"] == (("", "…"), (" ", "a"), ("-", "b"), ("+", "B"), (" ", "c"))
    assert found["variables"][1:] == (("-", "offer: text, sample 20 % off"),)


def test_wilsons_interval_as_printed() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, and 0 of 20.
    assert share_of(81, 263).low == pytest.approx(0.2553, abs=5e-5)
    assert share_of(81, 263).high == pytest.approx(0.3662, abs=5e-5)
    assert share_of(0, 20).high == pytest.approx(0.1611, abs=5e-5)
    with pytest.raises(ValueError, match="whole"):
        share_of(0, 0)


@given(st.integers(1, 10**6), st.data())
def test_interval_holds_the_share(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    share = share_of(part, whole)
    assert 0 <= share.low <= share.rate <= share.high <= 1

"""Links, text part, preheader, pixel and MJML of an e-mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.rendering import (
    Link,
    Source,
    TemplateError,
    compile_template,
    render,
    safe_preview,
    samples,
    text_of,
    variables_of,
)
from outreach.engine.rendering.markup import track_html, track_text, with_pixel, with_preheader

VARIABLES = variables_of(
    [{"name": "name", "sample": "Anna"}, {"name": "n", "type": "number", "sample": 3}]
)


def _tracked(link: Link) -> str:
    return f"https://t.example/{link.place}?a=1&b=2"


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:a@b.example">x</a>',
        '<a href="tel:+431">x</a>',
        '<a href="sms:+431">x</a>',
        '<a href="#top">x</a>',
        '<a href="">x</a>',
        "<a>x</a>",
        '<a href="https://a.example/stay">x</a>',
        '<a data-untracked href="https://a.example">x</a>',
        '<!-- <a href="https://a.example">x</a> -->',
        '<link href="https://a.example/x.css">',
        '<script>"<a href=https://a.example>"</script>',
    ],
)
def test_what_stays(html: str) -> None:
    assert track_html(html, _tracked, {"https://a.example/stay"}) == (html, [])


@pytest.mark.parametrize(
    "tag",
    [
        '<a href="https://a.example/?x=1&amp;y=2">',
        "<a href='https://a.example/?x=1&y=2'>",
        "<A HREF=https://a.example/?x=1&y=2>",
        '<a\n class="b"\n href = "https://a.example/?x=1&y=2" target=_blank>',
        '<area href="https://a.example/?x=1&y=2">',
    ],
)
def test_links_are_replaced_however_they_are_written(tag: str) -> None:
    html, links = track_html(f"é\n<p>ü {tag}Go <img alt=now></a> on</p>", _tracked)

    assert links == [Link("https://a.example/?x=1&y=2", 0, "" if "area" in tag else "Go now")]
    assert "href" in html.lower()
    assert '"https://t.example/0?a=1&amp;b=2"' in html
    assert html.startswith("é\n<p>ü <")
    assert html.endswith(">Go <img alt=now></a> on</p>")


def test_addresses_in_texts_are_replaced_without_the_full_stop() -> None:
    text, links = track_text("See https://a.example/x. Or (http://b.example)!", _tracked)

    assert text == "See https://t.example/0?a=1&b=2. Or (https://t.example/1?a=1&b=2)!"
    assert [link.url for link in links] == ["https://a.example/x", "http://b.example"]


def test_text_part() -> None:
    html = """<html><head><title>T</title><style>p{}</style></head><body>
      <div style="display:none">Preview</div><h1>Big <b>news</b></h1>
      <p>One&nbsp;two<br>three   four</p>
      <ul><li>first</li><li>second <a href="https://a.example">more</a></li></ul>
      <ol><li>x</li><li>y</li></ol>
      <table><tr><td>a</td><td>b</td></tr></table><hr><img src="x" alt="A cat"><img src="y" alt="">
      <p><a href="https://b.example">https://b.example</a> <a href="#x">top</a></p></body></html>"""

    assert text_of(html) == (
        "Big news\n\nOne two\nthree four\n\n- first\n- second more (https://a.example)\n\n"
        "1. x\n2. y\n\na b\n\n--------------------\n[A cat]\n\nhttps://b.example top"
    )


def test_preheader_and_pixel_stand_inside_the_body() -> None:
    page = "<html><BODY class='x'><p>a</p></body ></html>"

    assert with_preheader(page, "A & b").startswith(
        "<html><BODY class='x'><div style=\"display:none"
    )
    assert with_preheader(page, "A & b").count("A &amp; b") == 1
    assert with_preheader(page, "") == page
    assert with_pixel(page, "https://t.example/?a&b").endswith(
        '<img src="https://t.example/?a&amp;b" width="1" height="1" alt="" style="border:0">'
        "</body ></html>"
    )
    assert with_pixel("<p>a", "u").startswith("<p>a<img")


def test_a_message_with_everything() -> None:
    source = Source(
        subject="Hi {{ name }}",
        preheader="Only {{ n }} left",
        body='<html><body><p>{{ name }}</p><a href="https://a.example">Buy</a>'
        '<a href="{{ unsubscribe_url }}">Unsubscribe</a></body></html>',
        markup="html",
    )

    found = render(
        compile_template(source, VARIABLES),
        {**samples(VARIABLES), "unsubscribe_url": "https://u.example/1"},
        track=_tracked,
        pixel_url="https://t.example/open",
    )

    assert (found.subject, found.preheader) == ("Hi Anna", "Only 3 left")
    assert found.links == (Link("https://a.example", 0, "Buy"),)
    assert (
        found.text == "Anna\n\nBuy (https://t.example/0?a=1&b=2) Unsubscribe (https://u.example/1)"
    )
    assert found.html.count("https://t.example/open") == found.html.count("Only 3 left") == 1
    assert 'href="https://u.example/1"' in found.html


def test_a_written_text_part_is_kept() -> None:
    source = Source(text="Own words", body="<p>x</p>", markup="html")

    assert render(compile_template(source), {}).text == "Own words"


MJML = """<mjml><mj-body>
<mj-section>{% if n > 2 %}<mj-column>
<mj-text>Hi {{ name }},
  {{ LAST }}</mj-text><mj-button href="https://a.example/{{ n }}">Go &amp; see</mj-button>
</mj-column>{% endif %}</mj-section></mj-body></mjml>"""


def test_mjml_becomes_a_page_with_the_braces_filled() -> None:
    compiled = compile_template(Source(body=MJML.replace("LAST", "name"), markup="mjml"), VARIABLES)

    found = render(compiled, {**samples(VARIABLES), "name": "<b>"}, track=_tracked)

    assert "Hi &lt;b&gt;" in found.html
    assert 'lang="en"' in found.html
    assert found.links == (Link("https://a.example/3", 0, "Go & see"),)
    assert found.text == "Hi <b>, <b>\nGo & see (https://t.example/0?a=1&b=2)"
    assert "Hi" not in render(compiled, {**samples(VARIABLES), "n": 1}).html


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (MJML.replace("LAST", "lst"), 4),
        (MJML.replace("LAST", "name.first"), 4),
        (MJML.replace("LAST", "1 / 0"), 4),
        ("<mjml><mj-body>\n<mj-include path='/etc/passwd'/></mj-body></mjml>", 2),
        ("<p>x</p>", 1),
        ("<mjml><mj-body><mj-text></mj-body></mjml>", 0),
        ("<mjml><mj-body>" + "<div>" * 200 + "</div>" * 200 + "</mj-body></mjml>", 0),
    ],
)
def test_what_is_wrong_in_mjml_names_the_line(body: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        render(compile_template(Source(body=body, markup="mjml"), VARIABLES), samples(VARIABLES))

    assert caught.value.problems[0].line == line


def test_a_preview_is_harmless() -> None:
    html = (
        '<p style="color:red;position:fixed" onclick="x()">a<script>b</script></p>'
        '<a href="javascript:x">c</a><iframe src=x></iframe><form><input></form><td width="5">'
    )

    assert safe_preview(html) == ('<p style="color:red">a</p><a rel="noopener noreferrer">c</a>')


@given(st.text(alphabet="<>a/ =\"'h\n!-&;é", max_size=80))
def test_any_page_stays_as_it_is_but_for_its_links(html: str) -> None:
    assert track_html(html, _tracked)[0] == html
    assert "\n\n\n" not in text_of(html)

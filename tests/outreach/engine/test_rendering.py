"""Texts are checked before anybody gets them, and written for each recipient."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.rendering import (
    Money,
    Problem,
    Source,
    TemplateError,
    compile_template,
    render,
    samples,
    variables_of,
)

VARIABLES = variables_of(
    [
        {"name": "first_name", "sample": "Anna"},
        {"name": "price", "type": "money", "sample": {"amount": "1250.5", "currency": "EUR"}},
        {"name": "things", "type": "list", "sample": [{"title": "A & B"}, {"title": "C"}]},
        {"name": "ends", "type": "date", "sample": "2026-11-22"},
        {"name": "link", "type": "url", "sample": "https://shop.example/?a=1&b=2"},
        {"name": "points", "type": "number", "sample": 1234.5},
        {"name": "city", "required": False},
    ]
)


def _source(written: str, part: str = "text") -> Source:
    return Source(**{part: written}, markup="html" if part == "body" else "none")


def _written(written: str, part: str = "text", locale: str = "", **values: object) -> str:
    compiled = compile_template(_source(written, part), VARIABLES)
    rendered = render(compiled, {**samples(VARIABLES), **values}, locale=locale)
    return rendered.html if part == "body" else getattr(rendered, part)


def _problems(written: str, part: str = "text", **values: object) -> list[str]:
    with pytest.raises(TemplateError) as caught:
        _written(written, part, **values)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "locale", "text"),
    [
        ("Hi {{ first_name }}", "", "Hi Anna"),
        ("{{ price }}", "de-AT", "1.250,50\u00a0€"),
        ("{{ price }}", "en-US", "€1,250.50"),
        ("{{ price }}", "fr", "1\u202f250,50\u00a0€"),
        ("{{ price }}", "pt-BR", "€\u00a01.250,50"),
        ("{{ price }}", "xx", "€\u00a01,250.50"),
        ("{{ points|money('JPY') }}", "ja", "¥1,234"),
        ("{{ points|money('SEK') }}", "en", "SEK\u00a01,234.50"),
        ("{{ points }}", "de", "1.234,5"),
        ("{{ points|number }} {{ points|number(2) }}", "en", "1,234 1,234.50"),
        ("{{ points * 2 - 1 }}", "en", "2,468"),
        ("{{ ends }}", "en-US", "11/22/2026"),
        ("{{ ends|date('long') }}", "de", "22. November 2026"),
        ("{{ ends|date('long') }}", "es", "22 de noviembre de 2026"),
        ("{{ ends }}", "", "2026-11-22"),
        ("{{ city|default('there') }}", "", "there"),
        ("[{{ city }}]", "", "[]"),
        ("{% if city %}a{% elif points > 1000 %}b{% endif %}", "", "b"),
        ("{% for t in things %}{{ loop.index }}{{ t.title }}"
         "{% if not loop.last %}; {% endif %}{% endfor %}", "", "1A & B; 2C"),
        ("{{ things|join('title', ' + ') }}, {{ things|length }}, {{ things[1].title }}", "",
         "A & B + C, 2, C"),
        ("{{ first_name|upper ~ '!' }}", "", "ANNA!"),
        ("{{ price.currency }}", "", "EUR"),
    ],
)  # fmt: skip
def test_values_are_written_as_the_locale_does(written: str, locale: str, text: str) -> None:
    assert _written(written, locale=locale) == text


def test_negative_amounts_and_what_rounds_to_nothing() -> None:
    assert _written("{{ price }}", locale="en", price=Money(Decimal("-3"), "USD")) == "−$3.00"
    assert _written("{{ points|number }}", points="-0.2") == "0"


def test_values_are_escaped_in_html_and_only_there() -> None:
    name = "<b>&'\""

    assert _written("{{ first_name }}", "body", first_name=name) == "&lt;b&gt;&amp;&#39;&#34;"
    assert _written("{{ first_name }}", "subject", first_name=name) == name
    assert _written("{{ '<i>' ~ first_name }}", "body") == "&lt;i&gt;Anna"


def test_unknown_variables_are_found_before_anything_is_sent() -> None:
    with pytest.raises(TemplateError) as caught:
        compile_template(Source(subject="{{ frist_name }}", text="a\n\n{{ zzz }}"), VARIABLES)

    assert caught.value.problems == (
        Problem("subject", 1, "'frist_name' is none of the variables; did you mean 'first_name'?",
                "frist_name"),
        Problem("text", 3, "'zzz' is none of the variables. Declare it, or take one that is there.",
                "zzz"),
    )  # fmt: skip


def test_variables_that_are_used_are_told() -> None:
    source = Source(
        subject="{{ city }}", text="{% for t in things %}{{ t }}{% endfor %}{{ sender_name }}"
    )

    assert compile_template(source, VARIABLES).used == ("city", "sender_name", "things")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("a\n{{ things[0].nothing }}", "text, line 2: 'nothing' is not there."),
        ("{% if city %}", "text, line 1: Unexpected end of template."),
        ("{{ things }}", "text, line 1: A list has no text of its own"),
        ("{{ points / 0 }}", "text, line 1: A calculation fails"),
        ("{{ first_name + 'x' }}", "text, line 1: '+' takes numbers; join texts by '~'."),
        ("{% set a = 1 %}", "text, line 1: 'set' cannot be used"),
        ("{{ range(9) }}", "text, line 1: A call cannot be used"),
        ("{{ first_name.upper() }}", "text, line 1: A call cannot be used"),
        ("{{ 'a' * 100000000 }}", "text, line 1: '*' takes numbers"),
        ("{{ '%9999999d' % 1 }}", "text, line 1: '%' takes numbers"),
        ("{{ 9 ** 999999 }}", "text, line 1: '**' cannot be used"),
        ("{{ 999999999999 * 999999999999 * 9 }}", "text, line 1: '*' takes numbers below"),
        ("{{ first_name.__class__ }}", "text, line 1: '__class__' is not there."),
        ("{{ first_name|safe }}", "text, line 1: There is no filter 'safe'."),
        ("{{ first_name is callable }}", "text, line 1: There is no test 'callable'."),
        ("{% macro a() %}{% endmacro %}", "text, line 1: 'macro' cannot be used"),
        ("{% include 'x' %}", "text, line 1: 'include' cannot be used"),
        ("{% filter upper %}a{% endfilter %}", "text, line 1: 'filterblock' cannot be used"),
        ("{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}", "text: It is nested too deeply."),
        ("{{ 1" + "+1" * 20_000 + " }}", "text: It is nested too deeply."),
        ("a" * 200_001, "text: It is longer than 200,000 characters."),
        ("{{ _locale }}", "text, line 1: '_locale' is none of the variables"),
        ("{% for a in first_name %}{% endfor %}", "text, line 1: 'for' takes a list."),
        ("{{ first_name|replace('A', '" + "x" * 30_000 + "') }}", "text, line 1: 'replace' makes"),
        ("{{ first_name|number }}", "text, line 1: 'number' takes a number."),
        ("{{ points|money }}", "text, line 1: 'money' of a number needs a currency"),
        ("{{ first_name|date }}", "text, line 1: 'date' takes a date."),
    ],
)
def test_what_cannot_be_written_says_why_and_where(written: str, problem: str) -> None:
    assert _problems(written)[0].startswith(problem)


def test_loops_end() -> None:
    many = [{"title": "x"}] * 100
    two = "{% for a in things %}{% for b in things %}{% endfor %}{% endfor %}"
    three = two.replace("{% endfor %}", "{% for c in things %}{% endfor %}{% endfor %}", 1)

    assert _problems(two, things=many) == ["text, line 1: Loops go round more than 5,000 times."]
    assert "Loops go at most 2 deep." in _problems(three)[0]


def test_loops_do_not_hold_more_than_they_may() -> None:
    many = [{"title": "x"}] * 100
    heavy = "{% for a in things %}" + "{% if points > 1 %}{% endif %}" * 1_500 + "{% endfor %}"

    assert _problems(heavy, things=many) == [
        "text, line 1: Loops hold too much for how often they go round."
    ]
    assert _problems("{{ points + 1 }}" * 7_000) == ["text: It holds too many expressions."]


def test_a_message_does_not_grow_without_end() -> None:
    many = [{"title": "x" * 2_000}] * 100
    written = "{% for a in things %}" + "{{ a.title }}" * 3 + "{% endfor %}"

    assert _problems(written, things=many) == ["text: The message grows over 500,000 characters."]


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\u2029", "\x00"])
def test_nothing_gets_a_second_header_into_the_subject(break_: str) -> None:
    name = f"Anna{break_}Bcc: all@shop.example"

    assert _problems("Hi {{ first_name }}!", "subject", first_name=name)
    assert _problems(f"Hi{break_}there", "subject") == ["subject, line 1: It has to be one line."]


def test_links_to_scripts_are_refused() -> None:
    written = '<a href="{{ first_name }}">Buy</a>'

    assert _problems(written, "body", first_name="java\nscript:alert(1)") == [
        "body: The link 'Buy' leads to 'javascript:'."
    ]
    assert _written(written, "body", first_name="mailto:a@b.example").startswith("<a href")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"first_name": ""}, "'first_name' has no value."),
        ({"first_name": None}, "'first_name' has no value."),
        ({"first_name": "a" * 2_001}, "'first_name' is longer than 2,000 characters."),
        ({"first_name": ["a"]}, "'first_name' is no text."),
        ({"price": 5}, "'price' is no money: give an amount and a currency."),
        ({"price": {"amount": "x", "currency": "EUR"}}, "'price' is no number."),
        ({"price": {"amount": 1, "currency": "euro"}},
         "'price' names no currency of three capital letters."),
        ({"ends": "22.11.2026"}, "'ends' is no date: write 2026-12-31."),
        ({"link": "javascript:alert(1)"}, "'link' is no address: it must begin with https://."),
        ({"link": 'https://a.example/"><script>'},
         "'link' is no address: spaces, quotes and brackets have to be encoded."),
        ({"points": "NaN"}, "'points' is no number that can be written."),
        ({"points": True}, "'points' is no number."),
        ({"things": "abc"}, "'things' is no list of at most 100 things."),
        ({"things": [1]}, "'things' holds something without fields."),
    ],
)  # fmt: skip
def test_values_have_their_type(values: dict, problem: str) -> None:
    assert _problems("x", **values) == [f"variables: {problem}"]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "Give a list of variables."),
        ([1], "Each variable is an object with a name."),
        ([{"name": "First"}], "'First' is no name: use small letters, digits and underscores."),
        ([{"name": "if"}], "'if' is no name: use small letters, digits and underscores."),
        ([{"name": "a", "type": "html"}],
         "'a' has no known type: choose among text, number, money, date, url, list."),
        ([{"name": "a", "sample": "x"}, {"name": "a", "sample": "x"}], "'a' is there twice."),
        ([{"name": "sender_name", "sample": "x"}], "'sender_name' is there twice."),
        ([{"name": "a", "type": "date", "sample": "soon"}], "'a' is no date: write 2026-12-31."),
        ([{"name": "a", "required": "yes"}], "'a': say true or false whether it is required."),
        ([{"name": "a"}], "'a' has no value."),
    ],
)  # fmt: skip
def test_declarations_are_checked_with_their_samples(document: object, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        variables_of(document)

    assert [found.text for found in caught.value.problems] == [problem]


def test_dates_may_be_dates() -> None:
    assert _written("{{ ends|date }}", locale="en-GB", ends=date(2027, 1, 2)) == "02/01/2027"


@given(st.text(max_size=60))
def test_a_value_is_never_markup_or_a_template(value: str) -> None:
    try:
        html = _written("<p>{{ first_name }}</p>", "body", first_name=value)
    except TemplateError:  # empty, or control characters
        return

    assert html.count("<") == 2
    assert "{{" in html or "{{" not in value

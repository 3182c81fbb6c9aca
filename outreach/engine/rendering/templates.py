"""Compile a text once, render it for each recipient."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Final, Literal

from jinja2 import Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError

from outreach.engine.rendering import markup as html_of
from outreach.engine.rendering.locales import locale_of
from outreach.engine.rendering.markup import Link, Track
from outreach.engine.rendering.mjml import MjmlError, to_html
from outreach.engine.rendering.problems import Problem, TemplateError
from outreach.engine.rendering.sandbox import (
    LOCALE,
    STEPS,
    Limit,
    TextEnvironment,
    count_loops,
    refused,
)
from outreach.engine.rendering.variables import SYSTEM, Variable, checked_values

Markup = Literal["none", "html", "mjml"]
PARTS: Final = ("subject", "preheader", "text", "body")
MAX_SOURCE: Final = 200_000  # characters of a part
MAX_OUTPUT: Final = 500_000
_UNDEFINED: Final = re.compile(r"'([^']*)'")
_ONE_LINE: Final = frozenset(["subject", "preheader"])


@dataclass(frozen=True)
class Source:
    """A text as it was written.

    Attributes
    ----------
    subject, preheader : of an e-mail, one line each
    text : plain; beside a body it may be empty and is made from it
    body : HTML or MJML, as `markup` says
    """

    subject: str = ""
    preheader: str = ""
    text: str = ""
    body: str = ""
    markup: Markup = "none"


@dataclass(frozen=True)
class Compiled:
    """A text that can be rendered.

    Attributes
    ----------
    used : names of the variables it uses, in alphabetical order
    variables : that were declared
    """

    used: tuple[str, ...]
    variables: tuple[Variable, ...]
    _parts: Mapping[str, _Part] = field(repr=False)


@dataclass(frozen=True)
class Rendered:
    """A message for one recipient.

    Attributes
    ----------
    subject, preheader, text, html : html is empty for a plain text
    links : that were replaced, in the order of the page, or of the text where there is no page
    """

    subject: str
    preheader: str
    text: str
    html: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class _Part:
    template: Template
    lines: tuple[int, ...] = ()  # line of the source by line of what was compiled, for MJML


def compile_template(source: Source, variables: Iterable[Variable] = ()) -> Compiled:
    """Check a text and make it ready.

    Parameters
    ----------
    source : the text
    variables : what it may use beside the system's (`SYSTEM`)

    Returns
    -------
    Compiled

    Raises
    ------
    TemplateError : with every problem: syntax, unknown variables with their line and a guess at
        what was meant, constructs that are not allowed, MJML that is none, a part too long
    """
    declared = tuple(variables)
    known = {variable.name for variable in (*declared, *SYSTEM)}
    problems: list[Problem] = []
    parts: dict[str, _Part] = {}
    used: set[str] = set()
    for name in PARTS:
        written = getattr(source, name)
        if name == "body" and source.markup == "none":
            continue
        try:
            found = list(_problems(name, written, known, used))
            problems += found
            if not found:
                parts[name] = _compiled(name, written, source.markup)
        except TemplateError as error:
            problems += error.problems
        except (RecursionError, SyntaxError):  # of Python, when it compiles what Jinja made
            problems.append(Problem(name, 0, "It is nested too deeply."))
    if problems:
        raise TemplateError(problems)
    return Compiled(tuple(sorted(used)), declared, parts)


def _problems(part: str, written: str, known: Collection[str], used: set[str]) -> Iterator[Problem]:
    if len(written) > MAX_SOURCE:
        yield Problem(part, 0, f"It is longer than {MAX_SOURCE:,} characters.")
        return
    if part in _ONE_LINE and _breaks(written.strip()):
        yield Problem(part, 1, "It has to be one line.")
    try:
        tree = _environment(is_html=False).parse(written)
    except TemplateSyntaxError as error:
        yield Problem(part, error.lineno, f"{(error.message or 'It is no template').rstrip('.')}.")
        return
    for line, reason in refused(tree):
        yield Problem(part, line, reason)
    own = _own(tree)
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known and name.name not in own:
            yield Problem(part, name.lineno, _unknown(name.name, known), name.name)
        elif name.ctx == "load" and name.name in known:
            used.add(name.name)


def _own(tree: nodes.Template) -> set[str]:
    """Names that loops bring."""
    loops = list(tree.find_all(nodes.For))
    stored = {name.name for loop in loops for name in loop.target.find_all(nodes.Name)} | {
        loop.target.name for loop in loops if isinstance(loop.target, nodes.Name)
    }
    return stored | {"loop"} if loops else stored


def _unknown(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    guess = f"; did you mean '{close[0]}'?" if close else ". Declare it, or take one that is there."
    return f"'{name}' is none of the variables{guess}"


@cache
def _environment(*, is_html: bool) -> TextEnvironment:
    return TextEnvironment(is_html=is_html)


def _compiled(part: str, written: str, markup: Markup) -> _Part:
    is_html = part == "body"
    lines: tuple[int, ...] = ()
    if is_html and markup == "mjml":
        try:
            written, lines = to_html(written)
        except MjmlError as error:
            raise TemplateError([Problem(part, error.line, str(error))]) from None
    environment = _environment(is_html=is_html)
    tree = environment.parse(written, filename=f"<{part}>")
    count_loops(tree)
    code = environment.compile(tree, name=part, filename=f"<{part}>")
    return _Part(Template.from_code(environment, code, {}), lines)


def render(
    compiled: Compiled,
    values: Mapping[str, object],
    *,
    locale: str = "",
    track: Track | None = None,
    untracked: Collection[str] = (),
    pixel_url: str = "",
) -> Rendered:
    """Write a message for one recipient.

    Parameters
    ----------
    compiled : from `compile_template`
    values : name → value; the system's too
    locale : tag, such as 'de-AT', by which numbers, money and dates are written
    track : answers the address that stands for a link; None leaves links as they are
    untracked : addresses that stay; those of unsubscribing and preferences always do
    pixel_url : of the picture that tells of an opening; none by default

    Returns
    -------
    Rendered

    Raises
    ------
    TemplateError : a value is missing or wrong, a line break gets into the subject, a link leads
        to a script, or the message grows too large
    """
    checked = checked_values(compiled.variables, values)
    context: dict[str, object] = {**checked, LOCALE: locale_of(locale)}
    written = {name: _written(name, part, context) for name, part in compiled._parts.items()}
    for name in _ONE_LINE & written.keys():
        written[name] = _one_line(name, written[name])
    stays = {*untracked, *(str(checked[name]) for name in _STAYING if checked[name])}
    if "body" not in written:
        text, links = _tracked_text(written["text"], track, stays)
        return Rendered(written["subject"], written["preheader"], text, "", tuple(links))
    html = written["body"]
    _refuse_scripts(html)
    plain = written["text"].strip() or html_of.text_of(html)
    text, _ = _tracked_text(plain, track, stays)
    page, found = html_of.track_html(html, track, stays) if track else (html, [])
    page = html_of.with_preheader(page, written["preheader"])
    page = html_of.with_pixel(page, pixel_url) if pixel_url else page
    return Rendered(written["subject"], written["preheader"], text, page, tuple(found))


_STAYING: Final = ("unsubscribe_url", "preferences_url")


def _tracked_text(text: str, track: Track | None, stays: Collection[str]) -> tuple[str, list[Link]]:
    return html_of.track_text(text, track, stays) if track else (text, [])


def _written(name: str, part: _Part, context: Mapping[str, object]) -> str:
    try:
        pieces: list[str] = []
        size = 0
        for piece in part.template.generate({**context, STEPS: [0, 0]}):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise Limit(f"the message grows over {MAX_OUTPUT:,} characters")
            pieces.append(piece)
        return "".join(pieces)
    except UndefinedError as error:
        message = str(error)
        names = _UNDEFINED.findall(message)
        missing = names[-1] if names else ""
        raise _failed(name, part, f"{message}.", error.__traceback__, missing) from None
    except Limit as error:
        raise _failed(name, part, f"{error}.", error.__traceback__) from None
    except ArithmeticError as error:
        text = "A calculation fails: it divides by 0 or grows too large."
        raise _failed(name, part, text, error.__traceback__) from None
    except (
        LookupError, RecursionError, SecurityError, TemplateRuntimeError,
        TypeError, ValueError,
    ) as error:  # fmt: skip
        raise _failed(
            name, part, f"{error or type(error).__name__}.", error.__traceback__
        ) from None


def _failed(
    name: str, part: _Part, text: str, trace: TracebackType | None, variable: str = ""
) -> TemplateError:
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == f"<{name}>":
            line = trace.tb_lineno
        trace = trace.tb_next
    if part.lines and line:
        line = part.lines[min(line, len(part.lines)) - 1]
    return TemplateError([Problem(name, line, text[:1].upper() + text[1:], variable)])


def _one_line(name: str, text: str) -> str:
    text = text.strip()
    if _breaks(text):
        raise TemplateError(
            [Problem(name, 0, "A value brings a line break or a control character into it.")]
        )
    return text


def _breaks(text: str) -> bool:
    """Whether a mail header would break: controls, and what some readers take for a new line."""
    return any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text)


def _refuse_scripts(html: str) -> None:
    for link in html_of.links_of(html):
        if not html_of.is_safe(link.url):
            text = f"The link '{link.label[:40]}' leads to '{html_of.scheme_of(link.url)}:'."
            raise TemplateError([Problem("body", 0, text)])

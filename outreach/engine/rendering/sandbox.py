"""The language of texts: Jinja2's sandbox, cut down until no text can run long or grow large.

What is left is `{{ … }}` with filters, `{% if %}` and `{% for %}` over lists of the recipient.
Without assignments, calls and macros a text cannot double itself; loops share one allowance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.filters import (
    do_capitalize,
    do_lower,
    do_title,
    do_trim,
    do_truncate,
    do_upper,
    do_urlencode,
)
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outreach.engine.rendering import locales
from outreach.engine.rendering.locales import Locale
from outreach.engine.rendering.variables import Money

MAX_STEPS: Final = 5_000  # of all loops of a part together
MAX_WORK: Final = 500_000  # rounds of loops times the nodes inside, of a part
MAX_NODES: Final = 20_000  # of a part's syntax tree
MAX_NESTED: Final = 2  # loops inside loops
MAX_VALUE: Final = 20_000  # characters that a filter or an operator makes
LOCALE: Final = "_locale"  # reserved: names of variables begin with a letter
STEPS: Final = "_steps"

_LOOP: Final = frozenset(["index", "index0", "first", "last", "length"])
_ALLOWED: Final = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.Test, nodes.If,
    nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Getattr, nodes.Getitem, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.Mod, nodes.Neg,
    nodes.Concat, nodes.Tuple, nodes.List, nodes.Keyword,
)  # fmt: skip


class Limit(Exception):
    """A text wants more than it may have."""


class TextEnvironment(ImmutableSandboxedEnvironment):
    """What a text may use."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "%"])

    def __init__(self, *, is_html: bool) -> None:
        super().__init__(
            autoescape=is_html, undefined=StrictUndefined, finalize=_finalize, optimized=False
        )
        self.globals = {}
        self.filters = dict(FILTERS)
        self.filters["_counted"] = _counted
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Fields of things, parts of money, the place in a loop; nothing else."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As `getattr`; also the nth of a list."""
        if isinstance(obj, dict) and argument in obj:
            return obj[argument]
        if isinstance(obj, tuple | list) and isinstance(argument, int):
            return (
                obj[argument] if -len(obj) <= argument < len(obj) else self._missing(obj, argument)
            )
        names = _parts_of(obj)
        return getattr(obj, argument) if argument in names else self._missing(obj, argument)

    def _missing(self, obj: Any, argument: Any) -> StrictUndefined:
        return StrictUndefined(name=str(argument), hint=f"'{argument}' is not there")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers only: text times a million is no number."""
        values = [_plain(left), _plain(right)]
        if not all(isinstance(value, int | float | Decimal) for value in values):
            raise Limit(f"'{operator}' takes numbers; join texts by '~'")
        if any(abs(value) > 10**18 for value in values):
            raise Limit(f"'{operator}' takes numbers below 10 to the 18th")
        return super().call_binop(context, operator, *values)


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return value.amount
    return Decimal(str(value)) if isinstance(value, float) else value


def _parts_of(obj: Any) -> frozenset[str]:
    if isinstance(obj, Money):
        return frozenset(["amount", "currency"])
    return _LOOP if isinstance(obj, LoopContext) else frozenset()


def _locale(context: Context) -> Locale:
    found = context.get(LOCALE)
    return found if isinstance(found, Locale) else locales.PLAIN


@pass_context
def _finalize(context: Context, value: Any) -> Any:
    """Write what stands in braces: nothing for no value, the rest as the locale does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Money):
        return _money(context, value)
    if isinstance(value, int | float | Decimal):
        return _number(context, value, None)
    if isinstance(value, date):
        return _date(context, value)
    if not isinstance(value, str | StrictUndefined):
        raise Limit("a list has no text of its own: use 'for', or a field of one of its things")
    return value


@pass_context
def _counted(context: Context, items: Any, weight: int) -> Iterator[Any]:
    """Count the rounds of all loops of a part against one allowance."""
    if not isinstance(items, tuple | list):
        raise Limit("'for' takes a list")
    return _rounds(context[STEPS], items, weight)


def _rounds(steps: list[int], items: Sequence[Any], weight: int) -> Iterator[Any]:
    for item in items:
        steps[0] += 1
        steps[1] += weight
        if steps[0] > MAX_STEPS:
            raise Limit(f"loops go round more than {MAX_STEPS:,} times")
        if steps[1] > MAX_WORK:
            raise Limit("loops hold too much for how often they go round")
        yield item


@pass_context
def _money(context: Context, value: Any, currency: str = "") -> str:
    if value is None:
        return ""
    if isinstance(value, Money):
        return locales.money(value.amount, value.currency, _locale(context))
    if not currency:
        raise Limit("'money' of a number needs a currency: {{ price|money('EUR') }}")
    return locales.money(_decimal(value, "money"), str(currency), _locale(context))


@pass_context
def _number(context: Context, value: Any, digits: int | None = 0) -> str:
    if value is None:
        return ""
    exact = _decimal(value, "number")
    if digits is None:
        digits = min(6, max(0, -int(exact.normalize().as_tuple().exponent)))
    if not isinstance(digits, int) or not 0 <= digits <= 12:
        raise Limit("'number' takes 0 to 12 decimals")
    return locales.number(exact, _locale(context), digits)


@pass_context
def _date(context: Context, value: Any, style: str = "short") -> str:
    if value is None:
        return ""
    if not isinstance(value, date):
        raise Limit("'date' takes a date")
    if style not in ("short", "long"):
        raise Limit("'date' is 'short' or 'long'")
    return locales.day(value, _locale(context), style)


def _decimal(value: Any, name: str) -> Decimal:
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Limit(f"'{name}' takes a number")
    exact = Decimal(str(value))
    if not exact.is_finite() or abs(exact) > 10**18:
        raise Limit(f"'{name}' takes a number below 10 to the 18th")
    return exact


def _default(value: Any, other: Any = "") -> Any:
    """Stand in for what is missing or empty."""
    return other if isinstance(value, StrictUndefined) or value is None or value == "" else value


@pass_context
def _join(context: Context, items: Any, field: str, between: str = ", ") -> str:
    if not isinstance(items, tuple | list):
        raise Limit("'join' takes a list")
    values = (item.get(field) if isinstance(item, Mapping) else item for item in items)
    text = str(between).join(str(_finalize(context, value)) for value in values)
    if len(text) > MAX_VALUE:
        raise Limit(f"'join' makes more than {MAX_VALUE:,} characters")
    return text


def _replace(value: Any, old: str, new: str) -> str:
    text, old, new = str(value), str(old), str(new)
    if not old or len(text) + text.count(old) * len(new) > MAX_VALUE:
        raise Limit("'replace' makes a text that is too long")
    return text.replace(old, new)


def _first(items: Any) -> Any:
    return items[0] if isinstance(items, tuple | list | str) and items else None


def _last(items: Any) -> Any:
    return items[-1] if isinstance(items, tuple | list | str) and items else None


def _length(items: Any) -> int:
    return len(items) if isinstance(items, tuple | list | str | dict) else 0


# Text filters take text only: 'upper' of Markup would keep what it believes to be escaped.
FILTERS: Final[dict[str, Any]] = {
    "money": _money, "number": _number, "date": _date, "default": _default, "d": _default,
    "join": _join, "replace": _replace, "first": _first, "last": _last, "length": _length,
    "upper": do_upper, "lower": do_lower, "title": do_title, "capitalize": do_capitalize,
    "trim": do_trim, "truncate": do_truncate, "urlencode": do_urlencode,
}  # fmt: skip
TESTS: Final = (
    "defined", "undefined", "none", "number", "string", "odd", "even", "divisibleby", "eq", "ne",
    "lt", "le", "gt", "ge", "equalto", "in", "==", "!=", "<", "<=", ">", ">=",
)  # fmt: skip


def refused(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Yield line and reason of everything that a text may not hold."""
    everything = list(tree.find_all(nodes.Node))
    if len(everything) > MAX_NODES:
        yield 0, "It holds too many expressions."
        return
    for node in everything:
        if not isinstance(node, _ALLOWED):
            yield node.lineno, f"{_called(node)} cannot be used; use values, filters, if and for."
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield node.lineno, f"There is no filter '{node.name}'. Known: {', '.join(FILTERS)}."
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            yield node.lineno, f"There is no test '{node.name}'."
        elif isinstance(node, nodes.For) and (node.recursive or _depth(node) > MAX_NESTED):
            yield node.lineno, f"Loops go at most {MAX_NESTED} deep."


def _called(node: nodes.Node) -> str:
    names = {"Call": "A call", "Assign": "'set'", "AssignBlock": "'set'", "Pow": "'**'"}
    return names.get(type(node).__name__, f"'{type(node).__name__.lower()}'")


def _depth(loop: nodes.For) -> int:
    inner = [_depth(node) for node in loop.find_all(nodes.For)]
    return 1 + max(inner, default=0)


def count_loops(tree: nodes.Template) -> None:
    """Make every loop count its rounds."""
    loops = list(tree.find_all(nodes.For))
    weights = [sum(1 for _ in loop.find_all(nodes.Node)) for loop in loops]
    for loop, weight in zip(loops, weights, strict=True):
        of_round = [nodes.Const(weight, lineno=loop.lineno)]
        loop.iter = nodes.Filter(
            loop.iter, "_counted", of_round, [], None, None, lineno=loop.lineno
        )

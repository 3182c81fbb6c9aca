"""Texts of messages: written in a small language, checked early, rendered for one recipient."""

from __future__ import annotations

from outreach.engine.rendering.markup import Link, Track, links_of, safe_preview, text_of
from outreach.engine.rendering.problems import Problem, TemplateError
from outreach.engine.rendering.templates import (
    Compiled,
    Rendered,
    Source,
    compile_template,
    render,
)
from outreach.engine.rendering.variables import SYSTEM, Money, Variable, samples, variables_of

__all__ = [
    "SYSTEM",
    "Compiled",
    "Link",
    "Money",
    "Problem",
    "Rendered",
    "Source",
    "TemplateError",
    "Track",
    "Variable",
    "compile_template",
    "links_of",
    "render",
    "safe_preview",
    "samples",
    "text_of",
    "variables_of",
]

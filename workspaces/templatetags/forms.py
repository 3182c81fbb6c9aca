"""Every form carries its workspace: ``{% csrf_token %}`` says it.

Forms of the admin, of import and export and of our own pages have that tag in common, so a form
that was drawn before a switch of workspace in another tab is known by it, wherever it came from.
"""

from __future__ import annotations

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


class FormTokenNode(CsrfTokenNode):
    """The hidden inputs of a POST form."""

    def render(self, context: Context) -> SafeString:
        """Token against forgery and, for members, the workspace."""
        token = SafeString(super().render(context))
        workspace = context.get("workspace")
        # Pages may use the name for something of their own.
        public_id = getattr(workspace, "public_id", None)
        if public_id is None:
            return token
        return format_html('{}<input type="hidden" name="workspace" value="{}">', token, public_id)


@register.tag
def csrf_token(parser: Parser, token: Token) -> FormTokenNode:
    """Replace Django's tag of the same name."""
    return FormTokenNode()

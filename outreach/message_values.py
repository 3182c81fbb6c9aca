"""What every text may say of its recipient, without declaring it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from outreach.addresses import preferences_address, unsubscribe_address
from outreach.engine.rendering import Compiled, Source, Variable, compile_template, variables_of
from outreach.models import OutreachMessage, OutreachPolicy, TemplateVersion

#: Of the contact; a text that declares one of these itself says what it is there.
OF_CONTACT: Final = (
    Variable("first_name", "text", "Ann", is_required=False),
    Variable("last_name", "text", "Meyer", is_required=False),
    Variable("name", "text", "Ann Meyer", is_required=False),
    Variable("country", "text", "DE", is_required=False),
)


def compiled_of(version: TemplateVersion) -> Compiled:
    """Return a text ready to be written for people.

    Raises
    ------
    TemplateError : it is no text that can be written
    """
    source = Source(
        subject=version.subject,
        preheader=version.preheader,
        text=version.text,
        body=version.body,
        markup=version.markup,  # type: ignore[arg-type]  # the column has the same words
    )
    return _compiled(source, json.dumps(version.variables, sort_keys=True))


@lru_cache(maxsize=64)
def _compiled(source: Source, variables: str) -> Compiled:
    declared = variables_of(json.loads(variables))
    own = {one.name for one in declared}
    return compile_template(
        source, (*declared, *(one for one in OF_CONTACT if one.name not in own))
    )


def values_for(message: OutreachMessage, policy: OutreachPolicy) -> Mapping[str, Any]:
    """Return what stands in the blanks of a message; its own values go before the contact's."""
    contact = message.contact
    return {
        **contact.attributes,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "name": contact.name,
        "country": contact.country,
        **message.variables,
        "unsubscribe_url": unsubscribe_address(message.public_id),
        "preferences_url": preferences_address(message.public_id),
        "sender_name": message.workspace.name,
        "postal_address": policy.postal_address,
    }

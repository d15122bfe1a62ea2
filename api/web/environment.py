"""How templates look things up: an entry of a mapping is never mistaken for one of the mapping's own methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.templating import Environment
from jinja2.runtime import Undefined


class PageEnvironment(Environment):
    """Jinja without its detour: it answers a missing entry called *update* or *items* with the method of that name."""

    def getitem(self, obj: Any, argument: str | Any) -> Any | Undefined:
        """Return ``obj[argument]``, undefined when there is no such entry."""
        if not isinstance(obj, Mapping):
            return super().getitem(obj, argument)
        return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)

    def getattr(self, obj: Any, attribute: str) -> Any | Undefined:
        """Return the entry ``attribute`` of a mapping, else its attribute."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

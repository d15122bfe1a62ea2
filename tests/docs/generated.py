"""Parts of docs/admin.md that the code knows better; ``python -m tests.docs.generated`` writes them anew."""

from __future__ import annotations

import re

from api.identity.roles import ROLES
from api.settings import table
from tests.docs.examples import ROOT

ADMIN = ROOT / "docs" / "admin.md"


def parts() -> dict[str, str]:
    """Return each part by its name."""
    rows = [f"| `{role.id}` | {role.name} | {role.purpose} |" for role in ROLES.values()]
    roles = "\n".join(["| role | name | what it is for |", "|---|---|---|", *rows])
    return {"settings": table(), "roles": roles}


def written(text: str) -> str:
    """Return a page with every part replaced by what the code says. Raises ``ValueError`` if one is missing."""
    for name, part in parts().items():
        pattern = rf"(<!-- {name}: .*?-->\n).*?(\n<!-- end of {name} -->)"
        text, count = re.subn(
            pattern, lambda found, part=part: found[1] + part + found[2], text, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"the page has no part {name}")
    return text


if __name__ == "__main__":
    ADMIN.write_text(written(ADMIN.read_text(encoding="utf-8")), encoding="utf-8")

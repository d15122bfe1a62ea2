"""What all readers of model parts share: names made normal, and a place for findings."""

from __future__ import annotations

from lxml import etree

from engine.dmn.xml import line_of
from engine.findings import Finding


def normal(name: str | None) -> str:
    """Return a FEEL name with its white space made single blanks."""
    return " ".join((name or "").split())


class Findings(list[Finding]):
    """The findings about one file."""

    def __init__(self, file: str) -> None:
        """``file`` is the name to show."""
        super().__init__()
        self.file = file

    def error(self, code: str, element: etree._Element, message: str, advice: str = "") -> None:
        """Add what forbids to use the model."""
        self.append(
            Finding(
                "error",
                code,
                message,
                advice,
                file=self.file,
                element_id=element.get("id"),
                element_name=element.get("name"),
                line=line_of(element),
            )
        )

    def warning(self, code: str, element: etree._Element, message: str, advice: str = "") -> None:
        """Add what is only doubtful."""
        self.error(code, element, message, advice)
        self[-1] = Finding(**{**_fields(self[-1]), "severity": "warning"})  # type: ignore[arg-type]


def _fields(finding: Finding) -> dict[str, object]:
    return {name: getattr(finding, name) for name in Finding.__dataclass_fields__}

"""What the operator's log holds of a fault: its kind and where it happened, never its words, which can be what people wrote."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import TextIO

_LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
_Info = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)  # as ``logging`` has it


class Wordless(logging.Formatter):
    """Writes exceptions as their kinds and the places they passed through, the first cause first."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line as if nobody had formatted the record before: others leave the words of its exception there."""
        record.exc_text = None
        line = super().format(record)
        record.exc_text = None
        return line

    def formatException(self, ei: _Info) -> str:  # noqa: N802
        """Return the chain of exceptions without their messages and without source lines."""
        lines: list[str] = []
        problem = ei[1]
        while problem is not None:
            places = [
                f"  {frame.filename}:{frame.lineno} in {frame.name}"
                for frame in traceback.extract_tb(problem.__traceback__)
            ]
            lines = [f"{type(problem).__module__}.{type(problem).__qualname__} at", *places, *lines]
            problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
        return "\n".join(lines)


def log_to(stream: TextIO) -> None:
    """Have everything logged, from INFO, on ``stream``; libraries that chatter only their errors."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Wordless(_LINE))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR)

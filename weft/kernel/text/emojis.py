"""The community's own emojis in text: what a short code looks like there. Which exist is not known here."""

from __future__ import annotations

import re
from typing import Final

CODE: Final = ":([A-Za-z0-9_]{2,64}):"
_CODES = re.compile(CODE)


def codes_in(*texts: str) -> list[str]:
    """The short codes that the texts name, each once, in order."""
    return list(dict.fromkeys(code for text in texts for code in _CODES.findall(text)))

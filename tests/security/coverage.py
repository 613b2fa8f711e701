"""The table of security requirements and their tests, and the page for people that is written from it.

`python -m tests.security.coverage` writes docs/security.md anew.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("coverage.toml")
PAGE = ROOT / "docs" / "security.md"

# What must be there: the numbers that this state of the program answers.
REQUIRED = (
    *(f"0.{number}" for number in range(1, 11)),
    *("1.1", "1.2", "1.4", "1.5", "1.7", "1.8"),
    *(f"2.{number}" for number in range(1, 9)),
    *(f"4.{number}" for number in range(1, 6)),
    *(f"5.{number}" for number in range(1, 7)),
    *("6.1", "6.2", "6.3", "7.1", "7.4", "8.2", "8.4", "8.5", "8.6"),
    *(f"9.{number}" for number in range(1, 7)),
    *("11.3", "12.1"),
)
PARTS = {
    "0": "Rules that shape the code",
    "1": "Identity and accounts",
    "2": "OAuth, tokens, streaming",
    "4": "Outbound requests",
    "5": "Content and browser",
    "6": "Media",
    "7": "Limits",
    "8": "Operations",
    "9": "Assistant, models, training",
    "11": "Money",
    "12": "Test seams",
}
HEAD = """# Security

What Weft holds to, and the tests that prove it. This page is written from `tests/security/coverage.toml` by
`python -m tests.security.coverage`; a test keeps table, page and tests in step. Tell a hole that you found to the
maintainers in private first.

Three things to know beside the list:

- Without a mail server (`smtp`), mails go to the log, links in them included, so that a fresh install can be used. Keep
  that log to yourself, or set a server. With one, neither texts nor addresses are logged.
- Dependencies are pinned by hash, and a test holds them to it. Whether a known hole is in one of them only a list that
  changes daily can say: run `pip-audit -r requirements/runtime.lock` where you deploy.
- Requirements of parts that do not exist yet (federation, worlds, ads, the hash-match hook for media) are added here
  with the part.
"""


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    says: str
    tests: list[str]


def load() -> dict[str, Requirement]:
    return msgspec.convert(tomllib.loads(TABLE.read_text("utf-8")), dict[str, Requirement])


def names_in(file: str) -> set[str]:
    """The tests of a file, read without running it; none for a file that is not there."""
    path = ROOT / file
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def page(table: dict[str, Requirement]) -> str:
    lines = [HEAD]
    for part, title in PARTS.items():
        lines.append(f"## {part}. {title}\n")
        for number, requirement in table.items():
            if number.partition(".")[0] == part:
                lines.append(f"**{number}** {requirement.says}.")
                lines += [f"- {_in_words(test)}" for test in requirement.tests]
                lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _in_words(test: str) -> str:
    file, _, name = test.partition("::")
    return f"{name.removeprefix('test_').replace('_', ' ')} (`{file.removeprefix('tests/')}`)"


if __name__ == "__main__":
    PAGE.write_text(page(load()), "utf-8")

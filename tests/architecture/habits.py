"""The habits of the house that a machine can check: sizes, the environment, the clock, and statements that say where.

Rules like those of `rules`, but about how code is written rather than about who may do what.
"""

import ast
from collections.abc import Iterator

from tests.architecture.rules import STATEMENT, called, fault, last_name, line_of
from tests.architecture.sources import Source, texts, within

LONGEST_FUNCTION = 40
MOST_PARAMETERS = 5


def functions_fit_a_screen(source: Source) -> Iterator[str]:
    """A function is at most 40 lines long and takes at most 5 things by place, itself not counted."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > LONGEST_FUNCTION:
            yield fault(source, node.lineno, f"{node.name} has {lines} lines")
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        taken = [name for name in names if name not in ("self", "cls")]
        if len(taken) > MOST_PARAMETERS:
            yield fault(source, node.lineno, f"{node.name} takes {len(taken)} things by place")


# Who starts another program hands it an environment; the library that counts takes its folder from there alone.
ENVIRONMENT_OWNERS = ("weft.settings", "weft.infra.postgres", "weft.infra.metrics", "weft.media.processing.sandbox")


def settings_are_read_once(source: Source) -> Iterator[str]:
    """One frozen `Settings` is read once and passed down; nobody else touches the environment."""
    if within(source.module, *ENVIRONMENT_OWNERS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and last_name(node.value) == "os":
            yield fault(source, node.lineno, "reads the environment; settings are passed in")


NOW = frozenset({"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today"})


def time_is_passed_in(source: Source) -> Iterator[str]:
    """What time it is comes from the one clock, so that tests choose it; measuring a span is free."""
    if source.module == "weft.kernel.clock":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = f"{last_name(node.func.value)}.{called(node)}"
            if name in NOW:
                yield fault(source, line_of(node), f"calls {name}; the time is passed in")


SCOPES = ("bucket", "-- shared", "-- all buckets")


def statements_name_their_bucket(source: Source) -> Iterator[str]:
    """A statement names the bucket it works on, or says that it spans all of them or reads a shared table."""
    if within(source.module, "weft.infra"):
        return
    for text, line in texts(source):
        if STATEMENT.match(text) and not any(scope in text for scope in SCOPES):
            yield fault(
                source, line, "names no bucket; a job's statement says `-- all buckets`, a shared one `-- shared`"
            )

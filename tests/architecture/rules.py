"""The rules of the house that a machine can check over one module's syntax tree.

Each rule takes a `Source` and yields what is wrong as `module:line words`. The ranks themselves are import-linter's
(pyproject.toml); these are the insides of a slice, the gates, and what may be caught or written where.
"""

import ast
import re
from collections.abc import Callable, Iterator

from tests.architecture.sources import Source, imports, texts, within

Rule = Callable[[Source], Iterator[str]]

SLICES = (
    *("accounts", "relationships", "media", "ledger", "posts", "notes"),
    *("timelines", "notifications", "search", "previews", "portability", "moderation"),
    *("federation", "assistant", "hub", "ads", "worlds"),
)
COMPOSITION = ("weft.cli", "weft.wiring", "weft.operations")
OPEN_PARTS = ("service", "events", "model")
PARTS = {"routes": 4, "jobs": 4, "service": 3, "queries": 2, "events": 2, "model": 1}


def fault(source: Source, line: int, words: str) -> str:
    return f"{source.module}:{line} {words}"


def slice_part(name: str) -> tuple[str, str] | None:
    """`weft.posts.service.x` is the part `service` of the slice `posts`."""
    parts = name.split(".")
    if len(parts) < 3 or parts[0] != "weft" or parts[1] not in SLICES:
        return None
    return parts[1], parts[2]


def slices_are_entered_by_the_door(source: Source) -> Iterator[str]:
    """From outside a slice only service, events and model; the composition also routes and jobs."""
    composing = within(source.module, *COMPOSITION)
    doors = (*OPEN_PARTS, "routes", "jobs") if composing else OPEN_PARTS
    for target, line in imports(source):
        found = slice_part(target)
        if found and not within(source.module, f"weft.{found[0]}") and found[1] not in doors:
            yield fault(source, line, f"imports {target}; from outside, {found[0]} is {', '.join(doors)}")


def slices_are_ordered_inside(source: Source) -> Iterator[str]:
    """routes | jobs -> service -> queries | events -> model; parts of other names are free."""
    own = slice_part(source.module)
    if not own or own[1] not in PARTS:
        return
    for target, line in imports(source):
        other = slice_part(target)
        if not other or other[0] != own[0] or other[1] == own[1] or other[1] not in PARTS:
            continue
        if PARTS[other[1]] >= PARTS[own[1]]:
            yield fault(source, line, f"{own[1]} imports {other[1]}, which is not below it")


# What opens a connection of its own; the mail port speaks SMTP.
CONNECTING_MODULES = (
    "httpx",
    "httpcore",
    "requests",
    "aiohttp",
    "urllib3",
    "urllib.request",
    "http.client",
    "smtplib",
    "ftplib",
)
CONNECTING_CALLS = frozenset({"open_connection", "create_connection", "open_unix_connection", "sock_connect"})
# The last one's are our own engine's Unix socket, and what goes elsewhere it hands to `fetch`.
CONNECTING_OWNERS = ("weft.infra.http", "weft.infra.connect", "weft.infra.engine.wire")
MAIL_OWNERS = ("weft.infra.mail",)
# The resolver asks names for the guarded client; the supervisor knocks at its own PostgreSQL's socket.
SOCKET_OWNERS = (*CONNECTING_OWNERS, *MAIL_OWNERS, "weft.infra.resolver", "weft.infra.postgres")


def only_fetch_goes_out(source: Source) -> Iterator[str]:
    """`fetch` in weft.infra.http is the one way out, for it checks every address."""
    for target, line in imports(source):
        if within(target, *CONNECTING_MODULES) and not within(source.module, *CONNECTING_OWNERS):
            if within(target, "smtplib") and within(source.module, *MAIL_OWNERS):
                continue
            yield fault(source, line, f"imports {target}; outgoing requests go through weft.infra.http")
    for node in ast.walk(source.tree):
        name = called(node)
        if name in CONNECTING_CALLS and not within(source.module, *SOCKET_OWNERS):
            yield fault(source, line_of(node), f"calls {name}; outgoing requests go through weft.infra.http")


RENDERER = "weft.kernel.text.render"
SANITISER = "weft.kernel.text.sanitise"
MARKDOWN = "weft.kernel.text.markdown"
TAG = re.compile(
    r"</?(p|a|br|span|div|ul|ol|li|blockquote|code|pre|em|strong|h[1-6]|img|script|b|i)(\s[^<>]*)?/?>", re.I
)


def only_render_makes_html(source: Source) -> Iterator[str]:
    """Untrusted text becomes HTML in one module and its sanitiser; pages are templates that escape."""
    if source.module in (RENDERER, SANITISER, MARKDOWN):
        return
    for target, line in imports(source):
        if within(target, "nh3", SANITISER, MARKDOWN) or target.endswith(".Markup"):
            yield fault(source, line, f"imports {target}; HTML is made by {RENDERER}")
    for text, line in texts(source):
        if TAG.search(text):
            yield fault(source, line, f"holds HTML ({text[:30]!r}); HTML is made by {RENDERER}")


SEEING = re.compile(r"_*(can|may)_(see|view|read)|_*is_(visible|readable)|_*visible")


def only_can_see_decides(source: Source) -> Iterator[str]:
    """Who may see an object is one pure function; the audience's visibility is compared nowhere else."""
    if source.module == "weft.relationships.model":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "can_see":
            yield fault(source, node.lineno, "defines can_see; it is weft.relationships.model's")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and SEEING.match(node.name):
            if any(map(is_visibility_compared, ast.walk(node))):
                yield fault(source, node.lineno, f"{node.name} decides by itself who may see; ask can_see")
        elif isinstance(node, ast.Compare) and any(map(is_audience_visibility, (node.left, *node.comparators))):
            yield fault(source, node.lineno, "compares an audience's visibility; ask can_see")


def is_visibility_compared(node: ast.AST) -> bool:
    sides = (node.left, *node.comparators) if isinstance(node, ast.Compare) else ()
    return any(isinstance(side, ast.Attribute) and side.attr == "visibility" for side in sides)


def is_audience_visibility(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "visibility" and last_name(node.value) == "audience"


def only_admit_limits(source: Source) -> Iterator[str]:
    """Only the gate counts what a caller may still do; the router turns its verdict into the refusal.

    Budgets are the ledger's: what is spent is a matter of the books, not of how often somebody asks. So is how long the
    wait for a model is the queue's.
    """
    if source.module == "weft.infra.admit":
        return
    for target, line in imports(source):
        if within(target, "weft.infra.windows") and source.module != "weft.infra.windows":
            yield fault(source, line, "counts in windows of its own; limits are counted by weft.infra.admit")
    if source.module in ("weft.infra.routing.application", "weft.ledger.service", "weft.assistant.queue"):
        return
    for node in ast.walk(source.tree):
        if called(node) == "Limited":
            yield fault(source, line_of(node), "makes a Limited; limits are counted by weft.infra.admit")


def only_post_entry_moves_money(source: Source) -> Iterator[str]:
    """Every movement of money is one balanced entry of the ledger."""
    for text, line in texts(source):
        if re.search(r"\b(update|delete\s+from|truncate)\s+(entries|entry_lines)\b", text, re.I):
            yield fault(source, line, "changes what is in the books; they are only appended to")
        if source.module == "weft.ledger.entries":
            continue
        if re.search(r"\b(insert\s+into|update|delete\s+from)\s+(entries|entry_lines|balances)\b", text, re.I):
            yield fault(source, line, "writes the ledger's tables; movements go through post_entry")


BLIND = frozenset({"Exception", "BaseException"})
# The router's outermost part is `application`. Signals are the dispatcher within a process: the write is done, and one
# listener's fault is not another's. Periodic jobs are dispatched by time instead of by an event.
BLIND_OWNERS = frozenset({"router", "application", "dispatcher", "supervisor", "signals", "periodic", "errands"})


def errors_are_caught_by_kind(source: Source) -> Iterator[str]:
    """Only the router, the dispatcher and the supervisor outlive any error; who cleans up raises again."""
    if BLIND_OWNERS & set(source.module.split(".")):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and is_blind(node.type) and not raises_again(node):
            yield fault(source, node.lineno, "catches every error and goes on")


def is_blind(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(map(is_blind, kind.elts))
    return kind is None or last_name(kind) in BLIND


def raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


STATEMENT = re.compile(
    r"^\s*(select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|create\s+(table|index)\s)",
    re.I,
)
# `SELECT * FROM unnest($1, $2)` names its columns in the call.
EVERY_COLUMN = re.compile(r"\bselect\s+(\w+\.)?\*(?!\s*from\s+unnest\s*\()|\breturning\s+\*", re.I)


def statements_are_constants(source: Source) -> Iterator[str]:
    """SQL is never put together from values, and names its columns."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.JoinedStr) and node.values and is_statement(node.values[0]):
            yield fault(source, node.lineno, "puts SQL together with an f-string")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and is_statement(node.left):
            yield fault(source, node.lineno, "puts SQL together with %")
        elif called(node) == "format" and is_statement(receiver(node)):
            yield fault(source, line_of(node), "puts SQL together with format")
    for text, line in texts(source):
        if EVERY_COLUMN.search(text):
            yield fault(source, line, "selects every column")


def receiver(node: ast.AST) -> ast.AST:
    """What a method is called on."""
    return node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node


def is_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(STATEMENT.match(node.value))


def called(node: ast.AST) -> str:
    """The last name of what a call calls: `open_connection` for `asyncio.open_connection(...)`."""
    return last_name(node.func) if isinstance(node, ast.Call) else ""


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def line_of(node: ast.AST) -> int:
    return node.lineno if isinstance(node, ast.expr | ast.stmt) else 0

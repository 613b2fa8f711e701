"""The rules of the schema, read from the text of the migrations.

Every table says its kind in a comment above it. A table whose rows have an owner begins every key and index with the
owner's bucket, so that the same statements run on one machine and on many (docs: the data design).
"""

import re
from collections.abc import Iterator

KINDS = ("owned", "mirrored", "directory", "shared", "derived")
BUCKETED = ("owned", "mirrored", "directory")

TABLE = re.compile(r"^create\s+table\s+(?:if\s+not\s+exists\s+)?(?:\w+\.)?(\w+)\s*(.*)$", re.I | re.S)
INDEX = re.compile(
    r"^create\s+(unique\s+)?index\b.*?\bon\s+(?:only\s+)?(?:\w+\.)?(\w+)\s*(?:using\s+\w+\s*)?\((.*)$", re.I | re.S
)
ALTER_KEY = re.compile(
    r"^alter\s+table\s+(?:\w+\.)?(\w+)\s.*?\b(primary\s+key|unique|foreign\s+key)\s*\(([^)]*)\)", re.I | re.S
)
KEY = re.compile(r"\b(primary\s+key|unique|foreign\s+key)\s*\(([^)]*)\)", re.I)
COLUMN_KEY = re.compile(r"^\s*(\w+)\s[^,(]*\b(primary\s+key|unique)\b(?!\s*\()", re.I | re.M)
KIND = re.compile(
    r"--\s*kind:\s*(\w+)[^\n]*\n(?:\s*--[^\n]*\n)*\s*create\s+table\s+(?:if\s+not\s+exists\s+)?(?:\w+\.)?(\w+)", re.I
)
FORBIDDEN = re.compile(
    r"\b(bigserial|smallserial|serial|generated\s+(?:always|by\s+default)\s+as\s+identity|create\s+(?:\w+\s+)*trigger|create\s+sequence|create\s+rule)\b",
    re.I,
)


def schema_faults(text: str, known: dict[str, str] | None = None) -> Iterator[str]:
    """What is wrong with one migration; `known` keeps the kinds of the tables of the ones before it."""
    kinds = known if known is not None else {}
    kinds.update({name.lower(): kind.lower() for kind, name in KIND.findall(text)})
    for statement in statements(text):
        yield from _table_faults(statement, kinds)
        yield from _key_faults(statement, kinds)
        if found := FORBIDDEN.search(statement):
            yield f"{found[1]}: ids are made by the program, effects by the outbox"
        if re.search(r"\bselect\s+(\w+\.)?\*", statement, re.I):
            yield "selects every column"


def statements(text: str) -> list[str]:
    """The statements of a migration without comments; migrations hold no function bodies."""
    bare = re.sub(r"--[^\n]*", "", text)
    return [statement.strip() for statement in bare.split(";") if statement.strip()]


def _table_faults(statement: str, kinds: dict[str, str]) -> Iterator[str]:
    table = TABLE.match(statement)
    if not table or re.search(r"\bpartition\s+of\b", statement, re.I):
        return
    name, body = table[1].lower(), table[2]
    kind = kinds.get(name)
    if kind not in KINDS:
        yield f"{name}: no line `-- kind: {'|'.join(KINDS)}` above it"
    if kind not in BUCKETED:
        return
    if not re.search(r"\bbucket\s+smallint\s+not\s+null\b", body, re.I):
        yield f"{name}: no `bucket smallint not null`"
    if not re.search(r"\bprimary\s+key\s*\(", body, re.I):
        yield f"{name}: no primary key over (bucket, ...)"
    for column, key in COLUMN_KEY.findall(body):
        yield f"{name}: {key.lower()} on {column} alone"
    for key, columns in KEY.findall(body):
        if first(columns) != "bucket":
            yield f"{name}: {key.lower()} ({columns.strip()}) does not begin with bucket"


def _key_faults(statement: str, kinds: dict[str, str]) -> Iterator[str]:
    if found := INDEX.match(statement):
        name, columns, key = found[2].lower(), found[3], "index"
    elif found := ALTER_KEY.match(statement):
        name, columns, key = found[1].lower(), found[3], found[2].lower()
    else:
        return
    if kinds.get(name) in BUCKETED and first(columns) != "bucket":
        yield f"{name}: {key} on ({columns.strip(' )')[:40]}) does not begin with bucket"


def first(columns: str) -> str:
    return re.split(r"[,\s)]", columns.strip(), maxsplit=1)[0].lower()

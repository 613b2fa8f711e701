"""The house keeps its shape: ranks, the insides of slices, the five gates, errors, SQL and sizes.

Every rule is run over the whole program, and tried here on one good and one bad line, so that a rule that has gone
blind is noticed.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import habits, rules
from tests.architecture.rules import Rule
from tests.architecture.schema import schema_faults
from tests.architecture.sources import ROOT, python_files, source_of, sources

MIGRATIONS = ROOT / "weft" / "infra" / "db" / "migrations"
LONGEST_FILE = 500

RULES: list[Rule] = [
    rules.slices_are_entered_by_the_door,
    rules.slices_are_ordered_inside,
    rules.only_fetch_goes_out,
    rules.only_render_makes_html,
    rules.only_can_see_decides,
    rules.only_admit_limits,
    rules.only_post_entry_moves_money,
    rules.errors_are_caught_by_kind,
    rules.statements_are_constants,
    habits.functions_fit_a_screen,
    habits.settings_are_read_once,
    habits.time_is_passed_in,
    habits.statements_name_their_bucket,
]

# rule, a module in which the line is right, the line; then the same for a wrong one.
GOOD: list[tuple[Rule, str, str]] = [
    (rules.slices_are_entered_by_the_door, "weft.mastodon.statuses", "from weft.posts import service"),
    (rules.slices_are_entered_by_the_door, "weft.wiring", "from weft.timelines.jobs import handlers"),
    (rules.slices_are_entered_by_the_door, "weft.posts.service", "from . import queries"),
    (rules.slices_are_ordered_inside, "weft.posts.service", "from weft.posts import queries, model"),
    (rules.only_fetch_goes_out, "weft.infra.http", "import httpx"),
    (rules.only_render_makes_html, "weft.kernel.text.render", "import nh3"),
    (rules.only_render_makes_html, "weft.posts.model", "x = 'a < b'"),
    (rules.only_can_see_decides, "weft.relationships.model", "def can_see(audience, facts): ..."),
    (rules.only_can_see_decides, "weft.posts.service", "ok = can_see(post.audience, facts)"),
    (rules.only_admit_limits, "weft.infra.admit", "raise Limited('rate')"),
    (rules.only_admit_limits, "weft.ledger.service", "raise Limited('budget.spent')"),
    (rules.only_post_entry_moves_money, "weft.ads.service", "await post_entry(tx, entry)"),
    (rules.only_post_entry_moves_money, "weft.ledger.entries", "X = 'INSERT INTO entries (bucket) VALUES ($1)'"),
    (rules.errors_are_caught_by_kind, "weft.infra.routing.router", "try: x()\nexcept Exception: pass"),
    (rules.errors_are_caught_by_kind, "weft.posts.service", "try: x()\nexcept Exception:\n    y()\n    raise"),
    (rules.statements_are_constants, "weft.posts.queries", "X = 'SELECT count(*) FROM posts WHERE bucket = $1'"),
    (rules.statements_are_constants, "weft.posts.queries", "X = 'INSERT INTO x SELECT * FROM unnest($1, $2)'"),
    (habits.functions_fit_a_screen, "weft.posts.service", "def f(self, a, b, c, d, e, *, f): ..."),
    (habits.settings_are_read_once, "weft.settings", "x = os.environ['WEFT_PORT']"),
    (habits.time_is_passed_in, "weft.posts.service", "started = time.perf_counter()"),
    (
        habits.statements_name_their_bucket,
        "weft.posts.queries",
        "X = 'DELETE FROM posts WHERE bucket = $1 AND id = $2'",
    ),
    (habits.statements_name_their_bucket, "weft.posts.queries", "X = 'SELECT id FROM rules -- shared'"),
]
BAD: list[tuple[Rule, str, str]] = [
    (rules.slices_are_entered_by_the_door, "weft.mastodon.statuses", "from weft.posts import queries"),
    (rules.slices_are_entered_by_the_door, "weft.wiring", "import weft.timelines.rings"),
    (rules.slices_are_entered_by_the_door, "weft.timelines.service", "from ..posts.queries import load_posts"),
    (rules.slices_are_ordered_inside, "weft.posts.model", "from weft.posts import service"),
    (rules.slices_are_ordered_inside, "weft.posts.queries", "from weft.posts.events import PostCreated"),
    (rules.only_fetch_goes_out, "weft.search.service", "from httpx import AsyncClient"),
    (rules.only_fetch_goes_out, "weft.search.service", "asyncio.open_connection('host', 80)"),
    (rules.only_render_makes_html, "weft.posts.service", "import nh3"),
    (rules.only_render_makes_html, "weft.posts.service", "from weft.kernel.text.sanitise import sanitise_remote"),
    (rules.only_render_makes_html, "weft.posts.service", "x = f'<p>{text}</p>'"),
    (rules.only_can_see_decides, "weft.posts.service", "def can_see(post, viewer): ..."),
    (rules.only_can_see_decides, "weft.posts.service", "ok = post.audience.visibility == Visibility.PUBLIC"),
    (rules.only_can_see_decides, "weft.posts.service", "def is_visible(post): return post.visibility == 0"),
    (rules.only_admit_limits, "weft.posts.service", "raise Limited('rate')"),
    (rules.only_admit_limits, "weft.posts.service", "from weft.infra.windows import Windows"),
    (rules.only_post_entry_moves_money, "weft.ads.service", "X = 'UPDATE balances SET cents = $1'"),
    (rules.only_post_entry_moves_money, "weft.ledger.usage", "X = 'INSERT INTO entry_lines (bucket) VALUES ($1)'"),
    (rules.only_post_entry_moves_money, "weft.ledger.entries", "X = 'UPDATE entries SET memo = $2 WHERE bucket = $1'"),
    (rules.errors_are_caught_by_kind, "weft.posts.service", "try: x()\nexcept Exception: pass"),
    (rules.errors_are_caught_by_kind, "weft.posts.service", "try: x()\nexcept (ValueError, BaseException): pass"),
    (rules.statements_are_constants, "weft.posts.queries", "X = 'SELECT * FROM posts'"),
    (rules.statements_are_constants, "weft.posts.queries", "X = f'SELECT id FROM {table}'"),
    (rules.statements_are_constants, "weft.posts.queries", "X = 'DELETE FROM %s' % table"),
    (rules.statements_are_constants, "weft.posts.queries", "X = 'SELECT id FROM {}'.format(table)"),
    (habits.functions_fit_a_screen, "weft.posts.service", "def f(a, b, c, d, e, f): ..."),
    (habits.functions_fit_a_screen, "weft.posts.service", "def f():\n" + "    x()\n" * 40),
    (habits.settings_are_read_once, "weft.posts.service", "x = os.environ.get('WEFT_PORT')"),
    (habits.time_is_passed_in, "weft.posts.service", "now = datetime.now(UTC)"),
    (habits.statements_name_their_bucket, "weft.posts.queries", "X = 'DELETE FROM posts WHERE id = $1'"),
]


def test_imports_point_down_the_ranks() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_program_keeps_the_rule(rule: Rule) -> None:
    faults = [fault for source in sources() for fault in rule(source)]
    assert not faults, f"{rule.__doc__}\n" + "\n".join(faults)


@pytest.mark.parametrize(("rule", "module", "line"), GOOD)
def test_a_rule_accepts_a_good_line(rule: Rule, module: str, line: str) -> None:
    assert not list(rule(source_of(module, line)))


@pytest.mark.parametrize(("rule", "module", "line"), BAD)
def test_a_rule_refuses_a_bad_line(rule: Rule, module: str, line: str) -> None:
    assert list(rule(source_of(module, line)))


def test_each_rule_is_tried_on_a_good_and_a_bad_line() -> None:
    assert {rule for rule, _, _ in GOOD} == {rule for rule, _, _ in BAD} == set(RULES)


def test_every_table_and_key_follows_the_data_design() -> None:
    kinds: dict[str, str] = {}
    faults = [
        f"{path.name}: {fault}"
        for path in sorted(MIGRATIONS.glob("*.sql"))
        for fault in schema_faults(path.read_text(encoding="utf-8"), kinds)
    ]
    assert not faults, "\n".join(faults)


def test_a_table_with_its_bucket_first_is_accepted() -> None:
    good = """
    -- kind: owned
    -- Posts lie with their author.
    CREATE TABLE posts (
        bucket smallint NOT NULL,
        id bigint NOT NULL,
        author_id bigint NOT NULL,
        PRIMARY KEY (bucket, id),
        FOREIGN KEY (bucket, author_id) REFERENCES accounts (bucket, id)
    );
    CREATE INDEX posts_by_author ON posts (bucket, author_id, id DESC);
    -- kind: shared
    CREATE TABLE rules (id bigint PRIMARY KEY, text text NOT NULL UNIQUE);
    -- kind: derived
    CREATE TABLE search_posts (bucket smallint NOT NULL, post_id bigint, terms text[], PRIMARY KEY (bucket, post_id));
    CREATE INDEX search_terms ON search_posts USING gin (terms);
    """
    assert not list(schema_faults(good))


@pytest.mark.parametrize(
    "bad",
    [
        "CREATE TABLE x (bucket smallint NOT NULL, id bigint, PRIMARY KEY (bucket, id));",
        "-- kind: strange\nCREATE TABLE x (id bigint PRIMARY KEY);",
        "-- kind: owned\nCREATE TABLE x (id bigint, PRIMARY KEY (id));",
        "-- kind: owned\nCREATE TABLE x (bucket smallint NOT NULL, id bigint, PRIMARY KEY (id, bucket));",
        "-- kind: owned\nCREATE TABLE x (bucket smallint NOT NULL, id bigint, PRIMARY KEY (bucket, id), UNIQUE (id));",
        "-- kind: owned\nCREATE TABLE x (\nbucket smallint NOT NULL,\nid bigint UNIQUE,\nPRIMARY KEY (bucket, id));",
        "-- kind: owned\nCREATE TABLE x (bucket smallint NOT NULL, id bigint, PRIMARY KEY (bucket, id));"
        "CREATE INDEX y ON x (id);",
        "-- kind: mirrored\nCREATE TABLE x (bucket smallint NOT NULL, id bigint, PRIMARY KEY (bucket, id));"
        "CREATE UNIQUE INDEX CONCURRENTLY y ON x USING btree (id);",
        "-- kind: shared\nCREATE TABLE x (id bigserial PRIMARY KEY);",
    ],
)
def test_a_table_that_breaks_the_data_design_is_refused(bad: str) -> None:
    assert list(schema_faults(bad))


def test_no_source_file_is_longer_than_500_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files("weft", "bench", "tests")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long, f"split by idea: {long}"

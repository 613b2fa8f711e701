"""Making a new cluster: complete or not there at all.

Everything happens in `pg.new`, which becomes `pg` by one rename, so a machine that goes dark in the middle leaves
nothing that a later start would take for a database.
"""

import os
import shutil
from pathlib import Path

from weft.infra.postgres.binaries import Binaries
from weft.infra.postgres.configuration import ROLE, SUPERUSER
from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.layout import Layout
from weft.infra.postgres.process import end_leftovers, run_tool

# Weft's role owns its database and is no superuser: a fault in a statement must not reach the machine's files.
SET_UP = f"""
CREATE ROLE {ROLE} LOGIN CREATEDB;
GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO {ROLE};
CREATE DATABASE weft OWNER {ROLE};
"""


def create_cluster(layout: Layout, binaries: Binaries) -> None:
    """initdb, the role and the database, the rename, and the note of the major version."""
    fresh = layout.unfinished
    try:
        if fresh.exists():
            # An initdb whose supervisor was killed may still be writing here.
            end_leftovers(fresh)
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        if layout.user.foreign:
            os.chown(fresh, layout.user.uid, layout.user.gid)
    except OSError as problem:
        raise PostgresFailed(f"The folder {fresh} for a new database cannot be made: {problem.strerror}.") from problem
    _initdb(layout, binaries)
    run_tool(
        [binaries.program("postgres"), "--single", "-j", "-D", str(fresh), "-c", "listen_addresses=", "postgres"],
        layout.user,
        fresh,
        SET_UP.replace(";\n", ";\n\n"),
    )
    _check_made(layout, binaries)
    fresh.rename(layout.pg)
    _sync(layout.place)
    write_major(layout, binaries.major)


def write_major(layout: Layout, major: int) -> None:
    """Note the major in one step: a half-written note would lock the operator out."""
    fresh = layout.major_file.with_suffix(".new")
    fresh.write_text(f"{major}\n")
    _sync(fresh)
    fresh.rename(layout.major_file)
    _sync(layout.data)


def _initdb(layout: Layout, binaries: Binaries) -> None:
    argv = [
        binaries.program("initdb"),
        "--pgdata",
        str(layout.unfinished),
        "--username",
        SUPERUSER,
        "--encoding",
        "UTF8",
        "--auth",
        "reject",
        "--data-checksums",
        "--no-instructions",
    ]
    if binaries.major >= 17:
        locale = ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        run_tool(argv + locale, layout.user, layout.unfinished)
        return
    try:
        run_tool([*argv, "--locale", "C", "--lc-ctype", "C.UTF-8"], layout.user, layout.unfinished)
    except PostgresFailed as problem:
        # Not every C library knows C.UTF-8; plain C sorts the same and only folds fewer letters.
        if "locale" not in str(problem):
            raise
        run_tool([*argv, "--locale", "C"], layout.user, layout.unfinished)


def _check_made(layout: Layout, binaries: Binaries) -> None:
    """Single-user mode ends with success even after an error, so ask whether the database is there."""
    question = "SELECT 'made' AS answer FROM pg_database, pg_roles WHERE datname = 'weft' AND rolname = 'weft';\n\n"
    argv = [binaries.program("postgres"), "--single", "-j", "-D", str(layout.unfinished), "postgres"]
    if "made" not in run_tool(argv, layout.user, layout.unfinished, question):
        raise PostgresFailed(f"The new database in {layout.unfinished} has no role or database named weft.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

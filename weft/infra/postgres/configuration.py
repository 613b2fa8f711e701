"""PostgreSQL's settings for a small server that must not lose a write, and who may connect.

The files lie outside the cluster folder, which belongs to the unprivileged user: a root supervisor writes nothing
into a folder where somebody else could have put a link.
"""

import os
from pathlib import Path

import msgspec

from weft.infra.postgres.binaries import Binaries
from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.layout import PORT, Layout
from weft.infra.postgres.people import name_of
from weft.infra.postgres.process import cluster_name

ROLE = "weft"
SUPERUSER = "postgres"

# Only over the closed socket folder, and only people whom the kernel names: no password exists that could leak.
ACCESS = "local all all peer map=weft\n"


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation may want larger than a laptop does."""

    shared_buffers: str = "128MB"
    max_connections: int = 60


FIXED = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Durability: an acknowledged write is on the disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Compressing a page costs more CPU than writing it: a fifth of what a follow costs PostgreSQL.
    "wal_compression": "off",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # No replicas and no logical replication: their processes would only sit there.
    "max_wal_senders": "0",
    "max_replication_slots": "0",
    "max_logical_replication_workers": "0",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "random_page_cost": "1.1",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "wal_buffers": "8MB",
    "update_process_title": "off",
    # The outbox is written and emptied all day: clean it before its index grows dead ends.
    "autovacuum": "on",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.1",
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_vacuum_cost_limit": "1000",
    # Statements and error texts hold what people wrote: the client gets them, the log does not.
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
SINCE_18 = {"io_method": "worker", "io_workers": "1"}


def write_configuration(layout: Layout, binaries: Binaries, tuning: Tuning) -> Path:
    """Write the three files anew, as each start does, and give back the main one."""
    folder = layout.place / "pgconf"
    main = folder / "postgresql.conf"
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        (folder / "hba.conf").write_text(ACCESS)
        (folder / "ident.conf").write_text(_people(layout))
        main.write_text(_settings(layout, binaries, tuning, folder))
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)
    except OSError as problem:
        raise PostgresFailed(f"PostgreSQL's settings cannot be written to {folder}: {problem.strerror}.") from problem
    return main


def _people(layout: Layout) -> str:
    """Who may connect as what: the supervisor's user, and a database user that runs nothing else."""
    names = {name_of(os.geteuid())}
    if layout.user.name != "nobody":
        names.add(layout.user.name)
    lines = [f'weft "{name}" {role}' for name in sorted(names) for role in (ROLE, SUPERUSER)]
    return "\n".join(lines) + "\n"


def _settings(layout: Layout, binaries: Binaries, tuning: Tuning, folder: Path) -> str:
    chosen = FIXED | (SINCE_18 if binaries.major >= 18 else {})
    chosen |= {
        "hba_file": str(folder / "hba.conf"),
        "ident_file": str(folder / "ident.conf"),
        "unix_socket_directories": str(layout.sockets),
        "port": str(PORT),
        "cluster_name": cluster_name(layout.pg),
        "shared_buffers": tuning.shared_buffers,
        "max_connections": str(tuning.max_connections),
    }
    lines = [
        "# Weft writes this file anew at each start. Your own lines belong in operator.conf beside it.",
        f"include {_quoted(str(layout.pg / 'postgresql.conf'))}",
        *(f"{name} = {_quoted(value)}" for name, value in chosen.items()),
    ]
    if (folder / "operator.conf").exists():
        lines.append("include 'operator.conf'")
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"

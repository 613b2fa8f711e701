"""PostgreSQL under Weft's own supervisor: the embedded cluster of a data folder, and checks of a given server.

It starts, watches, restarts and stops one, lends it to command-line tools and dumps it; it runs no statement of Weft.
"""

from weft.infra.postgres.backup import dump, restore
from weft.infra.postgres.binaries import Binaries, find_binaries, find_client
from weft.infra.postgres.borrowing import borrow, running_url
from weft.infra.postgres.check import check_server
from weft.infra.postgres.cluster import Cluster
from weft.infra.postgres.configuration import Tuning
from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.lock import lock_data_folder

__all__ = [
    "Binaries",
    "Cluster",
    "PostgresFailed",
    "Tuning",
    "borrow",
    "check_server",
    "dump",
    "find_binaries",
    "find_client",
    "lock_data_folder",
    "restore",
    "running_url",
]

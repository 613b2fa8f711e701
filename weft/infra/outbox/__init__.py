"""The outbox: what stored events cause is carried out once, by one worker per range of buckets.

Periodic jobs, which no event starts, are in ``infra/periodic``.
"""

from weft.infra.outbox.dispatcher import Counts, Dispatcher, Handle, Handler
from weft.infra.outbox.queue import Buckets, backlog, range_of, wait_until_empty

__all__ = ["Buckets", "Counts", "Dispatcher", "Handle", "Handler", "backlog", "range_of", "wait_until_empty"]

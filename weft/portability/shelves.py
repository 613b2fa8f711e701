"""What portability needs of lists and filters. They live in a slice of its own rank, which it may not import, so the
program's composition hands it these functions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from weft.infra.db import Db, Reader
from weft.kernel.ids import AccountId
from weft.portability.model import NamedList, WordFilter


@dataclass(frozen=True, kw_only=True)
class Shelves:
    """Each function is its slice's own, with its refusals."""

    load_lists: Callable[[Reader, AccountId], Awaitable[Sequence[NamedList]]]
    load_members: Callable[[Reader, int], Awaitable[Sequence[int]]]
    load_filters: Callable[[Reader, AccountId], Awaitable[Sequence[WordFilter]]]
    create_list: Callable[[Db, AccountId, str], Awaitable[NamedList]]
    delete_list: Callable[[Db, AccountId, int], Awaitable[None]]
    add_members: Callable[[Db, AccountId, int, Sequence[int]], Awaitable[None]]
    remove_members: Callable[[Db, AccountId, int, Sequence[int]], Awaitable[None]]

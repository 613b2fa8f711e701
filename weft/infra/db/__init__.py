"""The database port: transactions that name their bucket, reads that may span buckets, and numbered migrations."""

from asyncpg import NotNullViolationError as MissingValue
from asyncpg import NumericValueOutOfRangeError as OutOfRange
from asyncpg import UniqueViolationError as DuplicateKey

from weft.infra.db.pool import Db, Reader, Row, Tx, open_db

__all__ = ["Db", "DuplicateKey", "MissingValue", "OutOfRange", "Reader", "Row", "Tx", "open_db"]

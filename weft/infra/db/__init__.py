"""The database port: transactions that name their bucket, reads that may span buckets, and numbered migrations."""

from weft.infra.db.pool import Db, Reader, Row, Tx, open_db

__all__ = ["Db", "Reader", "Row", "Tx", "open_db"]

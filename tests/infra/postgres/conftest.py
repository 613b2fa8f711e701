"""Folders and clusters for the tests of the embedded PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.postgres.support import open_folder, running
from weft.infra.postgres import Cluster


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder without a cluster."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    """A running cluster for the tests that only use one."""
    with open_folder() as folder, running(folder) as cluster:
        yield cluster

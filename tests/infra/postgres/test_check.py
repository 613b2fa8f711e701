"""What is said about a server given by --database."""

from __future__ import annotations

import socket

import pytest

from tests.infra.postgres.support import ask
from weft.infra.postgres import Cluster, PostgresFailed, check_server


def test_a_fitting_server_is_taken(shared: Cluster) -> None:
    check_server(shared.url)


def test_a_database_in_another_encoding_is_refused(shared: Cluster) -> None:
    ask(shared.url, "CREATE DATABASE old ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0")
    with pytest.raises(PostgresFailed, match=r"/old cannot be used: its encoding is LATIN1, and Weft needs UTF8"):
        check_server(shared.url.replace("/weft?", "/old?"))


def test_a_server_too_old_is_refused(shared: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weft.infra.postgres.check.OLDEST", 99)
    with pytest.raises(PostgresFailed, match="runs PostgreSQL 18, and Weft needs 99 or newer"):
        check_server(shared.url)


def test_a_port_where_nothing_listens_is_named_without_the_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(PostgresFailed, match=f"127.0.0.1:{port}/weft cannot be used: nothing answers") as caught:
            check_server(f"postgresql://ann:hunter2@127.0.0.1:{port}/weft")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://db/weft", "weft", "postgresql://db:port/weft"])
def test_words_that_are_no_url_of_postgresql_are_refused(url: str) -> None:
    with pytest.raises(PostgresFailed, match="cannot be used"):
        check_server(url)


def test_an_absent_database_is_named(shared: Cluster) -> None:
    with pytest.raises(PostgresFailed, match="refuses the connection"):
        check_server(shared.url.replace("/weft?", "/absent?"))

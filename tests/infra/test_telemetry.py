from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from weft.infra.telemetry import clean, set_up_logs, shorten_address


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_a_line_is_one_json_object(lines: io.StringIO) -> None:
    set_up_logs("json", "info", lines)
    structlog.get_logger().info("delivery.failed", host="other.example", attempt=3)
    written = json.loads(lines.getvalue())
    assert (written["event"], written["level"], written["host"], written["attempt"]) == (
        "delivery.failed",
        "info",
        "other.example",
        3,
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_and_people_stay_out(lines: io.StringIO, form: str) -> None:
    set_up_logs(form, "info", lines)
    structlog.get_logger().info(
        "x", access_token="SECRET", password="SECRET", email="SECRET@here", ip="203.0.113.77", payload=b"SECRET"
    )
    assert "SECRET" not in lines.getvalue()
    assert "203.0.113.77" not in lines.getvalue()
    assert "203.0.113.0/24" in lines.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_value_can_begin_a_line_or_colour_the_screen(lines: io.StringIO, form: str) -> None:
    set_up_logs(form, "info", lines)
    structlog.get_logger().info("x", host="a\n2026 level=error event=forged \x1b[31m\u202e\u2028")
    assert lines.getvalue().count("\n") == 1
    assert not {"\x1b", "\u202e", "\u2028"} & set(lines.getvalue())


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_fault_shows_its_place_and_not_its_words(lines: io.StringIO, form: str) -> None:
    set_up_logs(form, "info", lines)
    try:
        raise ValueError("what somebody wrote")
    except ValueError:
        structlog.get_logger().exception("x")
    assert "test_telemetry.py" in lines.getvalue()
    assert "ValueError" in lines.getvalue()
    assert "somebody" not in lines.getvalue()
    assert lines.getvalue().count("\n") == 1


def test_the_lines_of_libraries_take_the_same_way(lines: io.StringIO) -> None:
    set_up_logs("json", "info", lines)
    logging.getLogger("some.library").warning("careful\n%s", "now")
    written = json.loads(lines.getvalue())
    assert (written["event"], written["said"]) == ("library.some.library", "careful\\u000anow")


def test_quiet_levels_are_left_out(lines: io.StringIO) -> None:
    set_up_logs("text", "warning", lines)
    structlog.get_logger().info("x")
    assert lines.getvalue() == ""


def test_addresses_keep_only_their_network() -> None:
    assert shorten_address("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert shorten_address("no address") == "[removed]"


def test_long_values_end() -> None:
    assert len(clean("x" * 100_000)) < 600

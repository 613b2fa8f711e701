"""Reads ``multipart/form-data`` while it arrives: plain fields become pairs, parts with a file name become uploads.
The number of parts and the size of their headers are bounded here; the size of the whole is bounded by the caller.
"""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from weft.infra.routing.nesting import MAX_PAIRS, Pair
from weft.infra.routing.table import Upload
from weft.kernel.errors import Malformed

MAX_FILES = 16
MAX_PART_HEADERS = 8
MAX_HEADER_BYTES = 4096
MAX_BOUNDARY = 200


class MultipartReader:
    """``feed`` each chunk, then ``finish``; the results are ``pairs`` and ``files``."""

    def __init__(self, content_type: bytes) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not 0 < len(boundary) <= MAX_BOUNDARY:
            raise Malformed("body.unreadable")
        self.pairs: list[Pair] = []
        self.files: dict[str, Upload] = {}
        self._headers: dict[bytes, bytes] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._data = bytearray()
        self._ended = False
        self._parts = 0
        self._uploads = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._end_header,
                "on_part_data": self._on_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
            max_header_count=MAX_PART_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except (FormParserError, ValueError):
            raise Malformed("body.unreadable") from None

    def finish(self) -> None:
        """Refuse a body that stops before its closing boundary."""
        if not self._ended:
            raise Malformed("body.unreadable")

    def _begin(self) -> None:
        self._headers = {}
        self._data = bytearray()
        self._parts += 1
        if self._parts > MAX_PAIRS or self._uploads > MAX_FILES:
            raise Malformed("params.too_many")

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _end(self) -> None:
        self._ended = True

    def _end_part(self) -> None:
        options = parse_options_header(self._headers.get(b"content-disposition"))[1]
        name = _text(options.get(b"name", b""))
        if b"filename" not in options:
            self.pairs.append((name, _text(bytes(self._data))))
            return
        filename = options[b"filename"].decode("utf-8", "replace").replace("\0", "")
        # A form sends an empty part without a file name for a file field that nobody filled in.
        if filename or self._data:
            self._uploads += 1
            kind = self._headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
            self.files[name] = Upload(filename, kind, bytes(self._data))


def _text(data: bytes) -> str:
    if b"\0" in data:
        raise Malformed("params.unreadable")
    try:
        return data.decode("utf-8")
    except UnicodeError:
        raise Malformed("params.unreadable") from None

"""Which parser reads a file: its first bytes decide, and the end of its name must agree with them.

Whatever is on no list here is refused: pickles and the archives that hold them, programs, pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final

from weft.hub.formats.gguf import MAGIC, read_gguf
from weft.hub.formats.plain import read_json, read_text
from weft.hub.formats.safetensors import read_safetensors
from weft.hub.formats.source import Facts, Refused, Source, refuse

Read = Callable[[Source], Facts]
# End of the name -> parser. Of safetensors the first eight bytes are a length, so the name speaks first.
_ENDINGS: Final[dict[str, Read]] = {
    "gguf": read_gguf,
    "safetensors": read_safetensors,
    "json": read_json,
    "txt": read_text,
    "md": read_text,
}
ENDINGS: Final = tuple(_ENDINGS)
_PICKLES: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_START: Final = 4


def ending_of(name: str) -> str:
    return name.rpartition(".")[2].lower()


def read_file(file: BinaryIO, size: int, ending: str) -> Facts:
    """The facts of an open file, read from where it stands.

    Raises:
        Refused: it is nothing that the hub holds, or something in it does not hold.
    """
    start = file.read(_START)
    if start.startswith(_PICKLES):
        refuse("pickle")
    read = _ENDINGS.get(ending)
    if read is None or (start == MAGIC) != (ending == "gguf"):
        refuse("format")
    file.seek(0)
    source = Source(file, size)
    if ending == "gguf":
        source.take(_START)
    try:
        return read(source)
    except MemoryError:
        raise Refused("complex") from None

"""What ffprobe says of a film or a sound, parsed into bounded types and checked against our budgets."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from weft.kernel.errors import Invalid
from weft.media.processing import jail, sniff
from weft.media.processing.results import Shape
from weft.media.processing.sandbox import MEBIBYTE, Limits

VIDEO_PIXELS: Final = 3840 * 2160
VIDEO_SECONDS: Final = 600
AUDIO_SECONDS: Final = 3600
PROBE_LIMITS: Final = Limits(memory=1024 * MEBIBYTE, cpu_seconds=20, descriptors=64, processes=None)
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?(/[0-9]{1,12})?", re.ASCII)
_FIELDS: Final = (
    "format=duration,bit_rate:stream=index,codec_type,width,height,avg_frame_rate:stream_disposition=attached_pic"
)


class Disposition(msgspec.Struct, frozen=True):
    attached_pic: int = 0


class Stream(msgspec.Struct, frozen=True):
    index: int
    codec_type: str = ""
    width: int = 0
    height: int = 0
    avg_frame_rate: str = "0/0"
    disposition: Disposition = Disposition()

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second on average; 30 when the file does not say."""
        return Fraction(_number(self.avg_frame_rate) or 30).limit_denominator(1001)


class Container(msgspec.Struct, frozen=True):
    duration: str = ""
    bit_rate: str = ""


class Probe(msgspec.Struct, frozen=True):
    """A file's streams; a cover picture inside a sound does not count as video."""

    streams: list[Stream] = []
    format: Container = Container()

    @property
    def video(self) -> Stream | None:
        films = (one for one in self.streams if one.codec_type == "video" and not one.disposition.attached_pic)
        return next(films, None)

    @property
    def audio(self) -> Stream | None:
        return next((one for one in self.streams if one.codec_type == "audio"), None)

    @property
    def seconds(self) -> float:
        """The claimed length; 0 when the file does not say, as recordings of browsers do not."""
        return _number(self.format.duration)

    @property
    def shape(self) -> Shape:
        seconds, bitrate = self.seconds or None, int(_number(self.format.bit_rate)) or None
        if self.video is None:
            return Shape(duration=seconds, bitrate=bitrate)
        width, height, rate = self.video.width, self.video.height, self.video.frame_rate
        return Shape(
            width=width,
            height=height,
            size=f"{width}x{height}",
            aspect=width / height,
            frame_rate=f"{rate.numerator}/{rate.denominator}",
            duration=seconds,
            bitrate=bitrate,
        )


async def probe(ffprobe: Path, folder: Path, name: str, demuxer: str) -> Probe:
    command = [str(ffprobe), "-v", "error", "-of", "json", "-show_entries", _FIELDS]
    command += ["-protocol_whitelist", "file", "-f", demuxer, "-i", f"file:{name}"]
    try:
        return msgspec.json.decode(await jail.run_jailed(command, folder, PROBE_LIMITS, seconds=20), type=Probe)
    except msgspec.MsgspecError as error:
        raise Invalid("media.broken") from error


def check_probe(found: Probe) -> None:
    """Refuse what is too long, too large, or has nothing to see or hear."""
    if found.video is None and found.audio is None:
        raise Invalid("media.broken")
    limit = AUDIO_SECONDS if found.video is None else VIDEO_SECONDS
    if found.seconds > limit:
        raise Invalid("media.too_long", limit=limit)
    if found.video is None:
        return
    width, height = found.video.width, found.video.height
    if min(width, height) < 2:
        raise Invalid("media.broken")
    if max(width, height) > sniff.IMAGE_SIDE or width * height > VIDEO_PIXELS:
        raise Invalid("media.dimensions", limit=VIDEO_PIXELS)


def _number(text: str) -> float:
    """A number or a fraction as ffprobe writes them; anything else, such as ``N/A``, is 0."""
    if _NUMBER.fullmatch(text) is None:
        return 0.0
    upper, _, lower = text.partition("/")
    divisor = float(lower or 1)
    return float(upper) / divisor if divisor else 0.0

"""Films and sounds by ffmpeg, where it is installed: always encoded anew, to what every browser plays.

ffmpeg runs in a jail with one folder, no network and hard limits; the demuxer is fixed by the file's first bytes, so
playlists and other formats that name further files are never even considered.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import Final

import msgspec

from weft.kernel.errors import Invalid, WeftError
from weft.media.processing import jail
from weft.media.processing.probe import AUDIO_SECONDS, VIDEO_SECONDS, Probe, check_probe, probe
from weft.media.processing.results import Kind, Shape
from weft.media.processing.sandbox import MEBIBYTE, Limits, give_away
from weft.media.processing.sniff import VIDEO_BYTES, Format

LONGEST_SIDE: Final = 1920
TRANSCODE_SECONDS: Final = 900.0
BITS_PER_SECOND: Final = 4_000_000
_DEMUXERS: Final = {Format.GIF: "gif", Format.MOV: "mov", Format.MATROSKA: "matroska", Format.OGG: "ogg"} | {
    Format.MP3: "mp3",
    Format.WAV: "wav",
    Format.FLAC: "flac",
}
_DECODERS: Final = (
    "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg4,theora,mjpeg,png,gif,"
    "aac,mp3,mp3float,opus,libopus,vorbis,flac,alac,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_u8,pcm_s16be"
)
_QUIET: Final = ("-v", "error", "-nostdin", "-hide_banner", "-y")
_BARE: Final = ("-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact")
# Irregular GIFs claim anything; below this rate their short frames would be lost.
GIF_RATE: Final = 20
HIGHEST_RATE: Final = 60
_SCALE: Final = (
    f"scale=w='min({LONGEST_SIDE},iw)':h='min({LONGEST_SIDE},ih)'"
    ":force_original_aspect_ratio=decrease:force_divisible_by=2,format=yuv420p"
)


class Tools(msgspec.Struct, frozen=True):
    ffmpeg: Path
    ffprobe: Path


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """A finished file in the scratch folder, which now belongs to the receiver, and a frame to show before playing."""

    kind: Kind
    path: Path
    suffix: str
    shape: Shape
    poster: bytes | None = None


def find_tools() -> Tools | None:
    ffmpeg, ffprobe = shutil.which("ffmpeg"), shutil.which("ffprobe")
    if ffmpeg is None or ffprobe is None:
        return None
    return Tools(Path(ffmpeg).resolve(), Path(ffprobe).resolve())


async def tools_work(tools: Tools, scratch: Path) -> bool:
    """Whether ffmpeg runs behind our walls and can make what we serve; a build without x264 cannot."""
    with jail.private_folder(scratch) as folder:
        try:
            listed = await jail.run_jailed([str(tools.ffmpeg), "-v", "error", "-encoders"], folder, _limits(), 20)
            await jail.run_jailed([str(tools.ffprobe), "-v", "error", "-version"], folder, _limits(), 20)
        except WeftError:
            return False
    return b" libx264 " in listed and b" aac " in listed


async def convert(tools: Tools, scratch: Path, source: bytes | Path, kind: Format) -> Converted:
    """Encode a file anew. The source is copied, so that the jail never holds the upload itself."""
    with jail.private_folder(scratch) as folder:
        await asyncio.to_thread(_place_input, source, folder / "in")
        found = await probe(tools.ffprobe, folder, "in", _DEMUXERS[kind])
        check_probe(found)
        suffix = "m4a" if found.video is None else "mp4"
        await _run(tools, folder, _encode_arguments(found, kind))
        made = await probe(tools.ffprobe, folder, "out", "mov")
        check_probe(made)
        poster = None if made.video is None else await _poster(tools, folder)
        path = await asyncio.to_thread(_take_output, folder / "out", scratch, suffix)
    what = Kind.GIFV if kind is Format.GIF else Kind.AUDIO if made.video is None else Kind.VIDEO
    return Converted(kind=what, path=path, suffix=suffix, shape=made.shape, poster=poster)


def _encode_arguments(found: Probe, kind: Format) -> list[str]:
    start = ["-threads", "2", "-protocol_whitelist", "file", "-codec_whitelist", _DECODERS]
    start += ["-f", _DEMUXERS[kind], "-i", "file:in"]
    end = [*_BARE, "-movflags", "+faststart", "-f", "mp4", "file:out"]
    sound = ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-flags:a", "+bitexact"]
    if found.video is None:
        return [*start, "-map", "0:a:0", "-vn", "-t", str(AUDIO_SECONDS), *sound, *end]
    seconds = found.seconds or VIDEO_SECONDS
    rate = int(min(BITS_PER_SECOND, VIDEO_BYTES * 8 * 0.9 / seconds - 128_000))
    lowest = GIF_RATE if kind is Format.GIF else 1
    frames = min(HIGHEST_RATE, max(lowest, found.video.frame_rate))
    picture = ["-vf", f"fps={frames},{_SCALE}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "25"]
    picture += ["-maxrate", str(rate), "-bufsize", str(rate * 2), "-flags:v", "+bitexact", "-threads", "2"]
    streams = ["-map", f"0:{found.video.index}", "-map", "0:a:0?", "-t", str(VIDEO_SECONDS)]
    return [*start, *streams, *picture, *sound, *end]


async def _poster(tools: Tools, folder: Path) -> bytes:
    """The most typical of the first frames, as a JPEG for our own picture worker."""
    command = ["-protocol_whitelist", "file", "-f", "mov", "-i", "file:out", "-map", "0:v:0"]
    command += ["-vf", "thumbnail=24", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"]
    return await _run(tools, folder, [*command, *_BARE, "-f", "image2pipe", "pipe:1"])


async def _run(tools: Tools, folder: Path, arguments: list[str]) -> bytes:
    command = [str(tools.ffmpeg), *_QUIET, *arguments]
    return await jail.run_jailed(command, folder, _limits(), TRANSCODE_SECONDS)


def _limits() -> Limits:
    # Processes are counted per user: as ourselves, ours would count too.
    processes = 256 if os.geteuid() == 0 else None
    return Limits(memory=2048 * MEBIBYTE, cpu_seconds=1800, file_bytes=VIDEO_BYTES, descriptors=64, processes=processes)


def _place_input(source: bytes | Path, place: Path) -> None:
    if isinstance(source, Path):
        shutil.copyfile(source, place)
    else:
        place.write_bytes(source)
    place.chmod(0o400)
    give_away(place)


def _take_output(made: Path, scratch: Path, suffix: str) -> Path:
    """Move the result out of the jail's reach, then look: a link or a folder is a break-in's work, not a film."""
    taken = made.rename(scratch / f"{secrets.token_hex(16)}.{suffix}")
    state = taken.lstat()
    if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
        raise Invalid("media.broken")
    os.chown(taken, os.geteuid(), os.getegid(), follow_symlinks=False)
    taken.chmod(0o600)
    return taken

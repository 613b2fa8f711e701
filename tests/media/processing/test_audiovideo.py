"""Films and sounds: what ffmpeg makes of them, what is refused, and that nothing is left lying about."""

import asyncio
import io
import os
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from weft.infra.blobs import Blobs
from weft.kernel.errors import Invalid
from weft.media.processing import audiovideo, probe
from weft.media.processing.pool import MediaPool
from weft.media.processing.results import Kind, Processed
from weft.media.processing.storing import store

pytestmark = pytest.mark.skipif(audiovideo.find_tools() is None, reason="ffmpeg is not installed on this machine")

MakeFilm = Callable[..., bytes]


@pytest.fixture
async def film_pool(tmp_path: Path) -> AsyncIterator[MediaPool]:
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o700)
    pool = MediaPool(scratch)
    if not await pool.ffmpeg_works():
        pytest.skip("ffmpeg is installed but cannot run behind the walls, or lacks x264")
    yield pool
    await pool.close()
    assert [path for path in scratch.iterdir() if path.is_dir()] == []


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> MakeFilm:
    def make(suffix: str, *options: str, inputs: tuple[str, ...] = ("testsrc=d=1:s=160x120:r=10",)) -> bytes:
        path = tmp_path_factory.mktemp("film") / f"made.{suffix}"
        sources = [part for one in inputs for part in ("-f", "lavfi", "-i", one)]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *sources, *options, str(path)], check=True, timeout=60)
        return path.read_bytes()

    return make


def path_of(made: Processed) -> Path:
    content = made.files["original"].content
    assert isinstance(content, Path)
    return content


def described(path: Path) -> probe.Probe:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(path)]
    return msgspec.json.decode(subprocess.run(command, capture_output=True, check=True).stdout, type=probe.Probe)


SOUND = "sine=d=1:f=440"
BOTH = ("testsrc=d=1:s=160x120:r=10", SOUND)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("mp4", ["-c:v", "libx264", "-c:a", "aac"]),
        ("mov", ["-c:v", "mpeg4", "-c:a", "aac"]),
        ("webm", ["-c:v", "libvpx", "-c:a", "libopus", "-deadline", "realtime"]),
        ("mkv", ["-c:v", "libx264", "-c:a", "flac"]),
    ],
)
async def test_films_become_mp4_with_a_still_to_show_first(film_pool, film, suffix: str, options: list[str]):
    made = await film_pool.process_attachment(film(suffix, *options, inputs=BOTH))
    assert made.kind is Kind.VIDEO
    path = path_of(made)
    assert made.files["original"].suffix == "mp4" and path.read_bytes()[4:8] == b"ftyp"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.stat().st_uid == os.geteuid()
    found = described(path)
    assert found.video is not None and found.audio is not None
    shape = made.meta.original
    assert (shape.size, shape.frame_rate) == ("160x120", "10/1")
    assert shape.duration == pytest.approx(1, abs=0.2) and (shape.bitrate or 0) > 0
    assert made.blurhash and made.meta.small is not None and made.meta.small.size == "160x120"
    small = made.files["small"].content
    assert isinstance(small, bytes) and Image.open(io.BytesIO(small)).size == (160, 120)
    path.unlink()


@pytest.mark.parametrize(
    ("suffix", "options"),
    [("mp3", []), ("ogg", ["-c:a", "libvorbis"]), ("opus", []), ("flac", []), ("wav", []), ("m4a", [])],
)
async def test_sounds_become_m4a(film_pool, film, suffix: str, options: list[str]):
    made = await film_pool.process_attachment(film(suffix, *options, inputs=(SOUND,)))
    assert made.kind is Kind.AUDIO
    assert set(made.files) == {"original"} and made.files["original"].suffix == "m4a"
    assert made.meta.original.duration == pytest.approx(1, abs=0.2) and made.meta.original.width is None
    assert made.blurhash is None
    path_of(made).unlink()


async def test_a_cover_inside_a_sound_does_not_make_it_a_film(film_pool, film):
    data = film("mp3", "-map", "0:a", "-map", "1:v", "-c:v", "mjpeg", inputs=(SOUND, "color=s=64x64:d=0.1:r=10"))
    made = await film_pool.process_attachment(data)
    assert made.kind is Kind.AUDIO
    path_of(made).unlink()


async def test_a_moving_gif_becomes_a_film_and_a_still_one_a_picture(film_pool, moving, encoded):
    made = await film_pool.process_attachment(moving("GIF", size=(121, 81)))
    assert made.kind is Kind.GIFV
    assert made.meta.original.size == "120x80"
    found = described(path_of(made))
    assert found.video is not None and found.audio is None
    assert set(made.files) == {"original", "small"} and made.blurhash
    path_of(made).unlink()
    still = await film_pool.process_attachment(encoded(Image.new("RGB", (100, 100), "red"), "GIF"))
    assert still.kind is Kind.IMAGE and isinstance(still.files["original"].content, bytes)


async def test_large_films_are_made_smaller_and_turned_upright(film_pool, film):
    data = film("mp4", "-c:v", "libx264", "-preset", "ultrafast", inputs=("testsrc=d=0.2:s=2400x1200:r=10",))
    made = await film_pool.process_attachment(data)
    assert made.meta.original.size == "1920x960"
    path_of(made).unlink()


async def test_what_a_film_says_of_its_maker_is_removed(film_pool, film):
    secrets = ["title=secretname", "location=+37.5+127.0/", "comment=secretplace"]
    data = film("mp4", *[part for one in secrets for part in ("-metadata", one)], inputs=BOTH)
    assert b"secretname" in data
    made = await film_pool.process_attachment(data)
    content = path_of(made).read_bytes()
    assert [word for word in (b"secret", b"37.5", b"Lavf") if word in content] == []
    path_of(made).unlink()


async def test_films_that_end_early_or_are_nonsense_are_refused(film_pool, film):
    whole = film("mp4", "-movflags", "+faststart", inputs=BOTH)
    for data in (whole[:40], whole[:600], b"OggS" + os.urandom(500), b"\x1aE\xdf\xa3" + os.urandom(500)):
        with pytest.raises(Invalid):
            await film_pool.process_attachment(data)


async def test_films_that_are_too_long_or_too_large_are_refused_by_their_header(film_pool, film):
    long = film("mp4", "-c:v", "libx264", "-preset", "ultrafast", inputs=("color=d=700:s=16x16:r=1",))
    with pytest.raises(Invalid, match=r"media\.too_long"):
        await film_pool.process_attachment(long)
    large = film("mp4", "-c:v", "mpeg4", "-frames:v", "1", inputs=("color=s=4096x4096",))
    with pytest.raises(Invalid, match=r"media\.dimensions"):
        await film_pool.process_attachment(large)


async def test_a_playlist_in_disguise_reads_no_file(film_pool, tmp_path: Path):
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret line")
    playlist = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile://" + bytes(secret) + b"\n#EXT-X-ENDLIST\n"
    for start in (b"", b"ID3\x04\0\0\0\0\0\0", b"OggS", b"\0\0\0\x20ftypisom", b"\xff\xfb"):
        with pytest.raises(Invalid):
            await film_pool.process_attachment(start + playlist)


async def test_a_film_given_up_leaves_nothing_behind(film_pool, film, tmp_path: Path):
    data = film("mp4", "-c:v", "libx264", "-preset", "ultrafast", inputs=("testsrc=d=10:s=1280x720:r=30",))
    job = asyncio.create_task(film_pool.process_attachment(data))
    await asyncio.sleep(0.6)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_a_finished_film_becomes_a_blob_by_rename(film, tmp_path: Path):
    blobs = Blobs(tmp_path / "blobs")
    pool = MediaPool(blobs.scratch)
    made = await pool.process_attachment(film("mp4"))
    names = await store(blobs, made)
    assert set(names) == {"original", "small"} and names["original"].endswith(".mp4")
    assert set(blobs.names()) == set(names.values()) and list(blobs.scratch.iterdir()) == []
    await pool.close()


def test_tools_are_looked_for_where_programs_are(monkeypatch):
    assert shutil.which("ffmpeg")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert audiovideo.find_tools() is None

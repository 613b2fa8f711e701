"""Two drawings that move: a thread over and under, as a GIF, and a shuttle crossing a loom, as a short film.

The film is made with ffmpeg, and only where it is found.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from weft.operations.demo.canvas import Canvas

FRAMES: Final = 24
THROWS: Final = 6
FILM: Final = "film"
GIF: Final = "gif"


def can_film() -> bool:
    return shutil.which("ffmpeg") is not None


def draw_gif() -> bytes:
    frames = [_over_and_under(number / (FRAMES - 1)) for number in range(FRAMES)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=90, loop=0)
    return out.getvalue()


def _over_and_under(part: float) -> Image.Image:
    canvas = Canvas(360, 240, "linen", 1)
    for number in range(5):
        canvas.box(44 + number * 62, 0, 26, 240, "#FCFBF8")
    end = 360 * min(1.0, part * 1.25)
    canvas.box(0, 104, end, 32, "madder")
    for number in range(0, 5, 2):
        canvas.box(44 + number * 62, 100, 26, 40, "#FCFBF8")
    canvas.disc(end, 120, 22, "ochre")
    return canvas.small().quantize(32)


def draw_film() -> bytes:
    """An MP4 of a few seconds without sound."""
    program = shutil.which("ffmpeg")
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        command = [
            program,
            "-v",
            "error",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-s",
            "480x320",
            "-r",
            "12",
            "-i",
            "-",
        ]
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
        frames = b"".join(_throw(number).tobytes() for number in range(THROWS * 12))
        subprocess.run([*command, str(path)], input=frames, check=True, timeout=60)
        return path.read_bytes()


def _throw(number: int) -> Image.Image:
    done, step = divmod(number, 12)
    canvas = Canvas(480, 320, "linen", 1)
    for x in range(8, 480, 16):
        canvas.line([(x, 0), (x, 320)], "#FCFBF8", 5)
    inks = ("madder", "indigo", "weld", "woad", "saffron", "plum")
    for row in range(done):
        top = 290 - row * 22
        for column in range(30):
            if (row + column) % 2:
                canvas.box(column * 16 + 1, top, 15, 18, inks[row % 6], radius=5)
    y = 298.0 - done * 22
    across = 480 * step / 11 if done % 2 == 0 else 480 * (1 - step / 11)
    canvas.line([(0.0 if done % 2 == 0 else 480.0, y), (across, y)], inks[done % 6], 6)
    canvas.shape(
        [
            (across - 44, y),
            (across - 20, y - 11),
            (across + 20, y - 11),
            (across + 44, y),
            (across + 20, y + 11),
            (across - 20, y + 11),
        ],
        "walnut",
    )
    return canvas.small()

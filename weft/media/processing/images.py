"""From an uploaded picture to the ones that are served; runs inside a worker, never in the server.

Nothing of the upload survives but its pixels: orientation and colour profile are applied, then all metadata goes.
A JPEG stays a JPEG: encoding three megapixels takes 10 ms of CPU, as WebP 140 to 160. Everything else becomes WebP.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Iterator
from typing import Final, Literal, cast

from PIL import AvifImagePlugin, GifImagePlugin, Image, ImageCms, ImageOps, ImageSequence, JpegImagePlugin, features

from weft.kernel.errors import Invalid
from weft.media.processing import blurhash, sniff
from weft.media.processing.results import Focus, Want
from weft.media.processing.sniff import Format
from weft.media.processing.wire import Done, Job, PictureFile

ORIGINAL_AREA: Final = 1920 * 1920
SMALL_AREA: Final = 640 * 360
JPEG_AREA: Final = 768 * 768
MOVING_AREA: Final = 640 * 480
MOVING_TOTAL: Final = 24_000_000
AVATAR: Final = (400, 400)
HEADER: Final = (1500, 500)
EMOJI_SIDE: Final = 128
TINY_AREA: Final = 64 * 64
FLAT_COLOURS: Final = 1024
# A JPEG may be decoded at half its size when that still gives this share of the wanted area.
DRAFT_SLACK: Final = 0.72

# What Pillow's decoders are known to raise on broken files.
DECODER_FAULTS: Final = (
    OSError, SyntaxError, ValueError, ArithmeticError, LookupError, EOFError, TypeError, AttributeError,
    RuntimeError, struct.error, Image.DecompressionBombError, Image.DecompressionBombWarning, ImageCms.PyCMSError,
)  # fmt: skip

_DRAWN: Final = frozenset({Format.PNG, Format.GIF})
Suffix = Literal["webp", "png", "jpg"]
Files = dict[Literal["original", "small", "static"], PictureFile]


def process(job: Job) -> Done:
    kind = sniff.detect(job.data[:64])
    if kind not in sniff.IMAGES:
        raise Invalid("media.type")
    sniff.check_image(job.data, kind)
    source = _open(job.data, kind)
    moving = getattr(source, "n_frames", 1) > 1 and kind is not Format.JPEG
    if job.want is Want.ATTACHMENT:
        return _process_attachment(job, source, kind, moving)
    if job.want is Want.JPEG:
        return _process_jpeg(source)
    return _process_cropped(job, source, moving)


def warm_up() -> None:
    """Run every codec and lazy import once, while there still is a file system to load them from."""
    Image.MAX_IMAGE_PIXELS = sniff.IMAGE_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    # One thread of its own per decoder: the worker may not start any.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    GifImagePlugin.LOADING_STRATEGY = GifImagePlugin.LoadingStrategy.RGB_ALWAYS
    Image.init()
    red, blue = Image.new("RGB", (80, 70), "red"), Image.new("RGB", (80, 70), "blue")
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # AVIF is only ever decoded, and its decoder loads nothing late.
    for name in ("JPEG", "PNG", "GIF", "WEBP"):
        several = {"save_all": True, "append_images": [blue]} if name != "JPEG" else {}
        file = io.BytesIO()
        red.save(file, name, exif=exif, icc_profile=profile, **several)
        process(Job(data=file.getvalue(), want=Want.AVATAR))
        process(Job(data=file.getvalue()))


def _open(data: bytes, kind: Format) -> Image.Image:
    if kind is Format.AVIF and not features.check("avif"):
        raise Invalid("media.type")
    source = Image.open(io.BytesIO(data), formats=[kind.value])
    sniff.check_dimensions(source.width, source.height, getattr(source, "n_frames", 1))
    return source


def _process_attachment(job: Job, source: Image.Image, kind: Format, moving: bool) -> Done:
    frames = getattr(source, "n_frames", 1)
    files: Files = {}
    if moving and job.originals == "all":
        area = min(MOVING_AREA, MOVING_TOTAL // frames)
        pictures = [_shrink(frame, area) for frame in _frames(source)]
        files["original"] = _encode_moving(pictures, _durations(source, frames))
        picture = pictures[0]
    else:
        enough = _fit_area(source.size, ORIGINAL_AREA * DRAFT_SLACK)
        picture = _shrink(_load(source, enough), ORIGINAL_AREA)
        if job.originals == "all" or (job.originals == "still" and not moving):
            files["original"] = _encode(picture, kind)
    small = _shrink(picture, SMALL_AREA)
    files["small"] = _encode(small, Format.WEBP if kind is Format.JPEG else kind)
    return _done(files, small, moving)


def _process_jpeg(source: Image.Image) -> Done:
    picture = _shrink(_load(source, _fit_area(source.size, JPEG_AREA * DRAFT_SLACK)), JPEG_AREA)
    if picture.mode != "RGB":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return _done({"original": PictureFile(file.getvalue(), "jpg", *picture.size)}, picture, moving=False)


def _process_cropped(job: Job, source: Image.Image, moving: bool) -> Done:
    frames = getattr(source, "n_frames", 1)
    files: Files = {}
    if moving and job.want is not Want.HEADER:
        area = MOVING_TOTAL // frames
        pictures = [_shrink(_crop(frame, job), area) for frame in _frames(source)]
        files["original"] = _encode_moving(pictures, _durations(source, frames))
        files["static"] = _encode(pictures[0])
        return _done(files, pictures[0], moving)
    size = HEADER if job.want is Want.HEADER else AVATAR
    # A turned picture swaps its sides only after decoding, so both must cover the longer side of the crop.
    picture = _crop(_load(source, (max(size), max(size))), job)
    files["original"] = _encode(picture)
    return _done(files, picture, moving=False)


def _done(files: Files, picture: Image.Image, moving: bool) -> Done:
    hashed, average = blurhash.summarise(picture)
    return Done(files=files, moving=moving, blurhash=hashed, average=average)


def _load(source: Image.Image, at_least: tuple[int, int]) -> Image.Image:
    """Decode the first frame, a JPEG at a fraction of its size when that is enough, upright and in sRGB."""
    if isinstance(source, JpegImagePlugin.JpegImageFile):
        source.draft(None, at_least)
    source.load()
    return _upright(source)


def _frames(source: Image.Image) -> Iterator[Image.Image]:
    for frame in ImageSequence.Iterator(source):
        yield _upright(frame)


def _durations(source: Image.Image, frames: int) -> list[int]:
    """Milliseconds of each frame; browsers show very short ones as 100, and so do we."""
    durations = []
    for index in range(frames):
        source.seek(index)
        shown = int(source.info.get("duration") or 0)
        durations.append(shown if 20 <= shown <= 60_000 else 100)
    return durations


def _upright(picture: Image.Image) -> Image.Image:
    profile, orientation = picture.info.get("icc_profile"), _orientation(picture)
    picture = _plain(picture, profile if isinstance(profile, bytes) else None)
    method = _TURNS.get(orientation)
    return picture if method is None else picture.transpose(method)


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(0x0112, 1))
    except DECODER_FAULTS:
        # Broken metadata does not make a picture broken: it goes anyway.
        return 1


def _plain(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The pixels alone, as RGB or, where something is see-through, RGBA."""
    if picture.mode.startswith("I"):
        # Sixteen bits a pixel: scale, where a plain conversion would clip.
        picture = picture.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if picture.has_transparency_data or picture.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        picture = picture.convert("RGBA")
        if cast("tuple[tuple[int, int], ...]", picture.getextrema())[3][0] == 255:
            picture = picture.convert("RGB")
    if profile is not None:
        picture = _to_srgb(picture, profile)
    if picture.mode not in ("RGB", "RGBA"):
        picture = picture.convert("RGB")
    bare = picture.copy() if picture.info else picture
    bare.info = {}
    return bare


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply a colour profile before it is thrown away; one that does not fit the pixels is only thrown away."""
    try:
        colours = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in (colours.profile.profile_description or ""):
            return picture
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        changed = ImageCms.profileToProfile(picture, colours, ImageCms.createProfile("sRGB"), outputMode=mode)
    except DECODER_FAULTS:
        return picture
    return picture if changed is None else changed


def _fit_area(size: tuple[int, int], area: float) -> tuple[int, int]:
    width, height = size
    scale = min(1.0, math.sqrt(area / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shrink(picture: Image.Image, area: int) -> Image.Image:
    size = _fit_area(picture.size, area)
    if size == picture.size:
        return picture
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def _crop(picture: Image.Image, job: Job) -> Image.Image:
    if job.want is Want.EMOJI:
        return _shrink_sides(picture, EMOJI_SIDE)
    width, height = HEADER if job.want is Want.HEADER else AVATAR
    scale = min(1.0, picture.width / width, picture.height / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    focus = job.focus or Focus()
    centre = (focus.x + 1) / 2, (1 - focus.y) / 2
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=centre)


def _shrink_sides(picture: Image.Image, side: int) -> Image.Image:
    if max(picture.size) <= side:
        return picture
    return ImageOps.contain(picture, (side, side), Image.Resampling.LANCZOS)


def _encode(picture: Image.Image, kind: Format | None = None) -> PictureFile:
    file = io.BytesIO()
    suffix: Suffix = "webp"
    if picture.width * picture.height <= TINY_AREA:
        suffix = "png"
        picture.save(file, "PNG")
    elif kind is Format.JPEG and picture.mode == "RGB":
        suffix = "jpg"
        picture.save(file, "JPEG", quality=85)
    elif kind not in _DRAWN or not _save_flat(picture, file):
        picture.save(file, "WEBP", quality=82, method=2)
    return PictureFile(file.getvalue(), suffix, picture.width, picture.height)


def _save_flat(picture: Image.Image, file: io.BytesIO) -> bool:
    """Keep a drawing or screenshot exact, if that takes less than a bit a pixel; a grey photo has few colours too."""
    if picture.getcolors(FLAT_COLOURS) is None:
        return False
    picture.save(file, "WEBP", lossless=True, quality=30, method=1)
    if file.tell() * 8 <= picture.width * picture.height:
        return True
    file.seek(0)
    file.truncate()
    return False


def _encode_moving(pictures: list[Image.Image], durations: list[int]) -> PictureFile:
    file, first = io.BytesIO(), pictures[0]
    first.save(
        file, "WEBP", save_all=True, append_images=pictures[1:], duration=durations, loop=0, quality=70, method=0
    )
    return PictureFile(file.getvalue(), "webp", first.width, first.height)

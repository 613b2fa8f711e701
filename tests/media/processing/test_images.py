"""What becomes of honest pictures: sizes, formats, orientation, colours, and that nothing but pixels survives."""

import io
import resource
import time

import pytest
from PIL import Image, ImageCms, PngImagePlugin, features

from weft.media.processing import images
from weft.media.processing.pool import MediaPool
from weft.media.processing.results import Focus, Kind, Want
from weft.media.processing.wire import Job

FORMATS = ["JPEG", "PNG", "GIF", "WEBP", pytest.param("AVIF", marks=pytest.mark.skipif(
    not features.check("avif"), reason="this Pillow cannot decode AVIF"))]  # fmt: skip


def opened(content: object) -> Image.Image:
    assert isinstance(content, bytes)
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


@pytest.mark.parametrize("name", FORMATS)
async def test_every_format_becomes_files_that_browsers_show(pool: MediaPool, photo, encoded, name: str):
    made = await pool.process_image(encoded(photo(800, 600), name))
    assert made.kind is Kind.IMAGE
    assert made.files["original"].suffix == ("jpg" if name == "JPEG" else "webp")
    assert made.files["small"].suffix == "webp"
    assert opened(made.files["original"].content).size == (800, 600)
    assert made.meta.original.size == "800x600"
    assert made.meta.original.aspect == pytest.approx(4 / 3)
    small = opened(made.files["small"].content)
    assert (small.width, small.height) == (made.meta.small.width, made.meta.small.height)
    assert small.width * small.height <= 640 * 360 * 1.01
    assert 6 <= len(made.blurhash or "") <= 40
    assert (made.average or "").startswith("#")


async def test_large_pictures_are_made_smaller(pool: MediaPool, photo, encoded):
    for name, size in (("JPEG", (4000, 3000)), ("PNG", (2400, 1800))):
        made = await pool.process_image(encoded(photo(*size), name))
        original = opened(made.files["original"].content)
        assert original.width * original.height <= images.ORIGINAL_AREA * 1.01
        assert original.width / original.height == pytest.approx(4 / 3, rel=0.01)


async def test_pictures_are_turned_upright_and_forget_where_they_were_taken(pool: MediaPool, photo, encoded):
    picture = photo(300, 200)
    picture.paste("red", (0, 0, 60, 60))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees clockwise
    exif[0x010F] = "Maker of cameras"
    exif.get_ifd(0x8825)[2] = (37.0, 30.0, 0.0)
    data = encoded(picture, "JPEG", exif=exif, comment=b"secret comment", quality=95)
    assert b"Maker of cameras" in data
    made = await pool.process_image(data)
    original = opened(made.files["original"].content)
    assert original.size == (200, 300)
    red, green, _ = original.getpixel((170, 30))
    assert red > 200 and green < 60
    for file in made.files.values():
        assert dict(opened(file.content).getexif()) == {}
        assert b"Maker" not in file.content and b"secret" not in file.content


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
async def test_profiles_and_descriptions_are_removed(pool: MediaPool, photo, encoded, name: str):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, object] = {"icc_profile": profile, "xmp": b"<x:xmpmeta>secret place</x:xmpmeta>"}
    if name == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", "secret name")
        options = {"icc_profile": profile, "pnginfo": text}
    made = await pool.process_image(encoded(photo(200, 200), name, **options))
    for file in made.files.values():
        assert b"secret" not in file.content
        assert "icc_profile" not in opened(file.content).info
        assert "xmp" not in opened(file.content).info


async def test_colours_are_kept_when_the_profile_goes(pool: MediaPool, encoded):
    lab_profile = ImageCms.createProfile("LAB", 5000)
    wide = ImageCms.ImageCmsProfile(lab_profile).tobytes()
    # A profile that does not fit the pixels is dropped, and the picture stays.
    made = await pool.process_image(encoded(Image.new("RGB", (100, 100), (200, 30, 30)), "PNG", icc_profile=wide))
    assert opened(made.files["original"].content).getpixel((50, 50))[0] > 180


async def test_a_photo_with_further_pictures_inside_is_a_photo(pool: MediaPool, photo, encoded):
    data = encoded(photo(400, 300), "MPO", save_all=True, append_images=[photo(80, 60)])
    made = await pool.process_attachment(data)
    assert made.kind is Kind.IMAGE and opened(made.files["original"].content).format == "JPEG"
    assert made.meta.original.size == "400x300"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_every_kind_of_pixel_is_understood(pool: MediaPool, encoded, mode: str):
    picture = Image.new("L", (90, 90), 128).convert("RGBA" if mode == "LA" else "L")
    picture = Image.new("I;16", (90, 90), 128 * 256) if mode == "I;16" else picture.convert(mode)
    made = await pool.process_image(encoded(picture, "JPEG" if mode == "CMYK" else "PNG"))
    pixel = opened(made.files["original"].content).convert("RGB").getpixel((45, 45))
    assert pixel[0] == pytest.approx(255 if mode == "1" else 128, abs=6) or (mode == "1" and pixel[0] == 0)


async def test_what_is_see_through_stays_so(pool: MediaPool, encoded):
    picture = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 50, 100))
    made = await pool.process_image(encoded(picture, "PNG"))
    original = opened(made.files["original"].content).convert("RGBA")
    assert original.getpixel((75, 50))[3] == 0
    assert original.getpixel((25, 50)) == (0, 0, 255, 255)


async def test_tiny_pictures_stay_exact(pool: MediaPool, encoded):
    made = await pool.process_image(encoded(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"))
    assert made.files["original"].suffix == "png"
    assert opened(made.files["original"].content).getpixel((0, 0)) == (1, 2, 3)
    assert made.meta.small is not None and made.meta.small.size == "1x1"


async def test_drawings_stay_exact(pool: MediaPool, encoded):
    drawing = Image.new("RGB", (600, 400), "white")
    drawing.paste((10, 200, 30), (100, 100, 300, 300))
    made = await pool.process_image(encoded(drawing, "PNG"))
    assert opened(made.files["original"].content).convert("RGB").tobytes() == drawing.tobytes()


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
async def test_moving_pictures_keep_moving_without_ffmpeg(pool: MediaPool, moving, name: str):
    made = await pool.process_attachment(moving(name))
    assert made.kind is Kind.IMAGE
    original = opened(made.files["original"].content)
    assert made.files["original"].suffix == "webp"
    assert getattr(original, "n_frames", 1) == 6
    assert getattr(opened(made.files["small"].content), "n_frames", 1) == 1


async def test_long_moving_pictures_are_made_smaller(pool: MediaPool, moving):
    made = await pool.process_attachment(moving("GIF", frames=90, size=(700, 600)))
    shape = made.meta.original
    assert (shape.width or 0) * (shape.height or 0) * 90 <= images.MOVING_TOTAL * 1.02


async def test_avatars_are_square_and_have_a_still_twin_when_they_move(pool: MediaPool, photo, encoded, moving):
    still = await pool.process_image(encoded(photo(1200, 700), "JPEG"), want=Want.AVATAR)
    assert set(still.files) == {"original"}
    assert opened(still.files["original"].content).size == (400, 400)
    moved = await pool.process_image(moving("GIF", size=(300, 200)), want=Want.AVATAR)
    assert getattr(opened(moved.files["original"].content), "n_frames", 1) == 6
    twin = opened(moved.files["static"].content)
    assert getattr(twin, "n_frames", 1) == 1 and twin.size == (200, 200)


async def test_headers_are_three_to_one_and_emoji_keep_their_shape(pool: MediaPool, photo, encoded):
    header = await pool.process_image(encoded(photo(3000, 2000), "JPEG"), want=Want.HEADER)
    assert opened(header.files["original"].content).size == (1500, 500)
    emoji = await pool.process_image(encoded(photo(512, 256), "PNG"), want=Want.EMOJI)
    assert opened(emoji.files["original"].content).size == (128, 64)


async def test_a_crop_keeps_the_focus(pool: MediaPool, encoded):
    picture = Image.new("RGB", (1000, 400), "white")
    picture.paste("red", (600, 0, 1000, 400))
    made = await pool.process_image(encoded(picture, "PNG"), want=Want.AVATAR, focus=Focus(1.0, 0.0))
    assert opened(made.files["original"].content).convert("RGB").getpixel((200, 200)) == pytest.approx(
        (255, 0, 0), abs=3
    )
    assert made.meta.focus == Focus(1.0, 0.0)


@pytest.mark.parametrize("name", FORMATS)
async def test_any_picture_can_be_had_as_a_moderate_jpeg(pool: MediaPool, photo, encoded, name: str):
    made = await pool.process_image(encoded(photo(2000, 1000), name), want=Want.JPEG)
    picture = opened(made.files["original"].content)
    assert (picture.format, picture.mode) == ("JPEG", "RGB") and set(made.files) == {"original"}
    assert picture.width * picture.height <= images.JPEG_AREA * 1.01 and picture.width == pytest.approx(
        picture.height * 2, abs=3
    )


async def test_what_is_see_through_stands_on_white_as_a_jpeg(pool: MediaPool, encoded, moving):
    made = await pool.process_image(encoded(Image.new("RGBA", (300, 200), (255, 0, 0, 0)), "PNG"), want=Want.JPEG)
    assert opened(made.files["original"].content).getpixel((9, 9)) == (255, 255, 255)
    still = await pool.process_image(moving("GIF", size=(300, 200)), want=Want.JPEG)
    assert opened(still.files["original"].content).size == (300, 200)


async def test_a_turned_photo_is_large_enough_for_its_crop(pool: MediaPool, photo, encoded):
    exif = Image.Exif()
    exif[0x0112] = 8
    made = await pool.process_image(encoded(photo(3000, 4000), "JPEG", exif=exif), want=Want.HEADER)
    assert opened(made.files["original"].content).size == (1500, 500)


def test_the_cost_of_a_camera_photo_is_printed(photo, encoded):
    """For information: a naive decode, resize and WebP encode against ours, in CPU of this process."""
    data = encoded(photo(4000, 3000), "JPEG", quality=88)
    started = time.process_time()
    naive = Image.open(io.BytesIO(data))
    naive = naive.resize((2217, 1663), Image.Resampling.LANCZOS)
    naive.save(io.BytesIO(), "WEBP", quality=82)
    between = time.process_time()
    images.process(Job(data=data))
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"\n12 MP JPEG: {1000 * (ended - between):.0f} ms against {1000 * (between - started):.0f} ms; peak {peak} MiB"
    )

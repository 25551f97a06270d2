"""A stranger's picture comes out as pixels alone, or is refused with its cause."""

from __future__ import annotations

import random
import struct
import time
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from pdfkit.child import Child
from pdfkit.outcome import Picture, PictureCause, PictureRefused
from pdfkit.pictures import LARGEST_FILE, LONGEST_SIDE, redraw

RED, BLUE = (200, 30, 30), (20, 40, 200)
A_SCRIPT = b"/*<script>alert(document.domain)</script>*/=1;"
A_WEBP_BOMB = (  # an animation on a canvas of 16384 x 16384, for which its decoder makes room when it opens
    b"RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\xff\x3f\x00\xff\x3f\x00"
    b"ANIM\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def a_picture(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right: a turn shows."""
    image = Image.new("RGB", (width, height), RED)
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height), fill=BLUE)
    return image.convert(mode)


def a_photo(width: int = 640, height: int = 480) -> Image.Image:
    """Soft shapes with a little grain: what PNG cannot make small."""
    grain = random.Random(7)
    small = Image.new("RGB", (40, 30))
    small.putdata([(grain.randrange(256), grain.randrange(256), grain.randrange(256)) for _ in range(40 * 30)])
    noise = Image.effect_noise((width, height), 12).convert("RGB")
    return Image.blend(small.resize((width, height), Image.Resampling.BICUBIC), noise, 0.1)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    held = BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def a_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def a_png(width: int, height: int, *, depth: int = 8, colour: int = 0, rows: bytes = b"") -> bytes:
    """Drawn by hand: any size in the header, whatever the rows hold."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    drawn = a_chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + a_chunk(b"IHDR", header) + drawn + a_chunk(b"IEND", b"")


def a_gif(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """One black frame in two colours."""
    begin = b"GIF89a" + struct.pack("<HH", *screen) + b"\x80\x00\x00" + bytes(6)
    return begin + b"," + struct.pack("<HHHH", 0, 0, *frame) + b"\x00\x02\x02\x4c\x01\x00;"


def near(pixel, expected, by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(pixel, expected, strict=True))


@pytest.fixture
def drawn(tmp_path):
    """Draws those bytes anew; what came of it, and the result as it lies on the disk."""

    def draw(content: bytes) -> tuple[Picture, bytes]:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(content)
        picture = redraw(source, target)
        return picture, target.read_bytes()

    return draw


@pytest.fixture
def cause(drawn, tmp_path):
    def refused(content: bytes) -> PictureCause:
        with pytest.raises(PictureRefused) as found:
            drawn(content)
        assert not (tmp_path / "target").exists()
        return found.value.cause

    return refused


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


# --- What is taken


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("GIF", "image/png"), ("WEBP", "image/png"), ("JPEG", "image/jpeg")],
)
def test_each_of_the_four_kinds_comes_out_as_what_every_browser_shows(drawn, kind, media_type):
    options = {"lossless": True} if kind == "WEBP" else {}
    picture, content = drawn(saved(a_picture(), kind, **options))
    image = opened(content)

    assert picture == Picture(40, 20, media_type)
    assert (image.size, image.format) == ((40, 20), media_type.removeprefix("image/").upper())
    assert near(image.convert("RGB").getpixel((5, 10)), RED)
    assert near(image.convert("RGB").getpixel((35, 10)), BLUE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_photo_becomes_a_jpeg_whatever_it_came_as(drawn, kind):
    picture, content = drawn(saved(a_photo(), kind))

    assert picture.media_type == "image/jpeg"
    assert len(content) < 200_000


def test_the_same_picture_gives_the_same_bytes(drawn):
    for content in (saved(a_photo(), "PNG"), saved(a_picture(), "PNG"), saved(a_picture(), "GIF")):
        assert drawn(content)[1] == drawn(content)[1]


def test_what_was_drawn_anew_once_is_taken_again(drawn):
    for content in (saved(a_photo(), "JPEG"), saved(a_picture(), "PNG")):
        picture, once = drawn(content)
        assert drawn(once)[0] == picture


@pytest.mark.parametrize(("size", "expected"), [((6400, 1600), (3200, 800)), ((320, 6400), (160, 3200))])
def test_a_large_picture_is_scaled_down_and_keeps_its_shape(drawn, size, expected):
    picture, content = drawn(saved(a_picture(*size), "PNG"))

    assert (picture.width, picture.height) == expected == opened(content).size
    assert max(expected) == LONGEST_SIDE


def test_a_small_picture_keeps_its_size(drawn):
    assert drawn(saved(a_picture(16, 320), "PNG"))[0] == Picture(16, 320, "image/png")


@pytest.mark.parametrize(
    ("size", "cause"),
    [
        ((1, 1), PictureCause.TOO_SMALL),
        ((15, 200), PictureCause.TOO_SMALL),
        ((1, 40_000), PictureCause.TOO_SMALL),
        ((16, 321), PictureCause.TOO_NARROW),
        ((4001, 200), PictureCause.TOO_NARROW),
    ],
)
def test_what_nobody_could_look_at_is_refused(drawn, size, cause):
    with pytest.raises(PictureRefused) as refused:
        drawn(saved(a_picture(*size), "PNG"))

    assert refused.value.cause is cause


# --- Every way to keep colours


def test_inks_become_the_colours_that_they_print(drawn):
    picture, content = drawn(saved(a_picture(mode="CMYK"), "JPEG", quality=95))

    assert picture.media_type == "image/jpeg"
    assert opened(content).mode == "RGB"
    assert near(opened(content).getpixel((5, 10)), RED, by=25)


def test_sixteen_bits_of_grey_become_eight_without_clipping(drawn):
    rows = b"".join(b"\x00" + b"".join(struct.pack(">H", x * 257) for x in range(256)) for _ in range(16))
    _, content = drawn(a_png(256, 16, depth=16, rows=rows))
    image = opened(content)

    assert image.mode == "L"
    assert [image.getpixel((x, 1)) for x in range(256)] == list(range(256))


def test_sixteen_bits_of_colour_become_eight(drawn):
    rows = b"".join(b"\x00" + struct.pack(">HHH", 0xC8C8, 0x1E1E, 0x1E1E) * 16 for _ in range(16))
    _, content = drawn(a_png(16, 16, depth=16, colour=2, rows=rows))

    assert opened(content).convert("RGB").getpixel((4, 4)) == RED


def test_black_and_white_stays_so(drawn):
    image = Image.new("1", (16, 16), 1)
    image.putpixel((3, 3), 0)
    _, content = drawn(saved(image, "PNG"))

    assert opened(content).getpixel((3, 3)) == 0
    assert opened(content).getpixel((9, 9)) == 255


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_colour_stays_transparent_there(drawn, kind):
    image = Image.new("P", (40, 20), 1)
    image.putpalette((*BLUE, *RED, 0, 0, 0))
    image.putpixel((0, 0), 2)

    picture, content = drawn(saved(image, kind, transparency=2))

    assert picture.media_type == "image/png"
    assert opened(content).mode == "RGBA"
    assert opened(content).getpixel((0, 0)) == (0, 0, 0, 0)
    assert opened(content).getpixel((5, 10)) == (*RED, 255)


def test_half_transparent_pixels_stay_half_transparent(drawn):
    image = a_picture(mode="RGBA")
    image.putalpha(128)

    _, content = drawn(saved(image, "WEBP", lossless=True))

    assert opened(content).getpixel((5, 10)) == (*RED, 128)


def test_an_alpha_channel_that_hides_nothing_is_left_out(drawn):
    _, content = drawn(saved(a_picture(mode="RGBA"), "PNG"))

    assert opened(content).mode == "RGB"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_left(drawn, kind):
    second = Image.new("RGB", (40, 20), (0, 255, 0))
    _, content = drawn(saved(a_picture(), kind, save_all=True, append_images=[second] * 3, duration=100))
    image = opened(content)

    assert getattr(image, "n_frames", 1) == 1
    assert near(image.convert("RGB").getpixel((5, 10)), RED)


# --- What must not ride along


def exif(orientation: int) -> Image.Exif:
    told = Image.Exif()
    told[0x0112] = orientation
    told[0x010F] = "Camera of Erika Mustermann"
    told.get_ifd(0x8825).update({1: "N", 2: (50.0, 56.0, 17.0), 3: "E", 4: (6.0, 57.0, 36.0)})
    return told


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_and_by_whom_it_was_taken_is_gone_and_it_stands_upright(drawn, kind):
    content = saved(a_picture(), kind, exif=exif(6))  # 6: to be turned to the right, so red comes to the top
    assert b"Erika" in content

    picture, content = drawn(content)
    image = opened(content)

    assert (picture.width, picture.height) == (20, 40)
    assert near(image.getpixel((10, 5)), RED, by=20)
    assert near(image.getpixel((10, 35)), BLUE, by=20)
    assert b"Erika" not in content
    assert not dict(image.getexif())
    assert not image.getexif().get_ifd(0x8825)


def test_a_broken_exif_block_turns_nothing_and_refuses_nothing(drawn):
    content = saved(a_picture(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")

    assert drawn(content)[0] == Picture(40, 20, "image/jpeg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_profile_comment_and_xmp_are_gone(drawn, kind):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, object] = {"icc_profile": profile}
    if kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", "a secret note")
        notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>a secret note</x:xmpmeta>")
        options["pnginfo"] = notes
    else:
        options["xmp"] = b"<x:xmpmeta>a secret note</x:xmpmeta>"
    content = saved(a_picture(), kind, **options)
    assert b"secret" in content

    image = opened(drawn(content)[1])

    assert not {"icc_profile", "comment", "Comment", "xmp", "XML:com.adobe.xmp", "exif"} & image.info.keys()
    assert b"secret" not in drawn(content)[1]


def test_colours_of_another_space_are_translated_into_those_of_screens(drawn):
    """In this space red and blue stand in each other's place: without a look at the profile they would stay there."""
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for place in range(128, 128 + 12 * 20, 4):
        name = bytes(swapped[place : place + 4])
        swapped[place : place + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(name, name)

    _, content = drawn(saved(a_picture(), "PNG", icc_profile=bytes(swapped)))

    assert near(opened(content).getpixel((5, 10)), (30, 30, 200))


def test_a_broken_profile_costs_nothing_but_itself(drawn):
    assert drawn(saved(a_picture(), "JPEG", icc_profile=b"no profile at all"))[0] == Picture(40, 20, "image/jpeg")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "JPEG", "WEBP"])
def test_a_picture_that_is_a_script_besides_is_only_a_picture_afterwards(drawn, kind):
    for content in (
        saved(a_picture(), kind) + A_SCRIPT,
        saved(a_picture(), kind, **({"comment": A_SCRIPT} if kind in ("GIF", "JPEG") else {})) + A_SCRIPT,
    ):
        assert A_SCRIPT not in drawn(content)[1]


def test_a_gif_that_is_a_script_from_its_first_byte_on_is_none_afterwards(drawn):
    content = bytearray(saved(a_picture(mode="P"), "GIF"))
    content[6:10] = b"/*" + struct.pack("<H", 1000)  # a width that opens a comment
    content += A_SCRIPT

    _, drawn_anew = drawn(bytes(content))

    assert drawn_anew.startswith(b"\x89PNG")
    assert b"script" not in drawn_anew


# --- What is refused


@pytest.mark.parametrize(
    "content",
    [b"", b" ", b"\x00" * 100, b"<!doctype html><script>alert(1)</script>", b"%PDF-1.7\n", b"PK\x03\x04", b"\x7fELF"],
)
def test_what_is_no_picture_is_said_to_be_none(cause, content):
    assert cause(content) is PictureCause.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"\xef\xbb\xbf<!-- -->\n<SVG onload=alert(1)>",
        saved(a_picture(), "BMP"),
        saved(a_picture(), "TIFF"),
        saved(a_picture(), "ICO"),
        b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
    ],
)
def test_pictures_of_other_kinds_are_told_so_and_not_decoded(cause, content):
    assert cause(content) is PictureCause.KIND_NOT_ACCEPTED


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("left", [0.02, 0.3, 0.6])
def test_half_a_picture_is_damaged(cause, kind, left):
    whole = saved(a_photo(200, 100), kind)

    assert cause(whole[: max(12, int(len(whole) * left))]) is PictureCause.DAMAGED


def test_a_picture_whose_sum_is_wrong_is_damaged(cause):
    whole = bytearray(saved(a_photo(200, 100), "PNG"))
    whole[len(whole) // 2] ^= 0xFF

    assert cause(bytes(whole)) is PictureCause.DAMAGED


def test_whatever_happens_to_the_bytes_it_is_a_picture_or_refused(drawn):
    """Seeded, so that a failure can be repeated."""
    chance = random.Random(20261201)
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        whole = saved(a_photo(60, 40), kind, **({"exif": exif(6)} if kind != "GIF" else {}))
        for _ in range(60):
            content = bytearray(whole)
            for _ in range(chance.randrange(1, 6)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            try:
                drawn(bytes(content))
            except PictureRefused as refused:
                assert refused.cause in PictureCause


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(a_png(40_000, 40_000, depth=1, rows=bytes(5001 * 400)), id="1.6 gigapixels in a PNG"),
        pytest.param(a_png(2**31 - 1, 2**31 - 1), id="the largest PNG there can be"),
        pytest.param(a_png(8000, 5001), id="a little over 40 megapixels"),
        pytest.param(a_gif((65535, 65535), (1, 1)), id="GIF"),
        pytest.param(a_gif((1, 1), (65535, 65535)), id="GIF whose frame is larger than its screen"),
        pytest.param(
            A_WEBP_BOMB,
            id="WebP",
        ),
        pytest.param(
            b"RIFF\x18\x00\x00\x00WEBPVP8L\x0b\x00\x00\x00\x2f"
            + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little")
            + bytes(6),
            id="WebP without loss",
        ),
    ],
)
def test_a_bomb_is_refused_by_its_header(cause, bomb):
    assert len(bomb) < 10_000
    begun = time.process_time()

    assert cause(bomb) is PictureCause.TOO_MANY_PIXELS
    assert time.process_time() - begun < 0.5


def test_notes_that_unpack_to_gigabytes_are_not_unpacked(cause):
    bomb = a_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(200_000_000), 9))
    png = saved(a_picture(), "PNG")

    assert cause(png[:33] + bomb + png[33:]) is PictureCause.DAMAGED


def test_forty_megapixels_are_not_too_many(drawn):
    assert drawn(a_png(8000, 5000, depth=1, rows=bytes(1001 * 5000)))[0] == Picture(3200, 2000, "image/png")


def test_one_byte_too_many_is_too_many(cause, drawn, tmp_path):
    content = saved(a_picture(), "PNG")
    padded = content + bytes(LARGEST_FILE - len(content))

    assert drawn(padded)[0].width == 40
    (tmp_path / "target").unlink()
    assert cause(padded + b"\x00") is PictureCause.TOO_LARGE


def test_transparent_noise_is_scaled_down_until_it_is_small_enough(drawn):
    grain = random.Random(3)
    tile = Image.frombytes("RGBA", (500, 500), grain.randbytes(1_000_000))
    image = Image.new("RGBA", (2000, 2000))
    for x in range(0, 2000, 500):
        for y in range(0, 2000, 500):
            image.paste(tile.rotate(90 * (x // 500)), (x, y))

    picture, content = drawn(saved(image, "WEBP", quality=20, alpha_quality=30))

    assert len(content) <= 5 * 2**20
    assert picture.media_type == "image/png"
    assert 500 <= picture.width < 2000


# --- In the child


async def test_the_child_redraws_and_refuses_like_anybody(tmp_path: Path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(saved(a_picture(), "PNG"))
    bad.write_bytes(SVG)
    child = Child()
    try:
        assert await child.redraw(good, tmp_path / "target") == Picture(40, 20, "image/png")
        with pytest.raises(PictureRefused) as refused:
            await child.redraw(bad, tmp_path / "other")
    finally:
        await child.close()

    assert refused.value.cause is PictureCause.KIND_NOT_ACCEPTED
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("mode", "kind"), [("RGBA", "WEBP"), ("CMYK", "JPEG")])
async def test_the_largest_picture_fits_the_limits_of_the_child(tmp_path: Path, mode: str, kind: str):
    image = Image.new(mode, (8000, 5000))
    (tmp_path / "source").write_bytes(saved(image, kind, **({"exif": exif(6)} if kind == "JPEG" else {})))
    child = Child()
    try:
        picture = await child.redraw(tmp_path / "source", tmp_path / "target")
    finally:
        await child.close()

    assert max(picture.width, picture.height) == LONGEST_SIDE


async def test_a_bomb_is_told_as_one_by_the_child_that_has_no_room_for_it(tmp_path: Path):
    (tmp_path / "source").write_bytes(A_WEBP_BOMB)
    child = Child()
    try:
        with pytest.raises(PictureRefused) as refused:
            await child.redraw(tmp_path / "source", tmp_path / "target")
    finally:
        await child.close()

    assert refused.value.cause is PictureCause.TOO_MANY_PIXELS


async def test_a_picture_that_takes_too_long_is_damaged(tmp_path: Path):
    (tmp_path / "source").write_bytes(saved(a_picture(), "PNG"))
    child = Child(command=("sleep", "60"), timeout_seconds=0.2)
    try:
        with pytest.raises(PictureRefused) as refused:
            await child.redraw(tmp_path / "source", tmp_path / "target")
    finally:
        await child.close()

    assert refused.value.cause is PictureCause.DAMAGED

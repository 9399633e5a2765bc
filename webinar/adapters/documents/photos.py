"""Portraits as the pages show them: upright, small, and without what the camera wrote into them.

Where and when a photo was taken is nobody's business: the picture is drawn anew, and everything
beside the pixels stays behind. Whose photo it is and who took it are kept by the database.
"""

import io
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps

from webinar.errors import RuleError

SIZE = (640, 800)
MAX_PIXELS = 50_000_000
_BROKEN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def photo(stream: BinaryIO) -> bytes:
    """A JPEG or PNG as WebP of at most 640 by 800 pixels, never enlarged, never cropped.

    Raises `RuleError` for the field `photo`: `image_too_large` beyond 50 million pixels,
    `file_damaged` for what is no such picture or ends early.
    """
    try:
        with Image.open(stream, formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise RuleError("image_too_large", field="photo", limit=MAX_PIXELS)
            # JPEG decodes straight to a smaller size; a side must keep twice what we need.
            image.draft("RGB", (SIZE[1] * 2, SIZE[1] * 2))
            upright = ImageOps.exif_transpose(image)
            return _webp(_in_srgb(upright))
    except _BROKEN as error:
        raise RuleError("file_damaged", field="photo") from error


def check(file: BinaryIO) -> str:
    """The media type of a whole JPEG or PNG; `RuleError` for the field `file` otherwise."""
    try:
        with Image.open(file, formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise RuleError("image_too_large", field="file", limit=MAX_PIXELS)
            image.draft("RGB", (64, 64))
            image.load()
            # Phones add depth or a second view to a JPEG, which Pillow then calls MPO.
            return "image/png" if image.format == "PNG" else "image/jpeg"
    except _BROKEN as error:
        raise RuleError("file_damaged", field="file") from error


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as meant: phones save Display P3, which looks dull once its profile is dropped."""
    profile = image.info.get("icc_profile")
    if profile and image.mode == "RGB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
            return converted or image
        except (ImageCms.PyCMSError, OSError):
            return image
    return image


def _webp(image: Image.Image) -> bytes:
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    drawn = image.convert("RGB")
    drawn.thumbnail(SIZE, Image.Resampling.LANCZOS)
    bare = Image.new("RGB", drawn.size)
    bare.paste(drawn)
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=85, method=6)
    return out.getvalue()

"""Drawn heads that stand in for photographs of people who do not exist, in the greys of the
design: blue is kept for dates and actions."""

import hashlib
from colorsys import hls_to_rgb
from io import BytesIO

from PIL import Image, ImageDraw

CREDIT = "Zeichnung: Landratsamt Würzburg"
_WIDTH, _HEIGHT, _FINE = 480, 600, 2


def draw(name: str) -> bytes:
    """A PNG of 480 by 600 pixels, always the same for the same name."""
    digest = hashlib.sha256(name.encode()).digest()
    image = Image.new("RGB", (_WIDTH * _FINE, _HEIGHT * _FINE), _grey(0.78))
    pen = ImageDraw.Draw(image)
    dark = 0.34 + digest[0] / 256 * 0.16
    skin, figure, wide = _grey(dark + 0.1), _grey(dark), 110 + digest[1] % 25
    pen.ellipse(_box(610, 205 + digest[2] % 25, 210), fill=figure)
    pen.rectangle(_box(400, 48, 70), fill=figure)
    pen.ellipse(_box(270, wide, wide * 4 // 3), fill=skin)
    out = BytesIO()
    image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _box(y: int, wide: int, high: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what lies in the middle, `y` from above, that half as big."""
    x = _WIDTH // 2
    return (x - wide) * _FINE, (y - high) * _FINE, (x + wide) * _FINE, (y + high) * _FINE


def _grey(lightness: float) -> tuple[int, int, int]:
    red, green, blue = hls_to_rgb(0.64, lightness, 0.18)
    return round(red * 255), round(green * 255), round(blue * 255)

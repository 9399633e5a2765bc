"""What was taken from elsewhere is unchanged."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

KERN = Path(__file__).parent.parent / "webinar" / "static" / "kern"


def test_vendored_design_system_is_the_one_that_its_version_names() -> None:
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", (KERN / "VERSION").read_text("utf-8"), re.M)
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in KERN.iterdir()
        if path.name != "VERSION"
    }
    assert {name: checksum for checksum, name in listed} == found


def test_our_own_sheet_uses_only_the_design_systems_colours() -> None:
    sheet = (KERN.parent / "app.css").read_text("utf-8")
    without_shapes = re.sub(r'url\("data:[^"]*"\)', "", sheet)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", without_shapes) == []

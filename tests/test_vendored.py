"""What was taken from elsewhere is unchanged."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parent.parent / "webinar" / "static"
KERN = STATIC / "kern"


@pytest.mark.parametrize("name", ["kern", "tus"])
def test_vendored_files_are_those_that_their_version_names(name: str) -> None:
    folder = STATIC / name
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", (folder / "VERSION").read_text("utf-8"), re.M)
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "VERSION"
    }
    assert {name: checksum for checksum, name in listed} == found


def test_our_own_sheet_uses_only_the_design_systems_colours() -> None:
    sheet = (KERN.parent / "app.css").read_text("utf-8")
    without_shapes = re.sub(r'url\("data:[^"]*"\)', "", sheet)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", without_shapes) == []

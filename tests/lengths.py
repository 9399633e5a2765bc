"""How long the long tests are: short in `make test`, in full in `make soak`.

A test that proves more the longer it goes on has one body, the marker `deep` and two lengths:

    @pytest.mark.deep
    @settings(max_examples=length(15, soak=300))

`make soak` sets WEBINAR_SOAK and runs what is marked `deep`, besides what is marked `soak` and has
no short form at all.
"""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
IN_FULL = bool(os.environ.get("WEBINAR_SOAK"))


def length(short: T, *, soak: T) -> T:
    """Examples, rounds or people: the few of every test run, or all of them."""
    return soak if IN_FULL else short

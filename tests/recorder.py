"""What a recorder leaves behind, and signs: small films, a session's folder, signed headers."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import struct
from pathlib import Path

SECRET = "a secret that signs recordings, which is long enough"
NAME = "k3yq7v2mzx5dpw4ta6jrbnhcls2fgueo"


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def film(size: int = 2000, *, seed: int = 1) -> bytes:
    """An MP4 of three seconds in its outer shape, with so many bytes of picture."""
    header = box(b"mvhd", struct.pack(">B3xIIII", 0, 0, 0, 1000, 3000) + bytes(80))
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    moov = box(b"moov", header + box(b"trak", box(b"mdia", handler)))
    picture = random.Random(seed).randbytes(size)
    return box(b"ftyp", b"isom" + bytes(4)) + moov + box(b"mdat", picture)


def session(folder: Path, *films: bytes, room: str = NAME) -> Path:
    """A folder as Jibri leaves it: named after the session, the files after the room."""
    found = folder / "qmvlxbrzwtsbjvqy"
    found.mkdir(parents=True)
    for number, content in enumerate(films):
        (found / f"{room}_2027-01-14-18-0{number}-11.mp4").write_bytes(content)
    metadata = {
        "meeting_url": f"https://jitsi.lra.example/{room}",
        "participants": [{"user": {"name": "Hannah Seubert", "email": "h@gemeinde.example"}}],
        "share": False,
    }
    (found / "metadata.json").write_text(json.dumps(metadata))
    return found


def signed(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    at: float,
    offset: str = "",
    secret: str = SECRET,
) -> dict[str, str]:
    """The headers, as `deploy/jitsi/finalize.py` makes them."""
    time, digest = str(int(at)), hashlib.sha256(body).hexdigest()
    message = "\n".join((method, path, time, offset, digest)).encode()
    headers = {
        "X-Webinar-Timestamp": time,
        "X-Webinar-Content-SHA256": digest,
        "X-Webinar-Signature": hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(),
    }
    return headers | ({"Upload-Offset": offset} if offset else {})

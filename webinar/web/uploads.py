"""Where the bytes of an upload wait while the request is read: on the disk of the file store.

Werkzeug would use the system's temporary folder, which is memory on many machines (Debian 13 mounts
/tmp so): a recording of hundreds of megabytes would fill it.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, cast

from flask import Flask, Request, request

from webinar.web.settings import settings

IN_MEMORY = 512 * 1024


class UploadRequest(Request):
    """A request whose larger files wait beside the store, not in memory; they go when it ends."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Werkzeug's hook for exactly this; none of the arguments is to be believed."""
        folder = settings().storage_folder
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        return cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(folder)))


def widen() -> None:
    """What comes in piece by piece may be larger than a form, and is never read as one."""
    if request.blueprint == "uploads":
        request.max_content_length = settings().large_upload_limit


def register(app: Flask) -> None:
    app.before_request(widen)
    app.request_class = UploadRequest

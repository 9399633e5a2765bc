"""Files that come in piece by piece, over hours if it must be: where their bytes wait.

Unlike `adapters.storage`, which takes a file whole or not at all, this keeps what is there and goes
on. It lies where the store lies: beside the folder, or in the bucket, where any machine can take
the next piece.
"""

from webinar.adapters.incoming.folder import FolderIncoming
from webinar.adapters.incoming.protocol import Incoming, Piece
from webinar.config import Settings, StorageMode

__all__ = ["FolderIncoming", "Incoming", "Piece", "incoming_of"]


def incoming_of(settings: Settings) -> Incoming:
    """Where the settings have pieces wait."""
    if settings.storage.mode is StorageMode.FOLDER:
        return FolderIncoming(settings.storage_folder)
    from webinar.adapters.incoming.s3 import S3Incoming  # noqa: PLC0415  as in adapters.storage

    return S3Incoming(settings.storage, scratch=settings.storage_folder)

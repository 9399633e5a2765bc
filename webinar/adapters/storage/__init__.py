"""Where the bytes of uploads live: a folder or an S3 bucket, behind one protocol.

Knows keys and bytes only. What a file is tells `webinar.adapters.documents`; its name, size and
digest are kept by the database, and who may open it is decided there. Keys are random and made
here, so that no name from outside ever becomes a path and no two records ever share bytes. What
still comes in, piece by piece, waits in `webinar.adapters.incoming`.
"""

from webinar.adapters.storage.folder import RESERVE, FolderStorage
from webinar.adapters.storage.protocol import (
    CHUNK,
    Readable,
    Storage,
    StorageAway,
    StoredFile,
    is_key,
    new_key,
)
from webinar.config import Settings, StorageMode

__all__ = [
    "CHUNK",
    "RESERVE",
    "FolderStorage",
    "Readable",
    "Storage",
    "StorageAway",
    "StoredFile",
    "is_key",
    "new_key",
    "storage_of",
]


def storage_of(settings: Settings, mode: StorageMode | None = None) -> Storage:
    """The store that the settings name, or the other one, for moving."""
    if (mode or settings.storage.mode) is StorageMode.FOLDER:
        return FolderStorage(settings.storage_folder)
    # boto3 takes a quarter of a second to import: whoever has a folder need not wait for it.
    from webinar.adapters.storage.s3 import S3Storage  # noqa: PLC0415

    return S3Storage(settings.storage, scratch=settings.storage_folder)

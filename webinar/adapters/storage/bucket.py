"""One S3 bucket, as S3's own words: objects, parts, copies. `s3` and `adapters.incoming.s3` build
on it.

Works with every service that speaks S3; addresses are by path where an endpoint is named, checksums
are sent only where the operation asks for them, since not all services know the newer ones.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, cast

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from webinar.adapters.storage.protocol import StorageAway
from webinar.config import StorageSettings
from webinar.errors import NotThere, RuleError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

PART = 8 * 1024 * 1024
"""Bytes of a part; S3 wants at least 5 MiB, and at most 10,000 parts: 80 GB."""
COPY_PART = 256 * 1024 * 1024
TIMEOUT = 30
LINK_SECONDS = 60
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NotFound", "InvalidRange", "416"})
_FULL = frozenset({"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "EntityTooLarge"})


@lru_cache(maxsize=4)
def _client(settings: StorageSettings) -> S3Client:
    """A client for the process; its methods may be called from several threads."""
    session = boto3.session.Session()
    client = session.client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=settings.region,
        aws_access_key_id=settings.key_id,
        aws_secret_access_key=settings.secret,
        config=Config(
            signature_version="s3v4",
            connect_timeout=TIMEOUT,
            read_timeout=TIMEOUT,
            retries={"max_attempts": 4, "mode": "standard"},
            max_pool_connections=32,
            s3={"addressing_style": "path" if settings.endpoint else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    return cast("S3Client", client)


@contextmanager
def answers() -> Iterator[None]:
    """What the service says, in the words of the store."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise NotThere("file_not_there") from None
        if code in _FULL:
            raise RuleError("storage_full", field="file") from error
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            raise StorageAway("storage_away", field="file") from error
        raise
    except BotoCoreError as error:
        raise StorageAway("storage_away", field="file") from error


class Bucket:
    """Objects under one prefix of the bucket; names are ours, without a slash in front."""

    def __init__(self, settings: StorageSettings, folder: str) -> None:
        self._settings = settings
        self._prefix = f"{settings.prefix}{folder}/"
        self._client = _client(settings)
        self._name = settings.bucket

    def check(self) -> None:
        """Raises where the bucket does not answer or is not ours to use."""
        with answers():
            self._client.head_bucket(Bucket=self._name)

    def write(self, name: str, data: bytes) -> None:
        """One small object, in one request."""
        with answers():
            self._client.put_object(Bucket=self._name, Key=self._prefix + name, Body=data)

    def read(self, name: str) -> bytes:
        """A small object as a whole."""
        with answers():
            found = self._client.get_object(Bucket=self._name, Key=self._prefix + name)
            return bytes(found["Body"].read())

    def open(self, name: str, *, start: int = 0, stop: int | None = None) -> BinaryIO:
        """The object, seekable; raises `NotThere` at once."""
        return cast("BinaryIO", io.BufferedReader(_Reader(self, name, start, stop), 256 * 1024))

    def body(self, name: str, start: int, stop: int | None) -> tuple[BinaryIO, int]:
        """The bytes from `start` on and the size of the whole object."""
        asked = f"bytes={start}-{'' if stop is None else stop - 1}"
        with answers():
            if start == 0 and stop is None:  # a range of an empty object is refused
                whole = self._client.get_object(Bucket=self._name, Key=self._prefix + name)
                return cast("BinaryIO", whole["Body"]), whole["ContentLength"]
            found = self._client.get_object(Bucket=self._name, Key=self._prefix + name, Range=asked)
        size = int(found["ContentRange"].rpartition("/")[2])
        return cast("BinaryIO", found["Body"]), size

    def size(self, name: str) -> int | None:
        """Bytes of the object; None where there is none."""
        try:
            with answers():
                found = self._client.head_object(Bucket=self._name, Key=self._prefix + name)
        except NotThere:
            return None
        return found["ContentLength"]

    def delete(self, name: str) -> None:
        """Remove the object; of none is no error."""
        with answers():
            self._client.delete_object(Bucket=self._name, Key=self._prefix + name)

    def names(self, below: str = "") -> Iterator[tuple[str, datetime]]:
        """Every object whose name begins so, and when it was written."""
        pages = self._client.get_paginator("list_objects_v2")
        with answers():
            for page in pages.paginate(Bucket=self._name, Prefix=self._prefix + below):
                for found in page.get("Contents", []):
                    yield found["Key"][len(self._prefix) :], found["LastModified"]

    def copy_from(self, other: Bucket, name: str, *, to: str) -> None:
        """Have the service copy an object by itself; what is larger than 5 GB goes in parts."""
        source = {"Bucket": other._name, "Key": other._prefix + name}
        with answers():
            self._client.copy(
                CopySource=source,  # type: ignore[arg-type]  # the stub asks for optional keys
                Bucket=self._name,
                Key=self._prefix + to,
                Config=TransferConfig(
                    multipart_threshold=COPY_PART, multipart_chunksize=COPY_PART, max_concurrency=2
                ),
            )

    def link(self, name: str, *, media_type: str, disposition: str) -> str:
        """A signed address that sends the object for a minute."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._name,
                "Key": self._prefix + name,
                "ResponseContentType": media_type,
                "ResponseContentDisposition": disposition,
                "ResponseCacheControl": "private, no-store",
            },
            ExpiresIn=LINK_SECONDS,
        )

    def begin(self, name: str) -> str:
        """Begin an object in parts; the name of the undertaking."""
        with answers():
            return self._client.create_multipart_upload(Bucket=self._name, Key=self._prefix + name)[
                "UploadId"
            ]

    def part(self, name: str, upload: str, number: int, data: bytes) -> str:
        """Bring a part, from number 1; the same number again replaces it. Its tag."""
        with answers():
            return self._client.upload_part(
                Bucket=self._name,
                Key=self._prefix + name,
                UploadId=upload,
                PartNumber=number,
                Body=data,
            )["ETag"]

    def parts(self, name: str, upload: str) -> list[tuple[int, int, str, datetime]]:
        """Number, bytes, tag and time of each part that was brought, in order."""
        pages = self._client.get_paginator("list_parts")
        found = []
        with answers():
            for page in pages.paginate(Bucket=self._name, Key=self._prefix + name, UploadId=upload):
                for p in page.get("Parts", []):
                    found.append((p["PartNumber"], p["Size"], p["ETag"], p["LastModified"]))
        return sorted(found)

    def complete(self, name: str, upload: str, tags: list[tuple[int, str]]) -> None:
        """Make one object of the parts, at once."""
        parts: list[CompletedPartTypeDef] = [{"PartNumber": n, "ETag": tag} for n, tag in tags]
        with answers():
            self._client.complete_multipart_upload(
                Bucket=self._name,
                Key=self._prefix + name,
                UploadId=upload,
                MultipartUpload={"Parts": parts},
            )

    def abort(self, name: str, upload: str) -> None:
        """Let go of all parts; of none is no error."""
        try:
            with answers():
                self._client.abort_multipart_upload(
                    Bucket=self._name, Key=self._prefix + name, UploadId=upload
                )
        except NotThere:
            pass

    def begun(self) -> list[tuple[str, str, datetime]]:
        """Name, undertaking and begin of all objects in parts that are not complete."""
        pages = self._client.get_paginator("list_multipart_uploads")
        with answers():
            return [
                (u["Key"][len(self._prefix) :], u["UploadId"], u["Initiated"])
                for page in pages.paginate(Bucket=self._name, Prefix=self._prefix)
                for u in page.get("Uploads", [])
            ]


class _Reader(io.RawIOBase):
    """An object as a file: asks again, from the new place, when somebody seeks."""

    def __init__(self, bucket: Bucket, name: str, start: int, stop: int | None) -> None:
        self._bucket, self._name = bucket, name
        self._at, self._stop = start, stop
        self._body: BinaryIO | None
        self._body, self._size = bucket.body(name, start, stop)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower on purpose
        if self._at >= self._size:
            return 0
        if self._body is None:
            self._body, self._size = self._bucket.body(self._name, self._at, self._stop)
        with answers():
            data = self._body.read(len(buffer))
        if not data and self._at < self._size:
            if self._stop is not None and self._at >= self._stop:
                self._let_go()
                self._stop = None
                return self.readinto(buffer)
            raise StorageAway("storage_away", field="file")
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        place = (0, self._at, self._size)[whence] + offset
        if place != self._at:
            self._let_go()
            self._stop = None
        self._at = max(0, place)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

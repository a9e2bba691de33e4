"""The object store for sealed photos and large raw mails, on disk or in any store that fsspec supports."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import fsspec


class StorageError(Exception):
    """The store could not write or read an object; try again later. The message holds no content."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Objects by name below one URL; callers seal them first."""

    filesystem: Any
    root: str

    @classmethod
    def at(cls, url: str) -> Storage:
        """Return the store at a URL such as file:///srv/objects or s3://bucket/prefix."""
        filesystem, root = fsspec.core.url_to_fs(url)
        return cls(filesystem, root)

    def put(self, name: str, content: bytes) -> None:
        """Store an object; when this returns it is on disk, or a remote store has confirmed it.

        Raises:
            StorageError: it could not be stored.
        """
        path = f"{self.root}/{name}"
        try:
            self.filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self.filesystem.open(path, "wb") as file:
                file.write(content)
                file.flush()
                if self._is_local:
                    os.fsync(file.fileno())
            if self._is_local:
                _sync_folder(Path(path).parent)
        except OSError as error:
            raise StorageError(f"The object store did not keep an object ({type(error).__name__})") from None

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a new object to be written as a stream; after an error nothing of it is left.

        Raises:
            StorageError: it could not be stored.
        """
        path = f"{self.root}/{name}"
        try:
            self.filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self.filesystem.open(path, "wb") as file:
                yield file
                file.flush()
                if self._is_local:
                    os.fsync(file.fileno())
            if self._is_local:
                _sync_folder(Path(path).parent)
        except OSError as error:
            self._forget(name)
            raise StorageError(f"The object store did not keep an object ({type(error).__name__})") from None
        except BaseException:
            self._forget(name)
            raise

    def size_of(self, name: str) -> int:
        """Return the size of an object in bytes; raises StorageError."""
        try:
            return int(self.filesystem.size(f"{self.root}/{name}"))
        except (OSError, TypeError) as error:
            raise StorageError(f"The object store did not give an object ({type(error).__name__})") from None

    def get_range(self, name: str, offset: int, length: int) -> bytes:
        """Return at most `length` bytes of an object from an offset; raises StorageError."""
        try:
            content: bytes = self.filesystem.cat_file(f"{self.root}/{name}", start=offset, end=offset + length)
        except OSError as error:
            raise StorageError(f"The object store did not give an object ({type(error).__name__})") from None
        return content

    def get(self, name: str) -> bytes:
        """Return an object.

        Raises:
            StorageError: it does not exist, or the store does not answer.
        """
        try:
            content: bytes = self.filesystem.cat_file(f"{self.root}/{name}")
        except OSError as error:
            raise StorageError(f"The object store did not give an object ({type(error).__name__})") from None
        return content

    def remove(self, name: str) -> None:
        """Delete an object; a missing one is not an error."""
        try:
            self.filesystem.rm_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"The object store did not remove an object ({type(error).__name__})") from None

    def names_before(self, folder: str, before: datetime) -> list[str]:
        """Return the names of the objects in a folder that were last written before an instant.

        An object whose store does not say when it was written is left out.

        Raises:
            StorageError: the store does not answer.
        """
        try:
            listed = self.filesystem.ls(f"{self.root}/{folder}", detail=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"The object store did not list its objects ({type(error).__name__})") from None
        found = []
        for entry in listed:
            written_at = _written_at(entry)
            if entry["type"] == "file" and written_at is not None and written_at < before:
                found.append(f"{folder}/{str(entry['name']).rpartition('/')[2]}")
        return found

    def _forget(self, name: str) -> None:
        """Remove an object that was not written to its end; if that fails too, the daily sweep does it."""
        with suppress(StorageError):
            self.remove(name)

    @property
    def _is_local(self) -> bool:
        return "file" in self.filesystem.protocol


def _written_at(entry: Mapping[str, Any]) -> datetime | None:
    """Return when an object was written, from the key that its kind of store uses, or None if it does not say."""
    for key in ("mtime", "LastModified", "last_modified", "updated"):
        match entry.get(key):
            case datetime() as instant if instant.tzinfo is not None:
                return instant
            case int() | float() as seconds:
                return datetime.fromtimestamp(seconds, UTC)
            case str() as written:
                with suppress(ValueError):
                    instant = datetime.fromisoformat(written)
                    return instant if instant.tzinfo is not None else None
    return None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

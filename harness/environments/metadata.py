"""The metadata of a wheel or a source distribution is read in bounded memory and time: an archive may be hostile.

The sizes that an archive states are checked before anything is unpacked, and no more than the bounds is unpacked.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

_LARGEST = 4 * 1024 * 1024  # bytes of METADATA; the longest real files have some 300 kB
_LARGEST_UNPACKED = 1024 * 1024 * 1024  # bytes of a source distribution
_MOST_ENTRIES = 50_000
_LONGEST_HEADER = 1000
_OF_PACKAGES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NAME = re.compile(r"[^/]+/PKG-INFO|[^/]+\.dist-info/METADATA")


def of(archive: Path) -> Message:
    """Return the headers of a wheel's METADATA or a source distribution's PKG-INFO.

    Raises:
        ValueError: the archive has no metadata, or metadata larger than any package's.
        OSError, EOFError, zipfile.BadZipFile, tarfile.TarError: the archive is damaged.

    """
    found = _in_zip(archive) if archive.suffix in {".whl", ".zip"} else _in_tar(archive)
    if found is None:
        message = f"{archive.name} has no metadata; if it is a copy of a repository, unpack it and name the folder"
        raise ValueError(message)
    metadata = BytesHeaderParser().parsebytes(found)
    for header in ("Name", "Version", "Requires-Python"):
        if len(metadata[header] or "") > _LONGEST_HEADER:
            message = f"{archive.name} has a {header} of {len(metadata[header])} characters"
            raise ValueError(message)
    return metadata


def _in_zip(archive: Path) -> bytes | None:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            if not _NAME.fullmatch(entry.filename):
                continue
            if entry.compress_type not in _OF_PACKAGES:
                message = f"{archive.name} packs {entry.filename} in a way that no package is"
                raise ValueError(message)
            _refuse_large(archive, entry.filename, entry.file_size)
            with opened.open(entry) as file:
                return file.read(_LARGEST)
    return None


def _in_tar(archive: Path) -> bytes | None:
    with gzip.open(archive) as unpacked, tarfile.open(fileobj=_Bounded(unpacked, archive.name)) as opened:
        for number, member in enumerate(opened):
            if number > _MOST_ENTRIES:
                message = f"{archive.name} has more than {_MOST_ENTRIES} files"
                raise ValueError(message)
            if _NAME.fullmatch(member.name) and (content := opened.extractfile(member)):
                _refuse_large(archive, member.name, member.size)
                return content.read(_LARGEST)
    return None


def _refuse_large(archive: Path, name: str, size: int) -> None:
    if size > _LARGEST:
        message = f"{archive.name} has a {name.rsplit('/', 1)[-1]} of {size} bytes, which is no package's"
        raise ValueError(message)


class _Bounded(io.RawIOBase):
    """An unpacked archive that bounds the bytes of one read and the bytes read in all.

    `tarfile` reads a long name in one piece, of whatever size the header states.
    """

    def __init__(self, unpacked: gzip.GzipFile, name: str) -> None:
        self._unpacked, self._name = unpacked, name

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST + tarfile.BLOCKSIZE:
            message = f"{self._name} has a header of {size} bytes, which is no package's"
            raise ValueError(message)
        return self._unpacked.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset > _LARGEST_UNPACKED:
            message = f"{self._name} unpacks to more than {_LARGEST_UNPACKED // 1024**3} GiB"
            raise ValueError(message)
        return self._unpacked.seek(offset, whence)

    def tell(self) -> int:
        return self._unpacked.tell()

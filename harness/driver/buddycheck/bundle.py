"""A certificate's files as one file: a compressed tar archive, the same octets for the same contents. Reads also the folder that it was
unpacked to. An archive is what one can publish with a release, sign off and unpack everywhere; its checksum finds a broken download."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from .errors import UsageProblem, why

STATEMENT, SIGNATURE = "statement.json", "statement.json.sig"
RUN, JOURNAL, PAGE, TEXT, DOAP, SCENARIOS = "run.json", "journal.jsonl", "conformance.html", "conformance.txt", "doap.xml", "scenarios/"
MOST_OCTETS = 4 * 1024**3
MOST_FILES = 50_000

Files = Mapping[str, bytes]


def write(path: Path, top: str, files: Files, time: int) -> None:
    """Writes the archive under another name and renames it. All files lie in the folder `top`, and are of that time."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("xb") as file:
            with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name in sorted(files):
                    entry = tarfile.TarInfo(f"{top}/{name}")
                    entry.size, entry.mtime, entry.mode = len(files[name]), time, 0o644
                    archive.addfile(entry, io.BytesIO(files[name]))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UsageProblem(f"cannot write {path}: {why(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path, shown: str) -> dict[str, bytes]:
    """All files, by their names below the bundle's folder; raises one line where it is no bundle."""
    try:
        return _folder(path, shown) if path.is_dir() else _archive(path, shown)
    except FileNotFoundError as error:
        raise UsageProblem(f"{shown}: does not exist; expected a bundle that 'buddycheck certify' made") from error
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise UsageProblem(f"{shown}: cannot be read: {why(error)}") from error
        raise UsageProblem(f"{shown}: is no bundle, or it breaks off ({' '.join(str(error).split())[:120]})") from error


def _archive(path: Path, shown: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with path.open("rb") as octets:
        packed = octets.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as stream:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for entry, name in _entries(archive, shown):
                if name in files:
                    raise UsageProblem(f"{shown}: is no bundle: {name} is in it twice")
                content = archive.extractfile(entry)
                files[name] = content.read() if content else b""
            stream.seek(archive.offset)
        while rest := stream.read(1024 * 1024):  # to the end, where the checksum of what is packed stands
            if rest.strip(b"\0"):
                raise UsageProblem(f"{shown}: is no bundle: something stands behind its end")
    if not files:
        raise UsageProblem(f"{shown}: is no bundle: it is empty")
    return files


def _entries(archive: tarfile.TarFile, shown: str) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """The files, none outside of the one folder, none bigger than what can be read; the size is known before anything is unpacked."""
    total = count = 0
    tops = set()
    for entry in archive:
        parts = PurePosixPath(entry.name).parts
        if entry.isdir() and len(parts) < 64:
            continue
        if not entry.isreg() or len(parts) < 2 or ".." in parts or entry.name.startswith("/"):
            raise UsageProblem(f"{shown}: is no bundle: it holds {entry.name!r}, which is no file in its folder")
        tops.add(parts[0])
        total, count = total + entry.size, count + 1
        if len(tops) > 1 or total > MOST_OCTETS or count > MOST_FILES:
            raise UsageProblem(f"{shown}: is no bundle: {'it has more than one folder' if len(tops) > 1 else 'it is too big'}")
        yield entry, "/".join(parts[1:])


def _folder(path: Path, shown: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for each in sorted(path.rglob("*")):
        if each.is_symlink() or not (each.is_file() or each.is_dir()):
            raise UsageProblem(f"{shown}: is no bundle: it holds {each.name!r}, which is no file")
        if each.is_file():
            files[each.relative_to(path).as_posix()] = each.read_bytes()
        if len(files) > MOST_FILES:
            raise UsageProblem(f"{shown}: is no bundle: it is too big")
    return files

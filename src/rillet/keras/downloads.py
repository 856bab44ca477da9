"""`keras.utils.get_file`: a file from a public address, checked and kept.

In: an address and, if it is known, the file's hash. Out: the path of a whole local
copy. A transfer goes to a file beside its place and is renamed when it is whole and its
hash agrees, so nobody ever sees half a file; a lock lets one process download while
others wait. User programs and `keras.datasets` call it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rillet.core.errors import house_message

from .archives import FORMATS, extract_archive, recognise
from .digests import algorithm_for, hash_file
from .settings import keras_home
from .transfers import exclusive, transfer

PathLike = str | os.PathLike[str]

_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".zip")


def get_file(
    fname: PathLike | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: PathLike = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | tuple[str, ...] | None = "auto",
    cache_dir: PathLike | None = None,
    force_download: bool = False,
) -> str:
    """Download a file, unless it is here already.

    Args:
        fname: the file's name in the cache, or an absolute path; None takes the
            address's last part.
        origin: the address: http, https, ftp or file.
        untar: unpack a `.tar.gz` whose folder is called `fname` (older programs).
        md5_hash: the file's MD5 (older programs).
        file_hash: the file's SHA-256 or MD5; a copy with another hash is replaced.
        cache_subdir: the folder in `cache_dir`, or an absolute path.
        hash_algorithm: `"auto"`, `"sha256"` or `"md5"`.
        extract: unpack the file, if it is an archive, into its own folder.
        archive_format: `"auto"`, `"tar"`, `"zip"`, a list of them, or None for none.
        cache_dir: the cache; None is `KERAS_HOME`, else `~/.keras`.
        force_download: download even if the file is here.

    Returns:
        The path of the file, as in Keras 2 (also with `extract`, where Keras 3 gives
        the folder); with `untar` that of the unpacked folder.

    Raises:
        ValueError: an argument is wrong, the hash is not the expected one, or the
            archive is refused. Nothing is left behind.
        OSError: the address cannot be reached, or the transfer broke off. Nothing is
            left behind.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
        ...     source = pathlib.Path(folder, "words.txt")
        ...     _ = source.write_text("rill brook")
        ...     path = get_file(origin=source.as_uri(), cache_dir=folder)
        ...     pathlib.Path(path).read_text()
        Downloading data from file:...words.txt
        'rill brook'
    """
    if origin is None:
        raise ValueError(
            house_message(
                "get_file", "origin is missing", "", "Give the address as origin="
            )
        )
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    if file_hash is not None:
        hash_algorithm = algorithm_for("get_file", file_hash, hash_algorithm)
    formats = _formats(archive_format)
    name = os.path.expanduser(os.fspath(fname)) if fname else _name_of(origin)
    if untar:
        name = name.removesuffix(".tar.gz") + ".tar.gz"
    place = _place(name, cache_dir, cache_subdir)

    def is_here() -> bool:
        if not place.is_file():
            return False
        return file_hash is None or (
            hash_file(place, hash_algorithm) == file_hash.lower()
        )

    if force_download or not is_here():
        place = _writeable(place, name, cache_subdir)
        with exclusive(place):
            # Another process may have brought the file while this one waited.
            if force_download or not is_here():
                print(f"Downloading data from {origin}", flush=True)
                transfer(origin, place, file_hash, hash_algorithm)
    if untar:
        return _untar(place)
    if extract:
        _extract(place, formats)
    return str(place)


def _formats(wanted: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    if wanted == "auto":
        return FORMATS
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted or ())
    for name in names:
        if name not in FORMATS:
            raise ValueError(
                house_message(
                    "get_file",
                    "archive_format must be 'auto', 'tar', 'zip' or None",
                    f"received {wanted!r}",
                )
            )
    return names


def _name_of(origin: str) -> str:
    name = os.path.basename(urlsplit(origin).path)
    # On Windows a decoded backslash or colon would name another folder.
    if unquote(name) in ("", ".", "..") or set(unquote(name)) & set("/\\:\0"):
        raise ValueError(
            house_message(
                "get_file",
                "the address does not end in a file's name",
                f"origin={origin!r}",
                "Give the name as fname=",
            )
        )
    return name


def _place(name: str, cache_dir: PathLike | None, cache_subdir: PathLike) -> Path:
    """Give the file's place in the cache, or in the second cache if it is there."""
    base = Path(os.path.expanduser(cache_dir)) if cache_dir else keras_home()
    # An absolute path on the right replaces what stands on the left.
    place = Path(os.path.abspath(base / cache_subdir / name))
    second = _second_cache() / cache_subdir / name
    if not place.exists() and second.is_file() and _is_mine(_second_cache()):
        return second
    return place


def _second_cache() -> Path:
    return Path(tempfile.gettempdir()) / ".keras"


def _is_mine(folder: Path) -> bool:
    """Tell whether only this user can have put files into a folder."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def _writeable(place: Path, name: str, cache_subdir: PathLike) -> Path:
    """Make the file's folder; where that cannot be, one in the temporary folder."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.access(place.parent, os.W_OK):
            return place
        reason = "it is read-only"
    except OSError as error:
        reason = error.strerror or str(error)
    second = _second_cache()
    movable = not os.path.isabs(name) and not os.path.isabs(cache_subdir)
    if movable:
        second.mkdir(mode=0o700, exist_ok=True)
        movable = _is_mine(second)
    if not movable:
        raise PermissionError(
            house_message(
                "get_file",
                "the file's folder cannot be written",
                f"{str(place.parent)!r}, {reason}",
                "Name a folder of yours by cache_dir= or by KERAS_HOME",
            )
        )
    print(f"{place.parent} cannot be written ({reason}); using {second}", flush=True)
    place = second / cache_subdir / name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _untar(place: Path) -> str:
    folder = Path(str(place).removesuffix(".tar.gz"))
    if not folder.exists():
        with exclusive(place):
            if not folder.exists():
                extract_archive(place, place.parent, "tar")
    return str(folder)


def _extract(place: Path, formats: tuple[str, ...]) -> None:
    kind = recognise(place, formats)
    if kind is not None:
        with exclusive(place):
            extract_archive(place, place.parent, kind)
    elif formats and place.name.endswith(_SUFFIXES):
        raise ValueError(
            house_message(
                "get_file",
                "the file is no archive, though its name says so",
                str(place),
                "Remove the file and call again",
            )
        )

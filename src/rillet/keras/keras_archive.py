"""`.keras` files: a zip of a model's configuration, weights and optimizer state.

In: a model and a path. Out: a file that tf.keras 2 and Keras 3 read too; and models of
such files, whichever of them wrote it. Nothing in a file is run: classes come from
rillet's own tables and from what the program registered.
"""

from __future__ import annotations

import datetime
import io
import itertools
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from rillet.core.errors import house_message
from rillet.keras.compile_form import compile_data, compiled_again, warn_of_state
from rillet.keras.config_forms import archive_form, plain, shared_form
from rillet.keras.forged import reading_model
from rillet.keras.function_code import safe_mode as in_safe_mode
from rillet.keras.functional_config import both_forms
from rillet.keras.hdf5 import library, reading, replacing
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.model import Model
from rillet.keras.optimizer_files import read_state, write_older_state, write_state
from rillet.keras.serialization import CustomObjectScope
from rillet.keras.weight_tree import parts_of, read_tree, write_tree

_CONFIG, _METADATA = "config.json", "metadata.json"
_WEIGHTS = "model.weights.h5"
_ASSETS = "assets"
#: What the texts in an archive may unpack to, and how much weights may grow.
_TEXT_LIMIT = 256 << 20
_RATIO = 200
_LEAST = 64 << 20
#: How entries may be packed: as they are, or deflated.
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def save_archive(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model into a `.keras` file.

    Args:
        model: a model whose weights are made.
        path: the file; one that stands there is replaced when the new one is whole.

    Raises:
        ValueError: where the model has no weights yet.
    """
    need_built(model)
    config = model_data(model)
    metadata = {"keras_version": "2.15.0", "date_saved": _now()}
    with replacing(path) as scratch:
        with zipfile.ZipFile(scratch, "w") as archive:
            archive.writestr(_METADATA, json.dumps(metadata))
            archive.writestr(_CONFIG, json.dumps(config))
            buffer = io.BytesIO()
            with library().File(buffer, "w") as file:
                write_tree(model, file)
                write_training(model, file)
            archive.writestr(_WEIGHTS, buffer.getbuffer())
            _write_assets(model, archive)


def _write_assets(model: Any, archive: zipfile.ZipFile) -> None:
    """Write the files of layers that have some, such as vocabularies."""
    for part in parts_of(model):
        if not hasattr(type(part.item), "save_assets"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            part.item.save_assets(folder)
            files = [f for f in sorted(Path(folder).rglob("*")) if f.is_file()]
            for path, file in itertools.product(part.paths, files):
                inner = file.relative_to(folder).as_posix()
                archive.write(file, f"{_ASSETS}/{path}/{inner}")


def _read_assets(model: Any, archive: zipfile.ZipFile) -> None:
    """Give layers the files that `_write_assets` wrote; names were looked at before."""
    names = [n for n in archive.namelist() if n.startswith(f"{_ASSETS}/")]
    for part in parts_of(model):
        if not hasattr(type(part.item), "load_assets"):
            continue
        for path in part.paths:
            start = f"{_ASSETS}/{path}/"
            mine = [n for n in names if n.startswith(start) and not n.endswith("/")]
            if not mine:
                continue
            with tempfile.TemporaryDirectory() as folder:
                for name in mine:
                    place = Path(folder, name.removeprefix(start))
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(archive.read(name))
                part.item.load_assets(folder)
            break


def _now() -> str:
    return datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")


def need_built(model: Any) -> None:
    """Raise where a model's weights are not made yet."""
    if not model.built:
        raise ValueError(
            house_message(
                f"{type(model).__name__}.save",
                "the model has no weights yet, since its inputs' shape is not known",
                f"the model is '{model.name}'",
                "Call it on data or model.build(input_shape) first",
            )
        )


def model_data(model: Any) -> dict[str, Any]:
    """A model's class, configuration and compilation as plain data."""
    with both_forms():
        data = archive_form(plain(serialize(model), serialize))
    own = type(model).__module__.startswith("rillet.")
    if own:
        data["module"] = "keras"
    elif ">" in str(data.get("registered_name")):
        data["module"] = None
    build = plain(model.get_build_config())
    if build and not own:
        data["build_config"] = build
    compiled = compile_data(model) if isinstance(model, Model) else None
    if compiled is not None:
        data["compile_config"] = shared_form(compiled)
    found: dict[str, Any] = data
    return found


def write_training(model: Any, file: Any, older: bool = False) -> None:
    """Write the states of the optimizers of a model and of compiled ones inside it.

    Args:
        model: the model.
        file: an open HDF5 file or group.
        older: write them in tf.keras 2's order, else in Keras 3's; the two differ in
            number, so that each passes over what the other kept.
    """
    write = write_older_state if older else write_state
    for part in parts_of(model):
        optimizer = _optimizer_of(part.item)
        if optimizer is None:
            continue
        first, *others = (f"{p}/optimizer" if p else "optimizer" for p in part.paths)
        write(optimizer, file.require_group(first))
        for path in others:
            if path not in file:
                file[path] = file[first]


def _optimizer_of(item: Any) -> Any:
    optimizer = getattr(item, "optimizer", None) if isinstance(item, Model) else None
    return optimizer if hasattr(optimizer, "variables") else None


def load_archive(
    path: str | os.PathLike[str],
    custom_objects: Any = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in a `.keras` file.

    Args:
        path: the file.
        custom_objects: users' classes and functions by name.
        compile: whether to compile it as it was.
        safe_mode: whether to refuse lambdas, whose code stands in the file.

    Returns:
        The model.

    Raises:
        ValueError: where the file is no such archive, or holds what it must not.
    """
    with zipped(path) as archive:
        size = sum(e.file_size for e in archive.infolist() if e.filename == _WEIGHTS)
        with in_safe_mode(safe_mode), CustomObjectScope(custom_objects or {}):
            with reading_model(path, size):
                config = json.loads(text_in(archive, _CONFIG, path))
                model = _made(config, custom_objects, path)
                if compile:
                    compiled_again(model, config.get("compile_config"), custom_objects)
            _read_assets(model, archive)
            with weights_in(archive, path) as file:
                read_tree(model, file)
                if compile:
                    read_training(model, file, path)
    return model


def _made(config: dict[str, Any], custom_objects: Any, path: Any) -> Any:
    model = deserialize(config, custom_objects)
    if not isinstance(model, Model) and not getattr(model, "_saves_alone", False):
        raise ValueError(
            house_message(
                "load_model",
                "the file holds no model",
                f"{os.fspath(path)!r} holds a {type(model).__name__}",
            )
        )
    build = config.get("build_config")
    if build and not model.built:
        model.build_from_config(build)
    elif build and not type(model).__module__.startswith("rillet."):
        if not model._begins_known:
            model.build_from_config(build)
    return model


def read_training(model: Any, file: Any, path: Any) -> None:
    """Read the optimizers' states, where models are compiled and the file has them."""
    for part in parts_of(model):
        optimizer = _optimizer_of(part.item)
        places = [f"{p}/optimizer" if p else "optimizer" for p in part.paths]
        found = [place for place in places if f"{place}/vars" in file]
        if optimizer is None or not found:
            continue
        optimizer.build(part.item.trainable_variables)
        if not read_state(optimizer, file[found[0]]):
            warn_of_state(part.item, os.fspath(path))


def zipped(path: str | os.PathLike[str]) -> zipfile.ZipFile:
    """A zip file open for reading, its entries looked at.

    Raises:
        ValueError: where it is none, or an entry is not what a model needs.
    """
    if not os.path.isfile(path):
        raise ValueError(
            house_message(
                "load_model",
                "File not found",
                f"filepath={os.fspath(path)!r}",
                "Please ensure the file is an accessible `.keras` zip file",
            )
        )
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(
            house_message(
                "load_model",
                "the file is no zip, or damaged",
                f"{os.fspath(path)!r}: {error}",
            )
        ) from None
    size = Path(path).stat().st_size
    room = max(_LEAST, _RATIO * size)
    for entry in archive.infolist():
        name = entry.filename
        bad = name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name
        if bad or ":" in name:
            archive.close()
            raise _refusal(path, "an entry would lie outside", name)
        if entry.compress_type not in _PACKINGS or entry.flag_bits & 1:
            archive.close()
            raise _refusal(path, "an entry is packed in another way", name)
        room -= entry.file_size
        if room < 0:
            archive.close()
            raise _refusal(path, "it unpacks to more than its size allows", name)
    return archive


def text_in(archive: zipfile.ZipFile, name: str, path: Any) -> str:
    """A text in an archive.

    Raises:
        ValueError: where it is missing, damaged or far too long.
    """
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise ValueError(
            house_message(
                "load_model",
                f"the archive has no {name}",
                f"{os.fspath(path)!r} has {archive.namelist()[:8]}",
            )
        ) from None
    if entry.file_size > _TEXT_LIMIT:
        raise _refusal(path, "a text in it is too long", name)
    try:
        return archive.read(entry).decode("utf-8")
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError) as error:
        raise _refusal(path, f"it is damaged ({error})", name) from None


class weights_in:
    """A ``with`` block with the weights in an archive, as an open HDF5 file."""

    def __init__(self, archive: zipfile.ZipFile, path: Any) -> None:
        self._archive = archive
        self._path = path

    def __enter__(self) -> Any:
        names = self._archive.namelist()
        if _WEIGHTS not in names:
            raise ValueError(
                house_message(
                    "load_model",
                    "the archive holds no weights",
                    f"{os.fspath(self._path)!r} has {names[:8]}",
                )
            )
        handle, name = tempfile.mkstemp(suffix=".h5")
        self._name = name
        try:
            with os.fdopen(handle, "wb") as out, self._archive.open(_WEIGHTS) as file:
                while chunk := file.read(1 << 20):
                    out.write(chunk)
            self._open = reading(name)
            return self._open.__enter__()
        except BaseException as error:
            os.remove(name)
            if isinstance(error, zipfile.BadZipFile):
                raise _refusal(self._path, "it is damaged", str(error)) from None
            raise

    def __exit__(self, *exc: Any) -> None:
        try:
            self._open.__exit__(*exc)
        finally:
            os.remove(self._name)


def _refusal(path: Any, rule: str, where: str) -> ValueError:
    return ValueError(
        house_message(
            "load_model",
            f"the file {os.fspath(path)!r} was not read, {rule}",
            f"at {where!r}",
            "Do not use this file",
        )
    )

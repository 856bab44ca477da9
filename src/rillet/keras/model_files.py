"""Models and weights in files: which format a path means, and who reads and writes it.

In: a model and a path, or a path alone. Out: a file, or a model. `Model.save`,
`load_model`, `save_weights` and `load_weights` stand here; a folder is TensorFlow's
SavedModel, which a higher storey signs in for.
"""

from __future__ import annotations

import json
import os
import zipfile
from typing import Any

from rillet.core import context
from rillet.core.errors import NotFoundError, house_message
from rillet.core.logger import get_logger
from rillet.core.plain_files import need_plain
from rillet.keras import keras_archive, legacy_files
from rillet.keras.checkpoint_parts import load_checkpoint, save_checkpoint
from rillet.keras.compile_form import compiled_again
from rillet.keras.config_forms import plain
from rillet.keras.forged import is_cut_archive
from rillet.keras.hdf5 import library, reading, replacing
from rillet.keras.layers.registry import deserialize
from rillet.keras.weight_tree import read_tree, write_tree

_HDF5 = (".h5", ".hdf5", ".hdf")


def save_model(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    save_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Save a model: its layers, weights, and what it was compiled with.

    Args:
        model: the model.
        filepath: a path that ends in ``.keras`` or ``.h5``; one without an ending is a
            folder in TensorFlow's SavedModel format.
        overwrite: whether to replace a file that stands there; else ask.
        save_format: ``"keras"``, ``"h5"`` or ``"tf"``, where the path does not say.
        **kwargs: `include_optimizer` for `.h5`; further ones for a SavedModel.

    Raises:
        ValueError: where the format is unknown, or the file exists and stays.
        NotImplementedError: where the model cannot be written in that format.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(model, os.path.join(folder, "line.keras"))
        ...     os.listdir(folder)
        ['line.keras']
    """
    path = os.fspath(filepath)
    form = _format(path, save_format)
    if form == "tf":
        _saved_model("save", model, path, overwrite=overwrite, **kwargs)
        return
    if os.path.exists(path) and not overwrite and not _may_replace(path):
        return
    if form == "keras":
        unknown = set(kwargs) - {"include_optimizer", "signatures", "options", "zipped"}
        if unknown or not path.endswith(".keras"):
            raise ValueError(
                house_message(
                    "Model.save",
                    "Invalid filepath extension for saving in the `.keras` format"
                    if not unknown
                    else "The following argument(s) are not supported with the native"
                    " Keras format",
                    f"filepath={path}, {sorted(unknown)}",
                    "Let the path end in .keras",
                )
            )
        keras_archive.save_archive(model, path)
        return
    legacy_files.save_whole(model, path, bool(kwargs.get("include_optimizer", True)))


def _format(path: str, save_format: str | None) -> str:
    if save_format in ("keras", "keras_v3"):
        return "keras"
    if save_format in ("h5", "hdf5") or path.endswith(_HDF5):
        return "h5"
    if save_format in ("tf", "tensorflow"):
        return "tf"
    if save_format is not None:
        raise ValueError(
            house_message(
                "Model.save",
                "Unknown `save_format` argument. Expected 'keras', 'h5' or 'tf'",
                f"got {save_format!r}",
            )
        )
    return "keras" if path.endswith(".keras") else "tf"


def _saved_model(what: str, *args: Any, **kwargs: Any) -> Any:
    """Hand over to the storey that knows TensorFlow's SavedModel."""
    service = context.service(f"keras.saved_model.{what}")
    if service is None:
        raise ValueError(
            house_message(
                "Model.save" if what == "save" else "load_model",
                "this version of rillet does not know TensorFlow's SavedModel folders",
                f"filepath={args[-1]!r}",
                "Let the path end in .keras (or .h5), e.g. 'model.keras'",
            )
        )
    return service(*args, **kwargs)


def _may_replace(path: str) -> bool:
    """Ask at the terminal whether a file may be replaced."""
    answer = input(f"[WARNING] {path} already exists - overwrite? [y/n] ")
    while answer.strip() not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel). ')
    return answer.strip() == "y"


def load_model(
    filepath: Any,
    custom_objects: Any = None,
    compile: bool = True,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """The model in a file.

    Args:
        filepath: a `.keras` or `.h5` file, or a folder in SavedModel format.
        custom_objects: users' classes and functions by name, where they are not
            registered.
        compile: whether to compile it as it was.
        safe_mode: whether to refuse lambdas, whose code stands in the file: loading
            them means running code from it.
        **kwargs: for a SavedModel.

    Returns:
        The model.

    Raises:
        ValueError: where there is no such file, or it is none of a model, or it needs
            classes that are not known.
    """
    path = os.fspath(filepath)
    if os.path.isdir(path):
        return _saved_model("load", path, custom_objects, compile, **kwargs)
    if not os.path.exists(path):
        raise OSError(
            house_message(
                "load_model",
                "No file or directory found",
                f"filepath={path!r}",
            )
        )
    need_plain(path, "load_model")
    if zipfile.is_zipfile(path) or is_cut_archive(path):
        return keras_archive.load_archive(path, custom_objects, compile, safe_mode)
    return legacy_files.load_whole(path, custom_objects, compile, safe_mode)


def save_weights(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    save_format: str | None = None,
    options: Any = None,
) -> None:
    """Save a model's weights, and its optimizer's state.

    Args:
        model: the model.
        filepath: a path that ends in ``.weights.h5``, or ``.h5`` for the older form;
            one without such an ending begins the names of TensorFlow's files.
        overwrite: whether to replace a file that stands there; else ask.
        save_format: ``"h5"`` or ``"tf"``, where the path does not say.
        options: a `tf.train.CheckpointOptions`, for TensorFlow's files.

    Raises:
        ValueError: where the model has no weights yet, or the format does not fit.
    """
    path = os.fspath(filepath)
    keras_archive.need_built(model)
    if path.endswith(_HDF5) and save_format in ("tf", "tensorflow"):
        raise ValueError(
            house_message(
                "Model.save_weights",
                "save_weights got save_format='tf'/'tensorflow', but the filepath looks"
                " like an HDF5 file",
                f"filepath={path!r}",
                "Omit the '.h5'/'.hdf5' when saving in TensorFlow's format",
            )
        )
    if not path.endswith(_HDF5) and save_format in ("h5", "hdf5", "keras"):
        path += ".h5"
    if not path.endswith(_HDF5):
        exists = os.path.exists(f"{path}.index")
        if not exists or overwrite or _may_replace(path):
            save_checkpoint(model, path, options)
        return
    if os.path.exists(path) and not overwrite and not _may_replace(path):
        return
    with replacing(path) as scratch, library().File(scratch, "w") as file:
        if path.endswith(".weights.h5"):
            write_tree(model, file, older=True)
            keras_archive.write_training(model, file, older=True)
        else:
            legacy_files.write_layers(model, file)


def load_weights(
    model: Any,
    filepath: Any,
    skip_mismatch: bool = False,
    by_name: bool = False,
    options: Any = None,
) -> Any:
    """Read a model's weights from a file.

    Args:
        model: the model, its weights made.
        filepath: a `.weights.h5`, `.h5` or `.keras` file, or what the names of
            TensorFlow's files begin with.
        skip_mismatch: leave weights alone that differ, and say so.
        by_name: match layers by name and not by their order; only for `.h5`.
        options: ignored.

    Returns:
        For TensorFlow's files a status, as of `tf.train.Checkpoint.restore`: weights
        yet to be made are read when they are.

    Raises:
        ValueError: where the file's weights are not the model's; nothing is changed.
        FileNotFoundError: where there is no such file.
    """
    path = os.fspath(filepath)
    if os.path.exists(f"{path}.index"):
        if by_name:
            raise NotImplementedError(
                house_message(
                    "Model.load_weights",
                    "Weights may only be loaded based on topology into Models when"
                    " loading TensorFlow-formatted weights",
                    "by_name=True",
                )
            )
        return load_checkpoint(model, path, skip_mismatch)
    if not os.path.exists(path):
        # A bare path is TensorFlow's checkpoint, and the error its own.
        plain = path.endswith((*_HDF5, ".keras"))
        missing = FileNotFoundError if plain else NotFoundError
        raise missing(
            house_message(
                "Model.load_weights", "there is no such file", f"filepath={path!r}"
            )
        )
    need_plain(path, "Model.load_weights")
    if zipfile.is_zipfile(path) or is_cut_archive(path):
        with (
            keras_archive.zipped(path) as archive,
            keras_archive.weights_in(archive, path) as file,
        ):
            _read(model, file, path, skip_mismatch)
        return None
    with reading(path) as file:
        group = file["model_weights"] if "model_weights" in file else file
        older = "layer_names" in group.attrs or "layer_names0" in group.attrs
        if not older:
            if by_name:
                raise ValueError(
                    house_message(
                        "Model.load_weights",
                        "Invalid keyword argument: by_name works with files of the"
                        " older form only",
                        f"filepath={path!r}",
                    )
                )
            _read(model, file, path, skip_mismatch)
            return None
        if skip_mismatch and not by_name:
            raise ValueError(
                house_message(
                    "Model.load_weights",
                    "When calling model.load_weights, skip_mismatch can only be set to"
                    " True when by_name is True",
                    f"filepath={path!r}",
                )
            )
        if by_name:
            legacy_files.read_layers_by_name(model, group, skip_mismatch)
        else:
            _need_weights(model)
            legacy_files.read_layers(model, group)
    return None


def _read(model: Any, file: Any, path: str, skip_mismatch: bool) -> None:
    _need_weights(model)
    left = read_tree(model, file, skip_mismatch)
    for words in left:
        get_logger().warning("Skipping loading of weights: %s", words)
    keras_archive.read_training(model, file, path)


def _need_weights(model: Any) -> None:
    if not model.built:
        raise ValueError(
            house_message(
                "Model.load_weights",
                "Unable to load weights into a model which has not created its"
                " variables yet",
                f"the model is '{model.name}'",
                "Call it on data or model.build(input_shape) first",
            )
        )


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model that `Model.to_json` described, with new weights.

    Args:
        json_string: that text.
        custom_objects: users' classes by name.
    """
    return model_from_config(json.loads(json_string), custom_objects)


def model_from_config(config: Any, custom_objects: Any = None) -> Any:
    """The model that a configuration describes, with new weights.

    Args:
        config: a dictionary with ``class_name`` and ``config``.
        custom_objects: users' classes by name.

    Raises:
        TypeError: where a list is given.
    """
    if isinstance(config, list):
        raise TypeError(
            house_message(
                "model_from_config",
                "`model_from_config` expects a dictionary, not a list",
                f"got {config!r}",
                "Did you mean to use `Sequential.from_config(config)`?",
            )
        )
    return deserialize(config, custom_objects)


def model_from_yaml(yaml_string: str, custom_objects: Any = None) -> Any:
    """Not supported: reading YAML could run code.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        house_message(
            "model_from_yaml",
            "Method `model_from_yaml()` has been removed due to security risk of"
            " arbitrary code execution",
            fix="Please use `Model.to_json()` and `model_from_json()` instead",
        )
    )


def compile_from_config(model: Any, config: dict[str, Any]) -> None:
    """Compile a model as the ``compile_config`` of another one says."""
    compiled_again(model, config)


def write_backup(model: Any, path: Any, epoch: int) -> None:
    """Write what training needs to go on from an epoch.

    Args:
        model: the model.
        path: the file.
        epoch: the epoch that comes next.
    """
    with replacing(path) as scratch, library().File(scratch, "w") as file:
        write_tree(model, file)
        keras_archive.write_training(model, file)
        file.attrs["epoch"] = epoch
        shape = plain(model.get_build_config()).get("input_shape")
        file.attrs["input_shape"] = json.dumps(shape)


def read_backup(model: Any, path: Any) -> int:
    """Read what `write_backup` wrote.

    Args:
        model: the model; built where it is not.
        path: the file.

    Returns:
        The epoch that comes next.
    """
    with reading(path) as file:
        if not model.built:
            model.build(json.loads(file.attrs["input_shape"]))
        read_tree(model, file)
        keras_archive.read_training(model, file, path)
        return int(file.attrs["epoch"])

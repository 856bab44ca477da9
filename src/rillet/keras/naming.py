"""Names that Keras gives to objects whose maker gave none.

In: a class's name, or a base. Out: ``dense``, ``dense_1`` and so on. Layers, models,
metrics and optimizers call it; `reset_names` (`clear_session`) starts over.
"""

from __future__ import annotations

import re

from rillet.core import context

#: Before words in the names of objects, and in paths in files, where "1D" is no word.
_BORDER = re.compile(r"(?<=.)(?=[A-Z][a-z0-9])|(?<=[a-z])(?=[A-Z])")
_PATH_BORDER = re.compile(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")


def snake_case(name: str) -> str:
    """A class's name in lower case with underscores.

    Args:
        name: a name such as `LeakyReLU`.

    Returns:
        The name as Keras writes it in names of layers.

    Example:
        >>> snake_case("LeakyReLU"), snake_case("Conv2D"), snake_case("_Mine")
        ('leaky_re_lu', 'conv2d', 'private__mine')
    """
    found = _BORDER.sub("_", name).lower()
    # A name that begins with an underscore would be no valid scope in TensorFlow.
    return f"private{found}" if found.startswith("_") else found


def path_name(name: str) -> str:
    """A class's name as it stands in the paths of weights in files.

    Args:
        name: a name such as `ConvLSTM1D`.

    Returns:
        The name that both Kerases write.

    Example:
        >>> path_name("ConvLSTM1D"), snake_case("ConvLSTM1D")
        ('conv_lstm1d', 'conv_lst_m1d')
    """
    return _PATH_BORDER.sub("_", re.sub(r"\W+", "", name)).lower()


def unique_name(base: str, first: int = 0) -> str:
    """A name that no object of this process has got from here.

    Args:
        base: what the name begins with.
        first: the number of the first one; 0 is not written.

    Returns:
        `base`, or `base` with an underscore and a number.
    """
    number = context.unique_number(f"keras:{base}") + first
    return f"{base}_{number}" if number else base


def get_uid(prefix: str = "") -> int:
    """A number that this prefix has not had yet, from 1 on."""
    return context.unique_number(f"keras.uid:{prefix}") + 1


def reset_uids() -> None:
    """Start the numbers of all prefixes anew."""
    context.reset_unique_numbers()


def reset_names() -> None:
    """Start every base at its first name again."""
    context.reset_unique_numbers()

"""Devices: one CPU, which may be split into logical ones; no GPU, said honestly.

`tf.device` accepts any well-formed name. Under soft placement, which is the default,
a GPU that does not exist means the CPU.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from rillet.core import context
from rillet.core.errors import InvalidArgumentError, house_message


class PhysicalDevice(NamedTuple):
    """A device of this machine, e.g. ``/physical_device:CPU:0``."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device that programs place tensors on, e.g. ``/device:CPU:0``."""

    name: str
    device_type: str


class LogicalDeviceConfiguration:
    """How a physical device is split: one of these for each logical device.

    Args:
        memory_limit: the memory of a GPU, in MB; of no meaning on a CPU.
        experimental_priority: of no meaning on a CPU.
        experimental_device_ordinal: of no meaning on a CPU.
    """

    def __init__(
        self,
        memory_limit: float | None = None,
        experimental_priority: int | None = None,
        experimental_device_ordinal: int | None = None,
    ) -> None:
        self.memory_limit = memory_limit
        self.experimental_priority = experimental_priority
        self.experimental_device_ordinal = experimental_device_ordinal


_CPU = PhysicalDevice("/physical_device:CPU:0", "CPU")


class _Settings:
    """What programs have set, for the whole process."""

    def __init__(self) -> None:
        self.visible: list[PhysicalDevice] = [_CPU]
        self.logical: list[LogicalDeviceConfiguration] = []
        self.soft_placement = True
        self.log_placement = False
        #: Whether functions run as Python: because it was asked for, or because the
        #: results of single ops are looked at.
        self.functions_eager = False
        self.asked_eager = False
        self.looks = 0
        self.tensor_float_32 = True
        self.jit = ""
        self.optimizer_options: dict[str, Any] = {}
        self.synchronous = True


settings = _Settings()


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of this machine: its CPU.

    Args:
        device_type: ``"CPU"``, ``"GPU"`` …, or None for all.

    Returns:
        A list; empty for a GPU, since rillet computes on the CPU.

    Example:
        >>> import rillet as tf
        >>> tf.config.list_physical_devices("GPU")
        []
    """
    return [d for d in [_CPU] if device_type in (None, d.device_type)]


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The physical devices that programs may use."""
    return [d for d in settings.visible if device_type in (None, d.device_type)]


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Choose the physical devices that programs may use.

    Args:
        devices: a device or a list of them; empty to hide all of `device_type`.
        device_type: the type that the choice is about.

    Raises:
        ValueError: where a device does not exist.
    """
    chosen = [devices] if isinstance(devices, PhysicalDevice) else list(devices or [])
    for device in chosen:
        if device != _CPU:
            raise ValueError(
                house_message(
                    "config.set_visible_devices", "Unrecognized device", repr(device)
                )
            )
    if device_type in (None, "CPU"):
        if not chosen and device_type == "CPU":
            raise ValueError(
                house_message(
                    "config.set_visible_devices", "the CPU cannot be hidden", "[]"
                )
            )
        settings.visible = chosen or [_CPU]


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The devices that programs place tensors on.

    Args:
        device_type: ``"CPU"``, ``"GPU"`` …, or None for all.

    Returns:
        A list, of one CPU unless it was split.
    """
    if device_type not in (None, "CPU"):
        return []
    count = max(1, len(settings.logical))
    return [LogicalDevice(f"/device:CPU:{i}", "CPU") for i in range(count)]


def set_logical_device_configuration(
    device: PhysicalDevice, logical_devices: Sequence[LogicalDeviceConfiguration]
) -> None:
    """Split a physical device.

    Args:
        device: the CPU.
        logical_devices: a configuration for each logical device.

    Raises:
        ValueError: where the device does not exist.
    """
    _known(device, "config.set_logical_device_configuration")
    settings.logical = list(logical_devices)


def get_logical_device_configuration(
    device: PhysicalDevice,
) -> list[LogicalDeviceConfiguration] | None:
    """How a physical device is split; None where it is not."""
    _known(device, "config.get_logical_device_configuration")
    return settings.logical or None


def _known(device: Any, op: str) -> None:
    if device != _CPU:
        raise ValueError(house_message(op, "Unrecognized device", repr(device)))


def set_memory_growth(device: PhysicalDevice, enable: bool) -> None:
    """Accepted for programs that set it for each GPU; a CPU's memory grows anyway.

    Args:
        device: a physical device.
        enable: whether memory grows.

    Raises:
        ValueError: where the device does not exist.
    """
    _known(device, "config.experimental.set_memory_growth")


def get_memory_growth(device: PhysicalDevice) -> bool:
    """Whether a device's memory grows with need, as a CPU's does."""
    _known(device, "config.experimental.get_memory_growth")
    return True


def get_memory_info(device: str) -> dict[str, int]:
    """Not known for a CPU.

    Raises:
        ValueError: always, as in TensorFlow.
    """
    raise ValueError(
        house_message(
            "config.experimental.get_memory_info",
            "the device keeps no account of its memory",
            device,
        )
    )


def reset_memory_stats(device: str) -> None:
    """Not known for a CPU; raises as `get_memory_info` does."""
    get_memory_info(device)


def get_device_details(device: PhysicalDevice) -> dict[str, Any]:
    """What is known of a device; nothing of a CPU."""
    _known(device, "config.experimental.get_device_details")
    return {}


def set_soft_device_placement(enabled: bool) -> None:
    """Whether a device that does not exist means the CPU."""
    settings.soft_placement = bool(enabled)


def get_soft_device_placement() -> bool:
    """Whether a device that does not exist means the CPU."""
    return settings.soft_placement


def set_log_device_placement(enabled: bool) -> None:
    """Kept as a setting; every op runs on ``/device:CPU:0``."""
    settings.log_placement = bool(enabled)


def get_log_device_placement() -> bool:
    """The setting of `set_log_device_placement`."""
    return settings.log_placement


def get_device_policy() -> str:
    """What happens to tensors on other devices: nothing, there are none."""
    return "silent"


def set_device_policy(device_policy: str | None) -> None:
    """Accepted; there is one device.

    Raises:
        ValueError: where the policy has another name than TensorFlow's.
    """
    if device_policy not in (None, "explicit", "warn", "silent", "silent_for_int32"):
        raise ValueError(
            house_message(
                "config.experimental.set_device_policy",
                "invalid policy",
                repr(device_policy),
                "Use 'explicit', 'warn', 'silent' or 'silent_for_int32'",
            )
        )


def set_synchronous_execution(enable: bool) -> None:
    """Kept as a setting; ops run one after another."""
    settings.synchronous = bool(enable)


def get_synchronous_execution() -> bool:
    """Whether ops run one after another."""
    return settings.synchronous


def enable_tensor_float_32_execution(enabled: bool) -> None:
    """Kept as a setting; products are computed in full float32."""
    settings.tensor_float_32 = bool(enabled)


def tensor_float_32_execution_enabled() -> bool:
    """The setting of `enable_tensor_float_32_execution`."""
    return settings.tensor_float_32


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether `tf.function` runs the Python code itself, op by op.

    Args:
        run_eagerly: true to debug step by step.
    """
    settings.asked_eager = bool(run_eagerly)
    settings.functions_eager = settings.asked_eager or settings.looks > 0


def look_at_ops(more: int) -> None:
    """Let functions run as Python while somebody looks at the results of single ops.

    Args:
        more: 1 where somebody begins to, -1 where he ends.
    """
    settings.looks += more
    settings.functions_eager = settings.asked_eager or settings.looks > 0


def functions_run_eagerly() -> bool:
    """Whether `tf.function` runs the Python code itself."""
    return settings.asked_eager


def set_jit(enabled: Any) -> None:
    """Kept as a setting: true, false or ``"autoclustering"``."""
    settings.jit = "autoclustering" if enabled else ""


def get_jit() -> str:
    """The setting of `set_jit`."""
    return settings.jit


def set_experimental_options(options: dict[str, Any]) -> None:
    """Keep options of TensorFlow's graph optimiser."""
    settings.optimizer_options.update(options)


def get_experimental_options() -> dict[str, Any]:
    """The options of TensorFlow's graph optimiser that were set."""
    return dict(settings.optimizer_options)


_DEVICE = (  # compiled when first a device is named, for a quick import
    r"(/job:[\w.-]+)?(/replica:(\d+|\*))?(/task:(\d+|\*))?"
    r"(/?(device:)?([A-Za-z_]+)(:(\d+|\*))?)?"
)


class device:
    """A ``with`` block whose ops are placed on a device, `tf.device`.

    Args:
        device_name: e.g. ``"/CPU:0"`` or ``"GPU:0"``; None for the default.

    Raises:
        ValueError: where the name is malformed.
        InvalidArgumentError: for a device that does not exist, where soft placement
            was switched off.

    Example:
        >>> import rillet as tf
        >>> with tf.device("/GPU:0"):
        ...     x = tf.constant(1)
        >>> x.device
        '/job:localhost/replica:0/task:0/device:CPU:0'
    """

    def __init__(self, device_name: Any) -> None:
        name = getattr(device_name, "name", device_name)
        if callable(name):
            raise RuntimeError(
                house_message("device", "a device is named by a string", repr(name))
            )
        self._name = "" if name is None else str(name)
        found = re.fullmatch(_DEVICE, self._name.replace("physical_device", "device"))
        if found is None:
            raise ValueError(
                house_message(
                    "device",
                    "Could not parse the device name",
                    repr(self._name),
                    "Write it as /CPU:0 or /GPU:0",
                )
            )
        kind, index = (found.group(8) or "CPU").upper(), found.group(10)
        here = kind == "CPU" and int(index or 0) < len(list_logical_devices("CPU"))
        if not here and not settings.soft_placement:
            raise InvalidArgumentError(
                house_message(
                    "device",
                    "the device does not exist",
                    repr(self._name),
                    "Use /CPU:0, or tf.config.set_soft_device_placement(True)",
                )
            )

    def __enter__(self) -> None:
        context.state.devices = (*context.state.devices, self._name)

    def __exit__(self, *exc: object) -> None:
        context.state.devices = context.state.devices[:-1]

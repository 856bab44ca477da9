"""What ``tensorflow.python.client.device_lib`` tells programs: this machine's devices.

Nothing flows in; a list of one processor flows out. ``names`` hands this module to
programs that import it to count GPUs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceAttributes:
    """What TensorFlow's ``device_lib`` tells about one device."""

    name: str
    device_type: str
    memory_limit: int
    incarnation: int = 0
    physical_device_desc: str = ""
    xla_global_id: int = -1


def list_local_devices() -> list[DeviceAttributes]:
    """Return the devices of this machine as ``device_lib`` does: the processor.

    Example:
        >>> [device.device_type for device in list_local_devices()]
        ['CPU']
    """
    return [DeviceAttributes("/device:CPU:0", "CPU", memory_limit=1 << 28)]

"""`tf.config`: devices and settings of the whole process."""

from rillet.config import experimental as experimental
from rillet.config import optimizer as optimizer
from rillet.config import threading as threading
from rillet.core.devices import LogicalDevice as LogicalDevice
from rillet.core.devices import LogicalDeviceConfiguration as LogicalDeviceConfiguration
from rillet.core.devices import PhysicalDevice as PhysicalDevice
from rillet.core.devices import functions_run_eagerly as functions_run_eagerly
from rillet.core.devices import (
    get_logical_device_configuration as get_logical_device_configuration,
)
from rillet.core.devices import get_soft_device_placement as get_soft_device_placement
from rillet.core.devices import get_visible_devices as get_visible_devices
from rillet.core.devices import list_logical_devices as list_logical_devices
from rillet.core.devices import list_physical_devices as list_physical_devices
from rillet.core.devices import run_functions_eagerly as run_functions_eagerly
from rillet.core.devices import (
    set_logical_device_configuration as set_logical_device_configuration,
)
from rillet.core.devices import set_soft_device_placement as set_soft_device_placement
from rillet.core.devices import set_visible_devices as set_visible_devices

#: The modules here that are public.
_namespaces = ("experimental", "optimizer", "threading")

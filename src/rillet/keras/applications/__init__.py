"""`tf.keras.applications`: networks that are known by name; they load on first use."""

import importlib as _importlib
from typing import Any as _Any

from rillet.core import missing as _missing

#: Networks by the file in `architectures` that has them.
_TABLE = {
    "convnext": "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge",
    "densenet": "DenseNet121 DenseNet169 DenseNet201",
    "efficient": (
        "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 "
        "EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7 "
        "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 "
        "EfficientNetV2L EfficientNetV2M EfficientNetV2S"
    ),
    "inception": "InceptionResNetV2 InceptionV3",
    "mobile": "MobileNet MobileNetV2",
    "mobile_v3": "MobileNetV3Large MobileNetV3Small",
    "nasnet": "NASNetLarge NASNetMobile",
    "regnet": (
        "RegNetX002 RegNetX004 RegNetX006 RegNetX008 RegNetX016 RegNetX032 "
        "RegNetX040 RegNetX064 RegNetX080 RegNetX120 RegNetX160 RegNetX320 "
        "RegNetY002 RegNetY004 RegNetY006 RegNetY008 RegNetY016 RegNetY032 "
        "RegNetY040 RegNetY064 RegNetY080 RegNetY120 RegNetY160 RegNetY320"
    ),
    "residual": "ResNet101 ResNet101V2 ResNet152 ResNet152V2 ResNet50 ResNet50V2",
    "vgg": "VGG16 VGG19",
    "xception": "Xception",
}
_NAMES = {name: file for file, names in _TABLE.items() for name in names.split()}
_NAMESPACES = (
    "convnext",
    "densenet",
    "efficientnet",
    "efficientnet_v2",
    "imagenet_utils",
    "inception_resnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3",
    "nasnet",
    "regnet",
    "resnet",
    "resnet50",
    "resnet_v2",
    "vgg16",
    "vgg19",
    "xception",
)
_missing.watch(__name__, _NAMESPACES, hide=True)


def __getattr__(name: str) -> _Any:
    value: _Any
    if name == "__all__":
        value = __dir__()
    elif name in _NAMES:
        module = f"rillet.keras.architectures.{_NAMES[name]}"
        value = getattr(_importlib.import_module(module), name)
    elif name in _NAMESPACES:
        value = _importlib.import_module(f"rillet.keras.applications.{name}")
    else:
        raise _missing.missing_name("tf.keras.applications", name, __dir__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*_NAMES, *_NAMESPACES})

"""Architectures that are compared with tf.keras's, and weights by a formula."""

import numpy as np

_PLAIN = """
    VGG16 VGG19 ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2 ResNet152V2
    InceptionV3 InceptionResNetV2 Xception MobileNet MobileNetV2 MobileNetV3Small
    MobileNetV3Large DenseNet121 DenseNet169 DenseNet201 NASNetMobile NASNetLarge
    EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4
    EfficientNetB5 EfficientNetB6 EfficientNetB7 EfficientNetV2B0 EfficientNetV2B1
    EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2S EfficientNetV2M EfficientNetV2L
    ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge RegNetX002
    RegNetX004 RegNetX006 RegNetX008 RegNetX016 RegNetX032 RegNetX040 RegNetX064
    RegNetX080 RegNetX120 RegNetX160 RegNetX320 RegNetY002 RegNetY004 RegNetY006
    RegNetY008 RegNetY016 RegNetY032 RegNetY040 RegNetY064 RegNetY080 RegNetY120
    RegNetY160 RegNetY320
""".split()

ARCHITECTURES = [(name, {}) for name in _PLAIN] + [
    ("VGG16", {"include_top": False, "pooling": "avg", "input_shape": [64, 48, 3]}),
    ("ResNet50", {"include_top": False, "pooling": "max", "input_shape": [64, 64, 1]}),
    ("ResNet50V2", {"include_top": False}),
    ("InceptionV3", {"classes": 7, "classifier_activation": None}),
    ("Xception", {"include_top": False, "pooling": "avg"}),
    ("MobileNet", {"alpha": 0.25, "depth_multiplier": 2, "input_shape": [64, 64, 3]}),
    ("MobileNetV2", {"alpha": 0.35, "include_top": False, "input_shape": [96, 96, 3]}),
    ("MobileNetV2", {"alpha": 1.4, "classes": 10}),
    ("MobileNetV3Small", {"minimalistic": True, "alpha": 0.75}),
    (
        "MobileNetV3Large",
        {"include_top": False, "include_preprocessing": False, "pooling": "max"},
    ),
    ("DenseNet121", {"include_top": False, "input_shape": [64, 64, 3]}),
    ("NASNetMobile", {"include_top": False, "input_shape": [64, 64, 3]}),
    ("EfficientNetB0", {"include_top": False, "pooling": "avg"}),
    ("EfficientNetV2B0", {"include_preprocessing": False, "classes": 3}),
    ("ConvNeXtTiny", {"include_top": False, "include_preprocessing": False}),
    ("RegNetY002", {"include_top": False, "pooling": "avg"}),
]

_TINY = {"input_shape": [32, 32, 3], "classes": 5, "classifier_activation": None}
SMALL = [
    ("ResNet50", _TINY),
    ("ResNet50V2", _TINY),
    ("InceptionV3", {**_TINY, "input_shape": [75, 75, 3]}),
    ("Xception", {**_TINY, "input_shape": [71, 71, 3]}),
    ("MobileNet", {**_TINY, "alpha": 0.25}),
    ("MobileNetV2", {**_TINY, "alpha": 0.35}),
    ("MobileNetV3Small", _TINY),
    ("DenseNet121", _TINY),
    ("NASNetMobile", {**_TINY, "input_shape": [33, 33, 3]}),
    ("EfficientNetB0", _TINY),
    ("EfficientNetV2B0", _TINY),
    ("ConvNeXtTiny", _TINY),
    ("RegNetY002", _TINY),
]


def filled(model):
    """Give a model weights that depend on their place and size alone."""
    values = []
    for i, weight in enumerate(model.weights):
        shape = tuple(weight.shape)
        rng = np.random.default_rng([i, *shape])
        name = weight.name.rpartition("/")[2].partition(":")[0]
        if name in ("moving_variance", "variance", "gamma"):
            value = rng.uniform(0.8, 1.2, shape)
        elif len(shape) > 1:
            depth = int(np.prod(shape[:-1]))
            depth = depth // shape[2] if name == "depthwise_kernel" else depth
            value = rng.normal(0, depth**-0.5, shape)
        else:
            value = rng.normal(0, 0.1, shape)
        values.append(value.astype(np.float32))
    model.set_weights(values)


def picture(shape):
    """Two pictures with values from 0 to 255."""
    rng = np.random.default_rng(5)
    return rng.uniform(0, 255, (2, *shape)).astype(np.float32)

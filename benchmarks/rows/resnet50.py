"""A training step of ResNet-50: how long its first call takes to trace and compile.

The figure is the first step less a warm one, with nothing compiled on disk.
"""

from __future__ import annotations

from typing import Any

from harness.case import Data, Once

from rows._starts import excess_of_first

BATCH, SIDE, CLASSES = 2, 224, 1000
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Units of each stage's narrow convolutions, and how many blocks it has."""


def batch() -> tuple[Any, Any]:
    """Return images `(BATCH, SIDE, SIDE, 3)` and labels."""
    import numpy as np

    random = np.random.default_rng(0)
    images = random.random((BATCH, SIDE, SIDE, 3), dtype=np.float32)
    return images, random.integers(0, CLASSES, BATCH).astype(np.int32)


def keras_model(tf: Any) -> Any:
    """Return ResNet-50 as subclassed blocks."""
    layers = tf.keras.layers

    class Normed(tf.keras.layers.Layer):
        """A convolution without bias, then batch normalisation."""

        def __init__(self, units: int, size: int, strides: int = 1) -> None:
            super().__init__()
            self.convolution = layers.Conv2D(
                units, size, strides, padding="same", use_bias=False
            )
            self.normalisation = layers.BatchNormalization()

        def call(self, x: Any, training: bool = False) -> Any:
            return self.normalisation(self.convolution(x), training=training)

    class Block(tf.keras.layers.Layer):
        """Narrow, convolve, widen, and add what came in."""

        def __init__(self, units: int, strides: int, project: bool) -> None:
            super().__init__()
            self.narrow = Normed(units, 1, strides)
            self.middle = Normed(units, 3)
            self.widen = Normed(4 * units, 1)
            self.shortcut = Normed(4 * units, 1, strides) if project else None

        def call(self, x: Any, training: bool = False) -> Any:
            y = tf.nn.relu(self.narrow(x, training=training))
            y = tf.nn.relu(self.middle(y, training=training))
            y = self.widen(y, training=training)
            if self.shortcut is not None:
                x = self.shortcut(x, training=training)
            return tf.nn.relu(x + y)

    blocks = [
        Block(units, 2 if stage > 0 and i == 0 else 1, i == 0)
        for stage, (units, count) in enumerate(STAGES)
        for i in range(count)
    ]
    return tf.keras.Sequential(
        [
            Normed(64, 7, 2),
            layers.ReLU(),
            layers.MaxPooling2D(3, 2, padding="same"),
            *blocks,
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def _tensorflow(tf: Any, **options: Any) -> float:
    x, y = batch()
    model = keras_model(tf)
    optimizer = tf.keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", **options)
    return excess_of_first(lambda: model.train_on_batch(x, y))


def tensorflow(tf: Any, data: Data) -> float:
    return _tensorflow(tf)


def tensorflow_jit(tf: Any, data: Data) -> float:
    return _tensorflow(tf, jit_compile=True)


def torch_model(torch: Any) -> Any:
    """Return ResNet-50 as modules."""
    nn = torch.nn

    def normed(inputs: int, units: int, size: int, strides: int = 1) -> Any:
        return nn.Sequential(
            nn.Conv2d(inputs, units, size, strides, size // 2, bias=False),
            nn.BatchNorm2d(units),
        )

    class Block(nn.Module):
        def __init__(self, inputs: int, units: int, strides: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                normed(inputs, units, 1, strides),
                nn.ReLU(),
                normed(units, units, 3),
                nn.ReLU(),
                normed(units, 4 * units, 1),
            )
            self.shortcut = nn.Identity()
            if inputs != 4 * units:
                self.shortcut = normed(inputs, 4 * units, 1, strides)

        def forward(self, x: Any) -> Any:
            return torch.relu(self.shortcut(x) + self.body(x))

    blocks, inputs = [], 64
    for stage, (units, count) in enumerate(STAGES):
        for i in range(count):
            blocks.append(Block(inputs, units, 2 if stage > 0 and i == 0 else 1))
            inputs = 4 * units
    return nn.Sequential(
        normed(3, 64, 7, 2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(inputs, CLASSES),
    )


def torch_compile(torch: Any, data: Data) -> float:
    images, labels = batch()
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    y = torch.from_numpy(labels).long()
    model = torch_model(torch)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()

    @torch.compile
    def train(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return excess_of_first(lambda: train(x, y))


CASES = (
    Once(
        name="compile",
        title="ResNet-50, a training step: first less a warm one",
        measure={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tensorflow_jit": tensorflow_jit,
            "tf_keras": tensorflow,
            "torch_compile": torch_compile,
        },
        caches="cold",
        limit=20.0,
        most_repeats=3,
        aside=("torch_compile",),
    ),
)

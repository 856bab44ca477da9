"""The course's input pipeline over MNIST: an epoch of reading, nothing trained."""

from __future__ import annotations

from typing import Any

from harness.case import Data, Step, Steps

BATCH, BUFFER = 256, 5000


def tensorflow(tf: Any, data: Data) -> Step:
    mnist = data.mnist()

    def prepare(image: Any, label: Any) -> tuple[Any, Any]:
        return tf.cast(image, tf.float32) / 255.0, label

    batches = (
        tf.data.Dataset.from_tensor_slices((mnist["x_train"], mnist["y_train"]))
        .map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
        .shuffle(BUFFER)
        .batch(BATCH)
        .prefetch(tf.data.AUTOTUNE)
    )

    def step() -> Any:
        return sum(len(images) for images, _ in batches)

    return step


def torch(torch: Any, data: Data) -> Step:
    mnist = data.mnist()
    x, y = map(torch.from_numpy, (mnist["x_train"], mnist["y_train"]))

    class Prepared(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return x[index].float() / 255.0, y[index]

    # In one process: sending batches of so little work costs more than making them.
    batches = torch.utils.data.DataLoader(Prepared(), batch_size=BATCH, shuffle=True)

    def step() -> Any:
        return sum(len(images) for images, _ in batches)

    return step


CASES = (
    Steps(
        name="epoch",
        title="from_tensor_slices, map, shuffle(5000), batch(256), prefetch: an epoch",
        build={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tf_keras": tensorflow,
            "torch": torch,
        },
        targets={"tensorflow": 5.0},
        needs=("mnist",),
        check=(60_000, 0.0),
        warm=2,
    ),
)

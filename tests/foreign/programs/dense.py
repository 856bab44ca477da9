"""A small network, compiled and fitted without shuffling."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

draw = np.random.RandomState(0)
x = draw.rand(64, 5).astype("float32")
y = (x.sum(axis=1) > 2.5).astype("int64")
tf.random.set_seed(1)
keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        layers.Dense(8, activation="relu", input_shape=(5,)),
        layers.Dense(2, activation="softmax"),
    ]
)
for weight in model.weights:
    values = np.cos(np.arange(np.prod(weight.shape))).reshape(weight.shape)
    weight.assign(values.astype("float32") * 0.5)
model.compile(
    optimizer=keras.optimizers.RMSprop(0.01),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0)
print({name: values for name, values in sorted(history.history.items())})
print(model.evaluate(x, y, verbose=0))
print(model.predict(x[:3], verbose=0))
print([weight.shape for weight in model.weights], model.count_params())

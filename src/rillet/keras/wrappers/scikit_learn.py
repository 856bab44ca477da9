"""`tf.keras.wrappers.scikit_learn`: models as estimators of scikit-learn."""

from rillet.keras.estimators import BaseWrapper as BaseWrapper
from rillet.keras.estimators import KerasClassifier as KerasClassifier
from rillet.keras.estimators import KerasRegressor as KerasRegressor

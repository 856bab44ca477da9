"""`tf.keras.applications.regnet`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.regnet import RegNetX002 as RegNetX002
from rillet.keras.architectures.regnet import RegNetX004 as RegNetX004
from rillet.keras.architectures.regnet import RegNetX006 as RegNetX006
from rillet.keras.architectures.regnet import RegNetX008 as RegNetX008
from rillet.keras.architectures.regnet import RegNetX016 as RegNetX016
from rillet.keras.architectures.regnet import RegNetX032 as RegNetX032
from rillet.keras.architectures.regnet import RegNetX040 as RegNetX040
from rillet.keras.architectures.regnet import RegNetX064 as RegNetX064
from rillet.keras.architectures.regnet import RegNetX080 as RegNetX080
from rillet.keras.architectures.regnet import RegNetX120 as RegNetX120
from rillet.keras.architectures.regnet import RegNetX160 as RegNetX160
from rillet.keras.architectures.regnet import RegNetX320 as RegNetX320
from rillet.keras.architectures.regnet import RegNetY002 as RegNetY002
from rillet.keras.architectures.regnet import RegNetY004 as RegNetY004
from rillet.keras.architectures.regnet import RegNetY006 as RegNetY006
from rillet.keras.architectures.regnet import RegNetY008 as RegNetY008
from rillet.keras.architectures.regnet import RegNetY016 as RegNetY016
from rillet.keras.architectures.regnet import RegNetY032 as RegNetY032
from rillet.keras.architectures.regnet import RegNetY040 as RegNetY040
from rillet.keras.architectures.regnet import RegNetY064 as RegNetY064
from rillet.keras.architectures.regnet import RegNetY080 as RegNetY080
from rillet.keras.architectures.regnet import RegNetY120 as RegNetY120
from rillet.keras.architectures.regnet import RegNetY160 as RegNetY160
from rillet.keras.architectures.regnet import RegNetY320 as RegNetY320

preprocess_input = _fixed_mode("")

"""`tf.math.special`: Bessel functions and integrals without elementary form."""

from rillet.ops.bessel import bessel_i0 as bessel_i0
from rillet.ops.bessel import bessel_i0e as bessel_i0e
from rillet.ops.bessel import bessel_i1 as bessel_i1
from rillet.ops.bessel import bessel_i1e as bessel_i1e
from rillet.ops.bessel import bessel_j0 as bessel_j0
from rillet.ops.bessel import bessel_j1 as bessel_j1
from rillet.ops.bessel import bessel_k0 as bessel_k0
from rillet.ops.bessel import bessel_k0e as bessel_k0e
from rillet.ops.bessel import bessel_k1 as bessel_k1
from rillet.ops.bessel import bessel_k1e as bessel_k1e
from rillet.ops.bessel import bessel_y0 as bessel_y0
from rillet.ops.bessel import bessel_y1 as bessel_y1
from rillet.ops.special import dawsn as dawsn
from rillet.ops.special import expint as expint
from rillet.ops.special import fresnel_cos as fresnel_cos
from rillet.ops.special import fresnel_sin as fresnel_sin
from rillet.ops.special import spence as spence

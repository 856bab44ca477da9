"""The functions of mathematics that `b` offers: one element in, one out.

A backend that lowers ops imports this, and `ops.expressions.b` knows the names from
then on; importing rillet reads none of it.
"""

from __future__ import annotations

from rillet.ops import expressions
from rillet.ops.scalar_bessel import bessel_i0 as bessel_i0
from rillet.ops.scalar_bessel import bessel_i0e as bessel_i0e
from rillet.ops.scalar_bessel import bessel_i1 as bessel_i1
from rillet.ops.scalar_bessel import bessel_i1e as bessel_i1e
from rillet.ops.scalar_bessel import bessel_j0 as bessel_j0
from rillet.ops.scalar_bessel import bessel_j1 as bessel_j1
from rillet.ops.scalar_bessel import bessel_k0 as bessel_k0
from rillet.ops.scalar_bessel import bessel_k0e as bessel_k0e
from rillet.ops.scalar_bessel import bessel_k1 as bessel_k1
from rillet.ops.scalar_bessel import bessel_k1e as bessel_k1e
from rillet.ops.scalar_bessel import bessel_y0 as bessel_y0
from rillet.ops.scalar_bessel import bessel_y1 as bessel_y1
from rillet.ops.scalar_circle import acos as acos
from rillet.ops.scalar_circle import asin as asin
from rillet.ops.scalar_circle import atan as atan
from rillet.ops.scalar_circle import atan2 as atan2
from rillet.ops.scalar_circle import cos as cos
from rillet.ops.scalar_circle import sin as sin
from rillet.ops.scalar_circle import sin_and_cos as sin_and_cos
from rillet.ops.scalar_circle import tan as tan
from rillet.ops.scalar_errors import digamma as digamma
from rillet.ops.scalar_errors import erf as erf
from rillet.ops.scalar_errors import erfc as erfc
from rillet.ops.scalar_errors import erfinv as erfinv
from rillet.ops.scalar_errors import lgamma as lgamma
from rillet.ops.scalar_errors import ndtri as ndtri
from rillet.ops.scalar_exponentials import acosh as acosh
from rillet.ops.scalar_exponentials import asinh as asinh
from rillet.ops.scalar_exponentials import atanh as atanh
from rillet.ops.scalar_exponentials import cosh as cosh
from rillet.ops.scalar_exponentials import exp as exp
from rillet.ops.scalar_exponentials import exp2 as exp2
from rillet.ops.scalar_exponentials import expm1 as expm1
from rillet.ops.scalar_exponentials import log as log
from rillet.ops.scalar_exponentials import log1p as log1p
from rillet.ops.scalar_exponentials import log2 as log2
from rillet.ops.scalar_exponentials import log_sigmoid as log_sigmoid
from rillet.ops.scalar_exponentials import sigmoid as sigmoid
from rillet.ops.scalar_exponentials import sinh as sinh
from rillet.ops.scalar_exponentials import softplus as softplus
from rillet.ops.scalar_exponentials import tanh as tanh
from rillet.ops.scalar_integrals import dawsn as dawsn
from rillet.ops.scalar_integrals import expint as expint
from rillet.ops.scalar_integrals import fresnel_cos as fresnel_cos
from rillet.ops.scalar_integrals import fresnel_sin as fresnel_sin
from rillet.ops.scalar_integrals import log_slope as log_slope
from rillet.ops.scalar_integrals import log_slope_slope as log_slope_slope
from rillet.ops.scalar_integrals import spence as spence
from rillet.ops.scalar_powers import pow as pow
from rillet.ops.scalar_powers import rsqrt as rsqrt
from rillet.ops.scalar_powers import square as square
from rillet.ops.scalar_wholes import converted as converted
from rillet.ops.scalar_wholes import floor_div as floor_div
from rillet.ops.scalar_wholes import floor_mod as floor_mod
from rillet.ops.scalar_wholes import next_after as next_after
from rillet.ops.scalar_wholes import shift_left as shift_left
from rillet.ops.scalar_wholes import shift_right as shift_right
from rillet.ops.scalar_wholes import sign as sign
from rillet.ops.scalar_wholes import truncate_div as truncate_div
from rillet.ops.scalar_wholes import truncate_mod as truncate_mod

expressions.provide({k: v for k, v in globals().items() if callable(v)})

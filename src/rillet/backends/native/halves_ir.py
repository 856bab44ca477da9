"""Half floats by whole numbers, for processors that have no instruction for them.

In flow names of LLVM values, out flow names of others; `codegen` is the caller. LLVM
alone would call functions of C's compiler there, which a kernel cannot.
"""

from __future__ import annotations

from collections.abc import Callable

#: Writes an instruction; gives the name of its result.
New = Callable[[str], str]


def widened(new: New, bits: str, type: str) -> str:
    """A float32 from the bits of a half float.

    Args:
        new: writes an instruction.
        bits: an i16.
        type: "bfloat16" or "float16".

    Returns:
        A float.
    """
    wide = new(f"zext i16 {bits} to i32")
    if type == "bfloat16":
        return new(f"bitcast i32 {new(f'shl i32 {wide}, 16')} to float")
    size = new(f"and i32 {wide}, 32767")
    moved = new(f"shl i32 {size}, 13")
    # Times 2**112: the exponents' biases differ by that; small numbers become normal.
    scaled = new(
        f"fmul float {new(f'bitcast i32 {moved} to float')}, 0x46F0000000000000"
    )
    finite = new(f"bitcast float {scaled} to i32")
    special = new(f"or i32 {moved}, 2139095040")
    ends = new(f"icmp uge i32 {size}, 31744")
    found = new(f"select i1 {ends}, i32 {special}, i32 {finite}")
    sign = new(f"shl i32 {new(f'and i32 {wide}, 32768')}, 16")
    return new(f"bitcast i32 {new(f'or i32 {found}, {sign}')} to float")


def narrowed(new: New, value: str, type: str) -> str:
    """The bits of the half float next to a float32, of two the even one.

    Args:
        new: writes an instruction.
        value: a float.
        type: "bfloat16" or "float16".

    Returns:
        An i16.
    """
    bits = new(f"bitcast float {value} to i32")
    size = new(f"and i32 {bits}, 2147483647")
    none = new(f"icmp ugt i32 {size}, 2139095040")
    if type == "bfloat16":
        odd = new(f"and i32 {new(f'lshr i32 {bits}, 16')}, 1")
        sum = new(f"add i32 {new(f'add i32 {bits}, 32767')}, {odd}")
        quiet = new(f"or i32 {bits}, 4194304")
        kept = new(f"select i1 {none}, i32 {quiet}, i32 {sum}")
        return new(f"trunc i32 {new(f'lshr i32 {kept}, 16')} to i16")
    odd = new(f"and i32 {new(f'lshr i32 {size}, 13')}, 1")
    # 4095 rounds; the rest takes 112 from the exponent.
    sum = new(f"add i32 {new(f'add i32 {size}, -939520001')}, {odd}")
    normal = new(f"lshr i32 {sum}, 13")
    # A half has the place of the least half float as its last: adding rounds.
    added = new(f"fadd float {new(f'bitcast i32 {size} to float')}, 5.0e-1")
    small = new(f"sub i32 {new(f'bitcast float {added} to i32')}, 1056964608")
    is_small = new(f"icmp ult i32 {size}, 947912704")
    found = new(f"select i1 {is_small}, i32 {small}, i32 {normal}")
    large = new(f"icmp uge i32 {size}, 1199570944")
    end = new(f"select i1 {none}, i32 32256, i32 31744")
    found = new(f"select i1 {large}, i32 {end}, i32 {found}")
    sign = new(f"and i32 {new(f'lshr i32 {bits}, 16')}, 32768")
    return new(f"trunc i32 {new(f'or i32 {found}, {sign}')} to i16")

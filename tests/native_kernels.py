"""Small kernels in LLVM IR, for tests of what compiles and runs them."""

from __future__ import annotations

from rillet.backends.native.calls import Kernel

_FRAME = """
define void @kernel(ptr noalias %args, i64 %lo, i64 %hi, i64 %block, i64 %step,
                    ptr %scratch) {
entry:
WORDS
  br label %row
row:
  %i = phi i64 [ %lo, %entry ], [ %i.next, %done ]
  %more = icmp slt i64 %i, %hi
  br i1 %more, label %body, label %exit
body:
BODY
  br label %done
done:
  %i.next = add i64 %i, 1
  br label %row
exit:
  ret void
}
"""


def kernel(name: str, words: str, body: str, before: str = "") -> Kernel:
    """A kernel that does something in each row `%i`.

    Args:
      name: its name.
      words: `ptr a, i64 n, ...`: what its arguments are called.
      body: IR.
      before: IR of the file's beginning.
    """
    loads = []
    for number, word in enumerate(words.split(", ")):
        kind, variable = word.split()
        loads.append(f"  %{variable}.at = getelementptr i64, ptr %args, i64 {number}")
        loads.append(f"  %{variable} = load {kind}, ptr %{variable}.at")
    text = _FRAME.replace("WORDS", "\n".join(loads)).replace("BODY", body)
    return Kernel(name, before + text)


ADD = kernel(
    "add",
    "ptr a, ptr b, ptr c",
    """
  %a.i = getelementptr float, ptr %a, i64 %i
  %b.i = getelementptr float, ptr %b, i64 %i
  %c.i = getelementptr float, ptr %c, i64 %i
  %x = load float, ptr %a.i
  %y = load float, ptr %b.i
  %z = fadd float %x, %y
  store float %z, ptr %c.i
""",
)
"""c[i] = a[i] + b[i], float32."""

AXPY = kernel(
    "axpy",
    "ptr out, double factor, i64 constant",
    """
  %o.i = getelementptr double, ptr %out, i64 %i
  %c = sitofp i64 %constant to double
  %p = fmul double %factor, %c
  store double %p, ptr %o.i
""",
)
"""out[i] = factor * constant, float64: arguments that are numbers."""

FOLD = kernel(
    "fold",
    "ptr out, i64 factor",
    """
  %o.i = getelementptr i64, ptr %out, i64 %i
  %old = load i64, ptr %o.i
  %scaled = mul i64 %old, %factor
  %new = add i64 %scaled, %step
  store i64 %new, ptr %o.i
""",
)
"""out[i] = out[i] * factor + step: the order of calls shows."""

WHERE = kernel(
    "where",
    "ptr out",
    """
  %index = mul i64 %i, 3
  %o.i = getelementptr i64, ptr %out, i64 %index
  store i64 %block, ptr %o.i
  %o.1 = getelementptr i64, ptr %o.i, i64 1
  store i64 %lo, ptr %o.1
  %o.2 = getelementptr i64, ptr %o.i, i64 2
  store i64 %hi, ptr %o.2
""",
)
"""out[i] = block, lo, hi."""

CHECK = kernel(
    "check",
    "ptr values, ptr status, i64 limit",
    """
  %v.i = getelementptr i64, ptr %values, i64 %i
  %v = load i64, ptr %v.i
  %bad = icmp sge i64 %v, %limit
  br i1 %bad, label %refuse, label %fine
refuse:
  %swap = cmpxchg ptr %status, i64 0, i64 7 monotonic monotonic
  %place = getelementptr i64, ptr %status, i64 1
  store i64 %i, ptr %place
  br label %fine
fine:
""",
)
"""Status 7, and the row, where a value is not below the limit."""

SCRATCH = kernel(
    "scratch",
    "ptr out, i64 words",
    """
  %last = add i64 %words, -1
  %end = getelementptr i64, ptr %scratch, i64 %last
  store i64 %i, ptr %scratch
  store i64 %i, ptr %end
  %first = load volatile i64, ptr %scratch
  %second = load volatile i64, ptr %end
  %sum = add i64 %first, %second
  %address = ptrtoint ptr %scratch to i64
  %low = and i64 %address, 63
  %all = add i64 %sum, %low
  %o.i = getelementptr i64, ptr %out, i64 %i
  store i64 %all, ptr %o.i
""",
)
"""out[i] = 2 * i, by way of the first and the last word of scratch, if aligned."""

SPIN = kernel(
    "spin",
    "ptr out, i64 turns",
    """
  br label %turn
turn:
  %j = phi i64 [ 0, %body ], [ %j.next, %turn ]
  %x = phi i64 [ %i, %body ], [ %x.next, %turn ]
  %m = mul i64 %x, 6364136223846793005
  %x.next = add i64 %m, %step
  %j.next = add i64 %j, 1
  %again = icmp slt i64 %j.next, %turns
  br i1 %again, label %turn, label %turned
turned:
  %o.i = getelementptr i64, ptr %out, i64 %i
  store i64 %x.next, ptr %o.i
""",
)
"""out[i] = what many steps of a generator make of i: takes time."""

LESS = kernel(
    "less",
    "ptr value, ptr flag, i64 limit",
    """
  %old = load i64, ptr %value
  %new = add i64 %old, 1
  store i64 %new, ptr %value
  %is = icmp slt i64 %new, %limit
  %byte = zext i1 %is to i8
  store i8 %byte, ptr %flag
""",
)
"""value += 1; flag = value < limit: what a loop's condition does."""

"""The LLVM IR of the word that blocks are claimed by, and of waiting for its change.

Nothing flows in but the layout of tables and the platform's `@pause`, `@relax`, `@now`,
`@sleep` and `@rouse`; out flows a text of functions for `pool_ir`.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native import layout
from rillet.backends.native.layout import Pool
from rillet.backends.native.words_ir import load, word

_PAUSES: Final = 64  # between two looks at the clock, and two offers of the processor

_CLAIMS: Final = f"""
define internal i1 @exhausted(i64 %claim) alwaysinline {{
  %front = and i64 %claim, {layout.COUNT_MASK}
  %middle = lshr i64 %claim, {layout.COUNT_BITS}
  %back = and i64 %middle, {layout.COUNT_MASK}
  %taken = add i64 %front, %back
  %high = lshr i64 %claim, {layout.BLOCKS_SHIFT}
  %blocks = and i64 %high, {layout.COUNT_MASK}
  %none = icmp uge i64 %taken, %blocks
  ret i1 %none
}}
define internal i64 @later(i64 %claim) alwaysinline {{
  %epoch = lshr i64 %claim, {layout.EPOCH_SHIFT}
  %next = add i64 %epoch, 1
  %epoch.next = and i64 %next, {layout.EPOCH_MASK}
  %high = shl i64 %epoch.next, {layout.EPOCH_SHIFT}
  ret i64 %high
}}
; From the store on the job may be gone, and the pool have another owner.
define internal void @publish_end(ptr %pool) {{
{word("claim", "pool", Pool.CLAIM)}
  %old = load atomic i64, ptr %claim monotonic, align 8
  %high = call i64 @later(i64 %old)
  %new = or i64 %high, {layout.ENDED}
  store atomic i64 %new, ptr %claim seq_cst, align 8
{word("caller", "pool", Pool.CALLER_SLEEPS)}
  %sleeps = load atomic i64, ptr %caller seq_cst, align 8
  %asleep = icmp ne i64 %sleeps, 0
  br i1 %asleep, label %wake, label %done
wake:
  call void @rouse_all(ptr %pool)
  br label %done
done:
  ret void
}}
define internal void @publish(ptr %pool, i64 %blocks, i1 %rouse) {{
{word("claim", "pool", Pool.CLAIM)}
  %old = load atomic i64, ptr %claim monotonic, align 8
  %high = call i64 @later(i64 %old)
  %middle = shl i64 %blocks, {layout.BLOCKS_SHIFT}
  %new = or i64 %high, %middle
  store atomic i64 %new, ptr %claim seq_cst, align 8
  br i1 %rouse, label %look, label %done
look:
{word("sleepers", "pool", Pool.SLEEPERS)}
  %asleep = load atomic i64, ptr %sleepers seq_cst, align 8
{word("caller", "pool", Pool.CALLER_SLEEPS)}
  %caller.asleep = load atomic i64, ptr %caller seq_cst, align 8
  %together = or i64 %asleep, %caller.asleep
  %any = icmp ne i64 %together, 0
  br i1 %any, label %call, label %done
call:
{word("roused", "pool", Pool.ROUSED)}
  %before = atomicrmw xchg ptr %roused, i64 1 seq_cst
  %first = icmp eq i64 %before, 0
  br i1 %first, label %wake, label %done
wake:
  call void @rouse_all(ptr %pool)
  br label %done
done:
  ret void
}}
; Who goes to sleep wants to be called. It is said again at every step: a call that came
; too early for one who was about to sleep must not be the last.
define internal void @want_call(ptr %pool) {{
{word("roused", "pool", Pool.ROUSED)}
  store atomic i64 0, ptr %roused seq_cst, align 8
  ret void
}}
define internal ptr @sleeping_word(ptr %pool) alwaysinline {{
{word("claim", "pool", Pool.CLAIM)}
  %half = getelementptr i32, ptr %claim, i64 1
  ret ptr %half
}}
define internal void @rouse_all(ptr %pool) {{
  %word = call ptr @sleeping_word(ptr %pool)
  call void @rouse(ptr %word)
  ret void
}}
"""

# Spins, then sleeps, until the claim has another epoch or the pool is dismissed.
_WAIT: Final = f"""
define internal void @wait(ptr %pool, i64 %seen, i64 %counter) {{
entry:
{word("claim.ptr", "pool", Pool.CLAIM)}
{word("leave.ptr", "pool", Pool.LEAVE)}
{word("counter.ptr", "pool", "counter")}
{load("patience", "pool", Pool.PATIENCE)}
  %epoch = lshr i64 %seen, {layout.EPOCH_SHIFT}
  br label %spin
spin:
  %since = phi i64 [ 0, %entry ], [ %since, %pausing ], [ %start, %impatient ],
                   [ 0, %woken ]
  %turn = phi i64 [ 0, %entry ], [ %turn.next, %pausing ], [ 0, %impatient ],
                  [ 0, %woken ]
  %claim = load atomic i64, ptr %claim.ptr acquire, align 8
  %epoch.now = lshr i64 %claim, {layout.EPOCH_SHIFT}
  %changed = icmp ne i64 %epoch.now, %epoch
  %leave = load atomic i64, ptr %leave.ptr acquire, align 8
  %leaving = icmp ne i64 %leave, 0
  %over = or i1 %changed, %leaving
  br i1 %over, label %out, label %stay
stay:
  %turn.next = add i64 %turn, 1
  %often = icmp sge i64 %turn.next, {_PAUSES}
  br i1 %often, label %yield, label %pausing
pausing:
  call void @pause()
  br label %spin
yield:
  call void @relax()
  %time = call i64 @now()
  %fresh = icmp eq i64 %since, 0
  %start = select i1 %fresh, i64 %time, i64 %since
  %waited = sub i64 %time, %start
  %tired = icmp sge i64 %waited, %patience
  br i1 %tired, label %doze, label %impatient
impatient:
  br label %spin
doze:
  %b = atomicrmw add ptr %counter.ptr, i64 1 seq_cst
  call void @want_call(ptr %pool)
  %leave.last = load atomic i64, ptr %leave.ptr seq_cst, align 8
  %claim.last = load atomic i64, ptr %claim.ptr seq_cst, align 8
  %epoch.last = lshr i64 %claim.last, {layout.EPOCH_SHIFT}
  %same = icmp eq i64 %epoch.last, %epoch
  %going = icmp eq i64 %leave.last, 0
  %asleep = and i1 %same, %going
  br i1 %asleep, label %bed, label %woken
bed:
  %word = call ptr @sleeping_word(ptr %pool)
  %high = lshr i64 %claim.last, 32
  %high.half = trunc i64 %high to i32
  call void @sleep(ptr %word, i32 %high.half)
  br label %woken
woken:
  %a = atomicrmw sub ptr %counter.ptr, i64 1 seq_cst
  br label %spin
out:
  ret void
}}
"""

_DISMISS: Final = f"""
define void @dismiss(ptr %pool) {{
{word("leave.ptr", "pool", Pool.LEAVE)}
  store atomic i64 1, ptr %leave.ptr seq_cst, align 8
  call void @rouse_all(ptr %pool)
  ret void
}}
"""

TEXT: Final = _CLAIMS + _WAIT + _DISMISS

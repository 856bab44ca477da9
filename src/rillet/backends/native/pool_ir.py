"""The LLVM IR of the pool: how threads claim blocks, meet, wait and stop.

In flow the platform's ways to wait (`host.waiting`); out flows the text of two
functions, `@run` for the thread that has a job and `@work` for the others. The
caller is `pool`.

A wave's blocks are claimed by one atomic addition each. Whoever finishes the last block
goes on to the next wave: does the serial ones itself, publishes the next that all
can share. So no thread waits for one that holds no block, asleep or scheduled away;
and what a job consists of is read only by those who hold a block of it.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native import claims_ir, layout, thread_ir
from rillet.backends.native.layout import Chain, Image, Job, Own, Pool, Wave
from rillet.backends.native.words_ir import load, store, word


def text(waiting: str) -> str:
    """Returns the pool's code.

    Args:
      waiting: `host.waiting`'s text.
    """
    return "\n".join(
        (waiting, thread_ir.TEXT, claims_ir.TEXT, _ADVANCE, _SERVE, _WORK, _RUN)
    )


# Goes on from the job's wave, by the one thread that may; whether it published.
_ADVANCE: Final = f"""
define internal i1 @late(ptr %job) {{
{load("deadline", "job", Job.DEADLINE)}
  %some = icmp ne i64 %deadline, 0
  br i1 %some, label %look, label %no
look:
  %time = call i64 @now()
  %beyond = icmp sge i64 %time, %deadline
  ret i1 %beyond
no:
  ret i1 false
}}
define internal i1 @advance(ptr %pool, ptr %job, ptr %scratch, i1 %alone) {{
entry:
{load("image", "job", Job.IMAGE, "ptr")}
{load("waves.at", "image", Image.WAVES_AT)}
{load("waves", "image", Image.WAVES)}
  %table = getelementptr i64, ptr %image, i64 %waves.at
{load("status", "job", Job.STATUS, "ptr")}
{load("words", "job", Job.WORDS, "ptr")}
{load("last", "job", Job.LAST)}
{word("step.ptr", "job", Job.STEP)}
{word("number.ptr", "job", Job.WAVE)}
  br label %next
next:
  %state = load atomic i64, ptr %status monotonic, align 8
  %failed = icmp ne i64 %state, 0
  br i1 %failed, label %fail, label %fine
fine:
  %number = load i64, ptr %number.ptr
  %over = icmp sge i64 %number, %waves
  br i1 %over, label %step.over, label %wave.begin
step.over:
  %step = load i64, ptr %step.ptr
  %step.next = add i64 %step, 1
  store i64 %step.next, ptr %step.ptr
  store i64 0, ptr %number.ptr
  %finished = icmp sge i64 %step.next, %last
  br i1 %finished, label %end, label %step.look
step.look:
  call void @want_call(ptr %pool)
  %step.late = call i1 @late(ptr %job)
  br i1 %step.late, label %end, label %next
wave.begin:
  %number.next = add i64 %number, 1
  store i64 %number.next, ptr %number.ptr
  %index = mul i64 %number, {Wave.SIZE}
  %wave = getelementptr i64, ptr %table, i64 %index
{load("kind", "wave", Wave.KIND)}
  switch i64 %kind, label %together [i64 {layout.SERIAL}, label %serial
                                     i64 {layout.BRANCH}, label %branch]
together:
  br i1 %alone, label %serial, label %share
share:
{load("blocks", "wave", Wave.BLOCKS)}
{load("worth", "wave", Wave.ROUSE)}
  %worthy = icmp ne i64 %worth, 0
  %step.now = load i64, ptr %step.ptr
  %step.after = add i64 %step.now, 1
  %many = icmp slt i64 %step.after, %last
  %rouse = or i1 %worthy, %many
{store("wave.shared", "ptr %wave", "pool", Pool.WAVE)}
{store("job.shared", "ptr %job", "pool", Pool.JOB)}
  call void @publish(ptr %pool, i64 %blocks, i1 %rouse)
  ret i1 true
serial:
  call void @do_wave(ptr %job, ptr %wave, ptr %scratch)
  br label %next
branch:
{load("place", "wave", Wave.FIRST)}
{load("target", "wave", Wave.LAST)}
{load("when", "wave", Wave.BLOCKS)}
{load("flag.ptr", "words", "place", "ptr")}
  %flag = load i8, ptr %flag.ptr
  %set = icmp ne i8 %flag, 0
  %wished = icmp ne i64 %when, 0
  %differs = xor i1 %set, %wished
  br i1 %differs, label %next, label %jump
jump:
  store i64 %target, ptr %number.ptr
  %back = icmp sle i64 %target, %number
  br i1 %back, label %jump.look, label %next
jump.look:
  %jump.late = call i1 @late(ptr %job)
  br i1 %jump.late, label %end, label %next
fail:
{store("failed.ptr", "i64 1", "job", Job.FAILED)}
  br label %end
end:
  br i1 %alone, label %ended, label %tell
tell:
  call void @publish_end(ptr %pool)
  br label %ended
ended:
  ret i1 false
}}
"""


# Claims blocks until there are none; returns the claim word that said so. A thread
# takes them always from the same side, so that what it wrote in one wave is likely in
# its own cache when the next wave reads it: 20 to 30 % less time for waves over half a
# megabyte on two cores.
_SERVE: Final = f"""
define internal i64 @serve(ptr %pool, ptr %own) {{
entry:
{word("claim.ptr", "pool", Pool.CLAIM)}
{word("done.ptr", "pool", Pool.DONE)}
{load("side", "own", Own.SIDE)}
  %from.front = icmp eq i64 %side, {layout.FROM_FRONT}
  br label %ask
ask:
  %seen = load atomic i64, ptr %claim.ptr acquire, align 8
  %none = call i1 @exhausted(i64 %seen)
  br i1 %none, label %leave.seen, label %take
take:
  %taken = atomicrmw add ptr %claim.ptr, i64 %side seq_cst
  %late = call i1 @exhausted(i64 %taken)
  br i1 %late, label %leave.taken, label %mine
mine:
{load("job", "pool", Pool.JOB, "ptr")}
{load("wave", "pool", Pool.WAVE, "ptr")}
{load("image", "job", Job.IMAGE, "ptr")}
{load("chains.at", "image", Image.CHAINS_AT)}
  %chains = getelementptr i64, ptr %image, i64 %chains.at
{load("first", "wave", Wave.FIRST)}
  %index = mul i64 %first, {Chain.SIZE}
  %chain.first = getelementptr i64, ptr %chains, i64 %index
  %scratch = call ptr @scratch_for(ptr %job, ptr %own)
{load("needed", "job", Job.SCRATCH_BYTES)}
  %wanted = icmp ne i64 %needed, 0
  %missing = icmp eq ptr %scratch, null
  %skip = and i1 %wanted, %missing
  br label %find
find:
  %claim = phi i64 [ %taken, %mine ], [ %again, %block.done ]
  %count = phi i64 [ 0, %mine ], [ %count.next, %block.done ]
  %chain.last = phi ptr [ %chain.first, %mine ], [ %chain, %block.done ]
  %front = and i64 %claim, {layout.COUNT_MASK}
  %middle = lshr i64 %claim, {layout.COUNT_BITS}
  %back = and i64 %middle, {layout.COUNT_MASK}
  %high = lshr i64 %claim, {layout.BLOCKS_SHIFT}
  %blocks = and i64 %high, {layout.COUNT_MASK}
  %from.end = sub i64 %blocks, %back
  %before.end = add i64 %from.end, -1
  %number = select i1 %from.front, i64 %front, i64 %before.end
  br label %look
look:
  %chain = phi ptr [ %chain.last, %find ], [ %chain.before, %backward ],
                   [ %chain.after, %forward ]
{load("chain.from", "chain", Chain.FIRST)}
{load("chain.blocks", "chain", Chain.BLOCKS)}
  %block = sub i64 %number, %chain.from
  %too.far = icmp slt i64 %block, 0
  br i1 %too.far, label %backward, label %look.end
backward:
  %chain.before = getelementptr i64, ptr %chain, i64 {-Chain.SIZE}
  br label %look
look.end:
  %not.far = icmp sge i64 %block, %chain.blocks
  br i1 %not.far, label %forward, label %here
forward:
  %chain.after = getelementptr i64, ptr %chain, i64 {Chain.SIZE}
  br label %look
here:
  br i1 %skip, label %block.done, label %do
do:
  call void @do_block(ptr %job, ptr %chain, i64 %block, ptr %scratch)
  br label %block.done
block.done:
  %count.next = add i64 %count, 1
  %again = atomicrmw add ptr %claim.ptr, i64 %side seq_cst
  %finished = call i1 @exhausted(i64 %again)
  br i1 %finished, label %tell, label %find
tell:
  ; Until all blocks are told the wave cannot change: `again` is still of this one.
  %before = atomicrmw add ptr %done.ptr, i64 %count.next seq_cst
  %all = add i64 %before, %count.next
  %complete = icmp eq i64 %all, %blocks
  br i1 %complete, label %lead, label %ask
lead:
  store atomic i64 0, ptr %done.ptr monotonic, align 8
  %published = call i1 @advance(ptr %pool, ptr %job, ptr %scratch, i1 false)
  br label %ask
leave.seen:
  ret i64 %seen
leave.taken:
  ret i64 %taken
}}
"""


_WORK: Final = f"""
define void @work(ptr %pool, i64 %number) {{
entry:
  %own = alloca [{Own.SIZE} x i64]
  store [{Own.SIZE} x i64] zeroinitializer, ptr %own
  %odd = trunc i64 %number to i1
  %side = select i1 %odd, i64 {layout.FROM_END}, i64 {layout.FROM_FRONT}
{store("side.ptr", "i64 %side", "own", Own.SIDE)}
{word("leave.ptr", "pool", Pool.LEAVE)}
  br label %next
next:
  %seen = call i64 @serve(ptr %pool, ptr %own)
  call void @wait(ptr %pool, i64 %seen, i64 {Pool.SLEEPERS})
  %leave = load atomic i64, ptr %leave.ptr acquire, align 8
  %leaving = icmp ne i64 %leave, 0
  br i1 %leaving, label %out, label %next
out:
{load("raw", "own", Own.RAW, "ptr")}
  call void @release(ptr %raw)
  ret void
}}
"""


# Returns the step that comes next, or -1 where a kernel failed.
_RUN: Final = f"""
define i64 @run(ptr %pool, ptr %job, i64 %first, i64 %last) {{
entry:
  %own = alloca [{Own.SIZE} x i64]
{load("image", "job", Job.IMAGE, "ptr")}
{word("step.ptr", "job", Job.STEP)}
{word("failed.ptr", "job", Job.FAILED)}
  %fresh = icmp sge i64 %first, 0
  br i1 %fresh, label %begin, label %ready
begin:
  store i64 %first, ptr %step.ptr
{store("last.ptr", "i64 %last", "job", Job.LAST)}
{store("wave.ptr", "i64 0", "job", Job.WAVE)}
  store i64 0, ptr %failed.ptr
{load("status", "job", Job.STATUS, "ptr")}
  store <{layout.STATUS_WORDS} x i64> zeroinitializer, ptr %status, align 8
  call void @relocate(ptr %job, ptr %image)
  %something = icmp slt i64 %first, %last
  br i1 %something, label %ready, label %nothing
nothing:
  ret i64 %last
ready:
  %step = load i64, ptr %step.ptr
  %step.next = add i64 %step, 1
  %many = icmp slt i64 %step.next, %last
{load("endless", "image", Image.ENDLESS)}
  %endless.set = icmp ne i64 %endless, 0
  %timed = or i1 %many, %endless.set
  br i1 %timed, label %clock, label %begun
clock:
{load("budget", "job", Job.BUDGET)}
  %time = call i64 @now()
  %deadline = add i64 %time, %budget
  br label %begun
begun:
  %until = phi i64 [ 0, %ready ], [ %deadline, %clock ]
{store("deadline.ptr", "i64 %until", "job", Job.DEADLINE)}
{load("scratch", "job", Job.SCRATCH, "ptr")}
{load("scratch.bytes", "job", Job.SCRATCH_BYTES)}
{load("alone", "image", Image.ALONE)}
{load("workers", "pool", Pool.WORKERS)}
  %alone.set = icmp ne i64 %alone, 0
  %nobody = icmp eq i64 %workers, 0
  %single = or i1 %alone.set, %nobody
{word("owner.ptr", "pool", Pool.OWNER)}
  br i1 %single, label %by.itself, label %own.try
own.try:
  %swap = cmpxchg ptr %owner.ptr, i64 0, i64 1 acquire monotonic
  %owned = extractvalue {{ i64, i1 }} %swap, 1
  br i1 %owned, label %together, label %by.itself
by.itself:
  %r = call i1 @advance(ptr %pool, ptr %job, ptr %scratch, i1 true)
  br label %out
together:
  call void @want_call(ptr %pool)
  store ptr %scratch, ptr %own
{store("own.bytes", "i64 %scratch.bytes", "own", Own.BYTES)}
{store("own.raw", "ptr null", "own", Own.RAW)}
{store("own.side", f"i64 {layout.FROM_FRONT}", "own", Own.SIDE)}
  %shared = call i1 @advance(ptr %pool, ptr %job, ptr %scratch, i1 false)
  br i1 %shared, label %serving, label %disown
serving:
  %seen = call i64 @serve(ptr %pool, ptr %own)
  %finished = icmp slt i64 %seen, 0
  br i1 %finished, label %disown, label %waiting
waiting:
  call void @wait(ptr %pool, i64 %seen, i64 {Pool.CALLER_SLEEPS})
  br label %serving
disown:
  store atomic i64 0, ptr %owner.ptr release, align 8
  br label %out
out:
  %failed = load i64, ptr %failed.ptr
  %bad = icmp ne i64 %failed, 0
  %reached = load i64, ptr %step.ptr
  %result = select i1 %bad, i64 -1, i64 %reached
  ret i64 %result
}}
"""

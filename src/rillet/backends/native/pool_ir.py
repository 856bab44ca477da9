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

from rillet.backends.native import layout
from rillet.backends.native.layout import (
    Chain,
    Entry,
    Group,
    Image,
    Job,
    Pool,
    Relocation,
    Wave,
)

_MASK: Final = (1 << layout.NEXT_BITS) - 1
_PAUSES: Final = 64  # between two looks at the clock, and two offers of the processor


def text(waiting: str) -> str:
    """Returns the pool's code.

    Args:
      waiting: `host.waiting`'s text.
    """
    return "\n".join(
        (waiting, _claims(), _BLOCK, _advance(), _serve(), _wait(), _WORK, _RUN)
    )


def _word(result: str, base: str, index: int | str) -> str:
    """IR that takes the address of a word."""
    return f"  %{result} = getelementptr i64, ptr %{base}, i64 {_number(index)}"


def _number(index: int | str) -> str:
    return f"{int(index)}" if isinstance(index, int) else f"%{index}"


def _load(result: str, base: str, index: int | str, kind: str = "i64") -> str:
    """IR that reads a word."""
    place = f"{result}.place"
    return f"{_word(place, base, index)}\n  %{result} = load {kind}, ptr %{place}"


def _store(name: str, value: str, base: str, index: int) -> str:
    """IR that writes a word; the name is for its address."""
    return f"{_word(name, base, index)}\n  store {value}, ptr %{name}"


def _claims() -> str:
    return f"""
define internal i1 @exhausted(i64 %claim) alwaysinline {{
  %next = and i64 %claim, {_MASK}
  %high = lshr i64 %claim, {layout.NEXT_BITS}
  %blocks = and i64 %high, {_MASK}
  %none = icmp uge i64 %next, %blocks
  ret i1 %none
}}
define internal void @publish(ptr %pool, i64 %blocks, i1 %rouse) {{
{_word("claim", "pool", Pool.CLAIM)}
  %old = load atomic i64, ptr %claim monotonic, align 8
  %epoch = lshr i64 %old, {layout.EPOCH_SHIFT}
  %later = add i64 %epoch, 1
  %high = shl i64 %later, {layout.EPOCH_SHIFT}
  %middle = shl i64 %blocks, {layout.NEXT_BITS}
  %new = or i64 %high, %middle
  store atomic i64 %new, ptr %claim seq_cst, align 8
  br i1 %rouse, label %look, label %done
look:
{_word("sleepers", "pool", Pool.SLEEPERS)}
  %asleep = load atomic i64, ptr %sleepers seq_cst, align 8
{_word("caller", "pool", Pool.CALLER_SLEEPS)}
  %caller.asleep = load atomic i64, ptr %caller seq_cst, align 8
  %together = or i64 %asleep, %caller.asleep
  %any = icmp ne i64 %together, 0
  br i1 %any, label %wake, label %done
wake:
  call void @rouse_all(ptr %pool)
  br label %done
done:
  ret void
}}
define internal ptr @sleeping_word(ptr %pool) alwaysinline {{
{_word("claim", "pool", Pool.CLAIM)}
  %half = getelementptr i32, ptr %claim, i64 1
  ret ptr %half
}}
define internal void @rouse_all(ptr %pool) {{
  %word = call ptr @sleeping_word(ptr %pool)
  call void @rouse(ptr %word)
  ret void
}}
"""


# All calls of a chain on one block. `t` is what calls get as their step: the job's, or
# inside a loop the loop's.
_BLOCK: Final = f"""
define internal void @do_block(ptr %job, ptr %chain, i64 %block, ptr %scratch) {{
entry:
  %stack = alloca [{3 * layout.LOOP_DEPTH} x i64]
  %depth.var = alloca i64
  %pc.var = alloca i64
  %t.var = alloca i64
{_load("image", "job", Job.IMAGE, "ptr")}
{_load("words", "job", Job.WORDS, "ptr")}
{_load("step", "job", Job.STEP)}
{_load("entries.at", "image", Image.ENTRIES_AT)}
  %entries = getelementptr i64, ptr %image, i64 %entries.at
{_load("rows", "chain", Chain.ROWS)}
{_load("extent", "chain", Chain.EXTENT)}
{_load("begin", "chain", Chain.BEGIN)}
{_load("end", "chain", Chain.END)}
  %lo = mul i64 %block, %rows
  %beyond = add i64 %lo, %rows
  %hi = call i64 @llvm.smin.i64(i64 %beyond, i64 %extent)
  store i64 %begin, ptr %pc.var
  store i64 %step, ptr %t.var
  store i64 0, ptr %depth.var
  br label %next
next:
  %pc = load i64, ptr %pc.var
  %more = icmp slt i64 %pc, %end
  br i1 %more, label %entry.begin, label %finished
entry.begin:
  %following = add i64 %pc, 1
  store i64 %following, ptr %pc.var
  %index = mul i64 %pc, {Entry.SIZE}
  %entry.ptr = getelementptr i64, ptr %entries, i64 %index
{_load("kind", "entry.ptr", Entry.KIND)}
{_load("first", "entry.ptr", Entry.FIRST)}
{_load("second", "entry.ptr", Entry.SECOND)}
{_load("third", "entry.ptr", Entry.THIRD)}
  %depth = load i64, ptr %depth.var
  %t = load i64, ptr %t.var
  switch i64 %kind, label %call [i64 {layout.LOOP}, label %loop
                                 i64 {layout.END_LOOP}, label %loop.end]
call:
  %function = inttoptr i64 %first to ptr
  %arguments = getelementptr i64, ptr %words, i64 %second
  call void %function(ptr %arguments, i64 %lo, i64 %hi, i64 %block, i64 %t,
                      ptr %scratch)
  br label %next
loop:
  %frame = mul i64 %depth, 3
  %left.ptr = getelementptr i64, ptr %stack, i64 %frame
{_word("stride.ptr", "left.ptr", 1)}
{_word("saved.ptr", "left.ptr", 2)}
  store i64 %first, ptr %left.ptr
  store i64 %third, ptr %stride.ptr
  store i64 %t, ptr %saved.ptr
  store i64 %second, ptr %t.var
  %deeper = add i64 %depth, 1
  store i64 %deeper, ptr %depth.var
  br label %next
loop.end:
  %top = add i64 %depth, -1
  %frame.top = mul i64 %top, 3
  %left.top = getelementptr i64, ptr %stack, i64 %frame.top
{_word("stride.top", "left.top", 1)}
{_word("saved.top", "left.top", 2)}
  %left = load i64, ptr %left.top
  %fewer = add i64 %left, -1
  store i64 %fewer, ptr %left.top
  %again = icmp sgt i64 %fewer, 0
  br i1 %again, label %loop.again, label %loop.over
loop.again:
  %stride = load i64, ptr %stride.top
  %t.next = add i64 %t, %stride
  store i64 %t.next, ptr %t.var
  store i64 %first, ptr %pc.var
  br label %next
loop.over:
  %saved = load i64, ptr %saved.top
  store i64 %saved, ptr %t.var
  store i64 %top, ptr %depth.var
  br label %next
finished:
  ret void
}}
declare i64 @llvm.smin.i64(i64, i64)

define internal void @do_wave(ptr %job, ptr %wave, ptr %scratch) {{
entry:
{_load("image", "job", Job.IMAGE, "ptr")}
{_load("chains.at", "image", Image.CHAINS_AT)}
  %chains = getelementptr i64, ptr %image, i64 %chains.at
{_load("first", "wave", Wave.FIRST)}
{_load("last", "wave", Wave.LAST)}
  br label %next
next:
  %number = phi i64 [ %first, %entry ], [ %following, %chain.done ]
  %more = icmp slt i64 %number, %last
  br i1 %more, label %chain.begin, label %finished
chain.begin:
  %following = add i64 %number, 1
  %index = mul i64 %number, {Chain.SIZE}
  %chain = getelementptr i64, ptr %chains, i64 %index
{_load("blocks", "chain", Chain.BLOCKS)}
  br label %block.next
block.next:
  %block = phi i64 [ 0, %chain.begin ], [ %block.after, %block.do ]
  %block.more = icmp slt i64 %block, %blocks
  br i1 %block.more, label %block.do, label %chain.done
block.do:
  call void @do_block(ptr %job, ptr %chain, i64 %block, ptr %scratch)
  %block.after = add i64 %block, 1
  br label %block.next
chain.done:
  br label %next
finished:
  ret void
}}
"""


def _advance() -> str:
    """Goes on from the job's wave, by the one thread that may; whether it published."""
    return f"""
define internal i1 @late(ptr %job) {{
{_load("deadline", "job", Job.DEADLINE)}
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
{_load("image", "job", Job.IMAGE, "ptr")}
{_load("waves.at", "image", Image.WAVES_AT)}
{_load("waves", "image", Image.WAVES)}
  %table = getelementptr i64, ptr %image, i64 %waves.at
{_load("status", "job", Job.STATUS, "ptr")}
{_load("words", "job", Job.WORDS, "ptr")}
{_load("last", "job", Job.LAST)}
{_word("step.ptr", "job", Job.STEP)}
{_word("number.ptr", "job", Job.WAVE)}
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
  %step.late = call i1 @late(ptr %job)
  br i1 %step.late, label %end, label %next
wave.begin:
  %number.next = add i64 %number, 1
  store i64 %number.next, ptr %number.ptr
  %index = mul i64 %number, {Wave.SIZE}
  %wave = getelementptr i64, ptr %table, i64 %index
{_load("kind", "wave", Wave.KIND)}
  switch i64 %kind, label %together [i64 {layout.SERIAL}, label %serial
                                     i64 {layout.BRANCH}, label %branch]
together:
  br i1 %alone, label %serial, label %share
share:
{_load("blocks", "wave", Wave.BLOCKS)}
{_load("worth", "wave", Wave.ROUSE)}
  %worthy = icmp ne i64 %worth, 0
  %step.now = load i64, ptr %step.ptr
  %step.after = add i64 %step.now, 1
  %many = icmp slt i64 %step.after, %last
  %rouse = or i1 %worthy, %many
{_store("wave.shared", "ptr %wave", "pool", Pool.WAVE)}
{_store("job.shared", "ptr %job", "pool", Pool.JOB)}
  call void @publish(ptr %pool, i64 %blocks, i1 %rouse)
  ret i1 true
serial:
  call void @do_wave(ptr %job, ptr %wave, ptr %scratch)
  br label %next
branch:
{_load("place", "wave", Wave.FIRST)}
{_load("target", "wave", Wave.LAST)}
{_load("when", "wave", Wave.BLOCKS)}
{_load("flag.ptr", "words", "place", "ptr")}
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
{_store("failed.ptr", "i64 1", "job", Job.FAILED)}
  br label %end
end:
  br i1 %alone, label %ended, label %tell
tell:
  ; From here on the job may be gone, and the pool have another owner.
{_word("ended.ptr", "pool", Pool.ENDED)}
  store atomic i64 1, ptr %ended.ptr seq_cst, align 8
{_word("sleeps.ptr", "pool", Pool.CALLER_SLEEPS)}
  %sleeps = load atomic i64, ptr %sleeps.ptr seq_cst, align 8
  %asleep = icmp ne i64 %sleeps, 0
  br i1 %asleep, label %wake, label %ended
wake:
  call void @rouse_all(ptr %pool)
  br label %ended
ended:
  ret i1 false
}}
"""


def _serve() -> str:
    """Claims blocks until there are none; returns the claim word that said so."""
    return f"""
define internal ptr @scratch_for(ptr %job, ptr %own) {{
entry:
{_load("needed", "job", Job.SCRATCH_BYTES)}
{_load("bytes", "own", 1)}
  %enough = icmp sle i64 %needed, %bytes
  br i1 %enough, label %ready, label %grow
ready:
  %area = load ptr, ptr %own
  ret ptr %area
grow:
{_word("raw.ptr", "own", 2)}
  %raw.old = load ptr, ptr %raw.ptr
  call void @release(ptr %raw.old)
  %wide = add i64 %needed, 128
  %raw = call ptr @allocate(i64 %wide)
  store ptr %raw, ptr %raw.ptr
  %address = ptrtoint ptr %raw to i64
  %none = icmp eq i64 %address, 0
  %kept = select i1 %none, i64 0, i64 %needed
{_store("kept.ptr", "i64 %kept", "own", 1)}
  %above = add i64 %address, 63
  %aligned = and i64 %above, -64
  %new = inttoptr i64 %aligned to ptr
  %area.new = select i1 %none, ptr null, ptr %new
  store ptr %area.new, ptr %own
  br i1 %none, label %complain, label %grown
complain:
{_load("status", "job", Job.STATUS, "ptr")}
  store atomic i64 {layout.OUT_OF_MEMORY}, ptr %status monotonic, align 8
  br label %grown
grown:
  ret ptr %area.new
}}
define internal i64 @serve(ptr %pool, ptr %own) {{
entry:
{_word("claim.ptr", "pool", Pool.CLAIM)}
{_word("done.ptr", "pool", Pool.DONE)}
  br label %ask
ask:
  %seen = load atomic i64, ptr %claim.ptr acquire, align 8
  %none = call i1 @exhausted(i64 %seen)
  br i1 %none, label %leave.seen, label %take
take:
  %taken = atomicrmw add ptr %claim.ptr, i64 1 seq_cst
  %late = call i1 @exhausted(i64 %taken)
  br i1 %late, label %leave.taken, label %mine
mine:
{_load("job", "pool", Pool.JOB, "ptr")}
{_load("wave", "pool", Pool.WAVE, "ptr")}
{_load("image", "job", Job.IMAGE, "ptr")}
{_load("chains.at", "image", Image.CHAINS_AT)}
  %chains = getelementptr i64, ptr %image, i64 %chains.at
{_load("first", "wave", Wave.FIRST)}
  %index = mul i64 %first, {Chain.SIZE}
  %chain.first = getelementptr i64, ptr %chains, i64 %index
  %scratch = call ptr @scratch_for(ptr %job, ptr %own)
{_load("needed", "job", Job.SCRATCH_BYTES)}
  %wanted = icmp ne i64 %needed, 0
  %missing = icmp eq ptr %scratch, null
  %skip = and i1 %wanted, %missing
  br label %find
find:
  %claim = phi i64 [ %taken, %mine ], [ %claim, %further ], [ %again, %block.done ]
  %count = phi i64 [ 0, %mine ], [ %count, %further ], [ %count.next, %block.done ]
  %chain = phi ptr [ %chain.first, %mine ], [ %chain.next, %further ],
                   [ %chain, %block.done ]
  %number = and i64 %claim, {_MASK}
{_load("chain.from", "chain", Chain.FIRST)}
{_load("chain.blocks", "chain", Chain.BLOCKS)}
  %block = sub i64 %number, %chain.from
  %elsewhere = icmp sge i64 %block, %chain.blocks
  br i1 %elsewhere, label %further, label %here
further:
  %chain.next = getelementptr i64, ptr %chain, i64 {Chain.SIZE}
  br label %find
here:
  br i1 %skip, label %block.done, label %do
do:
  call void @do_block(ptr %job, ptr %chain, i64 %block, ptr %scratch)
  br label %block.done
block.done:
  %count.next = add i64 %count, 1
  %again = atomicrmw add ptr %claim.ptr, i64 1 seq_cst
  %finished = call i1 @exhausted(i64 %again)
  br i1 %finished, label %tell, label %find
tell:
  ; Until all blocks are told the wave cannot change: `again` is still of this one.
  %high = lshr i64 %again, {layout.NEXT_BITS}
  %blocks = and i64 %high, {_MASK}
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


def _wait() -> str:
    """Spins, then sleeps, until there is something to claim or an end is told."""
    return f"""
define internal void @wait(ptr %pool, i64 %seen, i64 %ending, i64 %counter) {{
entry:
{_word("claim.ptr", "pool", Pool.CLAIM)}
{_word("end.ptr", "pool", "ending")}
{_word("counter.ptr", "pool", "counter")}
{_load("patience", "pool", Pool.PATIENCE)}
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
  %end = load atomic i64, ptr %end.ptr acquire, align 8
  %ending.now = icmp ne i64 %end, 0
  %leave = or i1 %changed, %ending.now
  br i1 %leave, label %out, label %stay
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
  %end.last = load atomic i64, ptr %end.ptr seq_cst, align 8
  %claim.last = load atomic i64, ptr %claim.ptr seq_cst, align 8
  %epoch.last = lshr i64 %claim.last, {layout.EPOCH_SHIFT}
  %same = icmp eq i64 %epoch.last, %epoch
  %going = icmp eq i64 %end.last, 0
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


_WORK: Final = f"""
define void @work(ptr %pool) {{
entry:
  %own = alloca [3 x i64]
  store [3 x i64] zeroinitializer, ptr %own
{_word("leave.ptr", "pool", Pool.LEAVE)}
  br label %next
next:
  %seen = call i64 @serve(ptr %pool, ptr %own)
  call void @wait(ptr %pool, i64 %seen, i64 {Pool.LEAVE}, i64 {Pool.SLEEPERS})
  %leave = load atomic i64, ptr %leave.ptr acquire, align 8
  %leaving = icmp ne i64 %leave, 0
  br i1 %leaving, label %out, label %next
out:
{_load("raw", "own", 2, "ptr")}
  call void @release(ptr %raw)
  ret void
}}
define void @dismiss(ptr %pool) {{
{_word("leave.ptr", "pool", Pool.LEAVE)}
  store atomic i64 1, ptr %leave.ptr seq_cst, align 8
  call void @rouse_all(ptr %pool)
  ret void
}}
"""


# Returns the step that comes next, or -1 where a kernel failed.
_RUN: Final = f"""
define internal void @relocate(ptr %job, ptr %image) {{
entry:
{_load("words", "job", Job.WORDS, "ptr")}
{_load("bases", "job", Job.BASES, "ptr")}
{_load("placed", "job", Job.PLACED, "ptr")}
{_load("groups", "image", Image.GROUPS)}
{_load("groups.at", "image", Image.GROUPS_AT)}
{_load("all.at", "image", Image.RELOCATIONS_AT)}
  %table = getelementptr i64, ptr %image, i64 %groups.at
  %all = getelementptr i64, ptr %image, i64 %all.at
  br label %next
next:
  %number = phi i64 [ 0, %entry ], [ %following, %done ]
  %more = icmp slt i64 %number, %groups
  br i1 %more, label %group, label %finished
group:
  %following = add i64 %number, 1
  %index = mul i64 %number, {Group.SIZE}
  %group.ptr = getelementptr i64, ptr %table, i64 %index
{_load("which", "group.ptr", Group.BASE)}
{_load("base", "bases", "which")}
{_word("old.ptr", "placed", "which")}
  %old = load i64, ptr %old.ptr
  %same = icmp eq i64 %old, %base
  br i1 %same, label %done, label %moved
moved:
  store i64 %base, ptr %old.ptr
{_load("begin", "group.ptr", Group.BEGIN)}
{_load("end", "group.ptr", Group.END)}
  br label %place
place:
  %item = phi i64 [ %begin, %moved ], [ %item.next, %place.do ]
  %item.more = icmp slt i64 %item, %end
  br i1 %item.more, label %place.do, label %done
place.do:
  %item.next = add i64 %item, 1
  %item.index = mul i64 %item, {Relocation.SIZE}
  %item.ptr = getelementptr i64, ptr %all, i64 %item.index
{_load("word", "item.ptr", Relocation.WORD)}
{_load("offset", "item.ptr", Relocation.OFFSET)}
  %address = add i64 %base, %offset
{_word("target", "words", "word")}
  store i64 %address, ptr %target
  br label %place
done:
  br label %next
finished:
  ret void
}}
define i64 @run(ptr %pool, ptr %job, i64 %first, i64 %last) {{
entry:
  %own = alloca [3 x i64]
{_load("image", "job", Job.IMAGE, "ptr")}
{_word("step.ptr", "job", Job.STEP)}
{_word("failed.ptr", "job", Job.FAILED)}
  %fresh = icmp sge i64 %first, 0
  br i1 %fresh, label %begin, label %ready
begin:
  store i64 %first, ptr %step.ptr
{_store("last.ptr", "i64 %last", "job", Job.LAST)}
{_store("wave.ptr", "i64 0", "job", Job.WAVE)}
  store i64 0, ptr %failed.ptr
{_load("status", "job", Job.STATUS, "ptr")}
  store i64 0, ptr %status
  call void @relocate(ptr %job, ptr %image)
  %something = icmp slt i64 %first, %last
  br i1 %something, label %ready, label %nothing
nothing:
  ret i64 %last
ready:
  %step = load i64, ptr %step.ptr
  %step.next = add i64 %step, 1
  %many = icmp slt i64 %step.next, %last
{_load("endless", "image", Image.ENDLESS)}
  %endless.set = icmp ne i64 %endless, 0
  %timed = or i1 %many, %endless.set
  br i1 %timed, label %clock, label %begun
clock:
{_load("budget", "job", Job.BUDGET)}
  %time = call i64 @now()
  %deadline = add i64 %time, %budget
  br label %begun
begun:
  %until = phi i64 [ 0, %ready ], [ %deadline, %clock ]
{_store("deadline.ptr", "i64 %until", "job", Job.DEADLINE)}
{_load("scratch", "job", Job.SCRATCH, "ptr")}
{_load("scratch.bytes", "job", Job.SCRATCH_BYTES)}
{_load("alone", "image", Image.ALONE)}
{_load("workers", "pool", Pool.WORKERS)}
  %alone.set = icmp ne i64 %alone, 0
  %nobody = icmp eq i64 %workers, 0
  %single = or i1 %alone.set, %nobody
{_word("owner.ptr", "pool", Pool.OWNER)}
  br i1 %single, label %by.itself, label %own.try
own.try:
  %swap = cmpxchg ptr %owner.ptr, i64 0, i64 1 acquire monotonic
  %owned = extractvalue {{ i64, i1 }} %swap, 1
  br i1 %owned, label %together, label %by.itself
by.itself:
  %r = call i1 @advance(ptr %pool, ptr %job, ptr %scratch, i1 true)
  br label %out
together:
{_word("ended.ptr", "pool", Pool.ENDED)}
  store atomic i64 0, ptr %ended.ptr monotonic, align 8
  store ptr %scratch, ptr %own
{_store("own.bytes", "i64 %scratch.bytes", "own", 1)}
{_store("own.raw", "ptr null", "own", 2)}
  %shared = call i1 @advance(ptr %pool, ptr %job, ptr %scratch, i1 false)
  br i1 %shared, label %serving, label %disown
serving:
  %seen = call i64 @serve(ptr %pool, ptr %own)
  %end = load atomic i64, ptr %ended.ptr acquire, align 8
  %finished = icmp ne i64 %end, 0
  br i1 %finished, label %disown, label %waiting
waiting:
  call void @wait(ptr %pool, i64 %seen, i64 {Pool.ENDED}, i64 {Pool.CALLER_SLEEPS})
  %end.now = load atomic i64, ptr %ended.ptr acquire, align 8
  %finished.now = icmp ne i64 %end.now, 0
  br i1 %finished.now, label %disown, label %serving
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

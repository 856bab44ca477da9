"""The LLVM IR of what one thread does by itself in a program: blocks, waves, addresses.

Nothing flows in but the layout of tables; out flows a text of internal functions, for
`pool_ir`, which lets threads share them.
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
    Own,
    Relocation,
    Wave,
)
from rillet.backends.native.words_ir import load, store, word

# All calls of a chain on one block. `t` is what calls get as their step: the job's, or
# inside a loop the loop's.
_BLOCK: Final = f"""
define internal void @do_block(ptr %job, ptr %chain, i64 %block, ptr %scratch) {{
entry:
  %stack = alloca [{3 * layout.LOOP_DEPTH} x i64]
  %depth.var = alloca i64
  %pc.var = alloca i64
  %t.var = alloca i64
{load("image", "job", Job.IMAGE, "ptr")}
{load("words", "job", Job.WORDS, "ptr")}
{load("step", "job", Job.STEP)}
{load("entries.at", "image", Image.ENTRIES_AT)}
  %entries = getelementptr i64, ptr %image, i64 %entries.at
{load("rows", "chain", Chain.ROWS)}
{load("extent", "chain", Chain.EXTENT)}
{load("begin", "chain", Chain.BEGIN)}
{load("end", "chain", Chain.END)}
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
{load("kind", "entry.ptr", Entry.KIND)}
{load("first", "entry.ptr", Entry.FIRST)}
{load("second", "entry.ptr", Entry.SECOND)}
{load("third", "entry.ptr", Entry.THIRD)}
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
{word("stride.ptr", "left.ptr", 1)}
{word("saved.ptr", "left.ptr", 2)}
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
{word("stride.top", "left.top", 1)}
{word("saved.top", "left.top", 2)}
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
{load("image", "job", Job.IMAGE, "ptr")}
{load("chains.at", "image", Image.CHAINS_AT)}
  %chains = getelementptr i64, ptr %image, i64 %chains.at
{load("first", "wave", Wave.FIRST)}
{load("last", "wave", Wave.LAST)}
  br label %next
next:
  %number = phi i64 [ %first, %entry ], [ %following, %chain.done ]
  %more = icmp slt i64 %number, %last
  br i1 %more, label %chain.begin, label %finished
chain.begin:
  %following = add i64 %number, 1
  %index = mul i64 %number, {Chain.SIZE}
  %chain = getelementptr i64, ptr %chains, i64 %index
{load("blocks", "chain", Chain.BLOCKS)}
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

# Writes the addresses of bases that are not where they were at the last run.
_RELOCATE: Final = f"""
define internal void @relocate(ptr %job, ptr %image) {{
entry:
{load("words", "job", Job.WORDS, "ptr")}
{load("bases", "job", Job.BASES, "ptr")}
{load("placed", "job", Job.PLACED, "ptr")}
{load("groups", "image", Image.GROUPS)}
{load("groups.at", "image", Image.GROUPS_AT)}
{load("all.at", "image", Image.RELOCATIONS_AT)}
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
{load("which", "group.ptr", Group.BASE)}
{load("base", "bases", "which")}
{word("old.ptr", "placed", "which")}
  %old = load i64, ptr %old.ptr
  %same = icmp eq i64 %old, %base
  br i1 %same, label %done, label %moved
moved:
  store i64 %base, ptr %old.ptr
{load("begin", "group.ptr", Group.BEGIN)}
{load("end", "group.ptr", Group.END)}
  br label %place
place:
  %item = phi i64 [ %begin, %moved ], [ %item.next, %place.do ]
  %item.more = icmp slt i64 %item, %end
  br i1 %item.more, label %place.do, label %done
place.do:
  %item.next = add i64 %item, 1
  %item.index = mul i64 %item, {Relocation.SIZE}
  %item.ptr = getelementptr i64, ptr %all, i64 %item.index
{load("word", "item.ptr", Relocation.WORD)}
{load("offset", "item.ptr", Relocation.OFFSET)}
  %address = add i64 %base, %offset
{word("target", "words", "word")}
  store i64 %address, ptr %target
  br label %place
done:
  br label %next
finished:
  ret void
}}
"""

# A worker's own scratch: its address, its bytes, and what `malloc` gave; made larger
# where the job needs more.
_SCRATCH: Final = f"""
define internal ptr @scratch_for(ptr %job, ptr %own) {{
entry:
{load("needed", "job", Job.SCRATCH_BYTES)}
{load("bytes", "own", Own.BYTES)}
  %enough = icmp sle i64 %needed, %bytes
  br i1 %enough, label %ready, label %grow
ready:
  %area = load ptr, ptr %own
  ret ptr %area
grow:
{word("raw.ptr", "own", Own.RAW)}
  %raw.old = load ptr, ptr %raw.ptr
  call void @release(ptr %raw.old)
  %wide = add i64 %needed, 128
  %raw = call ptr @allocate(i64 %wide)
  store ptr %raw, ptr %raw.ptr
  %address = ptrtoint ptr %raw to i64
  %none = icmp eq i64 %address, 0
  %kept = select i1 %none, i64 0, i64 %needed
{store("kept.ptr", "i64 %kept", "own", Own.BYTES)}
  %above = add i64 %address, 63
  %aligned = and i64 %above, -64
  %new = inttoptr i64 %aligned to ptr
  %area.new = select i1 %none, ptr null, ptr %new
  store ptr %area.new, ptr %own
  br i1 %none, label %complain, label %grown
complain:
{load("status", "job", Job.STATUS, "ptr")}
  store atomic i64 {layout.OUT_OF_MEMORY}, ptr %status monotonic, align 8
  br label %grown
grown:
  ret ptr %area.new
}}
"""

TEXT: Final = _BLOCK + _RELOCATE + _SCRATCH

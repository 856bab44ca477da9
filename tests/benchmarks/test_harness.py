"""The benchmarks' driver: rows, noise, ratios, and a worker that speaks to it."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

FAKE_ROW = """
import os

from harness.case import Fresh, Once, Steps

def build(module, data):
    print("a line on stdout, which belongs to the protocol")
    count = 0
    def step():
        nonlocal count
        count += 1
        return float(count)
    return step

def broken(module, data):
    def step():
        raise ValueError("the step is broken")
    return step

def pair(module, data):
    return lambda: (2.5, 0.75)

def runs_in(variable):
    # Counts the processes that have run in the folder which a variable names.
    def figure(module, data):
        path = os.path.join(os.environ[variable], "runs")
        with open(path, "a+") as file:
            file.write("x")
            file.seek(0)
            return len(file.read())
    return figure

CASES = (
    Steps(name="good", title="good", build={"numpy": build}, check=(1.0, 0.0),
          least=0.001, targets={"numpy": 2.0}),
    Steps(name="wrong", title="wrong", build={"numpy": build}, check=(5.0, 0.5),
          least=0.001),
    Steps(name="pair", title="pair", build={"numpy": pair}, check=(0.75, 0.0),
          least=0.001, operations=1000),
    Steps(name="two", title="two", build={"numpy": pair}, least=0.01, processes=2,
          unit="share", limit=0.4),
    Steps(name="aside", title="aside", build={"numpy": pair}, aside=("numpy",)),
    Once(name="cold", title="cold", measure={"rillet": runs_in("RILLET_CACHE")},
         caches="cold", unit="times", limit=1.0, most_repeats=2),
    Once(name="warm", title="warm", measure={"rillet": runs_in("RILLET_CACHE")},
         caches="warm", unit="times", limit=1.0),
    Once(name="fails", title="fails", measure={"rillet": broken}, caches="warm"),
    Steps(name="bad", title="bad", build={"numpy": broken}),
    Fresh(name="fresh", title="fresh", code={"numpy": "pass"}),
    Fresh(name="stale", title="stale", code={"numpy": "raise SystemExit(3)"}),
)
"""


@pytest.fixture
def harness(monkeypatch, tmp_path):
    """Put the benchmarks on the path, with a folder of rows that holds one row."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "fake.py").write_text(FAKE_ROW)
    import harness.case as case
    import harness.driver as driver
    import harness.gauge as gauge
    import harness.machine as machine
    import harness.peak as peak
    import harness.peers as peers
    import harness.processes as processes
    import harness.report as report
    import rows as real_rows

    real_rows.__path__.append(str(rows))
    monkeypatch.setattr(case, "ROWS", rows)
    wrapper = tmp_path / "worker.py"
    wrapper.write_text(
        f"import sys, pathlib\nsys.path.insert(0, {str(BENCHMARKS)!r})\n"
        "import harness.case as case, rows\nfrom harness import worker\n"
        f"case.ROWS = pathlib.Path({str(rows)!r})\n"
        f"rows.__path__.append({str(rows)!r})\n"
        "sys.exit(worker.main(sys.argv[1:]))\n"
    )
    monkeypatch.setattr(processes, "WORKER", wrapper)
    names = dict(c=case, d=driver, g=gauge, m=machine, r=report, k=peak, p=peers)
    yield type("Harness", (), names)
    for name in [n for n in sys.modules if n.split(".")[0] in ("harness", "rows")]:
        del sys.modules[name]


def run(harness, *cases, **plan):
    plan = harness.d.Plan(pause=0.0, limit=1.0, **plan)
    chosen = [case for case in harness.c.load("fake") if case.name in cases]
    python = dict.fromkeys(("rillet", "numpy"), Path(sys.executable))
    return list(harness.d.measure("fake", chosen, python, plan)), plan


@pytest.mark.parametrize(
    ("before", "after", "wall", "own", "share"),
    [
        (0.0, 1.0, 1.0, 1.0, 0.0),
        (0.0, 2.02, 1.0, 1.0, 0.5),
        (5.0, 5.52, 1.0, 0.1, 0.2),
        (5.0, 5.0, 1.0, 0.3, 0.0),
    ],
)
def test_share_of_others(harness, monkeypatch, before, after, wall, own, share):
    monkeypatch.setattr(harness.m.os, "cpu_count", lambda: 2)
    busy = [harness.m.Busy(reading, 0.01) for reading in (before, after)]
    assert harness.m.share_of_others(*busy, wall, own) == pytest.approx(share)
    assert harness.m.share_of_others(None, busy[1], wall, own) is None


def test_a_worker_runs_and_is_checked(harness):
    (good, wrong), plan = run(harness, "good", "wrong", repeats=3)
    assert good.error is None and len(good.kept()) == 3
    assert good.facts["result"] == [1.0] and good.facts["calls"] > 1
    assert good.facts["versions"]["numpy"] and good.facts["peak_memory"] > 1e6
    assert harness.r.wrong_result(good) is None
    assert "is not 5.0 within 0.5" in harness.r.remarks(wrong, plan)


def test_the_last_number_of_a_result_is_checked(harness):
    (pair,), plan = run(harness, "pair", repeats=1)
    assert pair.facts["result"] == [2.5, 0.75]
    assert harness.r.wrong_result(pair) is None
    assert "| 2.5 0.75 |" in harness.r.table([pair], plan)


def test_caches_are_empty_or_filled_by_one_run_more(harness):
    (cold, warm, fails), plan = run(harness, "cold", "warm", "fails", repeats=3)
    assert cold.kept() == [1.0, 1.0]
    assert warm.kept() == [2.0, 3.0, 4.0]
    assert fails.error is not None
    text = harness.r.table([cold, warm], plan)
    assert "at most 1 times, met" in text and "at most 1 times, missed" in text


def test_two_processes_give_the_share_that_each_keeps(harness):
    (two,), _ = run(harness, "two", repeats=1)
    assert two.error is None and 0.0 < two.kept()[0] < 5.0


def test_asides_are_measured_when_asked_for(harness):
    assert run(harness, "aside", repeats=1)[0] == []
    ((series,), _) = run(harness, "aside", repeats=1, asides=True)
    assert series.error is None


def test_a_rate_is_set_beside_the_peak(harness):
    case = next(case for case in harness.c.load("fake") if case.name == "pair")
    case = replace(case, share_of_peak=0.5)
    repeats = [harness.d.Repeat(1e-6, 0.0, True)]
    series = harness.d.Series("fake", case, "rillet", repeats, {"result": [0.75]})
    plan = harness.d.Plan(repeats=1)
    assert harness.r.rate(series) == pytest.approx(1e9)
    assert harness.r.remarks(series, plan, 4e9) == "1 GFLOP/s, 25% of peak"
    assert harness.r.verdict(series, [series], 4e9) == "50% of peak, missed"
    assert harness.r.verdict(series, [series], 1.5e9) == "50% of peak, met"


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (2.5e-6, "s", "2.5 µs"),
        (0.01234, "s", "12.34 ms"),
        (3.14159, "s", "3.142 s"),
        (-0.002, "s", "-2 ms"),
        (0.415, "share", "42%"),
        (3.2e8, "byte", "320 MB"),
        (1.5, "times", "1.5 times"),
        (None, "s", "-"),
    ],
)
def test_figures_bear_their_unit(harness, figure, unit, text):
    assert harness.r.show(figure, unit) == text


@pytest.mark.parametrize("width", [4, 8, 16])
def test_the_peak_s_loop_does_what_it_counts(harness, width):
    loop = harness.k.loop_of(width)
    assert loop.count("call ") == harness.k.CHAINS
    function, engine = harness.k.compile_loop(4)
    # Each chain k starts at k and is halved, plus one: twice. The first counts double.
    chains = [(k * 0.5 + 1.0) * 0.5 + 1.0 for k in range(harness.k.CHAINS)]
    assert function(2, 0.5, 1.0) == pytest.approx(sum(chains) + chains[0])
    del engine


def test_failures_are_told_and_the_others_go_on(harness):
    (bad, fresh, stale), plan = run(harness, "bad", "fresh", "stale", repeats=2)
    assert bad.error == "ValueError: the step is broken"
    assert fresh.error is None and len(fresh.repeats) == 2
    assert stale.error is not None
    text = harness.r.table([bad, fresh, stale], plan)
    assert "failed: ValueError: the step is broken" in text
    assert harness.r.document([bad, fresh], plan)["series"][0]["error"] == bad.error


def test_ratio_is_peer_over_rillet(harness):
    case = harness.c.load("fake")[0]
    quick, slow = (
        harness.d.Series("fake", case, peer, [harness.d.Repeat(s, 0.0, True)])
        for peer, s in (("rillet", 0.25), ("numpy", 1.0))
    )
    everything = [quick, slow]
    assert harness.r.ratio(slow, everything) == 4.0
    assert harness.r.ratio(quick, everything) is None
    assert "2, met" in harness.r.table(everything, harness.d.Plan(repeats=1))


def test_noisy_repeats_are_dropped_where_quiet_ones_stand(harness):
    repeat = harness.d.Repeat
    case = harness.c.load("fake")[0]
    noisy = [repeat(9.0, 0.4, False), repeat(8.0, 0.3, False)]
    series = harness.d.Series("fake", case, "numpy", [*noisy, repeat(1.0, 0.0, True)])
    assert series.kept() == [1.0]
    series.repeats = noisy
    assert series.kept() == [9.0, 8.0]
    plan = harness.d.Plan(repeats=1)
    assert "others took 30% or more" in harness.r.remarks(series, plan)


class Speeds:
    """A machine whose speeds are known."""

    least = 0.9

    def __init__(self, *speeds):
        self.speeds = list(speeds)

    def settle(self):
        return self.speeds.pop(0)

    speed = settle


class OneSecond:
    """Work that takes a second of the measured process."""

    def repeat(self):
        return 1.0, 0.0


@pytest.mark.parametrize(
    ("before", "after", "quiet"),
    [(1.0, 0.95, True), (1.0, 0.6, False), (0.7, 1.0, False)],
)
def test_repeats_on_a_slower_machine_are_dropped(harness, before, after, quiet):
    plan = harness.d.Plan(limit=1.0, pause=0.0)
    repeat = harness.d._timed(OneSecond(), plan, Speeds(before, after))
    assert repeat.quiet is quiet
    assert repeat.speed == min(before, after)


def test_the_gauge_tells_shares_of_the_best(harness):
    gauge = harness.g.Gauge(Path(sys.executable), dict(os.environ), patience=0.0)
    try:
        shares = [gauge.speed() for _ in range(5)]
        assert all(0.0 < share <= 1.0 for share in shares)
        gauge._best = [4.0 * best for best in gauge._best]
        assert gauge.settle() < 0.5
    finally:
        gauge.close()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [(["nothing"], "no row named 'nothing'"), (["fake.none"], "no case 'none'")],
)
def test_unknown_rows_are_named(harness, wanted, message):
    with pytest.raises(ValueError, match=message):
        harness.c.select(wanted)


def test_the_real_rows_load_without_any_framework():
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "run.py"), "--list"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    for row in (
        "cnn.epoch",
        "curve.compiled",
        "curve.step",
        "data_pipeline.epoch",
        "eager.add",
        "elementwise.compiled",
        "first_epoch.mlp512_cold",
        "import_time.package",
        "logistic.compiled",
        "lstm.epoch",
        "memory.mlp512",
        "mlp50.epoch",
        "mlp512.epoch",
        "mlp_sigmoid.epoch",
        "predict_many.predict",
        "predict_one.call",
        "resnet50.compile",
        "sequence_lengths.lstm",
        "two_processes.mlp512",
        "unrolled.recurrent",
    ):
        assert row in done.stdout

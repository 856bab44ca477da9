"""The benchmarks' driver: rows, noise, ratios, and a worker that speaks to it."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

FAKE_ROW = """
from harness.case import Fresh, Steps

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

CASES = (
    Steps(name="good", title="good", build={"numpy": build}, check=(1.0, 0.0),
          least=0.001, targets={"numpy": 2.0}),
    Steps(name="wrong", title="wrong", build={"numpy": build}, check=(5.0, 0.5),
          least=0.001),
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
    import harness.machine as machine
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
    monkeypatch.setattr(driver, "WORKER", wrapper)
    yield type("Harness", (), dict(c=case, d=driver, m=machine, r=report))
    for name in [n for n in sys.modules if n.split(".")[0] in ("harness", "rows")]:
        del sys.modules[name]


def run(harness, *cases, **plan):
    plan = harness.d.Plan(pause=0.0, limit=1.0, **plan)
    chosen = [case for case in harness.c.load("fake") if case.name in cases]
    python = {"numpy": Path(sys.executable)}
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
    assert good.facts["result"] == 1.0 and good.facts["calls"] > 1
    assert good.facts["versions"]["numpy"]
    assert harness.r.wrong_result(good) is None
    assert "is not 5.0 within 0.5" in harness.r.remarks(wrong, plan)


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
    for row in ("eager.add", "curve.step", "logistic.step", "import_time.package"):
        assert row in done.stdout

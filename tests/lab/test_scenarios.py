"""A scenario is a test: what it expects holds, and its file is fine."""
import orrery_lab


def test_every_scenario_is_fine(bench):
    scenarios = sorted((bench.source_root / "scenarios").glob("*.yaml"))
    assert len(scenarios) >= 4
    for lab in scenarios:
        told = bench.run("check", lab).stdout
        assert f"{lab} is fine" in told, told


def test_every_scenario_holds(bench):
    for lab in sorted((bench.source_root / "scenarios").glob("*.yaml")):
        if "kind: tap" in lab.read_text():
            continue  # it needs the machine's own network: test_tap.py
        report = bench.run_json("run", lab)
        assert report["expectations"], lab
        for expectation in report["expectations"]:
            assert expectation["verdict"] == "held", f"{lab}: {expectation}"


orrery_lab.main(globals())

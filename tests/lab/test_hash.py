"""One lab and one seed are one run: the hash over every frame on every link says so, whoever built
the program. Arguments: other builds of it, such as build/src/cli/orrery and build-asan/...; those
that exist and are of this source are compared with."""
import os
import pathlib
import subprocess

import orrery_lab
import random_lab
import troubled_lab

URL = "http://shop.example/"


def run_hash(report):
    value = report["summary"]["run_hash"]
    assert len(value) == 16 and int(value, 16) != 0, value
    return value


def browse_hash(bench, *options, **how):
    lab = bench.scenario("first-light.yaml")
    return run_hash(bench.browse(lab, "pc1", URL, *options, **how))


def lab_hash(bench, *options, **how):
    """Of `run`. Whether its expectations hold with every seed is not asked here."""
    lab = bench.scenario("first-light.yaml")
    return run_hash(bench.run_json("run", lab, *options, status=None, **how))


def test_two_runs_with_one_seed_have_one_hash(bench):
    for seed in ("1", "18446744073709551615"):
        assert browse_hash(bench, "--seed", seed) == browse_hash(bench, "--seed", seed), seed
        assert lab_hash(bench, "--seed", seed) == lab_hash(bench, "--seed", seed), seed


def test_another_seed_has_another_hash(bench):
    seeds = ["0", "1", "2", "3", "4294967296"]
    assert len({browse_hash(bench, "--seed", seed) for seed in seeds}) == len(seeds)
    assert len({lab_hash(bench, "--seed", seed) for seed in seeds}) == len(seeds)


def test_the_seed_of_the_file_is_the_seed_on_the_command_line(bench):
    text = bench.scenario("first-light.yaml").read_text()
    assert "\nseed: 1\n" in text and "root: first-light}" in text
    root = bench.scenario("first-light")
    text = text.replace("\nseed: 1\n", "\nseed: 77\n")
    lab = bench.write("seed77.yaml", text.replace("root: first-light}", f"root: {root}}}"))
    report = bench.browse(lab, "pc1", URL)
    assert report["seed"] == 77
    assert run_hash(report) == browse_hash(bench, "--seed", "77")
    assert run_hash(report) != browse_hash(bench)


def test_captures_and_traces_do_not_change_the_run(bench):
    plain = browse_hash(bench)
    assert browse_hash(bench, "--pcap", bench.folder / "pcap-hash") == plain
    lab = bench.scenario("first-light.yaml")
    told = bench.run("browse", URL, "--lab", lab, "--from", "pc1", "--trace").stdout
    assert f"run hash {plain}" in told


def test_the_hash_does_not_depend_on_surroundings(bench):
    """Another folder, environment, time zone and address layout."""
    here = browse_hash(bench, cwd=bench.source_root)
    there = browse_hash(bench, cwd="/")
    assert here == there
    lab = bench.scenario("first-light.yaml")
    env = dict(orrery_lab.environment(), TZ="Asia/Kathmandu", LC_ALL="C", HOME="/nowhere",
               FILLING="x" * 10000)
    done = subprocess.run([bench.program, "browse", URL, "--lab", lab, "--from", "pc1"], env=env,
                          capture_output=True, check=True, timeout=orrery_lab.PATIENCE_S)
    assert f"run hash {here}" in done.stdout.decode()


def newest_source(root):
    return max(path.stat().st_mtime for pattern in ("*.c", "*.h")
               for path in (root / "src").rglob(pattern))


def other_builds(bench):
    """Existing builds of this source, and what is the matter with the rest."""
    found, missing = [], []
    for arg in bench.args:
        path = pathlib.Path(arg)
        if path.exists() and path.resolve() == bench.program:
            continue
        if not path.exists():
            missing.append(f"{path} is missing")
        elif path.stat().st_mtime < newest_source(bench.source_root):
            missing.append(f"{path} is older than the source")
        else:
            found.append(path)
    return found, missing


def drawn_labs(bench):
    """Arguments of `browse` for labs that nobody wrote, one of them in a storm."""
    calm = random_lab.RandomLab("builds", bench.new_folder("calm"))
    storm = troubled_lab.TroubledLab("builds", bench.new_folder("storm"), is_silent=True)
    return [(lab.path, lab.pcs[0], lab.sites[0].url) for lab in (calm, storm)]


def test_every_build_of_the_program_has_the_same_hash(bench):
    found, missing = other_builds(bench)
    if missing and os.environ.get("CI") == "true":
        raise AssertionError(f"{'; '.join(missing)}: `make test` builds both")
    if not found:
        raise orrery_lab.Skip(f"{'; '.join(missing) or 'no other build was named'}; "
                              "`make test` builds both")
    for seed in ("1", "2", "3"):
        here = [browse_hash(bench, "--seed", seed), lab_hash(bench, "--seed", seed)]
        for other in found:
            there = [browse_hash(bench, "--seed", seed, program=other),
                     lab_hash(bench, "--seed", seed, program=other)]
            assert here == there, f"seed {seed}: {bench.program} {here}, {other} {there}"
    for call in drawn_labs(bench):
        here = bench.browse(*call, status=None)
        for other in found:
            assert bench.browse(*call, status=None, program=other) == here, f"{call} with {other}"


if __name__ == "__main__":
    orrery_lab.main(globals())

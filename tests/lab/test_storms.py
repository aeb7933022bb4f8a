"""Labs drawn from seeds whose links lose, delay, reorder, double and damage frames, and go down: pages
come whole all the same, and every run can be had again. Seeds are on the command line; those in
meson.build are ones with which the name servers' patience suffices."""
import sys

import journey
import orrery_lab
import packets
import troubled_lab


def make_test(seed):
    def test(bench):
        try:
            play(bench, seed)
        except AssertionError as error:
            raise AssertionError(f"troubled lab of seed {seed}: {error}") from error
    test.__name__ = f"test_troubled_lab_of_seed_{seed}"
    return test


def play(bench, seed):
    lab = troubled_lab.TroubledLab(seed, bench.new_folder(f"storm{seed}"))
    site, pc = lab.rng.choice(lab.sites), lab.rng.choice(lab.pcs)
    report, captures = bench.browse_captured(lab.path, pc, site.url)
    assert report["page"]["complete"], report["page"]
    got = {r["url"].removeprefix(site.url.rstrip("/")): r["bytes"]
           for r in report["page"]["resources"]}
    assert got == {path: len(content) for path, content in site.files.items()}
    check_bytes(captures.at_node(pc)[0], site.files)
    again = bench.browse(lab.path, pc, site.url)
    assert again == report, "the same run told something else"
    journey.check_resolved(bench, lab.path, (pc, site.url), report)
    other = bench.browse(lab.path, pc, site.url, "--seed", "4711", status=None)
    assert other["summary"]["run_hash"] != report["summary"]["run_hash"]


def check_bytes(client, files):
    """As the client took them: without the frames that it dropped as damaged."""
    client.frames = [frame for frame in client.frames
                     if not any("packet.dropped" in comment for comment in frame.comments)]
    streams = packets.tcp_streams(client)
    asked = []
    for (src, dst), stream in streams.items():
        if stream.startswith(b"GET "):
            targets = packets.http_targets(stream)
            for target, body in zip(targets, packets.http_bodies(streams[dst, src])):
                assert body == files[target], f"{target}: not the file's bytes"
            asked += targets
    assert set(asked) == set(files), asked


def test_silent_damage_crashes_nothing_and_is_the_same_damage_again(bench):
    """Some damage goes past the frame check, into every header there is."""
    for seed in range(3):
        lab = troubled_lab.TroubledLab(seed, bench.new_folder(f"silent{seed}"), is_silent=True)
        site, pc = lab.rng.choice(lab.sites), lab.rng.choice(lab.pcs)
        runs = [bench.run("browse", site.url, "--lab", lab.path, "--from", pc, "--json", status=None)
                for _ in range(2)]
        assert runs[0].status in (0, 1), runs[0]
        assert runs[0].stdout == runs[1].stdout, seed


if __name__ == "__main__":
    orrery_lab.main({f"test_{seed}": make_test(int(seed)) for seed in sys.argv[3:]} |
                    {"test_silent": test_silent_damage_crashes_nothing_and_is_the_same_damage_again})

"""Labs that nobody wrote, one for each seed on the command line, complete the same journey."""
import orrery_lab
import random_lab

import journey


def make_test(seed):
    def test(bench):
        try:
            play(bench, seed)
        except AssertionError as error:
            raise AssertionError(f"lab of seed {seed}: {error}") from error
    test.__name__ = f"test_lab_of_seed_{seed}"
    return test


def play(bench, seed):
    """Each site is loaded from a computer drawn for it."""
    lab = random_lab.RandomLab(seed, bench.new_folder(f"lab{seed}"))
    configs = lab.link_configs()
    for site in lab.sites:
        pc = lab.rng.choice(lab.pcs)
        report, captures = bench.browse_captured(lab.path, pc, site.url)
        journey.check_steps(report)
        journey.check_page(report, site.url, site.files, site.sentence)
        text = " ".join(report["page"]["text"].split())
        assert report["page"]["title"] == site.title
        assert site.unstyled not in text, "the stylesheet hides it"
        journey.check_bytes(captures.at_node(pc)[0], site.files)
        journey.check_counts(report, captures)
        if configs:
            journey.check_links(captures, configs)
        check_translation(report, lab, pc)
        journey.check_resolved(bench, lab.path, (pc, site.url), report)


def check_translation(report, lab, pc):
    """Each connection of a computer at home leaves with a public address."""
    assert report["connections"]
    for connection in report["connections"]:
        inside = connection["local"].split(":")[0]
        outside = connection["outside"].split(":")[0]
        assert lab.is_private(inside) and not lab.is_private(outside), f"{pc}: {connection}"
        assert connection["retransmitted"] == 0, connection


if __name__ == "__main__":
    import sys
    orrery_lab.main({f"test_{seed}": make_test(int(seed)) for seed in sys.argv[3:]})

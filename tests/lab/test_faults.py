"""What breaks on purpose breaks as the file says, is counted, and is lived through."""
import orrery_lab

LAB = """
nodes:
  reader: {{kind: host}}
  middle: {{kind: router}}
  site: {{kind: web-server, root: pages}}
links:
  - reader-middle: {{rate: 10mbit, delay: 2ms{link}}}
  - middle-site: {{rate: 10mbit, delay: 2ms}}
{faults}
expect:
  - {{from: reader, get: "http://198.18.1.10/"{expect}}}
"""


def make(bench, name, link="", faults="", expect="", size=60000):
    folder = bench.new_folder(name)
    (folder / "pages").mkdir()
    words = " ".join(str(n) for n in range(size // 6))
    (folder / "pages" / "index.html").write_text(f"<title>numbers</title><p>{words}</p>")
    text = LAB.format(link=link, faults=faults, expect=expect)
    return bench.write(f"{name}/lab.yaml", text), folder / "pages" / "index.html"


def browse(bench, lab):
    return bench.browse(lab, "reader", "http://198.18.1.10/")


def retransmitted_anywhere(bench, lab, *options):
    told = bench.run("browse", "http://198.18.1.10/", "--lab", lab, "--trace", "--json",
                     *options).stdout
    return told.count('"kind":"tcp.retransmitted"')


def test_the_address_that_these_tests_use_is_the_servers(bench):
    lab, _ = make(bench, "plain")
    resolved = bench.run("resolve", lab).stdout
    assert "198.18.1.10" in resolved, resolved


def test_without_faults_nothing_is_lost_or_sent_twice(bench):
    lab, page = make(bench, "calm")
    report = browse(bench, lab)
    assert report["page"]["resources"][0]["bytes"] == page.stat().st_size
    assert report["summary"]["drops"] == {}, report["summary"]
    assert retransmitted_anywhere(bench, lab) == 0


def test_a_link_that_goes_down_in_a_transfer_delays_it(bench):
    calm, _ = make(bench, "before")
    whole = browse(bench, calm)["page"]["resources"][0]
    faults = "faults:\n  - {at: 30ms, link: reader-middle, down: 400ms}"
    lab, page = make(bench, "down", faults=faults)
    report = browse(bench, lab)
    resource = report["page"]["resources"][0]
    assert resource["status"] == 200 and resource["bytes"] == page.stat().st_size
    assert resource["done_ns"] - resource["queued_ns"] > whole["done_ns"] - whole["queued_ns"]
    assert resource["done_ns"] > 430_000_000
    assert report["summary"]["drops"].get("link.down", 0) > 0, report["summary"]
    assert retransmitted_anywhere(bench, lab) > 0


def test_a_link_that_stays_down_fails_the_expectation(bench):
    faults = "faults:\n  - {at: 10ms, link: reader-middle, down: 0s}"
    lab, _ = make(bench, "dead", faults=faults, expect=", within: 3s")
    result = bench.run("run", lab, "--seed", "42", status=1)
    line = next(line for line in result.stdout.splitlines() if line.startswith("FAILED"))
    for part in (f"{lab}:", "reader gets http://198.18.1.10/ within 3s", "happened: ", "seed 42"):
        assert part in line, line


def test_an_expectation_that_something_fails_holds_when_it_does(bench):
    faults = "faults:\n  - {at: 10ms, link: reader-middle, down: 0s}"
    lab, _ = make(bench, "expected", faults=faults, expect=", within: 3s, fails: true")
    bench.run("run", lab, status=0)


def test_loss_is_counted_frame_by_frame_and_repaired(bench):
    lab, page = make(bench, "loss", link=", loss: 5%", size=200000)
    seed = ["--seed", "2"]  # with 1 the first three frames, all ARP, are lost: one chance in 8000
    report, captures = bench.browse_captured(lab, "reader", "http://198.18.1.10/", *seed)
    resource = report["page"]["resources"][0]
    assert resource["status"] == 200 and resource["bytes"] == page.stat().st_size
    lost = 0
    for ends in captures.links().values():
        lost += sum(len(end.sent()) - len(end.received()) for end in ends)
    assert lost > 0 and report["summary"]["drops"].get("link.loss") == lost, report["summary"]
    assert retransmitted_anywhere(bench, lab, *seed) > 0


def test_a_slower_link_lasts_as_long_as_the_fault(bench):
    calm, _ = make(bench, "fast")
    faults = "faults:\n  - {at: 1ms, link: middle-site, rate: 1mbit, delay: 50ms, for: 5s}"
    slow, _ = make(bench, "slow", faults=faults)
    late = "faults:\n  - {at: 1us, link: middle-site, rate: 1mbit, delay: 50ms, for: 1us}"
    over, _ = make(bench, "over", faults=late)
    duration = {}
    for lab in (calm, slow, over):
        resource = browse(bench, lab)["page"]["resources"][0]
        duration[lab] = resource["done_ns"] - resource["queued_ns"]
    assert duration[slow] > duration[calm] + 3 * 96_000_000
    assert duration[over] == duration[calm]


orrery_lab.main(globals())

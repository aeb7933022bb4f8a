"""The trace, a line for each event: for people as text, for programs as JSON."""
import collections
import json
import re

import orrery_lab

URL = "http://shop.example/"


def unique(pairs):
    """A JSON object must not name a key twice: readers disagree about which one counts."""
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), f"a key is repeated: {pairs}"
    return dict(pairs)


def trace(bench, *options):
    lab = bench.scenario("first-light.yaml")
    done = bench.run("browse", URL, "--lab", lab, "--from", "pc1", "--trace", "--json", *options)
    return [json.loads(line, object_pairs_hook=unique) for line in done.stdout.splitlines()]


def test_every_line_is_one_event(bench):
    events = trace(bench)
    assert len(events) > 500
    times = [event["at_ns"] for event in events]
    assert times == sorted(times)
    for event in events:
        assert list(event)[:3] == ["at_ns", "node", "kind"], event
        assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9-]+", event["kind"]), event
    kinds = {event["kind"] for event in events}
    assert {"dhcp.bound", "arp.resolved", "dns.query-sent", "tcp.state", "nat.mapped",
            "ipv4.forwarded", "switch.learned", "http.request-received", "browser.resource",
            "browser.page", "packet.dropped"} <= kinds, kinds


def test_the_report_tells_nothing_else(bench):
    """Its events, its drops and its run are those of the trace."""
    events = trace(bench)
    report = bench.browse(bench.scenario("first-light.yaml"), "pc1", URL)
    lines = {json.dumps(event) for event in events}
    told = [entry["event"] for step in report["steps"] for entry in step["entries"]]
    assert told and all(json.dumps(event) in lines for event in told)
    drops = collections.Counter(event["reason"] for event in events
                                if event["kind"] == "packet.dropped")
    assert drops == report["summary"]["drops"]


def test_as_text_it_has_the_same_lines(bench):
    lab = bench.scenario("first-light.yaml")
    done = bench.run("browse", URL, "--lab", lab, "--from", "pc1", "--trace")
    line = re.compile(r"(\d+)\.(\d{9})  (\S+) +(\S+)  *\S.*")
    lines = [line.fullmatch(text) for text in done.stdout.split(f"\n{URL} typed")[0].splitlines()]
    events = trace(bench)
    assert len(lines) == len(events)
    for match, event in zip(lines, events):
        assert int(match[1]) * 10**9 + int(match[2]) == event["at_ns"]
        assert (match[3], match[4]) == (event["node"], event["kind"])


def test_the_report_is_valid_json_without_repeated_keys(bench):
    lab = bench.scenario("first-light.yaml")
    for done in (bench.run("browse", URL, "--lab", lab, "--from", "pc1", "--json"),
                 bench.run("run", lab, "--json"),
                 bench.run("browse", URL, "--lab", lab, "--from", "pc1", "--json", "--layers")):
        json.loads(done.stdout, object_pairs_hook=unique)


if __name__ == "__main__":
    orrery_lab.main(globals())

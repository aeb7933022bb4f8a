"""Checks of one browse that hold for every lab without faults."""
import orrery_lab
import packets

STEPS = ["address", "url", "neighbour", "name", "connect", "translate", "exchange", "resources",
         "page", "close"]


def check_steps(report):
    """Every step is there, has something to tell, and begins no earlier than the one before."""
    assert [step["name"] for step in report["steps"]] == STEPS
    empty = [step["name"] for step in report["steps"] if not step["entries"]]
    assert not empty, f"nothing happened in {empty}"
    begins = [step["begin_ns"] for step in report["steps"]]
    assert begins == sorted(begins), f"steps out of order: {list(zip(STEPS, begins))}"
    for step in report["steps"]:
        times = [entry["at_ns"] for entry in step["entries"]]
        assert times == sorted(times), f"entries out of order in '{step['name']}'"
        assert step["begin_ns"] == times[0]
        assert step["duration_ns"] == times[-1] - times[0]


def check_page(report, url, files, sentence):
    """The page and every file that it names came, with the files' own lengths."""
    page = report["page"]
    assert page["outcome"] == "ok" and page["error"] is None and page["complete"] is True, page
    assert sentence in " ".join(page["text"].split()), page["text"]
    got = {resource["url"]: resource for resource in page["resources"]}
    wanted = {url.rstrip("/") + path: len(content) for path, content in files.items()}
    assert sorted(got) == sorted(wanted) and page["resources"][0]["url"] == url
    for address, resource in got.items():
        assert resource["outcome"] == "ok" and resource["status"] == 200, resource
        assert resource["bytes"] == wanted[address], f"{address}: {resource}"


def check_bytes(client, files):
    """Both directions of each connection, put together from the client's capture: what was asked
    for came, byte for byte. Every file was asked for once."""
    streams = packets.tcp_streams(client)
    asked = []
    for (src, dst), stream in streams.items():
        if stream.startswith(b"GET "):
            targets = packets.http_targets(stream)
            bodies = packets.http_bodies(streams[dst, src])
            assert len(targets) == len(bodies), (targets, len(bodies))
            for target, body in zip(targets, bodies):
                assert body == files[target], f"{target}: {len(body)} bytes, not those of the file"
            asked += targets
    assert sorted(asked) == sorted(files), asked


def check_counts(report, captures):
    """The frames that link ends sent are the packet-hops of the summary."""
    sent = [frame for capture in captures.all for frame in capture.sent()]
    summary = report["summary"]
    assert len(sent) == summary["packet_hops"]
    assert sum(len(frame.bytes) for frame in sent) == summary["bytes"]


def check_links(captures, configs):
    """Every frame arrives whole, in order, at the nanosecond that rate and delay say. `configs` are
    (rate_bps, delay_ns) by (node, node)."""
    for link, (one, other) in captures.links().items():
        rate_bps, delay_ns = configs.get((one.node, other.node)) or configs[other.node, one.node]
        for src, dst in ((one, other), (other, one)):
            model = orrery_lab.LinkModel(rate_bps, delay_ns)
            expected = [(model.arrival(frame.at_ns, len(frame.bytes)), frame.bytes)
                        for frame in src.sent()]
            arrived = [(frame.at_ns, frame.bytes) for frame in dst.received()]
            # The run may end with frames under way.
            assert arrived == expected[:len(arrived)], f"{link}: from {src.node} to {dst.node}"
            under_way = expected[len(arrived):]
            last = max(frame.at_ns for capture in captures.all for frame in capture.frames)
            assert all(at_ns >= last for at_ns, _ in under_way), f"{link} lost frames"


def check_resolved(bench, path, call, report):
    """What `resolve` prints is the same lab: the run is equal to the last bit, and resolving it
    again changes no more than the remarks behind `#`. `call`: node and URL of the browse."""
    once = bench.run("resolve", path).stdout
    resolved = path.with_name("resolved.yaml")  # beside it: `root:` is relative to the file
    resolved.write_text(once)
    twice = bench.run("resolve", resolved).stdout
    assert without_remarks(twice) == without_remarks(once)
    assert bench.browse(resolved, *call)["summary"] == report["summary"]


def without_remarks(text):
    return [line.split("  #")[0] for line in text.splitlines()]

"""Private addresses mean something only at home: two homes use the same ones at once, and whoever
sends to one from outside gets nowhere, with a reason that is counted."""
import json

import orrery_lab
import packets

PRIVATE_PC = "192.168.1.100"

OUTSIDER = """\
seed: {seed}
nodes:
  pc: {{kind: host}}
  home: {{kind: home-nat, lan: 192.168.1.0/24}}
  edge: {{kind: router}}
  {more}
  outsider: {{kind: host, address: 203.0.113.10/24}}
links:
  - pc-home
  - home-edge: {{rate: 50mbit, delay: 5ms, subnet: 198.51.100.0/30}}
  - {outside}-outsider: {{rate: 1gbit, delay: 1ms}}
  {more_links}
expect:
  # first the home speaks, so that its router is known to its neighbour
  - {{from: pc, ping: outsider, at: 1s, within: 1s}}
  - {{from: {sender}, ping: {target}, at: 2s, within: 1s{fails}}}
"""


def play_outsider(bench, name, sender="outsider", target=PRIVATE_PC, outside="edge", fails=True,
                  more="# nothing more", more_links="# nothing more"):
    lab = bench.write(f"{name}.yaml", OUTSIDER.format(
        seed=5, sender=sender, target=target, outside=outside, more=more, more_links=more_links,
        fails=", fails: true" if fails else ""))
    return bench.run_captured(lab)


def frames_to(captures, address):
    """(node, interface) of the captures that saw a packet to it, sent there."""
    return [(capture.node, capture.interface) for capture in captures.all
            for frame in capture.sent()
            if packets.is_ipv4(frame) and packets.ipv4_addresses(frame)[1] == address]


def test_both_homes_at_once(bench):
    """The scenario's expectations hold, both computers have one address, and each got its page."""
    report, captures = bench.run_captured(bench.scenario("first-light.yaml"))
    assert len(report["expectations"]) >= 5
    for expectation in report["expectations"]:
        assert expectation["verdict"] == "held", expectation
    events = [json.loads(line) for line in bench.run(
        "run", bench.scenario("first-light.yaml"), "--trace", "--json").stdout.splitlines()]
    bound = {e["node"]: e["address"] for e in events if e["kind"] == "dhcp.bound"}
    assert bound["pc1"] == bound["pc3"] == PRIVATE_PC + "/24", bound
    outside = {e["node"]: e["outside"].split(":")[0] for e in events if e["kind"] == "nat.mapped"}
    assert outside["home1"] != outside["home2"], outside
    page = (bench.scenario("first-light") / "index.html").read_bytes()
    for pc in ("pc1", "pc3"):
        streams = packets.tcp_streams(captures.at_node(pc)[0])
        bodies = [body for (src, _), stream in streams.items() if src.endswith(":80")
                  for body in packets.http_bodies(stream)]
        assert page in bodies, pc


def test_the_homes_loads_overlap_in_time(bench):
    report = bench.run_json("run", bench.scenario("first-light.yaml"))
    gets = [e for e in report["expectations"] if e["expected"].startswith(("pc1 gets", "pc3 gets"))
            and "no-such-page" not in e["expected"]]
    assert len(gets) == 2
    assert max(e["started_ns"] for e in gets) < min(e["ended_ns"] for e in gets)


def test_a_router_without_a_route_drops_and_says_so(bench):
    """The outsider's gateway knows no 192.168/16: type 3, code 0 (net unreachable) comes back."""
    report, captures = play_outsider(bench, "no-route")
    first, second = report["expectations"]
    assert first["verdict"] == "held" and second["verdict"] == "held", report
    assert "203.0.113.1 says: network unreachable" in second["happened"], second
    assert report["summary"]["drops"] == {"ipv4.no-route": 1}
    # It left the outsider, and no router. What the home sent to that address at home was one
    # packet: the answer to its own computer's ping.
    assert sorted(frames_to(captures, PRIVATE_PC)) == [("home", "eth0"), ("outsider", "eth0")]


def test_the_edge_router_itself_has_no_route_either(bench):
    """It does not even send: nothing is dropped on the way."""
    report, captures = play_outsider(bench, "edge", sender="edge")
    assert report["expectations"][1]["verdict"] == "held", report
    assert report["expectations"][1]["happened"].startswith("no route"), report
    assert report["summary"]["drops"].get("ipv4.no-route", 0) <= 1
    assert ("edge", "eth0") not in frames_to(captures, PRIVATE_PC)


def test_a_packet_to_the_public_address_without_a_mapping_stays_outside(bench):
    """The home router answers a ping itself; a page is not served by anybody."""
    report, captures = play_outsider(bench, "public", target="198.51.100.1", fails=False)
    assert all(e["verdict"] == "held" for e in report["expectations"]), report
    pc = captures.at("pc", "pc-home")
    pings = [f for f in pc.received() if packets.is_ipv4(f) and f.bytes[34] == 8]
    assert not pings, "an echo request came through"


def test_a_home_within_a_home_is_private_to_its_neighbours_too(bench):
    """A carrier's NAT: the inner home's provider link is the outer home's LAN. A computer there has
    the outer router as its gateway, which does not know the inner home's network: by its default
    route the packet leaves, translated, and the first public router has no route for it."""
    more = "inner: {kind: home-nat, lan: 10.1.0.0/24, wan: lanswitch}\n" \
           "  lanswitch: {kind: switch}\n  deep: {kind: host}\n  neighbour: {kind: host}"
    links = "- lanswitch-home\n  - inner-lanswitch\n  - neighbour-lanswitch\n  - deep-inner"
    report, captures = play_outsider(bench, "carrier", sender="neighbour", target="10.1.0.100",
                                     more=more, more_links=links)
    assert all(e["verdict"] == "held" for e in report["expectations"]), report
    assert report["summary"]["drops"]["ipv4.no-route"] == 1, report["summary"]
    assert ("inner", "eth1") not in frames_to(captures, "10.1.0.100")


if __name__ == "__main__":
    orrery_lab.main(globals())

"""tshark agrees with every number of the journey.

The report names events; each is looked for in the capture of the link end where it happened: a frame
with those very fields, at that very nanosecond. What Wireshark thinks of all frames of all link ends
is heard too: nothing malformed, every checksum right, no complaint that is not explained here.
"""
import concurrent.futures
import re
import struct

import orrery_lab
import random_lab

import journey

URL = "http://shop.example/"
EPOCH_NS = orrery_lab.DEFAULT_EPOCH_S * 10**9

FIELDS = """
    frame.number frame.time_epoch frame.len frame.packet_flags_direction frame.comment
    eth.src eth.dst eth.type
    arp.opcode arp.src.hw_mac arp.src.proto_ipv4 arp.dst.proto_ipv4
    ip.src ip.dst ip.ttl ip.id ip.checksum.status
    udp.srcport udp.dstport udp.length udp.checksum.status
    tcp.stream tcp.srcport tcp.dstport tcp.seq tcp.ack tcp.len tcp.flags tcp.window_size
    tcp.options.mss_val tcp.options.wscale.shift tcp.checksum.status
    dhcp.option.dhcp dhcp.id dhcp.hw.mac_addr dhcp.ip.your dhcp.option.requested_ip_address
    dhcp.option.dhcp_server_id dhcp.option.ip_address_lease_time dhcp.option.subnet_mask
    dhcp.option.router dhcp.option.domain_name_server
    dns.id dns.qry.name dns.qry.type dns.flags.response dns.flags.rcode dns.flags.authoritative
    dns.a dns.ns dns.resp.ttl
    http.request.method http.request.uri http.host http.request.line
    http.response.code http.response.phrase http.response.line http.content_length
    _ws.malformed _ws.expert.severity _ws.expert.message
""".split()

# What tshark remarks on in a healthy run, and why that is right. Severities: 0x200000 chat,
# 0x400000 note, 0x600000 warning, 0x800000 error; 0x100000 are our own comments.
EXPLAINED = [
    # The opening and the end of a connection, and start lines: remarks on every one there is.
    (0x200000, r"Connection establish (request|acknowledge) \(SYN(\+ACK)?\): server port \d+"),
    (0x200000, r"Connection finish \(FIN\)"),
    (0x400000, r"This frame (initiates|undergoes) the connection closing"),
    (0x200000, r"(GET \S+ HTTP/1\.1|HTTP/1\.1 \d+ .*)\\r\\n"),
    # The receiver has got the last segments of a file and not yet read them all.
    (0x200000, r"TCP window update"),
]


# --- captures as tshark sees them ---

class Run:
    """A report and what tshark reads from each capture of the run."""

    def __init__(self, report, captures):
        self.report, self.captures = report, captures
        self.rows = {}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            all_rows = pool.map(lambda capture: orrery_lab.tshark(capture.path, FIELDS),
                                captures.all)
            for capture, rows in zip(captures.all, all_rows):
                assert len(rows) == len(capture.frames), capture.path
                self.rows[capture] = rows

    def rows_at(self, node):
        return [row for capture in self.captures.at_node(node) for row in self.rows[capture]]

    def client_rows(self):
        return self.rows_at(self.report["from"])

    def entries(self, *kinds):
        """(entry, event) of the journey, in all its steps."""
        found = [(entry, entry["event"]) for step in self.report["steps"]
                 for entry in step["entries"] if not kinds or entry["event"]["kind"] in kinds]
        assert found, f"the journey has no {kinds}"
        return found


_runs = {}


def first_light(bench):
    """One run serves all tests."""
    orrery_lab.need_tshark()
    if "first-light" not in _runs:
        lab = bench.scenario("first-light.yaml")
        _runs["first-light"] = Run(*bench.browse_captured(lab, "pc1", URL))
    return _runs["first-light"]


def time_of(row):
    """In virtual nanoseconds."""
    seconds, nanoseconds = row["frame.time_epoch"][0].split(".")
    assert len(nanoseconds) == 9
    return int(seconds) * 10**9 + int(nanoseconds) - EPOCH_NS


def fits(row, wanted):
    """`wanted` maps a field to its value, a list or set of values, or None for none."""
    for field, value in wanted.items():
        values = set(row[field]) if isinstance(value, set) else row[field]
        if values != ([] if value is None else [value] if isinstance(value, str) else value):
            return False
    return True


def find(rows, wanted, at_ns=None):
    """All that fit; at least one must."""
    found = [row for row in rows if fits(row, wanted) and at_ns in (None, time_of(row))]
    assert found, f"no frame at {at_ns} ns with {wanted}; nearest: {nearest(rows, wanted)}"
    return found


def nearest(rows, wanted):
    """For the message: the frame that fits most of what was wanted."""
    best = max(rows, key=lambda row: sum(fits(row, {f: v}) for f, v in wanted.items()))
    return {field: best[field] for field in ["frame.time_epoch", *wanted]}


def split(endpoint):
    return endpoint.rsplit(":", 1)


# --- all frames ---

def check_opinions(rows, name):
    for row in rows:
        where = f"{name}, frame {row['frame.number'][0]}"
        assert not row["_ws.malformed"], f"{where} is malformed: {row['_ws.expert.message']}"
        for status in ("ip.checksum.status", "udp.checksum.status", "tcp.checksum.status"):
            assert row[status] in ([], ["1"]), f"{where}: {status} {row[status]}"
        severities = [int(value) for value in row["_ws.expert.severity"]]
        remarks = [pair for pair in zip(severities, row["_ws.expert.message"])
                   if pair[0] != 0x100000]
        assert len(severities) == len(row["_ws.expert.message"]), where
        for severity, message in remarks:
            is_explained = any(severity == known and re.fullmatch(pattern, message)
                               for known, pattern in EXPLAINED)
            assert is_explained, f"{where}: tshark says ({severity:#x}) {message}"


def test_nothing_is_malformed_and_every_checksum_is_right(bench):
    run = first_light(bench)
    checksums = 0
    for capture, rows in run.rows.items():
        check_opinions(rows, capture.path.name)
        checksums += sum(row["ip.checksum.status"] == ["1"] for row in rows)
    assert checksums > 100


def test_tshark_would_notice_wrong_checksums_and_malformed_frames(bench):
    """So that the test above can fail: one flipped bit in each checksum, and a cut DNS answer."""
    run = first_light(bench)
    client = run.captures.at_node("pc1")[0]
    for change, complaint in ((flip_bit(24), "ip.checksum"), (flip_bit(40), "udp.checksum"),
                              (flip_bit(50), "tcp.checksum"), (cut_dns, "malformed")):
        path = bench.folder / "changed.pcapng"
        path.write_bytes(change(client.path.read_bytes(), client))
        try:
            check_opinions(orrery_lab.tshark(path, FIELDS), "changed")
        except AssertionError as error:
            assert complaint in str(error), error
        else:
            raise AssertionError(f"tshark saw no {complaint}")


def flip_bit(offset):
    """Flips a bit of the 16-bit sum at `offset` in the first frame that has such a sum there."""
    protocol = {24: None, 40: 17, 50: 6}[offset]

    def change(data, capture):
        frame = next(f for f in capture.frames if f.bytes[12:14] == b"\x08\x00" and
                     protocol in (None, f.bytes[23]))
        at = data.index(frame.bytes) + offset
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
    return change


def cut_dns(data, capture):
    """Says that the first DNS question has two questions."""
    frame = next(f for f in capture.frames if f.bytes[36:38] == struct.pack(">H", 53))
    at = data.index(frame.bytes) + 42 + 4
    assert data[at:at + 2] == b"\0\1"
    return data[:at] + b"\0\2" + data[at + 2:]


def test_counts_are_those_of_the_captures(bench):
    run = first_light(bench)
    sent = [row for rows in run.rows.values() for row in rows
            if int(row["frame.packet_flags_direction"][0], 16) == 2]
    assert len(sent) == run.report["summary"]["packet_hops"]
    assert sum(int(row["frame.len"][0]) for row in sent) == run.report["summary"]["bytes"]
    journey.check_counts(run.report, run.captures)


def test_time_goes_forward_in_every_capture(bench):
    for capture, rows in first_light(bench).rows.items():
        times = [time_of(row) for row in rows]
        assert times == sorted(times), capture.path


# --- the client's frame numbers ---

def test_frame_numbers_are_those_of_the_clients_capture(bench):
    """A frame number leads to a frame of that kind; for what the client itself did, at that time."""
    run = first_light(bench)
    rows = {int(row["frame.number"][0]): row for row in run.client_rows()}
    kinds = set()
    for entry, event in run.entries():
        if entry["frame"] is None:
            continue
        kinds.add(event["kind"])
        row = rows[entry["frame"]]
        assert entry["at_ns"] == event["at_ns"]
        if event["kind"] in MAY_WAIT_FOR_ARP:
            assert time_of(row) >= entry["at_ns"], (entry, row)
        elif event["node"] == "pc1":
            assert time_of(row) == entry["at_ns"], (entry, row)
        wanted = dict(WANTED[event["kind"]](event))
        if event["node"] != "pc1":  # seen elsewhere: another TTL, and addresses before or after NAT
            for field in ("ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "ip.ttl"):
                wanted.pop(field, None)
        assert fits(row, wanted), (wanted, {field: row[field] for field in wanted})
    assert {"tcp.sent", "tcp.received", "arp.requested", "arp.answered", "dns.response-received",
            "nat.translated-out", "ipv4.forwarded"} <= kinds, kinds


# --- events and the frames that show them ---

DHCP_TYPES = {"DISCOVER": "1", "OFFER": "2", "REQUEST": "3", "DECLINE": "4", "ACK": "5",
              "NAK": "6", "RELEASE": "7"}
RCODES = {"NOERROR": "0", "FORMERR": "1", "SERVFAIL": "2", "NXDOMAIN": "3", "REFUSED": "5"}
TCP_FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}


def dhcp_sent(event):
    from_server = event["type"] in ("OFFER", "ACK")
    address = event["address"]
    lease = event["lease_time_s"]
    return {
        "dhcp.option.dhcp": DHCP_TYPES[event["type"]],
        "dhcp.id": f"0x{event['xid']:08x}",
        "dhcp.hw.mac_addr": {event["client"]},  # as chaddr, and in the client identifier
        "dhcp.ip.your": address if from_server else "0.0.0.0",
        "dhcp.option.requested_ip_address":
            address if event["type"] == "REQUEST" and address != "none" else None,
        "dhcp.option.dhcp_server_id": None if event["server"] == "none" else event["server"],
        "dhcp.option.ip_address_lease_time": str(lease) if lease else None,
        "eth.dst": "ff:ff:ff:ff:ff:ff",
        "ip.dst": "255.255.255.255",
        "udp.srcport": "67" if from_server else "68",
        "udp.dstport": "68" if from_server else "67",
    }


def dhcp_bound(event):
    address, length = event["address"].split("/")
    mask = 2**32 - 2**(32 - int(length))
    return {
        "dhcp.option.dhcp": "5",
        "dhcp.ip.your": address,
        "dhcp.option.subnet_mask": ".".join(str(mask >> shift & 255) for shift in (24, 16, 8, 0)),
        "dhcp.option.router": event["router"],
        "dhcp.option.domain_name_server": event["dns"],
        "dhcp.option.dhcp_server_id": event["server"],
        "dhcp.option.ip_address_lease_time": str(event["lease_time_s"]),
    }


def arp_requested(event):
    return {"arp.opcode": "1", "arp.dst.proto_ipv4": event["asked"],
            "arp.src.proto_ipv4": event["asker"], "eth.dst": "ff:ff:ff:ff:ff:ff"}


def arp_answered(event):
    return {"arp.opcode": "2", "arp.src.proto_ipv4": event["asked"],
            "arp.src.hw_mac": event["mac"], "arp.dst.proto_ipv4": event["asker"],
            "eth.src": event["mac"]}


def dns_message(event):
    return {"dns.id": f"0x{event['id']:04x}", "dns.qry.name": event["name"],
            "dns.qry.type": {"A": "1"}[event["type"]]}


def dns_query_sent(event):
    address, port = split(event["peer"])
    return dns_message(event) | {"dns.flags.response": "0", "ip.dst": address, "udp.dstport": port}


def dns_response_received(event):
    """`result` tells in words: the addresses (and for a referral, of whom) and times to live."""
    address, port = split(event["peer"])
    wanted = dns_message(event) | {
        "dns.flags.response": "1", "ip.src": address, "udp.srcport": port,
        "dns.flags.rcode": RCODES[event["rcode"]],
        "dns.flags.authoritative": "1" if event["authoritative"] else "0",
        "dns.a": set(re.findall(r"\d+\.\d+\.\d+\.\d+", event["result"])),
    }
    referral = re.fullmatch(r"referral to (\S+): ask (\S+) at (\S+)", event["result"])
    if referral:
        wanted["dns.ns"] = referral.group(2)
    else:
        wanted["dns.resp.ttl"] = {re.search(r"ttl (\d+) s", event["result"]).group(1)}
    return wanted


def tcp_segment(event, src, dst):
    (src, src_port), (dst, dst_port) = split(src), split(dst)
    flags = sum(TCP_FLAGS[flag] for flag in event["flags"].split(","))
    return {
        "ip.src": src, "ip.dst": dst, "tcp.srcport": src_port, "tcp.dstport": dst_port,
        "tcp.seq": str(event["seq"]), "tcp.ack": str(event["ack"]), "tcp.len": str(event["len"]),
        "tcp.flags": f"0x{flags:04x}", "tcp.window_size": str(event["window"]),
        "tcp.options.mss_val": str(event["mss"]) if event["mss"] else None,
        "tcp.options.wscale.shift":
            str(event["window_scale"]) if event["window_scale"] >= 0 else None,
    }


def nat_out(event, inside):
    (src, src_port), (dst, dst_port) = split(inside), split(event["remote"])
    return {"ip.src": src, "tcp.srcport": src_port, "ip.dst": dst, "tcp.dstport": dst_port,
            "tcp.flags": "0x0002"}


def nat_in(event, inside):
    (src, src_port), (dst, dst_port) = split(event["remote"]), split(inside)
    return {"ip.src": src, "tcp.srcport": src_port, "ip.dst": dst, "tcp.dstport": dst_port,
            "tcp.flags": "0x0012"}


def forwarded(event):
    return {"ip.src": event["src"], "ip.dst": event["dst"], "ip.ttl": str(event["ttl"]),
            "tcp.flags": "0x0002"}


def http_request_sent(event):
    return {"http.request.method": event["method"], "http.request.uri": event["target"],
            "http.host": event["authority"], "tcp.srcport": split(event["local"])[1],
            "http.request.line": header_lines(event["headers"])}


def http_response_received(event):
    return {"http.response.code": str(event["status"]), "http.response.phrase": event["reason"],
            "http.content_length": str(event["body_len"]),
            "tcp.dstport": split(event["local"])[1],
            "http.response.line": header_lines(event["headers"])}


def header_lines(text):
    """As tshark shows them: each with CR LF."""
    return [line + "\\r\\n" for line in text.splitlines()]


# A message leaves when it is sent, unless its sender must first find a neighbour by ARP.
MAY_WAIT_FOR_ARP = {"dns.query-sent"}

WANTED = {
    "dhcp.sent": dhcp_sent,
    "dhcp.bound": dhcp_bound,
    "arp.requested": arp_requested,
    "arp.answered": arp_answered,
    "arp.resolved": arp_answered,
    "dns.query-sent": dns_query_sent,
    "dns.response-received": dns_response_received,
    "tcp.sent": lambda event: tcp_segment(event, event["local"], event["remote"]),
    "tcp.received": lambda event: tcp_segment(event, event["remote"], event["local"]),
    "nat.translated-out": lambda event: nat_out(event, event["inside"]),
    "nat.translated-in": lambda event: nat_in(event, event["inside"]),
    "ipv4.forwarded": forwarded,
    "http.request-sent": http_request_sent,
    "http.response-received": http_response_received,
}


def check_event(run, entry, event):
    """It is in a capture of its node, at its time."""
    assert entry["at_ns"] == event["at_ns"]
    find(run.rows_at(event["node"]), WANTED[event["kind"]](event), event["at_ns"])


def test_dhcp(bench):
    run = first_light(bench)
    for entry, event in run.entries("dhcp.sent", "dhcp.bound"):
        check_event(run, entry, event)
    types = [event["type"] for _, event in run.entries("dhcp.sent")]
    assert types == ["DISCOVER", "OFFER", "REQUEST", "ACK"]
    assert len({event["xid"] for _, event in run.entries("dhcp.sent")}) == 1


def test_arp(bench):
    run = first_light(bench)
    for entry, event in run.entries("arp.requested", "arp.answered", "arp.resolved"):
        check_event(run, entry, event)


def test_dns_at_every_hop(bench):
    run = first_light(bench)
    for entry, event in run.entries("dns.query-sent"):
        rows = run.rows_at(event["node"])
        row = find(rows, dns_query_sent(event))[0]
        asks_now = [r for r in rows if fits(r, {"arp.opcode": "1"}) and
                    time_of(r) == entry["at_ns"]]
        assert time_of(row) == entry["at_ns"] or (time_of(row) > entry["at_ns"] and asks_now), row
    for entry, event in run.entries("dns.response-received"):
        check_event(run, entry, event)
    ids = [event["id"] for _, event in run.entries("dns.query-sent")]
    assert len(set(ids)) == len(ids) >= 5


def test_tcp(bench):
    run = first_light(bench)
    for entry, event in run.entries("tcp.sent", "tcp.received"):
        check_event(run, entry, event)
        assert entry["frame"], "every segment of the client is a frame there"


def test_nat_on_both_sides_of_the_home_router(bench):
    """The same packet (IP id, sequence number) enters with one source and leaves with another."""
    run = first_light(bench)
    inside = run.rows[run.captures.at("home1", "switch1-home1")]
    outside = run.rows[run.captures.at("home1", "home1-edge1")]
    for kind, wanted in (("nat.translated-out", nat_out), ("nat.translated-in", nat_in)):
        for entry, event in run.entries(kind):
            a = find(inside, wanted(event, event["inside"]), entry["at_ns"])[0]
            b = find(outside, wanted(event, event["outside"]), entry["at_ns"])[0]
            for field in ("ip.id", "tcp.seq", "tcp.ack", "tcp.window_size", "tcp.flags"):
                assert a[field] == b[field], field
            ttls = int(a["ip.ttl"][0]), int(b["ip.ttl"][0])
            assert ttls[0] - ttls[1] == (1 if kind == "nat.translated-out" else -1), ttls
    first = run.report["connections"][0]
    assert first["outside"] == run.entries("nat.translated-out")[0][1]["outside"]


def test_no_private_address_is_seen_outside(bench):
    run = first_light(bench)
    for capture, rows in run.rows.items():
        if capture.node in ("pc1", "pc2", "pc3", "switch1") or \
                capture.link in ("switch1-home1", "pc3-home2"):
            continue
        for row in rows:
            addresses = row["ip.src"] + row["ip.dst"] + row["arp.src.proto_ipv4"] + \
                row["arp.dst.proto_ipv4"]
            private = [a for a in addresses if random_lab.RandomLab.is_private(a)]
            assert not private, f"{private} at {capture.path.name}"


def test_every_hop_of_the_first_packet(bench):
    """It comes in with the TTL before and goes out with the TTL told, to the next hop's MAC."""
    run = first_light(bench)
    macs = {row["arp.src.proto_ipv4"][0]: row["arp.src.hw_mac"][0]
            for rows in run.rows.values() for row in rows if row["arp.opcode"] == ["2"]}
    ttl = None
    for entry, event in run.entries("ipv4.forwarded"):
        ends = {capture.interface: capture for capture in run.captures.at_node(event["node"])}
        arrived = forwarded(event) | {"ip.ttl": str(event["ttl"] + 1)}
        find(run.rows[ends[event["in"]]], arrived, entry["at_ns"])
        sent = forwarded(event) | {"eth.dst": macs[event["next_hop"]]}
        if not ttl:
            sent.pop("ip.src")  # at the home router: the NAT changed it
        row = find(run.rows[ends[event["out"]]], sent)[0]
        assert time_of(row) >= entry["at_ns"]
        assert ttl in (None, event["ttl"] + 1), "a hop is missing"
        ttl = event["ttl"]
    server = run.captures.at_node("web1") + run.captures.at_node("web2")
    find([row for capture in server for row in run.rows[capture]],
         {"tcp.flags": "0x0002", "ip.ttl": str(ttl)})


# --- HTTP ---

def test_http(bench):
    """Requests leave, and responses are whole, at the times told, with the headers told."""
    run = first_light(bench)
    for entry, event in run.entries("http.request-sent", "http.response-received"):
        check_event(run, entry, event)


def test_the_pages_resources_and_their_times(bench):
    run = first_light(bench)
    rows = run.client_rows()
    for resource in run.report["page"]["resources"]:
        port = split(resource["local"])[1]
        target = resource["url"].removeprefix(URL.rstrip("/"))
        find(rows, {"http.request.uri": target, "tcp.srcport": port}, resource["sent_ns"])
        row = find(rows, {"http.response.code": str(resource["status"]), "tcp.dstport": port,
                          "http.content_length": str(resource["bytes"])}, resource["done_ns"])[0]
        assert f"Content-Type: {resource['content_type']}\\r\\n" in row["http.response.line"]
        first = min(time_of(r) for r in rows if r["tcp.dstport"] == [port] and
                    r["tcp.len"] != ["0"] and time_of(r) > resource["sent_ns"])
        assert first == resource["first_byte_ns"]
        if resource["connect_started_ns"]:
            find(rows, {"tcp.flags": "0x0002", "tcp.srcport": port},
                 resource["connect_started_ns"])
            find(rows, {"tcp.flags": "0x0012", "tcp.dstport": port}, resource["connected_ns"])
        if resource["dns_done_ns"]:
            find(rows, {"dns.flags.response": "1"}, resource["dns_done_ns"])
    files = {"/" if path.name == "index.html" else f"/{path.name}": path.read_bytes()
             for path in bench.scenario("first-light").iterdir() if path.name != "about.html"}
    journey.check_page(run.report, URL, files, "Every byte of this page came as real packets")
    journey.check_bytes(run.captures.at_node("pc1")[0], files)


def test_connections(bench):
    """Packets and bytes of each, per direction, and when it began and ended."""
    run = first_light(bench)
    rows = run.client_rows()
    streams = {row["tcp.stream"][0] for row in rows if row["tcp.stream"]}
    assert len(streams) == len(run.report["connections"])
    for flow in run.report["connections"]:
        (local, port), (remote, remote_port) = split(flow["local"]), split(flow["remote"])
        out = find(rows, {"ip.src": local, "tcp.srcport": port, "ip.dst": remote,
                          "tcp.dstport": remote_port})
        back = find(rows, {"ip.dst": local, "tcp.dstport": port, "ip.src": remote,
                           "tcp.srcport": remote_port})
        assert len(out) == flow["segments_sent"] and len(back) == flow["segments_received"], flow
        assert sum(int(row["tcp.len"][0]) for row in out) == flow["bytes_sent"], flow
        assert sum(int(row["tcp.len"][0]) for row in back) == flow["bytes_received"], flow
        assert time_of(out[0]) == flow["opened_ns"]
        find(back, {"tcp.flags": "0x0011"}, flow["closed_ns"])
        address, outside_port = split(flow["outside"])
        find(run.rows[run.captures.at("home1", "home1-edge1")],
             {"ip.src": address, "tcp.srcport": outside_port, "tcp.flags": "0x0002"})


# --- comments ---

def test_packets_carry_comments_of_what_their_node_did(bench):
    run = first_light(bench)
    for node, wanted, comment in (
            ("pc1", {"arp.opcode": "1"}, "arp.requested: who has 192.168.1.1?"),
            ("pc1", {"dhcp.option.dhcp": "5"}, "dhcp.received: takes DHCP ACK"),
            ("pc1", {"tcp.flags": "0x0002"}, "tcp.sent: TCP 192.168.1.100:"),
            ("home1", {"tcp.flags": "0x0002", "ip.src": "192.168.1.100"}, "nat.translated-out: "),
            ("home1", {"tcp.flags": "0x0002", "ip.src": "203.0.113.1"}, "nat.translated-out: "),
            ("core1", {"tcp.flags": "0x0002"}, "ipv4.forwarded: forwards 203.0.113.1 > "),
            ("tlddns", {"dns.flags.response": "0"}, "dns.query-received: authority is asked by"),
            ("tlddns", {"dns.flags.response": "1"}, "udp.sent: UDP 198.51.100.106:53 -> ")):
        for row in find(run.rows_at(node), wanted):
            said = [c for c in row["frame.comment"] if c.startswith(comment)]
            assert said or "dropped" in str(row["frame.comment"]), (node, wanted, row)
    for capture in run.captures.all:
        assert [f.comments for f in capture.frames] == \
            [row["frame.comment"] for row in run.rows[capture]], capture.path


# --- another lab ---

def test_a_generated_lab_passes_the_same_judge(bench):
    """A lab that nobody wrote: all frames, every link end on its own."""
    orrery_lab.need_tshark()
    lab = random_lab.RandomLab("tshark", bench.new_folder("generated"))
    pc = lab.rng.choice(lab.pcs)
    run = Run(*bench.browse_captured(lab.path, pc, lab.sites[0].url))
    for capture, rows in run.rows.items():
        check_opinions(rows, capture.path.name)
    for entry, event in run.entries("dhcp.sent", "arp.answered", "tcp.sent", "tcp.received",
                                    "dns.response-received", "http.response-received"):
        check_event(run, entry, event)


if __name__ == "__main__":
    orrery_lab.main(globals())

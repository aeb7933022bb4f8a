"""A run takes exactly as long as arithmetic says, to the nanosecond.

The lab is pc - middle - server, without DHCP and names. A frame of n bytes on an idle link takes
    ceil((max(n, 60) + 24) * 8 * 10^9 / rate) + delay
and a router sends it on once it has all of it. The lengths of the frames are added up here by hand.
"""
import journey
import orrery_lab
import packets

MS = 10**6
SECOND = 10**9

ARP = 14 + 28
SYN = 14 + 20 + 20 + 8  # MSS 4, window scale 3, padding 1
PING = 14 + 20 + 8 + 56
FULL = 14 + 20 + 20 + 1460
MSS = 1460
INITIAL_WINDOW = 10 * MSS  # RFC 6928

# (rate, delay) of pc-middle and of middle-server, in bit/s (0: unlimited) and ns.
LINKS = [
    ((10**9, 1000), (10**9, 1000)),
    ((10**9, 1001), (10**9, 1000)),
    ((10**6, 10 * MS), (10**9, 1000)),
    ((10**9, 1000), (64_000, 150 * MS)),
    ((33_333_333, 7_654_321), (7_777_777, 123_456)),
    ((0, 1), (0, 5 * MS)),
    ((0, 40 * MS), (999_999_937, 1)),
]


def takes(link, length):
    rate, delay = link
    return orrery_lab.LinkModel(rate, delay).duration(length)


def takes_both(links, length):
    return takes(links[0], length) + takes(links[1], length)


def lab_text(links, expectations, root):
    (rate1, delay1), (rate2, delay2) = links
    options1 = f"rate: {rate1}bit, " if rate1 else ""
    options2 = f"rate: {rate2}bit, " if rate2 else ""
    return f"""\
nodes:
  pc: {{kind: host, address: 192.0.2.10/24}}
  middle: {{kind: router}}
  server: {{kind: web-server, address: 198.51.100.10/24, root: {root}}}
links:
  - pc-middle: {{{options1}delay: {delay1}ns}}
  - middle-server: {{{options2}delay: {delay2}ns}}
expect:
""" + "\n".join(f"  - {{from: pc, {what}}}" for what in expectations) + "\n"


def get(path, at):
    return f"get: \"http://198.51.100.10/{path}\", at: {at}s"


class Played:
    """A run of the lab with some expectations, and its captures."""
    count = 0

    def __init__(self, bench, links, expectations, files=None):
        Played.count += 1
        folder = bench.new_folder(f"arithmetic{Played.count}")
        (folder / "site").mkdir()
        for name, size in (files or {"small": 10}).items():
            (folder / "site" / name).write_bytes(bytes(size))
        self.lab = folder / "lab.yaml"
        self.lab.write_text(lab_text(links, expectations, "site"))
        self.report, self.captures = bench.run_captured(self.lab)
        assert all(e["verdict"] == "held" for e in self.report["expectations"]), self.report
        self.pc = self.captures.at("pc", "pc-middle")
        self.segments = packets.tcp_segments(self.pc)
        self.server = self.captures.at("server", "middle-server")

    def handshakes(self):
        """From SYN to SYN-ACK at the client, each."""
        syns = [s for s in self.segments if s.flags == 2]
        answers = [s for s in self.segments if s.flags == 18]
        assert len(syns) == len(answers) > 0
        assert all(len(s.frame.bytes) == SYN for s in syns + answers)
        return [answer.frame.at_ns - syn.frame.at_ns for syn, answer in zip(syns, answers)]

    def request(self):
        """The last GET."""
        return [s for s in self.segments if s.payload.startswith(b"GET ")][-1].frame

    def response(self):
        """The segments that the last GET brought, as the client got them."""
        asked = self.request().at_ns
        return [s for s in self.segments if s.payload and s.src_port == 80 and
                s.frame.at_ns > asked]


def test_handshakes_take_their_frames_and_delays(bench):
    """The first one also waits at the router, which asks for the server's MAC address."""
    for links in LINKS:
        first, second = Played(bench, links, [get("small", 10), get("small", 200)]).handshakes()
        assert second == 2 * takes_both(links, SYN), (links, second)
        assert first == second + 2 * takes(links[1], ARP), (links, first)


def test_more_delay_takes_as_much_longer(bench):
    def second_handshake(links):
        return Played(bench, links, [get("small", 10), get("small", 200)]).handshakes()[1]

    base = second_handshake(((10**8, 3 * MS), (10**7, 5 * MS)))
    for more in (1, 999, 12_345_678):
        longer = second_handshake(((10**8, 3 * MS + more), (10**7, 5 * MS)))
        assert longer == base + 2 * more
    # 86 bytes twice: at a tenth of the rate ten times as long; 688 bits are 6880 ns at 100 Mbit/s
    slower = second_handshake(((10**7, 3 * MS), (10**7, 5 * MS)))
    assert slower == base + 2 * 9 * 6880


def test_a_ping_takes_two_frames_each_way(bench):
    """The second; the first waits for two ARPs."""
    for links in LINKS:
        played = Played(bench, links, ["ping: server, at: 10s", "ping: server, at: 20s"])
        first, second = [e["ended_ns"] - e["started_ns"] for e in played.report["expectations"]]
        assert second == 2 * takes_both(links, PING), links
        assert first == second + 2 * takes(links[0], ARP) + 2 * takes(links[1], ARP), links


def test_the_first_question_for_a_neighbour_takes_two_short_frames(bench):
    """42 bytes cost 60."""
    for links in LINKS:
        arps = [f for f in Played(bench, links, ["ping: server, at: 1s"]).pc.frames
                if f.bytes[12:14] == b"\x08\x06"]
        assert [len(f.bytes) for f in arps] == [ARP, ARP]
        assert arps[1].at_ns - arps[0].at_ns == 2 * takes(links[0], 60), links


def header_length(bench, size):
    """Of a response with a body of `size`; equal for all sizes with so many digits."""
    played = Played(bench, LINKS[0], [get("file", 10)], {"file": size})
    return sum(len(s.payload) for s in played.response()) - size


def test_what_fits_into_one_flight_leaves_back_to_back(bench):
    """On two links of one rate each full segment crosses the second while the next one crosses the
    first; the last, shorter one goes with them and waits for no acknowledgement."""
    header = header_length(bench, 5000)
    for count, last in ((4, MSS), (5, 1), (6, 700)):
        size = (count - 1) * MSS + last - header
        for rate, delay in ((10**8, 20 * MS), (10**7, 1), (2_500_000_000, 3 * MS)):
            links = ((rate, delay), (rate, delay))
            played = Played(bench, links, [get("file", 10), get("file", 20)], {"file": size})
            response = played.response()
            assert [len(s.payload) for s in response] == [MSS] * (count - 1) + [last]
            asked = played.request()
            bits = (FULL + 24) * 8 * count + (max(FULL - MSS + last, 60) + 24) * 8
            expected = takes_both(links, len(asked.bytes)) + 2 * delay + bits * SECOND / rate
            # A busy link keeps fractions of a nanosecond: each hop rounds up once at most.
            got = response[-1].frame.at_ns - asked.at_ns
            assert expected <= got < expected + 3, (rate, delay, count, got, expected)


def flights(played):
    """The segments that came without a pause of half a round trip between them."""
    asked = played.request().at_ns
    groups, last = [], asked
    for segment in played.response():
        if segment.frame.at_ns - last > 10 * MS:
            groups.append([])
        groups[-1].append(segment)
        last = segment.frame.at_ns
    return asked, groups


def test_slow_start_takes_four_round_trips_for_100_kB(bench):
    """10, 15, 22, 33 segments, as every second one is acknowledged. The last of an odd flight is
    acknowledged 40 ms later, which may let a few more out by themselves."""
    size = 100_000
    for delay in (8 * MS, 20 * MS, 80 * MS):
        links = ((10**9, delay), (10**9, delay))
        played = Played(bench, links, [get("file", 10), get("file", 200)], {"file": size})
        round_trip = 4 * delay
        asked, groups = flights(played)
        sizes = [len(group) for group in groups]
        assert sizes[:2] == [10, 15] and 21 <= sizes[2] <= 22 and sum(sizes) == 69, sizes
        assert sum(len(s.payload) for s in groups[0]) == INITIAL_WINDOW
        took = played.response()[-1].frame.at_ns - asked
        wire = sum(takes((10**9, 0), len(s.frame.bytes)) for s in played.response())
        assert 4 * round_trip < took < 4 * round_trip + 2 * wire, (delay, took)
        first = played.response()[0].seq
        body, = packets.http_bodies(packets.join_pieces(
            {s.seq - first: s.payload for s in played.response()}))
        assert body == bytes(size)


def test_a_full_pipe_carries_its_rate(bench):
    """Once the window is larger than the path holds, the last link is never idle."""
    rate, delay = 2_000_000, 5 * MS
    links = ((rate, delay), (10**9, delay))
    played = Played(bench, links, [get("file", 1)], {"file": 400_000})
    frames = [s.frame for s in played.response()][40:]
    assert len(frames) > 200
    wire_bits = sum((len(f.bytes) + 24) * 8 for f in frames[1:])
    span = frames[-1].at_ns - frames[0].at_ns
    assert abs(span - wire_bits * SECOND // rate) <= 1


def test_every_frame_of_all_these_links_arrives_when_it_should(bench):
    for links in LINKS[:5]:
        played = Played(bench, links, [get("file", 1)], {"file": 150_000})
        journey.check_links(played.captures, {("pc", "middle"): links[0],
                                              ("middle", "server"): links[1]})


if __name__ == "__main__":
    orrery_lab.main(globals())

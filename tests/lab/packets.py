"""Just enough of Ethernet, IPv4 and TCP to put streams together again, apart from the program's own
parsers. Checksums and everything finer are tshark's business (test_wireshark.py)."""
import ipaddress
import struct

SYN, FIN = 2, 1


class Segment:
    def __init__(self, frame):
        data = frame.bytes
        header_len = (data[14] & 15) * 4
        total_len, = struct.unpack_from(">H", data, 16)
        self.src = str(ipaddress.ip_address(data[26:30]))
        self.dst = str(ipaddress.ip_address(data[30:34]))
        tcp = data[14 + header_len:14 + total_len]
        self.src_port, self.dst_port, self.seq, self.ack = struct.unpack_from(">HHII", tcp)
        self.flags = tcp[13]
        self.payload = tcp[(tcp[12] >> 4) * 4:]
        self.frame = frame

    @property
    def way(self):
        return f"{self.src}:{self.src_port}", f"{self.dst}:{self.dst_port}"


def is_ipv4(frame):
    return frame.bytes[12:14] == b"\x08\x00"


def is_tcp(frame):
    return is_ipv4(frame) and frame.bytes[23] == 6


def ipv4_addresses(frame):
    data = frame.bytes
    return str(ipaddress.ip_address(data[26:30])), str(ipaddress.ip_address(data[30:34]))


def tcp_segments(capture):
    return [Segment(frame) for frame in capture.frames if is_tcp(frame)]


def tcp_streams(capture):
    """What was said: bytes by (from, to), each an "address:port"."""
    starts, streams = {}, {}
    for segment in tcp_segments(capture):
        if segment.flags & SYN:
            starts[segment.way] = segment.seq + 1
        if not segment.payload:
            continue
        at = (segment.seq - starts[segment.way]) % 2**32
        pieces = streams.setdefault(segment.way, {})
        if len(segment.payload) > len(pieces.get(at, b"")):
            pieces[at] = segment.payload
    return {way: join_pieces(pieces) for way, pieces in streams.items()}


def join_pieces(pieces):
    whole = b""
    for at in sorted(pieces):
        assert at <= len(whole), "a hole in the stream"
        whole += pieces[at][len(whole) - at:] if at + len(pieces[at]) > len(whole) else b""
    return whole


def http_bodies(stream):
    """The bodies of the responses in one direction of a connection."""
    bodies = []
    while stream:
        head, stream = stream.split(b"\r\n\r\n", 1)
        length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:")]
        bodies.append(stream[:length[0]])
        stream = stream[length[0]:]
    return bodies


def http_targets(stream):
    """The targets of GET requests (which have no body) in one direction of a connection."""
    return [head.split(b" ")[1].decode() for head in stream.split(b"\r\n\r\n") if head]

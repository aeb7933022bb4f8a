"""--layers opens a frame whole: every bit belongs to one field of one layer, or to the data."""
import orrery_lab

URL = "http://shop.example/"
KINDS = {
    "arp": ["Ethernet", "ARP"],
    "dhcp": ["Ethernet", "IPv4", "UDP", "DHCP"],
    "dns": ["Ethernet", "IPv4", "UDP", "DNS"],
    "syn": ["Ethernet", "IPv4", "TCP"],
    "request": ["Ethernet", "IPv4", "TCP"],
    "response": ["Ethernet", "IPv4", "TCP"],
    "fin": ["Ethernet", "IPv4", "TCP"],
}
UNITS = {"Ethernet": "frame", "IPv4": "packet", "TCP": "segment", "UDP": "datagram"}


def layers(bench, what):
    lab = bench.scenario("first-light.yaml")
    return bench.run_json("browse", URL, "--lab", lab, "--from", "pc1", f"--layers={what}")


def test_fields_tile_headers_and_headers_tile_the_frame(bench):
    for what, protocols in KINDS.items():
        frame = layers(bench, what)
        assert [layer["protocol"] for layer in frame["layers"]] == protocols, what
        at = 0
        for layer in frame["layers"]:
            assert layer["offset"] == at, (what, layer["protocol"])
            bit = 0
            for field in layer["fields"]:
                assert field["bit_offset"] == bit and field["bit_len"] > 0, (what, field)
                bit += field["bit_len"]
            assert bit == layer["header_len"] * 8, (what, layer["protocol"])
            assert UNITS.get(layer["protocol"], layer["unit"]) == layer["unit"], layer["protocol"]
            at += layer["header_len"]
        assert frame["payload_offset"] == at
        whole = at + frame["payload_len"] + frame["padding_len"]
        assert whole == len(bytes.fromhex(frame["bytes"])), what


def test_the_frame_is_the_one_of_the_capture(bench):
    lab = bench.scenario("first-light.yaml")
    _, captures = bench.browse_captured(lab, "pc1", URL)
    capture, = captures.at_node("pc1")
    for what in [*KINDS, "1", "7", str(len(capture.frames))]:
        frame = layers(bench, what)
        seen = capture.frames[frame["frame"] - 1]
        assert (seen.bytes.hex(), seen.at_ns, seen.is_sent) == (
            frame["bytes"], frame["at_ns"], frame["sent"]), what


def test_text_tells_both_models_and_control_from_data(bench):
    lab = bench.scenario("first-light.yaml")
    told = bench.run("browse", URL, "--lab", lab, "--from", "pc1", "--layers").stdout
    for part in ("TCP/IP model", "OSI model", "7 application", "6 presentation", "5 session",
                 "4 transport", "3 network", "2 data link", "1 physical", "4 application",
                 "3 transport", "2 internet", "1 link", "HTTP request message", "TCP segment",
                 "IPv4 packet", "Ethernet frame", "control + ", "one inside the other",
                 "Host: shop.example", "sequence number", "time to live"):
        assert part in told, f"{part}\n{told}"


def test_what_is_not_there_is_an_error(bench):
    lab = bench.scenario("first-light.yaml")
    for what in ("99999", "0", "nonsense"):
        result = bench.run("browse", URL, "--lab", lab, f"--layers={what}", status=2)
        assert what in result.stderr, result


orrery_lab.main(globals())

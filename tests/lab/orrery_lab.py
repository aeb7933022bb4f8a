"""What the system tests of the program `orrery` share.

A test is a Python file with functions named test_...; each takes the `Bench` (which program, where
the sources are, a temporary folder) and fails by AssertionError. `main` runs them and speaks TAP, so
that `meson test` counts each. Nothing but Python's standard library and, where it is installed,
tshark: a judge that we did not write.
"""
import inspect
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import traceback

# Virtual time 0: 2025-01-01T00:00:00Z.
DEFAULT_EPOCH_S = 1735689600

# What ends a run that hangs; no test measures it.
PATIENCE_S = 240


class Skip(Exception):
    """The machine lacks what the test needs."""


class Bench:
    """One test program's surroundings: bench.args holds what stood on its command line."""

    def __init__(self, args):
        self.program = pathlib.Path(args[0]).resolve()
        self.source_root = pathlib.Path(args[1]).resolve()
        self.args = args[2:]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orrery-lab-"))

    def scenario(self, name):
        return self.source_root / "scenarios" / name

    def new_folder(self, name):
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    # --- running the program ---

    def run(self, *args, status=0, program=None, cwd=None):
        """Runs `orrery ARGS`; it must end with `status`. None: any but a crash."""
        command = [str(program or self.program), *map(str, args)]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, env=environment(),
                              cwd=cwd, check=False)
        result = Result(command, done.returncode, done.stdout, done.stderr)
        result.check(status)
        return result

    def run_json(self, *args, **how):
        return self.run(*args, "--json", **how).json()

    def browse(self, lab, node, url, *options, **how):
        return self.run_json("browse", url, "--lab", lab, "--from", node, *options, **how)

    def browse_captured(self, lab, node, url, *options, **how):
        """The report and the captures of one browse."""
        folder = self.folder / f"pcap-{len(list(self.folder.glob('pcap-*')))}"
        report = self.browse(lab, node, url, "--pcap", folder, *options, **how)
        return report, Captures(folder)

    def run_captured(self, lab, *options, **how):
        folder = self.folder / f"pcap-{len(list(self.folder.glob('pcap-*')))}"
        report = self.run_json("run", lab, "--pcap", folder, *options, **how)
        return report, Captures(folder)


def environment():
    """A sanitizer's verdict must not look like an exit status of ours; tshark reads no settings."""
    env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
    env["ASAN_OPTIONS"] = "exitcode=99:" + env.get("ASAN_OPTIONS", "")
    env["UBSAN_OPTIONS"] = "print_stacktrace=1:" + env.get("UBSAN_OPTIONS", "")
    return env


class Result:
    def __init__(self, command, status, stdout, stderr):
        self.command, self.status = command, status
        self.stdout = stdout.decode("utf-8", "backslashreplace")
        self.stderr = stderr.decode("utf-8", "backslashreplace")

    def __str__(self):
        return (f"$ {' '.join(self.command)}\nexit status {self.status}\n"
                f"stdout: {shorten(self.stdout)}\nstderr: {shorten(self.stderr)}")

    def check(self, status):
        crashed = self.status < 0 or self.status == 99 or "Sanitizer" in self.stderr
        assert not crashed, f"the program crashed\n{self}"
        assert status is None or self.status == status, f"expected exit status {status}\n{self}"

    def json(self):
        try:
            return json.loads(self.stdout)
        except ValueError as error:
            raise AssertionError(f"this is not JSON: {error}\n{self}") from error


def shorten(text, limit=3000):
    return text if len(text) <= limit else text[:limit // 2] + " [...] " + text[-limit // 2:]


# --- captures, read by ourselves ---

class Frame:
    """One packet block. `number` counts from 1 in its file, as tshark's frame.number."""

    def __init__(self, number, at_ns, is_sent, bytes_, comments):
        self.number, self.at_ns, self.is_sent = number, at_ns, is_sent
        self.bytes, self.comments = bytes_, comments

    def __repr__(self):
        way = "sent" if self.is_sent else "received"
        return f"frame {self.number} {way} at {self.at_ns} ns: {self.bytes.hex()}"


class Capture:
    """The file of one link end."""

    def __init__(self, path, epoch_s=DEFAULT_EPOCH_S):
        self.path = path
        self.frames = []
        self.interface = self.description = None
        self.resolution = 6
        for kind, body in read_blocks(path.read_bytes()):
            if kind == 1:
                self._read_interface(body)
            elif kind == 6:
                self._read_packet(body, epoch_s)
        self.node, self.link = self.description.split(" on link ")

    def _read_interface(self, body):
        link_type, _, snap_len = struct.unpack_from("<HHI", body)
        assert self.interface is None and link_type == 1 and snap_len == 0, self.path
        for code, value in read_options(body[8:]):
            if code == 2:
                self.interface = value.decode()
            elif code == 3:
                self.description = value.decode()
            elif code == 9:
                self.resolution = value[0]

    def _read_packet(self, body, epoch_s):
        interface, high, low, captured, original = struct.unpack_from("<IIIII", body)
        assert interface == 0 and captured == original and self.resolution == 9, self.path
        padded = (captured + 3) & ~3
        comments, flags = [], 0
        for code, value in read_options(body[20 + padded:]):
            if code == 1:
                comments.append(value.decode())
            elif code == 2:
                flags, = struct.unpack("<I", value)
        assert flags & 3 in (1, 2), f"{self.path}: a packet without direction"
        at_ns = (high << 32 | low) - epoch_s * 10**9
        self.frames.append(Frame(len(self.frames) + 1, at_ns, flags & 3 == 2,
                                 body[20:20 + captured], comments))

    def sent(self):
        return [frame for frame in self.frames if frame.is_sent]

    def received(self):
        return [frame for frame in self.frames if not frame.is_sent]


def read_blocks(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        tail, = struct.unpack_from("<I", data, at + length - 4)
        assert length % 4 == 0 and length >= 12 and tail == length, "a broken pcapng block"
        yield kind, data[at + 8:at + length - 4]
        at += length


def read_options(data):
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4:at + 4 + length]
        at += 4 + (length + 3 & ~3)


class Captures:
    """All captures of a run: one file for each end of each link."""

    def __init__(self, folder, epoch_s=DEFAULT_EPOCH_S):
        self.folder = pathlib.Path(folder)
        self.all = [Capture(path, epoch_s) for path in sorted(self.folder.glob("*.pcapng"))]
        assert self.all, f"no captures in {folder}"

    def at_node(self, node):
        found = [capture for capture in self.all if capture.node == node]
        assert found, f"no capture at {node}"
        return found

    def at(self, node, link):
        found = [c for c in self.all if c.node == node and c.link == link]
        assert len(found) == 1, f"{len(found)} captures of {link} at {node}"
        return found[0]

    def links(self):
        """Pairs of captures: the two ends of each link."""
        by_link = {}
        for capture in self.all:
            by_link.setdefault(capture.link, []).append(capture)
        assert all(len(ends) == 2 for ends in by_link.values()), "a link without two captures"
        return by_link


# --- tshark ---

TSHARK_OPTIONS = [
    "-n", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
    "-o", "udp.check_checksum:TRUE", "-o", "tcp.relative_sequence_numbers:FALSE",
]


def need_tshark():
    if not shutil.which("tshark"):
        raise Skip("tshark is not installed")


def tshark(path, fields, *options):
    """A list of dictionaries from field to list of values, one for each frame."""
    command = ["tshark", *TSHARK_OPTIONS, *options, "-r", str(path), "-T", "fields",
               "-E", "occurrence=a", "-E", "aggregator=\x1f", "-E", "separator=\x1e"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, env=environment(), timeout=PATIENCE_S,
                          check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr.decode()}"
    rows = done.stdout.decode("utf-8", "replace").split("\n")
    assert rows.pop() == ""
    return [dict(zip(fields, ([v for v in cell.split("\x1f") if v]
                              for cell in row.split("\x1e")))) for row in rows]


def merge(captures, path):
    """One file with every frame of every link end, for checks that see frames one by one."""
    command = ["mergecap", "-w", str(path), *[str(capture.path) for capture in captures.all]]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return path


# --- links, modelled once more ---

class LinkModel:
    """When frames arrive at the end of a link, from its rate, delay and overhead alone."""

    def __init__(self, rate_bps, delay_ns, overhead=24):
        self.rate_bps, self.delay_ns, self.overhead = rate_bps, max(delay_ns, 1), overhead
        self.free = 0  # in units of 1/rate ns, exact

    def duration(self, length):
        """What one frame takes from its first bit to its arrival, the link being idle, in ns."""
        if not self.rate_bps:
            return self.delay_ns
        bits = (max(length, 60) + self.overhead) * 8
        return -(-bits * 10**9 // self.rate_bps) + self.delay_ns

    def arrival(self, at_ns, length):
        """The same behind what was sent before; call in the order of sending."""
        if not self.rate_bps:
            return at_ns + self.delay_ns
        bits = (max(length, 60) + self.overhead) * 8
        self.free = max(self.free, at_ns * self.rate_bps) + bits * 10**9
        return -(-self.free // self.rate_bps) + self.delay_ns


# --- TAP ---

def main(namespace):
    """Runs the test functions of a module in their order."""
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} ORRERY SOURCE_ROOT [ARG ...]")
    bench = Bench(sys.argv[1:])
    tests = [value for name, value in namespace.items()
             if name.startswith("test_") and inspect.isfunction(value)]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        failed += not run_test(bench, number, test)
    if failed:
        print(f"# the files of this run stay in {bench.folder}")
    else:
        shutil.rmtree(bench.folder)
    sys.exit(1 if failed else 0)


def run_test(bench, number, test):
    name = test.__name__.removeprefix("test_").replace("_", " ")
    started = time.monotonic()
    try:
        test(bench)
    except Skip as skip:
        print(f"ok {number} - {name} # SKIP {skip}", flush=True)
        return True
    except Exception as error:  # whatever it is: the test did not pass
        lines = [str(error)] if isinstance(error, AssertionError) and str(error) else []
        lines += traceback.format_exc().splitlines()
        print(f"not ok {number} - {name}")
        for line in "\n".join(lines).splitlines():
            print(f"# {line}")
        sys.stdout.flush()
        return False
    print(f"ok {number} - {name}")
    print(f"# {time.monotonic() - started:.1f} s", flush=True)
    return True

"""Linux takes part: through a TAP in a network namespace of our own it pings a lab's nodes and its
curl fetches their pages. Needs root, /dev/net/tun, ip, ping and curl."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

import orrery_lab

# Runs in a fresh network namespace; $1 is the program, $2 the lab, $3 a folder for what comes.
SCRIPT = r"""
set -eu
"$1" run "$2" --realtime >"$3/report" 2>"$3/complaints" &
lab=$!
trap 'kill -KILL $lab 2>/dev/null || true' EXIT
tries=0
until ip link show dev orrery0 >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { echo "the interface never came"; exit 1; }
    kill -0 $lab || { cat "$3/complaints"; exit 1; }
    sleep 0.05
done
ip link set lo up
ip address add 10.7.0.2/24 dev orrery0
ip link set orrery0 up
ip route add 10.8.0.0/15 via 10.7.0.1
ping -n -c 3 -i 0.1 -W 20 10.7.0.10
ping -n -c 3 -i 0.1 -W 20 10.8.0.10
for file in index.html style.css shop.js orrery.png; do
    curl -sS --fail -m 60 -o "$3/near-$file" "http://10.7.0.10/$file"
    curl -sS --fail -m 60 -o "$3/far-$file" "http://10.8.0.10/$file"
done
curl -sS -m 60 -o /dev/null -w 'missing %{http_code}\n' http://10.8.0.10/missing
curl -sS -m 60 -w 'connects %{num_connects}\n' -o /dev/null http://10.7.0.10/ -o /dev/null \
    http://10.7.0.10/style.css
if ping -n -c 1 -W 2 10.9.0.1; then echo "a network that is not there answered"; exit 1; fi
kill -INT $lab
wait $lab && status=0 || status=$?
trap - EXIT
echo "status $status"
"""


def run_script(bench, folder):
    command = ["unshare", "--net", "sh", "-c", SCRIPT, "sh", str(bench.program),
               str(bench.scenario("tap.yaml")), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=orrery_lab.PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    complaints = pathlib.Path(folder, "complaints").read_text()
    return process.returncode, output.decode() + complaints


def need_tap():
    if not os.path.exists("/dev/net/tun"):
        raise orrery_lab.Skip("skipped: no /dev/net/tun")
    if os.geteuid() != 0:
        raise orrery_lab.Skip("skipped: a TAP needs root")
    for tool in ("ip", "ping", "curl", "unshare"):
        if not shutil.which(tool):
            raise orrery_lab.Skip(f"skipped: no {tool}")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
        raise orrery_lab.Skip("skipped: no network namespaces")


def test_linux_pings_nodes_and_fetches_pages(bench):
    need_tap()
    folder = bench.new_folder("tap")
    status, output = run_script(bench, folder)
    assert status == 0, output
    assert len(re.findall(r" 0% packet loss", output)) == 2, output
    assert "missing 404" in output, output
    assert "connects 1" in output and "connects 0" in output, output  # the connection is kept
    assert "status 0" in output, output
    site = bench.scenario("first-light")
    for name in ("index.html", "style.css", "shop.js", "orrery.png"):
        for side in ("near", "far"):
            got = (folder / f"{side}-{name}").read_bytes()
            assert got == (site / name).read_bytes(), f"{side} {name}"
    report = (folder / "report").read_text()
    assert "packet-hops" in report and "ipv4.no-route" in report, report


def test_a_tap_without_real_time_is_refused(bench):
    result = bench.run("run", bench.scenario("tap.yaml"), status=2)
    assert "--realtime" in result.stderr and result.stdout == "", result


orrery_lab.main(globals())

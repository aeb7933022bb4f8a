"""`orrery resolve` prints a lab file that means the same lab: it resolves to itself and runs alike."""
import orrery_lab

SMALL = """
nodes:
  isp: {kind: router}
  home: {kind: home-nat}
  pc: {count: 3}
  shop: {kind: web-server, name: shop.test}
links:
  - pc-home
  - home-isp: {rate: 50mbit, delay: 12ms, loss: 0.5%}
  - isp-shop
faults:
  - {at: 100ms, link: pc2-home, down: 5ms}
  - {at: 1s, link: home-isp, loss: 10%, for: 1s}
expect:
  - {from: pc1, get: "http://shop.test/", within: 5s}
  - {from: pc2, resolve: shop.test}
  - {from: pc3, ping: shop, at: 2s, within: 1s}
"""


def meaning(text):
    """Without comments: what was added is in the file once it has been resolved."""
    return [line.split("  #")[0] for line in text.splitlines()]


def check(bench, lab, name, browse=None):
    once = bench.run("resolve", lab).stdout
    # beside the original, so that `root:` means the same folders
    again = lab.parent / f"resolved-{name}.yaml"
    again.write_text(once)
    try:
        assert meaning(bench.run("resolve", again).stdout) == meaning(once)
        first = bench.run_json("run", lab, status=None)
        second = bench.run_json("run", again, status=None)
        assert first["summary"] == second["summary"]
        assert [e["verdict"] for e in first["expectations"]] == [
            e["verdict"] for e in second["expectations"]]
        if browse:
            assert bench.browse(lab, *browse)["summary"] == bench.browse(again, *browse)["summary"]
    finally:
        again.unlink()


def copy_of_first_light(bench):
    folder = bench.new_folder("first-light-copy")
    text = bench.scenario("first-light.yaml").read_text()
    site = bench.scenario("first-light")
    lab = folder / "lab.yaml"
    lab.write_text(text.replace("root: first-light}", f"root: {site}}}"))
    return lab


def test_first_light_resolves_to_itself(bench):
    check(bench, copy_of_first_light(bench), "first", ("pc1", "http://shop.example/"))


def test_a_lab_with_everything_implied_resolves_to_itself(bench):
    check(bench, bench.write("small.yaml", SMALL), "small", ("pc3", "http://shop.test/"))


def test_what_was_implied_is_said(bench):
    resolved = bench.run("resolve", bench.write("implied.yaml", SMALL)).stdout
    for line in ("pc2: {kind: host", "home_lan: {kind: switch", "dns_resolver: {kind: dns, role: resolver",
                 'dns_root: {kind: dns, role: authority, zone: ["."]', "lan: 192.168.1.1/24",
                 "delay: 12ms, loss: 0.5%", "mtu: 1500"):
        assert line in resolved, f"{line}\n{resolved}"
    assert resolved.count("# added") == 5, resolved


orrery_lab.main(globals())

"""Wrong lab files and wrong calls: each is said in one line that tells where and what would be right,
with exit status 2, nothing on standard output, and nothing started."""
import re

import orrery_lab

PAIR = "nodes:\n  a: {}\n  b: {}\nlinks:\n"

# name: (the file, the first line on standard error behind "FILE:")
BAD_FILES = {
    # what YAML, or our part of it, does not allow
    "tab": ("nodes:\n\ta: {}\n", "2:1: a tab is used for indentation; use spaces"),
    "no UTF-8": (b"seed: \xff\n",
                 "1:7: this is not text in UTF-8 (invalid leading UTF-8 octet)"),
    "NUL": (b"seed: 1\0\n", "1:8: the control character 0x00 is not allowed"),
    "two documents": ("seed: 1\n---\nseed: 2\n",
                      "2:1: a second document begins here; a file holds one"),
    "anchor": ("nodes:\n  a: &x {kind: host}\n  b: *x\n",
               "2:6: anchors ('&x') are not supported; put text that begins with '&' in quotes"),
    "merge key": ("nodes:\n  a: {<<: {kind: host}}\n",
                  "2:7: merge keys ('<<') are not supported"),
    "tag": ("seed: !!int 7\n", "1:7: tags ('tag:yaml.org,2002:int') are not supported; put text "
                               "that begins with '!' in quotes"),
    "a list": ("- a\n- b\n", "1:1: the file must be a map of keys (a lab), not a list"),
    "a word": ("hello\n", "1:1: the file must be a map of keys (a lab), not 'hello'"),
    "key twice": ("seed: 1\nseed: 2\n",
                  "2:1: 'seed' is here twice; the first is at line 1, column 1"),
    "node twice": ("nodes:\n  a: {}\n  a: {}\n",
                   "3:3: 'a' is here twice; the first is at line 2, column 3"),
    # keys
    "unknown key": ("nodez: {}\n", "1:1: unknown key 'nodez' in a lab; did you mean 'nodes'? "
                                   "(known: *)"),
    "unknown key of a node": ("nodes:\n  a: {kind: host, adress: 192.0.2.1}\n",
                              "2:19: unknown key 'adress' in a node; did you mean 'address'? "
                              "(known: *)"),
    "unknown key of a link": (PAIR + "  - a-b: {dealy: 1ms}\n",
                              "5:11: unknown key 'dealy' in a link; did you mean 'delay'? "
                              "(known: *)"),
    "no space behind a key": ("nodes:\n  a: {kind:host}\n",
                              "2:7: unknown key 'kind:host' in a node; a space is missing after "
                              "':' (known: *)"),
    "another kind's key": ("nodes:\n  a: {kind: host, lan: 192.168.1.0/24}\n",
                           "2:19: 'lan' is for home-nat, and this is a host"),
    # values
    "seed": ("seed: seven\n", "1:7: 'seed' must be a whole number, not 'seven'"),
    "negative": ("seed: -1\n", "1:7: 'seed' must be a whole number, not '-1'"),
    "octal": ("seed: 010\n", "1:7: 'seed' must be a whole number, not '010'"),
    "65 bits": ("seed: 18446744073709551616\n",
                "1:7: 'seed' must be a whole number, not '18446744073709551616'"),
    "epoch": ("epoch: yesterday\n",
              "1:8: 'epoch' must be a time like 2025-01-01T00:00:00Z, not 'yesterday'"),
    "month 13": ("epoch: 2025-13-01T00:00:00Z\n",
                 "1:8: '2025-13-01T00:00:00Z' is no time that there was or will be from 1970 on"),
    "no timeout at all": ("rto_min: 0s\n", "1:10: 'rto_min' must be from 1ms to 1m, not '0s'"),
    "kind": ("nodes:\n  a: {kind: rooter}\n",
             "2:13: 'kind' must be one of host, switch, router, home-nat, dns, web-server, tap, not "
             "'rooter'; did you mean 'router'?"),
    "colours": ("nodes:\n  a: {kind: \"\\e[31mrouter\"}\n",
                "2:13: 'kind' must be one of host, switch, router, home-nat, dns, web-server, tap, "
                "not '\\x1b[31mrouter'"),
    "rate": (PAIR + "  - a-b: {rate: fast}\n",
             "5:17: 'rate' must be a rate such as 50mbit, not 'fast'"),
    "rate's unit": (PAIR + "  - a-b: {rate: 50Mbps}\n",
                    "5:17: 'rate' must be a rate such as 50mbit, not '50Mbps'"),
    "delay without unit": (PAIR + "  - a-b: {delay: 10}\n",
                           "5:18: 'delay' must be a duration such as 10ms, not '10'"),
    "loss": (PAIR + "  - a-b: {loss: 101%}\n",
             "5:17: 'loss' must be a share such as 0.5%, not '101%'"),
    "MTU": (PAIR + "  - a-b: {mtu: 67}\n", "5:16: 'mtu' must be from 68 to 65535, not '67'"),
    "count": ("nodes:\n  a: {count: 0}\n", "2:14: 'count' must be from 1 to 100000, not '0'"),
    "domain name": ("nodes:\n  w: {kind: web-server, name: a..b}\n",
                    "2:31: 'name' must be a domain name like *, not 'a..b'"),
    # names and links
    "node's name": ("nodes:\n  a-b: {kind: host}\n",
                    "2:3: 'a-b' cannot name a node: use up to 63 letters, digits and '_'"),
    "dangling link": ("nodes:\n  pc: {}\n  home: {kind: home-nat}\nlinks:\n  - pc-hom\n",
                      "5:5: there is no node 'hom'; did you mean 'home'?"),
    "link to nowhere": ("nodes:\n  a: {}\nlinks:\n  - a-elsewhere\n",
                        "4:5: there is no node 'elsewhere'; add it under 'nodes'"),
    "link's form": ("nodes:\n  a: {}\nlinks:\n  - ab\n",
                    "4:5: 'ab' is not a link: write two node names with one '-' between them"),
    "link to itself": ("nodes:\n  a: {}\nlinks:\n  - a-a\n",
                       "4:5: a link joins two different nodes"),
    "groups": ("nodes:\n  a: {count: 2}\n  b: {count: 3}\nlinks:\n  - a-b\n",
               "5:5: groups of 2 and 3 nodes cannot be linked one to one"),
    "two links of a host": ("nodes:\n  a: {}\n  b: {}\n  c: {}\nlinks:\n  - a-b\n  - a-c\n",
                            "2:3: host 'a' has 2 links and can have one; put a switch or router "
                            "between"),
    "home without provider": ("nodes:\n  h: {kind: home-nat}\n  a: {}\nlinks:\n  - a-h\n",
                              "2:3: home-nat 'h' needs a link to its provider and one into the "
                              "home"),
    "circle": ("nodes:\n  a: {}\n  s: {kind: switch}\n  t: {kind: switch}\nlinks:\n  - a-s\n"
               "  - s-t: {name: one}\n  - s-t: {name: two}\n",
               "8:5: link 'two' closes a loop of switches; frames would circle for ever"),
    # addresses
    "two subnets": ("nodes:\n  a: {address: 192.0.2.1/24}\n  b: {address: 198.51.100.1/24}\nlinks:\n"
                    "  - a-b\n",
                    "3:16: 198.51.100.0/24 does not fit: this segment's subnet is 192.0.2.0/24 "
                    "already"),
    "one address": ("nodes:\n  a: {address: 192.0.2.1/24}\n  b: {address: 192.0.2.1/24}\nlinks:\n"
                    "  - a-b\n", "3:16: 192.0.2.1 is the address of 'a' already"),
    "no host's address": ("nodes:\n  a: {address: 192.0.2.0/24}\n  b: {}\nlinks:\n  - a-b\n",
                          "2:16: 192.0.2.0 cannot be a host's address in the subnet 192.0.2.0/24"),
    "overlap": ("nodes:\n  a: {}\n  b: {}\n  r: {kind: router}\nlinks:\n"
                "  - a-r: {subnet: 192.0.2.0/24}\n  - b-r: {subnet: 192.0.2.128/25}\n",
                "7:19: subnet 192.0.2.128/25 overlaps 192.0.2.0/24 of link 'a-r'; a route could "
                "only lead to one"),
    "pool": ("pool: 192.0.2.0/30\nnodes:\n  a: {}\n  b: {}\n  c: {kind: router}\nlinks:\n  - a-c\n"
             "  - b-c\n",
             "1:7: the pool of addresses is too small for this lab; set a larger 'pool'"),
    # the name system
    "names without servers": ("nodes:\n  w: {kind: web-server, name: a.test}\n  b: {}\nlinks:\n"
                              "  - w-b\n",
                              "2:25: names need name servers, and there is no router or switch to "
                              "attach them to; add one, or leave out 'name'"),
    "authority of nothing": ("nodes:\n  d: {kind: dns, role: authority}\n  b: {}\nlinks:\n  - d-b\n",
                             "2:3: an authority needs a 'zone'"),
    "no root": ("nodes:\n  d: {kind: dns}\n  b: {}\nlinks:\n  - d-b\n",
                "2:3: resolver 'd' has nowhere to start: no dns node serves '.'"),
    "record": ("nodes:\n  d: {kind: dns, zone: ., records: [www CNAM a.]}\n  b: {}\nlinks:\n"
               "  - d-b\n",
               "2:37: 'www CNAM a.' is not a record; write 'NAME TYPE DATA' with A, NS, CNAME, PTR, "
               "MX or TXT, such as *"),
    "name without zone": ("nodes:\n  d: {kind: dns, zone: test}\n"
                          "  w: {kind: web-server, name: a.example}\n  s: {kind: switch}\nlinks:\n"
                          "  - d-s\n  - w-s\n",
                          "3:31: no dns node serves a zone that 'a.example' belongs to"),
    "no resolver": ("nodes:\n  a: {resolver: b}\n  b: {}\nlinks:\n  - a-b\n",
                    "2:17: 'b' is no resolver with an address"),
    # faults and expectations
    "fault's link": (PAIR + "  - a-b\nfaults:\n  - {at: 1s, link: b-a, down: 1s}\n",
                     "7:20: there is no link 'b-a'; did you mean 'a-b'?"),
    "fault without time": (PAIR + "  - a-b\nfaults:\n  - {link: a-b, down: 1s}\n",
                           "7:5: 'at' is required in a fault"),
    "expectation of nothing": (PAIR + "  - a-b\nexpect:\n  - {from: a}\n",
                               "7:5: an expectation needs one of get, ping, resolve"),
    "expectation of two": (PAIR + "  - a-b\nexpect:\n  - {from: a, ping: b, resolve: x.test}\n",
                           "7:24: an expectation has one of get, ping, resolve"),
    "status of a ping": (PAIR + "  - a-b\nexpect:\n  - {from: a, ping: b, status: 200}\n",
                         "7:24: 'status' goes with 'get'"),
    "a switch expects": ("nodes:\n  a: {}\n  s: {kind: switch}\nlinks:\n  - a-s\nexpect:\n"
                         "  - {from: s, ping: a}\n",
                         "7:12: 's' is a switch and cannot try anything"),
    "who expects": ("nodes:\n  alpha: {}\n  b: {}\nlinks:\n  - alpha-b\nexpect:\n"
                    "  - {from: alpa, ping: b}\n",
                    "7:12: there is no node 'alpa'; did you mean 'alpha'?"),
}


def fits(line, expected):
    """`*` in what is expected stands for any words: lists that grow, examples."""
    return re.fullmatch(".+".join(map(re.escape, expected.split("*"))), line)


def check_refused(result):
    assert result.status == 2 and result.stdout == "" and result.stderr.endswith("\n"), result


def test_each_bad_file_is_refused_with_its_line(bench):
    """`check` says it; the other commands say the same."""
    wrong = []
    for number, (name, (text, expected)) in enumerate(BAD_FILES.items()):
        path = bench.folder / f"bad{number}.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = bench.run("check", path, status=2)
        check_refused(result)
        first = result.stderr.splitlines()[0]
        assert first.startswith(f"{path}:"), first
        if not fits(first.removeprefix(f"{path}:"), expected.replace("'*x'", "'\\*x'")):
            wrong.append(f"{name}: expected {expected}\n  but it says {first}")
    assert not wrong, "\n".join(wrong)


def test_a_bad_file_starts_nothing(bench):
    path = bench.write("nothing.yaml", BAD_FILES["dangling link"][0])
    complaint = bench.run("check", path, status=2).stderr
    folder = bench.folder / "captures-of-nothing"
    for command in (["run", path, "--pcap", folder],
                    ["run", path, "--json", "--trace"],
                    ["run", path, "--realtime"],
                    ["resolve", path],
                    ["browse", "http://192.0.2.1/", "--lab", path, "--pcap", folder],
                    ["browse", "http://192.0.2.1/", "--lab", path, "--layers", "--json"]):
        result = bench.run(*command, status=2)
        check_refused(result)
        assert result.stderr == complaint, result
    assert not folder.exists()


def test_every_problem_of_a_file_is_reported(bench):
    path = bench.write("many.yaml", "nodes:\n  a: {kind: hots, lan: 5}\n  b: {count: many}\n"
                                    "links: yes\nsede: 3\n")
    lines = bench.run("check", path, status=2).stderr.splitlines()
    places = [line.removeprefix(f"{path}:").split(": ")[0] for line in lines]
    assert sorted(places) == ["2:13", "2:24", "3:14", "4:8", "5:1"], lines


FIRST_LIGHT = "FIRST_LIGHT"  # stands for the scenario's path
URL = "http://shop.example/"

BAD_CALLS = {
    ("runn",): "there is no command 'runn'; did you mean 'run'?*",
    ("help", "bogus"): "there is no command 'bogus'; see orrery help",
    ("run",): "run needs a lab file (see orrery run --help)",
    ("check",): "check needs a lab file (see orrery check --help)",
    ("resolve",): "resolve needs a lab file (see orrery resolve --help)",
    ("browse",): "browse needs a URL (see orrery browse --help)",
    ("run", "no-such.yaml"): "no-such.yaml: there is no such file",
    ("run", "/"): "/: not a regular file",
    ("run", FIRST_LIGHT, "extra"): "'extra' is one argument too many (see orrery run --help)",
    ("run", FIRST_LIGHT, "--sed", "1"):
        "unknown option '--sed'; did you mean '--seed'? (see orrery run --help)",
    ("run", FIRST_LIGHT, "--layers"): "unknown option '--layers' (see orrery run --help)",
    ("check", FIRST_LIGHT, "--json"): "unknown option '--json' (see orrery check --help)",
    ("run", FIRST_LIGHT, "--seed"): "--seed needs a value: N",
    ("run", FIRST_LIGHT, "--seed", "x"): "--seed must be a whole number, not 'x'",
    ("run", FIRST_LIGHT, "--seed=-1"): "--seed must be a whole number, not '-1'",
    ("run", FIRST_LIGHT, "--until", "5"): "--until must be a duration such as 30s, not '5'",
    ("run", FIRST_LIGHT, "--json=yes"): "--json takes no value",
    ("run", FIRST_LIGHT, "--pcap", "/proc/no/such"):
        "the folder /proc/no/such cannot be made: No such file or directory",
    ("browse", "ftp://x/", "--lab", FIRST_LIGHT):
        "'ftp://x/' is not a URL: only http and https can be fetched",
    ("browse", "http:///x", "--lab", FIRST_LIGHT):
        "'http:///x' is not a URL: the host is missing",
    ("browse", "http://a:99999/", "--lab", FIRST_LIGHT):
        "'http://a:99999/' is not a URL: the port is above 65535",
    ("browse", URL, "--lab", FIRST_LIGHT, "--from", "nobody"):
        "FIRST_LIGHT has no node 'nobody'",
    ("browse", URL, "--lab", FIRST_LIGHT, "--from", "switch1"):
        "'switch1' cannot browse: it is a switch or tap",
}


def test_each_bad_call_is_refused_with_its_line(bench):
    lab = str(bench.scenario("first-light.yaml"))
    for call, expected in BAD_CALLS.items():
        result = bench.run(*[lab if word == FIRST_LIGHT else word for word in call], status=2,
                           cwd=bench.folder)
        check_refused(result)
        expected = "orrery: " + expected.replace(FIRST_LIGHT, lab)
        assert fits(result.stderr.rstrip("\n"), expected), f"expected {expected}\n{result}"


def test_help_is_no_error(bench):
    for call in (["help"], ["--help"], ["help", "run"], ["run", "--help"], ["help", "lab"],
                 ["browse", "-h"], ["version"], ["--version"]):
        result = bench.run(*call)
        assert result.stdout and not result.stderr, result


def test_a_failed_expectation_says_what_and_where_and_with_which_seed(bench):
    lab = bench.write("failing.yaml", """\
nodes:
  a: {kind: host, address: 192.0.2.1/24}
  b: {kind: web-server, address: 192.0.2.2/24}
links:
  - a-b: {delay: 10ms}
expect:
  - {from: a, ping: b, within: 1s}
  - {from: a, ping: b, within: 1ms}
  - {from: a, ping: 192.0.2.77}
  - {from: a, get: "http://192.0.2.2/", status: 404}
  - {from: a, get: "http://192.0.2.2:81/", at: 2s}
  - {from: a, get: "http://192.0.2.2/", body: no such words}
  - {from: a, resolve: x.test}
  - {from: a, ping: b, fails: true, at: 3s}
""")
    result = bench.run("run", lab, "--seed", "99", status=1)
    lines = [line for line in result.stdout.splitlines() if ": expected: " in line]
    expected = [
        (7, "held", "a pings b within 1s", "reply from 192.0.2.2 with ttl 64 after *"),
        (8, "FAILED", "a pings b within 1ms", "nothing had come after 1.000 ms"),
        (9, "FAILED", "a pings 192.0.2.77", "192.0.2.1 says: host unreachable after *"),
        (10, "FAILED", "a gets http://192.0.2.2/ with status 404", "status 200 after *"),
        (11, "FAILED", "a gets http://192.0.2.2:81/",
         "the server refused the connection: 192.0.2.2:81 after *"),
        (12, "FAILED", "a gets http://192.0.2.2/ showing 'no such words'",
         "status 200, without that text after *"),
        (13, "FAILED", "a resolves x.test", "* after *"),
        (14, "FAILED", "a pings b (must fail)",
         "reply from 192.0.2.2 with ttl 64 after 20.000 ms"),
    ]
    assert len(lines) == len(expected), result
    for line, (number, verdict, what, happened) in zip(lines, expected):
        whole = f"{verdict:<10} {lab}:{number}: expected: {what}; happened: {happened} (seed 99)"
        assert fits(line, whole), f"expected: {whole}\nline:     {line}"
    judged = bench.run_json("run", lab, status=1)["expectations"]
    assert [e["verdict"] for e in judged] == [v.lower() for _, v, _, _ in expected]
    assert [e["line"] for e in judged] == [n for n, _, _, _ in expected]


def test_a_page_that_does_not_come_is_exit_status_1(bench):
    lab = bench.scenario("first-light.yaml")
    for url, complaint in ((f"{URL}no-such-page", ""),
                           ("http://nobody.example/", "orrery: no such name: nobody.example\n"),
                           ("http://192.0.2.10:81/",
                            "orrery: the server refused the connection: 192.0.2.10:81\n")):
        result = bench.run("browse", url, "--lab", lab, status=1)
        assert result.stderr == complaint and result.stdout, result


if __name__ == "__main__":
    orrery_lab.main(globals())

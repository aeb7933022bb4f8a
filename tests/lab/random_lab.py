"""Labs drawn from a seed: nobody wrote them, so nothing can be made to fit them.

Routers form a tree with extra links; homes with NAT hang from some of them, with one to three
computers each, behind a switch or not; a resolver, a root server, servers for the top-level domain
and the domain, and web servers hang from any of them. All names, rates, delays, LAN prefixes and
some subnets and addresses are drawn, and the file names everything in a drawn order. Each web
server has a folder of its own: a page, a stylesheet, a script and an image of drawn sizes.
"""
import ipaddress
import random
import struct
import zlib

PRIVATE = [ipaddress.ip_network(text)  # RFC 1918
           for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


class RandomLab:
    def __init__(self, seed, folder):
        self.rng = random.Random(f"orrery-{seed}")
        self.seed = seed
        self.folder = folder
        self.words = set()
        self.nodes = {}  # name: options, as written
        self.links = []  # (a, b, options)
        self.public = PublicBlocks(self.rng)
        self.homes = []
        self.pcs = []
        self.sites = []
        self.draw_routers()
        self.draw_homes()
        self.draw_names()
        self.draw_sites()
        self.path = folder / f"{self.word()}.yaml"
        self.path.write_text(self.text())

    # --- names ---

    def word(self):
        """A word that was not used before; nothing YAML or the lab file has a meaning for."""
        while True:
            word = "".join(self.rng.choice("bdfgklmnprstvz") + self.rng.choice("aeiou")
                           for _ in range(self.rng.randint(2, 4)))
            if word not in self.words:
                self.words.add(word)
                return word

    def node_name(self):
        style = self.rng.randrange(4)
        word = self.word()
        if style == 0:
            return f"{word}{self.rng.randint(1, 99)}"
        if style == 1:
            return f"{word.capitalize()}_{self.word()}"
        return word

    def add_node(self, **options):
        name = self.node_name()
        self.nodes[name] = options
        return name

    # --- links ---

    def rate(self, low, high):
        """In bit/s, seldom a round number."""
        rate = self.rng.randint(low, high)
        return rate - rate % self.rng.choice([1, 1000, 10**6])

    def delay(self, low_us, high_us):
        ns = self.rng.randint(low_us * 1000, high_us * 1000)
        return ns - ns % self.rng.choice([1, 1000])

    def add_link(self, a, b, rate, delay, **options):
        if self.rng.random() < 0.5:
            a, b = b, a
        self.links.append((a, b, {"rate": f"{rate}bit", "delay": f"{delay}ns", **options}))

    def core_link(self, a, b, **options):
        self.add_link(a, b, self.rate(100_000_000, 10**10), self.delay(100, 9000), **options)

    def draw_routers(self):
        count = self.rng.randint(2, 7)
        self.routers = [self.add_node(kind="router") for _ in range(count)]
        pairs = [(self.routers[i], self.rng.choice(self.routers[:i])) for i in range(1, count)]
        for _ in range(self.rng.randint(0, count - 1)):
            pair = tuple(self.rng.sample(self.routers, 2))
            if count > 2:  # two routers may have two links as well
                pairs.append(pair)
        for a, b in pairs:
            self.core_link(a, b, **self.public.maybe_subnet(30))

    def draw_homes(self):
        for _ in range(self.rng.randint(1, 3)):
            self.draw_home()

    def draw_home(self):
        lan = self.draw_lan()
        home = self.add_node(kind="home-nat", **lan)
        self.homes.append(home)
        self.add_link(home, self.rng.choice(self.routers), self.rate(5_000_000, 100_000_000),
                      self.delay(1000, 15_000), **self.public.maybe_subnet(30))
        inside = home
        if self.rng.random() < 0.5:
            inside = self.add_node(kind="switch")
            self.add_link(inside, home, self.rate(100_000_000, 10**9), self.delay(1, 3))
        for _ in range(self.rng.randint(1, 3)):
            pc = self.add_node(kind="host")
            self.pcs.append(pc)
            self.add_link(pc, inside, self.rate(50_000_000, 10**9), self.delay(1, 5))

    def draw_lan(self):
        """Two homes may well draw the same: private addresses mean something only at home."""
        network = self.rng.choice(["192.168.0.0", "192.168.1.0", f"10.{self.rng.randrange(256)}.8.0",
                                   f"172.{self.rng.randint(16, 31)}.64.0"])
        if self.rng.random() < 0.2:
            return {}
        return {"lan": f"{network}/{self.rng.choice([24, 24, 25, 26, 28])}"}

    # --- servers ---

    def attach(self, node, **options):
        """To a router, sometimes with a switch between."""
        router = self.rng.choice(self.routers)
        if "subnet" not in options and "address" not in self.nodes[node] and \
                self.rng.random() < 0.3:
            switch = self.add_node(kind="switch")
            self.core_link(switch, router)
            router = switch
        self.add_link(node, router, self.rate(100_000_000, 10**9), self.delay(10, 900), **options)

    def attach_server(self, **node_options):
        subnet = self.public.maybe_subnet(28)
        if subnet and self.rng.random() < 0.5:
            network = ipaddress.ip_network(subnet["subnet"])
            node_options["address"] = str(network[self.rng.randint(2, 14)])
        node = self.add_node(**node_options)
        self.attach(node, **subnet)
        return node

    def draw_names(self):
        """One or two top-level domains, each with a domain; servers apart or together."""
        self.attach_server(kind="dns", role="resolver")
        self.domains = []
        tlds = [self.word() for _ in range(self.rng.randint(1, 2))]
        self.attach_server(kind="dns", zone=".")
        if self.rng.random() < 0.5:
            self.attach_server(kind="dns", zone=tlds)
        else:
            for tld in tlds:
                self.attach_server(kind="dns", zone=tld)
        for tld in tlds:
            domain = f"{self.word()}.{tld}"
            self.domains.append(domain)
            self.attach_server(kind="dns", zone=[domain] if self.rng.random() < 0.5 else domain)

    def draw_sites(self):
        for number in range(self.rng.randint(1, 3)):
            domain = self.rng.choice(self.domains)
            if number > 0 or self.rng.random() < 0.3:
                domain = f"{self.word()}.{domain}"
            site = Site(self, domain, self.folder / f"site{number}")
            self.attach_server(kind="web-server", name=domain, root=site.folder.name)
            self.sites.append(site)

    # --- for checks ---

    def link_configs(self):
        """(rate, delay) by pair of nodes; None where two links join one pair."""
        configs = {}
        for a, b, options in self.links:
            if (a, b) in configs or (b, a) in configs:
                return None
            configs[a, b] = int(options["rate"][:-3]), int(options["delay"][:-2])
        for home in self.homes:  # its sockets inside are one switch, which the program adds
            lan = f"{home}_lan"
            configs |= {(lan, b if a == home else a): config for (a, b), config in configs.items()
                        if home in (a, b)}
            configs[lan, home] = 0, 1
        return configs

    @staticmethod
    def is_private(address):
        return any(ipaddress.ip_address(address) in network for network in PRIVATE)

    # --- the file ---

    def text(self):
        names = list(self.nodes)
        self.rng.shuffle(names)
        self.rng.shuffle(self.links)
        lines = [f"seed: {self.rng.randrange(2**32)}", "nodes:"]
        lines += [f"  {name}: {flow(self.nodes[name])}" for name in names]
        lines += ["links:"]
        lines += [f"  - {a}-{b}: {flow(options)}" for a, b, options in self.links]
        return "\n".join(lines) + "\n"


class PublicBlocks:
    """Subnets that a file may give out itself: from the blocks of RFC 5737."""

    def __init__(self, rng):
        self.rng = rng
        self.blocks = [ipaddress.ip_network(text)
                       for text in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24")]
        self.next = [int(block[0]) for block in self.blocks]

    def maybe_subnet(self, length):
        """{} or {"subnet": ...}; the blocks are used from their beginning."""
        which = self.rng.randrange(len(self.blocks))
        size = 2 ** (32 - length)
        start = -(-self.next[which] // size) * size
        if self.rng.random() < 0.6 or start + size > int(self.blocks[which][-1]):
            return {}
        self.next[which] = start + size
        return {"subnet": f"{ipaddress.ip_address(start)}/{length}"}


class Site:
    """A page and what it names."""

    def __init__(self, lab, domain, folder):
        self.domain, self.folder = domain, folder
        self.url = f"http://{domain}/"
        self.title = f"{lab.word()} {lab.word()}"
        self.sentence = " ".join(lab.word() for _ in range(7))
        self.unstyled = " ".join(lab.word() for _ in range(3))
        rng = lab.rng
        paths = {kind: f"/{lab.word()}.{extension}" for kind, extension in
                 (("stylesheet", "css"), ("script", "js"), ("image", "png"))}
        hidden = lab.word()
        self.files = {
            paths["stylesheet"]: (f".{hidden} {{ display: none; }}\n" +
                                  self.filling(rng, "/* ", " */\n")).encode(),
            paths["script"]: ("\"use strict\";\n" + self.filling(rng, "// ", "\n")).encode(),
            paths["image"]: png(rng),
            "/": self.page(lab, paths, hidden).encode(),
        }
        folder.mkdir(parents=True)
        for path, content in self.files.items():
            (folder / ("index.html" if path == "/" else path[1:])).write_bytes(content)

    def page(self, lab, paths, hidden):
        return (f"<!DOCTYPE html>\n<html>\n<head>\n<title>{self.title}</title>\n"
                f"<link rel=\"stylesheet\" href=\"{paths['stylesheet']}\">\n"
                f"<script src=\"{paths['script']}\"></script>\n</head>\n<body>\n"
                f"<p>{self.sentence}</p>\n<p class=\"{hidden}\">{self.unstyled}</p>\n"
                f"<img src=\"{paths['image']}\" alt=\"{lab.word()}\">\n"
                f"{self.filling(lab.rng, '<!-- ', ' -->')}\n</body>\n</html>\n")

    @staticmethod
    def filling(rng, begin, end):
        """Lines without meaning, up to 131 kB; small as often as large."""
        size = rng.randint(0, 2 ** rng.randint(4, 17))
        line = begin + "".join(rng.choices("abcdefgh ", k=60)) + end
        return (line * (size // len(line) + 1))[:size // len(line) * len(line)]


def png(rng):
    """A picture of drawn size and grey noise, so that it does not compress."""
    width, height = rng.randint(1, 430), rng.randint(1, 430)
    rows = b"".join(b"\0" + rng.randbytes(width) for _ in range(height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0,
                                                              0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def flow(options):
    """A map in YAML's flow style."""
    def value(v):
        return "[" + ", ".join(v) + "]" if isinstance(v, list) else str(v)
    return "{" + ", ".join(f"{key}: {value(v)}" for key, v in options.items()) + "}"

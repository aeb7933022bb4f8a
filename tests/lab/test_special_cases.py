"""The program knows nothing of the labs it comes with: no name of theirs stands in its source."""
import re

import orrery_lab


def lab_names(text):
    """Nodes and domain names of a lab file, read line by line as the scenarios are written."""
    nodes, domains, in_nodes = set(), set(), False
    for line in text.splitlines():
        line = line.split("#")[0]
        if re.match(r"\S", line):
            in_nodes = line.startswith("nodes:")
        node = re.match(r"  (\w+):", line)
        if in_nodes and node:
            nodes.add(node.group(1))
            for key in ("name", "zone"):
                for value in re.findall(rf"[{{ ,]{key}: *(\[[^\]]*\]|[^,}}]*)", line):
                    domains |= set(re.findall(r"[\w.-]*\w\.\w[\w.-]*", value))
        domains |= set(re.findall(r"https?://([\w.-]+)/", line))
        domains |= set(re.findall(r"resolve: *([\w.-]+)", line))
    return nodes, {domain.rstrip(".") for domain in domains}


def code_and_comments(text):
    """C source in two: code with its strings, and comments."""
    token = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|(/\*.*?\*/|//[^\n]*)", re.DOTALL)
    comments = [match.group(1) for match in token.finditer(text) if match.group(1)]
    code = token.sub(lambda match: " " if match.group(1) else match.group(0), text)
    return code, "\n".join(comments)


def word_pattern(names):
    words = "|".join(map(re.escape, sorted(names)))
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")


def find_in_sources(root, in_code, in_comments):
    found = []
    for path in sorted((root / "src").rglob("*.[ch]")):
        code, comments = code_and_comments(path.read_text())
        found += [f"{path}: '{name}' in the code" for name in in_code.findall(code)]
        found += [f"{path}: '{name}' in a comment" for name in in_comments.findall(comments)]
    return found


def lab_words(bench):
    """Keys and kinds of the lab file's own language: a lab may use them as names too."""
    text = bench.run("help", "lab").stdout
    kinds = re.search(r"^  kind .*: ([\w, -]+)", text, re.MULTILINE).group(1)
    return set(re.findall(r"^  (\w+) ", text, re.MULTILINE)) | set(kinds.strip().split(", "))


def test_no_source_names_a_scenario_or_what_is_in_it(bench):
    scenarios = sorted((bench.source_root / "scenarios").glob("*.yaml"))
    assert scenarios
    files, nodes, domains = set(), set(), set()
    for path in scenarios:
        files |= {path.stem, path.name}
        more_nodes, more_domains = lab_names(path.read_text())
        nodes |= more_nodes
        domains |= more_domains
    assert len(nodes) >= 10 and domains, "the scenarios were not understood"
    words = lab_words(bench)
    assert {"lan", "tap", "home-nat", "root"} <= words
    files, nodes = files - words, nodes - words
    # A comment may use an English word that is also a node's name; not one that is nothing else.
    unmistakable = files | domains | {name for name in nodes if re.search(r"\d|_", name)}
    found = find_in_sources(bench.source_root, word_pattern(files | nodes | domains),
                            word_pattern(unmistakable))
    assert not found, "\n".join(found)


def test_the_search_finds_what_it_looks_for(bench):
    text = 'int a = b("home7"); /* "pc9" and shop.example: */ // x1\nchar *c = "// home8 /*";'
    code, comments = code_and_comments(text)
    assert "home7" in code and "pc9" not in code and "x1" not in code and "home8" in code
    assert "pc9" in comments and "x1" in comments and "home8" not in comments
    assert word_pattern({"home7"}).findall(code) == ["home7"]
    assert not word_pattern({"home"}).findall(code)
    nodes, domains = lab_names("nodes:\n  a1: {kind: dns, zone: [b.c, d]}\n"
                               "  e: {kind: web-server, name: f.g}\nlinks:\n  - a1-e\nexpect:\n"
                               "  - {from: e, get: \"http://h.i/\"}\n")
    assert nodes == {"a1", "e"} and domains == {"b.c", "f.g", "h.i"}
    assert bench.program.exists()


if __name__ == "__main__":
    orrery_lab.main(globals())

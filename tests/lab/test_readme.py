#!/usr/bin/env python3
"""The README shows real output: each block behind a `<!-- shows: COMMAND -->` is what it prints.

A line `...` in a block stands for any lines. The YAML example must run and hold.
Usage: test_readme.py ORRERY SOURCE_ROOT
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"<!-- shows: (.*?) -->\n```\n(.*?)\n```", re.S)
YAML = re.compile(r"```yaml\n(.*?)\n```", re.S)
VERSIONS = re.compile(r"\(libxml2 .*\)")  # other machines may have other versions


def run(words, folder):
    result = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return VERSIONS.sub("", result.stdout + result.stderr).splitlines()


def contains(lines, chunk):
    return any(lines[i:i + len(chunk)] == chunk for i in range(len(lines) - len(chunk) + 1))


def chunks(block):
    chunk = []
    for line in VERSIONS.sub("", block).splitlines() + ["..."]:
        if line == "...":
            while chunk and not chunk[-1]:
                chunk.pop()
            while chunk and not chunk[0]:
                chunk.pop(0)
            if chunk:
                yield chunk
            chunk = []
        else:
            chunk.append(line)


def check_blocks(readme, orrery, root, captures):
    faults = 0
    found = BLOCK.findall(readme)
    for command, block in found:
        words = [word.replace("captures/", captures + "/") for word in shlex.split(command)]
        if words[0] == "orrery":
            words[0] = orrery
        elif not shutil.which(words[0]):
            print(f"skipped: no {words[0]} for: {command}")
            continue
        lines = [line for line in run(words, root) if not line.startswith("Running as user")]
        for chunk in chunks(block):
            if not contains(lines, chunk):
                faults += 1
                print(f"the README shows for `{command}`:", *chunk, "but it prints:", *lines,
                      sep="\n")
    print(f"{len(found)} blocks, {faults} differ")
    return faults if found else 1


def check_example(readme, orrery, folder):
    path = pathlib.Path(folder, "example.yaml")
    path.write_text(YAML.search(readme).group(1) + "\n")
    result = subprocess.run([orrery, "run", str(path)], capture_output=True, text=True, check=False)
    print(result.stdout, result.stderr)
    return result.returncode


def main():
    orrery, root = sys.argv[1], sys.argv[2]
    readme = pathlib.Path(root, "README.md").read_text()
    with tempfile.TemporaryDirectory() as folder:
        captures = folder + "/captures"
        run([orrery, "browse", "http://shop.example/", "--lab", "scenarios/first-light.yaml",
             "--pcap", captures], root)
        faults = check_blocks(readme, orrery, root, captures) + check_example(readme, orrery, folder)
    return 1 if faults else 0


sys.exit(main())

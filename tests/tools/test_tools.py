"""Tests of the programs under tools/ whose mistakes nobody would notice: a verdict that is too good,
an installer that asks the network for nothing."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(sys.argv.pop())


def write_program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


class SummariseTests(unittest.TestCase):
    def summarise(self, *tests):
        with tempfile.TemporaryDirectory() as folder:
            logs = pathlib.Path(folder, "meson-logs")
            logs.mkdir()
            log = "".join(json.dumps({"name": name, "result": result, "stdout": output}) + "\n"
                          for name, result, output in tests)
            (logs / "testlog.json").write_text(log)
            done = subprocess.run([TOOLS / "summarise-tests", folder], capture_output=True,
                                  text=True, check=False)
            return done.returncode, done.stdout.splitlines()[-1]

    def test_cases_of_tap_programs_count_one_by_one(self):
        self.assertEqual(self.summarise(("a", "OK", "1..2\nok 1 - x\nok 2 - y\n"),
                                        ("b", "OK", "no TAP\n")),
                         (0, "3 passed, 0 failed, 0 skipped"))

    def test_a_failed_case_fails_the_whole(self):
        self.assertEqual(self.summarise(("a", "FAIL", "1..2\nok 1 - x\nnot ok 2 - y\n")),
                         (1, "1 passed, 1 failed, 0 skipped"))

    def test_a_crash_behind_passed_cases_is_a_failure(self):
        self.assertEqual(self.summarise(("a", "ERROR", "1..2\nok 1 - x\n")),
                         (1, "1 passed, 1 failed, 0 skipped"))

    def test_a_program_that_never_spoke_is_a_failure(self):
        self.assertEqual(self.summarise(("a", "TIMEOUT", ""), ("b", "FAIL", "")),
                         (1, "0 passed, 2 failed, 0 skipped"))

    def test_skipped_programs_and_cases_are_counted(self):
        self.assertEqual(self.summarise(("a", "SKIP", "1..0 # skipped: no /dev/net/tun\n"),
                                        ("b", "OK", "1..2\nok 1 - x\nok 2 - y # SKIP no z\n")),
                         (0, "1 passed, 0 failed, 2 skipped"))

    def test_nothing_at_all_is_no_success(self):
        self.assertEqual(self.summarise()[0], 1)

    def test_a_missing_log_is_a_failure(self):
        done = subprocess.run([TOOLS / "summarise-tests", "/nonexistent"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("0 passed, 1 failed, 0 skipped", done.stdout)


class InstallDepsTests(unittest.TestCase):
    def install(self, missing, *groups, apt="exit 0"):
        """Runs the installer on a system that lacks these packages. Returns status and output."""
        with tempfile.TemporaryDirectory() as folder:
            bin_folder = pathlib.Path(folder)
            write_program(bin_folder / "id", "echo 0\n")
            write_program(bin_folder / "dpkg-query",
                          f'for last; do :; done\ncase " {missing} " in *" $last "*) exit 1 ;; esac\n'
                          "echo installed\n")
            write_program(bin_folder / "apt-get", f'echo "apt $DEBIAN_FRONTEND $*"\n{apt}\n')
            done = subprocess.run([TOOLS / "install-deps", *groups], capture_output=True, text=True,
                                  env={"PATH": f"{folder}:{os.environ['PATH']}"}, check=False)
            return done.returncode, done.stderr.splitlines()

    def test_a_complete_system_is_left_alone(self):
        self.assertEqual(self.install("", "build", "test"), (0, []))

    def test_only_what_is_missing_is_installed_and_announced_first(self):
        status, lines = self.install("clang libyaml-dev", "test")
        self.assertEqual(status, 0)
        self.assertEqual(lines[0], "install-deps: installing with apt-get: libyaml-dev clang")
        self.assertRegex(lines[1], r"^apt noninteractive .*update$")
        self.assertRegex(lines[2], r"install -y --no-install-recommends libyaml-dev clang$")

    def test_the_build_needs_no_test_packages(self):
        self.assertEqual(self.install("clang"), (0, []))

    def test_a_failed_installation_is_said_and_returned(self):
        status, lines = self.install("clang", "test", apt="exit 100")
        self.assertEqual(status, 1)
        self.assertEqual(lines[-1], "install-deps: apt-get could not install all of: clang")

    def test_unknown_groups_are_refused(self):
        self.assertEqual(self.install("", "all"),
                         (2, ["install-deps: unknown group 'all'; known: build, test"]))


unittest.main()

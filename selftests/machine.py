#!/usr/bin/env python3
"""Tests of the runner of virtual machines: guests that warn, oops and hang must
fail their test, be decoded and be replaced. Called by scripts/test scripts with
the build in SAMEHOST_BUILD and the machine's command line in SAMEHOST_QEMU."""

import argparse
import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
import runner  # noqa: E402


class BrokenGuests(unittest.TestCase):
    """One run of selftests/broken, whose every line breaks something."""

    @classmethod
    def setUpClass(cls):
        build = pathlib.Path(os.environ["SAMEHOST_BUILD"])
        cls.logs = tempfile.TemporaryDirectory(prefix="samehost-machine-")
        cls.done = subprocess.run(
            [sys.executable, HERE / "runner.py", "--lists", HERE / "broken",
             "--logs", cls.logs.name, "--build", build,
             "--source", (build / "source").resolve(),
             "--qemu", os.environ["SAMEHOST_QEMU"]],
            capture_output=True, text=True, check=False, timeout=600)
        results = json.loads(
            (pathlib.Path(cls.logs.name) / "results.json").read_text())
        cls.results = {result["test"]: result for result in results}

    @classmethod
    def tearDownClass(cls):
        cls.logs.cleanup()

    def decoded(self, entry):
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", entry)
        return (pathlib.Path(self.logs.name) / name / "decoded").read_text()

    def why(self, entry):
        return "; ".join(self.results[entry]["why"])

    def test_warning_fails_its_test(self):
        self.assertEqual(self.results["crash:WARNING"]["state"], "fail")
        self.assertIn("splat: ", self.why("crash:WARNING"))
        self.assertRegex(self.decoded("crash:WARNING"),
                         r"lkdtm_WARNING.*lkdtm/bugs\.c:\d+")

    def test_oops_fails_its_test_and_is_decoded(self):
        self.assertEqual(self.results["crash:EXCEPTION"]["state"], "fail")
        self.assertIn("the guest died", self.why("crash:EXCEPTION"))
        self.assertRegex(self.decoded("crash:EXCEPTION"),
                         r"lkdtm_EXCEPTION.*lkdtm/bugs\.c:\d+")

    def test_hang_fails_its_test(self):
        self.assertEqual(self.results["crash:HARDLOCKUP"]["state"], "fail")
        self.assertIn("hung", self.why("crash:HARDLOCKUP"))

    def test_the_rest_runs_in_a_fresh_guest(self):
        self.assertEqual(self.results["kunit:net_core"]["state"], "pass")

    def test_what_does_not_exist_fails(self):
        self.assertEqual(self.results["kunit:no_such_suite"]["state"], "fail")

    def test_the_run_fails(self):
        self.assertEqual(self.done.returncode, 1)
        self.assertTrue(self.done.stdout.endswith(
            "1 passed, 4 failed, 0 skipped\n"), self.done.stdout)


class BrokenRunner(unittest.TestCase):
    """No test is lost, whatever happens to the one who runs it."""

    class Guest:
        """A guest whose runner fails."""
        error = None

        def __init__(self, options, number, machine):
            self.number, self.machine = number, machine
            self.console = pathlib.Path(os.devnull)
            self.share = options.logs
            self.ran = []

        def start(self):
            return None

        def parallel(self):
            return self.machine == ("", "")

        def run(self, test):
            raise self.error

        def read(self, _path):
            return ""

        def decode(self, text):
            return text

        def kill(self):
            pass

    def outcome(self, error):
        self.Guest.error = error
        real, runner.Guest = runner.Guest, self.Guest
        tests = [runner.Test(f"net:{n}", "t") for n in "ab"]
        options = argparse.Namespace(logs=pathlib.Path("."), guests=2,
                                     debug=False)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                running = runner.Runner(options, tests)
                running.run()
        finally:
            runner.Guest = real
        return [(test.state, test.why[0]) for test in running.done]

    def test_exception(self):
        self.assertEqual(self.outcome(BrokenPipeError("gone")),
                         [("fail", "the runner failed: "
                           "BrokenPipeError('gone')")] * 2)

    def test_end_of_a_worker(self):
        with unittest.mock.patch("threading.excepthook"):
            self.assertEqual(self.outcome(SystemExit()),
                             [("fail", "did not run")] * 2)


class Replaced(unittest.TestCase):
    """Which guest runs what, with guests that only note it."""

    class Guest(BrokenRunner.Guest):
        """Whatever runs net:a meets phantoms, unless its CPUs take turns; and
        net:never even then."""
        runs = []

        def run(self, test):
            self.runs.append((self.number, "".join(self.machine), test.entry))
            test.state = "pass"
            if test.entry == "net:never" or \
                    test.entry == "net:a" and not test.cpus:
                test.fail("the guest died")
                test.phantom = True
            return test.state == "pass"

        def stop(self):
            return None

    def ran(self, *tests, states=("pass",)):
        self.Guest.runs = []
        options = argparse.Namespace(logs=pathlib.Path("."), guests=1,
                                     debug=False)
        with unittest.mock.patch.object(runner, "Guest", self.Guest), \
                contextlib.redirect_stdout(io.StringIO()):
            running = runner.Runner(options, tests)
            running.run()
        self.assertEqual({test.state for test in running.done}, set(states))
        self.assertEqual(len(running.done), len(tests))
        return self.Guest.runs

    def test_after_a_phantom_the_cpus_take_turns(self):
        self.assertEqual(self.ran(runner.Test("net:a", "t"),
                                  runner.Test("kunit:b", "t")),
                         [(1, "", "net:a"), (2, "turns", "net:a"),
                          (3, "", "kunit:b")])

    def test_no_phantom_where_cpus_take_turns(self):
        self.assertEqual(self.ran(runner.Test("net:never", "t"),
                                  states=("fail",)),
                         [(1, "", "net:never"), (2, "turns", "net:never")])

    def test_many_phantoms_fail(self):
        tests = [runner.Test("net:a", "t") for _ in range(4)]
        runs = self.ran(*tests, states=("pass", "fail"))
        self.assertEqual([test.state for test in tests],
                         ["pass"] * 3 + ["fail"])
        self.assertEqual(len(runs), 7)

    def test_cpus_by_turns_have_a_guest_of_their_own(self):
        self.assertEqual(self.ran(runner.Test("net:b", "t"),
                                  runner.Test("net:c", "t", cpus="turns"),
                                  runner.Test("net:d", "t", cpus="turns")),
                         [(1, "", "net:b"), (2, "turns", "net:c"),
                          (2, "turns", "net:d")])

    def test_devices_have_a_guest_of_their_own(self):
        self.assertEqual(self.ran(runner.Test("82599:b", "t", device="82599"),
                                  runner.Test("82599:c", "t", device="82599"),
                                  runner.Test("net:d", "t")),
                         [(1, "82599", "82599:b"), (1, "82599", "82599:c"),
                          (2, "", "net:d")])


class Leaks(unittest.TestCase):
    """Memory that leaked is found when a guest ends."""

    class Guest(BrokenRunner.Guest):
        """A guest that leaks in its first test."""

        def run(self, test):
            self.ran.append(test.entry)
            test.state = "pass"
            return True

        def read(self, path):
            if path.name != "leaks" or "net:a" not in self.ran:
                return ""
            return 'unreferenced object 0xffff88800c07e300 (size 248):\n' \
                '  comm "a.py", pid 81, jiffies 4294951234\n'

        def stop(self):
            return None

    def test_fails_the_run(self):
        tests = [runner.Test("net:a", "t"), runner.Test("net:b", "t"),
                 runner.Test("net:c", "t", cpus="turns")]
        options = argparse.Namespace(logs=pathlib.Path("."), guests=1,
                                     debug=True)
        with unittest.mock.patch.object(runner, "Guest", self.Guest), \
                contextlib.redirect_stdout(io.StringIO()) as said:
            running = runner.Runner(options, tests)
            running.run()
        failed, = [test for test in running.done if test.state == "fail"]
        self.assertEqual(failed.why, ["memory leaked in guest 1 of net:a, net:b"])
        self.assertIn('comm "a.py"', said.getvalue())


class Lists(unittest.TestCase):
    """The lists of tests."""

    def read(self, text):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "t.list"
            path.write_text(text)
            return runner.read_list(path, "t")

    def test_settings(self):
        test, = self.read("net:a.sh timeout=9 cpus=turns only=long A=b\n")
        self.assertEqual((test.timeout, test.cpus, test.only, test.env),
                         (9, "turns", "long", {"A": "b"}))

    def test_what_is_no_setting_is_named(self):
        for word in ("cpus=two", "only=never", "timeout=soon", "speed=1"):
            with self.subTest(word), \
                    self.assertRaisesRegex(SystemExit, f"t.list:1: '{word}'"):
                self.read(f"net:a.sh {word}\n")


class Selection(unittest.TestCase):
    """Which tests a command is for."""

    def select(self, *wanted, debug=False, long=False):
        with tempfile.TemporaryDirectory() as name:
            lists = pathlib.Path(name)
            (lists / "fixes.list").write_text(
                "net:a\nnet:b only=normal\nnet:c only=long\nnet:d only=debug\n")
            (lists / "regression.list").write_text("net:e\nnet:f also=debug\n")
            options = argparse.Namespace(lists=lists, wanted=wanted,
                                         debug=debug, long=long)
            return " ".join(test.name for test in runner.select(options))

    def test_nothing_named(self):
        self.assertEqual(self.select(), "a b e f")
        self.assertEqual(self.select(debug=True), "a d f")

    def test_long(self):
        self.assertEqual(self.select(long=True), "a b c e f")
        self.assertEqual(self.select(long=True, debug=True), "a b c d e f")

    def test_named(self):
        for debug in (False, True):
            self.assertEqual(self.select("fixes", debug=debug), "a b c d")
            self.assertEqual(self.select("b", "net:[cd]", debug=debug), "b c d")

    def test_bad_name(self):
        with self.assertRaisesRegex(SystemExit, "no topic or test 'x'"):
            self.select("x")


class Results(unittest.TestCase):
    """How outputs are read and judged, without a machine."""

    @staticmethod
    def judged(log, known=None):
        test = runner.Test("net:x.sh", "t")
        runner.read_result(test, log)
        runner.judge(test, known or {})
        return test

    def test_pass(self):
        test = self.judged("TAP version 13\n1..1\n# ok 1 a\n"
                           "ok 1 selftests: net: x.sh\n")
        self.assertEqual((test.state, test.why), ("pass", []))

    def test_no_result_fails(self):
        self.assertEqual(self.judged("TAP version 13\n1..1\n").state, "fail")

    def test_skip_off_record_fails(self):
        log = "ok 1 selftests: net: x.sh # SKIP\n"
        self.assertEqual(self.judged(log).state, "fail")

    def test_skip_on_record(self):
        log = "ok 1 selftests: net: x.sh # SKIP\n"
        known = {("net:x.sh", "*"): ("skip", "no hardware")}
        self.assertEqual(self.judged(log, known).state, "skip")

    def test_part_that_skips_inside_of_a_pass_fails(self):
        log = "# ok 1 a # SKIP no tool\nok 1 selftests: net: x.sh\n"
        test = self.judged(log)
        self.assertEqual((test.state, test.why), ("fail", ["a: skip"]))

    def test_new_failure_beside_a_known_one_fails(self):
        log = ("# not ok 1 a\n# not ok 2 b\n"
               "not ok 1 selftests: net: x.sh # exit=1\n")
        known = {("net:x.sh", "*"): ("fail", "old"),
                 ("net:x.sh", "a"): ("fail", "old")}
        self.assertEqual(self.judged(log, known).state, "fail")
        known["net:x.sh", "b"] = ("fail", "old")
        self.assertEqual(self.judged(log, known).state, "skip")

    def test_shell_style(self):
        log = ("# TEST: one                            [START]\n"
               "# TEST: one thing                      [ OK ]\n"
               "# TEST: another thing                  [FAIL]\n"
               "# TEST: a third                        [NOMOD]\n"
               "not ok 1 selftests: net: x.sh # exit=1\n")
        self.assertEqual(self.judged(log).parts,
                         {"one thing": "pass", "another thing": "fail",
                          "a third": "skip"})

    def test_splats(self):
        for line in ("[ 1.0] WARNING: net/core/dev.c:1 at f+0x1/0x2, CPU#0",
                     "[ 1.0] BUG: KASAN: slab-use-after-free in f",
                     "[ 1.0] WARNING: possible recursive locking detected",
                     "unreferenced object 0xffff888003d0a000 (size 64):",
                     "[ 1.0] refcount_t: underflow; use-after-free.",
                     "[ 1.0] UBSAN: array-index-out-of-bounds in f.c:1:2"):
            self.assertTrue(runner.SPLAT.search(line), line)
        for line in ("[ 1.0] TCP: request_sock_TCP: Possible SYN flooding",
                     "[ 1.0] warning: `x' uses deprecated feature",
                     "[ 1.0] br0: port 1(va) entered disabled state"):
            self.assertFalse(runner.SPLAT.search(line), line)

    def test_phantom_of_the_emulator(self):
        oops = ("[ 567.3] Oops: int3: 0000 [#1] SMP NOPTI\n"
                "[ 567.3] RIP: 0010:netif_rx_internal+0x1e/0x110\n"
                "[ 567.3] Code: 90 31 c0 {} <90> 0f 1f 44 00 00 eb 54\n")
        self.assertTrue(runner.PHANTOM_INT3.search(oops.format("66")))
        self.assertFalse(runner.PHANTOM_INT3.search(oops.format("cc")))
        self.assertFalse(runner.PHANTOM_INT3.search(
            oops.format("66").replace("int3", "general protection fault")))


if __name__ == "__main__":
    unittest.main(verbosity=2)

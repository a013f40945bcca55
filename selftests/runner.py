#!/usr/bin/env python3
"""Runs KUnit suites and kernel selftests in virtual machines.

Called by scripts/test, which builds what is needed and passes the command line
of the machine. A test that hangs or kills its guest fails, and a fresh guest
runs the rest. After each test the kernel's log is read: a splat fails the test
that caused it.
"""

import argparse
import dataclasses
import fnmatch
import json
import os
import pathlib
import queue
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent

# What the kernel prints when it found a bug in itself.
SPLAT = re.compile(
    r"WARNING: |BUG: |BUG kmalloc|\bOops\b|kernel BUG at|Kernel panic|"
    r"KASAN:|KCSAN:|KFENCE:|UBSAN:|general protection fault|"
    r"INFO: task .* blocked|INFO: possible|possible recursive locking|"
    r"rcu.* (?:self-)?detected stall|suspicious RCU usage|"
    r"refcount_t:|ref_tracker:|unreferenced object|leaked reference|"
    r"DEBUG_LOCKS_WARN|inconsistent lock state|sleeping function called|"
    r"scheduling while atomic|ODEBUG:|unregister_netdevice: waiting for|"
    r"Dead loop on|\] RIP: ")

# The breakpoint trap of an instruction that is none: the byte before the marked
# one is not cc. QEMU's TCG drops the translation of a page before it writes to
# the page, so that another CPU can translate, and keep, what stood there before;
# the kernel's patching of its own code (static keys, ftrace) writes an int3 first.
# CPUs that take turns cannot.
PHANTOM_INT3 = re.compile(
    r"Oops: int3: (?:.*\n){1,12}?.*Code:(?: [0-9a-f]{2})* (?!cc)[0-9a-f]{2} <")
PHANTOMS = 3

# What the sanitizers of a QEMU print when a device of it is wrong.
SANITIZER = re.compile(r"ERROR: (?:Address|Leak)Sanitizer|runtime error: ")

# The settings of a test that have few values.
CHOICES = {"only": ("long", "normal", "debug"), "also": ("debug",),
           "cpus": ("turns",), "device": ("82599",)}

STATES = {"pass": "ok", "fail": "FAIL", "skip": "skip"}


def colour(code, text):
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\033[{code}m{text}\033[0m"
    return text


@dataclasses.dataclass
class Test:
    """One line of a list: an entry, and how it is run."""

    entry: str
    topic: str
    timeout: int = 120
    setup: str = ""
    args: str = ""
    long_args: str = ""
    only: str = ""
    also: str = ""
    cpus: str = ""
    device: str = ""
    env: dict = dataclasses.field(default_factory=dict)
    # The outcome
    state: str = ""
    why: list = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    decoded: str = ""
    phantom: bool = False
    parts: dict = dataclasses.field(default_factory=dict)
    # What the record says does not pass, and did
    better: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return self.entry.split(":", 1)[1]

    @property
    def machine(self):
        """What sort of guest it runs in."""
        return self.cpus, self.device

    def directory(self):
        return re.sub(r"[^A-Za-z0-9_.-]", "_", self.entry)

    def fail(self, why):
        self.state = "fail"
        self.why.append(why)


def read_list(path, topic):
    tests = []
    text = path.read_text().replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), 1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        test = Test(words[0], topic)
        if ":" not in words[0]:
            sys.exit(f"{path}:{number}: '{words[0]}' is not COLLECTION:TEST")
        for word in words[1:]:
            key, _, value = word.partition("=")
            if key.isupper():
                test.env[key] = value
            elif key in ("setup", "args", "long_args") or \
                    value in CHOICES.get(key, ()):
                setattr(test, key, value)
            elif key == "timeout" and value.isdigit():
                test.timeout = int(value)
            else:
                sys.exit(f"{path}:{number}: '{word}' is no setting that a test has")
        tests.append(test)
    return tests


def read_known(path):
    """What fails or skips on the unpatched base: (entry, part) -> (state, why)."""
    known = {}
    if path and path.exists():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 4 or fields[2] not in ("fail", "skip"):
                sys.exit(f"{path}:{number}: expected "
                         "ENTRY | PART | fail or skip | REASON")
            known[fields[0], fields[1]] = (fields[2], fields[3])
    return known


# The results inside of a test's output: KTAP, indented or behind the runner's
# "# ", and the [ OK ] style of the shell tests.
KTAP = re.compile(r"^[#\s]*(not ok|ok) \d+\s*-?\s*(.*)$")
SHELL = re.compile(r"^[#\s]*TEST: (.*?)\s*\[\s*(?!START)([A-Z]+)\s*\]")
TOP = re.compile(r"^(not ok|ok) \d+ (?:selftests: )?(.*)$")


def ktap_state(word, rest):
    directive = re.search(r"#\s*(SKIP|XFAIL|TODO)\b", rest, re.I)
    if directive:
        return "skip" if directive[1].upper() == "SKIP" else "pass"
    return "pass" if word == "ok" else "fail"


def read_result(test, log):
    """Sets the state of a test from its output; nothing said is a failure."""
    top = None
    for line in log.splitlines():
        match = TOP.match(line)
        if match:
            top = ktap_state(match[1], match[2])
            if top == "fail":
                test.why.append(line.split("#", 1)[-1].strip()
                                if "#" in line else "failed")
            continue
        match = KTAP.match(line)
        if match:
            name = match[2].split(" #")[0].strip() or "unnamed"
            test.parts[name] = ktap_state(match[1], match[2])
            continue
        match = SHELL.match(line)
        if match:
            test.parts[match[1]] = {"OK": "pass", "XFAIL": "pass",
                                    "FAIL": "fail"}.get(match[2], "skip")
    if top is None:
        test.fail("no result in its output")
    else:
        test.state = top


def judge(test, known):
    """Compares a result with the record of the unpatched base."""
    odd = []
    bad = {name: state for name, state in test.parts.items() if state != "pass"}
    if test.state != "pass":
        bad["*"] = test.state
    test.better = [part for entry, part in known
                   if entry == test.entry and part not in bad]
    for name, state in bad.items():
        record = known.get((test.entry, name))
        if record is None or record[0] != state:
            odd.append((name, state))
    if test.state == "pass" and not odd:
        return
    if odd:
        named = [f"{name}: {state}" for name, state in odd if name != "*"]
        if test.state == "skip" and not named:
            named = ["skipped, which is not on record"]
        test.state = "fail"
        test.why += named[:10]
        if len(named) > 10:
            test.why.append(f"and {len(named) - 10} more")
    else:
        reasons = {known[test.entry, name][1] for name in bad}
        test.state = "skip"
        test.why = ["as on the unpatched base: " + "; ".join(sorted(reasons))]


class Guest:
    """A virtual machine with the agent in it."""

    def __init__(self, options, number, machine=("", "")):
        self.options = options
        self.number = number
        self.ran = []
        self.machine = machine
        self.dir = options.logs / f"guest{number}"
        self.share = self.dir / "share"
        self.share.mkdir(parents=True)
        (self.share / "out").mkdir()
        shutil.copy(HERE / "guest" / "agent", self.share / "run")
        (self.share / "run").chmod(0o755)
        shutil.copy(HERE / "guest" / "init", self.share / "init")
        self.console = self.dir / "console.log"
        # A socket's path is at most 107 bytes long; the directory may be deep.
        self.listener = socket.socket(socket.AF_UNIX)
        self.path = f"/tmp/samehost-{os.getpid()}-{number}.sock"
        self.process = None
        self.port = None
        self.buffer = b""

    def qemu(self):
        """The command of its machine."""
        cpus, device = self.machine
        command = [word.replace("@SHARE@", str(self.share))
                   for word in self.options.qemu[device]]
        if cpus == "turns":
            command = [word.replace("thread=multi", "thread=single")
                       for word in command]
        return command

    def parallel(self):
        """Does QEMU emulate its CPUs at the same time?"""
        return any("thread=multi" in word for word in self.qemu())

    def start(self):
        self.listener.bind(self.path)
        self.listener.listen(1)
        command = self.qemu()
        command += ["-serial", "stdio", "-device", "virtio-serial-pci",
                    "-chardev", f"socket,id=agent,path={self.path}",
                    "-device", "virtserialport,chardev=agent,nr=1"]
        with open(self.console, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True)
        self.listener.settimeout(20)
        try:
            self.port, _ = self.listener.accept()
        except TimeoutError:
            return "QEMU did not start"
        finally:
            os.unlink(self.path)
        if self.wait_for("ready", self.options.boot_timeout) is None:
            return "the guest did not boot"
        runs = self.read(self.share / "out" / "release").strip()
        built = self.read(self.options.build / "include/config/kernel.release")
        if runs != built.strip():
            return f"the guest runs Linux {runs}, and {built.strip()} was built"
        return None

    def wait_for(self, word, timeout):
        """Returns the line that starts with word, None when none came."""
        end = time.monotonic() + timeout
        while True:
            while b"\n" in self.buffer:
                line, self.buffer = self.buffer.split(b"\n", 1)
                line = line.decode(errors="replace").strip()
                if line.startswith(word):
                    return line
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.port.settimeout(min(left, 1))
            try:
                data = self.port.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                data = b""
            if not data:
                return None
            self.buffer += data

    def run(self, test):
        """Returns False when the guest can run no more tests."""
        self.ran.append(test.entry)
        out = self.share / "out" / test.directory()
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        timeout = test.timeout * self.options.slow
        if self.options.long:
            timeout *= 4
        args = test.args
        if self.options.long and test.long_args:
            args = test.long_args
        env = dict(test.env, KSFT_MACHINE_SLOW="yes")
        if self.options.long:
            env["KSFT_LONG"] = "1"
        name = re.sub(r"[^A-Za-z0-9]", "_", test.name).upper()
        env[f"KSELFTEST_{name}_ARGS"] = args.strip("-") and args
        lines = [f"ENTRY={shlex.quote(test.entry)}", f"TIMEOUT={timeout}",
                 f"SETUP={shlex.quote(test.setup)}"]
        lines += [f"export {k}={shlex.quote(v)}" for k, v in env.items()]
        (out / "job").write_text("\n".join(lines) + "\n")

        before = self.console.stat().st_size
        start = time.monotonic()
        self.port.sendall((test.directory() + "\n").encode())
        done = self.wait_for("done", timeout + 30 * self.options.slow)
        test.seconds = time.monotonic() - start

        log = self.read(out / "log")
        dmesg = self.read(out / "dmesg")
        alive = done is not None
        if alive:
            read_result(test, log)
            judge(test, self.options.known)
        else:
            time.sleep(1)
            dmesg = self.console.read_bytes()[before:].decode(errors="replace")
            if self.process.poll() is None:
                test.fail(f"hung: no end after {int(test.seconds)} s")
            else:
                test.fail("the guest died")
        splat = SPLAT.search(dmesg)
        if splat:
            at = splat.start()
            first = dmesg[dmesg.rfind("\n", 0, at) + 1:].split("\n", 1)[0]
            test.fail(f"splat: {first.strip()}")
            test.decoded = self.decode(dmesg)
            phantom = PHANTOM_INT3.search(dmesg)
            test.phantom = bool(phantom) and \
                not SPLAT.search(dmesg[:phantom.start()])
        wrong = SANITIZER.search(
            self.console.read_bytes()[before:].decode(errors="replace"))
        if wrong:
            test.fail(f"QEMU: {wrong[0].strip()}; console: {self.console}")
        self.keep(test, out)
        if not alive:
            self.kill()
        return alive

    @staticmethod
    def read(path):
        try:
            return path.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def keep(self, test, out):
        to = self.options.logs / test.directory()
        if to.exists():
            shutil.rmtree(to)
        shutil.copytree(out, to)
        if test.decoded:
            (to / "decoded").write_text(test.decoded)

    def decode(self, text):
        """The trace with file:line, by the kernel's own script."""
        vmlinux = self.options.build / "vmlinux"
        script = self.options.source / "scripts" / "decode_stacktrace.sh"
        lines = text.splitlines()
        hits = [i for i, line in enumerate(lines) if SPLAT.search(line)]
        if not hits or not vmlinux.exists():
            return ""
        part = "\n".join(lines[max(0, hits[0] - 2):hits[0] + 80]) + "\n"
        try:
            done = subprocess.run(
                [script, vmlinux, self.options.source, self.options.build],
                input=part, capture_output=True, text=True, check=False,
                timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            return f"{part}not decoded: {error}\n"
        return done.stdout or part

    def kill(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self):
        """Powers the guest off; returns what was wrong with that."""
        if self.process.poll() is not None:
            return None
        try:
            self.port.sendall(b"quit\n")
            self.process.wait(90 * self.options.slow)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()
            return "the guest did not shut down"
        return None


class Runner:
    def __init__(self, options, tests):
        self.options = options
        self.todo = queue.Queue()
        for test in tests:
            self.todo.put(test)
        self.tests = tests
        self.total = len(tests)
        self.done = []
        self.guests = []
        self.number = 0
        self.phantoms = 0
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def guest(self, machine):
        with self.lock:
            self.number += 1
            guest = Guest(self.options, self.number, machine)
            self.guests.append(guest)
        return guest

    def report(self, test):
        with self.lock:
            self.done.append(test)
            state = {"pass": colour(32, "ok  "), "fail": colour(31, "FAIL"),
                     "skip": colour(33, "skip")}[test.state]
            print(f"{state} {test.entry} ({test.seconds:.0f} s)"
                  f"  [{len(self.done)}/{self.total}]", flush=True)
            for why in test.why:
                print(f"     {why}", flush=True)
            for part in [] if self.options.debug else test.better:
                print(f"     on record, but passed: {part}", flush=True)
            if test.state == "fail":
                print(f"     log: {self.options.logs / test.directory()}",
                      flush=True)
                for line in test.decoded.splitlines()[:40]:
                    print("     | " + line, flush=True)

    def machine(self, entry, why, text="", guest=None):
        """A failure that belongs to no test of a list."""
        test = Test(entry, "")
        test.fail(why)
        if guest and text:
            test.decoded = guest.decode(text)
        self.total += 1
        self.report(test)

    def excuse(self, test, guest, what):
        """True if a phantom of the emulator explains it: the test runs again
        where there is none. They are rare: who meets many has found something
        else."""
        if not guest.parallel():
            return False
        with self.lock:
            self.phantoms += 1
            if self.phantoms > PHANTOMS:
                return False
            print(f"     {what}: QEMU ran an int3 that memory does not hold;"
                  " again in a guest whose CPUs take turns", flush=True)
        test.cpus = "turns"
        test.timeout *= 2
        return True

    @staticmethod
    def twice(guest, test):
        """Runs a test. A slow machine can fail one of the tree's own that knows
        of real machines only: it gets a second try, as in netdev's CI."""
        alive = guest.run(test)
        if alive and test.state == "fail" and test.topic == "regression" \
                and not test.decoded:
            first = test.why
            test.state, test.why, test.parts = "", [], {}
            alive = guest.run(test)
            test.why.insert(0, f"second try; the first: {'; '.join(first)}")
        return alive

    def work(self):
        guest = None
        failures = 0
        again = None
        while not self.stopped.is_set():
            try:
                test = again or self.todo.get_nowait()
            except queue.Empty:
                break
            again = None
            if guest is not None and guest.machine != test.machine:
                self.shut_down(guest)
                guest = None
            if guest is None:
                guest = self.guest(test.machine)
                why = guest.start()
                if why:
                    guest.kill()
                    text = guest.read(guest.console)
                    again = test
                    if PHANTOM_INT3.search(text) \
                            and self.excuse(test, guest, "guest:boot"):
                        guest = None
                        continue
                    self.machine("guest:boot", f"{why}; console: {guest.console}",
                                 text, guest)
                    guest = None
                    failures += 1
                    if failures == 2:
                        self.todo.put(test)
                        break
                    continue
                boot = guest.read(guest.share / "out" / "boot.dmesg")
                splat = SPLAT.search(boot)
                if splat:
                    self.machine("guest:boot", f"splat at boot: {splat[0]}",
                                 boot, guest)
            try:
                alive = self.twice(guest, test)
            except Exception as error:  # pylint: disable=broad-except
                test.fail(f"the runner failed: {error!r}")
                guest.kill()
                alive = False
            if self.stopped.is_set():
                break
            if test.phantom and not alive \
                    and self.excuse(test, guest, test.entry):
                test.state, test.why, test.parts = "", [], {}
                test.decoded, test.phantom = "", False
                again = test
                guest = None
                continue
            self.report(test)
            # After a splat the kernel is tainted, or worse.
            if alive and test.decoded:
                guest.stop()
                alive = False
            if not alive:
                guest = None
        if guest is not None and not self.stopped.is_set():
            self.shut_down(guest)

    def shut_down(self, guest):
        """A guest that has run its tests."""
        end = guest.console.stat().st_size
        why = guest.stop()
        tail = guest.console.read_bytes()[end:].decode(errors="replace")
        if not why and SPLAT.search(tail):
            why = "splat at shutdown"
        leaks = guest.read(guest.share / "out" / "leaks")
        if not why and SPLAT.search(leaks):
            tail = leaks
            why = f"memory leaked in guest {guest.number} of " + \
                ", ".join(guest.ran)
        if not why and SANITIZER.search(tail):
            why = f"QEMU: {SANITIZER.search(tail)[0].strip()}"
        if why:
            self.machine("guest:shutdown", why, tail, guest)

    def run(self):
        workers = [threading.Thread(target=self.work, daemon=True)
                   for _ in range(min(self.options.guests, self.total))]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                while worker.is_alive():
                    worker.join(0.5)
        finally:
            self.stopped.set()
            for guest in self.guests:
                guest.kill()
        # Whatever became of the workers: what did not run has failed.
        for test in self.tests:
            if not any(test is done for done in self.done):
                test.fail("did not run")
                self.report(test)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path)
    parser.add_argument("--known", type=pathlib.Path)
    parser.add_argument("--lists", type=pathlib.Path, default=HERE)
    parser.add_argument("--slow", type=int, default=1)
    parser.add_argument("--boot-timeout", type=int, default=120)
    parser.add_argument("--guests", type=int, default=1)
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--list-devices", action="store_true")
    parser.add_argument("--loop", type=int, default=1)
    parser.add_argument("--qemu", help="file with the command line, NUL between "
                        "words; with -DEVICE behind its name that of the machine "
                        "with that device")
    parser.add_argument("--tally", type=pathlib.Path)
    parser.add_argument("wanted", nargs="*")
    return parser.parse_args()


def select(options):
    lists = sorted(options.lists.glob("*.list"))
    order = ["fixes", "skip-frag", "rx-steer", "tun-ring", "local-fwd",
             "pktstages", "82599", "regression"]
    lists.sort(key=lambda p: order.index(p.stem) if p.stem in order else 99)
    tests = [test for path in lists for test in read_list(path, path.stem)]
    if options.wanted:
        picked = []
        for want in options.wanted:
            found = [t for t in tests if want == t.topic or
                     fnmatch.fnmatch(t.entry, want) or
                     fnmatch.fnmatch(t.name, want)]
            if not found and any(p.stem == want for p in lists):
                continue
            if not found:
                sys.exit(f"test: no topic or test '{want}'; "
                         "scripts/test --list shows them")
            picked += [t for t in found if t not in picked]
        tests = picked
    else:
        tests = [t for t in tests if not (
            (t.only == "debug" and not options.debug) or
            # What takes long is for those who ask for it
            (not options.long and (
                t.only == "long" or
                (t.only == "normal" and options.debug) or
                (t.topic == "regression" and options.debug and
                 t.also != "debug"))))]
    # KUnit taints the kernel, and there are tests that refuse a tainted one.
    return sorted(tests, key=lambda t: t.entry.startswith("kunit:"))


def main():
    options = parse()
    options.known = read_known(options.known)
    tests = select(options)
    if options.list:
        for test in tests:
            print(f"{test.topic:12} {test.entry}")
        return 0
    if options.list_devices:
        print("\n".join({test.device for test in tests} - {""}))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.qemu = {
        device: pathlib.Path(name).read_text(encoding="utf-8").split("\0")[:-1]
        for device in {test.device for test in tests}
        for name in [options.qemu + (device and f"-{device}")]}

    start = time.monotonic()
    logs = options.logs
    failed = []
    for turn in range(options.loop):
        options.logs = logs / f"turn{turn + 1}" if options.loop > 1 else logs
        options.logs.mkdir(parents=True, exist_ok=True)
        fresh = [dataclasses.replace(t, why=[], parts={}, better=[]) for t in tests]
        runner = Runner(options, fresh)
        runner.run()
        failed = [t for t in runner.done if t.state == "fail"]
        if failed:
            break
        if options.loop > 1:
            print(f"turn {turn + 1} of {options.loop} passed", flush=True)

    count = {state: sum(t.state == state for t in runner.done)
             for state in STATES}
    results = [{"test": t.entry, "topic": t.topic, "state": t.state,
                "why": t.why, "seconds": round(t.seconds, 1),
                "parts": t.parts} for t in runner.done]
    (logs / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    if failed:
        print("\nFailed:")
        for test in failed:
            print(f"  {test.entry}: {'; '.join(test.why)}")
    print(f"\nLogs: {logs}, {time.monotonic() - start:.0f} s")
    if options.tally:
        options.tally.write_text(" ".join(str(count[s]) for s in STATES) + "\n")
    else:
        print(f"{count['pass']} passed, {count['fail']} failed, "
              f"{count['skip']} skipped")
    return 1 if count["fail"] or not runner.done else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted; no result", file=sys.stderr)
        sys.exit(130)

#!/usr/bin/env python3
"""Measures the cases of the table `cases`, a virtual machine for each.

Called by scripts/bench, which builds the kernels and the guest's program. The
boots for the exact figures run side by side; those for wall-clock time run one
at a time.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shlex
import signal
import statistics
import subprocess
import sys
import time

import report

HERE = pathlib.Path(__file__).resolve().parent

ROUNDS = 9              # of one boot; the cheapest counts
WALL_ROUNDS = 3
WALL_PAIRS = 10
TIMEOUT = 300           # seconds for one boot

# One instruction is one nanosecond, idle time is skipped, and nothing comes
# from the host. Without erms and fsrm a copy is a loop that can be counted;
# with them it would be one instruction for each byte.
EXACT = ["-accel", "tcg", "-icount", "shift=0,sleep=off",
         "-rtc", "base=2026-01-01T00:00:00,clock=vm", "-seed", "1",
         "-cpu", "max,-erms,-fsrm"]
# The APIC timer's calibration spins for 200 ms of guest time, which takes
# longer than all the rest of an exact boot; the tick comes from the HPET.
APPEND = ["console=ttyS0", "nokaslr", "norandmaps", "nolapic_timer",
          "panic=-1", "panic_on_warn=1"]
# The variants that run the patched kernel
PATCHED = ("off", "off-again", "on")


def fail(why):
    sys.exit(f"bench: {why}")


@dataclasses.dataclass
class Case:
    """One line of the table."""

    name: str
    topic: str
    unit: str
    cpus: int
    variants: list
    program: list


def read_cases():
    cases = []
    path = HERE / "cases"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if len(words) < 6 or not words[3].isdigit():
            fail(f"{path}:{number}: expected "
                 "CASE TOPIC UNIT VCPUS VARIANTS PROGRAM ARGUMENT...")
        cases.append(Case(*words[:3], int(words[3]), words[4].split(","),
                          words[5:]))
    return cases


def select(names):
    cases = read_cases()
    known = {"all"}
    known.update(case.name for case in cases)
    known.update(case.topic for case in cases)
    for name in names:
        if name not in known:
            fail(f"no case and no topic with cases is called '{name}'; "
                 "see scripts/bench --list")
    if not names or "all" in names:
        return cases
    return [c for c in cases if c.name in names or c.topic in names]


@dataclasses.dataclass
class Boot:
    """One case in one state: a virtual machine, and what came out of it."""

    case: Case
    variant: str
    again: bool = False
    processor: int = -1
    rounds: list = dataclasses.field(default_factory=list)
    why: str = ""

    @property
    def name(self):
        return f"{self.case.name}, {self.variant}" + (
            " again" if self.again else "")

    @property
    def value(self):
        return min(self.rounds)

    def log(self, directory):
        again = "-again" if self.again else ""
        return directory / f"{self.case.name}-{self.variant}{again}.log"

    def command(self, args, machine, rounds, console, quiet=True):
        patched = self.variant in PATCHED
        words = [str(rounds), self.variant, *self.case.program]
        append = [*APPEND, *args.append.split(), *(["quiet"] if quiet else []),
                  f'BENCH="{" ".join(words)}"']
        return [args.qemu, *machine, "-machine", "q35,sata=off",
                "-smp", str(self.case.cpus), "-m", "512M", "-nodefaults",
                "-display", "none", "-no-reboot", "-serial", console,
                "-kernel", args.patched if patched else args.base,
                "-initrd", args.initrd, "-append", " ".join(append)]

    def read(self, log):
        """Takes the result from the console; sets why when there is none."""
        text = log.read_text(errors="replace")
        found = re.search(r"^bench: samples (\d+) sums([ \d]+)\s*$", text,
                          re.M)
        if found:
            self.rounds = [int(word) / int(found[1])
                           for word in found[2].split()]
            return
        found = re.search(r"^bench: failed: (.*\S)", text, re.M)
        panic = re.search(r"(?:Kernel panic|BUG:|Oops).*\S", text)
        self.why = (found[1] if found else panic[0] if panic
                    else "the guest ended without a result")


def run_boots(boots, args, machine, rounds, jobs):
    """Runs the boots, `jobs` at a time; leaves none behind, come what may.

    In an exact boot only one of QEMU's threads has work at a time. Kept on one
    processor they also take turns, which leaves no room for races.
    """
    waiting, running, done = list(boots), [], 0
    processors = sorted(os.sched_getaffinity(0))
    directory = pathlib.Path(args.logs)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                boot = waiting.pop(0)
                log = boot.log(directory)
                log.unlink(missing_ok=True)
                command = boot.command(args, machine, rounds, f"file:{log}")
                if machine is EXACT:
                    busy = {entry[0].processor for entry in running}
                    free = [p for p in processors if p not in busy]
                    boot.processor = (free or processors)[0]
                    command[:0] = ["taskset", "-c", str(boot.processor)]
                running.append((boot, log, time.monotonic(), subprocess.Popen(
                    command, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)))
            time.sleep(0.05)
            for entry in list(running):
                boot, log, start, process = entry
                seconds = time.monotonic() - start
                if process.poll() is None:
                    if seconds < TIMEOUT:
                        continue
                    process.kill()
                    process.wait()
                    boot.why = f"no result within {TIMEOUT} s"
                elif process.returncode:
                    text = process.stderr.read().decode(errors="replace")
                    boot.why = (text.strip() or
                                f"QEMU ended with {process.returncode}")
                else:
                    boot.read(log)
                process.stderr.close()
                running.remove(entry)
                done += 1
                result = (f"FAILED: {boot.why}; see {log}" if boot.why else
                          f"{boot.value:,.0f}")
                print(f"    [{done}/{len(boots)}] {boot.name}: {result} "
                      f"({seconds:.1f} s)", file=sys.stderr, flush=True)
    finally:
        for _, _, _, process in running:
            process.kill()
            process.wait()


def exact(cases, args):
    """Returns the rows, the tables' cases, and the failures."""
    boots = []
    for case in cases:
        boots += [Boot(case, "base"), Boot(case, "base", again=True)]
        boots += [Boot(case, variant) for variant in case.variants]
    run_boots(boots, args, EXACT, ROUNDS, args.jobs)

    failures, results, scatter = [], [], 0.0
    for case in cases:
        ours = [boot for boot in boots if boot.case is case]
        failures += [f"{boot.name}: {boot.why}" for boot in ours if boot.why]
        if any(boot.why for boot in ours):
            continue
        base, again = ours[0], ours[1]
        if base.rounds != again.rounds:
            failures.append(f"{case.name}: base is {base.value:.2f}, and "
                            f"{again.value:.2f} in a second boot")
            continue
        for boot in ours:
            scatter = max(scatter, statistics.median(boot.rounds) /
                          boot.value - 1)
        values = {boot.variant: round(boot.value)
                  for boot in ours if not boot.again}
        results.append(report.Result(case.name, case.topic, case.unit, values,
                                     again.value - base.value))
    rows = [{"topic": r.topic, "case": r.case, "variant": variant,
             "unit": r.unit, "value": value}
            for r in results for variant, value in r.values.items()]
    rows.sort(key=lambda row: (row["topic"], row["case"], row["variant"]))
    return rows, results, scatter, failures


def wall(cases, args):
    """Ratios of wall-clock time: each pair ran one after the other."""
    machine = ["-accel", args.accel, "-cpu", "max"]
    rows, failures = [], []
    for case in cases:
        ratios = {}
        for pair in range(WALL_PAIRS):
            boots = [Boot(case, "base"), Boot(case, "base", again=True),
                     *(Boot(case, variant) for variant in case.variants)]
            order = boots if pair % 2 == 0 else boots[::-1]
            run_boots(order, args, machine, WALL_ROUNDS, 1)
            bad = [f"{boot.name}: {boot.why}" for boot in boots if boot.why]
            if bad:
                failures += bad
                break
            base = statistics.median(boots[0].rounds)
            for boot in boots[1:]:
                name = "base again" if boot.again else boot.variant
                ratios.setdefault(name, []).append(
                    statistics.median(boot.rounds) / base)
        else:
            rows += [{"topic": case.topic, "case": case.name,
                      "variant": name, "unit": "time/base",
                      "value": round(statistics.median(values), 3),
                      "lowest": round(min(values), 3),
                      "highest": round(max(values), 3),
                      "pairs": len(values), "accel": args.accel}
                     for name, values in ratios.items()]
    return rows, failures


def shown(cases, args):
    """The boot that --show names."""
    name, _, variant = args.show.partition(":")
    variant = variant or "base"
    case = next((c for c in cases if c.name == name), None)
    if not case or variant not in ("base", *case.variants):
        fail(f"no case and variant '{args.show}'; see scripts/bench --list")
    return Boot(case, variant)


def show_one(boot, args):
    """One boot with its console on the terminal."""
    command = boot.command(args, EXACT, ROUNDS, "stdio", quiet=False)
    print(shlex.join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, stdin=subprocess.DEVNULL,
                          check=False).returncode


def write(path, text):
    """Whole or not at all."""
    new = pathlib.Path(f"{path}.new")
    try:
        new.write_text(text)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        fail(f"cannot write {path}: {error.strerror}")


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--append", default="")
    parser.add_argument("--show")
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("--wall")
    for name in ("base", "patched", "initrd", "logs", "compiler", "release"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--accel", default="tcg,thread=multi")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    args.qemu = "qemu-system-x86_64"

    cases = select(args.names)
    if args.list:
        if args.show:
            shown(cases, args)
        for case in cases:
            print(f"{case.name:20} {case.topic:12} {case.unit:12} "
                  f"base,{','.join(case.variants)}")
        return 0
    if args.show:
        return show_one(shown(cases, args), args)

    rows, results, scatter, failures = exact(cases, args)
    extra = ["--append", args.append] if args.append else []
    qemu = subprocess.run([args.qemu, "--version"], check=True, text=True,
                          capture_output=True).stdout.splitlines()[0]
    sys.stdout.write(report.markdown(results))
    sys.stdout.write(report.notes(
        command=shlex.join(["scripts/bench", *extra, *args.names]), qemu=qemu,
        machine=" ".join(EXACT), compiler=args.compiler, release=args.release,
        scatter=scatter))
    sys.stdout.flush()
    if args.json:
        write(args.json, report.json_rows(rows))
    if args.svg:
        write(args.svg, report.svg(results))
    if args.wall:
        timed, bad = wall(cases, args)
        failures += bad
        write(args.wall, report.json_rows(timed))
        sys.stdout.write(report.wall_markdown(timed))
    for failure in failures:
        print(f"bench: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("bench: interrupted; nothing was written")

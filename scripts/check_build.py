"""scripts/check --build: what a patch touches builds as well as before."""

import copy
import os
import re
import subprocess
import time

from check import CACHE, ENV, JOBS, ROOT, blob, digest, git, lib, \
    new_findings, run, say

SOURCE = CACHE / "src/check"
FLAVOURS = {    # how each is made, and with what
    # The sparse of Debian does not know the keyword, and the kernel would
    # leave it out with no more than a warning.
    "gcc": ["W=1", "C=1", "CHECK=sparse -D__typeof_unqual__=__typeof__",
            "CC=ccache gcc"],
    "32-bit": ["W=1", "ARCH=i386", "CC=ccache gcc"],
    "clang": ["W=1", "LLVM=-19", "CC=ccache clang-19"],
}
BUILD_ENV = {**ENV, "CCACHE_DIR": str(CACHE / "ccache"), "CCACHE_BASEDIR": "/",
             "CCACHE_NOHASHDIR": "1", "CCACHE_COMPRESS": "1",
             "CCACHE_MAXSIZE": "10G"}


class Build:
    """A build directory in which single objects are made."""

    def __init__(self, flavour, series):
        self.args = FLAVOURS[flavour]
        self.dir = CACHE / "build" / f"check-{flavour}"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.fragments = [f for f in (
            ROOT / "configs" / f"{name}.config"
            for topic in ["base", "check", f"check-{flavour}", *series.topics]
            for name in (topic, f"{topic}.kunit")) if f.exists()]
        self.configured = None

    def make(self, *args):
        return run("make", "-s", "-k", "-j", JOBS, "-C", SOURCE,
                   f"O={self.dir}", "LOCALVERSION=-check", *self.args, *args,
                   env=BUILD_ENV)

    def configure(self, commit):
        """The configuration, again for another set of Kconfig files."""
        changed = self.configured is None or git(
            "diff", "--name-only", self.configured, commit, "--",
            ":(glob)**/Kconfig*")
        self.configured = commit
        if not changed:
            return
        words = [a for a in self.args if re.match("ARCH|LLVM", a)]
        rc, out = run("env", *words, f"KCONFIG_CONFIG={self.dir}/.config",
                      "scripts/kconfig/merge_config.sh", "-Q", "-n", "-O",
                      self.dir, *self.fragments, cwd=SOURCE, env=BUILD_ENV)
        if rc:
            raise RuntimeError(f"configuring {self.dir.name}: {out[-300:]}")

    def objects(self, commit, sources):
        """Makes these again; the lines that warn, by their kernel path."""
        checkout(commit)
        self.configure(commit)
        objects = [s[:-2] + ".o" for s in sources]
        for name in objects:
            (self.dir / name).unlink(missing_ok=True)
        rc, out = self.make(*objects)
        found = []
        for line in out.split("\n"):
            m = re.match(r"(\S+?\.[chS]|\S*Kconfig\S*):(\d+):(?:\d+:)? *"
                         r"((?:fatal )?(?:warning|error): .*|warning.*)", line)
            if m:
                path = os.path.relpath(os.path.join(self.dir, m[1]), SOURCE)
                # What Debian's sparse says of every MODULE_LICENSE()
                if "bad constant expression" in m[3] and \
                        line_of(path, m[2]).startswith("MODULE_"):
                    continue
                found.append(f"{path}:{m[2]}: {m[3]}")
        if "C=1 specified, but" in out:
            found.append("scripts/check_build.py:1: error: no sparse here")
        found += self.divisions(sources)
        if rc and not any("error: " in line for line in found):
            found.append("make fails: " + " | ".join(
                out.strip().split("\n")[-3:]))
        return list(dict.fromkeys(found))

    def divisions(self, sources):
        """A 32-bit kernel has no division of 64 bits by an operator."""
        if "ARCH=i386" not in self.args:
            return []
        found = []
        for source in sources:
            _, out = run("nm", "-u", self.dir / f"{source[:-2]}.o")
            found += [f"{source}:1: error: calls {name}, which there is not"
                      for name in re.findall(r"\b__u?(?:div|mod)di3\b", out)]
        return found


def line_of(path, number):
    lines = (SOURCE / path).read_text(errors="replace").split("\n")
    return lines[int(number) - 1]


def checkout(commit):
    rc, out = lib("checkout", "check", commit)
    if rc:
        raise RuntimeError(out.strip())


def is_kernel_source(file):
    return file.endswith(".c") and not file.startswith(
        ("tools/", "Documentation/", "samples/", "scripts/", "usr/"))


def symbol_of(commit, source):
    """The symbol that a file's own object is made for, if any."""
    folder, name = os.path.split(source)
    m = re.search(rf"^obj-\$\((CONFIG_\w+)\)\s*\+=.*\b{name[:-2]}\.o",
                  blob(commit, f"{folder}/Makefile"), re.M)
    return m[1] if m else None


def sources_of(patch, topic_files):
    """What a patch touches; with a header, all that its topic touches."""
    touched = [f for f in patch.files if is_kernel_source(f)]
    if patch.select("*.h"):
        touched = sorted({*touched, *topic_files})
    have = set(git("ls-tree", "-r", "--name-only", patch.after, "--",
                   *touched).split()) if touched else set()
    return [f for f in touched if f in have]


def tree(commit):
    """What the results depend on: not the messages."""
    return git("rev-parse", f"{commit}^{{tree}}").strip()


def in_patch(patch, line, flavour):
    m = re.match(r"([^:\s]+):(\d+): (.*)", line)
    if m:
        return patch.in_file(m[1], m[2], f"{m[3]} ({flavour})")
    return patch.finding(1, f"{line} ({flavour})")


def build_patch(build, flavour, patch, sources):
    say(f"{flavour}: {patch.name} ({len(sources)} objects)")
    after = build.objects(patch.after, sources)
    if not after:
        return []
    old = [s for s in sources if blob(patch.before, s)]
    before = build.objects(patch.before, old) if old else []
    return [in_patch(patch, line, flavour)
            for line in new_findings(before, after)]


def dependents(commit, patches):
    """Files beside those that a topic touches that include its headers."""
    headers = {os.path.basename(f) for p in patches for f in p.select("*.h")}
    files = {f for p in patches for f in p.files if is_kernel_source(f)}
    if headers:
        rule = "|".join(map(re.escape, sorted(headers)))
        folders = sorted({os.path.dirname(f) + "/*.c" for f in files})
        rc, out = run("git", f"--git-dir={CACHE}/linux.git", "grep", "-lE",
                      rf"#include .*[/<\"]({rule})[>\"]", commit, "--",
                      *[f":(glob){f}" for f in folders])
        if rc == 0:
            files |= {line.split(":", 1)[1] for line in out.split()}
    have = git("ls-tree", "-r", "--name-only", commit, "--",
               *sorted(files)).split() if files else []
    return sorted(have)


def texts(build, sources):
    """The machine code of objects, without what it refers to."""
    found = {}
    for source in sources:
        name = f"{source[:-2]}.o"
        rc, out = run("objdump", "-hw", name, cwd=build.dir)
        code = re.findall(r"^ +\d+ (\S+) .*\bCODE\b", out, re.M)
        if not rc and code:
            rc, out = run("objdump", "-s", *[f"-j{c}" for c in code], name,
                          cwd=build.dir)
        if rc or not code:
            raise RuntimeError(f"no machine code in {name}: {out.strip()}")
        found[source] = out
    return found


def build_without(build, patches, symbol, sources):
    """Findings about code that differs though the symbol is not set."""
    before, after = patches[0].before, patches[-1].after
    sources = sorted({s for s in sources if blob(before, s) and blob(after, s)})
    say(f"{patches[0].topic}: the same code without {symbol} "
        f"({len(sources)} objects)")
    # ASSERT_RTNL() passes the number of its line, which is not what is meant
    build.configured = None
    build = copy.copy(build)
    build.args = [*build.args,
                  "KCFLAGS=-Wno-builtin-macro-redefined -D__LINE__=1"]
    code = []
    for commit in (before, after):
        # The symbol is not known to the first of the two
        value = set_symbol(build, commit, symbol, "n")
        if value != "n":
            return [f"series:1: {symbol} cannot be n"]
        build.objects(commit, sources)
        code.append(texts(build, sources))
    return [f"{s}:1: the code differs from that before the topic ({symbol}=n)"
            for s in sources if code[0][s] != code[1][s]]


def set_symbol(build, commit, symbol, value):
    """Configures with a value for a symbol; the value that it got."""
    checkout(commit)
    build.configured = None
    build.configure(commit)
    config = build.dir / ".config"
    text = re.sub(rf"^(# )?{symbol}[= ].*\n", "", config.read_text(),
                  flags=re.M)
    config.write_text(text + (f"# {symbol} is not set\n" if value == "n"
                              else f"{symbol}={value}\n"))
    build.make("olddefconfig")
    state = re.search(rf"^{symbol}=(.)", config.read_text(), re.M)
    return state[1] if state else "n"


def build_symbol(build, mine, tip, symbol, sources):
    """Findings with the symbol y, m (if it can be) and n, that were not there
    before the topic. Of what includes its headers not all can be built."""
    found = []
    start = mine[0].before
    for value in "ymn":
        set_symbol(build, start, symbol, "n")
        before = build.objects(start, [s for s in sources if blob(start, s)])
        if set_symbol(build, tip, symbol, value) != value:
            if value != "m":
                found.append(f"series:1: {symbol} cannot be {value}")
            continue
        config = (build.dir / ".config").read_text()
        these = [s for s in sources if not symbol_of(tip, s)
                 or f"\n{symbol_of(tip, s)}=" in config]
        say(f"{mine[0].topic}: {symbol}={value} ({len(these)} objects)")
        found += [f"{line} ({symbol}={value})" for line in
                  new_findings(before, build.objects(tip, these))]
    build.configured = None
    return found


def check(ctx, results, patches):
    patches = [p for p in patches if p.after]
    if not patches:
        return
    rc, out = lib("need_space", "4", "building what the patches touch")
    if rc:
        raise SystemExit(out.strip())
    start = time.monotonic()
    tools = digest(*[subprocess.run([t, "--version"], capture_output=True,
                                    check=False).stdout for t in
                     ("gcc", "clang-19", "sparse")])
    topic_files = {t: [f for p in patches if p.topic == t for f in p.files
                       if is_kernel_source(f)] for t in ctx.series.topics}
    for flavour in FLAVOURS:
        build = Build(flavour, ctx.series)
        key = [flavour, tools, *[f.read_text() for f in build.fragments]]
        for patch in patches:
            sources = sources_of(patch, topic_files[patch.topic])
            if sources:
                results.add(ctx.cache.get(
                    ["build", tree(patch.before), tree(patch.after), *sources,
                     *key],
                    lambda: build_patch(build, flavour, patch, sources)))

    # The lines of a topic's symbols, with the whole series.
    tip = ctx.patches[-1].after
    build = Build("gcc", ctx.series)
    build.args = ["CC=ccache gcc"]
    for topic in dict.fromkeys(p.topic for p in patches):
        mine = [p for p in patches if p.topic == topic]
        sources = dependents(tip, mine)
        for symbol in ctx.series.fields[topic].get("config", "").split():
            results.add(ctx.cache.get(
                ["symbol", tree(tip), symbol, tools,
                 *[f.read_text() for f in build.fragments]],
                lambda: build_symbol(build, mine, tip, symbol, sources)))
            results.add(ctx.cache.get(
                ["without", tree(mine[0].before), tree(mine[-1].after), symbol,
                 tools, *[f.read_text() for f in build.fragments]],
                lambda: build_without(build, mine, symbol,
                                      topic_files[topic])))
    say(f"Built in {time.monotonic() - start:.0f} s")

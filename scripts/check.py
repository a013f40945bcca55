#!/usr/bin/env python3
"""What scripts/check runs, once the base is there."""

import argparse
import collections
import concurrent.futures
import email
import email.policy
import email.utils
import fnmatch
import hashlib
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).absolute().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                     pathlib.Path.home() / ".cache") / "samehost"
JOBS = int(os.environ.get("JOBS") or os.cpu_count())
ENV = {**os.environ, "LC_ALL": "C.UTF-8", "GIT_CONFIG_GLOBAL": "/dev/null",
       "GIT_CONFIG_SYSTEM": "/dev/null"}

# The flags of netdev's CI, but for the sign-off, which the sender adds, and
# for the commits that Fixes: names, as there is no history here.
CHECKPATCH = ["--strict", "--no-signoff", "--codespell",
              "--codespellfile=/usr/lib/python3/dist-packages/codespell_lib/"
              "data/dictionary.txt", "--max-line-length=80",
              "--ignore=COMMIT_LOG_LONG_LINE,MACRO_ARG_REUSE,"
              "ALLOC_SIZEOF_STRUCT,NO_AUTHOR_SIGN_OFF,GIT_COMMIT_ID,CAMELCASE,"
              "FILE_PATH_CHANGES,BAD_REPORTED_BY_LINK,UNKNOWN_COMMIT_ID"]
# Unreachable and uncalled functions: the cases of a test look like that.
SHELLCHECK = ["shellcheck", "-x", "-f", "gcc", "-e", "SC2317", "-e", "SC2329"]
DEPRECATED = ["module_param", "dev_hold(", "dev_put(", "get_net(", "put_net(",
              "init_dummy_netdev("]
MAX_PATCHES = 15
SELFTESTS = "tools/testing/selftests/"


class Skip(Exception):
    """A check that cannot be made; its reason."""


def run(*cmd, **kwargs):
    """A command's exit code and all of its output."""
    kwargs = {"env": ENV, "stdin": subprocess.DEVNULL, "text": True,
              "errors": "replace", "stdout": subprocess.PIPE,
              "stderr": subprocess.STDOUT, **kwargs}
    if "input" in kwargs:
        del kwargs["stdin"]
    done = subprocess.run([str(c) for c in cmd], check=False, **kwargs)
    if done.returncode in (-signal.SIGINT, 128 + signal.SIGINT):
        raise KeyboardInterrupt     # what it said is not to be trusted
    return done.returncode, done.stdout


def parallel(function, items):
    """The results in order, as they come."""
    pool = concurrent.futures.ThreadPoolExecutor(JOBS)
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)


def git(*args, **kwargs):
    """The output of git on the cached kernel repository."""
    rc, out = run("git", f"--git-dir={CACHE}/linux.git", *args, **kwargs)
    if rc:
        raise RuntimeError(f"git {args[0]}: {out.strip()}")
    return out


def lib(*call, **kwargs):
    """A function of scripts/lib.sh."""
    return run("bash", "-c", '. "$1"; shift; "$@"', "check",
               ROOT / "scripts/lib.sh", *call, **kwargs)


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def digest(*parts):
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


def extract(commit, paths, to):
    """Puts those of the files that the commit has under a directory."""
    have = git("ls-tree", "-r", "--name-only", commit, "--", *paths)
    have = have.strip("\n").split("\n") if have else []
    if have:
        with subprocess.Popen(
                ["git", f"--git-dir={CACHE}/linux.git", "archive", commit,
                 "--", *paths_in(have, paths)], stdout=subprocess.PIPE,
                env=ENV) as archive:
            rc, out = run("tar", "-x", "-C", to, stdin=archive.stdout)
        if rc or archive.returncode:
            raise RuntimeError(f"unpacking {commit} in {to}: {out}")
    return have


def paths_in(have, paths):
    """The paths that are there; git archive refuses others."""
    return [p for p in paths
            if any(h == p or h.startswith(p.rstrip("/") + "/") for h in have)]


def blob(commit, path):
    """A file of a commit; "" if it has none."""
    rc, out = run("git", f"--git-dir={CACHE}/linux.git", "show",
                  f"{commit}:{path}")
    return "" if rc else out


class Patch:
    """A mail, and where in it each line of the kernel's files is."""

    def __init__(self, name):
        self.name = name
        self.topic = name.split("/")[0]
        self.path = ROOT / "patches" / name
        self.text = self.path.read_text(errors="replace")
        self.lines = self.text.split("\n")
        self.mail = email.message_from_string(self.text,
                                              policy=email.policy.default)
        self.before = self.after = None     # commits
        self.files, self.new, self.heads = [], set(), {}
        self.added, self.removed = {}, {}   # file: [(line in mail, text)]
        self.where = {}                     # (file, line): line in mail
        self.parse()

    def parse(self):
        file, old, new, at = None, 0, 0, 0
        for number, line in enumerate(self.lines, 1):
            if old > 0 or new > 0:          # in a hunk
                if line.startswith("+"):
                    self.added[file].append((number, line[1:]))
                    self.where[file, at] = number
                elif line.startswith("-"):
                    self.removed[file].append((number, line[1:]))
                if not line.startswith(("+", "\\")):
                    old -= 1
                if not line.startswith(("-", "\\")):
                    new, at = new - 1, at + 1
            elif m := re.match(r"diff --git a/(.*) b/(.*)$", line):
                file = m[2]
                self.files.append(file)
                self.heads[file] = number
                self.added[file], self.removed[file] = [], []
            elif file and line.startswith("new file mode"):
                self.new.add(file)
            elif file and (m := re.match(
                    r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line)):
                old, at, new = int(m[1] or 1), int(m[2]), int(m[3] or 1)

    def finding(self, line, message):
        return f"patches/{self.name}:{line or 1}: {message}"

    def in_file(self, file, line, message):
        """A finding about a line of a file that the patch touches."""
        number = self.where.get((file, int(line)), self.heads.get(file, 1))
        return self.finding(number, f"{file}:{line}: {message}")

    def file_at(self, number):
        """The file that a line of the mail is about."""
        heads = [(head, file) for file, head in self.heads.items()
                 if head <= int(number or 1)]
        return max(heads)[1] if heads else ""

    def line_of(self, pattern):
        """The number of the first line of the mail that matches."""
        return next((n for n, line in enumerate(self.lines, 1)
                     if re.match(pattern, line)), 1)

    def message(self):
        """The body up to the diff."""
        body = self.text.split("\n\n", 1)[-1]
        return re.split(r"^(?:---|diff --git .*)$", body, 1, re.M)[0]

    def select(self, *patterns):
        return [f for f in self.files
                if any(fnmatch.fnmatch(f, p) for p in patterns)]


class Series:
    """The file series: topics, their fields and their patches."""

    def __init__(self):
        self.lines = (ROOT / "series").read_text().split("\n")
        self.fields, self.entries = {}, []
        topic = None
        for number, line in enumerate(self.lines, 1):
            if m := re.match(r"# --- ([a-z0-9-]+):", line):
                topic = m[1]
                self.fields[topic] = {"line": number}
            elif topic and (m := re.match(r"# ([a-z]+): *(.*)", line)):
                self.fields[topic][m[1]] = m[2]
            elif line and not line.startswith("#"):
                self.entries.append((number, topic, line))
        self.topics = list(dict.fromkeys(e.split("/")[0]
                                         for _, _, e in self.entries))

    def check(self):
        """Findings about series against the files under patches/."""
        found, count, seen = [], {}, set()

        def add(number, message):
            found.append(f"series:{number}: {message}")

        for number, section, entry in self.entries:
            topic = entry.split("/")[0]
            m = re.fullmatch(r"([a-z0-9-]+)/(\d{4})-[A-Za-z0-9_.-]+\.patch",
                             entry)
            if not m:
                add(number, f"{entry} is not <topic>/NNNN-subject.patch")
                continue
            if section != topic:
                add(number, f"{entry} is in the section of {section}")
            if entry in seen:
                add(number, f"{entry} is listed twice")
            seen.add(entry)
            count[topic] = count.get(topic, 0) + 1
            if int(m[2]) != count[topic]:
                add(number, f"{entry} should have the number "
                            f"{count[topic]:04}")
            if not (ROOT / "patches" / entry).is_file():
                add(number, f"patches/{entry} does not exist")
        for path in sorted((ROOT / "patches").rglob("*")):
            name = path.relative_to(ROOT / "patches").as_posix()
            if path.is_file() and name not in seen:
                found.append(f"patches/{name}:1: is not in series")
        for topic, fields in self.fields.items():
            number = fields["line"]
            if not fields.get("tree"):
                add(number, f"{topic} does not say which tree: it is for")
            if count.get(topic, 0) > MAX_PATCHES:
                add(number, f"{topic} has {count[topic]} patches; netdev "
                            f"takes {MAX_PATCHES}")
            for needed in fields.get("needs", "").split():
                if needed not in self.topics:
                    add(number, f"{topic} needs {needed}, which is no topic")
            fragment = ROOT / "configs" / f"{topic}.config"
            for symbol in fields.get("config", "").split():
                if not fragment.is_file() or \
                        not re.search(rf"^{symbol}=", fragment.read_text(),
                                      re.M):
                    add(number, f"configs/{topic}.config does not set "
                                f"{symbol}")
        return found


# --- Checks of one patch: findings, or None if there is nothing to check ----

def check_mail(patch, ctx):
    found = []
    mail, message = patch.mail, patch.message()
    tree = ctx.series.fields.get(patch.topic, {}).get("tree", "")

    def add(pattern, text):
        found.append(patch.finding(patch.line_of(pattern), text))

    if not re.match(r"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001$",
                    patch.lines[0]):
        add("", "does not begin as a mail of git format-patch")
    sender = email.utils.parseaddr(str(mail["From"] or ""))[1]
    # scripts/send puts the sender in the place of samehost@localhost.
    if not re.fullmatch(r"[^@\s]+@[\w-]+(\.[\w-]+)+|samehost@localhost",
                        sender):
        add("From: ", f"From has no address that mail can reach: '{sender}'")
    try:
        email.utils.parsedate_to_datetime(str(mail["Date"]))
    except (TypeError, ValueError):
        add("Date: ", "Date is missing, or is none")
    subject = " ".join(str(mail["Subject"] or "").split())
    if not re.match(rf"\[PATCH {re.escape(tree)}\] \S+: \S", subject):
        add("Subject: ", f"Subject is not '[PATCH {tree}] subsystem: what', "
                         f"but '{subject}'")
    if not re.search(r"^Assisted-by: \S", message, re.M):
        add("Subject: ", "has no Assisted-by: trailer")
    for trailer in "Signed-off-by", "Topic":
        if re.search(rf"^{trailer}:", message, re.M | re.I):
            add(f"(?i){trailer}:", f"has {trailer}:, which "
                "patches in this repository do not carry")
    if len(re.sub(r"^[A-Z][A-Za-z-]+: .*$", "", message, flags=re.M)) < 60:
        add("Subject: ", "has no message to speak of")
    fixes = [line for line in patch.lines if re.match("(?i)fixes:", line)]
    for line in fixes:
        if not re.fullmatch(r'Fixes: [0-9a-f]{12,40} \(".+"\)', line):
            add("(?i)fixes:", "is not 'Fixes: <12 or more digits> "
                              "(\"subject\")'")
    code = [f for f in patch.files
            if not f.startswith(("Documentation/", "tools/testing/"))]
    if tree == "net" and code and not fixes:
        add("Subject: ", "is for net and has no Fixes: trailer")
    if not patch.files:
        add("Subject: ", "has no diff")
    rc, out = run("git", "apply", "--numstat", patch.path, cwd="/")
    if rc:
        line = re.search(r"line (\d+)", out)
        found.append(patch.finding(line and line[1], out.split("\n")[0]))
    return found


def check_checkpatch(patch, ctx):
    _, out = run("perl", "scripts/checkpatch.pl", *CHECKPATCH, "--terse",
                 "--show-types", "--no-summary", "--color=never", patch.path,
                 cwd=ctx.tree)
    found = []
    for line in out.split("\n"):
        if m := re.match(r"(?:\S+?:(\d+): )?(?:\S+: )?"
                         r"((?:ERROR|WARNING|CHECK):.*)", line):
            # The macros of trace events are laid out in a way of their own.
            if re.search("OPEN_ENDED_LINE|PARENTHESIS_ALIGNMENT", m[2]) and \
               "/trace/events/" in patch.file_at(m[1]):
                continue
            found.append(patch.finding(m[1], f"checkpatch: {m[2]}"))
        elif line and "total:" not in line:
            found.append(patch.finding(1, f"checkpatch says: {line}"))
    return found


def check_greps(patch, _ctx):
    """header_inline, source_inline and deprecated_api of netdev's CI."""
    found = []
    for file in patch.files:
        for number, line in patch.added[file]:
            if file.endswith(".h") and re.match(
                    r"static (?!(__always_)?inline).*\(", line):
                found.append(patch.finding(
                    number, f"{file}: static in a header, and not inline"))
            if file.endswith(".c") and re.search(r"(^|\W)inline\W", line) and \
                    not line.lstrip().startswith(("*", "/*", "//")):
                found.append(patch.finding(
                    number, f"{file}: inline in a source file"))
            if file.startswith("drivers/net/") and "__free(" in line:
                found.append(patch.finding(
                    number, f"{file}: __free() is discouraged in net"))
    for item in DEPRECATED:
        word = re.compile(r"(^|\W)" + re.escape(item))

        def hits(side, word=word):
            return [n for f in patch.select("*.c", "*.h")
                    for n, line in side[f] if word.search(line)]
        new = hits(patch.added)
        if len(new) > len(hits(patch.removed)):
            found.append(patch.finding(new[0], f"{item} is deprecated in net"))
    return found


def check_kconfig(patch, _ctx):
    """checkpatch counts the lines of help; new options must be off."""
    found, files = [], patch.select("*Kconfig*")
    for file in files:
        symbol = None
        for number, line in patch.added[file]:
            if m := re.match(r"(?:menu)?config (\w+)", line):
                symbol = m[1]
            elif symbol and re.match(r"\s+default [ym]\b", line):
                found.append(patch.finding(
                    number, f"CONFIG_{symbol} is on by default"))
    return found if files else None


def new_findings(before, after):
    """The lines of after that are, numbers apart, not as often in before."""
    known = collections.Counter(re.sub(r"\d+", "N", line) for line in before)
    found = []
    for line in after:
        text = re.sub(r"\d+", "N", line)
        known[text] -= 1
        if known[text] < 0:
            found.append(line)
    return found


def before_and_after(patch, files, more, tool):
    """Runs tool(directory, files) on the trees around a patch; what is new."""
    result = []
    for commit in patch.before, patch.after:
        with tempfile.TemporaryDirectory() as tmp:
            have = extract(commit, [*files, *more], tmp)
            these = [f for f in files if f in have]
            lines = tool(tmp, these) if these else []
            result.append([line for line in lines if line.strip()])
    found = []
    for line in new_findings(*result):
        m = re.match(r"([^:\s]+):(\d+):(?:\d+:)? *(.*)", line)
        if m:
            found.append(patch.in_file(m[1], m[2], m[3]))
        else:
            found.append(patch.finding(1, line))
    return found


def check_kernel_doc(patch, ctx):
    files = patch.select("*.c", "*.h")
    if not files:
        return None

    def tool(tmp, these):
        _, out = run("python3", ctx.tree / "tools/docs/kernel-doc", "-Wall",
                     "-none", *these, cwd=tmp)
        # "Warning: file:line message", which may go on in the next line
        out = re.sub(r":\n +", ": ", out)
        return [re.sub(r"^(warning|error): *(\S+?:\d+):? *",
                       r"\2: kernel-doc: ", line, flags=re.I)
                for line in out.split("\n") if line.strip()]
    return before_and_after(patch, files, [], tool)


def check_shell(patch, _ctx):
    files = patch.select("*.sh")
    if not files:
        return None
    # What they source
    more = sorted({os.path.dirname(f) for f in files} |
                  {SELFTESTS + "net/lib.sh", SELFTESTS + "net/lib",
                   SELFTESTS + "lib.sh", SELFTESTS + "kselftest"})

    def tool(tmp, these):
        out = []
        for file in these:
            where = os.path.dirname(file)
            _, text = run(*SHELLCHECK, os.path.basename(file),
                          cwd=os.path.join(tmp, where))
            out += [os.path.join(where, line) for line in text.split("\n")
                    if line.startswith(os.path.basename(file) + ":")]
        return out
    return before_and_after(patch, files, more, tool)


def check_python(patch, _ctx):
    """The rules that ruff has by default are those of these two."""
    files = patch.select("*.py")
    if not files:
        return None

    def tool(tmp, these):
        return (run("pyflakes3", *these, cwd=tmp)[1] +
                run("pycodestyle", "--select=E4,E7,E9", *these, cwd=tmp)[1]
                ).strip().split("\n")
    return before_and_after(patch, files, [], tool)


def check_yaml(patch, _ctx):
    files = patch.select("*.yaml", "*.yml")
    if not files:
        return None

    def tool(tmp, these):
        return run("yamllint", "-f", "parsable", *these,
                   cwd=tmp)[1].strip().split("\n")
    return before_and_after(patch, files, [".yamllint"], tool)


# --- The form of selftests ---------------------------------------------------

def makefile_order(text):
    """Lists of a selftest's Makefile: one item a line, in order."""
    found, variable, prev = [], None, None
    for number, line in enumerate(text.split("\n"), 1):
        if m := re.match(r"([A-Z_][A-Z0-9_]*)\s*(?::|\+)?=\s*(.*)$", line):
            variable, prev = m[1], None
            if not m[2].strip() == "\\" or re.search("FLAGS|LIBS", m[1]):
                variable = None
            continue
        if not variable:
            continue
        item = line.strip().rstrip("\\").strip()
        if item.startswith("#"):
            if variable not in item and len(item) > 5:
                found.append(f"{number}: the comment at the end of {variable} "
                             "does not name it")
        elif not line.startswith("\t"):
            found.append(f"{number}: an item of {variable} is not indented "
                         "by a tab")
        elif " " in item and "$" not in item:
            found.append(f"{number}: more than one item of {variable} in a "
                         "line")
        elif not item.startswith("$"):
            key = (item.count("/"), item.lower())
            if prev and prev[0] > key:
                found.append(f"{number}: {item} should come before {prev[1]} "
                             f"in {variable}")
            prev = key, item
        if not line.endswith("\\"):
            if not item.startswith("#"):
                found.append(f"{number}: {variable} does not end in a comment")
            variable = None
    return found


def lines_order(text):
    """Lines of a config or .gitignore: in order."""
    found, prev = [], None
    for number, line in enumerate(text.split("\n"), 1):
        item = line.split("=")[0].strip().replace("_", "")
        if not item or item.startswith("#"):
            continue
        if prev and prev[0] > item:
            found.append(f"{number}: {line} should come before {prev[1]}")
        prev = item, line
    return found


def check_selftest(patch, _ctx):
    files = [f for f in patch.files
             if f.startswith(SELFTESTS) and "/net/" in f]
    if not files:
        return None
    found = []
    for file in files:
        base, where = os.path.basename(file), os.path.dirname(file)
        order = {"Makefile": makefile_order, "config": lines_order,
                 ".gitignore": lines_order}.get(base)
        if order:
            old = order(blob(patch.before, file))
            for line in new_findings(old, order(blob(patch.after, file))):
                found.append(patch.in_file(file, *line.split(": ", 1)))
        name, suffix = os.path.splitext(base)
        if file not in patch.new or suffix not in (".sh", ".py", ".c") or \
                where.endswith(("/lib/py", "/lib/sh")) or \
                base.endswith(".bpf.c"):
            continue
        makefile = blob(patch.after, f"{where}/Makefile")
        if (name if suffix == ".c" else base) not in makefile:
            found.append(patch.in_file(
                file, 1, f"is not in {where}/Makefile"))
        if suffix == ".c" and \
                name not in blob(patch.after, f"{where}/.gitignore"):
            found.append(patch.in_file(
                file, 1, f"{name} is not in {where}/.gitignore"))
        if suffix != ".c" and re.search(
                rf"^TEST_PROGS\b(.*\\\n)*.*\b{re.escape(base)}\b", makefile,
                re.M) and git("ls-tree", patch.after, file)[:6] != "100755":
            found.append(patch.in_file(file, 1, "is a test, not executable"))
    return found


PATCH_CHECKS = {
    "mail": check_mail, "checkpatch": check_checkpatch, "greps": check_greps,
    "kconfig": check_kconfig,
}
TREE_CHECKS = {     # these need the trees before and after the patch
    "kernel-doc": check_kernel_doc, "selftest": check_selftest,
    "shellcheck": check_shell, "python": check_python, "yamllint": check_yaml,
}


# --- Checks of a topic ---------------------------------------------------

def check_maintainers(patches):
    """A new file wants an entry that is more than a whole subsystem's."""
    last = patches[-1].after
    new = [(p, f) for p in patches for f in p.new
           if not f.startswith(("Documentation/", "tools/testing/"))]
    if not new or not last:
        return None
    sections = re.split(r"\n\n+", blob(last, "MAINTAINERS"))
    everything = git("ls-tree", "-r", "--name-only", last).split("\n")
    found = []
    for patch, file in new:
        mine = [m for m in map(section_matcher, sections) if m and m(file)]
        least = min((len([f for f in everything if match(f)])
                     for match in mine), default=len(everything))
        if least >= 500:
            found.append(patch.in_file(
                file, 1, "new file without an entry in MAINTAINERS"))
    return found


def section_matcher(section):
    patterns = re.findall(r"^F:\s*(\S+)", section, re.M)
    if not patterns:
        return None
    rules = []
    for pattern in patterns:
        rule = re.escape(pattern)
        rule = rule.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        rules.append(rule + (".*" if pattern.endswith("/") else "(/.*)?"))
    return re.compile("|".join(rules)).fullmatch


def check_documented(patches):
    """A sysctl or an ioctl that the topic adds has words in Documentation/."""
    docs = "\n".join(line for p in patches for f in p.select("Documentation/*")
                     for _, line in p.added[f])
    found, any_knob = [], False
    for patch in patches:
        for file in patch.select("*.c", "include/uapi/*.h"):
            for number, line in patch.added[file]:
                m = re.search(r'\.procname\s*=\s*"(\w+)"', line) or \
                    re.match(r"#define (\w+)\s+_IO[RW]*\(", line)
                if m:
                    any_knob = True
                    if m[1] not in docs:
                        found.append(patch.finding(
                            number, f"{m[1]} is not in Documentation/"))
    return found if any_knob else None


def check_symbols(patches, fields):
    added = "\n".join(line for p in patches for f in p.select("*Kconfig*")
                      for _, line in p.added[f])
    symbols = fields.get("config", "").split()
    return [f"series:{fields['line']}: no patch adds {symbol}"
            for symbol in symbols
            if not re.search(rf"^config {symbol[7:]}$", added, re.M)] \
        if symbols else None


# --- Checks of the repository ----------------------------------------------

def check_base(base):
    """scripts/base is whole, true, and what README.md says."""
    path, found, fields = ROOT / "scripts/base", [], {}
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if m := re.fullmatch(r"(\w+)=([\w.~+:-]*)", line):
            fields[m[1]] = m[2]
        elif line and not line.startswith("#"):
            found.append(f"scripts/base:{number}: is not NAME=value: {line}")
    version = r"\d+\.\d+(\.\d+)?(-rc\d+)?"
    rules = {"BASE_VERSION": version, "BASE2_VERSION": version,
             "BASE_TAG": re.escape("v" + fields.get("BASE_VERSION", "")),
             "BASE_PACKAGE": r"linux-source-\d+\.\d+",
             "BASE_SUITE": ".+", "BASE2_SUITE": ".+",
             "BASE_PACKAGE_VERSION":
             re.escape(fields.get("BASE_VERSION", "")) + "-.+",
             "BASE2_PACKAGE_VERSION": ".+",
             "BASE_SHA256": "[0-9a-f]{64}", "BASE2_SHA256": "[0-9a-f]{64}"}
    for name, rule in rules.items():
        if not re.fullmatch(rule, fields.get(name, "")):
            found.append(f"scripts/base:1: {name} is '{fields.get(name, '')}'")
    stated = fields.get("BASE_VERSION", "")
    _, have = lib("tree_version", input=blob(base, "Makefile"))
    # Where the package is gone, a later 7.3.y may stand in its place.
    _, instead = lib("kgit", "rev-parse", "-q", "--verify",
                     f"base-instead-of-{stated}^{{commit}}")
    if have.strip() != stated and instead.strip() != base:
        found.append(f"scripts/base:1: the base is Linux {have.strip()}, not "
                     f"{stated}")
    readme = ROOT / "README.md"
    text = readme.read_text() if readme.exists() else ""
    if not re.search(rf"\b{re.escape(stated)}\b", text):
        found.append(f"README.md:1: does not say that the base is {stated}")
    series = stated.rsplit(".", 1)[0]
    for number, line in enumerate(text.split("\n"), 1):
        for other in re.findall(rf"\bv?({re.escape(series)}\.\d+)\b", line):
            if other not in (stated, fields.get("BASE2_VERSION", "")[:5]):
                found.append(f"README.md:{number}: says {other}; the base is "
                             f"{stated}")
    return found


def repo_files():
    rc, out = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT)
    if rc:
        out = "\n".join(p.relative_to(ROOT).as_posix()
                        for p in ROOT.rglob("*") if ".git" not in p.parts)
    return [f for f in sorted(set(out.split("\n")))
            if f and (ROOT / f).is_file() and not f.startswith("linux/")]


def check_scripts(files):
    found, shell, python = [], [], []
    for file in files:
        if file.startswith("patches/"):
            continue
        with open(ROOT / file, "rb") as stream:
            first = stream.readline()
        if re.match(rb"#!.*\b(ba|da)?sh\b", first) or file.endswith(".sh"):
            shell.append(file)
        elif b"python" in first or file.endswith(".py"):
            python.append(file)
    for these, *cmd in (shell, "shellcheck", "-x", "-f", "gcc"), \
                       (python, "pyflakes3"), \
                       (python, "pycodestyle", "--max-line-length=88"):
        if these:
            out = run(*cmd, *these, cwd=ROOT)[1]
            found += [line for line in out.split("\n") if line]
    words = [f for f in files if not f.startswith(("patches/", "configs/"))]
    out = run("codespell", "-L", "extraversion,nd", *words, cwd=ROOT)[1]
    return found + [line for line in out.split("\n")
                    if line and not line.startswith("WARNING")]


def check_private(files):
    """No path or name of the machine that something was made on."""
    host = os.uname().nodename
    rules = [r"(?<![\w.$~}])/(?:home|work|root)/\.?\w",
             r"@[\w-]+\.\(none\)", r"\broot@\w"]
    if re.search(r"[\d-]", host) and len(host) > 5:
        rules.append(rf"(?<![\w-]){re.escape(host)}(?![\w-])")
    rule = re.compile("|".join(rules))
    found = []
    for file in files:
        text = (ROOT / file).read_text(errors="replace")
        for number, line in enumerate(text.split("\n"), 1):
            if "check.py" not in file and (m := rule.search(line)):
                found.append(f"{file}:{number}: names this machine: {m[0]}")
    return found


# --- Does it apply ---------------------------------------------------------

def small_base(base, files):
    """A commit with those of the base's files alone: git is quick on it."""
    with tempfile.TemporaryDirectory() as tmp:
        env = {**ENV, "GIT_INDEX_FILE": f"{tmp}/index"}
        for who in "AUTHOR", "COMMITTER":
            env |= {f"GIT_{who}_NAME": "samehost", f"GIT_{who}_EMAIL": "s@s",
                    f"GIT_{who}_DATE": "2026-01-01T00:00:00Z"}
        listed = git("ls-tree", "-r", "-z", base, "--", *files)
        git("update-index", "-z", "--index-info", env=env, input=listed)
        tree = git("write-tree", env=env).strip()
        subject = git("log", "-1", "--format=%s", base).strip()
        return git("commit-tree", "-m", subject, tree, env=env).strip()


def check_combination(base, topics):
    rc, out = lib("compose", base, *topics)
    if rc == 0:
        return []
    line = next((n for n in out.split("\n") if n.startswith("patches/")), out)
    m = re.match(r"(patches/\S+) (.*)", line)
    return [f"{m[1]}:1: {m[2]} (topics: {' '.join(topics)})" if m
            else f"series:1: {line}"]


def check_am_quilt(base, patches, files):
    """git am and quilt push give the very tree that scripts/build builds."""
    rc, tip = lib("compose", base)
    if rc:
        return ["series:1: git am and quilt were not tried, as the series "
                "does not apply"]
    want = git("rev-parse", f"{tip.strip()}^{{tree}}").strip()
    env = {**ENV, "QUILT_PATCHES": str(ROOT / "patches"),
           "QUILT_SERIES": str(ROOT / "series"), "QUILTRC": "/dev/null"}
    for who in "AUTHOR", "COMMITTER":
        env |= {f"GIT_{who}_NAME": "samehost", f"GIT_{who}_EMAIL": "s@s"}
    found = []
    for tool in "git am", "quilt":
        with tempfile.TemporaryDirectory() as tmp:
            def cmd(*args, tmp=tmp):
                return run(*args, cwd=tmp, env=env)
            extract(base, files, tmp)
            cmd("git", "init", "-q", ".")
            cmd("git", "add", "-A", "-f")
            cmd("git", "commit", "-q", "-m", "base")
            if tool == "quilt":
                rc, out = cmd("quilt", "push", "-a", "--fuzz=0")
                cmd("rm", "-rf", ".pc")
            else:
                rc, out = cmd("git", "am", "-q", "--no-3way",
                              *[p.path for p in patches])
            cmd("git", "add", "-A", "-f")
            tree = cmd("git", "write-tree")[1].strip()
        if rc:
            out = " | ".join(out.strip().split("\n")[:4])
            found.append(f"series:1: {tool} fails: {out}")
        elif tree != want:
            found.append(f"series:1: {tool} gives another tree than git apply")
    return found


class Results:
    """Counts what passed, and prints what did not."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.seen = set()

    def add(self, found, what=""):
        if found is None:
            return
        if isinstance(found, Skip):
            self.skipped += 1
            print(f"skipped: {what}: {found}", flush=True)
        elif found:
            self.failed += 1
            for line in found:
                if line not in self.seen:
                    print(line, flush=True)
                self.seen.add(line)
        else:
            self.passed += 1


class Cache:
    """Findings by the content of all that they depend on."""

    def __init__(self):
        self.dir = CACHE / "check/results"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.version = digest(*[(ROOT / "scripts" / f).read_text() for f in
                                ("check.py", "check_build.py")])
        for old in self.dir.iterdir():
            if old.stat().st_mtime < time.time() - 30 * 86400:
                old.unlink()

    def get(self, key, make):
        path = self.dir / digest(self.version, *key)
        try:
            result = json.loads(path.read_text())
            os.utime(path)
        except (OSError, ValueError):
            result = make()
            new = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
            new.write_text(json.dumps(result))
            new.rename(path)
        return result


class Context:
    """What the checks share."""

    def __init__(self, base):
        self.base = base
        self.series = Series()
        self.cache = Cache()
        self.tree = None


def checkpatch_tree(base):
    """What checkpatch and kernel-doc need of the base, unpacked."""
    tree = CACHE / "check" / f"tree-{base[:12]}"
    if not tree.is_dir():
        for old in (CACHE / "check").glob("tree-*"):
            run("rm", "-rf", old)
        say("Unpacking the kernel's own checkers (5 s)")
        new = tree.with_name("tree-new")
        new.mkdir()
        extract(base, ["COPYING", "CREDITS", "Kbuild", "MAINTAINERS",
                       "Makefile", "README", "include", "init", "ipc",
                       "scripts", "tools/docs", "tools/lib/python",
                       "Documentation/process"], new)
        # checkpatch only looks whether these are there.
        for name in ("Documentation", "arch", "drivers", "fs", "include",
                     "init", "ipc", "kernel", "lib"):
            (new / name).mkdir(exist_ok=True)
        new.rename(tree)
    return tree


def patch_results(ctx, patch, key):
    checks = {**PATCH_CHECKS, **(TREE_CHECKS if patch.after else {})}
    return ctx.cache.get(["patch", patch.name, *key], lambda: {
        name: check(patch, ctx) for name, check in checks.items()})


def apply_results(ctx, results, bases, names):
    """Topics alone, in pairs and all together; git am and quilt."""
    topics = ctx.series.topics
    every = sorted({f for p in ctx.patches for f in p.files})
    combos = [c for n in (1, 2) for c in itertools.combinations(topics, n)
              if set(c) & set(names)]
    if len(topics) > 2:
        combos.append(tuple(topics))
    texts = {t: digest(*[p.text for p in ctx.patches if p.topic == t])
             for t in topics}
    for base in bases:
        small = small_base(base, every)
        say(f"Applying to {git('log', '-1', '--format=%s', base).strip()}: "
            f"{len(combos)} combinations of topics, git am, quilt")

        def combination(combo, small=small):
            needs = " ".join(ctx.series.fields[t].get("needs", "")
                             for t in combo).split()
            return ctx.cache.get(
                ["apply", small, *combo, needs,
                 *[texts.get(t) for t in (*combo, *needs)]],
                lambda: check_combination(small, combo))
        for found in parallel(combination, combos):
            results.add(found)
        results.add(ctx.cache.get(
            ["am", small, ctx.series.lines, *texts.values()],
            lambda: check_am_quilt(small, ctx.patches, every)))
        for ref in git("for-each-ref", "--format=%(refname)",
                       f"refs/composed/{small}-*").split():
            git("update-ref", "-d", ref)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--base", required=True)
    parser.add_argument("--base2", required=True)
    parser.add_argument("topics", nargs="*")
    args = parser.parse_args()

    results, ctx = Results(), Context(args.base)
    names = args.topics or ctx.series.topics
    files = repo_files()
    if not args.topics:
        for found in check_base(args.base), check_scripts(files), \
                check_private(files):
            results.add(found)
    broken = ctx.series.check()
    results.add(broken)
    ctx.patches = [Patch(e) for _, _, e in ctx.series.entries
                   if (ROOT / "patches" / e).is_file()]
    chosen = [p for p in ctx.patches if p.topic in names]
    if broken:
        results.add(Skip("series has to be right first"), "applying")
    elif ctx.patches:
        bases = [args.base] + ([args.base2] if args.base2 else [])
        if not args.base2:
            results.add(Skip("it is not in the cache and cannot be fetched"),
                        "the second base")
        apply_results(ctx, results, bases, names)
        rc, tip = lib("compose", args.base)
        if rc == 0:
            chain = git("rev-list", "--reverse",
                        f"{args.base}..{tip.strip()}").split()
            for patch, before, after in zip(ctx.patches, [args.base, *chain],
                                            chain):
                patch.before, patch.after = before, after
        else:
            results.add(Skip("the series does not apply"),
                        "kernel-doc and others that need the tree")

    ctx.tree = checkpatch_tree(args.base)
    say(f"Checking {len(chosen)} patches (2 s each at first)")
    for done in parallel(lambda p: patch_results(ctx, p, [
            args.base, ctx.series.fields.get(p.topic), p.text, p.after]),
            chosen):
        for found in done.values():
            results.add(found)
    for topic in names:
        patches = [p for p in chosen if p.topic == topic]
        if patches:
            results.add(check_maintainers(patches))
            results.add(check_documented(patches))
            results.add(check_symbols(patches, ctx.series.fields[topic]))

    if args.build:
        import check_build
        check_build.check(ctx, results, chosen)

    print(f"{results.passed} passed, {results.failed} failed, "
          f"{results.skipped} skipped")
    return 1 if results.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("check: interrupted", file=sys.stderr)
        sys.exit(130)
    except (OSError, RuntimeError) as error:
        sys.exit(f"check: {error}")

#!/usr/bin/env python3
"""Tests of this repository's scripts, on the host, with small copies of all.

python3 selftests/scripts.py [-k NAME]: a base that has no more files than the
series touches and its checkers need; nothing of the user's is changed.
"""

import filecmp
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).absolute().parent.parent
# Besides what the patches touch: what makes a kernel tree, and its checkers.
BASE_FILES = """.gitattributes COPYING CREDITS Documentation/Makefile Kbuild
    MAINTAINERS Makefile README arch/Kconfig drivers/Makefile fs/Kconfig
    include/linux/types.h init/Kconfig ipc/Makefile kernel/Makefile
    lib/Makefile scripts/checkpatch.pl scripts/const_structs.checkpatch
    scripts/get_maintainer.pl scripts/spelling.txt tools/docs/kernel-doc
    tools/lib/python/kdoc""".split()
IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "A Tester"),
                                ("EMAIL", "tester@example.org"))}


def run(*cmd, **kwargs):
    kwargs = {"text": True, "stdout": subprocess.PIPE, "errors": "replace",
              "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL,
              "check": False, **kwargs}
    return subprocess.run([str(c) for c in cmd], **kwargs)


def must(*cmd, **kwargs):
    done = run(*cmd, **kwargs)
    if done.returncode:
        raise RuntimeError(f"{cmd}: {done.stdout}")
    return done.stdout.strip()


def fields():
    text = (ROOT / "scripts/base").read_text()
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))


def snapshot(tree):
    """All of a tree's files: content, mode and time; and where HEAD is."""
    found = {}
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree)
        if ".git" in name.parts:
            continue
        stat = path.lstat()
        found[str(name)] = path.is_file() and (
            path.read_bytes(), stat.st_mode)
    if (tree / ".git").exists():
        found["HEAD"] = must("git", "rev-parse", "HEAD", cwd=tree)
        found["status"] = must("git", "status", "--porcelain", cwd=tree)
    return found


def setUpModule():
    """The small base, once: a bare repository with the tags of the bases."""
    global TMP, ENV, PATCHES, TOPIC
    # A shell starts its background jobs with SIGINT ignored; ours must not be.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    TMP = pathlib.Path(tempfile.mkdtemp(prefix="samehost-test-"))
    unittest.addModuleCleanup(shutil.rmtree, TMP, ignore_errors=True)
    have = (ROOT / "series").read_text().split("\n")
    PATCHES = [line for line in have if re.match("[a-z]", line)]
    if not PATCHES:
        raise unittest.SkipTest("the series has no patches")
    TOPIC = PATCHES[0].split("/")[0]
    # Not the cache of whoever runs this, but for the base in it: the one that
    # scripts/test has built, be it from a tree of the user's.
    real, first = must("bash", "-c", """. "$1"
        commit=${SAMEHOST_BASE:-$(take_lock; base_commit "")}
        echo "$GIT_DIR_CACHE"
        echo "$commit" """, "t", ROOT / "scripts/lib.sh").split("\n")[-2:]
    ENV = {k: v for k, v in os.environ.items()
           if k not in ("SAMEHOST_LOCKED", "MAKEFLAGS")}
    ENV |= {"GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1", **IDENTITY}
    touched = set()
    for patch in PATCHES:
        text = (ROOT / "patches" / patch).read_text()
        touched |= set(re.findall(r"^diff --git a/(\S+)", text, re.M))
    git = ["git", f"--git-dir={real}"]
    small = TMP / "base"
    small.mkdir()
    must("git", "init", "-q", ".", cwd=small, env=ENV)
    base = fields()
    second = f"base-{base['BASE2_VERSION']}"
    for version, commit in ((base["BASE_VERSION"], first),
                            (base["BASE2_VERSION"], second)):
        tag = f"base-{version}"
        if run(*git, "rev-parse", "-q", "--verify", commit).returncode == 0:
            paths = must(*git, "ls-tree", "-r", "--name-only", commit, "--",
                         *BASE_FILES, *touched).split("\n")
            listing = TMP / "paths"
            listing.write_text("\n".join(paths))
            must("bash", "-c", 'xargs -a "$2" git --git-dir="$1" archive "$3" '
                 '-- | tar -xC "$4"', "t", real, listing, commit, small)
        # The second base, on a machine that never had it, and what stands in
        # for the first where that is gone.
        numbers, _, extra = version.partition("-")
        for name, value in zip(("VERSION", "PATCHLEVEL", "SUBLEVEL"),
                               numbers.split(".")):
            edit(small / "Makefile", rf"(?m)^{name} = .*", f"{name} = {value}")
        edit(small / "Makefile", r"(?m)^EXTRAVERSION =.*",
             f"EXTRAVERSION = {'-' if extra else ''}{extra}".rstrip())
        must("git", "add", "-A", "-f", cwd=small, env=ENV)
        must("git", "commit", "-q", "-m", f"Linux {version}", cwd=small,
             env=ENV)
        must("git", "tag", tag, cwd=small, env=ENV)


def edit(path, pattern, new):
    """Replaces what the pattern matches; it has to match."""
    text, count = re.subn(pattern, new, path.read_text(), count=1)
    assert count, f"{pattern} is not in {path}"
    path.write_text(text)


class Case(unittest.TestCase):
    """A copy of the repository with a cache of its own."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(dir=TMP))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.repo, self.cache = self.dir / "repo", self.dir / "cache/samehost"
        self.repo.mkdir()
        self.cache.mkdir(parents=True)
        for name in ("scripts", "patches", "configs", "Documentation",
                     "selftests/bench"):
            shutil.copytree(ROOT / name, self.repo / name,
                            ignore=shutil.ignore_patterns("__pycache__"))
        for name in "series", "README.md":
            shutil.copy(ROOT / name, self.repo)
        must("git", "clone", "-q", "--bare", TMP / "base",
             self.cache / "linux.git", env=ENV)
        self.bin = self.dir / "bin"
        self.bin.mkdir()
        self.env = {**ENV, "XDG_CACHE_HOME": str(self.dir / "cache"),
                    "PATH": f"{self.bin}:{ENV['PATH']}"}

    def script(self, name, *args, **kwargs):
        return run(self.repo / "scripts" / name, *args,
                   **{"env": self.env, "cwd": self.dir, **kwargs})

    def works(self, *args, **kwargs):
        done = self.script(*args, **kwargs)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def refuses(self, says, *args, **kwargs):
        """Not zero, and one clear sentence that says what it must."""
        done = self.script(*args, **kwargs)
        self.assertNotIn(done.returncode, (0, 126, 127), done.stdout)
        self.assertNotRegex(done.stdout, "Traceback|unbound|command not found")
        last = done.stdout.strip().split("\n")[-1]
        self.assertRegex(last, rf"^(refresh|{args[0]}): ")
        self.assertRegex(done.stdout, says)
        return done.stdout

    def lib(self, code, **kwargs):
        return run("bash", "-c", f'. "$0"; {code}',
                   self.repo / "scripts/lib.sh",
                   **{"env": self.env, "cwd": self.dir, **kwargs})

    def fake(self, name, body):
        """A program that stands before the real one in PATH."""
        path = self.bin / name
        path.write_text(f"#!/bin/bash\nreal={shutil.which(name)}\n{body}\n")
        path.chmod(0o755)

    def tree(self, name="tree", git=True, version="BASE_VERSION"):
        """A user's kernel tree, small."""
        tree = self.dir / name
        must("git", "clone", "-q", "-b", f"base-{fields()[version]}",
             TMP / "base", tree, env=ENV)
        must("git", "switch", "-q", "-c", "mine", cwd=tree)
        if not git:
            shutil.rmtree(tree / ".git")
        return tree

    def break_patch(self, patch):
        """The patch's first context line, changed: it can not apply."""
        path = self.repo / "patches" / patch
        edit(path, r"(?m)(^@@ .*\n) .*", r"\1 nothing has this line")


class Help(Case):
    def test_each_script_has_help(self):
        for path in sorted((self.repo / "scripts").iterdir()):
            if os.access(path, os.X_OK) and path.suffix != ".py":
                with self.subTest(path.name):
                    out = self.works(path.name, "--help")
                    self.assertRegex(out, rf"^Usage: scripts/{path.name}\b")

    def test_unknown_option(self):
        for name in "apply", "check", "refresh", "rebase", "send":
            with self.subTest(name):
                self.refuses("--nonsense.*see .*--help", name, "--nonsense")

    def test_mistakes_are_told_before_a_build(self):
        self.refuses("--deb= needs", "build", "--deb=")
        self.refuses("no kernel configuration '/none'", "build", "--deb=/none")
        self.refuses("--device knows 82599 only", "boot", "--device", "igb")
        for show in "nothing", "udp4-veth-1400:nothing":
            self.refuses(f"no case and variant '{show}'", "bench", "--show", show)


class Apply(Case):
    def test_git_tree_gets_commits(self):
        tree = self.tree()
        head = must("git", "rev-parse", "HEAD", cwd=tree)
        self.works("apply", tree)
        count = must("git", "rev-list", "--count", f"{head}..", cwd=tree)
        self.assertEqual(int(count), len(PATCHES))
        self.assertEqual(must("git", "status", "--porcelain", cwd=tree), "")

    def test_git_plain_quilt_and_compose_agree(self):
        git, plain, quilt = (self.tree(name) for name in
                             ("git", "plain", "quilt"))
        shutil.rmtree(plain / ".git")
        self.works("apply", git)
        self.works("apply", plain)
        must("quilt", "push", "-a", "--fuzz=0", cwd=quilt, env={
            **self.env, "QUILT_PATCHES": str(self.repo / "patches"),
            "QUILT_SERIES": str(self.repo / "series"),
            "QUILTRC": "/dev/null"})
        shutil.rmtree(quilt / ".pc")
        self.assertEqual(must("git", "status", "--porcelain", cwd=git), "")
        for other in plain, quilt:
            self.assert_same(git, other)
        commit = self.lib('compose "base-$BASE_VERSION"')
        self.assertEqual(commit.returncode, 0, commit.stdout)
        self.assertEqual(
            must("git", f"--git-dir={self.cache}/linux.git", "rev-parse",
                 commit.stdout.strip() + "^{tree}"),
            must("git", "rev-parse", "HEAD^{tree}", cwd=git))

    def assert_same(self, one, two):
        diff = run("diff", "-r", "--no-dereference", "-x", ".git", one, two)
        self.assertEqual(diff.stdout, "")

    def test_second_base(self):
        self.works("apply", self.tree(version="BASE2_VERSION"))

    def test_dry_run(self):
        tree = self.tree()
        before = snapshot(tree)
        self.works("apply", "--dry-run", tree)
        self.assertEqual(before, snapshot(tree))

    def test_no_commit(self):
        tree = self.tree()
        head = must("git", "rev-parse", "HEAD", cwd=tree)
        self.works("apply", "--no-commit", tree)
        self.assertEqual(head, must("git", "rev-parse", "HEAD", cwd=tree))
        self.assertNotEqual("", must("git", "status", "--porcelain", cwd=tree))

    def refuses_and_keeps(self, says, tree, *args):
        before = snapshot(tree)
        out = self.refuses(says, "apply", tree, *args)
        self.assertEqual(before, snapshot(tree))
        return out

    def test_wrong_base(self):
        for git in True, False:
            tree = self.tree(f"tree{git}", git)
            edit(tree / "Makefile", "(?m)^SUBLEVEL = .*", "SUBLEVEL = 99")
            if git:
                must("git", "commit", "-qam", "x", cwd=tree, env=self.env)
            self.refuses_and_keeps(
                r"is Linux 7\.3\.99\S*, .* for Linux " +
                re.escape(fields()["BASE_VERSION"]), tree)

    def test_not_a_kernel_tree(self):
        self.refuses_and_keeps("not a Linux kernel tree", self.bin)

    def test_no_tree(self):
        self.refuses("no directory", "apply", self.dir / "none")

    def test_dirty_tree(self):
        tree = self.tree()
        (tree / "Kbuild").write_text("changed")
        self.refuses_and_keeps(r"not committed \(Kbuild\)", tree)

    def test_unknown_topic(self):
        self.refuses_and_keeps("no topic 'nonsense'.*there are",
                               self.tree(), "nonsense")

    def test_already_in(self):
        for git in True, False:
            tree = self.tree(f"tree{git}", git)
            self.works("apply", tree)
            out = self.refuses_and_keeps("has these already", tree)
            for patch in PATCHES:
                self.assertIn(patch, out)

    def test_what_is_needed_is_already_in(self):
        topic = PATCHES[-1].split("/")[0]
        needed = PATCHES[0].split("/")[0]
        self.assertNotEqual(topic, needed)
        whole = self.tree("whole")
        self.works("apply", whole)
        for git in True, False:
            tree = self.tree(f"tree{git}", git)
            self.works("apply", tree, needed)
            self.refuses_and_keeps("has these already", tree, needed, topic)
            self.assertIn(f"topic {needed} is in",
                          self.works("apply", tree, topic))
            self.assert_same(whole, tree)

    def test_undone_as_it_says(self):
        tree = self.tree(git=False)
        before = snapshot(tree)
        out = self.works("apply", tree)
        must("bash", "-ec", out.split("to undo:")[1].split("\nTo turn")[0])
        self.assertEqual(before, snapshot(tree))

    def test_one_is_already_in(self):
        tree = self.tree()
        must("git", "am", "-q", ROOT / "patches" / PATCHES[0], cwd=tree,
             env=self.env)
        out = self.refuses_and_keeps("has these already", tree)
        self.assertIn(PATCHES[0], out)

    def test_broken_patch_is_named(self):
        self.break_patch(PATCHES[-1])
        for git in True, False:
            self.refuses_and_keeps(
                f"patches/{PATCHES[-1]} does not apply",
                self.tree(f"tree{git}", git))

    def test_fuzz_is_refused(self):
        tree = self.tree()
        patch = (ROOT / "patches" / PATCHES[0]).read_text()
        file = re.search(r"^--- a/(\S+)", patch, re.M)[1]
        context = re.search(r"^@@ .*\n (.*\S.*)\n", patch, re.M)[1]
        edit(tree / file, r"(?m)^" + re.escape(context) + "$", "fuzzy")
        must("git", "commit", "-qam", "x", cwd=tree, env=self.env)
        self.refuses_and_keeps("does not apply", tree)

    def hook(self, tree, body):
        """A hook that git am runs for each patch; here from the second on."""
        path = tree / ".git/hooks/pre-applypatch"
        path.write_text("#!/bin/bash\necho >>.git/count\n"
                        f"(($(wc -l <.git/count) < 2)) || {{ {body}; }}\n")
        path.chmod(0o755)

    def test_git_am_fails_midway(self):
        tree = self.tree()
        self.hook(tree, "exit 1")
        self.refuses_and_keeps("git am failed", tree)

    def test_interrupted_git_am(self):
        tree = self.tree()
        self.hook(tree, "kill -INT 0; sleep 5")
        before = snapshot(tree)
        done = self.script("apply", tree, start_new_session=True)
        self.assertEqual(done.returncode, 130, done.stdout)
        self.assertIn("interrupted", done.stdout)
        self.assertEqual(before, snapshot(tree))
        (tree / ".git/hooks/pre-applypatch").unlink()
        self.works("apply", tree)

    def plain_with_mv(self, body):
        """A plain tree, and an mv that does this instead, the second time."""
        self.fake("mv", '[[ $* == *samehost-apply/new* ]] || '
                  'exec "$real" "$@"\n'
                  f'echo >>"{self.dir}/count"\n'
                  f'(($(wc -l <"{self.dir}/count") != 2)) || {{ {body}; }}\n'
                  'exec "$real" "$@"')
        return self.tree(git=False)

    def test_plain_fails_midway(self):
        tree = self.plain_with_mv("echo 'mv: no space' >&2; exit 1")
        before = snapshot(tree)
        self.assertNotEqual(self.script("apply", tree).returncode, 0)
        self.assertEqual(before, snapshot(tree))

    def test_plain_interrupted(self):
        tree = self.plain_with_mv("kill -INT 0; sleep 5")
        before = snapshot(tree)
        done = self.script("apply", tree, start_new_session=True)
        self.assertEqual(done.returncode, 130, done.stdout)
        self.assertEqual(before, snapshot(tree))

    def test_plain_killed_is_undone_by_the_next_run(self):
        tree = self.plain_with_mv("kill -KILL $PPID; exit 1")
        done = self.script("apply", tree)
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stdout)
        self.assertIn("undone", self.works("apply", tree))
        whole = self.tree("whole")
        self.works("apply", whole)
        self.assert_same(whole, tree)

    def test_one_at_a_time(self):
        tree = self.tree()
        with open(tree / "Makefile", "rb"), \
                subprocess.Popen(["flock", tree, "sleep", "60"]) as holder:
            try:
                for _ in range(50):
                    if run("flock", "-n", tree, "true").returncode:
                        break
                self.refuses("another scripts/apply", "apply", tree)
            finally:
                holder.terminate()


class Check(Case):
    def test_faults_are_named(self):
        first, second = PATCHES[0], PATCHES[1]
        path = self.repo / "patches" / first
        edit(path, "(?m)^(Assisted-by: .*)",
             r"\1\nSigned-off-by: Nobody <nobody@example.org>")
        line = path.read_text().split("\n").index(
            "Signed-off-by: Nobody <nobody@example.org>") + 1
        self.break_patch(second)
        (self.repo / "patches/stray.patch").write_text("")
        done = self.script("check", TOPIC)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, rf"(?m)^patches/{re.escape(first)}:"
                         f"{line}: has Signed-off-by:")
        self.assertRegex(done.stdout, "(?m)^patches/stray.patch:1: ")
        self.assertRegex(done.stdout.strip().split("\n")[-1],
                         r"^\d+ passed, [1-9]\d* failed, \d+ skipped$")

        (self.repo / "patches/stray.patch").unlink()
        done = self.script("check", TOPIC)
        self.assertRegex(done.stdout, rf"(?m)^patches/{re.escape(second)}:"
                         r"\d+: does not apply")

    def test_style_is_named(self):
        code = next(p for p in PATCHES if "\n+++ b/net/" in
                    (ROOT / "patches" / p).read_text() or "\n+++ b/drivers/" in
                    (ROOT / "patches" / p).read_text())
        path = self.repo / "patches" / code
        text = path.read_text()
        added = re.search(r"^\+(\t.*;)$", text, re.M)
        path.write_text(text.replace(added[0], added[0] + " ", 1))
        line = text[:added.start()].count("\n") + 1
        done = self.script("check", code.split("/")[0])
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, rf"(?m)^patches/{re.escape(code)}:"
                         f"{line}: checkpatch: ERROR:TRAILING_WHITESPACE")

    def test_unknown_topic(self):
        self.refuses("no topic 'nonsense'", "check", "nonsense")

    def test_second_run_at_the_same_time(self):
        with open(self.cache / "lock", "w", encoding="ascii") as lock:
            lock.write("scripts/boot (pid 1)\n")
            lock.flush()
            with subprocess.Popen(["flock", lock.name, "sleep", "60"]) as one:
                try:
                    while run("flock", "-n", lock.name,
                              "true").returncode == 0:
                        pass
                    for name in ["check"], ["refresh"], ["rebase", "sid"]:
                        out = self.refuses("is running and uses", *name)
                        self.assertEqual(len(out.strip().split("\n")), 1)
                finally:
                    one.terminate()


class Work(Case):
    """refresh and rebase, with the work tree ./linux."""

    def setUp(self):
        super().setUp()
        self.work = self.repo / "linux"

    def git(self, *args):
        return must("git", *args, cwd=self.work, env=self.env)

    def series(self):
        return (self.repo / "series").read_text()

    def unchanged(self):
        self.assertEqual(self.series(), (ROOT / "series").read_text())
        same = filecmp.dircmp(ROOT / "patches", self.repo / "patches")
        self.assertEqual(run("diff", "-r", same.left, same.right).stdout, "")

    def test_round_trip_changes_nothing(self):
        self.works("refresh", "--start")
        for _ in range(2):
            self.assertIn("nothing changed", self.works("refresh"))
        self.unchanged()
        self.works("refresh", "--start")

    def test_no_work_tree(self):
        self.refuses("no work tree", "refresh")

    def test_new_amended_and_dropped(self):
        self.works("refresh", "--start")
        self.git("reset", "-q", "--hard", "HEAD~")
        (self.work / "Kbuild").write_text("# more\n")
        self.git("commit", "-qam", "kbuild: one more\n\nIt is needed.\n\n"
                 "Assisted-by: LLM")
        self.refuses('"kbuild: one more".* has no Topic: .*--topic', "refresh")
        self.unchanged()
        self.refuses("no section for the topic 'none'", "refresh", "--topic",
                     "none")
        out = self.works("refresh", "--topic", TOPIC)
        self.assertRegex(out, r"new +patches/\S*kbuild-one-more\.patch")
        self.assertRegex(out, f"dropped +patches/{PATCHES[-1]}")
        self.assertIn("kbuild-one-more.patch\n", self.series())
        for line in (ROOT / "series").read_text().split("\n"):
            if line.startswith("#"):
                self.assertIn(line + "\n", self.series())
        mail = next((self.repo / "patches").rglob("*kbuild-one-more.patch"))
        self.assertNotRegex(mail.read_text(), "(?m)^(Topic|Signed-off-by):")
        self.assertIn("nothing changed", self.works("refresh"))

        self.git("commit", "-q", "--amend", "-m", "kbuild: one more\n\n"
                 f"It is wanted.\n\nAssisted-by: LLM\nTopic: {TOPIC}")
        self.assertRegex(self.works("refresh"), "changed +patches/.*one-more")

    def test_refuses_what_is_not_right(self):
        self.works("refresh", "--start")
        head = self.git("rev-parse", "HEAD")
        (self.work / "new.c").write_text("")
        self.refuses(r"not committed \(new.c\)", "refresh")
        self.git("add", "-A")
        for trailer, says in (("Topic: nonsense", "topic 'nonsense'"),
                              (f"Topic: {TOPIC}\nSigned-off-by: A <a@b.c>",
                               "Signed-off-by")):
            self.git("commit", "-q", "--allow-empty", "-m", f"x\n\n{trailer}")
            self.refuses(says, "refresh")
            self.refuses("not exported", "refresh", "--start")
            self.git("reset", "-q", "--soft", head)
        self.unchanged()

    def new_base(self, change):
        tree = self.tree("newer")
        edit(tree / "Makefile", "(?m)^SUBLEVEL = .*", "SUBLEVEL = 99")
        change(tree)
        must("git", "add", "-A", cwd=tree)
        must("git", "commit", "-qm", "Linux 7.3.99", cwd=tree, env=self.env)
        return tree

    def test_rebase_is_dry(self):
        out = self.works("rebase", "--tree",
                         self.new_base(lambda tree: None), "mine")
        self.assertIn("nothing was changed", out)
        self.assertIn("1:  ", out)          # of range-diff
        self.unchanged()
        self.assertEqual(fields()["BASE_VERSION"] in
                         (self.repo / "scripts/base").read_text(), True)

    def test_rebase_writes(self):
        def moved(tree):
            for file in {f for p in PATCHES for f in re.findall(
                    r"^--- a/(\S+\.[ch])$",
                    (ROOT / "patches" / p).read_text(), re.M)}:
                path = tree / file
                if path.exists():
                    path.write_text("\n" + path.read_text())
        tree = self.new_base(moved)
        self.works("rebase", "--write", "--tree", tree, "mine")
        text = (self.repo / "scripts/base").read_text()
        self.assertIn("BASE_VERSION=7.3.99\nBASE_TAG=v7.3.99\n", text)
        self.works("apply", tree)

    def test_rebase_with_conflicts(self):
        touches = re.findall(r"^--- a/(\S+)$",
                             (ROOT / "patches" / PATCHES[0]).read_text(), re.M)
        tree = self.new_base(
            lambda tree: (tree / touches[0]).write_text("all is new\n"))
        out = self.refuses("patches conflict with Linux 7.3.99", "rebase",
                           "--tree", tree, "mine")
        self.assertRegex(out, rf"(?m)^patches/{re.escape(PATCHES[0])}: "
                         f"conflict in .*{re.escape(touches[0])}")
        self.unchanged()
        out = self.refuses("git am --continue", "rebase", "--write", "--tree",
                           tree, "mine")
        for _ in PATCHES:
            unmerged = self.git("diff", "--name-only", "--diff-filter=U")
            if not unmerged:
                break
            self.git("checkout", "--theirs", *unmerged.split("\n"))
            self.git("add", "-A")
            run("git", "am", "--continue", cwd=self.work, env=self.env)
        self.works("refresh")
        self.works("rebase", "--write", "--tree", tree, "mine")
        self.assertIn("nothing changed", self.works("refresh"))
        self.works("apply", tree)

    def test_rebase_names_what_is_in(self):
        tree = self.new_base(lambda tree: must(
            "git", "apply", ROOT / "patches" / PATCHES[0], cwd=tree))
        self.assertIn(f"patches/{PATCHES[0]}: already in Linux 7.3.99",
                      self.works("rebase", "--tree", tree, "mine"))

    def test_no_kernel_tree(self):
        tree = self.dir / "other"
        must("git", "init", "-q", tree)
        must("git", "commit", "-q", "--allow-empty", "-m", "x", cwd=tree,
             env=self.env)
        self.refuses("'HEAD' in .* is not a Linux kernel", "rebase", "--tree",
                     tree, "HEAD")
        done = self.lib(f"base_from_git '{tree}'")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("its HEAD is Linux (no kernel)", done.stdout)

    def test_rebase_unknown_commit(self):
        self.refuses("has 'nonsense'", "rebase", "--tree", self.tree(),
                     "nonsense")


class Send(Case):
    def setUp(self):
        super().setUp()
        self.kernel = self.tree("net")
        for key, value in ("name", "A Tester"), ("email", "t@example.org"):
            must("git", "config", f"user.{key}", value, cwd=self.kernel)
        (self.repo / f"Documentation/cover-{TOPIC}.md").write_text(
            "# net: what it is about\n\nIt is so.\n")

    def send(self, *args):
        return ("send", "--tree", self.kernel, "--out", self.dir / "out",
                *args)

    def test_needs_sign_off(self):
        before = snapshot(self.kernel)
        self.refuses("no Signed-off-by: A Tester <t@example.org> in .*"
                     "--signoff", *self.send(TOPIC))
        self.assertFalse((self.dir / "out").exists())
        self.assertEqual(before, snapshot(self.kernel))

    def test_prepares_and_does_not_send(self):
        self.fake("sendmail", f"touch {self.dir}/sent")
        before = snapshot(self.kernel)
        head = must("git", "rev-parse", "HEAD", cwd=self.kernel)
        out = self.works(*self.send("--signoff", "--v", "2", TOPIC))
        self.assertIn("git send-email", out)
        mails = sorted((self.dir / "out").iterdir())
        count = len([p for p in PATCHES if p.startswith(TOPIC + "/")])
        self.assertEqual(len(mails), count + (count > 1))
        for mail in mails:
            text = mail.read_text()
            self.assertRegex(text, r"(?m)^Subject: \[PATCH \S+ v2 \d+/\d+\] ")
            self.assertRegex(text, "(?m)^To: .*@")
            if "cover-letter" not in mail.name:
                self.assertIn("\nSigned-off-by: A Tester <t@example.org>\n",
                              text)
        self.assertIn(f"\nbase-commit: {head}", mails[0].read_text())
        self.assertIn("net: what it is about", mails[0].read_text())
        self.assertEqual(before, snapshot(self.kernel))
        self.assertFalse((self.dir / "sent").exists())

    def test_refusals(self):
        self.refuses("no topic 'nonsense'", *self.send("nonsense"))
        self.refuses("--tree DIR", "send", TOPIC)
        (self.repo / f"Documentation/cover-{TOPIC}.md").unlink()
        self.refuses("no cover letter", *self.send(TOPIC))

    def test_base_has_to_be_public(self):
        must("git", "commit", "-q", "--allow-empty", "-m", "private",
             cwd=self.kernel, env=self.env)
        self.refuses("has to be public", *self.send("--signoff", TOPIC))

    def test_has_to_apply(self):
        self.break_patch(PATCHES[0])
        self.refuses(f"patches/{PATCHES[0]} does not apply",
                     *self.send("--signoff", TOPIC))


class Download(Case):
    """The base from a mirror that is made up."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.cache / "linux.git")
        self.base = fields()
        package = self.base["BASE_PACKAGE"]
        self.pool = self.dir / "pool"
        source = self.pool / "usr/src"
        source.mkdir(parents=True)
        tree = self.tree(package, git=False)
        must("tar", "-cJf", source / f"{package}.tar.xz", "-C", self.dir,
             tree.name)
        self.sha = must("sha256sum", source / f"{package}.tar.xz").split()[0]
        (self.pool / "DEBIAN").mkdir()
        (self.pool / "DEBIAN/control").write_text(
            f"Package: {package}\nVersion: 1\nArchitecture: all\n"
            "Maintainer: T <t@example.org>\nDescription: t\n")
        self.deb = self.dir / "one.deb"
        must("dpkg-deb", "-Zgzip", "-b", self.pool, self.deb)
        self.fake("apt-get", f'[[ $* != *download* ]] || cp "{self.deb}" .')
        self.fake("apt-cache", "exit 0")

    def get(self, sha):
        edit(self.repo / "scripts/base", "(?m)^BASE_SHA256=.*",
             f"BASE_SHA256={sha}")
        # The last resort must not be the network.
        edit(self.repo / "scripts/lib.sh", "(?m)^STABLE_URL=.*",
             f"STABLE_URL={self.dir}/none")
        return self.lib('need_space() { :; }; take_lock; '
                        'base=$(base_commit ""); echo "got $base"')

    def nothing_is_left(self, done):
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("got ", done.stdout)
        refs = run("git", f"--git-dir={self.cache}/linux.git", "for-each-ref")
        self.assertEqual(refs.stdout, "")
        self.assertEqual([p.name for p in self.cache.iterdir()
                          if p.name.startswith("download")], [])

    def test_right(self):
        done = self.get(self.sha)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, "got [0-9a-f]{40}")

    def test_wrong_checksum(self):
        done = self.get("0" * 64)
        self.assertRegex(done.stdout, "sha256 .* it is not used")
        self.nothing_is_left(done)

    def test_truncated(self):
        data = self.deb.read_bytes()
        self.deb.write_bytes(data[:len(data) // 2])
        self.nothing_is_left(self.get(self.sha))

    def test_no_space_for_the_files(self):
        real = shutil.which("tar")
        self.fake("tar", f'[[ $* != *-xf* ]] || {{ mkdir -p "${{@: -1}}/'
                  f'{self.base["BASE_PACKAGE"]}"; exit 2; }}; exec {real} "$@"')
        done = self.get(self.sha)
        self.assertIn("cannot unpack", done.stdout)
        self.nothing_is_left(done)

    def test_no_space_for_the_objects(self):
        real = shutil.which("git")
        self.fake("git", f'[[ " $* " != *" add "* ]] || exit 128; '
                  f'exec {real} "$@"')
        done = self.get(self.sha)
        self.assertIn("cannot store", done.stdout)
        self.nothing_is_left(done)

    def test_not_there(self):
        self.fake("apt-get", "exit 100")
        done = self.get(self.sha)
        self.assertIn("--tree DIR", done.stdout)
        self.nothing_is_left(done)


class QemuSource(Case):
    """The source of QEMU from a mirror that is made up."""

    def get(self, has=None, sha=None):
        """The mirror has that version, and no other."""
        has = has or fields()["QEMU_VERSION"]
        source = self.dir / "source"
        source.write_text("source")
        sha = sha or must("sha256sum", source).split()[0]
        edit(self.repo / "scripts/base", "(?m)^QEMU_SHA256=.*",
             f"QEMU_SHA256={sha}")
        self.fake("apt-get", f"""case $* in
            *qemu={has}*) cp "{source}" qemu_1.orig.tar.xz ;;
            *qemu=*) exit 100 ;;
            *"download meson"*) echo meson >meson_1.deb ;;
            esac""")
        self.fake("apt-cache", f"echo 'Version: {has}'")
        return self.lib(f'qemu_source "{self.dir}/got"; cat "{self.dir}"/got/*')

    def test_right(self):
        done = self.get()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(done.stdout.endswith("meson\nsource"), done.stdout)

    def test_wrong_checksum(self):
        done = self.get(sha="0" * 64)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, "sha256 .* it is not used")
        self.assertFalse((self.dir / "got/.got").exists())

    def test_only_a_newer_one(self):
        done = self.get(has="1:99.0")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("is gone, trying 1:99.0", done.stdout)
        self.assertTrue(done.stdout.endswith("meson\nsource"), done.stdout)

    def test_none(self):
        self.fake("apt-cache", "exit 100")
        self.fake("apt-get", "exit 100")
        done = self.lib(f'qemu_source "{self.dir}/got"')
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("the source of QEMU cannot be downloaded", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])

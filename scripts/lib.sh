# shellcheck shell=bash
# Shared by the scripts of this directory; sourced, never run.

set -euo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/samehost
JOBS=${JOBS:-$(($(nproc) + 1))}
STABLE_URL=https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git

# shellcheck source=scripts/base
. "$ROOT/scripts/base"

# --- Messages ---------------------------------------------------------

if [[ -t 2 && -z ${NO_COLOR:-} ]]; then
	C_STEP=$'\e[1m' C_WARN=$'\e[33m' C_ERR=$'\e[31m' C_OFF=$'\e[0m'
else
	C_STEP='' C_WARN='' C_ERR='' C_OFF=''
fi

say()  { printf '%s\n' "$*" >&2; }
warn() { printf '%s%s: warning: %s%s\n' "$C_WARN" "${0##*/}" "$*" "$C_OFF" >&2; }
die()  { printf '%s%s: %s%s\n' "$C_ERR" "${0##*/}" "$*" "$C_OFF" >&2; exit 1; }
step() { printf '%s==> %s%s\n' "$C_STEP" "$*" "$C_OFF" >&2; }

# Prints the comment block at the head of the script that was called.
usage()
{
	sed -n '2,/^$/{/^#/s/^# \{0,1\}//p}' "$0"
}

bad_usage() { die "$*; see scripts/${0##*/} --help"; }

# run_logged LOG WHAT COMMAND...: runs the command with its output in LOG and a
# line of progress each half minute; on failure shows the end of LOG.
run_logged()
{
	local log=$1 what=$2 start=$SECONDS ticker rc=0
	shift 2
	mkdir -p "${log%/*}"
	(
		while sleep 30 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
			say "    $what: $((SECONDS - start)) s, $(tail -n 1 "$log" |
				tr -d '\r' | cut -c -60)"
		done
	) 9>&- &
	ticker=$!
	# With the lock: as long as something builds, nobody else may.
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	if ((rc)); then
		grep -E -m 20 '(error|Error|ERROR)[: ]' "$log" >&2 ||
			tail -n 20 "$log" >&2
		die "$what failed; the whole output is in $log"
	fi
}

# Neither kbuild nor QEMU takes these in a path.
case $CACHE in
*[[:space:]:,\']*)
	die "the path of the cache, '$CACHE', has a blank, colon, comma or quote, which kbuild does not take; set XDG_CACHE_HOME" ;;
esac

# --- The machine ------------------------------------------------------

# Which packages a kind of work needs; the same names on Debian 12 and 13.
declare -A PACKAGES=(
	[base]="ca-certificates debian-archive-keyring git perl python3 xz-utils"
	[build]="bc bison build-essential ccache cpio flex kmod libdw-dev
		libelf-dev libssl-dev python3 rsync"
	[selftests]="clang-19 llvm-19 libcap-dev libcap-ng-dev libmnl-dev
		libnuma-dev pkg-config python3-jsonschema python3-yaml"
	[vm]="erofs-utils mmdebstrap python3 qemu-system-x86 uidmap"
	[model]="gcc libc6-dev make"
	[qemu]="gcc libc6-dev libglib2.0-dev libslirp-dev make ninja-build
		patch pkgconf python3 python3-venv qemu-system-data seabios
		xz-utils zlib1g-dev"
	[check]="build-essential codespell git-email perl python3
		quilt shellcheck pycodestyle pyflakes3 yamllint"
	[check-build]="clang-19 gcc-multilib lld-19 llvm-19 sparse"
	[send]="git-email"
	[bench]="libc6-dev"
	[deb]="debhelper dpkg-dev dwarves"
)

# need KIND...: installs what these kinds of work need and is not there yet.
need()
{
	local kind packages=() missing=()

	command -v dpkg-query >/dev/null ||
		die "this machine is not Debian, which ${0##*/} needs; README.md says what does not"
	for kind; do
		read -r -d '' -a words <<<"${PACKAGES[$kind]}" || true
		packages+=("${words[@]}")
	done
	mapfile -t missing < <(comm -23 \
		<(printf '%s\n' "${packages[@]}" | sort -u) \
		<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
			sed -n 's/^installed //p' | sort -u))
	((${#missing[@]})) || return 0

	if ((EUID)); then
		die "packages are missing; as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
	fi
	step "Installing ${#missing[@]} packages with apt-get (about 1 minute)"
	apt_install "${missing[@]}"
}

apt_install()
{
	local log=$CACHE/logs/apt.log
	# A fresh machine may be busy with its unattended upgrades.
	local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y
		-o DPkg::Lock::Timeout=300 --no-install-recommends)

	mkdir -p "$CACHE/logs"
	# A machine that was never updated has no package lists at all.
	if ! "${install[@]}" "$@" >"$log" 2>&1 </dev/null; then
		apt-get -o APT::Update::Error-Mode=any update >"$log" 2>&1 </dev/null ||
			die "apt-get update failed: $(grep -m 1 -E '^[EW]:' "$log")"
		"${install[@]}" "$@" >>"$log" 2>&1 </dev/null ||
			die "apt-get install failed: $(grep -m 1 '^E:' "$log"); see $log"
	fi
}

# One command of ours at a time: they share the cache. Scripts that call
# scripts hand the lock down.
take_lock()
{
	[[ -z ${SAMEHOST_LOCKED:-} ]] || return 0
	mkdir -p "$CACHE" 2>/dev/null || die "cannot create the cache directory $CACHE"
	exec 9>>"$CACHE/lock"
	if ! flock -n 9; then
		die "$(head -n 1 "$CACHE/lock") is running and uses $CACHE; wait for it"
	fi
	printf '%s (pid %d)\n' "${0##*/}" $$ >"$CACHE/lock"
	export SAMEHOST_LOCKED=1
}

# need_space GIB WHAT
need_space()
{
	local free
	free=$(df -Pk "$CACHE" | awk 'NR == 2 { print int($4 / 1048576) }')
	((free >= $1)) ||
		die "$2 needs $1 GiB in $CACHE, which has $free GiB left"
}

# --- Series and patches -----------------------------------------------

# Topics in the order of the series.
topics() { sed -n 's,/.*,,;/^[a-z]/p' "$ROOT/series" | awk '!seen[$0]++'; }

# The same, with those that have a section and no patch yet.
sections() { sed -n 's/^# --- \([a-z0-9-]*\):.*/\1/p' "$ROOT/series"; }

# series_of [TOPIC...]: their patches in the order of the series, with what the
# topics name as their prerequisite.
series_of()
{
	local topic want=() need all

	if ((!$#)); then
		mapfile -t all < <(topics)
		set -- "${all[@]}"
	fi
	for topic; do
		topics | grep -qx -- "$topic" ||
			die "no topic '$topic' in series; there are: $(topics | xargs)"
		for need in $(topic_field "$topic" needs); do
			want+=("$need")
		done
		want+=("$topic")
	done
	awk -F/ -v want="${want[*]}" '
		BEGIN { n = split(want, w, " "); for (i in w) on[w[i]] = 1 }
		/^[a-z]/ && $1 in on' "$ROOT/series"
}

# topic_field TOPIC FIELD: what the comment over a topic's section in series
# states: tree, config, needs, acks.
topic_field()
{
	awk -v topic="$1" -v field="$2" '
		/^# --- / { in_topic = $3 == topic ":" }
		in_topic && $1 == "#" && $2 == field ":" {
			sub(/^# [a-z]+: */, ""); print
		}' "$ROOT/series"
}

# Identifies the patches given by their content.
series_id()
{
	(cd "$ROOT/patches" && cat -- /dev/null "$@") | sha256sum | cut -c -8
}

# --- Base -------------------------------------------------------------

GIT_DIR_CACHE=$CACHE/linux.git

kgit() { git --git-dir="$GIT_DIR_CACHE" "$@"; }

# tree_version DIR: the version that a kernel tree's Makefile states.
tree_version()
{
	awk '$1 == "VERSION" { v = $3 } $1 == "PATCHLEVEL" { p = $3 }
	     $1 == "SUBLEVEL" { s = $3 } $1 == "EXTRAVERSION" { e = $3 }
	     /^NAME/ && !n++ { print v "." p "." s e }' "${1:--}"
}

# The mirror that this machine is set up to use.
debian_mirror()
{
	local uri
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' \
		2>/dev/null | grep -m 1 -E '/debian/?$' || true)
	echo "${uri:-http://deb.debian.org/debian}"
}

# apt_private SUITE COMMAND...: an apt command that sees that suite of the
# machine's own mirror and nothing else, checks signatures as always, and
# leaves the machine's own sources and lists alone. A mirror that lags behind
# will do: what is taken from it is pinned by its sha256.
apt_private()
{
	local suite=$1 dir=$CACHE/apt/$1 command=$2
	shift 2
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	printf '%s [signed-by=%s] %s %s main\n' \
		deb /usr/share/keyrings/debian-archive-keyring.gpg "$(debian_mirror)" "$suite" \
		deb-src /usr/share/keyrings/debian-archive-keyring.gpg "$(debian_mirror)" "$suite" \
		>"$dir/sources.list"
	"$command" -o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::State::lists="$dir/lists" \
		-o Dir::Cache="$dir" -o Dir::State::status=/dev/null \
		-o Acquire::Check-Valid-Until=false \
		-o APT::Sandbox::User="$(id -un)" "$@"
}

# deb_tarball SUITE VERSION SHA256 OUT: the source tarball of the package of
# that version. It appears as OUT only when it is whole and what it should be.
deb_tarball()
{
	local suite=$1 version=$2 sha=$3 out=$4 tmp got
	tmp=$CACHE/download.$$
	rm -rf "$CACHE"/download.*
	mkdir -p "$tmp"
	if ! (cd "$tmp" && apt_private "$suite" apt-get download \
		"$BASE_PACKAGE=$version") >"$CACHE/logs/download.log" 2>&1; then
		rm -rf "$tmp"
		return 1
	fi
	dpkg-deb --fsys-tarfile "$tmp"/*.deb |
		tar -xOf - "./usr/src/$BASE_PACKAGE.tar.xz" >"$tmp/tarball" || {
		rm -rf "$tmp"
		die "cannot unpack $BASE_PACKAGE $version: a damaged download, or no space in $CACHE"
	}
	got=$(sha256sum "$tmp/tarball" | cut -d ' ' -f 1)
	if [[ -n $sha && $got != "$sha" ]]; then
		rm -rf "$tmp"
		die "$BASE_PACKAGE $version has a source tarball with sha256 $got, but scripts/base says $sha; it is not used"
	fi
	mv "$tmp/tarball" "$out"
	rm -rf "$tmp"
}

# import_tree DIR VERSION TAG: commits the files of a plain tree as a base.
# Author and date are fixed, so that the same files get the same commit. The tag
# is trusted ever after, so each step is checked, and on disk before it.
import_tree()
{
	local dir=$1 version=$2 tag=$3 tree commit found
	found=$(tree_version "$dir/Makefile")
	[[ $found == "$version" ]] ||
		die "expected Linux $version, found Linux $found"
	export GIT_INDEX_FILE=$CACHE/import.index
	rm -f "$GIT_INDEX_FILE"
	git --git-dir="$GIT_DIR_CACHE" --work-tree="$dir" \
		-c core.compression=1 -c core.fsync=none -c core.autocrlf=false \
		add -A -f . || die "cannot store Linux $version in $GIT_DIR_CACHE"
	tree=$(kgit write-tree) || die "cannot store Linux $version in $GIT_DIR_CACHE"
	unset GIT_INDEX_FILE
	rm -f "$CACHE/import.index"
	commit=$(GIT_AUTHOR_NAME=samehost GIT_AUTHOR_EMAIL=samehost@localhost \
		GIT_COMMITTER_NAME=samehost GIT_COMMITTER_EMAIL=samehost@localhost \
		GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' \
		GIT_COMMITTER_DATE='2026-01-01T00:00:00Z' \
		kgit commit-tree -m "Linux $version" "$tree") ||
		die "cannot store Linux $version in $GIT_DIR_CACHE"
	sync -f "$GIT_DIR_CACHE"
	kgit tag -f "$tag" "$commit" >/dev/null || die "cannot tag Linux $version"
}

git_cache()
{
	if [[ ! -f $GIT_DIR_CACHE/HEAD ]]; then
		rm -rf "$GIT_DIR_CACHE"
		git init -q --bare "$GIT_DIR_CACHE.new"
		# Git's own upkeep, in the background, would hold our lock.
		git --git-dir="$GIT_DIR_CACHE.new" config gc.auto 0
		git --git-dir="$GIT_DIR_CACHE.new" config maintenance.auto false
		mv "$GIT_DIR_CACHE.new" "$GIT_DIR_CACHE"
	fi
	# What an interrupted run left in the trees that are ours alone.
	rm -f "$GIT_DIR_CACHE"/worktrees/{patched,base}/index.lock
}

# import_deb VERSION SUITE PACKAGE_VERSION SHA256 TAG
import_deb()
{
	local version=$1 suite=$2 package=$3 sha=$4 tag=$5 dir=$CACHE/import.$$
	rm -rf "$CACHE"/import.*
	mkdir -p "$dir"
	deb_tarball "$suite" "$package" "$sha" "$dir/tarball" || {
		rm -rf "$dir"
		return 1
	}
	tar -xf "$dir/tarball" -C "$dir" || {
		rm -rf "$dir"
		die "cannot unpack the source of Linux $version; is there space in $CACHE?"
	}
	# Debian ignores all of the tree; in ./linux that would hide new files.
	sed -i -z 's/#\n# Debian packaging: ignore .*//' "$dir/$BASE_PACKAGE/.gitignore"
	import_tree "$dir/$BASE_PACKAGE" "$version" "$tag"
	rm -rf "$dir"
}

# base_commit [TREE]: fetches the base if it is not in the cache, and prints
# its commit. With TREE, a user's git tree, takes it from there.
base_commit()
{
	local from=${1:-} tag=base-$BASE_VERSION newer version
	local instead=base-instead-of-$BASE_VERSION

	mkdir -p "$CACHE/logs"
	git_cache
	if [[ -n $from ]]; then
		base_from_git "$from" >&2
		kgit rev-parse "base-user^{commit}"
		return
	fi
	if kgit rev-parse -q --verify "$tag^{commit}"; then
		return
	fi
	# What an earlier run found in its place.
	if kgit rev-parse -q --verify "$instead^{commit}"; then
		warn "$BASE_TAG could not be had; the base is $(kgit log -1 --format=%s "$instead")"
		return
	fi
	need_space 4 "the kernel source"
	step "Getting Linux $BASE_VERSION: $BASE_PACKAGE $BASE_PACKAGE_VERSION (about 1 minute)"
	apt_private "$BASE_SUITE" apt-get -o APT::Update::Error-Mode=any update \
		>"$CACHE/logs/update.log" 2>&1 ||
		warn "$BASE_SUITE cannot be read: $(grep -m 1 '^[EW]:' "$CACHE/logs/update.log")"
	if import_deb "$BASE_VERSION" "$BASE_SUITE" "$BASE_PACKAGE_VERSION" \
		"$BASE_SHA256" "$tag" >&2; then
		kgit rev-parse "$tag^{commit}"
		return
	fi

	newer=$(apt_private "$BASE_SUITE" apt-cache madison "$BASE_PACKAGE" \
		2>/dev/null | awk -v v="${BASE_VERSION%.*}." \
		'index($3, v) == 1 { print $3 }' | sort -V | tail -n 1) || true
	if [[ -n $newer ]]; then
		version=${newer%%-*}
		warn "$BASE_PACKAGE $BASE_PACKAGE_VERSION is gone, trying $newer"
		import_deb "$version" "$BASE_SUITE" "$newer" '' "base-$version" >&2 ||
			die "$BASE_PACKAGE $newer cannot be downloaded; see $CACHE/logs/download.log"
		if ! compose "base-$version" >/dev/null; then
			die "the series does not apply to Linux $version; give a git tree with $BASE_TAG by --tree DIR"
		fi
		warn "every patch applies to Linux $version with zero fuzz; it is the base now"
		kgit tag -f "$instead" "base-$version^{commit}" >/dev/null
		kgit rev-parse "base-$version^{commit}"
		return
	fi

	step "Not on the mirror; trying $STABLE_URL"
	if kgit fetch -q --depth 1 "$STABLE_URL" "refs/tags/$BASE_TAG:refs/tags/$tag" \
		>&2; then
		kgit rev-parse "$tag^{commit}"
		return
	fi
	die "Linux $BASE_VERSION is neither in the cache, nor on the Debian mirror, nor on kernel.org; check the network, or give a git tree that has $BASE_TAG by --tree DIR"
}

base_from_git()
{
	local dir=$1 rev found
	found=$(git -C "$dir" rev-parse -q --git-dir 2>&1) ||
		die "$dir is not a git tree that git accepts: ${found%%$'\n'*}"
	rev=$BASE_TAG
	git -C "$dir" rev-parse -q --verify "$rev^{commit}" >/dev/null || rev=HEAD
	found=$(git -C "$dir" show "$rev:Makefile" 2>/dev/null | tree_version) ||
		found=''
	[[ $found == "$BASE_VERSION" ]] ||
		die "$dir has no $BASE_TAG, and its HEAD is Linux ${found:-(no kernel)}; expected $BASE_VERSION"
	kgit fetch -q --depth 1 --no-tags "$(cd "$dir" && pwd)" \
		"+$(git -C "$dir" rev-parse "$rev^{commit}"):refs/tags/base-user" ||
		die "cannot fetch $rev from $dir"
}

base2_commit()
{
	local tag=base-$BASE2_VERSION
	git_cache
	if ! kgit rev-parse -q --verify "$tag^{commit}"; then
		step "Getting the second base, Linux $BASE2_VERSION (about 1 minute)"
		apt_private "$BASE2_SUITE" apt-get -o APT::Update::Error-Mode=any \
			update >"$CACHE/logs/update.log" 2>&1 ||
			warn "$BASE2_SUITE cannot be read: $(grep -m 1 '^[EW]:' "$CACHE/logs/update.log")"
		import_deb "$BASE2_VERSION" "$BASE2_SUITE" "$BASE2_PACKAGE_VERSION" \
			"$BASE2_SHA256" "$tag" >&2 ||
			die "$BASE_PACKAGE $BASE2_PACKAGE_VERSION cannot be downloaded; see $CACHE/logs/download.log"
		kgit rev-parse "$tag^{commit}"
	fi
}

# compose BASE [TOPIC...]: commits the patches of the topics, or all, on top of
# BASE without a work tree, and prints the last commit. git apply takes offsets
# but no fuzz. Returns 1 and names the patch when one does not apply.
compose()
{
	local base=$1 commit tree patch dir key
	local -a patches
	shift
	mapfile -t patches < <(series_of "$@")
	base=$(kgit rev-parse "$base^{commit}")
	key=refs/composed/$base-$(series_id "${patches[@]}")
	if kgit rev-parse -q --verify "$key"; then
		return
	fi
	dir=$(mktemp -d)
	commit=$base
	if ! GIT_INDEX_FILE=$dir/index compose_in "$dir"; then
		rm -rf "$dir"
		return 1
	fi
	rm -rf "$dir"
	kgit update-ref "$key" "$commit"
	echo "$commit"
}

compose_in()
{
	local dir=$1
	kgit read-tree "$base" || return 1
	for patch in "${patches[@]}"; do
		git mailinfo -u "$dir/msg" "$dir/diff" \
			<"$ROOT/patches/$patch" >"$dir/info" ||
			{ say "patches/$patch is not a mail"; return 1; }
		if ! kgit apply --cached "$dir/diff" 2>"$dir/err"; then
			say "patches/$patch does not apply to $(kgit log -1 --format=%s "$base"): $(
				sed 's/^error: //' "$dir/err" | head -n 1)"
			return 1
		fi
		tree=$(kgit write-tree) || return 1
		{
			sed -n 's/^Subject: //p' "$dir/info"
			echo
			cat "$dir/msg"
		} >"$dir/commit"
		commit=$(GIT_AUTHOR_NAME=$(sed -n 's/^Author: //p' "$dir/info") \
			GIT_AUTHOR_EMAIL=$(sed -n 's/^Email: //p' "$dir/info") \
			GIT_AUTHOR_DATE=$(sed -n 's/^Date: //p' "$dir/info") \
			GIT_COMMITTER_NAME=samehost \
			GIT_COMMITTER_EMAIL=samehost@localhost \
			GIT_COMMITTER_DATE=$(sed -n 's/^Date: //p' "$dir/info") \
			kgit commit-tree -p "$commit" -F "$dir/commit" "$tree") ||
			return 1
	done
}

# checkout NAME COMMIT: the managed work tree NAME at COMMIT, in place, so that
# only files that differ change, and prints where it is.
checkout()
{
	local dir=$CACHE/src/$1 commit=$2
	if [[ -e $dir/.git && ( $(git -C "$dir" rev-parse HEAD) != "$commit" ||
		-n $(git -C "$dir" status --porcelain -uno) ) ]]; then
		# What was interrupted half-way is made anew below.
		git -C "$dir" checkout -q --force --detach "$commit" >&2 ||
			rm -f "$dir/.git"
	fi
	if [[ ! -e $dir/.git ]]; then
		rm -rf "$dir"
		kgit worktree prune
		need_space 3 "a kernel tree"
		kgit worktree add -q --force --detach "$dir" "$commit" >&2
	fi
	echo "$dir"
}

# --- Tests and the virtual machine ------------------------------------

# Every line of the lists of tests, without comments.
test_lists()
{
	cat "$ROOT"/selftests/*.list |
		sed -e ':a;/\\$/{N;s/\\\n//;ba;}' -e 's/[[:space:]]*#.*//;/^[[:space:]]*$/d'
}

# image: the root file system of the virtual machine, built when its list of
# packages or its first stage changed; prints its path.
image()
{
	local list=$ROOT/selftests/guest/packages stage1=$ROOT/selftests/guest/stage1
	local key out log=$CACHE/logs/image.log

	key=$(cat "$list" "$stage1" | sha256sum | cut -c -12)
	out=$CACHE/image/$key.erofs
	if [[ ! -f $out ]]; then
		need_space 3 "the image of the virtual machine"
		step "Building the image of the virtual machine (about 1 minute)"
		mkdir -p "$CACHE/image" "$CACHE/tmp"
		rm -f "$CACHE"/image/*
		# A hook packs the image, so that a user who is not root, for whom
		# mmdebstrap uses a user namespace, gets the right owners as well; such
		# a hook cannot write outside. /proc and /sys are mounted then, and have
		# no extended attributes to read.
		((EUID)) || local -x TMPDIR=$CACHE/tmp
		run_logged "$log" "building the image" mmdebstrap --variant=apt \
			--include="$(sed 's/[[:space:]]*#.*//;/^$/d' "$list" | paste -sd,)" \
			--customize-hook="upload '$stage1' /init" \
			--customize-hook='chmod 755 "$1/init"; mkdir -p "$1/share" "$1/payload"' \
			--customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/*' \
			--customize-hook="mkfs.erofs --quiet -x -1 -T 0 --exclude-regex='^(proc|sys|tmp|run)/.*' \"\$1/tmp/image\" \"\$1\"" \
			--customize-hook="download /tmp/image '$out.new'" \
			trixie /dev/null \
			"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main"
		mv "$out.new" "$out"
	fi
	echo "$out"
}

# qemu_source DIR: QEMU's source and Meson to build it with, in DIR.
qemu_source()
{
	local dir=$1 log=$CACHE/logs/qemu-source.log version=$QEMU_VERSION got

	[[ ! -f $dir/.got || $(cat "$dir/.got") != "$QEMU_VERSION" ]] || return 0
	step "Getting QEMU $version and Meson (about 1 minute)"
	rm -rf "$dir"
	mkdir -p "$dir" "$CACHE/logs"
	apt_private "$QEMU_SUITE" apt-get -o APT::Update::Error-Mode=any update \
		>"$log" 2>&1 || warn "$QEMU_SUITE cannot be read: $(grep -m 1 '^[EW]:' "$log")"
	# A mirror keeps the last version of a suite only.
	if ! (cd "$dir" && apt_private "$QEMU_SUITE" apt-get source --download-only \
		--tar-only "qemu=$version") >>"$log" 2>&1; then
		version=$(apt_private "$QEMU_SUITE" apt-cache showsrc qemu 2>/dev/null |
			sed -n 's/^Version: //p' | sort -V | tail -n 1) || true
		[[ -n $version ]] || die "the source of QEMU cannot be downloaded; see $log"
		warn "QEMU $QEMU_VERSION is gone, trying $version"
		(cd "$dir" && apt_private "$QEMU_SUITE" apt-get source --download-only \
			--tar-only "qemu=$version") >>"$log" 2>&1 ||
			die "the source of QEMU cannot be downloaded; see $log"
	fi
	mv "$dir"/qemu_*.tar.xz "$dir/qemu.tar.xz"
	got=$(sha256sum "$dir/qemu.tar.xz" | cut -d ' ' -f 1)
	[[ $version != "$QEMU_VERSION" || $got == "$QEMU_SHA256" ]] ||
		die "QEMU $version has a source tarball with sha256 $got, but scripts/base says $QEMU_SHA256; it is not used"
	(cd "$dir" && apt_private "$QEMU_SUITE" apt-get download meson) >>"$log" 2>&1 ||
		die "Meson cannot be downloaded; see $log"
	mv "$dir"/meson_*.deb "$dir/meson.deb"
	echo "$QEMU_VERSION" >"$dir/.got"
}

# qemu_82599 [--asan]: a QEMU with the model of the 82599, with sanitizers or not,
# built when the model or its QEMU changed; prints its path.
qemu_82599()
{
	local dir=$CACHE/qemu model=$ROOT/selftests/82599 option=${1-} key binary built

	binary=$dir/qemu-system-x86_64${option:+-${option#--}}
	built=$dir/.built$option

	key=$({
		echo "$QEMU_VERSION"
		cat "$model"/core/*.[ch] "$model"/qemu/*
	} | sha256sum)
	if [[ $(cat "$built" 2>/dev/null) != "$key" ]]; then
		need_space 2 "QEMU"
		rm -f "$built"
		qemu_source "$dir/download"
		step "Building QEMU with the model of the 82599 (about 3 minutes)"
		run_logged "$CACHE/logs/qemu.log" "building QEMU" \
			"$model/qemu/build" ${option:+"$option"} --keep --jobs "$JOBS" \
			--meson "$dir/download/meson.deb" "$dir/download/qemu.tar.xz" "$dir"
		echo "$key" >"$built"
	fi
	echo "$binary"
}

# kvm_works KERNEL: /dev/kvm can open and create a machine and still never run
# a guest, so the proof is a boot: a kernel without a root panics and QEMU ends.
kvm_works()
{
	[[ -w /dev/kvm ]] && grep -q -m 1 -w -E 'vmx|svm' /proc/cpuinfo || return 1
	timeout 20 qemu-system-x86_64 -accel kvm -cpu max -machine q35,sata=off \
		-m 512M -nodefaults -display none -serial stdio -no-reboot \
		-kernel "$1" -append 'console=ttyS0 panic=-1' </dev/null 2>/dev/null |
		grep -q 'Kernel panic'
}

# vm_args KERNEL PAYLOAD SHARE: sets the array QEMU to the command line of the
# machine, its console on the standard streams. SHARE holds the program `run`
# that the guest starts, and takes what it writes. Extra words for the kernel
# come from VM_APPEND. A card in VM_DEVICE, of which 82599 is the only one, is
# there twice, with a wire between both.
vm_args()
{
	# TCG copies byte by byte where the CPU says that rep movsb is fast. With
	# five levels of page tables, an interrupt in identify_cpu(), which forgets
	# them for a moment, makes KASAN take all memory for wild.
	local kernel=$1 payload=$2 share=$3 root
	# A BAR that comes or goes gives regions other numbers, by which QEMU 10.0's
	# CPUs may still know them, unless they take turns.
	local threads=${VM_DEVICE:+single}
	local accel=(-accel "tcg,thread=${threads:-multi}" -cpu "max,-erms,-fsrm,-la57")
	local qemu=qemu-system-x86_64 port lpj

	root=$(image)
	# A CPU whose thread has to wait for the host while it measures udelay()
	# waits far too short ever after. TCG's TSC is the host's, HZ is 250; a clock
	# that is lower now makes it wait longer, which does no harm.
	lpj=$(awk -F : '/^cpu MHz/ { print "lpj=" int($2 * 4000); exit }' /proc/cpuinfo)
	if kvm_works "$kernel"; then
		accel=(-accel kvm -cpu max) lpj=''
	fi
	cp "$ROOT/selftests/guest/init" "$share/init"
	[[ -z ${VM_DEVICE:-} ]] || qemu=$(qemu_82599 "${VM_SANITIZE:-}")
	# A host that is busy elsewhere for the usual 21 s is no stall of the guest.
	QEMU=("$qemu" -machine "q35,sata=off" "${accel[@]}"
		-smp "${VM_CPUS:-4}" -m "${VM_MEM:-2G}"
		-nodefaults -display none -no-reboot -kernel "$kernel"
		-drive "file=$root,if=virtio,format=raw,readonly=on"
		-virtfs "local,path=$share,mount_tag=share,security_model=none,multidevs=remap"
		-append "console=ttyS0 root=/dev/vda rootfstype=erofs ro init=/init panic=-1 oops=panic kunit.enable=1 log_buf_len=4M rcupdate.rcu_cpu_stall_timeout=60 loglevel=${VM_LOGLEVEL:-5} $lpj ${VM_APPEND:-}"
		-device virtio-rng-pci)
	[[ -z $payload ]] ||
		QEMU+=(-drive "file=$payload,if=virtio,format=raw,readonly=on")
	# Virtual functions need a bus of their own.
	for port in ${VM_DEVICE:+0 1}; do
		QEMU+=(-device "pcie-root-port,id=slot$port,chassis=$port"
			-netdev "hubport,id=wire$port,hubid=0"
			-device "$VM_DEVICE,bus=slot$port,netdev=wire$port")
	done
}

# --- Patches and trees ------------------------------------------------

# touched PATCH...: the files that these patches change, add or delete.
touched()
{
	sed -n 's,^diff --git a/\(.*\) b/\(.*\)$,\1\n\2,p' -- "$@" | sort -u
}

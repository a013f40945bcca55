// SPDX-License-Identifier: GPL-2.0
/*
 * Init of a virtual machine that measures one case in one state and resets.
 *
 * The kernel hands over "BENCH=ROUNDS VARIANT PROGRAM ARGUMENT..." from its
 * command line. Each round has new namespaces, devices and sockets: the random
 * seeds of their hash tables decide which entries share a bucket, and with it
 * half a percent of the cost. The host takes the cheapest round.
 *
 * What this prints on the console is one line for the host to read: "bench:
 * samples N sums SUM..." with a sum for each round, or "bench: failed: WHY".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define MAX_ARGS	16
#define MAX_ROUNDS	64

static const struct program {
	const char *name;
	int args, optional;
	void (*run)(char **args);
} programs[] = {
	{ "udp", 3, 1, udp },
	{ "tcp", 2, 1, tcp },
	{ "tun", 2, 0, tun },
};

const char *variant;

bool variant_is(const char *name)
{
	return !strcmp(variant, name);
}

__attribute__((noreturn)) static void finish(void)
{
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

void die(const char *fmt, ...)
{
	va_list ap;

	printf("\nbench: failed: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	finish();
}

void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != len)
		die("writing '%s' to %s: %s", text, path, strerror(errno));
	close(fd);
}

/* name with slashes: an interface may have dots in its name. */
void sysctl(const char *name, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	write_file(path, value);
}

int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > 1 << 24)
		die("'%s' is not a number that a case can have", text);
	return value;
}

void expect(const char *what, uint64_t got, uint64_t want)
{
	if (got != want)
		die("%s is %llu, expected %llu", what, (unsigned long long)got,
		    (unsigned long long)want);
}

static void mount_at(const char *type, const char *path)
{
	mkdir(path, 0755);
	if (mount(type, path, type, 0, NULL))
		die("mounting %s: %s", path, strerror(errno));
}

/*
 * A container's process is in a control group with the memory controller, and
 * its sockets and buffers are charged to that.
 */
static void container(void)
{
	write_file("/cgroup/cgroup.subtree_control", "+memory");
	mkdir("/cgroup/bench", 0755);
	write_file("/cgroup/bench/cgroup.procs", "0");
}

static const struct program *find(const char *name, int args)
{
	unsigned int i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(programs[i].name, name))
			continue;
		if (args < programs[i].args ||
		    args > programs[i].args + programs[i].optional)
			die("%s takes %d arguments", name, programs[i].args);
		return &programs[i];
	}
	die("no program '%s'", name);
}

int main(void)
{
	uint64_t sums[MAX_ROUNDS];
	char *text, *args[MAX_ARGS] = { };
	const struct program *program;
	int i, n = 0, rounds;

	setvbuf(stdout, NULL, _IOFBF, 4096);
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("cgroup2", "/cgroup");

	text = getenv("BENCH");
	for (text = text ? strtok(text, " ") : NULL; text && n < MAX_ARGS;
	     text = strtok(NULL, " "))
		args[n++] = text;
	if (n < 3)
		die("BENCH= on the kernel's command line needs three words");
	rounds = number(args[0]);
	if (rounds > MAX_ROUNDS)
		die("there are at most %d rounds", MAX_ROUNDS);
	variant = args[1];
	program = find(args[2], n - 3);

	container();
	mlockall(MCL_CURRENT | MCL_FUTURE);
	meter_init();
	for (i = 0; i < rounds; i++) {
		meter_reset();
		namespaces();
		program->run(args + 3);
		sums[i] = meter.sum;
	}
	printf("\nbench: samples %d sums", METER_SAMPLES);
	for (i = 0; i < rounds; i++)
		printf(" %llu", (unsigned long long)sums[i]);
	printf("\n");
	finish();
}

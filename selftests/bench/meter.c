// SPDX-License-Identifier: GPL-2.0
/* What is measured, and how. */
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "bench.h"

struct meter meter;

static uint64_t now(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* How often another task took the processor; to wait for one is no such time. */
static long preemptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nivcsw;
}

void meter_init(void)
{
	uint64_t empty;
	int i;

	meter.cost = UINT64_MAX;
	for (i = 0; i < 16; i++) {
		meter.start = now();
		empty = now() - meter.start;
		if (empty < meter.cost)
			meter.cost = empty;
	}
}

void meter_reset(void)
{
	meter.sum = 0;
	meter.warm = meter.samples = meter.left_out = 0;
}

bool meter_running(void)
{
	return meter.samples < METER_SAMPLES;
}

void meter_start(void)
{
	meter.preempted = preemptions();
	/* This clock moves with the tick and at no other time. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &meter.tick);
	meter.start = now();
}

void meter_stop(void)
{
	uint64_t sample = now() - meter.start;
	struct timespec tick;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &tick);
	if (memcmp(&tick, &meter.tick, sizeof(tick)) ||
	    preemptions() != meter.preempted) {
		if (meter.left_out++ > 16 * METER_SAMPLES)
			die("a tick or another task is in nearly every sample");
	} else if (meter.warm < METER_WARMUP) {
		meter.warm++;
	} else {
		meter.sum += sample - meter.cost;
		meter.samples++;
	}
}

static long raw_syscall(long nr, long a, long b, long c, long d, long e,
			long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall" : "=a" (ret)
		     : "a" (nr), "D" (a), "S" (b), "d" (c), "r" (r10),
		       "r" (r8), "r" (r9)
		     : "rcx", "r11", "memory");
	return ret;
}

long sys_send(int fd, const void *buf, long len)
{
	return raw_syscall(SYS_sendto, fd, (long)buf, len, 0, 0, 0);
}

long sys_recv(int fd, void *buf, long len, int flags)
{
	return raw_syscall(SYS_recvfrom, fd, (long)buf, len, flags, 0, 0);
}

long sys_read(int fd, void *buf, long len)
{
	return raw_syscall(SYS_read, fd, (long)buf, len, 0, 0, 0);
}

long sys_write(int fd, const void *buf, long len)
{
	return raw_syscall(SYS_write, fd, (long)buf, len, 0, 0, 0);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What a case of scripts/bench is made of: a network, a meter, assertions. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

/* The state that this boot measures: base, off, on, or a peer's name. */
extern const char *variant;

bool variant_is(const char *name);

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);

/* Each of these ends the run with a sentence when it does not succeed. */
void write_file(const char *path, const char *text);
void sysctl(const char *name, const char *value);
int number(const char *text);
void expect(const char *what, uint64_t got, uint64_t want);

/*
 * System calls without libc around them, so that the C library of the machine
 * that built this program is not part of the figures.
 */
long sys_send(int fd, const void *buf, long len);
long sys_recv(int fd, void *buf, long len, int flags);
long sys_read(int fd, void *buf, long len);
long sys_write(int fd, const void *buf, long len);

/*
 * The meter. A case brackets with meter_start() and meter_stop() what one unit
 * costs, as long as meter_running() says. The time stamp counter counts
 * instructions under icount. A sample in which the timer tick fell, or another
 * task ran, is left out: what those do is not the packet's. The others are
 * summed, so that what is paid once in several packets is counted.
 */
#define METER_WARMUP	32
#define METER_SAMPLES	128

struct meter {
	uint64_t start;
	uint64_t cost;			/* of the meter itself */
	struct timespec tick;
	long preempted;
	uint64_t sum;
	unsigned int warm;
	unsigned int samples;
	unsigned int left_out;
};

extern struct meter meter;

void meter_init(void);
void meter_reset(void);
bool meter_running(void);
void meter_start(void);
void meter_stop(void);

/* Network namespaces: two containers, and the host between them. */
enum { HOST, A, B, NAMESPACES };

void namespaces(void);
void enter(int ns);

/* Devices of the current namespace. */
void veth(const char *name, int ns, const char *peer, int peer_ns);
void bridge(const char *name);
void enslave(const char *name, const char *master);
void up(const char *name, int mtu);
void address(const char *name, int family, int host, int prefix);
void neighbour(const char *name, int family, int host, int ns, bool inside);

/* What A sends to B need not be fragmented. */
void skip_frag(int family);
void skip_frag_off_again(int family);

/* As ethtool -K does. */
void feature(const char *name, const char *feature, bool on);

/* GRO at both ends of network(), which veth does with NAPI only. */
void gro(void);

/*
 * eth0 of A and eth0 of B, joined by "veth" alone or by a "bridge" in HOST;
 * A is host 1 and B is host 2 of one subnet of that family.
 */
void network(const char *path, int family, int mtu);

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
};

struct address sockaddr(int family, int host, int port);
int udp_socket(int family, int host, int port);

/* A counter of /proc/net/snmp or snmp6 of the current namespace. */
uint64_t counter(int family, const char *proto, const char *name);

/*
 * The programs of the table of cases. Each builds its network and measures; it is
 * called once a round.
 */
void udp(char **args);
void tcp(char **args);
void tun(char **args);

#endif

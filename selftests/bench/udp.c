// SPDX-License-Identifier: GPL-2.0
/* One UDP datagram from container A to container B, in lock step. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"

#define MAX_SIZE 65535

static char sent[MAX_SIZE], received[MAX_SIZE];

/* How many fragments a datagram is cut into, 0 if it is sent whole. */
static uint64_t fragments(int family, int size, int mtu)
{
	int payload = 8 + size;
	int head = family == AF_INET ? 20 : 40;
	int room;

	if (head + payload <= mtu)
		return 0;
	room = (mtu - head - (family == AF_INET ? 0 : 8)) & ~7;
	return (payload + room - 1) / room;
}

/*
 * A bridge may still be starting its ports and drop what comes. It is ready
 * when both sides have spoken, so that it knows both, and a run of datagrams
 * of the size that is measured has arrived.
 */
static void settle(int family, int from, int at, int size)
{
	struct address back = sockaddr(family, A, 7777);
	int tries, good = 0;

	for (tries = 0; good < 8; tries++) {
		if (tries == 10000)
			die("no datagrams get through: %s", strerror(errno));
		sched_yield();
		good++;
		if (sendto(at, sent, 1, 0, (void *)&back.sa, back.len) != 1 ||
		    recv(from, received, 1, MSG_DONTWAIT) != 1 ||
		    send(from, sent, size, 0) != size ||
		    recv(at, received, size, MSG_DONTWAIT) != size)
			good = 0;
	}
}

/*
 * udp 4|6 PATH SIZE [guess|gro]
 *
 * "on" is skip-frag: a datagram over the MTU stays whole, unless "guess" says
 * that the last port of the bridge, or of the router, cannot carry it.
 * "off-again" has been on.
 */
void udp(char **args)
{
	int family = number(args[0]) == 4 ? AF_INET : AF_INET6;
	const char *ip = family == AF_INET ? "Ip" : "Ip6";
	int mtu = variant_is("mtu65535") ? 65535 : 1500;
	int size = number(args[2]);
	struct address to = sockaddr(family, B, 7777);
	uint64_t cut = fragments(family, size, mtu), cut_early = cut;
	bool guess = args[3] && !strcmp(args[3], "guess");
	uint64_t created, n = 0, ok, required;
	int from, at, i;

	if (args[3] && !guess && strcmp(args[3], "gro"))
		die("no mode '%s'", args[3]);
	if (size > MAX_SIZE)
		die("a datagram has at most %d bytes", MAX_SIZE);
	network(args[1], family, mtu);
	if (args[3] && !guess)
		gro();
	if (variant_is("on")) {
		cut_early = 0;
		if (!guess)
			cut = 0;
		skip_frag(family);
		enter(HOST);
		if (guess)
			feature("vethB", "tx-udp-fragmentation", false);
	} else if (variant_is("off-again")) {
		skip_frag_off_again(family);
	}
	enter(B);
	at = udp_socket(family, B, 7777);
	enter(A);
	from = udp_socket(family, A, 7777);
	if (connect(from, (void *)&to.sa, to.len))
		die("connect: %s", strerror(errno));

	settle(family, from, at, size);
	created = counter(family, ip, "FragCreates");
	enter(B);
	ok = counter(family, ip, "ReasmOKs");
	required = counter(family, ip, "ReasmReqds");

	for (i = 0; i < size; i++)
		sent[i] = i * 7 + i / 251;
	for (; meter_running(); n++) {
		long out, in;

		memcpy(sent, &n, sizeof(n));
		meter_start();
		out = sys_send(from, sent, size);
		in = sys_recv(at, received, sizeof(received), 0);
		meter_stop();
		if (out != size || in != size)
			die("datagram %llu: sent %ld, received %ld of %d",
			    (unsigned long long)n, out, in, size);
		if (memcmp(sent, received, size))
			die("datagram %llu arrived with other bytes",
			    (unsigned long long)n);
	}

	expect("ReasmOKs", counter(family, ip, "ReasmOKs") - ok, cut ? n : 0);
	expect("ReasmReqds", counter(family, ip, "ReasmReqds") - required,
	       cut * n);
	enter(A);
	expect("FragCreates", counter(family, ip, "FragCreates") - created,
	       cut_early * n);
}

// SPDX-License-Identifier: GPL-2.0
/* 64 KiB at a time through one TCP connection from container A to B. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"

#define CHUNK	(64 << 10)
#define ROOM	(4 << 20)
#define MTU	1500

static char sent[CHUNK], received[CHUNK];

static int tcp_socket(int family)
{
	struct timeval second = { .tv_sec = 1 };
	int fd = socket(family, SOCK_STREAM, 0), room = ROOM;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)))
		die("a TCP socket: %s", strerror(errno));
	return fd;
}

/* tcp 4|6 PATH [gro] */
void tcp(char **args)
{
	int family = number(args[0]) == 4 ? AF_INET : AF_INET6;
	struct address to = sockaddr(family, B, 7777);
	int listener, from, at, i;
	uint64_t n = 0, segments;

	if (args[2] && strcmp(args[2], "gro"))
		die("no mode '%s'", args[2]);
	network(args[1], family, MTU);
	if (args[2])
		gro();
	if (variant_is("on"))
		skip_frag(family);
	else if (variant_is("off-again"))
		skip_frag_off_again(family);
	enter(B);
	listener = tcp_socket(family);
	if (bind(listener, (void *)&to.sa, to.len) || listen(listener, 1))
		die("listen: %s", strerror(errno));
	enter(A);
	from = tcp_socket(family);
	if (connect(from, (void *)&to.sa, to.len))
		die("connect: %s", strerror(errno));
	at = accept(listener, NULL, NULL);
	if (at < 0)
		die("accept: %s", strerror(errno));

	for (i = 0; i < CHUNK; i++)
		sent[i] = i * 7 + i / 251;
	for (; meter_running(); n++) {
		long out, in;

		memcpy(sent, &n, sizeof(n));
		meter_start();
		out = sys_send(from, sent, CHUNK);
		in = sys_recv(at, received, CHUNK, MSG_WAITALL);
		meter_stop();
		if (out != CHUNK || in != CHUNK)
			die("chunk %llu: sent %ld, received %ld of %d",
			    (unsigned long long)n, out, in, CHUNK);
		if (memcmp(sent, received, CHUNK))
			die("chunk %llu arrived with other bytes",
			    (unsigned long long)n);
	}

	/* These counters are the network namespace's, of both families. */
	expect("RetransSegs", counter(AF_INET, "Tcp", "RetransSegs"), 0);
	segments = counter(AF_INET, "Tcp", "OutSegs");
	if (segments * MTU < n * CHUNK)
		die("%llu segments are too few for %llu chunks",
		    (unsigned long long)segments, (unsigned long long)n);
}

// SPDX-License-Identifier: GPL-2.0
/* One packet out of, or into, a tun device by plain read() or write(). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "bench.h"

#define BURST		64
#define MAX_SIZE	1500
#define HEADERS		28	/* IPv4 and UDP */

static char packet[MAX_SIZE], received[MAX_SIZE];

static int open_tun(void)
{
	struct ifreq ifr = {
		.ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI
	};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		die("a tun device: %s", strerror(errno));
	up("tun0", MAX_SIZE);
	address("tun0", AF_INET, A, 24);
	return fd;
}

/* A packet as B would send it to A, without the optional UDP checksum. */
static void make_packet(int size)
{
	struct address from = sockaddr(AF_INET, B, 7777);
	struct address to = sockaddr(AF_INET, A, 7777);
	uint16_t ip[10] = { htons(0x4500), htons(size), 0, htons(0x4000),
			    htons(0x4000 | IPPROTO_UDP) };
	uint16_t udp[4] = { htons(7777), htons(7777), htons(size - 20) };
	uint32_t sum = 0;
	int i;

	memcpy(ip + 6, &((struct sockaddr_in *)&from.sa)->sin_addr, 4);
	memcpy(ip + 8, &((struct sockaddr_in *)&to.sa)->sin_addr, 4);
	for (i = 0; i < 10; i++)
		sum += ip[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip[5] = ~(sum + (sum >> 16));
	memcpy(packet, ip, sizeof(ip));
	memcpy(packet + sizeof(ip), udp, sizeof(udp));
	for (i = HEADERS; i < size; i++)
		packet[i] = i;
}

/* BURST packets are sent into the device, then each is read. */
static void measure_read(int fd, int from, int size)
{
	while (meter_running()) {
		int i;

		for (i = 0; i < BURST; i++)
			if (send(from, packet + HEADERS, size - HEADERS, 0) < 0)
				die("sending into tun: %s", strerror(errno));
		for (i = 0; i < BURST && meter_running(); i++) {
			long in;

			meter_start();
			in = sys_read(fd, received, sizeof(received));
			meter_stop();
			if (in != size ||
			    memcmp(packet + HEADERS, received + HEADERS,
				   size - HEADERS))
				die("read %ld of %d bytes, or others", in, size);
		}
	}
}

/* BURST packets are written, each by a call; then the socket is emptied. */
static void measure_write(int fd, int at, int size)
{
	while (meter_running()) {
		int i, n;

		for (n = 0; n < BURST && meter_running(); n++) {
			long out;

			packet[HEADERS] = n;
			meter_start();
			out = sys_write(fd, packet, size);
			meter_stop();
			if (out != size)
				die("wrote %ld of %d bytes", out, size);
		}
		for (i = 0; i < n; i++) {
			packet[HEADERS] = i;
			if (recv(at, received, sizeof(received), MSG_DONTWAIT) !=
			    size - HEADERS ||
			    memcmp(packet + HEADERS, received, size - HEADERS))
				die("packet %d of %d was not delivered", i, n);
		}
	}
}

/* tun read|write SIZE: that of the IP packet */
void tun(char **args)
{
	int size = number(args[1]);
	struct address peer = sockaddr(AF_INET, B, 7777);
	int fd, sock;

	if (size <= HEADERS || size > MAX_SIZE)
		die("a packet has %d to %d bytes", HEADERS + 1, MAX_SIZE);
	enter(A);
	fd = open_tun();
	sock = udp_socket(AF_INET, A, 7777);
	make_packet(size);
	if (!strcmp(args[0], "read")) {
		if (connect(sock, (void *)&peer.sa, peer.len))
			die("connect: %s", strerror(errno));
		/* Nothing but our packets may be in the queue. */
		while (sys_read(fd, received, sizeof(received)) > 0)
			;
		measure_read(fd, sock, size);
	} else {
		measure_write(fd, sock, size);
	}
}

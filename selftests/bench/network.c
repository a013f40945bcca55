// SPDX-License-Identifier: GPL-2.0
/*
 * The network of a case, by rtnetlink. Addresses of every kind are fixed, and
 * no protocol of its own speaks while a case is measured: no IPv6 address is
 * made by itself, none is probed, neighbours are permanent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

#ifndef RTAX_FEATURE_UDP_SKIP_FRAG
#define RTAX_FEATURE_UDP_SKIP_FRAG (1 << 5)
#endif

static int ns_fd[NAMESPACES];

/*
 * New ones. Those of earlier rounds stay: to take them down would be work in
 * the background of this round.
 */
void namespaces(void)
{
	int i;

	for (i = HOST; i < NAMESPACES; i++) {
		if (unshare(CLONE_NEWNET))
			die("a network namespace: %s", strerror(errno));
		ns_fd[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (ns_fd[i] < 0)
			die("/proc/self/ns/net: %s", strerror(errno));
		/* No link-local address, so no router or multicast either. */
		sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
	}
	enter(HOST);
}

void enter(int ns)
{
	if (setns(ns_fd[ns], CLONE_NEWNET))
		die("entering a network namespace: %s", strerror(errno));
}

/* A message in the making. */
static union {
	struct nlmsghdr head;
	char data[1024];
} msg;

static void *begin(int type, int flags, size_t len)
{
	memset(&msg, 0, sizeof(msg));
	msg.head.nlmsg_type = type;
	msg.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg.head.nlmsg_len = NLMSG_LENGTH(len);
	return NLMSG_DATA(&msg.head);
}

static struct rtattr *put(int type, const void *data, size_t len)
{
	struct rtattr *attr = (void *)(msg.data +
				       NLMSG_ALIGN(msg.head.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	msg.head.nlmsg_len = NLMSG_ALIGN(msg.head.nlmsg_len) +
			     RTA_ALIGN(attr->rta_len);
	return attr;
}

static void put_int(int type, uint32_t value)
{
	put(type, &value, sizeof(value));
}

static void put_string(int type, const char *text)
{
	put(type, text, strlen(text) + 1);
}

/* What is put until nest_end() is inside; head is a fixed part before it. */
static struct rtattr *nest(int type, const void *head, size_t len)
{
	return put(type, head, len);
}

static void nest_end(struct rtattr *attr)
{
	attr->rta_len = msg.data + msg.head.nlmsg_len - (char *)attr;
}

static void commit(const char *what, const char *name)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char rest[1024];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || sendto(fd, &msg, msg.head.nlmsg_len, 0,
			     (void *)&kernel, sizeof(kernel)) < 0 ||
	    recv(fd, &reply, sizeof(reply), 0) < (ssize_t)sizeof(reply.head))
		die("netlink: %s", strerror(errno));
	if (reply.head.nlmsg_type != NLMSG_ERROR || reply.err.error)
		die("%s %s: %s", what, name, strerror(-reply.err.error));
	close(fd);
}

/* The address of a namespace's eth0, or of the other end in HOST. */
static void put_mac(int type, int ns, bool inside)
{
	uint8_t mac[6] = { 2, 0, 0, 0, inside, ns };

	put(type, mac, sizeof(mac));
}

void veth(const char *name, int ns, const char *peer, int peer_ns)
{
	struct rtattr *info, *data, *end;
	struct ifinfomsg none = { };

	begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(none));
	put_string(IFLA_IFNAME, name);
	put_mac(IFLA_ADDRESS, ns == HOST ? peer_ns : ns, ns != HOST);
	put_int(IFLA_NET_NS_FD, ns_fd[ns]);
	info = nest(IFLA_LINKINFO, NULL, 0);
	put_string(IFLA_INFO_KIND, "veth");
	data = nest(IFLA_INFO_DATA, NULL, 0);
	end = nest(VETH_INFO_PEER, &none, sizeof(none));
	put_string(IFLA_IFNAME, peer);
	put_mac(IFLA_ADDRESS, peer_ns, true);
	put_int(IFLA_NET_NS_FD, ns_fd[peer_ns]);
	nest_end(end);
	nest_end(data);
	nest_end(info);
	commit("creating veth", name);
}

void bridge(const char *name)
{
	struct rtattr *info;

	begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	put_string(IFLA_IFNAME, name);
	put_mac(IFLA_ADDRESS, HOST, false);
	info = nest(IFLA_LINKINFO, NULL, 0);
	put_string(IFLA_INFO_KIND, "bridge");
	nest_end(info);
	commit("creating bridge", name);
}

static int index_of(const char *name)
{
	int index = if_nametoindex(name);

	if (!index)
		die("no device %s", name);
	return index;
}

void enslave(const char *name, const char *master)
{
	struct ifinfomsg *ifi = begin(RTM_NEWLINK, 0, sizeof(*ifi));

	ifi->ifi_index = index_of(name);
	put_int(IFLA_MASTER, index_of(master));
	commit("adding to the bridge", name);
}

void up(const char *name, int mtu)
{
	struct ifinfomsg *ifi = begin(RTM_NEWLINK, 0, sizeof(*ifi));

	ifi->ifi_index = index_of(name);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	put_int(IFLA_MTU, mtu);
	commit("setting up", name);
}

/* 10.9.0.HOST or fd09::HOST; returns the length. */
static int ip(int family, int host, void *to)
{
	uint8_t v4[4] = { 10, 9, 0, host };
	uint8_t v6[16] = { 0xfd, 9, [15] = host };

	if (family == AF_INET) {
		memcpy(to, v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(to, v6, sizeof(v6));
	return sizeof(v6);
}

void address(const char *name, int family, int host, int prefix)
{
	struct ifaddrmsg *ifa = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
				      sizeof(*ifa));
	uint8_t addr[16];
	int len = ip(family, host, addr);

	ifa->ifa_family = family;
	ifa->ifa_prefixlen = prefix;
	ifa->ifa_flags = IFA_F_NODAD;
	ifa->ifa_index = index_of(name);
	put(IFA_LOCAL, addr, len);
	put(IFA_ADDRESS, addr, len);
	commit("adding an address to", name);
}

/* @host has the address of the eth0 of @ns, or of the other end in HOST. */
void neighbour(const char *name, int family, int host, int ns, bool inside)
{
	struct ndmsg *nd = begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL,
				 sizeof(*nd));
	uint8_t addr[16];
	int len = ip(family, host, addr);

	nd->ndm_family = family;
	nd->ndm_ifindex = index_of(name);
	nd->ndm_state = NUD_PERMANENT;
	put(NDA_DST, addr, len);
	put_mac(NDA_LLADDR, ns, inside);
	commit("adding a neighbour to", name);
}

/* A route of its own to a host, with RTAX_FEATURE_* bits. */
static void route_feature(const char *name, int family, int host,
			  uint32_t features)
{
	struct rtmsg *rtm = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
				  sizeof(*rtm));
	struct rtattr *metrics;
	uint8_t addr[16];
	int len = ip(family, host, addr);

	rtm->rtm_family = family;
	rtm->rtm_dst_len = 8 * len;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	put(RTA_DST, addr, len);
	put_int(RTA_OIF, index_of(name));
	metrics = nest(RTA_METRICS, NULL, 0);
	put_int(RTAX_FEATURES, features);
	nest_end(metrics);
	commit("adding a route to", name);
}

void skip_frag(int family)
{
	enter(A);
	sysctl("net/ipv4/udp_skip_frag", "1");
	route_feature("eth0", family, B, RTAX_FEATURE_UDP_SKIP_FRAG);
}

void skip_frag_off_again(int family)
{
	skip_frag(family);
	sysctl("net/ipv4/udp_skip_frag", "0");
}

/* By the name of the feature, as it has no fixed number. */
void feature(const char *name, const char *feature, bool on)
{
	enum { WORDS = 4, STRINGS = 32 * WORDS };
	struct {
		struct ethtool_gstrings head;
		char text[STRINGS][ETH_GSTRING_LEN];
	} names = { .head = { .cmd = ETHTOOL_GSTRINGS,
			      .string_set = ETH_SS_FEATURES } };
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block block[WORDS];
	} set = { .head = { .cmd = ETHTOOL_SFEATURES } };
	struct {
		struct ethtool_sset_info head;
		uint32_t count;
	} sset = { .head = { .cmd = ETHTOOL_GSSET_INFO,
			     .sset_mask = 1 << ETH_SS_FEATURES } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = { };
	uint32_t i;

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	ifr.ifr_data = (void *)&sset;
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &ifr) || sset.count > STRINGS)
		die("the number of features of %s: %s", name, strerror(errno));
	ifr.ifr_data = (void *)&names;
	names.head.len = sset.count;
	if (ioctl(fd, SIOCETHTOOL, &ifr))
		die("the features of %s: %s", name, strerror(errno));
	for (i = 0; i < sset.count; i++)
		if (!strncmp(names.text[i], feature, ETH_GSTRING_LEN))
			break;
	if (i == sset.count)
		die("%s has no feature %s", name, feature);
	set.head.size = (sset.count + 31) / 32;
	set.block[i / 32].valid = 1u << i % 32;
	set.block[i / 32].requested = on ? 1u << i % 32 : 0;
	ifr.ifr_data = (void *)&set;
	if (ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		die("changing %s of %s: %s", feature, name, strerror(errno));
	close(fd);
}

static void container_end(int ns, int family, int peer, int mtu, bool routed)
{
	int prefix = family == AF_INET ? 24 : 64;

	enter(ns);
	up("lo", 65536);
	up("eth0", mtu);
	address("eth0", family, ns, prefix);
	neighbour("eth0", family, peer, routed ? ns : peer, !routed);
}

/*
 * The kernel notices carriers and starts the ports of a bridge in the
 * background. To sleep for that is no good: QEMU's clock is exact only while
 * the guest computes. When the guest goes idle, QEMU's main thread moves the
 * clock on, and on a busy host it may do so before the last instructions have
 * been counted.
 */
static void wait_for(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), tries = 1000000;
	struct ifreq ifr = { };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	do {
		sched_yield();
		if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr))
			die("the flags of %s: %s", name, strerror(errno));
	} while (!(ifr.ifr_flags & IFF_RUNNING) && tries--);
	if (tries < 0)
		die("%s does not come up", name);
	close(fd);
}

void network(const char *path, int family, int mtu)
{
	bool bridged = !strcmp(path, "bridge"), routed = !strcmp(path, "router");

	enter(HOST);
	if (!strcmp(path, "veth")) {
		veth("eth0", A, "eth0", B);
	} else if (bridged || routed) {
		if (bridged)
			bridge("br0");
		veth("vethA", HOST, "eth0", A);
		veth("vethB", HOST, "eth0", B);
		if (bridged) {
			enslave("vethA", "br0");
			enslave("vethB", "br0");
		}
		up("vethA", mtu);
		up("vethB", mtu);
		if (bridged)
			up("br0", mtu);
	} else {
		die("no path '%s'", path);
	}
	container_end(A, family, B, mtu, routed);
	container_end(B, family, A, mtu, routed);
	if (routed) {
		enter(HOST);
		sysctl("net/ipv4/ip_forward", "1");
		sysctl("net/ipv6/conf/all/forwarding", "1");
		route_feature("vethA", family, A, 0);
		route_feature("vethB", family, B, 0);
		neighbour("vethA", family, A, A, true);
		neighbour("vethB", family, B, B, true);
	}
	if (bridged || routed) {
		enter(HOST);
		wait_for("vethA");
		wait_for("vethB");
	}
	if (bridged)
		wait_for("br0");
	enter(A);
	wait_for("eth0");
	enter(B);
	wait_for("eth0");
}

void gro(void)
{
	static const int ends[] = { A, B };
	int i;

	for (i = 0; i < 2; i++) {
		enter(ends[i]);
		feature("eth0", "rx-gro", true);
	}
}

struct address sockaddr(int family, int host, int port)
{
	struct address a = { };

	a.sa.ss_family = family;
	if (family == AF_INET) {
		struct sockaddr_in *sin = (void *)&a.sa;

		sin->sin_port = htons(port);
		ip(family, host, &sin->sin_addr);
		a.len = sizeof(*sin);
	} else {
		struct sockaddr_in6 *sin6 = (void *)&a.sa;

		sin6->sin6_port = htons(port);
		ip(family, host, &sin6->sin6_addr);
		a.len = sizeof(*sin6);
	}
	return a;
}

/* A lost packet shall end a case, not hang it. */
int udp_socket(int family, int host, int port)
{
	int fd = socket(family, SOCK_DGRAM, 0), room = 8 << 20;
	struct address a = sockaddr(family, host, port);
	struct timeval second = { .tv_sec = 1 };

	if (fd < 0 || bind(fd, (void *)&a.sa, a.len) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)))
		die("a UDP socket: %s", strerror(errno));
	return fd;
}

/* A line of names and under it a line of values, both behind "Proto:". */
static uint64_t counter4(FILE *file, const char *proto, const char *name)
{
	char names[2048], values[2048], *n, *v, *next_n, *next_v;

	while (fgets(names, sizeof(names), file) &&
	       fgets(values, sizeof(values), file)) {
		n = strtok_r(names, ": \n", &next_n);
		v = strtok_r(values, ": \n", &next_v);
		if (!n || strcmp(n, proto))
			continue;
		while (n && v) {
			if (!strcmp(n, name))
				return strtoull(v, NULL, 10);
			n = strtok_r(NULL, " \n", &next_n);
			v = strtok_r(NULL, " \n", &next_v);
		}
	}
	die("no counter %s%s", proto, name);
}

static uint64_t counter6(FILE *file, const char *proto, const char *name)
{
	unsigned long long value;
	char line[256], wanted[64];

	snprintf(wanted, sizeof(wanted), "%s%s", proto, name);
	while (fscanf(file, "%255s %llu", line, &value) == 2)
		if (!strcmp(line, wanted))
			return value;
	die("no counter %s", wanted);
}

uint64_t counter(int family, const char *proto, const char *name)
{
	const char *path = family == AF_INET ? "/proc/net/snmp" :
					       "/proc/net/snmp6";
	FILE *file = fopen(path, "r");
	uint64_t value;

	if (!file)
		die("%s: %s", path, strerror(errno));
	value = family == AF_INET ? counter4(file, proto, name) :
				    counter6(file, proto, name);
	fclose(file);
	return value;
}

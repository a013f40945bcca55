// SPDX-License-Identifier: GPL-2.0-only
/* The hash and the queue that it selects */
#include "harness.h"

#define ALL	(MRQC_IPV4 | MRQC_TCP_IPV4 | MRQC_IPV6 | MRQC_TCP_IPV6)

static struct rx_info info;
static uint8_t f[2048];

/* "Verifying the RSS Hash Calculation", Microsoft */
static const uint8_t key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	struct flow flow;
	uint32_t ip, tcp;
} vectors[] = {
	{ { .dst = { 161, 142, 100, 80 }, .dport = 1766,
	    .src = { 66, 9, 149, 187 }, .sport = 2794 },
	  0x323e8fc2, 0x51ccc178 },
	{ { .dst = { 65, 69, 140, 83 }, .dport = 4739,
	    .src = { 199, 92, 111, 2 }, .sport = 14230 },
	  0xd718262a, 0xc626b0ea },
	{ { .dst = { 12, 22, 207, 184 }, .dport = 38024,
	    .src = { 24, 19, 198, 95 }, .sport = 12898 },
	  0xd2d0a5de, 0x5c2b394a },
	{ { .dst = { 209, 142, 163, 6 }, .dport = 2217,
	    .src = { 38, 27, 205, 30 }, .sport = 48228 },
	  0x82989176, 0xafc7327f },
	{ { .dst = { 202, 188, 127, 2 }, .dport = 1303,
	    .src = { 153, 39, 163, 191 }, .sport = 44251 },
	  0x5d1809c5, 0x10e828a2 },
	{ { .v6 = true, .dport = 1766, .sport = 2794,
	    .dst = { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03,
		     [15] = 0x01 },
	    .src = { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff,
		     [15] = 0x07 } },
	  0x2cc18cd5, 0x40207d3d },
	{ { .v6 = true, .dport = 4739, .sport = 14230,
	    .dst = { 0xff, 0x02, [15] = 0x01 },
	    .src = { 0x3f, 0xfe, 0x05, 0x01, 0x00, 0x08, 0x00, 0x00,
		     0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab } },
	  0x0f0c461c, 0xdde51bbf },
	{ { .v6 = true, .dport = 38024, .sport = 44251,
	    .dst = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0,
		     0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
	    .src = { 0x3f, 0xfe, 0x19, 0x00, 0x45, 0x45, 0x00, 0x03,
		     0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf } },
	  0x4b61e985, 0x02d1feef },
};

static void set_key(void)
{
	unsigned int i;

	for (i = 0; i < 10; i++)
		wr(RSSRK + 4 * i, get_le32(key + 4 * i));
}

static struct rx_info *hash(struct rxq *rx, const struct flow *flow,
			    uint8_t proto)
{
	struct flow x = *flow;

	x.proto = proto;
	make_frame(f, pf_mac, peer, 60);
	receive(f, make_ip(f, &x, 64));
	CHECK(rxq_poll(rx, &info));
	return &info;
}

static void microsoft_vectors(void)
{
	struct rxq rx;
	unsigned int i;

	pf_up();
	set_key();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct flow *flow = &vectors[i].flow;

		wr(MRQC, MRQC_RSS | ALL);
		CHECK_EQ(hash(&rx, flow, 6)->hash, vectors[i].tcp);
		CHECK_EQ(info.type & 0xf, flow->v6 ? RXD_RSS_TCP_IPV6 :
			 RXD_RSS_TCP_IPV4);
		/* UDP is not asked for, other protocols have no ports. */
		CHECK_EQ(hash(&rx, flow, 17)->hash, vectors[i].ip);
		CHECK_EQ(info.type & 0xf, flow->v6 ? RXD_RSS_IPV6 :
			 RXD_RSS_IPV4);
		CHECK_EQ(hash(&rx, flow, 47)->hash, vectors[i].ip);
		/* UDP as TCP */
		wr(MRQC, MRQC_RSS | ALL | MRQC_UDP_IPV4 | MRQC_UDP_IPV6);
		CHECK_EQ(hash(&rx, flow, 17)->hash, vectors[i].tcp);
		CHECK_EQ(info.type & 0xf, flow->v6 ? RXD_RSS_UDP_IPV6 :
			 RXD_RSS_UDP_IPV4);
		/* Nothing at all */
		wr(MRQC, MRQC_RSS);
		CHECK_EQ(hash(&rx, flow, 6)->hash, 0);
		CHECK_EQ(info.type & 0xf, 0);
		/* The descriptor has something else without PCSD. */
		wr(MRQC, MRQC_RSS | ALL);
		wr(RXCSUM, 0);
		CHECK_EQ(hash(&rx, flow, 6)->hash, 0);
		wr(RXCSUM, RXCSUM_PCSD);
	}
}

static void fragments_have_no_ports(void)
{
	struct rxq rx;
	struct flow x = vectors[0].flow;
	size_t len;

	pf_up();
	set_key();
	wr(MRQC, MRQC_RSS | ALL);
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 60);
	x.proto = 6;
	len = make_ip(f, &x, 64);
	put_be16(f + ETH_HLEN + 6, 0x2000);
	receive(f, len);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.hash, vectors[0].ip);
	put_be16(f + ETH_HLEN + 6, 0x0010);
	receive(f, len);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.hash, vectors[0].ip);
	/* Not IP */
	receive(f, make_frame(f, pf_mac, peer, 60));
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.hash, 0);
	CHECK_EQ(info.type, 0);
}

static void redirection_table(void)
{
	struct rxq rx[16];
	unsigned int i;

	pf_up();
	set_key();
	wr(MRQC, MRQC_RSS | ALL);
	for (i = 0; i < 16; i++)
		rxq_up(&rx[i], PF, i, 8, 2, 0);
	/* Entry i: queue i * 5 mod 16 */
	for (i = 0; i < 128; i += 4)
		wr(RETA + i, (i * 5 & 15) | ((i + 1) * 5 & 15) << 8 |
		   ((i + 2) * 5 & 15) << 16 | ((i + 3) * 5 & 15) << 24);
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		hash(&rx[(vectors[i].tcp & 127) * 5 & 15],
		     &vectors[i].flow, 6);
}

/* In a pool the table's entry is cut to what PSRTYPE says and the pool has. */
static void pools_and_queues(void)
{
	static const struct {
		unsigned int mode, rqpl, mask;
	} t[] = {
		{ 32, 0, 0 }, { 32, 1, 1 }, { 32, 2, 3 },
		{ 64, 0, 0 }, { 64, 1, 1 }, { 64, 2, 1 },
	};
	static struct rxq rx[4];
	unsigned int i, j, n;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		unsigned int per = t[i].mode == 32 ? 4 : 2;
		int vf;

		machine_down();
		machine_up();
		pf_up();
		sriov_up(3, t[i].mode);
		set_key();
		for (n = 0; n < 128; n += 4)
			wr(RETA + n, (n & 15) | ((n + 1) & 15) << 8 |
			   ((n + 2) & 15) << 16 | ((n + 3) & 15) << 24);
		for (vf = 0; vf < 3; vf++) {
			uint8_t mac[6] = { 2, 0, 0, 0, 0, vf };

			vf_up(vf);
			vwr(vf, VFPSRTYPE, t[i].rqpl << 29);
			for (n = 0; n < per; n++)
				rxq_up(&rx[n], vf, n, 8, 2, 0);
			for (j = 0; j < ARRAY_SIZE(vectors); j++) {
				struct flow x = vectors[j].flow;

				x.proto = 6;
				make_frame(f, mac, peer, 60);
				receive(f, make_ip(f, &x, 64));
				n = vectors[j].tcp & 15 & t[i].mask;
				CHECK(rxq_poll(&rx[n], &info));
				CHECK_EQ(info.hash, vectors[j].tcp);
			}
		}
		/* The PF's pool is after the functions'. */
		wr(PSRTYPE(3), t[i].rqpl << 29);
		for (n = 0; n < per; n++)
			rxq_up(&rx[n], PF, 3 * per + n, 8, 2, 0);
		for (j = 0; j < ARRAY_SIZE(vectors); j++)
			hash(&rx[vectors[j].tcp & 15 & t[i].mask],
			     &vectors[j].flow, 6);
	}
}

/* Without RSS a pool's first queue; with traffic classes too, and reported */
static void other_modes(void)
{
	static const uint8_t mode[] = { MRQC_VMDQ64, MRQC_VMDQ16_8TC,
					MRQC_VMDQ32_4TC };
	static const uint8_t queue[] = { 2, 8, 4 };
	struct rxq rx;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mode); i++) {
		machine_down();
		machine_up();
		pf_up();
		set_key();
		wr(RETA, ~0u);
		sriov_up(1, 64);
		wr(MRQC, mode[i] | ALL);
		rxq_up(&rx, PF, queue[i], 8, 2, 0);
		m.logs = 0;
		CHECK_EQ(hash(&rx, &vectors[0].flow, 6)->type & 0xf, 0);
		CHECK_EQ(m.logs, i ? 1 : 0);
	}
}

const struct test rss_tests[] = {
	T(microsoft_vectors), T(fragments_have_no_ports),
	T(redirection_table), T(pools_and_queues), T(other_modes),
	{ 0 }
};

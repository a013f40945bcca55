// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors, offloads, hostile rings */
#include "harness.h"

static uint8_t f[70000];

static struct frame *last(void)
{
	CHECK(m.sent);
	return &m.wire[(m.sent - 1) % WIRE_FRAMES];
}

static uint64_t put_data(const void *data, size_t len)
{
	uint64_t addr = mem_alloc(len);

	memcpy(mem_at(addr), data, len);
	return addr;
}

static void send_one(void)
{
	struct txq tx;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	make_frame(f, peer, pf_mac, 300);
	txq_send(&tx, f, 300);
	CHECK_EQ(m.sent, 1);
	CHECK_EQ(last()->len, 300);
	CHECK(!memcmp(last()->data, f, 300));
	CHECK_EQ(txq_status(&tx, 0) & TXD_DD, TXD_DD);
	CHECK_EQ(rd(TDH(0)), 1);
	CHECK_EQ(irqs(PF, 0), 1);
	CHECK_EQ(m.logs, 0);
}

static void pieces(void)
{
	struct txq tx;
	unsigned int i = 0, n = 0;
	size_t off = 0;

	pf_up();
	txq_up(&tx, PF, 0, 64);
	make_frame(f, peer, pf_mac, 9000);
	while (off < 9000) {
		size_t len = 1 + n * 37 % 900;

		if (len > 9000 - off)
			len = 9000 - off;
		i = txq_put(&tx, put_data(f + off, len), TX_CMD | len |
			    (off + len == 9000 ? TX_LAST : 0), 0);
		if (n++ == 3)
			txq_put(&tx, 0, TX_CMD, 0);	/* empty */
		off += len;
	}
	txq_bell(&tx);
	CHECK_EQ(m.sent, 1);
	CHECK_EQ(last()->len, 9000);
	CHECK(!memcmp(last()->data, f, 9000));
	CHECK_EQ(txq_status(&tx, i) & TXD_DD, TXD_DD);
	CHECK_EQ(txq_status(&tx, 0), 0);	/* without RS nothing */
}

static void tx_ring_wraps(void)
{
	struct txq tx;
	unsigned int i;

	pf_up();
	txq_up(&tx, PF, 100, 8);
	for (i = 0; i < 50; i++) {
		uint64_t a, b;

		make_frame(f, peer, pf_mac, 200 + i);
		a = put_data(f, 100);
		b = put_data(f + 100, 100 + i);
		txq_put(&tx, a, TX_CMD | 100, 0);
		txq_put(&tx, b, TX_CMD | TX_LAST | (100 + i), 0);
		txq_bell(&tx);
		CHECK_EQ(m.sent, i + 1);
		CHECK_EQ(last()->len, 200 + i);
		CHECK(!memcmp(last()->data, f, 200 + i));
		CHECK_EQ(rd(TDH(100)), tx.next);
	}
}

static void half_a_packet_waits(void)
{
	struct txq tx;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	make_frame(f, peer, pf_mac, 200);
	txq_put(&tx, put_data(f, 100), TX_CMD | 100, 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 0);
	CHECK_EQ(rd(TDH(0)), 0);
	txq_put(&tx, put_data(f + 100, 100), TX_CMD | TX_LAST | 100, 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 1);
	CHECK(!memcmp(last()->data, f, 200));
}

static void padding(void)
{
	struct txq tx;

	pf_up();
	txq_up(&tx, PF, 0, 16);
	make_frame(f, peer, pf_mac, 60);
	txq_send(&tx, f, 20);
	CHECK_EQ(last()->len, 60);
	CHECK(!memcmp(last()->data, f, 20));
	CHECK_EQ(last()->data[59], 0);
	wr(HLREG0, rd(HLREG0) & ~HLREG0_TXPADEN);
	txq_send(&tx, f, 20);
	CHECK_EQ(last()->len, 20);
	txq_send(&tx, f, 16);			/* too short */
	CHECK_EQ(m.sent, 2);
	CHECK_EQ(txq_status(&tx, 2) & TXD_DD, TXD_DD);
}

/* What must be on: nothing is sent, and all is once it is on */
static void gates(void)
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		struct txq tx;

		machine_down();
		machine_up();
		pf_up();
		txq_up(&tx, PF, 0, 8);
		make_frame(f, peer, pf_mac, 60);
		if (i == 0)
			wr(TXDCTL(0), 0);
		else if (i == 1)
			wr(DMATXCTL, 0x81000000);
		else if (i == 2)
			i82599_set_link(m.hw, false);
		else if (i == 3)
			i82599_set_bus_master(m.hw, PF, false);
		else if (i == 4)
			wr(CTRL, CTRL_GIO_DIS);
		else
			wr(MTQC, MTQC_VT_ENA | 4);	/* VFTE is 0 */
		txq_send(&tx, f, 60);
		CHECK_EQ(m.sent, 0);
		if (i == 0)
			wr(TXDCTL(0), TXDCTL_ENABLE);
		else if (i == 1)
			wr(DMATXCTL, 0x81000001);
		else if (i == 2)
			i82599_set_link(m.hw, true);
		else if (i == 3)
			i82599_set_bus_master(m.hw, PF, true);
		else if (i == 4)
			wr(CTRL, 0);
		else
			wr(VFTE, 1);
		CHECK_EQ(m.sent, 1);
	}
}

static void vlan_insertion(void)
{
	struct txq tx;

	pf_up();
	txq_up(&tx, PF, 0, 16);
	make_frame(f, peer, pf_mac, 100);
	txq_send_vlan(&tx, f, 100, 0x6005);
	CHECK_EQ(last()->len, 104);
	CHECK(!memcmp(last()->data, f, 12));
	CHECK_EQ(get_be16(last()->data + 12), 0x8100);
	CHECK_EQ(get_be16(last()->data + 14), 0x6005);
	CHECK(!memcmp(last()->data + 16, f + 12, 88));
	/* Another EtherType */
	wr(DMATXCTL, 0x88a80001);
	txq_send_vlan(&tx, f, 100, 5);
	CHECK_EQ(get_be16(last()->data + 12), 0x88a8);
}

/* Leave to the hardware what the stack would. */
static size_t unfinished(const struct flow *flow, size_t payload, bool tso)
{
	uint8_t *ip = f + ETH_HLEN, *l4 = ip + (flow->v6 ? 40 : 20);
	size_t len, l4_len;
	uint32_t sum;

	make_frame(f, peer, pf_mac, 60);
	len = make_ip(f, flow, payload);
	l4_len = f + len - l4;
	sum = pseudo(ip, flow->v6, flow->proto, tso ? 0 : l4_len);
	put_be16(l4 + (flow->proto == 6 ? 16 : 6), sum);
	if (tso && !flow->v6) {
		put_be16(ip + 2, 0);
		put_be16(ip + 10, 0);
	} else if (tso) {
		put_be16(ip + 4, 0);
	}
	return len;
}

static uint32_t tucmd(const struct flow *flow)
{
	return (flow->v6 ? 0 : TXC_IPV4) |
	       (flow->proto == 6 ? TXC_L4T_TCP : TXC_L4T_UDP);
}

static void checksum_offload(void)
{
	static const struct flow *const flows[] = {
		&tcp4, &udp4, &tcp6, &udp6
	};
	struct txq tx;
	unsigned int i, n;

	pf_up();
	txq_up(&tx, PF, 0, 32);
	for (i = 0; i < ARRAY_SIZE(flows); i++)
		for (n = 1; n < 1400; n += 333) {
			size_t len = unfinished(flows[i], n, false);

			txq_ctx(&tx, 0, ETH_HLEN << 9 |
				(flows[i]->v6 ? 40 : 20), tucmd(flows[i]), 0);
			txq_put(&tx, put_data(f, len), TX_CMD | TX_LAST | len,
				TXD_TXSM | (uint32_t)len << 14);
			txq_bell(&tx);
			CHECK(l3l4_good(last()->data, last()->len, ETH_HLEN));
		}
}

static void ip_checksum_offload(void)
{
	struct txq tx;
	size_t len;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	make_frame(f, peer, pf_mac, 60);
	len = make_ip(f, &tcp4, 50);
	put_be16(f + ETH_HLEN + 10, 0);
	txq_ctx(&tx, 1, ETH_HLEN << 9 | 20, tucmd(&tcp4), 0);
	txq_put(&tx, put_data(f, len), TX_CMD | TX_LAST | len,
		TXD_IXSM | 1 << 4);
	txq_bell(&tx);
	CHECK(l3l4_good(last()->data, last()->len, ETH_HLEN));
}

/* A UDP checksum that is 0 is sent as ones. */
static void udp_zero_checksum(void)
{
	struct txq tx;
	size_t len = unfinished(&udp4, 2, false);
	uint8_t *l4 = f + ETH_HLEN + 20;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	put_be16(l4 + 8, 0);
	put_be16(l4 + 8, cksum(l4, 10, 0));
	CHECK_EQ(cksum(l4, 10, 0), 0);
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 20, tucmd(&udp4), 0);
	txq_put(&tx, put_data(f, len), TX_CMD | TX_LAST | len, TXD_TXSM);
	txq_bell(&tx);
	CHECK_EQ(get_be16(last()->data + ETH_HLEN + 26), 0xffff);
}

static void sctp_offload(void)
{
	static const struct flow sctp = {
		.proto = 132, .src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 },
	};
	struct txq tx;
	size_t len;
	uint8_t *l4 = f + ETH_HLEN + 20;
	uint32_t crc;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	make_frame(f, peer, pf_mac, 60);
	len = make_ip(f, &sctp, 100);
	put_le32(l4 + 8, 0);
	crc = ~i82599_crc32c(l4, 100, ~0u);
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 20, TXC_IPV4 | TXC_L4T_SCTP, 0);
	txq_put(&tx, put_data(f, len), TX_CMD | TX_LAST | len, TXD_TXSM);
	txq_bell(&tx);
	CHECK_EQ(get_le32(last()->data + ETH_HLEN + 28), crc);
}

/* Two contexts of a queue, used in turn */
static void two_contexts(void)
{
	struct txq tx;
	unsigned int i;

	pf_up();
	txq_up(&tx, PF, 0, 32);
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 7 << 16, 0, 0);
	txq_ctx(&tx, 1, ETH_HLEN << 9 | 9 << 16, 0, 0);
	make_frame(f, peer, pf_mac, 60);
	for (i = 0; i < 8; i++) {
		txq_put(&tx, put_data(f, 60), TX_CMD | TX_LAST | TXD_VLE | 60,
			(i & 1) << 4);
		txq_bell(&tx);
		CHECK_EQ(get_be16(last()->data + 14), i & 1 ? 9 : 7);
	}
}

/* What a receiver makes of the segments must be what was handed over. */
static void check_segments(const struct flow *flow, size_t payload,
			   unsigned int mss, unsigned int first, uint16_t tci)
{
	unsigned int l4len = flow->proto == 6 ? 20 : 8;
	size_t iplen = flow->v6 ? 40 : 20, l3 = ETH_HLEN + (tci ? 4 : 0);
	size_t hdr = ETH_HLEN + iplen + l4len, off = 0;
	unsigned int n, count = (payload + mss - 1) / mss;

	CHECK_EQ(m.sent - first, count);
	for (n = 0; n < count; n++) {
		struct frame *w = &m.wire[(first + n) % WIRE_FRAMES];
		size_t seg = payload - off < mss ? payload - off : mss;
		size_t len = l3 + iplen + l4len + seg;
		const uint8_t *ip = w->data + l3, *l4 = ip + iplen;

		CHECK_EQ(w->len, len < 60 ? 60 : len);
		CHECK(!memcmp(w->data, f, 12));
		if (tci)
			CHECK_EQ(get_be16(w->data + 14), tci);
		CHECK(l3l4_good(w->data, len, l3));
		if (!flow->v6)
			CHECK_EQ(get_be16(ip + 4), (uint16_t)(0x1234 + n));
		if (flow->proto == 6) {
			CHECK_EQ(get_be32(l4 + 4), 0x01020304 + off);
			CHECK_EQ(get_be16(l4 + 12), n + 1 < count ? 0x5010 :
				 0x5019);
		} else {
			CHECK_EQ(get_be16(l4 + 4), 8 + seg);
		}
		CHECK(!memcmp(l4 + l4len, f + hdr + off, seg));
		off += seg;
	}
	CHECK_EQ(off, payload);
}

static void do_tso(struct txq *tx, const struct flow *flow, size_t payload,
		   unsigned int mss, uint16_t tci)
{
	unsigned int l4len = flow->proto == 6 ? 20 : 8, first = m.sent, i = 0;
	size_t len = unfinished(flow, payload, true), off, n;
	uint8_t *l4 = f + ETH_HLEN + (flow->v6 ? 40 : 20);
	uint32_t olinfo = TXD_TXSM | (flow->v6 ? 0 : TXD_IXSM) | 1 << 4 |
			  (uint32_t)payload << 14;
	uint32_t cmd = TX_CMD | TXD_TSE | (tci ? TXD_VLE : 0);

	if (flow->proto == 6)
		put_be16(l4 + 12, 0x5019);	/* FIN, PSH */
	txq_ctx(tx, 1, ETH_HLEN << 9 | (flow->v6 ? 40 : 20) |
		(uint32_t)tci << 16, tucmd(flow), l4len << 8 | mss << 16);
	for (off = 0; off < len; off += n) {
		n = off ? 4096 : 200;
		if (n > len - off)
			n = len - off;
		i = txq_put(tx, put_data(f + off, n), cmd | n |
			    (off + n == len ? TX_LAST : 0), olinfo);
		olinfo = 0;
	}
	txq_bell(tx);
	CHECK_EQ(txq_status(tx, i) & TXD_DD, TXD_DD);
	check_segments(flow, payload, mss, first, tci);
}

static void tso(void)
{
	static const struct flow *const flows[] = {
		&tcp4, &tcp6, &udp4, &udp6
	};
	static const struct { size_t payload; unsigned int mss; } t[] = {
		{ 1, 1448 }, { 1448, 1448 }, { 1449, 1448 }, { 2896, 1448 },
		{ 65226, 1448 }, { 5000, 536 }, { 999, 10 }, { 60000, 8960 },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(flows); i++)
		for (j = 0; j < ARRAY_SIZE(t); j++) {
			struct txq tx;

			machine_down();
			machine_up();
			pf_up();
			txq_up(&tx, PF, 0, 64);
			do_tso(&tx, flows[i], t[j].payload, t[j].mss, 0);
			do_tso(&tx, flows[i], t[j].payload, t[j].mss, 0xa005);
		}
}

/* DTXTCPFLGL and DTXTCPFLGH say which flags remain where. */
static void tso_flags(void)
{
	struct txq tx;
	size_t len = unfinished(&tcp4, 3000, true);
	unsigned int n;
	static const uint16_t want[] = { 0x50f6, 0x5076, 0x507f };

	pf_up();
	txq_up(&tx, PF, 0, 16);
	wr(DTXTCPFLGL, 0x0f760ff6);
	put_be16(f + ETH_HLEN + 20 + 12, 0x50ff);
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 20, tucmd(&tcp4),
		20 << 8 | 1000 << 16);
	txq_put(&tx, put_data(f, len), TX_CMD | TXD_TSE | TX_LAST | len,
		TXD_IXSM | TXD_TXSM);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 3);
	for (n = 0; n < 3; n++)
		CHECK_EQ(get_be16(m.wire[n].data + ETH_HLEN + 32), want[n]);
}

/* The stack's partial GSO: the IP header's length covers a tunnel, and its
 * checksum field starts with what cancels that.
 */
static void tso_tunnel(void)
{
	struct txq tx;
	size_t len = unfinished(&tcp4, 2000, true), outer = 20 + 4;
	uint8_t *ip = f + ETH_HLEN;
	unsigned int n;

	pf_up();
	txq_up(&tx, PF, 0, 16);
	/* IPv4, GRE, IPv4, TCP; the inner header is of each segment. */
	memmove(ip + outer, ip, len - ETH_HLEN);
	put_be16(ip + outer + 2, 20 + 20 + 1000);
	put_be16(ip + outer + 10, 0);
	put_be16(ip + outer + 10, cksum(ip + outer, 20, 0));
	put_be16(ip + 20, 0);
	put_be16(ip + 22, 0x0800);
	ip[9] = 47;
	put_be16(ip + 10, cksum(ip + 20, 24, 0));
	len += outer;
	txq_ctx(&tx, 0, ETH_HLEN << 9 | (outer + 20), tucmd(&tcp4),
		20 << 8 | 1000 << 16);
	txq_put(&tx, put_data(f, len), TX_CMD | TXD_TSE | TX_LAST | len,
		TXD_IXSM | TXD_TXSM);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 2);
	for (n = 0; n < 2; n++) {
		const uint8_t *w = m.wire[n].data + ETH_HLEN;

		CHECK_EQ(cksum(w, 20, 0), 0);
		CHECK_EQ(get_be16(w + 2), outer + 20 + 20 + 1000);
		CHECK_EQ(get_be16(w + 4), 0x1234 + n);
		CHECK(l3l4_good(m.wire[n].data, m.wire[n].len,
				ETH_HLEN + outer));
	}
}

static void head_write_back(void)
{
	struct txq tx;
	uint64_t head;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	head = mem_alloc(4);
	wr(TDWBAL(0), (uint32_t)head | TDWBAL_HEAD_WB_EN);
	wr(TDWBAH(0), head >> 32);
	make_frame(f, peer, pf_mac, 60);
	txq_send(&tx, f, 60);
	txq_send(&tx, f, 60);
	CHECK_EQ(get_le32(mem_at(head)), 2);
	CHECK_EQ(txq_status(&tx, 0) & TXD_DD, 0);
}

static void mac_loopback(void)
{
	struct txq tx;
	struct rxq rx;
	struct rx_info info;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	rxq_up(&rx, PF, 0, 8, 2, 0);
	i82599_set_link(m.hw, false);
	wr(HLREG0, rd(HLREG0) | HLREG0_LPBK);
	wr(AUTOC, rd(AUTOC) | AUTOC_FLU);
	make_frame(f, bcast, bcast, 1024);
	txq_send(&tx, f, 1024);
	CHECK_EQ(m.sent, 0);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 1024);
	CHECK(!memcmp(info.data, f, 1024));
	CHECK_EQ(info.status & RXD_LB, 0);
}

/* Whatever is in the ring, a good packet after it is sent. */
static void bad_descriptors(void)
{
	static const uint32_t types[] = {
		0,				/* legacy */
		TXD_DEXT,			/* no type */
		TXD_DEXT | 0x00f00000,
		TX_CMD | TXD_TSE,		/* without a context */
	};
	struct txq tx;
	unsigned int i;

	pf_up();
	txq_up(&tx, PF, 0, 64);
	make_frame(f, peer, pf_mac, 100);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		txq_put(&tx, put_data(f, 100), types[i] | TX_LAST | 100, 0);
		txq_bell(&tx);
		CHECK_EQ(m.sent, i);
		CHECK_EQ(txq_status(&tx, i * 2) & TXD_DD, TXD_DD);
		txq_send(&tx, f, 100);
		CHECK_EQ(m.sent, i + 1);
	}
	/* Memory that is not there, in the middle of a packet */
	txq_put(&tx, put_data(f, 50), TX_CMD | 50, 0);
	txq_put(&tx, HOLE - 10, TX_CMD | 50, 0);
	i = txq_put(&tx, put_data(f, 50), TX_CMD | TX_LAST | 50, 0);
	txq_send(&tx, f, 100);
	CHECK_EQ(m.sent, 5);
	CHECK_EQ(txq_status(&tx, i) & TXD_DD, TXD_DD);
	/* A context in the middle */
	txq_put(&tx, put_data(f, 50), TX_CMD | 50, 0);
	txq_ctx(&tx, 0, 0, 0, 0);
	txq_put(&tx, put_data(f, 50), TX_CMD | TX_LAST | 50, 0);
	txq_send(&tx, f, 100);
	CHECK_EQ(m.sent, 6);
	/* Too long */
	for (i = 0; i < 6; i++)
		txq_put(&tx, MEM_BASE, TX_CMD | 0xffff, 0);
	txq_put(&tx, MEM_BASE, TX_CMD | TX_LAST | 0xffff, 0);
	txq_send(&tx, f, 100);
	CHECK_EQ(m.sent, 7);
	/* And no longer than a frame may be */
	txq_put(&tx, MEM_BASE, TX_CMD | TX_LAST | (FRAME_MAX + 1), 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 7);
	txq_put(&tx, MEM_BASE, TX_CMD | TX_LAST | FRAME_MAX, 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 8);
}

static void bad_tso(void)
{
	/* Lengths, types, and MSS with L4 length that do not make sense */
	static const uint32_t t[][3] = {
		{ 14 << 9 | 20, TXC_IPV4 | TXC_L4T_TCP, 20 << 8 },
		{ 14 << 9 | 20, TXC_IPV4 | TXC_L4T_TCP, 10 << 8 | 100 << 16 },
		{ 14 << 9 | 10, TXC_IPV4 | TXC_L4T_TCP, 20 << 8 | 100 << 16 },
		{ 14 << 9 | 20, TXC_L4T_TCP, 20 << 8 | 100 << 16 },
		{ 3 << 9 | 20, TXC_IPV4 | TXC_L4T_TCP, 20 << 8 | 100 << 16 },
		{ 14 << 9 | 20, TXC_IPV4 | TXC_L4T_SCTP,
		  20 << 8 | 100 << 16 },
		{ 14 << 9 | 20, TXC_IPV4 | TXC_L4T_TCP,
		  20 << 8 | 0xffffu << 16 },
		{ 127 << 9 | 511, TXC_IPV4 | TXC_L4T_TCP,
		  255 << 8 | 100 << 16 },
		{ 14 << 9 | 20, TXC_IPV4 | TXC_L4T, 20 << 8 | 100 << 16 },
	};
	struct txq tx;
	unsigned int i;
	size_t len = unfinished(&tcp4, 500, true);

	pf_up();
	txq_up(&tx, PF, 0, 64);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		txq_ctx(&tx, 0, t[i][0], t[i][1], t[i][2]);
		txq_put(&tx, put_data(f, len), TX_CMD | TXD_TSE | TX_LAST |
			len, TXD_IXSM | TXD_TXSM);
		txq_bell(&tx);
		CHECK_EQ(m.sent, 0);
		CHECK_EQ(rd(TDH(0)), tx.next);
	}
	/* Offloads that point outside of the frame leave it alone. */
	txq_ctx(&tx, 0, 127 << 9 | 511, TXC_IPV4 | TXC_L4T_TCP, 0);
	txq_put(&tx, put_data(f, 60), TX_CMD | TX_LAST | 60,
		TXD_IXSM | TXD_TXSM);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 1);
	CHECK(!memcmp(last()->data, f, 60));
}

static void endless_chain(void)
{
	struct txq tx;
	unsigned int i, count;

	for (count = 8; count <= 1024; count *= 128) {
		machine_down();
		machine_up();
		pf_up();
		txq_up(&tx, PF, 0, count);
		make_frame(f, peer, pf_mac, 100);
		for (i = 0; i < count - 1; i++)
			txq_put(&tx, MEM_BASE, TX_CMD | 1, 0);
		txq_bell(&tx);
		CHECK_EQ(rd(TDH(0)), tx.next);
		/* Its end, when it comes, is still of it. */
		i = txq_put(&tx, put_data(f, 100), TX_CMD | TX_LAST | 100, 0);
		txq_bell(&tx);
		CHECK_EQ(m.sent, 0);
		CHECK_EQ(txq_status(&tx, i) & TXD_DD, TXD_DD);
		txq_send(&tx, f, 100);
		CHECK_EQ(m.sent, 1);
	}
}

/* More than is done in one go: the timer goes on with it. */
static void much_work(void)
{
	struct txq tx;
	size_t len = unfinished(&tcp4, 60000, true);
	uint64_t data;
	unsigned int i;

	pf_up();
	txq_up(&tx, PF, 0, 32);
	data = put_data(f, len);
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 20, tucmd(&tcp4),
		20 << 8 | 20 << 16);
	for (i = 0; i < 16; i++)
		txq_put(&tx, data, TX_CMD | TXD_TSE | TX_LAST | len,
			TXD_IXSM | TXD_TXSM);
	txq_bell(&tx);
	CHECK(m.sent >= 3000 && m.sent < 16 * 3000);
	CHECK_EQ(m.armed, m.now);
	advance(1);
	CHECK_EQ(m.sent, 16 * 3000);
	CHECK_EQ(rd(TDH(0)), tx.next);
	/* More segments than there may be */
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 20, tucmd(&tcp4), 20 << 8 | 1 << 16);
	txq_put(&tx, data, TX_CMD | TXD_TSE | TX_LAST | len, 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 16 * 3000);
	CHECK_EQ(rd(TDH(0)), tx.next);
}

/* What reaches nobody is work as well. */
static void much_work_for_nobody(void)
{
	struct txq tx;
	size_t len = unfinished(&tcp4, 60000, true);
	unsigned int i, head;
	uint64_t data;

	pf_up();
	sriov_up(2, 64);
	vf_up(0);
	txq_up(&tx, 0, 0, 32);
	data = put_data(f, len);
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 20, tucmd(&tcp4),
		20 << 8 | 20 << 16);
	for (i = 0; i < 16; i++)
		txq_put(&tx, data, TX_CMD | TXD_TSE | TX_LAST | len, 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 0);			/* spoofed */
	head = vrd(0, VFTX_QUEUE + 0x10);
	CHECK(head && head < tx.next);
	CHECK_EQ(m.armed, m.now);
	advance(1);
	CHECK_EQ(vrd(0, VFTX_QUEUE + 0x10), tx.next);
	/* Descriptors of no packet */
	txq_up(&tx, 0, 1, 8192);
	for (i = 0; i < 8000; i++)
		txq_put(&tx, data, TXD_EOP, 0);
	txq_bell(&tx);
	head = vrd(0, VFTX_QUEUE + 0x50);
	CHECK(head && head < tx.next);
	advance(1);
	CHECK_EQ(vrd(0, VFTX_QUEUE + 0x50), tx.next);
}

static void share_queues(uint64_t ring, unsigned int count)
{
	uint64_t buf = mem_alloc(2048);
	unsigned int i, q;

	for (i = 0; i < count; i++) {
		put_le32(mem_at(ring + 16 * i), buf);
		put_le32(mem_at(ring + 16 * i) + 4, buf >> 32);
	}
	for (q = 0; q < I82599_QUEUES; q++) {
		wr(RX_QUEUE(q), ring);
		wr(RX_QUEUE(q) + 4, ring >> 32);
		wr(RX_QUEUE(q) + 0x08, 16 * count);
		wr(RX_QUEUE(q) + 0x14, 2 | SRRCTL_ADV_ONEBUF);
		wr(RX_QUEUE(q) + 0x28, RXDCTL_ENABLE);
		wr(RX_QUEUE(q) + 0x18, count - 1);
	}
}

/* All pools get broadcasts, and have room for many. */
static void all_pools_listen(void)
{
	unsigned int p;

	pf_up();
	sriov_up(63, 64);
	vf_up(0);
	wr(VFRE, ~0u);
	wr(VFRE + 4, ~0u);
	for (p = 0; p < I82599_VFS; p++) {
		wr(VMOLR + 4 * p, VMOLR_AUPE | VMOLR_BAM);
		if (p < 63)
			i82599_set_bus_master(m.hw, p, true);
	}
	share_queues(mem_alloc(16 * 8192), 8192);
}

static const uint8_t vf0_mac[6] = { 2, 0, 0, 0, 0, 0 };

/* Each of these may be all that a hostile function sends. */
static void work_in_one_call(void)
{
	struct txq tx;
	uint64_t data;
	unsigned int i;

	pf_up();
	txq_up(&tx, PF, 0, 32768);
	for (i = 0; i < 32000; i++)
		txq_ctx(&tx, 0, 0, 0, 0);
	m.dmas = 0;
	txq_bell(&tx);
	CHECK(m.dmas < 10000);

	/* Broadcasts by way of the MAC's loopback */
	machine_down();
	machine_up();
	all_pools_listen();
	wr(HLREG0, rd(HLREG0) | HLREG0_LPBK);
	txq_up(&tx, PF, 2 * 63, 1024);
	make_frame(f, bcast, pf_mac, 1000);
	data = put_data(f, 1000);
	for (i = 0; i < 1000; i++)
		txq_put(&tx, data, TX_CMD | TX_LAST | 1000, 0);
	m.dmas = 0;
	txq_bell(&tx);
	CHECK(rd(TDH(2 * 63)) && m.dmas < 30000);

	/* One packet of thousands of segments, for all */
	machine_down();
	machine_up();
	all_pools_listen();
	txq_up(&tx, 0, 0, 32);
	unfinished(&tcp4, 60000, true);
	memcpy(f, bcast, 6);
	memcpy(f + 6, vf0_mac, 6);
	txq_ctx(&tx, 0, ETH_HLEN << 9 | 20, tucmd(&tcp4), 20 << 8 | 20 << 16);
	txq_put(&tx, put_data(f, 60000), TX_CMD | TXD_TSE | TX_LAST | 60000, 0);
	m.dmas = 0;
	txq_bell(&tx);
	CHECK(m.sent > 500 && m.sent < 2000);
	CHECK(m.dmas < 300000);
}

/* One who always has something to send keeps nobody else from it. */
static void fair_queues(void)
{
	struct txq busy, other;
	unsigned int i, n;
	uint64_t data;

	pf_up();
	sriov_up(2, 64);
	vf_up(0);
	txq_up(&busy, 0, 0, 1024);
	txq_up(&other, PF, 4, 8);
	make_frame(f, peer, vf0_mac, 60);
	data = put_data(f, 60);
	m.room = 64;
	for (i = 0; i < 1000; i++)
		txq_put(&busy, data, TX_CMD | TX_LAST | 60, 0);
	txq_bell(&busy);
	make_frame(f, peer, pf_mac, 60);
	txq_send(&other, f, 60);
	for (n = 0; n < 10 && !rd(TDH(4)); n++) {
		for (i = 0; i < 64; i++)
			txq_put(&busy, data, TX_CMD | TX_LAST | 60, 0);
		txq_bell(&busy);
		m.room = m.sent + 64;
		i82599_wire_ready(m.hw);
	}
	CHECK_EQ(rd(TDH(4)), 1);
}

static void wire_full(void)
{
	struct txq tx;
	unsigned int i;

	pf_up();
	txq_up(&tx, PF, 0, 32);
	make_frame(f, peer, pf_mac, 60);
	m.room = 3;
	for (i = 0; i < 10; i++)
		txq_put(&tx, put_data(f, 60), TX_CMD | TX_LAST | 60, 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 3);
	CHECK_EQ(rd(TDH(0)), 3);
	CHECK_EQ(m.armed, UINT64_MAX);
	txq_send(&tx, f, 60);
	advance(1000000);
	CHECK_EQ(m.sent, 3);
	m.room = 8;
	i82599_wire_ready(m.hw);
	CHECK_EQ(m.sent, 8);
	m.room = 0;
	i82599_wire_ready(m.hw);
	CHECK_EQ(m.sent, 11);
	CHECK_EQ(rd(TDH(0)), tx.next);
}

static void bad_rings(void)
{
	struct txq tx;

	pf_up();
	txq_up(&tx, PF, 0, 8);
	wr(TDT(0), 8);
	wr(TDT(0), 0xffff);
	wr(TDH(0), 0xffff);
	wr(TDT(0), 3);
	wr(TDH(0), 0);
	wr(TDBAL(0), 0);
	wr(TDBAH(0), 0);
	wr(TDT(0), 5);
	CHECK_EQ(rd(TDH(0)), 5);		/* unreadable: skipped */
	wr(TDLEN(0), 0);
	wr(TDT(0), 1);
	CHECK_EQ(m.sent, 0);
	/* A ring in the registers' own place, as it were: data are the ring */
	txq_up(&tx, PF, 1, 8);
	txq_put(&tx, tx.ring, TX_CMD | TX_LAST | 128, 0);
	txq_bell(&tx);
	CHECK_EQ(m.sent, 1);
}

const struct test tx_tests[] = {
	T(send_one), T(pieces), T(tx_ring_wraps), T(half_a_packet_waits),
	T(padding), T(gates), T(vlan_insertion), T(checksum_offload),
	T(ip_checksum_offload), T(udp_zero_checksum), T(sctp_offload),
	T(two_contexts), T(tso), T(tso_flags), T(tso_tunnel),
	T(head_write_back), T(mac_loopback), T(bad_descriptors), T(bad_tso),
	T(endless_chain), T(much_work),
	T(much_work_for_nobody), T(work_in_one_call), T(fair_queues),
	T(wire_full), T(bad_rings),
	{ 0 }
};

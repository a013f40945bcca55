// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors, lengths, filters of the port, checksums on reception */
#include "harness.h"

static struct rx_info info;
static uint8_t f[FRAME_MAX + 64];

static void one_frame(void)
{
	struct rxq rx;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	receive(f, make_frame(f, pf_mac, peer, 200));
	CHECK_EQ(rd(RDH(0)), 1);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 200);
	CHECK(!memcmp(info.data, f, 200));
	CHECK_EQ(info.descs, 1);
	CHECK_EQ(info.status, RXD_DD | RXD_EOP);
	CHECK_EQ(info.type, 0);
	CHECK_EQ(info.hash, 0);
	CHECK(!rxq_poll(&rx, &info));
	CHECK_EQ(m.logs, 0);
}

/* All lengths where the number of buffers changes, and odd ones */
static void several_descriptors(void)
{
	static const size_t lens[] = {
		60, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 9000, 9014,
		15360, 15361, 15871, 15872
	};
	unsigned int kib, i;

	for (kib = 1; kib <= 16; kib *= 2)
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			struct rxq rx;

			machine_down();
			machine_up();
			pf_up();
			wr(MAXFRS, 0x3fffu << 16);
			rxq_up(&rx, PF, 0, 32, kib, 0);
			receive(f, make_frame(f, pf_mac, peer, lens[i]));
			CHECK(rxq_poll(&rx, &info));
			CHECK_EQ(info.len, lens[i]);
			CHECK(!memcmp(info.data, f, lens[i]));
			CHECK_EQ(info.descs, (lens[i] + kib * 1024 - 1) /
				 (kib * 1024));
		}
}

static void ring_wraps(void)
{
	struct rxq rx;
	unsigned int i;

	pf_up();
	wr(MAXFRS, 9018u << 16);
	rxq_up(&rx, PF, 0, 8, 2, 0);
	for (i = 0; i < 100; i++) {
		size_t len = 60 + i * 997 % 8900;

		receive(f, make_frame(f, pf_mac, peer, len));
		CHECK(rxq_poll(&rx, &info));
		CHECK_EQ(info.len, len);
		CHECK(!memcmp(info.data, f, len));
	}
	CHECK_EQ(rd(RDH(0)), rx.next);
}

static void no_descriptors(void)
{
	struct rxq rx;
	unsigned int i;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 60);
	for (i = 0; i < 10; i++)
		receive(f, 60);
	CHECK_EQ(rd(QPRDC(0)), 3);
	CHECK_EQ(rd(QPRDC(0)), 0);
	CHECK_EQ(rd(MPC), 0);
	for (i = 0; i < 7; i++)
		CHECK(rxq_poll(&rx, &info));
	CHECK(!rxq_poll(&rx, &info));

	/* Without drop enable the port misses it. */
	wr(SRRCTL_ALIAS, rd(SRRCTL_ALIAS) & ~SRRCTL_DROP_EN);
	CHECK_EQ(rd(SRRCTL(0)) & SRRCTL_DROP_EN, 0);
	wr(EIMS, EICR_RX_MISS);
	irqs(PF, 63);
	for (i = 0; i < 9; i++)
		receive(f, 60);
	CHECK_EQ(rd(MPC), 2);
	CHECK_EQ(rd(QPRDC(0)), 0);
	CHECK_EQ(irqs(PF, 63), 1);
	/* QDE is drop enable, too. */
	wr(QDE, QDE_WRITE | 0 << 8 | QDE_ENABLE);
	CHECK_EQ(rd(QDE) & QDE_ENABLE, QDE_ENABLE);
	receive(f, 60);
	CHECK_EQ(rd(QPRDC(0)), 1);
}

/* All of it or nothing */
static void not_enough_descriptors(void)
{
	struct rxq rx;

	pf_up();
	wr(MAXFRS, 9018u << 16);
	rxq_up(&rx, PF, 0, 8, 1, 0);
	wr(RDT(0), 3);
	receive(f, make_frame(f, pf_mac, peer, 3073));
	CHECK(!rxq_poll(&rx, &info));
	CHECK_EQ(rd(QPRDC(0)), 1);
	receive(f, make_frame(f, pf_mac, peer, 3072));
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.descs, 3);
}

static void queue_must_be_enabled(void)
{
	struct rxq rx;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 60);
	wr(RXDCTL(0), 0);
	receive(f, 60);
	CHECK(!rxq_poll(&rx, &info));
	wr(RXDCTL(0), RXDCTL_ENABLE);
	wr(RXCTRL, 0);
	receive(f, 60);
	CHECK(!rxq_poll(&rx, &info));
	wr(RXCTRL, RXCTRL_RXEN);
	wr(SECRXCTRL, SECRXCTRL_RX_DIS);
	receive(f, 60);
	CHECK(!rxq_poll(&rx, &info));
	wr(SECRXCTRL, 0);
	i82599_set_link(m.hw, false);
	receive(f, 60);
	CHECK(!rxq_poll(&rx, &info));
	i82599_set_link(m.hw, true);
	i82599_set_bus_master(m.hw, PF, false);
	receive(f, 60);
	CHECK(!rxq_poll(&rx, &info));
	i82599_set_bus_master(m.hw, PF, true);
	receive(f, 60);
	CHECK(rxq_poll(&rx, &info));
}

static void bad_memory(void)
{
	struct rxq rx;
	uint8_t *desc;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 60);
	/* A buffer */
	desc = mem_at(rx.ring);
	put_le32(desc, (uint32_t)HOLE);
	put_le32(desc + 4, HOLE >> 32);
	receive(f, 60);
	CHECK_EQ(rd(RDH(0)), 0);
	put_le32(desc, ~0u);
	put_le32(desc + 4, ~0u);
	receive(f, 60);
	CHECK_EQ(rd(RDH(0)), 0);
	/* The ring */
	wr(RDBAL(0), 0);
	wr(RDBAH(0), 0);
	receive(f, 60);
	wr(RDBAL(0), ~0u);
	wr(RDBAH(0), ~0u);
	receive(f, 60);
	/* Head or tail outside of it */
	wr(RDT(0), 8);
	receive(f, 60);
	wr(RDT(0), 0xffff);
	wr(RDH(0), 0xffff);
	receive(f, 60);
	wr(RDLEN(0), 0);
	receive(f, 60);
	CHECK_EQ(rd(QPRDC(0)), 7);
}

static void sizes(void)
{
	struct rxq rx;
	size_t len;

	pf_up();
	rxq_up(&rx, PF, 0, 32, 2, 0);
	make_frame(f, pf_mac, peer, 2000);
	receive(f, 13);
	CHECK_EQ(rd(RUC), 1);
	receive(f, 14);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 60);
	receive(f, 1514);
	CHECK(rxq_poll(&rx, &info));
	receive(f, 1515);
	CHECK(!rxq_poll(&rx, &info));
	CHECK_EQ(rd(ROC), 1);
	/* A tag does not count. */
	len = add_tag(f, 1514, 5);
	receive(f, len);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 1518);
	receive(f, len + 1);
	CHECK_EQ(rd(ROC), 1);
	/* Jumbo frames only if enabled */
	wr(MAXFRS, 9018u << 16);
	make_frame(f, pf_mac, peer, 9000);
	receive(f, 9000);
	CHECK(rxq_poll(&rx, &info));
	wr(HLREG0, rd(HLREG0) & ~HLREG0_JUMBOEN);
	receive(f, 9000);
	CHECK_EQ(rd(ROC), 1);
	CHECK(!rxq_poll(&rx, &info));
}

static bool got(struct rxq *rx, const uint8_t *dst)
{
	receive(f, make_frame(f, dst, peer, 60));
	return rxq_poll(rx, &info);
}

static void address_filters(void)
{
	static const uint8_t other[6] = { 2, 1, 2, 3, 4, 5 };
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0x12, 0x34 };
	struct rxq rx;
	unsigned int mo, n;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	CHECK(got(&rx, pf_mac));
	CHECK_EQ(info.status & RXD_PIF, 0);
	CHECK(got(&rx, bcast));
	CHECK(!got(&rx, other));
	CHECK(!got(&rx, group));
	wr(FCTRL, 0);
	CHECK(!got(&rx, bcast));
	wr(FCTRL, FCTRL_UPE);
	CHECK(got(&rx, other));
	CHECK_EQ(info.status & RXD_PIF, RXD_PIF);
	CHECK(!got(&rx, group));
	wr(FCTRL, FCTRL_MPE);
	CHECK(got(&rx, group));
	CHECK(!got(&rx, other));
	wr(FCTRL, 0);

	/* Any of the 128 entries, groups too */
	set_rar(127, other, 0);
	CHECK(got(&rx, other));
	wr(RAH(127), rd(RAH(127)) & ~RAH_AV);
	CHECK(!got(&rx, other));
	set_rar(15, group, 0);
	CHECK(got(&rx, group));
	CHECK_EQ(info.status & RXD_PIF, 0);
	wr(RAH(15), 0);

	/* The bit that ixgbe_mta_vector() computes */
	for (mo = 0; mo < 4; mo++) {
		static const unsigned int bits[] = {
			0x3412 >> 4, 0x3412 >> 3, 0x3412 >> 2, 0x3412
		};

		n = bits[mo] & 0xfff;
		wr(MCSTCTRL, mo | MCSTCTRL_MFE);
		CHECK(!got(&rx, group));
		wr(MTA + n / 32 * 4, 1u << n % 32);
		CHECK(got(&rx, group));
		CHECK_EQ(info.status & RXD_PIF, RXD_PIF);
		wr(MCSTCTRL, mo);
		CHECK(!got(&rx, group));
		wr(MTA + n / 32 * 4, 0);
	}
}

static void vlan_filter_and_strip(void)
{
	struct rxq rx;
	size_t len;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 100);
	len = add_tag(f, 100, 0xe000 | 5);
	/* Without the filter, and not stripped */
	receive(f, len);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 104);
	CHECK_EQ(info.status & RXD_VP, 0);
	CHECK_EQ(info.vlan, 0);
	wr(VLNCTRL, rd(VLNCTRL) | VLNCTRL_VFE);
	receive(f, len);
	CHECK(!rxq_poll(&rx, &info));
	wr(VFTA, 1 << 5);
	wr(RXDCTL(0), RXDCTL_ENABLE | RXDCTL_VME);
	receive(f, len);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 100);
	CHECK_EQ(info.status & RXD_VP, RXD_VP);
	CHECK_EQ(info.vlan, 0xe005);
	make_frame(f, pf_mac, peer, 100);
	CHECK(!memcmp(info.data, f, 100));
	/* Untagged */
	receive(f, 100);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.status & RXD_VP, 0);
	CHECK_EQ(info.vlan, 0);
	/* Another EtherType is no tag. */
	wr(VLNCTRL, 0x88a8 | VLNCTRL_VFE);
	len = add_tag(f, 100, 7);
	receive(f, len);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 104);
}

/* The cut is in the first buffer, whatever the sizes. */
static void strip_over_buffers(void)
{
	struct rxq rx;
	size_t len;

	pf_up();
	wr(MAXFRS, 9018u << 16);
	rxq_up(&rx, PF, 0, 16, 1, RXDCTL_VME);
	make_frame(f, pf_mac, peer, 5000);
	len = add_tag(f, 5000, 9);
	receive(f, len);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(info.len, 5000);
	CHECK_EQ(info.vlan, 9);
	make_frame(f, pf_mac, peer, 5000);
	CHECK(!memcmp(info.data, f, 5000));
}

static uint32_t rx_ip(struct rxq *rx, size_t len)
{
	receive(f, len);
	CHECK(rxq_poll(rx, &info));
	return info.status & (RXD_IPCS | RXD_L4CS | RXD_UDPCS | RXD_IPE |
			      RXD_TCPE);
}

static void checksums(void)
{
	struct rxq rx;
	size_t len;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 60);

	len = make_ip(f, &tcp4, 101);
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_L4CS);
	CHECK_EQ(info.type, RXD_TYPE_IPV4 | RXD_TYPE_TCP);
	f[len - 1] ^= 1;
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_L4CS | RXD_TCPE);
	make_ip(f, &tcp4, 101);
	f[ETH_HLEN + 8]++;
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_IPE | RXD_L4CS);

	len = make_ip(f, &udp4, 64);
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_L4CS | RXD_UDPCS);
	CHECK_EQ(info.type, RXD_TYPE_IPV4 | RXD_TYPE_UDP);
	put_be16(f + ETH_HLEN + 26, 0);		/* none was computed */
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS);
	put_be16(f + ETH_HLEN + 26, 1);
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_L4CS | RXD_UDPCS |
		 RXD_TCPE);

	len = make_ip(f, &tcp6, 33);
	CHECK_EQ(rx_ip(&rx, len), RXD_L4CS);
	CHECK_EQ(info.type, RXD_TYPE_IPV6 | RXD_TYPE_TCP);
	len = make_ip(f, &udp6, 1200);
	CHECK_EQ(rx_ip(&rx, len), RXD_L4CS | RXD_UDPCS);
	CHECK_EQ(info.type, RXD_TYPE_IPV6 | RXD_TYPE_UDP);
	f[len - 1] ^= 0x80;
	CHECK_EQ(rx_ip(&rx, len), RXD_L4CS | RXD_UDPCS | RXD_TCPE);

	/* Padding is not of the packet; a tag moves it. */
	len = make_ip(f, &udp4, 1);
	memset(f + len, 0xee, 60 - len);
	CHECK_EQ(rx_ip(&rx, 60), RXD_IPCS | RXD_L4CS | RXD_UDPCS);
	len = make_ip(f, &tcp4, 100);
	len = add_tag(f, len, 3);
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_L4CS);

	/* Fragments have no checksum that could be checked. */
	len = make_ip(f, &udp4, 64);
	put_be16(f + ETH_HLEN + 6, 0x2000);
	put_be16(f + ETH_HLEN + 10, 0);
	put_be16(f + ETH_HLEN + 10, cksum(f + ETH_HLEN, 20, 0));
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS);
	CHECK_EQ(info.type, RXD_TYPE_IPV4);
}

static void sctp_checksum(void)
{
	static const struct flow sctp = {
		.proto = 132, .src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 },
	};
	struct rxq rx;
	size_t len;
	uint8_t *l4 = f + ETH_HLEN + 20;

	/* The check value of CRC-32C */
	CHECK_EQ((uint32_t)~i82599_crc32c((const uint8_t *)"123456789", 9,
					  ~0u), 0xe3069283);
	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 60);
	len = make_ip(f, &sctp, 72);
	put_le32(l4 + 8, 0);
	put_le32(l4 + 8, ~i82599_crc32c(l4, 72, ~0u));
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_L4CS);
	CHECK_EQ(info.type, RXD_TYPE_IPV4 | RXD_TYPE_SCTP);
	l4[20] ^= 1;
	CHECK_EQ(rx_ip(&rx, len), RXD_IPCS | RXD_L4CS | RXD_TCPE);
}

/* Headers that lie about lengths */
static void bad_headers(void)
{
	struct rxq rx;
	size_t len, i;

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	make_frame(f, pf_mac, peer, 60);
	len = make_ip(f, &tcp4, 100);
	put_be16(f + ETH_HLEN + 2, len);	/* longer than the frame */
	CHECK_EQ(rx_ip(&rx, len), 0);
	CHECK_EQ(info.type, 0);
	make_ip(f, &tcp4, 100);
	f[ETH_HLEN] = 0x44;
	CHECK_EQ(rx_ip(&rx, len), 0);
	make_ip(f, &tcp4, 100);
	f[ETH_HLEN] = 0x4f;
	CHECK_EQ(rx_ip(&rx, len) & RXD_IPE, RXD_IPE);
	CHECK_EQ(info.type & 0xff, RXD_TYPE_IPV4 | RXD_TYPE_IPV4E);
	len = make_ip(f, &tcp6, 100);
	put_be16(f + ETH_HLEN + 4, 121);
	CHECK_EQ(rx_ip(&rx, len), 0);
	/* Extension headers without end */
	memset(f + ETH_HLEN + 40, 0, 100);
	f[ETH_HLEN + 6] = 0;
	put_be16(f + ETH_HLEN + 4, 100);
	CHECK_EQ(rx_ip(&rx, len), 0);
	CHECK_EQ(info.type, RXD_TYPE_IPV6 | RXD_TYPE_IPV6E);
	/* Cut anywhere */
	make_frame(f, pf_mac, peer, 60);
	len = make_ip(f, &tcp6, 100);
	for (i = 60; i < len; i++)
		rx_ip(&rx, i);
	/* Extension headers with TCP after them: checked, but not hashed */
	make_ip(f, &tcp6, 100);
	memmove(f + ETH_HLEN + 48, f + ETH_HLEN + 40, 120);
	memset(f + ETH_HLEN + 40, 0, 8);
	f[ETH_HLEN + 40] = 6;
	f[ETH_HLEN + 6] = 60;
	put_be16(f + ETH_HLEN + 4, 128);
	CHECK_EQ(rx_ip(&rx, len + 8), RXD_L4CS);
	CHECK_EQ(info.type, RXD_TYPE_IPV6 | RXD_TYPE_IPV6E | RXD_TYPE_TCP);
}

static void other_descriptor_types(void)
{
	struct rxq rx;

	pf_up();
	rxq_up(&rx, PF, 20, 8, 2, 0);
	wr(MRQC, MRQC_RSS | MRQC_IPV4);
	/* Header split is treated as one buffer, and reported. */
	rxq_up(&rx, PF, 0, 8, 2, 0);
	wr(SRRCTL(0), 2 | 0x0a000000);
	receive(f, make_frame(f, pf_mac, peer, 60));
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(m.logs, 1);
	receive(f, 60);
	CHECK_EQ(m.logs, 1);
}

const struct test rx_tests[] = {
	T(one_frame), T(several_descriptors), T(ring_wraps),
	T(no_descriptors), T(not_enough_descriptors),
	T(queue_must_be_enabled), T(bad_memory), T(sizes),
	T(address_filters), T(vlan_filter_and_strip), T(strip_over_buffers),
	T(checksums), T(sctp_checksum), T(bad_headers),
	T(other_descriptor_types),
	{ 0 }
};

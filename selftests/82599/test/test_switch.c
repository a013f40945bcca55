// SPDX-License-Identifier: GPL-2.0-only
/* The internal switch and what it enforces */
#include "harness.h"

#define VFS	4

static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0x12, 0x34 };
static const uint8_t mac[VFS][6] = {
	{ 2, 0, 0, 0, 0, 0 }, { 2, 0, 0, 0, 0, 1 },
	{ 2, 0, 0, 0, 0, 2 }, { 2, 0, 0, 0, 0, 3 },
};

static struct rxq rx[VFS + 1];		/* the last is the PF's */
static struct txq tx[VFS + 1];
static struct rx_info info, more;
static uint8_t f[FRAME_MAX];

static void up_mode(unsigned int mode)
{
	int vf;

	pf_up();
	sriov_up(VFS, mode);
	for (vf = 0; vf < VFS; vf++) {
		vf_up(vf);
		rxq_up(&rx[vf], vf, 0, 16, 2, RXDCTL_VME);
		txq_up(&tx[vf], vf, 0, 64);
	}
	rxq_up(&rx[VFS], PF, VFS * (mode == 32 ? 4 : 2), 16, 2, RXDCTL_VME);
	txq_up(&tx[VFS], PF, VFS * (mode == 32 ? 4 : 2), 64);
	rd(SSVPC);
}

static void up(void)
{
	up_mode(64);
}

/* Who received it: a bit each, bit 5 the wire. Of more than one each, fail. */
static unsigned int who(void)
{
	unsigned int i, got = 0;

	for (i = 0; i <= VFS; i++)
		if (rxq_poll(&rx[i], &more)) {
			info = more;
			got |= 1 << i;
			CHECK(!rxq_poll(&rx[i], &more));
		}
	if (m.sent) {
		CHECK_EQ(m.sent, 1);
		got |= 1 << 5;
	}
	m.sent = 0;
	return got;
}

#define WIRE	(1 << 5)
#define TO_PF	(1 << VFS)
#define TO(vf)	(1 << (vf))
#define ALL_VFS	0xf

static unsigned int from(int src, const uint8_t *dst, const uint8_t *smac)
{
	make_frame(f, dst, smac, 100);
	txq_send(&tx[src], f, 100);
	return who();
}

static unsigned int from_wire(const uint8_t *dst)
{
	receive(f, make_frame(f, dst, peer, 100));
	return who();
}

static unsigned int tagged(int src, const uint8_t *dst, uint16_t vid)
{
	make_frame(f, dst, src < 0 ? peer : src == VFS ? pf_mac : mac[src],
		   100);
	if (src < 0)
		receive(f, add_tag(f, 100, vid));
	else
		txq_send_vlan(&tx[src], f, 100, vid);
	return who();
}

static void unicast(void)
{
	unsigned int mode;
	int s, d;

	for (mode = 32; mode <= 64; mode += 32) {
		machine_down();
		machine_up();
		up_mode(mode);
		for (d = 0; d < VFS; d++) {
			CHECK_EQ(from_wire(mac[d]), TO(d));
			CHECK_EQ(from(VFS, mac[d], pf_mac), TO(d));
			for (s = 0; s < VFS; s++)
				if (s != d)
					CHECK_EQ(from(s, mac[d], mac[s]),
						 TO(d));
			CHECK_EQ(from(d, pf_mac, mac[d]), TO_PF);
			CHECK_EQ(from(d, peer, mac[d]), WIRE);
		}
		CHECK_EQ(from_wire(pf_mac), TO_PF);
		CHECK_EQ(from(VFS, peer, pf_mac), WIRE);
		CHECK_EQ(from_wire(peer), 0);
	}
}

static void loopback_is_marked(void)
{
	up();
	make_frame(f, mac[1], mac[0], 100);
	txq_send(&tx[0], f, 100);
	CHECK(rxq_poll(&rx[1], &info));
	CHECK_EQ(info.status, RXD_DD | RXD_EOP | RXD_LB);
	CHECK_EQ(info.len, 100);
	CHECK(!memcmp(info.data, f, 100));
	CHECK_EQ(irqs(1, 0), 1);
	CHECK_EQ(irqs(0, 0), 1);
	/* Short frames are not padded on this way. */
	txq_send(&tx[0], f, 30);
	CHECK(rxq_poll(&rx[1], &info));
	CHECK_EQ(info.len, 30);
	/* From the wire there is no mark. */
	receive(f, make_frame(f, mac[1], peer, 100));
	CHECK(rxq_poll(&rx[1], &info));
	CHECK_EQ(info.status & RXD_LB, 0);
}

/* Checksums are seen, hashes not (ixgbe: L3L4TXSWEN is of X550). */
static void loopback_headers(void)
{
	static const struct flow flow = {
		.proto = 6, .src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 },
	};
	size_t len;

	up();
	make_frame(f, mac[1], mac[0], 60);
	len = make_ip(f, &flow, 100);
	txq_send(&tx[0], f, len);
	CHECK(rxq_poll(&rx[1], &info));
	CHECK_EQ(info.status & (RXD_IPCS | RXD_L4CS), RXD_IPCS | RXD_L4CS);
	CHECK_EQ(info.type & 0xf, 0);
	receive(f, len);
	CHECK(rxq_poll(&rx[1], &info));
	CHECK_EQ(info.type & 0xf, RXD_RSS_TCP_IPV4);
}

static void broadcast(void)
{
	up();
	CHECK_EQ(from_wire(bcast), ALL_VFS | TO_PF);
	CHECK_EQ(from(1, bcast, mac[1]), (ALL_VFS & ~TO(1)) | TO_PF | WIRE);
	CHECK_EQ(from(VFS, bcast, pf_mac), ALL_VFS | WIRE);
	wr(VMOLR + 8, rd(VMOLR + 8) & ~VMOLR_BAM);
	CHECK_EQ(from_wire(bcast), (ALL_VFS & ~TO(2)) | TO_PF);
	CHECK_EQ(from(1, bcast, mac[1]), TO(0) | TO(3) | TO_PF | WIRE);
	wr(FCTRL, 0);
	CHECK_EQ(from_wire(bcast), 0);
}

static void multicast(void)
{
	unsigned int n = 0x3412 >> 4 & 0xfff;

	up();
	/* Nobody asked: the default pool has what the wire does not need */
	CHECK_EQ(from_wire(group), 0);
	CHECK_EQ(from(0, group, mac[0]), TO_PF | WIRE);
	/* The table, and who may use it */
	wr(MCSTCTRL, MCSTCTRL_MFE);
	wr(MTA + n / 32 * 4, 1u << n % 32);
	CHECK_EQ(from_wire(group), ALL_VFS);
	CHECK_EQ(from(0, group, mac[0]), (ALL_VFS & ~TO(0)) | WIRE);
	wr(VMOLR + 4, rd(VMOLR + 4) & ~VMOLR_ROMPE);
	CHECK_EQ(from_wire(group), ALL_VFS & ~TO(1));
	/* All multicast, of a pool, with or without the port's */
	wr(MTA + n / 32 * 4, 0);
	wr(VMOLR + 4, rd(VMOLR + 4) | VMOLR_MPE);
	CHECK_EQ(from_wire(group), TO(1));
	CHECK_EQ(from(0, group, mac[0]), TO(1) | WIRE);
	CHECK_EQ(from(1, group, mac[1]), TO_PF | WIRE);
	wr(FCTRL, FCTRL_BAM | FCTRL_MPE);
	CHECK_EQ(from_wire(group), TO(1));
	wr(VMOLR + 4, rd(VMOLR + 4) & ~VMOLR_MPE);
	CHECK_EQ(from_wire(group), TO_PF);
	/* An exact filter for a group */
	set_rar(20, group, TO(2) | TO(3));
	CHECK_EQ(from_wire(group), TO(2) | TO(3));
	CHECK_EQ(from(2, group, mac[2]), TO(3) | WIRE);
}

static void promiscuous_pf(void)
{
	up();
	wr(FCTRL, FCTRL_BAM | FCTRL_UPE | FCTRL_MPE);
	wr(VMOLR + 4 * VFS, rd(VMOLR + 4 * VFS) | VMOLR_MPE);
	CHECK_EQ(from_wire(peer), TO_PF);
	CHECK_EQ(info.status & RXD_PIF, RXD_PIF);
	CHECK_EQ(from_wire(group), TO_PF);
	/* What is for a function, or between two, it does not see. */
	CHECK_EQ(from_wire(mac[1]), TO(1));
	CHECK_EQ(from(0, mac[1], mac[0]), TO(1));
	CHECK_EQ(from(0, peer, mac[0]), WIRE);
}

static void unicast_table(void)
{
	unsigned int n = 0x0909 >> 4 & 0xfff;

	up();
	wr(UTA + n / 32 * 4, 1u << n % 32);
	wr(VMOLR + 8, rd(VMOLR + 8) | VMOLR_ROPE);
	CHECK_EQ(from_wire(peer), TO(2));
	CHECK_EQ(info.status & RXD_PIF, RXD_PIF);
	/* An inexact match keeps nothing from the wire. */
	CHECK_EQ(from(0, peer, mac[0]), TO(2) | WIRE);
}

static void duplicate_mac(void)
{
	up();
	set_rar(30, mac[1], TO(2));
	CHECK_EQ(from_wire(mac[1]), TO(1) | TO(2));
	CHECK_EQ(from(0, mac[1], mac[0]), TO(1) | TO(2));
	/* And one entry with two pools */
	set_rar(31, mac[3], TO(0) | TO_PF);
	CHECK_EQ(from_wire(mac[3]), TO(3) | TO(0) | TO_PF);
	CHECK_EQ(from(0, mac[3], mac[0]), TO(3) | TO_PF);
}

static void not_back_to_sender(void)
{
	up();
	CHECK_EQ(from(0, mac[0], mac[0]), 0);
	wr(VMTXSW, TO(0));
	CHECK_EQ(from(0, mac[0], mac[0]), TO(0));
	CHECK_EQ(from(0, bcast, mac[0]), ALL_VFS | TO_PF | WIRE);
	CHECK_EQ(from(1, mac[1], mac[1]), 0);
}

static void veb_and_vepa(void)
{
	up();
	CHECK_EQ(from(0, mac[1], mac[0]), TO(1));
	wr(PFDTXGSWC, 0);
	CHECK_EQ(from(0, mac[1], mac[0]), WIRE);
	CHECK_EQ(from(0, bcast, mac[0]), WIRE);
	CHECK_EQ(from(VFS, mac[1], pf_mac), WIRE);
	/* The adjacent bridge sends it back. */
	CHECK_EQ(from_wire(mac[1]), TO(1));
	/* Spoofing is not for the wire either. */
	CHECK_EQ(from(0, mac[1], mac[2]), 0);
	wr(PFDTXGSWC, PFDTXGSWC_LBEN);
	CHECK_EQ(from(0, mac[1], mac[0]), TO(1));
}

static void receive_disabled(void)
{
	up();
	wr(RXCTRL, 0);
	CHECK_EQ(from_wire(mac[1]), 0);
	CHECK_EQ(from(0, mac[1], mac[0]), WIRE);
}

static void link_down_stops_the_switch(void)
{
	up();
	i82599_set_link(m.hw, false);
	CHECK_EQ(from(0, mac[1], mac[0]), 0);
	i82599_set_link(m.hw, true);
	CHECK_EQ(who(), TO(1));
}

static void mac_spoofing(void)
{
	up();
	CHECK_EQ(from(0, peer, mac[1]), 0);
	CHECK_EQ(from(0, mac[1], mac[1]), 0);
	CHECK_EQ(from(0, bcast, peer), 0);
	CHECK_EQ(rd(SSVPC), 3);
	CHECK_EQ(rd(SSVPC), 0);
	CHECK_EQ(vrd(0, VFGPTC), 0);
	/* The descriptors are done all the same. */
	CHECK_EQ(txq_status(&tx[0], 2) & TXD_DD, TXD_DD);
	/* A second address of the function */
	set_rar(40, peer, TO(0));
	CHECK_EQ(from(0, mac[1], peer), TO(1));
	wr(MPSAR(40), TO(1));
	CHECK_EQ(from(0, mac[1], peer), 0);
	CHECK_EQ(rd(SSVPC), 1);
	/* Counted only if asked for, allowed if not checked */
	wr(VMECM, 0);
	CHECK_EQ(from(0, mac[1], peer), 0);
	CHECK_EQ(rd(SSVPC), 0);
	wr(PFVFSPOOF, rd(PFVFSPOOF) & ~1u);
	CHECK_EQ(from(0, mac[1], peer), TO(1));
	CHECK_EQ(from(1, mac[0], peer), TO(0));	/* its address */
	CHECK_EQ(from(2, mac[0], peer), 0);
	/* The PF is not checked. */
	CHECK_EQ(from(VFS, mac[1], mac[2]), TO(1));
}

static void vlan_spoofing(void)
{
	up();
	CHECK_EQ(tagged(0, peer, 7), 0);
	CHECK_EQ(rd(SSVPC), 1);
	set_vlan(5, 7, TO(0));
	CHECK_EQ(tagged(0, peer, 7), WIRE);
	CHECK_EQ(tagged(0, peer, 8), 0);
	CHECK_EQ(tagged(1, peer, 7), 0);
	CHECK_EQ(rd(SSVPC), 2);
	/* In the data rather than by the descriptor */
	make_frame(f, peer, mac[1], 100);
	txq_send(&tx[1], f, add_tag(f, 100, 7));
	CHECK_EQ(who(), 0);
	CHECK_EQ(rd(SSVPC), 1);
	wr(PFVFSPOOF, rd(PFVFSPOOF) & ~0x200u);
	CHECK_EQ(tagged(1, peer, 7), WIRE);
	/* One of VLAN 0 is checked, one without a tag is not. */
	set_vlan(0, 0, TO(1));
	CHECK_EQ(tagged(0, peer, 0), 0);
	CHECK_EQ(rd(SSVPC), 1);
	CHECK_EQ(from(0, peer, mac[0]), WIRE);
	CHECK_EQ(rd(SSVPC), 0);
	/* An entry that is not enabled is none. */
	wr(VLVF + 20, rd(VLVF + 20) & ~VLVF_VI_EN);
	CHECK_EQ(tagged(0, peer, 7), 0);
}

/* VLANs that functions added */
static void guest_vlans(void)
{
	up();
	CHECK_EQ(tagged(-1, mac[0], 7), 0);	/* nobody has it: VFTA */
	set_vlan(5, 7, TO(0) | TO(1));
	CHECK_EQ(tagged(-1, mac[0], 7), TO(0));
	CHECK_EQ(info.status & RXD_VP, RXD_VP);
	CHECK_EQ(info.vlan, 7);
	CHECK_EQ(info.len, 100);
	CHECK_EQ(tagged(0, mac[1], 7), TO(1));
	CHECK_EQ(info.vlan, 7);
	CHECK_EQ(tagged(0, bcast, 7), TO(1) | WIRE);
	CHECK_EQ(tagged(-1, bcast, 7), TO(0) | TO(1));
	/* Not a member: from the wire it is the default pool's, from inside
	 * it is nobody's, and not the wire's.
	 */
	CHECK_EQ(tagged(-1, mac[2], 7), TO_PF);
	CHECK_EQ(tagged(0, mac[2], 7), 0);
	/* Tagged only */
	wr(VMOLR + 4, rd(VMOLR + 4) & ~VMOLR_AUPE);
	CHECK_EQ(from(0, mac[1], mac[0]), 0);
	CHECK_EQ(from_wire(mac[1]), TO_PF);
	CHECK_EQ(from_wire(bcast), (ALL_VFS & ~TO(1)) | TO_PF);
	CHECK_EQ(tagged(0, mac[1], 7), TO(1));
}

/* Port VLAN as ixgbe_enable_port_vlan() has it */
static void set_port_vlan(int vf, uint16_t tci, unsigned int entry,
			  uint64_t pools)
{
	set_vlan(entry, tci & 0xfff, pools);
	wr(VLVFB, rd(VLVFB) & ~(1u << vf));
	wr(VMVIR + 4 * vf, VMVIR_DEFAULT | tci);
	wr(VMOLR + 4 * vf, rd(VMOLR + 4 * vf) & ~VMOLR_AUPE);
}

static void port_vlan(void)
{
	up();
	set_port_vlan(0, 0x6064, 9, TO(0) | TO(1));	/* priority 3 */
	set_port_vlan(1, 0x64, 9, TO(0) | TO(1));

	/* Out: the tag is inserted. */
	make_frame(f, peer, mac[0], 100);
	txq_send(&tx[0], f, 100);
	CHECK_EQ(m.sent, 1);
	CHECK_EQ(m.wire[0].len, 104);
	CHECK_EQ(get_be16(m.wire[0].data + 12), 0x8100);
	CHECK_EQ(get_be16(m.wire[0].data + 14), 0x6064);
	m.sent = 0;
	/* Whatever the descriptor asks for */
	CHECK_EQ(tagged(0, peer, 7), WIRE);
	CHECK_EQ(get_be16(m.wire[0].data + 14), 0x6064);
	CHECK_EQ(m.wire[0].len, 104);
	/* But not one of its own */
	make_frame(f, peer, mac[0], 100);
	txq_send(&tx[0], f, add_tag(f, 100, 0x64));
	CHECK_EQ(who(), 0);

	/* Between two of the same: it arrives, stripped. */
	CHECK_EQ(from(0, mac[1], mac[0]), TO(1));
	CHECK_EQ(info.vlan, 0x6064);
	CHECK_EQ(info.len, 100);
	/* In: only that VLAN; the rest is the default pool's. */
	CHECK_EQ(tagged(-1, mac[0], 0x64), TO(0));
	CHECK_EQ(from_wire(mac[0]), TO_PF);
	CHECK_EQ(from(2, mac[0], mac[2]), 0);
	CHECK_EQ(from(0, mac[2], mac[0]), 0);
	CHECK_EQ(from(2, bcast, mac[2]), TO(3) | TO_PF | WIRE);
	CHECK_EQ(from(0, bcast, mac[0]), TO(1) | WIRE);
	CHECK_EQ(rd(SSVPC), 0);
}

static void never_insert(void)
{
	up();
	wr(VMVIR, VMVIR_NEVER);
	set_vlan(5, 7, TO(0));
	make_frame(f, peer, mac[0], 100);
	txq_send_vlan(&tx[0], f, 100, 7);
	CHECK_EQ(m.wire[0].len, 100);
	CHECK(!memcmp(m.wire[0].data, f, 100));
	m.sent = 0;
	txq_send(&tx[0], f, add_tag(f, 100, 7));
	CHECK_EQ(who(), 0);
}

static void vf_disabled(void)
{
	up();
	wr(VFRE, rd(VFRE) & ~TO(1));
	CHECK_EQ(from_wire(mac[1]), 0);
	CHECK_EQ(from(0, mac[1], mac[0]), WIRE);
	CHECK_EQ(from_wire(bcast), (ALL_VFS & ~TO(1)) | TO_PF);
	CHECK_EQ(from(1, mac[0], mac[1]), TO(0));
	wr(VFRE, rd(VFRE) | TO(1));
	CHECK_EQ(from_wire(mac[1]), TO(1));

	wr(VFTE, rd(VFTE) & ~TO(1));
	CHECK_EQ(from(1, mac[0], mac[1]), 0);
	CHECK_EQ(from_wire(mac[1]), TO(1));
	wr(VFTE, rd(VFTE) | TO(1));
	CHECK_EQ(who(), TO(0));
	i82599_set_bus_master(m.hw, 1, false);
	CHECK_EQ(from(0, mac[1], mac[0]), 0);
}

static void default_pool(void)
{
	up();
	wr(FCTRL, FCTRL_BAM | FCTRL_UPE);
	CHECK_EQ(from_wire(peer), TO_PF);
	wr(VT_CTL, (rd(VT_CTL) & ~(0x3fu << 7)) | 2 << 7);
	CHECK_EQ(from_wire(peer), TO(2));
	CHECK_EQ(from(2, group, mac[2]), WIRE);
	wr(VT_CTL, rd(VT_CTL) | VT_CTL_DIS_DEF_PL);
	CHECK_EQ(from_wire(peer), 0);
	CHECK_EQ(from(0, group, mac[0]), WIRE);
}

static void no_replication(void)
{
	up();
	wr(VT_CTL, rd(VT_CTL) & ~VT_CTL_RPL_EN);
	CHECK_EQ(from_wire(bcast), TO_PF);
	CHECK_EQ(from(0, bcast, mac[0]), TO_PF | WIRE);
	CHECK_EQ(from_wire(mac[1]), TO(1));
}

static void one_full_queue(void)
{
	unsigned int i;

	up();
	vwr(1, VFRX_QUEUE + 0x18, vrd(1, VFRX_QUEUE + 0x10));
	CHECK_EQ(from(0, bcast, mac[0]), TO(2) | TO(3) | TO_PF | WIRE);
	CHECK_EQ(rd(QPRDC(0)), 1);
	for (i = 0; i < 40; i++)
		CHECK_EQ(from(0, mac[2], mac[0]), TO(2));
}

/* The port's largest frame is not the switch's. */
static void jumbo_between_functions(void)
{
	up();
	make_frame(f, mac[1], mac[0], 9000);
	txq_send(&tx[0], f, 9000);
	CHECK(rxq_poll(&rx[1], &info));
	CHECK_EQ(info.len, 9000);
	CHECK(!memcmp(info.data, f, 9000));
	receive(f, 9000);
	CHECK(!rxq_poll(&rx[1], &info));
	CHECK_EQ(rd(ROC), 1);
}

static void tso_between_functions(void)
{
	static const struct flow flow = {
		.proto = 6, .src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 },
	};
	uint64_t buf;
	size_t len, i;
	uint8_t *l4 = f + ETH_HLEN + 20;

	up();
	make_frame(f, mac[1], mac[0], 60);
	len = make_ip(f, &flow, 10000);
	put_be16(f + ETH_HLEN + 2, 0);
	put_be16(f + ETH_HLEN + 10, 0);
	put_be16(l4 + 16, pseudo(f + ETH_HLEN, false, 6, 0));
	buf = mem_alloc(len);
	memcpy(mem_at(buf), f, len);
	txq_ctx(&tx[0], 1, ETH_HLEN << 9 | 20, TXC_IPV4 | TXC_L4T_TCP,
		20 << 8 | 1000 << 16);
	txq_put(&tx[0], buf, TX_CMD | TXD_TSE | TX_LAST | len,
		TXD_IXSM | TXD_TXSM | 1 << 4 | 0x80);
	txq_bell(&tx[0]);
	for (i = 0; i < 10; i++) {
		CHECK(rxq_poll(&rx[1], &info));
		CHECK(l3l4_good(info.data, info.len, ETH_HLEN));
		CHECK_EQ(info.status & (RXD_L4CS | RXD_TCPE | RXD_IPE),
			 RXD_L4CS);
		CHECK(!memcmp(info.data + 54, l4 + 20 + i * 1000, 1000));
	}
	CHECK(!rxq_poll(&rx[1], &info));
	CHECK_EQ(vrd(0, VFGPTC), 10);
}

/* 64 pools, or 32, up to the last function */
static void all_pools(void)
{
	unsigned int mode;
	int n, vf;

	for (mode = 32; mode <= 64; mode += 32) {
		uint8_t a[6] = { 2, 0, 0, 0, 0, 0 };

		machine_down();
		machine_up();
		n = mode - 1;
		pf_up();
		sriov_up(n, mode);
		for (vf = 0; vf < n; vf++) {
			vf_up(vf);
			rxq_up(&rx[0], vf, 0, 8, 2, 0);
			txq_up(&tx[0], vf, mode == 32 ? 3 : 1, 8);
			a[5] = vf;
			receive(f, make_frame(f, a, peer, 60));
			CHECK(rxq_poll(&rx[0], &info));
			make_frame(f, peer, a, 60);
			txq_send(&tx[0], f, 60);
			CHECK_EQ(m.sent, (unsigned int)vf + 1);
			CHECK_EQ(irqs(vf, 0), 1);
		}
		rxq_up(&rx[0], PF, n * (mode == 32 ? 4 : 2), 8, 2, 0);
		receive(f, make_frame(f, pf_mac, peer, 60));
		CHECK(rxq_poll(&rx[0], &info));
	}
}

const struct test switch_tests[] = {
	T(unicast), T(loopback_is_marked), T(loopback_headers),
	T(broadcast), T(multicast), T(promiscuous_pf), T(unicast_table),
	T(duplicate_mac), T(not_back_to_sender), T(veb_and_vepa),
	T(receive_disabled), T(link_down_stops_the_switch), T(mac_spoofing),
	T(vlan_spoofing), T(guest_vlans), T(port_vlan), T(never_insert),
	T(vf_disabled), T(default_pool), T(no_replication),
	T(one_full_queue), T(jumbo_between_functions),
	T(tso_between_functions), T(all_pools),
	{ 0 }
};

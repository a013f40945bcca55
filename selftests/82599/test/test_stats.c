// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

static const uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 1 };
static struct rx_info info;
static uint8_t f[FRAME_MAX];

/* Everything that clear_hw_cntrs() of ixgbe reads */
static void clear_all(void)
{
	unsigned int i;

	for (i = 0x4000; i < 0x4200; i += 4)
		rd(i);
	for (i = 0; i < 16; i++) {
		rd(QPRC(i));
		rd(QPTC(i));
		rd(QBRC(i));
		rd(QBRC(i) + 4);
		rd(QBTC(i));
		rd(QBTC(i) + 4);
		rd(QPRDC(i));
	}
	for (i = 0; i < 8; i++)
		rd(MPC + 4 * i);
	rd(SSVPC);
	rd(TXDGPC);
}

static void rx_counters(void)
{
	static const size_t lens[] = { 60, 123, 251, 507, 1019, 1514 };
	struct rxq rx;
	uint64_t bytes = 0;
	unsigned int i;

	pf_up();
	rxq_up(&rx, PF, 0, 32, 2, 0);
	clear_all();
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		receive(f, make_frame(f, pf_mac, peer, lens[i]));
		CHECK(rxq_poll(&rx, &info));
		bytes += lens[i] + 4;
	}
	receive(f, make_frame(f, bcast, peer, 60));
	bytes += 64;
	wr(FCTRL, FCTRL_BAM | FCTRL_MPE);
	receive(f, make_frame(f, group, peer, 60));
	bytes += 64;
	/* Filtered, too long, too short */
	receive(f, make_frame(f, peer, peer, 60));
	receive(f, make_frame(f, pf_mac, peer, 1600));
	receive(f, 5);

	CHECK_EQ(rd(GPRC), 8);
	CHECK_EQ(rd(GORC), bytes);
	CHECK_EQ(rd(GORC + 4), 0);
	CHECK_EQ(rd(TPR), 10);
	CHECK_EQ(rd(TOR), bytes + 64 + 1604);
	CHECK_EQ(rd(BPRC), 1);
	CHECK_EQ(rd(MPRC), 1);
	CHECK_EQ(rd(PRC64), 3);
	for (i = 1; i < 6; i++)
		CHECK_EQ(rd(PRC64 + 4 * i), 1);
	CHECK_EQ(rd(ROC), 1);
	CHECK_EQ(rd(RUC), 1);
	CHECK_EQ(rd(QPRC(0)), 8);
	CHECK_EQ(rd(QBRC(0)), bytes);
	CHECK_EQ(rd(CRCERRS), 0);
	/* Once read they are gone. */
	CHECK_EQ(rd(GPRC) | rd(GORC) | rd(TPR) | rd(TOR) | rd(BPRC) |
		 rd(MPRC) | rd(PRC64) | rd(ROC) | rd(RUC) | rd(QPRC(0)) |
		 rd(QBRC(0)), 0);
}

static void tx_counters(void)
{
	static const size_t lens[] = { 60, 123, 251, 507, 1019, 1514 };
	struct txq tx;
	uint64_t bytes = 0;
	unsigned int i;

	pf_up();
	txq_up(&tx, PF, 0, 32);
	clear_all();
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		make_frame(f, peer, pf_mac, lens[i]);
		txq_send(&tx, f, lens[i]);
		bytes += lens[i] + 4;
	}
	make_frame(f, bcast, pf_mac, 60);
	txq_send(&tx, f, 60);
	make_frame(f, group, pf_mac, 60);
	txq_send(&tx, f, 60);
	bytes += 128;
	CHECK_EQ(rd(GPTC), 8);
	CHECK_EQ(rd(TPT), 8);
	CHECK_EQ(rd(GOTC), bytes);
	CHECK_EQ(rd(BPTC), 1);
	CHECK_EQ(rd(MPTC), 1);
	CHECK_EQ(rd(PTC64), 3);
	for (i = 1; i < 6; i++)
		CHECK_EQ(rd(PTC64 + 4 * i), 1);
	CHECK_EQ(rd(QPTC(0)), 8);
	CHECK_EQ(rd(QBTC(0)), bytes);
	CHECK_EQ(rd(TXDGPC), 8);
	CHECK_EQ(rd(GPTC) | rd(GOTC) | rd(TPT) | rd(BPTC) | rd(MPTC) |
		 rd(PTC64) | rd(QPTC(0)) | rd(QBTC(0)) | rd(TXDGPC), 0);
}

static void queue_maps(void)
{
	struct rxq rx;
	struct txq tx;

	pf_up();
	sriov_up(31, 32);
	rxq_up(&rx, PF, 124, 8, 2, 0);		/* pool 31 */
	txq_up(&tx, PF, 126, 8);
	wr(RQSMR + 124, 0x0b);
	wr(TQSM + 124, 0x0c << 16);
	receive(f, make_frame(f, pf_mac, peer, 60));
	make_frame(f, peer, pf_mac, 60);
	txq_send(&tx, f, 60);
	CHECK_EQ(rd(QPRC(11)), 1);
	CHECK_EQ(rd(QBRC(11)), 64);
	CHECK_EQ(rd(QPTC(12)), 1);
	CHECK_EQ(rd(QBTC(12)), 64);
	CHECK_EQ(rd(QPRC(0)) | rd(QPTC(0)), 0);
	wr(RDT(124), rd(RDH(124)));
	make_frame(f, pf_mac, peer, 60);
	receive(f, 60);
	CHECK_EQ(rd(QPRDC(11)), 1);
}

static void vf_counters(void)
{
	struct rxq rx;
	struct txq tx;
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 5 };

	pf_up();
	sriov_up(8, 64);
	vf_up(5);
	rxq_up(&rx, 5, 0, 32, 2, 0);
	txq_up(&tx, 5, 1, 32);
	receive(f, make_frame(f, mac, peer, 100));
	receive(f, make_frame(f, bcast, peer, 60));
	wr(MCSTCTRL, MCSTCTRL_MFE);
	wr(MTA + 0x100 / 32 * 4, ~0u);
	wr(MTA, ~0u);
	receive(f, make_frame(f, group, peer, 60));
	make_frame(f, peer, mac, 80);
	txq_send(&tx, f, 80);
	CHECK_EQ(vrd(5, VFGPRC), rd(PVFGPRC(5)));
	CHECK_EQ(vrd(5, VFGPTC), 1);
	CHECK_EQ(rd(PVFGPTC(5)), 1);
	CHECK_EQ(vrd(5, VFGOTC_LSB), 84);
	CHECK_EQ(rd(PVFGOTC_LSB(5)), 84);
	CHECK_EQ(vrd(5, VFGPRC), 2 + vrd(5, VFMPRC));
	CHECK_EQ(vrd(5, VFGORC_LSB), 104 + 64 + 64 * vrd(5, VFMPRC));
	CHECK_EQ(rd(PVFGORC_LSB(5)), vrd(5, VFGORC_LSB));
	CHECK_EQ(rd(PVFMPRC(5)), vrd(5, VFMPRC));
	/* Reading does not clear them, writing does not change them, and no
	 * other function has any.
	 */
	vwr(5, VFGPTC, 77);
	wr(PVFGPTC(5), 77);
	CHECK_EQ(vrd(5, VFGPTC), 1);
	CHECK_EQ(vrd(4, VFGPRC) | vrd(6, VFGPRC) | vrd(4, VFGPTC), 0);
	vwr(5, VFCTRL, CTRL_RST);
	CHECK_EQ(vrd(5, VFGPTC), 1);
	wr(CTRL, CTRL_RST);
	CHECK_EQ(vrd(5, VFGPTC), 0);
}

static void wide_counters(void)
{
	struct rxq rx;
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 5 };

	pf_up();
	sriov_up(8, 64);
	vf_up(5);
	rxq_up(&rx, 5, 0, 32, 2, 0);
	/* Per function: 32 and 36 bits, and around */
	REG(m.hw, PVFGPRC(5)) = ~0u;
	REG(m.hw, PVFGORC_LSB(5)) = 0xfffffff0;
	REG(m.hw, PVFGORC_MSB(5)) = 0xf;
	/* Of the port: bytes carry, packets stay */
	REG(m.hw, GORC) = 0xfffffff0;
	REG(m.hw, GPRC) = ~0u;
	receive(f, make_frame(f, mac, peer, 60));
	CHECK_EQ(vrd(5, VFGPRC), 0);
	CHECK_EQ(vrd(5, VFGORC_LSB), 0x30);
	CHECK_EQ(vrd(5, VFGORC_MSB), 0);
	receive(f, 60);
	CHECK_EQ(vrd(5, VFGORC_LSB), 0x70);
	CHECK_EQ(rd(GPRC), ~0u);
	CHECK_EQ(rd(GORC), 0x70);
	CHECK_EQ(rd(GORC + 4), 1);
	CHECK_EQ(rd(GORC + 4), 0);
}

/* Frames of the internal switch do not pass the port. */
static void switch_is_not_port(void)
{
	struct rxq rx;
	struct txq tx;
	uint8_t a[6] = { 2, 0, 0, 0, 0, 1 }, b[6] = { 2, 0, 0, 0, 0, 2 };

	pf_up();
	sriov_up(4, 64);
	vf_up(1);
	vf_up(2);
	txq_up(&tx, 1, 0, 8);
	rxq_up(&rx, 2, 0, 8, 2, 0);
	clear_all();
	make_frame(f, b, a, 60);
	txq_send(&tx, f, 60);
	CHECK(rxq_poll(&rx, &info));
	CHECK_EQ(rd(GPTC) | rd(GPRC) | rd(TPR) | rd(TPT), 0);
	CHECK_EQ(vrd(1, VFGPTC), 1);
	CHECK_EQ(vrd(2, VFGPRC), 1);
	CHECK_EQ(rd(TXDGPC), 1);
}

const struct test stats_tests[] = {
	T(rx_counters), T(tx_counters), T(queue_maps), T(vf_counters),
	T(wide_counters), T(switch_is_not_port),
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0-only
/* Mailboxes, resets of functions */
#include "harness.h"

static void up(void)
{
	pf_up();
	sriov_up(40, 64);
	vf_up(0);
	vf_up(33);
	vf_up(39);
	irqs(PF, 63);
}

static void vf_asks_pf_answers(void)
{
	unsigned int i;
	static const int vfs[] = { 0, 33, 39 };

	up();
	for (i = 0; i < ARRAY_SIZE(vfs); i++) {
		int vf = vfs[i];
		uint32_t icr = MBVFICR + vf / 16 * 4, bit = 1u << vf % 16;

		/* The function takes the buffer, writes, and asks. */
		vwr(vf, VFMAILBOX, VFMAILBOX_VFU);
		CHECK_EQ(vrd(vf, VFMAILBOX), VFMAILBOX_VFU);
		CHECK_EQ(rd(PFMAILBOX + 4 * vf), PFMAILBOX_VFU);
		vwr(vf, VFMBMEM, 0x01);
		vwr(vf, VFMBMEM + 60, 0xabcd + vf);
		vwr(vf, VFMAILBOX, VFMAILBOX_REQ);
		CHECK_EQ(irqs(PF, 63), 1);
		CHECK_EQ(rd(EICS) & EICR_MAILBOX, EICR_MAILBOX);
		wr(EICR, EICR_MAILBOX);
		CHECK_EQ(rd(icr), bit);
		wr(icr, bit);
		CHECK_EQ(rd(icr), 0);
		CHECK_EQ(rd(PFMAILBOX + 4 * vf), 0);

		/* The PF takes it, reads, acknowledges. */
		wr(PFMAILBOX + 4 * vf, PFMAILBOX_PFU);
		CHECK_EQ(rd(PFMAILBOX + 4 * vf), PFMAILBOX_PFU);
		CHECK_EQ(rd(PFMBMEM + 64 * vf), 0x01);
		CHECK_EQ(rd(PFMBMEM + 64 * vf + 60), 0xabcd + vf);
		wr(PFMAILBOX + 4 * vf, PFMAILBOX_ACK);
		CHECK_EQ(irqs(vf, 2), 1);
		CHECK_EQ(vrd(vf, VFMAILBOX), VFMAILBOX_PFACK);
		CHECK_EQ(vrd(vf, VFMAILBOX), 0);

		/* And answers. */
		vwr(vf, VTEIMS, 7);
		wr(PFMAILBOX + 4 * vf, PFMAILBOX_PFU);
		wr(PFMBMEM + 64 * vf, 0x80000001);
		wr(PFMAILBOX + 4 * vf, PFMAILBOX_STS);
		CHECK_EQ(irqs(vf, 2), 1);
		CHECK_EQ(vrd(vf, VFMAILBOX), VFMAILBOX_PFSTS);
		CHECK_EQ(vrd(vf, VFMBMEM), 0x80000001);
		vwr(vf, VFMAILBOX, VFMAILBOX_ACK);
		CHECK_EQ(irqs(PF, 63), 1);
		CHECK_EQ(rd(icr), bit << 16);
		wr(icr, bit << 16);
		wr(EICR, EICR_MAILBOX);
	}
	CHECK_EQ(irqs(1, 2), 0);
}

static void one_owner(void)
{
	up();
	wr(PFMAILBOX, PFMAILBOX_PFU);
	vwr(0, VFMAILBOX, VFMAILBOX_VFU);
	CHECK_EQ(vrd(0, VFMAILBOX), VFMAILBOX_PFU);
	CHECK_EQ(rd(PFMAILBOX), PFMAILBOX_PFU);
	wr(PFMAILBOX, 0);
	CHECK_EQ(vrd(0, VFMAILBOX), 0);
	vwr(0, VFMAILBOX, VFMAILBOX_VFU);
	wr(PFMAILBOX, PFMAILBOX_PFU);
	CHECK_EQ(rd(PFMAILBOX), PFMAILBOX_VFU);
	/* A function that does not give it back */
	vwr(0, VFMAILBOX, VFMAILBOX_VFU | VFMAILBOX_REQ | VFMAILBOX_ACK);
	CHECK_EQ(rd(MBVFICR), 0x10001);
	wr(PFMAILBOX, PFMAILBOX_RVFU);
	CHECK_EQ(rd(PFMAILBOX), 0);
	CHECK_EQ(rd(MBVFICR), 0);
	wr(PFMAILBOX, PFMAILBOX_PFU);
	CHECK_EQ(rd(PFMAILBOX), PFMAILBOX_PFU);
	/* Writing what is only to be read, as ixgbevf does, is nothing. */
	wr(PFMAILBOX, PFMAILBOX_STS);
	vwr(0, VFMAILBOX, VFMAILBOX_R2C | VFMAILBOX_RSTI);
	CHECK_EQ(vrd(0, VFMAILBOX), VFMAILBOX_PFSTS);
	/* Reading by the PF does not clear. */
	wr(PFMAILBOX, PFMAILBOX_ACK);
	rd(PFMAILBOX);
	CHECK_EQ(vrd(0, VFMAILBOX), VFMAILBOX_PFACK);
}

static void pf_reset_indication(void)
{
	pf_up();
	i82599_set_numvfs(m.hw, 4);
	CHECK_EQ(vrd(0, VFMAILBOX), VFMAILBOX_RSTI);
	CHECK_EQ(vrd(0, VFMAILBOX), VFMAILBOX_RSTI);
	wr(CTRL_EXT, CTRL_EXT_PFRSTD | 0x10000000);
	/* Self-clearing: another write of the register says nothing new. */
	CHECK_EQ(rd(CTRL_EXT), 0x10000000);
	CHECK_EQ(vrd(0, VFMAILBOX), VFMAILBOX_RSTD);
	CHECK_EQ(vrd(0, VFMAILBOX), 0);
	CHECK_EQ(vrd(3, VFMAILBOX), VFMAILBOX_RSTD);
	wr(CTRL_EXT, rd(CTRL_EXT));
	CHECK_EQ(vrd(0, VFMAILBOX), 0);

	vwr(0, VFMAILBOX, VFMAILBOX_VFU);
	wr(CTRL, CTRL_RST);
	CHECK_EQ(vrd(0, VFMAILBOX), VFMAILBOX_RSTI);
	CHECK_EQ(vrd(3, VFMAILBOX), VFMAILBOX_RSTI);
	/* A reset of the function does not hide it. */
	vwr(3, VFCTRL, CTRL_RST);
	CHECK_EQ(vrd(3, VFMAILBOX), VFMAILBOX_RSTI);
	wr(CTRL_EXT, CTRL_EXT_PFRSTD);
	vwr(3, VFCTRL, CTRL_RST);
	CHECK_EQ(vrd(3, VFMAILBOX), VFMAILBOX_RSTD);
}

static void vf_reset_is_told(void)
{
	int how, vf;

	for (how = 0; how < 2; how++)
		for (vf = 1; vf < 40; vf += 33) {
			uint32_t bit = 1u << vf % 32;

			machine_down();
			machine_up();
			up();
			CHECK_EQ(rd(VFLRE(0)) | rd(VFLRE(1)), 0);
			if (how)
				i82599_flr(m.hw, vf);
			else
				vwr(vf, VFCTRL, CTRL_RST);
			CHECK_EQ(vrd(vf, VFCTRL), 0);
			CHECK_EQ(irqs(PF, 63), 1);
			CHECK_EQ(rd(VFLRE(vf / 32)), bit);
			CHECK_EQ(rd(VFLRE(!(vf / 32))), 0);
			CHECK_EQ(rd(VFLREC + vf / 32 * 4), bit);
			wr(VFLREC + vf / 32 * 4, bit);
			CHECK_EQ(rd(VFLRE(vf / 32)), 0);
		}
}

static void vf_reset_stops_it(void)
{
	struct rxq rx, other;
	struct txq tx;
	struct rx_info info;
	uint8_t f[60], mac[6] = { 2, 0, 0, 0, 0, 33 };

	up();
	rxq_up(&rx, 33, 1, 8, 2, 0);
	txq_up(&tx, 33, 0, 8);
	rxq_up(&other, 39, 0, 8, 2, 0);
	vwr(33, VFTX_QUEUE + 0x38, 0x1000);
	vwr(33, VFPSRTYPE, 1u << 29);
	vwr(33, VFMAILBOX, VFMAILBOX_VFU);
	vwr(33, VFCTRL, CTRL_RST);

	CHECK_EQ(vrd(33, VFRX_QUEUE + 0x40 + 0x28), 0);
	CHECK_EQ(vrd(33, VFRX_QUEUE + 0x40), 0);
	CHECK_EQ(vrd(33, VFTX_QUEUE + 0x28), 0);
	CHECK_EQ(vrd(33, VFTX_QUEUE + 0x08), 0);
	CHECK_EQ(vrd(33, VFTX_QUEUE + 0x38), 0x1000);	/* survives */
	CHECK_EQ(vrd(33, VFPSRTYPE), 0);
	CHECK_EQ(vrd(33, VTEIMS), 0);
	CHECK_EQ(vrd(33, VTIVAR), 0);
	CHECK_EQ(vrd(33, VTIVAR_MISC), 0);
	CHECK_EQ(vrd(33, VFMAILBOX), 0);
	CHECK_EQ(rd(VFRE + 4) & 2, 0);
	CHECK_EQ(rd(VFTE + 4) & 2, 0);
	receive(f, make_frame(f, mac, pf_mac, 60));
	CHECK(!rxq_poll(&rx, &info));

	/* Neighbours are as they were. */
	CHECK_EQ(vrd(39, VFRX_QUEUE + 0x28), RXDCTL_ENABLE);
	CHECK_EQ(vrd(39, VTEIMS), 7);
	mac[5] = 39;
	receive(f, make_frame(f, mac, pf_mac, 60));
	CHECK(rxq_poll(&other, &info));
}

static void fewer_vfs(void)
{
	struct rxq rx;

	up();
	rxq_up(&rx, 39, 0, 8, 2, 0);
	irqs(PF, 63);
	i82599_set_numvfs(m.hw, 0);
	CHECK_EQ(rd(STATUS) & 0x7fc00, 0);
	CHECK_EQ(rd(RXDCTL(78)), 0);
	CHECK_EQ(irqs(PF, 63), 0);
	CHECK_EQ(vrd(39, VFSTATUS), 0);
	i82599_set_numvfs(m.hw, 63);
	CHECK_EQ(rd(STATUS) & 0x7fc00, STATUS_IOV_ACTIVE | 63 << 10);
	i82599_set_numvfs(m.hw, 1000);
	CHECK_EQ(rd(STATUS) & 0x1fc00, 64 << 10);
}

static void vf_sees(void)
{
	up();
	CHECK(vrd(0, VFSTATUS) != ~0u);
	CHECK_EQ(vrd(0, VFLINKS), LINKS_UP | LINKS_SPEED_10G);
	i82599_set_link(m.hw, false);
	CHECK_EQ(vrd(0, VFLINKS) & LINKS_UP, 0);
	/* Patterns of ixgbevf's ethtool */
	vwr(0, VFRX_QUEUE, ~0u);
	CHECK_EQ(vrd(0, VFRX_QUEUE), 0xffffff80);
	vwr(0, VFRX_QUEUE + 8, 0xfffff);
	CHECK_EQ(vrd(0, VFRX_QUEUE + 8), 0xfff80);
	vwr(0, VFTX_QUEUE + 0x40, ~0u);
	CHECK_EQ(vrd(0, VFTX_QUEUE + 0x40), 0xffffff80);
	/* It has two queues, of the eight that it may ask for. */
	vwr(0, VFRX_QUEUE + 0x80, ~0u);
	CHECK_EQ(vrd(0, VFRX_QUEUE + 0x80), 0);
	CHECK_EQ(rd(RDBAL(2)), 0);
}

/* Register n of function p is queue p * per_pool + n */
static void queue_registers(void)
{
	static const uint8_t per[] = { 0, 8, 4, 2 };
	unsigned int mode, vf, n, q;

	pf_up();
	i82599_set_numvfs(m.hw, 64);
	for (mode = 1; mode < 4; mode++) {
		wr(CTRL, CTRL_RST);
		wr(GCR_EXT, mode);
		for (vf = 0; vf < 128u / per[mode] && vf < 64; vf++)
			for (n = 0; n < per[mode]; n++) {
				vwr(vf, VFRX_QUEUE + 0x40 * n + 4,
				    vf * 256 + n);
				vwr(vf, VFTX_QUEUE + 0x40 * n + 4,
				    vf * 256 + n + 0x8000);
			}
		for (q = 0; q < 128; q++) {
			n = q / per[mode] * 256 + q % per[mode];
			CHECK_EQ(rd(RDBAH(q)), n);
			CHECK_EQ(rd(TDBAH(q)), n + 0x8000);
		}
	}
	/* Not laid out at all */
	wr(GCR_EXT, 0);
	vwr(0, VFRX_QUEUE, ~0u);
	CHECK_EQ(vrd(0, VFRX_QUEUE), 0);
}

const struct test mbx_tests[] = {
	T(vf_asks_pf_answers), T(one_owner), T(pf_reset_indication),
	T(vf_reset_is_told), T(vf_reset_stops_it), T(fewer_vfs), T(vf_sees),
	T(queue_registers),
	{ 0 }
};

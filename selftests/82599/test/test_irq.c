// SPDX-License-Identifier: GPL-2.0-only
/* Causes, masks, vectors, moderation */
#include "harness.h"

static void cause_goes_to_its_vector(void)
{
	struct rxq rx;
	uint8_t f[60];

	pf_up();
	rxq_up(&rx, PF, 0, 8, 2, 0);
	receive(f, make_frame(f, pf_mac, pf_mac, 60));
	CHECK_EQ(irqs(PF, 0), 1);

	wr(IVAR(0), 0x85);
	wr(EIMS_EX, 1 << 5);
	receive(f, 60);
	CHECK_EQ(irqs(PF, 0), 0);
	CHECK_EQ(irqs(PF, 5), 1);

	wr(IVAR(0), 0x05);		/* not valid */
	wr(EIMS_EX, 1 << 5);
	receive(f, 60);
	CHECK_EQ(irqs(PF, 5), 0);
}

/* All 128 queues, both directions, all vectors */
static void ivar_layout(void)
{
	unsigned int q, v;

	pf_up();
	for (q = 0; q < I82599_QUEUES; q++) {
		wr(IVAR(q), 0);
		v = q * 7 % 64;
		wr(IVAR(q), (0x80u | v) << 16 * (q & 1));
		wr(EIMS_EX, ~0u);
		wr(EIMS_EX + 4, ~0u);
		i82599_irq_queue(m.hw, q, false);
		i82599_irq_queue(m.hw, q, true);
		CHECK_EQ(irqs(PF, v), 1);
		wr(IVAR(q), (0x80u | v) << (16 * (q & 1) + 8));
		wr(EIMS_EX, ~0u);
		wr(EIMS_EX + 4, ~0u);
		i82599_irq_queue(m.hw, q, true);
		CHECK_EQ(irqs(PF, v), 1);
	}
}

static void masked_is_pending(void)
{
	pf_up();
	wr(EIMC_EX, 1 << 3);
	CHECK_EQ(rd(EIMS) & 8, 0);
	wr(EICS, 1 << 3);
	CHECK_EQ(irqs(PF, 3), 0);
	CHECK_EQ(rd(EICS) & 8, 8);
	wr(EIMS, 1 << 3);
	CHECK_EQ(irqs(PF, 3), 1);
	CHECK_EQ(rd(EICS) & 8, 0);		/* EIAC */

	/* Once it is gone, unmasking brings nothing. */
	wr(EIMC_EX, 1 << 3);
	wr(EICS_EX, 1 << 3);
	wr(EICR, 1 << 3);
	wr(EIMS_EX, 1 << 3);
	CHECK_EQ(irqs(PF, 3), 0);
}

static void auto_mask(void)
{
	pf_up();
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 1);
	CHECK_EQ(rd(EIMS_EX) & 1, 0);
	wr(EICS_EX, 1);
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 0);
	wr(EIMS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 1);

	wr(GPIE, rd(GPIE) & ~GPIE_EIAME);
	wr(EIMS_EX, 1);
	wr(EICS_EX, 1);
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 2);
	CHECK_EQ(rd(EIMS_EX) & 1, 1);
}

static void high_vectors(void)
{
	pf_up();
	wr(EICS_EX + 4, 1u << 20);
	CHECK_EQ(irqs(PF, 52), 1);
	CHECK_EQ(rd(EIMS_EX + 4) & 1u << 20, 0);
	wr(EICS_EX, 1u << 20);
	CHECK_EQ(irqs(PF, 20), 1);
	/* Cleared when sent, EIAC or not */
	CHECK_EQ(rd(EICS_EX) & 1u << 20, 0);
	wr(EIAC, 0);
	wr(EICS_EX, 1);
	CHECK_EQ(rd(EICS_EX), 1);
	CHECK_EQ(rd(EICR) & 1, 1);
}

static void reads_and_clears(void)
{
	pf_up();
	wr(EIMC, ~0u);
	wr(EIMC_EX, ~0u);
	wr(EICS, EICR_LSC | EICR_MAILBOX | 3);
	CHECK_EQ(rd(EICS), EICR_LSC | EICR_MAILBOX | 3);
	CHECK_EQ(rd(EICS), EICR_LSC | EICR_MAILBOX | 3);
	wr(EICR, EICR_LSC | 1);
	CHECK_EQ(rd(EICS), EICR_MAILBOX | 2);
	/* With OCD only the other causes clear. */
	CHECK_EQ(rd(EICR), EICR_MAILBOX | 2);
	CHECK_EQ(rd(EICR), 2);
	wr(GPIE, GPIE_MSIX_MODE);
	wr(EICS, EICR_MAILBOX);
	CHECK_EQ(rd(EICR), EICR_MAILBOX | 2);
	CHECK_EQ(rd(EICR), 0);
}

/* Other causes have their own mask; that of the vector is not theirs. */
static void misc_causes(void)
{
	pf_up();
	wr(EIMC_EX + 4, 1u << 31);
	wr(EICS, EICR_LSC);
	CHECK_EQ(irqs(PF, 63), 1);
	wr(EICS, EICR_LSC);			/* still pending: no edge */
	CHECK_EQ(irqs(PF, 63), 0);
	wr(EICS, EICR_MAILBOX);
	CHECK_EQ(irqs(PF, 63), 1);
	wr(EICR, EICR_LSC | EICR_MAILBOX);
	wr(EIMC, EICR_LSC);
	wr(EICS, EICR_LSC);
	CHECK_EQ(irqs(PF, 63), 0);
	wr(EIMS, EICR_LSC);
	CHECK_EQ(irqs(PF, 63), 1);
	wr(IVAR_MISC, 0);
	wr(EICR, EICR_LSC);
	wr(EICS, EICR_LSC);
	CHECK_EQ(irqs(PF, 63), 0);
	/* EIAC and EIAM for them */
	wr(IVAR_MISC, (IVAR_VALID | 63) << 8);
	wr(EICR, ~0u);
	wr(EIAC, EICR_LSC);
	wr(EIAM, EICR_LSC);
	wr(EICS, EICR_LSC);
	CHECK_EQ(irqs(PF, 63), 1);
	CHECK_EQ(rd(EICS) & EICR_LSC, 0);
	CHECK_EQ(rd(EIMS) & EICR_LSC, 0);
}

static void moderation(void)
{
	pf_up();
	wr(GPIE, rd(GPIE) & ~GPIE_EIAME);
	wr(EITR_LOW, 200 | EITR_CNT_WDIS);	/* 50 us */
	CHECK_EQ(rd(EITR_LOW), 200);
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 1);
	advance(10 * US);
	wr(EICS_EX, 1);
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 0);
	CHECK_EQ(m.armed, m.now + 40 * US);
	advance(39 * US);
	CHECK_EQ(irqs(PF, 0), 0);
	advance(1 * US);
	CHECK_EQ(irqs(PF, 0), 1);
	advance(49 * US);
	CHECK_EQ(irqs(PF, 0), 0);
	advance(1 * US);
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 1);
	/* Masked while it waited: nothing then, but on unmasking */
	wr(EICS_EX, 1);
	wr(EIMC_EX, 1);
	advance(100 * US);
	CHECK_EQ(irqs(PF, 0), 0);
	wr(EIMS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 1);
}

static void moderation_counter(void)
{
	pf_up();
	wr(GPIE, rd(GPIE) & ~GPIE_EIAME);
	wr(EITR_LOW, 4000 | EITR_CNT_WDIS);	/* 1 ms */
	wr(EICS_EX, 1);
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 1);
	/* The counter written to 0: at once */
	wr(EITR_LOW, 200);
	advance(0);
	CHECK_EQ(irqs(PF, 0), 1);
	/* And to something else */
	wr(EITR_LOW, 200 | 25 << 21);
	wr(EICS_EX, 1);
	advance(199 * US);
	CHECK_EQ(irqs(PF, 0), 0);
	advance(1 * US);
	CHECK_EQ(irqs(PF, 0), 1);
	/* EIMEN: software's causes do not wait. */
	wr(GPIE, rd(GPIE) | GPIE_EIMEN);
	wr(EICS_EX, 1);
	wr(EICS_EX, 1);
	CHECK_EQ(irqs(PF, 0), 2);
}

static void many_vectors_moderated(void)
{
	unsigned int v;

	pf_up();
	wr(GPIE, rd(GPIE) & ~GPIE_EIAME);
	for (v = 0; v < 60; v++)
		wr(v < 24 ? EITR_LOW + 4 * v : EITR_HIGH + 4 * (v - 24),
		   (v + 1) * 8 | EITR_CNT_WDIS);	/* 2 us each more */
	for (v = 0; v < 2; v++) {
		wr(EICS_EX, ~0u);
		wr(EICS_EX + 4, ~0u >> 4);
	}
	for (v = 0; v < 60; v++)
		CHECK_EQ(irqs(PF, v), 1);
	for (v = 0; v < 60; v++) {
		advance(2 * US);
		CHECK_EQ(irqs(PF, v), 1);
		if (v < 59)
			CHECK_EQ(irqs(PF, v + 1), 0);
	}
}

static void only_msix(void)
{
	pf_up();
	wr(GPIE, 0);
	m.logs = 0;
	wr(EICS, 1);
	wr(EICS, 2);
	CHECK_EQ(irqs(PF, 0), 0);
	CHECK_EQ(m.logs, 1);
}

static void vf_vectors(void)
{
	pf_up();
	sriov_up(8, 64);
	vf_up(3);
	vwr(3, VTEICS, 1);
	CHECK_EQ(irqs(3, 0), 1);
	CHECK_EQ(vrd(3, VTEIMS), 6);		/* auto-masked */
	CHECK_EQ(vrd(3, VTEICS), 0);		/* auto-cleared */
	vwr(3, VTEICS, 1);
	CHECK_EQ(irqs(3, 0), 0);
	CHECK_EQ(vrd(3, VTEICS), 1);
	vwr(3, VTEIMS, 1);
	CHECK_EQ(irqs(3, 0), 1);
	vwr(3, VTEIMC, 7);
	vwr(3, VTEICS, ~0u);
	CHECK_EQ(vrd(3, VTEICR), 7);
	CHECK_EQ(vrd(3, VTEICR), 0);
	vwr(3, VTEICS, 7);
	vwr(3, VTEICR, 5);
	CHECK_EQ(vrd(3, VTEICR), 2);
	CHECK_EQ(irqs(3, 0) + irqs(3, 1) + irqs(3, 2), 0);
	CHECK_EQ(irqs(PF, 0), 0);

	vwr(3, VTEIAM, 0);
	vwr(3, VTEIMS, 7);
	vwr(3, VTEITR, 200 | EITR_CNT_WDIS);
	CHECK_EQ(vrd(3, VTEITR), 200);
	vwr(3, VTEICS, 1);
	vwr(3, VTEICS, 1);
	CHECK_EQ(irqs(3, 0), 1);
	advance(50 * US);
	CHECK_EQ(irqs(3, 0), 1);
}

/* Queues of a pool that is a function's interrupt it, others the PF. */
static void vf_queues(void)
{
	static const struct {
		unsigned int mode, vf, n;
	} t[] = { { 32, 2, 0 }, { 32, 2, 1 }, { 64, 2, 0 }, { 64, 2, 1 } };
	unsigned int i, queue;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		machine_down();
		machine_up();
		pf_up();
		sriov_up(4, t[i].mode);
		vf_up(t[i].vf);
		queue = t[i].vf * (t[i].mode == 32 ? 4 : 2) + t[i].n;
		i82599_irq_queue(m.hw, queue, false);
		CHECK_EQ(irqs(t[i].vf, t[i].n), 1);
		/* No valid entry any more */
		vwr(t[i].vf, VTIVAR, 0);
		vwr(t[i].vf, VTEIMS, 7);
		i82599_irq_queue(m.hw, queue, true);
		CHECK_EQ(irqs(t[i].vf, t[i].n), 0);
		/* A vector that a function has not */
		vwr(t[i].vf, VTIVAR, 0x83838383);
		i82599_irq_queue(m.hw, queue, true);
		queue = 4 * (t[i].mode == 32 ? 4 : 2) + t[i].n;
		i82599_irq_queue(m.hw, queue, false);
		CHECK_EQ(irqs(PF, queue), 1);
	}
}

const struct test irq_tests[] = {
	T(cause_goes_to_its_vector), T(ivar_layout), T(masked_is_pending),
	T(auto_mask), T(high_vectors), T(reads_and_clears), T(misc_causes),
	T(moderation), T(moderation_counter), T(many_vectors_moderated),
	T(only_msix), T(vf_vectors), T(vf_queues),
	{ 0 }
};

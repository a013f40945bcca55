// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts: causes, masks, vectors and their moderation (section 7.3). Only
 * MSI-X; with legacy interrupts or MSI nothing is sent.
 */
#include "i82599_priv.h"

static struct i82599_irq *irq_of(struct i82599 *hw, int fn)
{
	return &hw->irq[fn - I82599_PF];
}

/* The vector of causes that are not of a queue, as a bit */
static uint64_t misc_vector(struct i82599 *hw)
{
	uint32_t ivar = REG(hw, IVAR_MISC) >> 8;

	return ivar & IVAR_VALID ? BIT64(ivar & 0x3f) : 0;
}

/* Has a vector still a reason to be sent? */
static bool is_due(struct i82599 *hw, int fn, uint64_t vector)
{
	struct i82599_irq *irq = irq_of(hw, fn);

	if (irq->cause & irq->mask & vector)
		return true;
	return fn == I82599_PF && misc_vector(hw) == vector &&
	       hw->misc & hw->misc_mask;
}

static void send(struct i82599 *hw, int fn, unsigned int n, uint64_t now)
{
	struct i82599_irq *irq = irq_of(hw, fn);
	uint64_t vector = BIT64(n);
	uint64_t clear = irq->clear, automask = irq->automask;

	irq->pend &= ~vector;
	/* Units of 2 us, in bits 11:3 */
	irq->v[n].ready = now + (irq->v[n].eitr & EITR_ITR) / 8 * 2000;

	if (fn == I82599_PF) {
		bool auto_mask = REG(hw, GPIE) & GPIE_EIAME;

		/* No register shows the causes of vectors above 15. */
		clear |= ~(uint64_t)EICR_QUEUES;
		if (!auto_mask)
			automask = 0;
		if (misc_vector(hw) == vector) {
			hw->misc &= ~hw->misc_clear;
			if (auto_mask)
				hw->misc_mask &= ~hw->misc_automask;
		}
	}
	irq->cause &= ~(vector & clear);
	irq->mask &= ~(vector & automask);
	hw->ops->msix(hw->opaque, fn, n);
}

static void notify(struct i82599 *hw, int fn, uint64_t vectors, bool now)
{
	struct i82599_irq *irq = irq_of(hw, fn);
	uint64_t time;
	unsigned int n;

	if (!vectors)
		return;
	if (fn == I82599_PF && !(REG(hw, GPIE) & GPIE_MSIX_MODE)) {
		i82599_log_once(hw, ONCE_NO_MSIX,
				"interrupts other than MSI-X are not modelled");
		return;
	}
	time = hw->ops->now(hw->opaque);
	for (n = 0; n < I82599_VECTORS; n++) {
		if (!(vectors & BIT64(n)))
			continue;
		if (now || time >= irq->v[n].ready) {
			send(hw, fn, n, time);
		} else {
			irq->pend |= BIT64(n);
			i82599_arm(hw, irq->v[n].ready);
		}
	}
}

static void set_cause(struct i82599 *hw, int fn, uint64_t vectors, bool now)
{
	struct i82599_irq *irq = irq_of(hw, fn);
	uint64_t new = vectors & ~irq->cause;

	irq->cause |= vectors;
	notify(hw, fn, new & irq->mask, now);
}

static void set_mask(struct i82599 *hw, int fn, uint64_t vectors)
{
	struct i82599_irq *irq = irq_of(hw, fn);
	uint64_t new = vectors & ~irq->mask;

	irq->mask |= vectors;
	notify(hw, fn, new & irq->cause, false);
}

static void set_misc(struct i82599 *hw, uint32_t causes, bool now)
{
	uint32_t new = causes & ~hw->misc;

	hw->misc |= causes;
	if (new & hw->misc_mask)
		notify(hw, I82599_PF, misc_vector(hw), now);
}

void i82599_irq_misc(struct i82599 *hw, uint32_t causes)
{
	set_misc(hw, causes, false);
}

void i82599_irq_queue(struct i82599 *hw, unsigned int queue, bool tx)
{
	int fn = i82599_queue_fn(hw, queue);
	unsigned int n = queue;
	uint32_t ivar;

	if (fn == I82599_PF) {
		ivar = REG(hw, IVAR(queue));
	} else {
		n -= fn * i82599_vt_queues(hw);
		ivar = hw->vf[fn].ivar[n / 2];
	}
	ivar >>= 16 * (n & 1) + 8 * tx;
	if (!(ivar & IVAR_VALID))
		return;
	ivar &= fn == I82599_PF ? 0x3f : 0x3;
	if (fn == I82599_PF || ivar < I82599_VF_VECTORS)
		set_cause(hw, fn, BIT64(ivar), false);
}

void i82599_irq_mailbox(struct i82599 *hw, int vf)
{
	uint32_t ivar = hw->vf[vf].ivar_misc;

	if (ivar & IVAR_VALID && (ivar & 3) < I82599_VF_VECTORS)
		set_cause(hw, vf, BIT64(ivar & 3), false);
}

void i82599_irq_timer(struct i82599 *hw)
{
	uint64_t now = hw->ops->now(hw->opaque), next = UINT64_MAX;
	unsigned int n;
	int fn;

	for (fn = I82599_PF; fn < I82599_VFS; fn++) {
		struct i82599_irq *irq = irq_of(hw, fn);

		for (n = 0; irq->pend && n < I82599_VECTORS; n++) {
			if (!(irq->pend & BIT64(n)))
				continue;
			if (now < irq->v[n].ready) {
				if (irq->v[n].ready < next)
					next = irq->v[n].ready;
				continue;
			}
			irq->pend &= ~BIT64(n);
			if (is_due(hw, fn, BIT64(n)))
				send(hw, fn, n, now);
		}
	}
	if (next != UINT64_MAX)
		i82599_arm(hw, next);
}

static void write_eitr(struct i82599 *hw, int fn, unsigned int n,
		       uint32_t value)
{
	struct i82599_irq *irq = irq_of(hw, fn);

	irq->v[n].eitr = value & ~EITR_CNT_WDIS;
	if (value & EITR_CNT_WDIS)
		return;
	/* The counter shows its 7 upper bits of 9. */
	irq->v[n].ready = hw->ops->now(hw->opaque) +
			  EITR_COUNTER(value) * 4 * 2000;
	if (irq->pend & BIT64(n))
		i82599_arm(hw, irq->v[n].ready);
}

static unsigned int eitr_vector(uint32_t addr)
{
	return addr < EITR_HIGH ? (addr - EITR_LOW) / 4 :
	       24 + (addr - EITR_HIGH) / 4;
}

static uint32_t eitr_read(struct i82599 *hw, uint32_t addr)
{
	return irq_of(hw, I82599_PF)->v[eitr_vector(addr)].eitr;
}

static void eitr_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	write_eitr(hw, I82599_PF, eitr_vector(addr), value);
}

static uint32_t causes(struct i82599 *hw)
{
	return (irq_of(hw, I82599_PF)->cause & EICR_QUEUES) | hw->misc;
}

static uint32_t eicr_read(struct i82599 *hw, uint32_t addr)
{
	uint32_t value = causes(hw);

	(void)addr;
	if (REG(hw, GPIE) & GPIE_OCD) {
		hw->misc &= ~EICR_OCD;
	} else {
		hw->misc = 0;
		irq_of(hw, I82599_PF)->cause &= ~(uint64_t)EICR_QUEUES;
	}
	return value;
}

static void eicr_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	(void)addr;
	hw->misc &= ~value;
	irq_of(hw, I82599_PF)->cause &= ~(uint64_t)(value & EICR_QUEUES);
}

static uint32_t eics_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return causes(hw);
}

static void eics_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	bool now = REG(hw, GPIE) & GPIE_EIMEN;

	(void)addr;
	set_cause(hw, I82599_PF, value & EICR_QUEUES, now);
	set_misc(hw, value & EICR_MISC, now);
}

static uint32_t eims_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return (irq_of(hw, I82599_PF)->mask & EICR_QUEUES) | hw->misc_mask;
}

static void eims_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	uint32_t new = value & EICR_MISC & ~hw->misc_mask;

	(void)addr;
	hw->misc_mask |= new;
	set_mask(hw, I82599_PF, value & EICR_QUEUES);
	if (new & hw->misc & hw->misc_mask)
		notify(hw, I82599_PF, misc_vector(hw), false);
}

static void eimc_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	(void)addr;
	hw->misc_mask &= ~value;
	irq_of(hw, I82599_PF)->mask &= ~(uint64_t)(value & EICR_QUEUES);
}

static void set_low(uint64_t *bits, uint32_t mask, uint32_t value)
{
	*bits = (*bits & ~(uint64_t)mask) | (value & mask);
}

static uint32_t eiac_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return (irq_of(hw, I82599_PF)->clear & EICR_QUEUES) | hw->misc_clear;
}

static void eiac_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	(void)addr;
	set_low(&irq_of(hw, I82599_PF)->clear, EICR_QUEUES, value);
	hw->misc_clear = value & EICR_MISC;
}

static uint32_t eiam_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return (irq_of(hw, I82599_PF)->automask & EICR_QUEUES) |
	       hw->misc_automask;
}

static void eiam_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	(void)addr;
	set_low(&irq_of(hw, I82599_PF)->automask, EICR_QUEUES, value);
	hw->misc_automask = value & EICR_MISC;
}

/* The extended registers: 32 vectors each */
static unsigned int ex_shift(uint32_t addr)
{
	return addr & 4 ? 32 : 0;
}

static uint32_t eics_ex_read(struct i82599 *hw, uint32_t addr)
{
	return irq_of(hw, I82599_PF)->cause >> ex_shift(addr);
}

static void eics_ex_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	set_cause(hw, I82599_PF, (uint64_t)value << ex_shift(addr),
		  REG(hw, GPIE) & GPIE_EIMEN);
}

static uint32_t eims_ex_read(struct i82599 *hw, uint32_t addr)
{
	return irq_of(hw, I82599_PF)->mask >> ex_shift(addr);
}

static void eims_ex_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	set_mask(hw, I82599_PF, (uint64_t)value << ex_shift(addr));
}

static void eimc_ex_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	irq_of(hw, I82599_PF)->mask &= ~((uint64_t)value << ex_shift(addr));
}

static uint32_t eiam_ex_read(struct i82599 *hw, uint32_t addr)
{
	return irq_of(hw, I82599_PF)->automask >> ex_shift(addr);
}

static void eiam_ex_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	uint64_t *automask = &irq_of(hw, I82599_PF)->automask;

	*automask &= ~((uint64_t)UINT32_MAX << ex_shift(addr));
	*automask |= (uint64_t)value << ex_shift(addr);
}

uint32_t i82599_irq_vf_read(struct i82599 *hw, int vf, uint32_t addr)
{
	struct i82599_irq *irq = irq_of(hw, vf);
	uint32_t value;

	switch (addr) {
	case VTEICR:
		value = irq->cause;
		irq->cause = 0;
		return value;
	case VTEICS:
		return irq->cause;
	case VTEIMS:
	case VTEIMC:
		return irq->mask;
	case VTEIAC:
		return irq->clear;
	case VTEIAM:
		return irq->automask;
	default:
		return irq->v[(addr - VTEITR) / 4].eitr;
	}
}

void i82599_irq_vf_write(struct i82599 *hw, int vf, uint32_t addr,
			 uint32_t value)
{
	struct i82599_irq *irq = irq_of(hw, vf);
	uint32_t bits = value & ((1 << I82599_VF_VECTORS) - 1);

	switch (addr) {
	case VTEICR:
		irq->cause &= ~(uint64_t)bits;
		break;
	case VTEICS:
		set_cause(hw, vf, bits, REG(hw, GPIE) & GPIE_EIMEN);
		break;
	case VTEIMS:
		set_mask(hw, vf, bits);
		break;
	case VTEIMC:
		irq->mask &= ~(uint64_t)bits;
		break;
	case VTEIAC:
		irq->clear = bits;
		break;
	case VTEIAM:
		irq->automask = bits;
		break;
	default:
		write_eitr(hw, vf, (addr - VTEITR) / 4, value);
		break;
	}
}

const struct i82599_reg i82599_irq_regs[] = {
	{ .addr = EICR, .count = 1, .step = 4, .read = eicr_read,
	  .write = eicr_write },
	{ .addr = EICS, .count = 1, .step = 4, .read = eics_read,
	  .write = eics_write },
	{ .addr = EIMS, .count = 1, .step = 4, .read = eims_read,
	  .write = eims_write },
	{ .addr = EIMC, .count = 1, .step = 4, .read = eims_read,
	  .write = eimc_write },
	{ .addr = EIAC, .count = 1, .step = 4, .read = eiac_read,
	  .write = eiac_write },
	{ .addr = EIAM, .count = 1, .step = 4, .read = eiam_read,
	  .write = eiam_write },
	{ .addr = EICS_EX, .count = 2, .step = 4, .read = eics_ex_read,
	  .write = eics_ex_write },
	{ .addr = EIMS_EX, .count = 2, .step = 4, .read = eims_ex_read,
	  .write = eims_ex_write },
	{ .addr = EIMC_EX, .count = 2, .step = 4, .read = eims_ex_read,
	  .write = eimc_ex_write },
	{ .addr = EIAM_EX, .count = 2, .step = 4, .read = eiam_ex_read,
	  .write = eiam_ex_write },
	{ .addr = EITR_LOW, .count = 24, .step = 4, .read = eitr_read,
	  .write = eitr_write },
	{ .addr = EITR_HIGH, .count = 40, .step = 4, .read = eitr_read,
	  .write = eitr_write },
	/* Those of the virtual functions are reached as VTEITR. */
	{ .addr = EITR_HIGH + 4 * 40, .count = 64, .step = 4,
	  .writable = ~0u },
	{ .addr = IVAR(0), .count = 64, .step = 4, .writable = ~0u },
	{ .addr = IVAR_MISC, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = EITRSEL, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = GPIE, .count = 1, .step = 4, .writable = ~0u },
	{ 0 }
};

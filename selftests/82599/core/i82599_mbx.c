// SPDX-License-Identifier: GPL-2.0-only
/* Mailboxes between the physical and each virtual function (7.10.2.9). */
#include "i82599_priv.h"

/* MBVFICR: 16 functions to a register, requests below acknowledgements */
static void to_pf(struct i82599 *hw, int vf, uint32_t request)
{
	REG(hw, MBVFICR + vf / 16 * 4) |= request << vf % 16;
	i82599_irq_misc(hw, EICR_MAILBOX);
}

static uint32_t pfmailbox_read(struct i82599 *hw, uint32_t addr)
{
	uint32_t mailbox = hw->vf[(addr - PFMAILBOX) / 4].mailbox;

	return (mailbox & VFMAILBOX_VFU ? PFMAILBOX_VFU : 0) |
	       (mailbox & VFMAILBOX_PFU ? PFMAILBOX_PFU : 0);
}

static void pfmailbox_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	int vf = (addr - PFMAILBOX) / 4;
	uint32_t *mailbox = &hw->vf[vf].mailbox;

	if (value & PFMAILBOX_RVFU) {
		*mailbox &= ~VFMAILBOX_VFU;
		REG(hw, MBVFICR + vf / 16 * 4) &= ~(0x10001u << vf % 16);
	}
	if (!(value & PFMAILBOX_PFU))
		*mailbox &= ~VFMAILBOX_PFU;
	else if (!(*mailbox & VFMAILBOX_VFU))
		*mailbox |= VFMAILBOX_PFU;
	if (value & PFMAILBOX_STS)
		*mailbox |= VFMAILBOX_PFSTS;
	if (value & PFMAILBOX_ACK)
		*mailbox |= VFMAILBOX_PFACK;
	if (value & (PFMAILBOX_STS | PFMAILBOX_ACK))
		i82599_irq_mailbox(hw, vf);
}

uint32_t i82599_mbx_vf_read(struct i82599 *hw, int vf)
{
	uint32_t value = hw->vf[vf].mailbox;

	hw->vf[vf].mailbox &= ~VFMAILBOX_R2C;
	return value;
}

void i82599_mbx_vf_write(struct i82599 *hw, int vf, uint32_t value)
{
	uint32_t *mailbox = &hw->vf[vf].mailbox;

	if (!(value & VFMAILBOX_VFU))
		*mailbox &= ~VFMAILBOX_VFU;
	else if (!(*mailbox & VFMAILBOX_PFU))
		*mailbox |= VFMAILBOX_VFU;
	if (value & VFMAILBOX_REQ)
		to_pf(hw, vf, 0x00001);
	if (value & VFMAILBOX_ACK)
		to_pf(hw, vf, 0x10000);
}

/* What the other side knows of a reset, RSTI and RSTD, stays. */
void i82599_mbx_vf_reset(struct i82599 *hw, int vf)
{
	hw->vf[vf].mailbox &= ~(VFMAILBOX_VFU | VFMAILBOX_PFSTS |
				VFMAILBOX_PFACK);
	if (vf >= (int)hw->numvfs)
		return;
	REG(hw, VFLRE(vf / 32)) |= 1u << vf % 32;
	i82599_irq_misc(hw, EICR_MAILBOX);
}

void i82599_mbx_pf_reset(struct i82599 *hw)
{
	int vf;

	for (vf = 0; vf < I82599_VFS; vf++)
		hw->vf[vf].mailbox = VFMAILBOX_RSTI;
}

void i82599_mbx_pf_ready(struct i82599 *hw)
{
	int vf;

	for (vf = 0; vf < I82599_VFS; vf++) {
		hw->vf[vf].mailbox &= ~VFMAILBOX_RSTI;
		hw->vf[vf].mailbox |= VFMAILBOX_RSTD;
	}
}

static void mbvficr_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) &= ~value;
}

static uint32_t vflrec_read(struct i82599 *hw, uint32_t addr)
{
	return REG(hw, VFLRE((addr - VFLREC) / 4));
}

static void vflrec_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, VFLRE((addr - VFLREC) / 4)) &= ~value;
}

const struct i82599_reg i82599_mbx_regs[] = {
	{ .addr = PFMAILBOX, .count = 64, .step = 4, .read = pfmailbox_read,
	  .write = pfmailbox_write },
	/* The memory is not reset but at power on. */
	{ .addr = PFMBMEM, .count = 64 * 16, .step = 4, .writable = ~0u,
	  .keep = RESET_POWER },
	{ .addr = MBVFICR, .count = 4, .step = 4, .write = mbvficr_write },
	{ .addr = PFMBIMR, .count = 4, .step = 4, .writable = ~0u,
	  .reset = ~0u },
	{ .addr = VFLRE(0), .count = 1, .step = 4 },
	{ .addr = VFLRE(1), .count = 1, .step = 4 },
	{ .addr = VFLREC, .count = 2, .step = 4, .read = vflrec_read,
	  .write = vflrec_write },
	{ 0 }
};

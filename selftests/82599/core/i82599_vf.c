// SPDX-License-Identifier: GPL-2.0-only
/* Virtual functions: their registers, most of which are a view of the physical
 * function's, and their reset.
 */
#include "i82599_priv.h"

/* Where a queue register of a virtual function is: 0 if it has no such queue */
static uint32_t queue_reg(struct i82599 *hw, int vf, uint32_t addr)
{
	unsigned int per_vf = i82599_vt_queues(hw);
	unsigned int n = addr % 0x1000 / 0x40;
	unsigned int queue = vf * per_vf + n;

	if (!per_vf)
		i82599_log_once(hw, ONCE_VT_MODE,
				"queue of a VF used without GCR_EXT.VT_Mode");
	if (n >= per_vf || queue >= I82599_QUEUES)
		return 0;
	return (addr < VFTX_QUEUE ? RX_QUEUE(queue) : TX_QUEUE(queue)) +
	       addr % 0x40;
}

static bool is_queue_reg(uint32_t addr)
{
	/* A bit for each word of a queue's block */
	static const uint16_t rx = 0x0c7f, tx = 0xc45f;
	bool is_rx = addr >= VFRX_QUEUE && addr < VFRX_QUEUE + 8 * 0x40;
	bool is_tx = addr >= VFTX_QUEUE && addr < VFTX_QUEUE + 8 * 0x40;

	return (is_rx && rx >> addr / 4 % 16 & 1) ||
	       (is_tx && tx >> addr / 4 % 16 & 1);
}

static void unknown(struct i82599 *hw, int vf, uint32_t addr)
{
	uint8_t bit = 1 << addr / 4 % 8;

	if (hw->vf_logged[addr / 32] & bit)
		return;
	hw->vf_logged[addr / 32] |= bit;
	i82599_log(hw, "VF %d uses unknown register %04x", vf, addr);
}

uint32_t i82599_vf_read(struct i82599 *hw, int vf, uint32_t addr)
{
	struct i82599_vf *v = &hw->vf[vf];

	if (is_queue_reg(addr)) {
		addr = queue_reg(hw, vf, addr);
		return addr ? i82599_pf_read(hw, addr) : 0;
	}

	switch (addr) {
	case VFCTRL:
	case VFRXMEMWRAP:
		return 0;
	case VFSTATUS:
		return i82599_pf_read(hw, STATUS);
	case VFLINKS:
		return i82599_pf_read(hw, LINKS);
	case VFFRTIMER:
		return i82599_pf_read(hw, FRTIMER);
	case VTEICR ... VTEIAM:
	case VTEITR ... VTEITR + 4 * (I82599_VF_VECTORS - 1):
		return i82599_irq_vf_read(hw, vf, addr);
	case VTIVAR ... VTIVAR + 12:
		return v->ivar[(addr - VTIVAR) / 4];
	case VTIVAR_MISC:
		return v->ivar_misc;
	case VTRSCINT ... VTRSCINT + 28:
		return v->rscint[(addr - VTRSCINT) / 4];
	case VFMBMEM ... VFMBMEM + 60:
		return REG(hw, PFMBMEM + 64 * vf + (addr - VFMBMEM));
	case VFMAILBOX:
		return i82599_mbx_vf_read(hw, vf);
	case VFPSRTYPE:
		return REG(hw, PSRTYPE(vf));
	case VFGPRC:
		return REG(hw, PVFGPRC(vf));
	case VFGORC_LSB:
		return REG(hw, PVFGORC_LSB(vf));
	case VFGORC_MSB:
		return REG(hw, PVFGORC_MSB(vf));
	case VFMPRC:
		return REG(hw, PVFMPRC(vf));
	case VFGPTC:
		return REG(hw, PVFGPTC(vf));
	case VFGOTC_LSB:
		return REG(hw, PVFGOTC_LSB(vf));
	case VFGOTC_MSB:
		return REG(hw, PVFGOTC_MSB(vf));
	}
	unknown(hw, vf, addr);
	return 0;
}

void i82599_vf_write(struct i82599 *hw, int vf, uint32_t addr, uint32_t value)
{
	struct i82599_vf *v = &hw->vf[vf];

	if (is_queue_reg(addr)) {
		addr = queue_reg(hw, vf, addr);
		if (addr)
			i82599_pf_write(hw, addr, value);
		return;
	}

	switch (addr) {
	case VFCTRL:
		if (value & CTRL_RST)
			i82599_vf_reset(hw, vf);
		return;
	case VTEICR ... VTEIAM:
	case VTEITR ... VTEITR + 4 * (I82599_VF_VECTORS - 1):
		i82599_irq_vf_write(hw, vf, addr, value);
		return;
	case VTIVAR ... VTIVAR + 12:
		v->ivar[(addr - VTIVAR) / 4] = value;
		return;
	case VTIVAR_MISC:
		v->ivar_misc = value;
		return;
	case VTRSCINT ... VTRSCINT + 28:
		v->rscint[(addr - VTRSCINT) / 4] = value;
		return;
	case VFMBMEM ... VFMBMEM + 60:
		REG(hw, PFMBMEM + 64 * vf + (addr - VFMBMEM)) = value;
		return;
	case VFMAILBOX:
		i82599_mbx_vf_write(hw, vf, value);
		return;
	case VFPSRTYPE:
		REG(hw, PSRTYPE(vf)) = value;
		return;
	case VFSTATUS:
	case VFLINKS:
	case VFFRTIMER:
	case VFRXMEMWRAP:
	case VFGPRC:
	case VFGORC_LSB:
	case VFGORC_MSB:
	case VFMPRC:
	case VFGPTC:
	case VFGOTC_LSB:
	case VFGOTC_MSB:
		return;
	}
	unknown(hw, vf, addr);
}

static void reset_reg(struct i82599 *hw, uint32_t addr)
{
	REG(hw, addr) = hw->entry[hw->map[addr / 4]]->reset;
}

/* VFCTRL.RST or FLR. TDWBAL and TDWBAH survive. */
void i82599_vf_reset(struct i82599 *hw, int vf)
{
	unsigned int per_vf = i82599_vt_queues(hw);
	unsigned int q = vf * per_vf;
	unsigned int end = q + per_vf < I82599_QUEUES ? q + per_vf :
			   I82599_QUEUES;

	for (; q < end; q++) {
		reset_reg(hw, RDBAL(q));
		reset_reg(hw, RDBAH(q));
		reset_reg(hw, RDLEN(q));
		reset_reg(hw, DCA_RXCTRL(q));
		reset_reg(hw, RDH(q));
		reset_reg(hw, SRRCTL(q));
		reset_reg(hw, RDT(q));
		reset_reg(hw, RXDCTL(q));
		reset_reg(hw, RSCCTL(q));
		reset_reg(hw, TDBAL(q));
		reset_reg(hw, TDBAH(q));
		reset_reg(hw, TDLEN(q));
		reset_reg(hw, DCA_TXCTRL(q));
		reset_reg(hw, TDH(q));
		reset_reg(hw, TDT(q));
		reset_reg(hw, TXDCTL(q));
		memset(&hw->txq[q], 0, sizeof(hw->txq[q]));
	}
	reset_reg(hw, PSRTYPE(vf));
	REG(hw, VFRE + vf / 32 * 4) &= ~(1u << vf % 32);
	REG(hw, VFTE + vf / 32 * 4) &= ~(1u << vf % 32);
	memset(&hw->irq[1 + vf], 0, sizeof(hw->irq[1 + vf]));
	memset(hw->vf[vf].ivar, 0, sizeof(hw->vf[vf].ivar));
	hw->vf[vf].ivar_misc = 0;
	memset(hw->vf[vf].rscint, 0, sizeof(hw->vf[vf].rscint));
	i82599_mbx_vf_reset(hw, vf);
}

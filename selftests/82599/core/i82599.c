// SPDX-License-Identifier: GPL-2.0-only
/* The controller as a whole: creation, resets, access to registers and memory.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "i82599_priv.h"

#define PLAIN(first, last) {						\
	.addr = (first), .count = ((last) - (first)) / 4 + 1,		\
	.step = 4, .writable = ~0u }

static uint32_t status_read(struct i82599 *hw, uint32_t addr)
{
	uint32_t status = hw->numvfs << STATUS_NUM_VFS_SHIFT;

	(void)addr;
	if (hw->numvfs)
		status |= STATUS_IOV_ACTIVE;
	/* Nothing is ever outstanding when the driver looks. */
	if (!(REG(hw, CTRL) & CTRL_GIO_DIS))
		status |= STATUS_GIO;
	return status;
}

static uint32_t frtimer_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return hw->ops->now(hw->opaque) / 1000;
}

static void do_reset(struct i82599 *hw, enum i82599_depth depth)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hw->regs); i++) {
		const struct i82599_reg *e = hw->entry[hw->map[i]];

		if (e->keep <= depth)
			hw->regs[i] = e->reset;
	}

	memset(hw->irq, 0, sizeof(hw->irq));
	hw->misc = 0;
	hw->misc_mask = 0;
	hw->misc_clear = 0;
	hw->misc_automask = 0;
	memset(hw->txq, 0, sizeof(hw->txq));
	memset(hw->qde, 0, sizeof(hw->qde));
	memset(hw->rate, 0, sizeof(hw->rate));
	memset(hw->dt1c, 0, sizeof(hw->dt1c));
	memset(hw->tx_pending, 0, sizeof(hw->tx_pending));
	memset(hw->vf, 0, sizeof(hw->vf));
	i82599_mbx_pf_reset(hw);
	i82599_nvm_load(hw);
}

static void ctrl_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	if (value & CTRL_LRST)
		do_reset(hw, RESET_LINK);
	else if (value & CTRL_RST)
		do_reset(hw, RESET_SW);
	else
		REG(hw, addr) = value;
	i82599_tx_kick_all(hw);
}

static void ctrl_ext_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value & ~CTRL_EXT_PFRSTD;
	if (value & CTRL_EXT_PFRSTD)
		i82599_mbx_pf_ready(hw);
}

/* What only has to keep its value; drivers set it or dump it. */
static const struct i82599_reg plain_regs[] = {
	PLAIN(0x00020, 0x00020),	/* ESDP */
	PLAIN(0x00028, 0x00028),	/* I2CCTL */
	PLAIN(0x0003c, 0x0003c),	/* TSSDP */
	PLAIN(0x0004c, 0x0004c),	/* TCPTIMER */
	PLAIN(0x00200, 0x00200),	/* LEDCTL */
	PLAIN(0x02140, 0x0217c),	/* RTRPT4C, RTRPT4S */
	PLAIN(0x02400, 0x02430),	/* FCoE, RTRPCS */
	PLAIN(0x02c00, 0x02c20),	/* RDSTAT */
	PLAIN(0x02f08, 0x02f40),	/* DRECCCTL, diagnostics */
	PLAIN(0x02fa8, 0x02fbc),	/* LVMMC_RX, WQBR_RX */
	PLAIN(0x03008, 0x03028),	/* PFCTOP to RSCDBU */
	PLAIN(0x03100, 0x0319c),	/* diagnostics */
	PLAIN(0x03200, 0x032bc),	/* FCTTV, FCRTL, FCRTH, FCRTV */
	PLAIN(0x03300, 0x03300),	/* PBRXECC */
	PLAIN(0x03600, 0x0373c),	/* diagnostics */
	PLAIN(0x03c00, 0x03c5c),	/* RXPBSIZE */
	PLAIN(0x03d00, 0x03d04),	/* FCCFG */
	PLAIN(0x04200, 0x0423c),	/* PCS1G* */
	PLAIN(0x04244, 0x04258),	/* HLREG1 to AIS */
	PLAIN(0x04264, 0x04264),	/* MLADD */
	PLAIN(0x0426c, 0x0429c),	/* TREG to MACS */
	PLAIN(0x042ac, 0x042ac),	/* AUTOC3 */
	PLAIN(0x042b4, 0x042ec),	/* ANLP2 to FECS2 */
	PLAIN(0x04314, 0x04320),	/* SGMIIC, MPVC */
	PLAIN(0x04328, 0x04330),	/* FCAMAC, MACC */
	PLAIN(0x04800, 0x04800),	/* ATLASCTL */
	PLAIN(0x04900, 0x04900),	/* RTTDCS */
	PLAIN(0x0490c, 0x04980),	/* RTTDT2*, TXPBTHRESH, RTTBCNRM */
	PLAIN(0x0498c, 0x04990),
	PLAIN(0x04a90, 0x04a98),
	PLAIN(0x05008, 0x05048),	/* RFCTL, MAVTV, MFUTP */
	PLAIN(0x05078, 0x0507c),	/* EXVET */
	PLAIN(0x050a0, 0x050b4),
	PLAIN(0x05100, 0x0517c),	/* FCoE, ETQF */
	PLAIN(0x05188, 0x051ac),	/* time synchronization */
	PLAIN(0x051b8, 0x051dc),
	PLAIN(0x051e8, 0x051fc),
	PLAIN(0x05800, 0x05814),	/* WUC, WUFC, WUS */
	PLAIN(0x0581c, 0x05acc),	/* VMD_CTL, manageability, IMIR */
	PLAIN(0x08100, 0x0810c),	/* DTXMXSZRQ */
	PLAIN(0x08130, 0x0813c),	/* WQBR_TX */
	PLAIN(0x082b0, 0x082fc),	/* diagnostics */
	PLAIN(0x08784, 0x08788),	/* FCOEPTC */
	PLAIN(0x087a4, 0x087b0),
	PLAIN(0x08800, 0x08800),	/* SECTXCTRL */
	PLAIN(0x08808, 0x08810),
	PLAIN(0x08900, 0x08918),	/* IPsec */
	PLAIN(0x08a00, 0x08a4c),	/* MACsec */
	PLAIN(0x08b00, 0x08b00),
	PLAIN(0x08c00, 0x08c68),	/* time synchronization */
	PLAIN(0x08e00, 0x08e30),	/* IPsec */
	PLAIN(0x08f00, 0x08f80),	/* MACsec */
	PLAIN(0x09000, 0x099fc),	/* wake-up filters */
	PLAIN(0x0c100, 0x0c300),	/* diagnostics */
	PLAIN(0x0c600, 0x0c73c),
	PLAIN(0x0c800, 0x0c800),	/* RTTUP2TC */
	PLAIN(0x0ca00, 0x0ca00),	/* LBDRPEN */
	PLAIN(0x0cb00, 0x0cb00),	/* TIPG */
	PLAIN(0x0cc00, 0x0cc1c),	/* TXPBSIZE */
	PLAIN(0x0cd00, 0x0cd5c),	/* RTTPCS */
	PLAIN(0x0ce00, 0x0ce00),	/* TFCS */
	PLAIN(0x0e000, 0x0e9fc),	/* SAQF to L34T_IMIR */
	PLAIN(0x0ec00, 0x0ec90),	/* ETQS, SYNQF, RQTC */
	PLAIN(0x0ed00, 0x0ed8c),	/* FCoE redirection */
	PLAIN(0x0f600, 0x0f64c),	/* mirror rules */
	PLAIN(0x1001c, 0x1001c),	/* FLA */
	PLAIN(0x10114, 0x1013c),
	PLAIN(0x10200, 0x10208),	/* GRC */
	PLAIN(0x11000, 0x11110),	/* PCIe */
	PLAIN(0x14f00, 0x14f10),	/* CORECTL */
	PLAIN(0x15014, 0x15014),	/* LSWFW */
	PLAIN(0x15800, 0x15efc),	/* host interface */
	{ .addr = 0x15f00, .count = 5, .step = 4 },	/* HICR: none */
	{ .addr = CTRL, .count = 1, .step = 4, .write = ctrl_write },
	{ .addr = STATUS, .count = 1, .step = 4, .read = status_read },
	{ .addr = CTRL_EXT, .count = 1, .step = 4, .write = ctrl_ext_write },
	{ .addr = FRTIMER, .count = 1, .step = 4, .read = frtimer_read },
	{ 0 }
};

static const struct i82599_reg unknown_reg = { .writable = ~0u };

static void add_regs(struct i82599 *hw, const struct i82599_reg *reg)
{
	unsigned int i;

	for (; reg->count; reg++) {
		hw->entry[hw->entries] = reg;
		for (i = 0; i < reg->count; i++)
			hw->map[(reg->addr + i * reg->step) / 4] =
				hw->entries;
		hw->entries++;
	}
}

struct i82599 *i82599_new(const struct i82599_ops *ops, void *opaque,
			  const uint8_t mac[6])
{
	struct i82599 *hw = calloc(1, sizeof(*hw));

	if (!hw)
		return NULL;
	hw->ops = ops;
	hw->opaque = opaque;
	hw->armed = UINT64_MAX;
	hw->entry[hw->entries++] = &unknown_reg;
	add_regs(hw, plain_regs);
	add_regs(hw, i82599_nvm_regs);
	add_regs(hw, i82599_irq_regs);
	add_regs(hw, i82599_mbx_regs);
	add_regs(hw, i82599_rx_regs);
	add_regs(hw, i82599_tx_regs);
	add_regs(hw, i82599_switch_regs);
	add_regs(hw, i82599_rss_regs);
	add_regs(hw, i82599_stats_regs);
	i82599_nvm_init(hw, mac);
	do_reset(hw, RESET_POWER);
	return hw;
}

void i82599_free(struct i82599 *hw)
{
	free(hw);
}

void i82599_log(struct i82599 *hw, const char *fmt, ...)
{
	char line[128];
	va_list ap;

	if (!hw->ops->log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	hw->ops->log(hw->opaque, line);
}

void i82599_log_once(struct i82599 *hw, enum i82599_once what,
		     const char *line)
{
	if (hw->once & 1u << what)
		return;
	hw->once |= 1u << what;
	i82599_log(hw, "%s", line);
}

static bool may_dma(struct i82599 *hw, int fn)
{
	if (REG(hw, CTRL) & CTRL_GIO_DIS)
		return false;
	return fn == I82599_PF ? hw->pf_bus_master :
	       hw->vf_bus_master & BIT64(fn);
}

bool i82599_dma_read(struct i82599 *hw, int fn, uint64_t addr, void *to,
		     size_t len)
{
	return may_dma(hw, fn) && addr + len >= addr &&
	       hw->ops->dma_read(hw->opaque, fn, addr, to, len);
}

bool i82599_dma_write(struct i82599 *hw, int fn, uint64_t addr,
		      const void *from, size_t len)
{
	return may_dma(hw, fn) && addr + len >= addr &&
	       hw->ops->dma_write(hw->opaque, fn, addr, from, len);
}

static bool first_time(uint8_t *logged, uint32_t addr)
{
	uint8_t bit = 1 << addr / 4 % 8;

	if (logged[addr / 32] & bit)
		return false;
	logged[addr / 32] |= bit;
	return true;
}

uint32_t i82599_pf_read(struct i82599 *hw, uint32_t addr)
{
	const struct i82599_reg *e = hw->entry[hw->map[addr / 4]];

	if (e->read)
		return e->read(hw, addr);
	if (e == &unknown_reg && first_time(hw->logged, addr))
		i82599_log(hw, "read of unknown register %05x", addr);
	return REG(hw, addr);
}

void i82599_pf_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	const struct i82599_reg *e = hw->entry[hw->map[addr / 4]];

	if (e->write) {
		e->write(hw, addr, value);
		return;
	}
	if (e == &unknown_reg && first_time(hw->logged, addr))
		i82599_log(hw, "write of %08x to unknown register %05x",
			   value, addr);
	REG(hw, addr) = (REG(hw, addr) & ~e->writable) | (value & e->writable);
}

uint32_t i82599_read_clear(struct i82599 *hw, uint32_t addr)
{
	uint32_t value = REG(hw, addr);

	REG(hw, addr) = 0;
	return value;
}

static bool valid(struct i82599 *hw, int fn, uint32_t addr)
{
	if (addr % 4 || fn < I82599_PF || fn >= (int)hw->numvfs)
		return false;
	return addr < (fn == I82599_PF ? I82599_PF_BAR_SIZE :
		       I82599_VF_BAR_SIZE);
}

uint32_t i82599_read(struct i82599 *hw, int fn, uint32_t addr)
{
	if (!valid(hw, fn, addr))
		return 0;
	return fn == I82599_PF ? i82599_pf_read(hw, addr) :
	       i82599_vf_read(hw, fn, addr);
}

void i82599_write(struct i82599 *hw, int fn, uint32_t addr, uint32_t value)
{
	if (!valid(hw, fn, addr))
		return;
	if (fn == I82599_PF)
		i82599_pf_write(hw, addr, value);
	else
		i82599_vf_write(hw, fn, addr, value);
}

void i82599_receive(struct i82599 *hw, const void *frame, size_t len)
{
	if (hw->link)
		i82599_rx_mac(hw, frame, len);
}

void i82599_timer(struct i82599 *hw)
{
	hw->armed = UINT64_MAX;
	i82599_tx_run(hw);
	i82599_irq_timer(hw);
}

void i82599_arm(struct i82599 *hw, uint64_t when)
{
	if (when >= hw->armed)
		return;
	hw->armed = when;
	hw->ops->arm(hw->opaque, when);
}

void i82599_reset(struct i82599 *hw)
{
	do_reset(hw, RESET_POWER);
}

void i82599_flr(struct i82599 *hw, int fn)
{
	if (fn < I82599_PF || fn >= (int)hw->numvfs)
		return;
	if (fn == I82599_PF)
		do_reset(hw, RESET_LINK);
	else
		i82599_vf_reset(hw, fn);
}

void i82599_set_numvfs(struct i82599 *hw, unsigned int numvfs)
{
	unsigned int vf, before = hw->numvfs;

	hw->numvfs = numvfs < I82599_VFS ? numvfs : I82599_VFS;
	/* Their queues must not go on, as the physical function's. */
	for (vf = hw->numvfs; vf < before; vf++)
		i82599_vf_reset(hw, vf);
}

void i82599_set_bus_master(struct i82599 *hw, int fn, bool on)
{
	if (fn < I82599_PF || fn >= I82599_VFS)
		return;
	if (fn == I82599_PF)
		hw->pf_bus_master = on;
	else if (on)
		hw->vf_bus_master |= BIT64(fn);
	else
		hw->vf_bus_master &= ~BIT64(fn);
	if (on)
		i82599_tx_kick_all(hw);
}

void i82599_set_link(struct i82599 *hw, bool up)
{
	if (hw->link == up)
		return;
	hw->link = up;
	i82599_irq_misc(hw, EICR_LSC);
	if (up)
		i82599_tx_kick_all(hw);
}

void i82599_wire_ready(struct i82599 *hw)
{
	hw->wire_full = false;
	i82599_tx_kick_all(hw);
}

/* How many queues a virtual function has; 0: none are set up. */
unsigned int i82599_vt_queues(struct i82599 *hw)
{
	static const uint8_t queues[] = { 0, 8, 4, 2 };

	return queues[REG(hw, GCR_EXT) & GCR_EXT_VT_MODE];
}

/* Whose memory and vectors a queue uses */
int i82599_queue_fn(struct i82599 *hw, unsigned int queue)
{
	unsigned int n = i82599_vt_queues(hw);

	return n && queue / n < hw->numvfs ? (int)(queue / n) : I82599_PF;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Statistics (section 8.2.3.23). Bytes count the FCS. Those of the port and of
 * queues clear when read and stay at their largest value; those of pools wrap.
 */
#include "i82599_priv.h"

void i82599_count(struct i82599 *hw, uint32_t addr)
{
	if (REG(hw, addr) != UINT32_MAX)
		REG(hw, addr)++;
}

/* 36 bits in two registers */
static void add36(struct i82599 *hw, uint32_t low, uint32_t high, size_t n)
{
	uint64_t sum = (uint64_t)REG(hw, low) + n;

	REG(hw, low) = sum;
	REG(hw, high) = (REG(hw, high) + (sum >> 32)) & 0xf;
}

/* RQSMR and TQSM: a byte per queue, which of 16 counters it has */
static unsigned int counter_of(struct i82599 *hw, uint32_t map,
			       unsigned int queue)
{
	return REG(hw, map + (queue & ~3u)) >> (queue & 3) * 8 & 0xf;
}

static unsigned int size_bin(size_t len)
{
	static const uint16_t last[] = { 64, 127, 255, 511, 1023 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(last); i++)
		if (len <= last[i])
			break;
	return i;
}

/* All that comes by the port, accepted or not */
void i82599_count_total(struct i82599 *hw, size_t len)
{
	i82599_count(hw, TPR);
	add36(hw, TOR, TOR + 4, len + FCS_LEN);
}

/* A good frame at the port */
void i82599_count_mac(struct i82599 *hw, bool tx, const uint8_t *frame,
		      size_t len)
{
	len += FCS_LEN;
	i82599_count(hw, (tx ? PTC64 : PRC64) + 4 * size_bin(len));
	i82599_count(hw, tx ? GPTC : GPRC);
	if (tx)
		i82599_count(hw, TPT);
	add36(hw, tx ? GOTC : GORC, (tx ? GOTC : GORC) + 4, len);
	if (is_broadcast(frame))
		i82599_count(hw, tx ? BPTC : BPRC);
	else if (is_multicast(frame))
		i82599_count(hw, tx ? MPTC : MPRC);
}

void i82599_count_rx(struct i82599 *hw, unsigned int queue, int pool,
		     const uint8_t *frame, size_t len)
{
	unsigned int i = counter_of(hw, RQSMR, queue);

	len += FCS_LEN;
	i82599_count(hw, QPRC(i));
	add36(hw, QBRC(i), QBRC(i) + 4, len);
	if (pool < 0)
		return;
	REG(hw, PVFGPRC(pool))++;
	add36(hw, PVFGORC_LSB(pool), PVFGORC_MSB(pool), len);
	if (is_multicast(frame) && !is_broadcast(frame))
		REG(hw, PVFMPRC(pool))++;
}

void i82599_count_tx(struct i82599 *hw, unsigned int queue, int pool,
		     size_t len)
{
	unsigned int i = counter_of(hw, TQSM, queue);

	len += FCS_LEN;
	i82599_count(hw, TXDGPC);
	i82599_count(hw, QPTC(i));
	add36(hw, QBTC(i), QBTC(i) + 4, len);
	if (pool < 0)
		return;
	REG(hw, PVFGPTC(pool))++;
	add36(hw, PVFGOTC_LSB(pool), PVFGOTC_MSB(pool), len);
}

/* No descriptors, in a queue that drops */
void i82599_count_drop(struct i82599 *hw, unsigned int queue)
{
	i82599_count(hw, QPRDC(counter_of(hw, RQSMR, queue)));
}

#define CLEAR(first, n) \
	{ .addr = (first), .count = (n), .step = 4,			\
	  .read = i82599_read_clear }

const struct i82599_reg i82599_stats_regs[] = {
	CLEAR(CRCERRS, 64),		/* 0x4000 to 0x40fc */
	CLEAR(0x04120, 1),		/* XEC */
	CLEAR(0x04140, 48),		/* PXONRXCNT to B2OGPRC */
	CLEAR(0x02f50, 12),		/* RXDGPC to RXDLPBKGBCH */
	CLEAR(0x03f00, 40),		/* PXONTXC to LXOFFTXC */
	CLEAR(0x03fa0, 24),		/* MPC, RNBC */
	CLEAR(0x0cf00, 28),		/* PXONRXC */
	CLEAR(0x0cf90, 1),		/* MNGPTC */
	CLEAR(SSVPC, 1),
	CLEAR(TXDGPC, 1),
	CLEAR(QBTC(0), 32),
	{ .addr = QPRC(0), .count = 16, .step = 0x40,
	  .read = i82599_read_clear },
	{ .addr = QBRC(0), .count = 16, .step = 0x40,
	  .read = i82599_read_clear },
	{ .addr = QBRC(0) + 4, .count = 16, .step = 0x40,
	  .read = i82599_read_clear },
	{ .addr = QPRDC(0), .count = 16, .step = 0x40,
	  .read = i82599_read_clear },
	{ .addr = QPTC(0), .count = 16, .step = 0x40,
	  .read = i82599_read_clear },
	{ .addr = PVFGPRC(0), .count = 64, .step = 0x40 },
	{ .addr = PVFGORC_LSB(0), .count = 64, .step = 0x40 },
	{ .addr = PVFGORC_MSB(0), .count = 64, .step = 0x40 },
	{ .addr = PVFMPRC(0), .count = 64, .step = 0x40 },
	{ .addr = PVFGPTC(0), .count = 64, .step = 4 },
	{ .addr = PVFGOTC_LSB(0), .count = 128, .step = 4 },
	{ .addr = RQSMR, .count = 32, .step = 4, .writable = ~0u },
	{ .addr = TQSM, .count = 32, .step = 4, .writable = ~0u },
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0-only
/* Reception: from the port or the internal switch into queues (7.1). */
#include "i82599_priv.h"

#define DESC_LEN	16
#define MAX_DESCS	((FRAME_MAX + 1023) / 1024)

/* Memory of a frame that loses its VLAN tag on the way is in two pieces. */
static bool copy_out(struct i82599 *hw, int fn, uint64_t addr,
		     const struct i82599_pkt *pkt, bool strip, size_t off,
		     size_t len)
{
	size_t first;

	if (!strip)
		return i82599_dma_write(hw, fn, addr, pkt->data + off, len);
	if (off >= 12)
		return i82599_dma_write(hw, fn, addr,
					pkt->data + off + VLAN_HLEN, len);
	first = len < 12 - off ? len : 12 - off;
	return i82599_dma_write(hw, fn, addr, pkt->data + off, first) &&
	       (first == len ||
		i82599_dma_write(hw, fn, addr + first,
				 pkt->data + off + first + VLAN_HLEN,
				 len - first));
}

static size_t buffer_size(struct i82599 *hw, unsigned int queue)
{
	uint32_t srrctl = REG(hw, SRRCTL(queue));
	size_t size = (srrctl & SRRCTL_BSIZEPACKET) * 1024;

	if ((srrctl & SRRCTL_DESCTYPE) != SRRCTL_ADV_ONEBUF)
		i82599_log_once(hw, ONCE_DESCTYPE,
				"only advanced one-buffer descriptors are modelled");
	return size ? size : 2048;
}

/* Nobody waits: what finds no room is dropped. Without drop enable it was the
 * port's buffer that overran.
 */
static void no_room(struct i82599 *hw, unsigned int queue)
{
	if (REG(hw, SRRCTL(queue)) & SRRCTL_DROP_EN || hw->qde[queue]) {
		i82599_count_drop(hw, queue);
		return;
	}
	i82599_count(hw, MPC);
	i82599_irq_misc(hw, EICR_RX_MISS);
}

static bool write_back(struct i82599 *hw, int fn, uint64_t addr,
		       const struct i82599_pkt *pkt, uint32_t status,
		       size_t len, uint16_t vlan)
{
	bool eop = status & RXD_EOP;
	uint8_t desc[DESC_LEN];

	put_le32(desc, eop ? pkt->type | pkt->rss_type : 0);
	put_le32(desc + 4, eop && REG(hw, RXCSUM) & RXCSUM_PCSD ?
		 pkt->hash : 0);
	put_le32(desc + 8, status);
	put_le32(desc + 12, len | (uint32_t)vlan << 16);
	/* The driver looks at the length, which therefore has to come last. */
	return i82599_dma_write(hw, fn, addr, desc, 8) &&
	       i82599_dma_write(hw, fn, addr + 8, desc + 8, 8);
}

static void deliver(struct i82599 *hw, unsigned int queue, int pool,
		    const struct i82599_pkt *pkt)
{
	uint64_t ring = i82599_pair(hw, RDBAL(queue));
	unsigned int count = REG(hw, RDLEN(queue)) / DESC_LEN;
	unsigned int head = REG(hw, RDH(queue)), tail = REG(hw, RDT(queue));
	bool strip = pkt->tagged && REG(hw, RXDCTL(queue)) & RXDCTL_VME;
	size_t len = pkt->len - (strip ? VLAN_HLEN : 0), off, size, n;
	int fn = i82599_queue_fn(hw, queue);
	unsigned int descs, i;
	uint64_t addr[MAX_DESCS], buf[MAX_DESCS];
	uint8_t desc[DESC_LEN];
	uint32_t status;

	i82599_work(hw, 1, len);
	if (!(REG(hw, RXDCTL(queue)) & RXDCTL_ENABLE))
		return;
	size = buffer_size(hw, queue);
	descs = (len + size - 1) / size;
	if (head >= count || tail >= count ||
	    (tail + count - head) % count < descs) {
		no_room(hw, queue);
		return;
	}

	for (i = 0; i < descs; i++) {
		addr[i] = ring + (head + i) % count * DESC_LEN;
		if (!i82599_dma_read(hw, fn, addr[i], desc, sizeof(desc))) {
			no_room(hw, queue);
			return;
		}
		buf[i] = get_le64(desc);
	}
	for (i = 0, off = 0; i < descs; i++, off += n) {
		n = len - off < size ? len - off : size;
		if (!copy_out(hw, fn, buf[i], pkt, strip, off, n)) {
			no_room(hw, queue);
			return;
		}
	}
	for (i = 0, off = 0; i < descs; i++, off += n) {
		n = len - off < size ? len - off : size;
		status = RXD_DD;
		if (i == descs - 1) {
			status |= RXD_EOP | pkt->status;
			status |= strip ? RXD_VP : 0;
			status |= pkt->exact ? 0 : RXD_PIF;
			status |= pkt->src < 0 ? 0 : RXD_LB;
		}
		if (!write_back(hw, fn, addr[i], pkt, status, n,
				i == descs - 1 && strip ? pkt->tci : 0)) {
			no_room(hw, queue);
			return;
		}
	}

	REG(hw, RDH(queue)) = (head + descs) % count;
	i82599_count_rx(hw, queue, pool, pkt->data, len);
	i82599_irq_queue(hw, queue, false);
}

static void deliver_pools(struct i82599 *hw, const struct i82599_pkt *pkt,
			  uint64_t pools)
{
	unsigned int per_pool = i82599_rx_pool_queues(hw);
	unsigned int p, queue;

	for (p = 0; pools && per_pool; p++, pools >>= 1) {
		if (!(pools & 1))
			continue;
		queue = p * per_pool + i82599_rss_queue(hw, pkt, p);
		if (queue < I82599_QUEUES)
			deliver(hw, queue, p, pkt);
	}
}

/* From the internal switch. It knows of no largest frame: that is the port's.
 */
void i82599_rx_loopback(struct i82599 *hw, struct i82599_pkt *pkt,
			uint64_t pools)
{
	i82599_parse(hw, pkt);
	deliver_pools(hw, pkt, pools);
}

static bool too_long(struct i82599 *hw, const struct i82599_pkt *pkt)
{
	size_t max = 1518;

	if (REG(hw, HLREG0) & HLREG0_JUMBOEN)
		max = REG(hw, MAXFRS) >> 16;
	if (pkt->tagged)
		max += VLAN_HLEN;
	return pkt->len > FRAME_MAX || pkt->len + FCS_LEN > max;
}

/* From the port: the wire or the MAC's own loopback */
void i82599_rx_mac(struct i82599 *hw, const uint8_t *frame, size_t len)
{
	struct i82599_pkt pkt = { .data = frame, .len = len, .src = -1 };
	uint8_t padded[FRAME_MIN] = { 0 };

	if (!(REG(hw, RXCTRL) & RXCTRL_RXEN) ||
	    REG(hw, SECRXCTRL) & SECRXCTRL_RX_DIS)
		return;
	if (len < ETH_HLEN) {
		i82599_count(hw, RUC);
		return;
	}
	if (len < sizeof(padded)) {
		memcpy(padded, frame, len);
		pkt.data = padded;
		pkt.len = sizeof(padded);
	}
	i82599_find_tag(hw, &pkt);
	i82599_count_total(hw, pkt.len);
	if (too_long(hw, &pkt)) {
		i82599_count(hw, ROC);
		return;
	}
	if (!i82599_accept(hw, &pkt))
		return;
	i82599_count_mac(hw, false, pkt.data, pkt.len);
	i82599_parse(hw, &pkt);
	if (i82599_rx_pool_queues(hw))
		deliver_pools(hw, &pkt, i82599_rx_pools(hw, &pkt));
	else
		deliver(hw, i82599_rss_queue(hw, &pkt, -1), -1, &pkt);
}

/* Queues 0 to 15 have these at another address as well. */
static uint32_t srrctl_read(struct i82599 *hw, uint32_t addr)
{
	return REG(hw, SRRCTL((addr - SRRCTL_ALIAS) / 4));
}

static void srrctl_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, SRRCTL((addr - SRRCTL_ALIAS) / 4)) = value;
}

static uint32_t dca_read(struct i82599 *hw, uint32_t addr)
{
	return REG(hw, DCA_RXCTRL((addr - DCA_RXCTRL_ALIAS) / 4));
}

static void dca_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, DCA_RXCTRL((addr - DCA_RXCTRL_ALIAS) / 4)) = value;
}

static uint32_t qde_read(struct i82599 *hw, uint32_t addr)
{
	uint32_t value = REG(hw, addr) & ~QDE_ENABLE;

	return value | hw->qde[QDE_IDX(value)];
}

static void qde_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value & ~QDE_WRITE;
	if (value & QDE_WRITE)
		hw->qde[QDE_IDX(value)] = value & QDE_ENABLE;
}

static void rdrxctl_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value | RDRXCTL_DMAIDONE;
}

/* Both halves of the queues */
#define QUEUES(offset, ...)						\
	{ .addr = RX_QUEUE(0) + (offset), .count = 64, .step = 0x40,	\
	  __VA_ARGS__ },						\
	{ .addr = RX_QUEUE(64) + (offset), .count = 64, .step = 0x40,	\
	  __VA_ARGS__ }

const struct i82599_reg i82599_rx_regs[] = {
	QUEUES(0x00, .writable = 0xffffff80),			/* RDBAL */
	QUEUES(0x04, .writable = ~0u),				/* RDBAH */
	QUEUES(0x08, .writable = 0x000fff80),			/* RDLEN */
	QUEUES(0x0c, .writable = ~0u),				/* DCA_RXCTRL */
	QUEUES(0x10, .writable = 0xffff),			/* RDH */
	QUEUES(0x14, .writable = ~0u, .reset = 0x00000402),	/* SRRCTL */
	QUEUES(0x18, .writable = 0xffff),			/* RDT */
	QUEUES(0x28, .writable = ~0u),				/* RXDCTL */
	QUEUES(0x2c, .writable = ~0u),				/* RSCCTL */
	{ .addr = SRRCTL_ALIAS, .count = 16, .step = 4, .read = srrctl_read,
	  .write = srrctl_write },
	{ .addr = DCA_RXCTRL_ALIAS, .count = 16, .step = 4,
	  .read = dca_read, .write = dca_write },
	{ .addr = RDRXCTL, .count = 1, .step = 4,
	  .reset = RDRXCTL_DMAIDONE, .write = rdrxctl_write },
	{ .addr = QDE, .count = 1, .step = 4, .read = qde_read,
	  .write = qde_write },
	{ .addr = RXCTRL, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = SECRXCTRL, .count = 1, .step = 4, .writable = ~0u },
	/* No IPsec or MACsec */
	{ .addr = SECRXSTAT, .count = 1, .step = 4,
	  .reset = SEC_RDY | SEC_OFF_DIS },
	{ 0 }
};

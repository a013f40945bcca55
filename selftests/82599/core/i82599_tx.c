// SPDX-License-Identifier: GPL-2.0-only
/* Transmission: descriptors, offloads, and the way to the wire or the internal
 * switch (section 7.2).
 */
#include "i82599_priv.h"

#define DESC_LEN	16
#define CHAIN_MAX	256	/* descriptors of a packet */
#define TX_MIN		17
#define SEGMENTS_MAX	4096
/* Work (see i82599_work()) until others may go on, and of one packet, of which
 * the rest is dropped
 */
#define WORK_MAX	4096
#define PACKET_MAX	65536

/* A packet, of which the segments become frames */
struct packet {
	unsigned int queue;
	int pool;		/* < 0: no pools */
	size_t len;		/* in tx_data */
	uint32_t cmd;
	uint32_t olinfo;
	const uint32_t *ctx;
	unsigned int maclen;
	unsigned int iplen;
	unsigned int l4len;
};

struct ring {
	unsigned int queue;
	int fn;
	uint64_t base;
	unsigned int count;
	unsigned int head;
	unsigned int tail;
	unsigned int budget;	/* descriptors to look at */
	bool report;
};

static bool enough(struct i82599 *hw)
{
	return hw->wire_full || hw->tx_work >= WORK_MAX;
}

/* The L4 checksum. Its field has the sum of the pseudo header, but with TSO
 * not of the length, which is @extra.
 */
static void l4_checksum(const struct packet *p, uint8_t *frame, size_t len,
			uint32_t extra)
{
	size_t start = p->maclen + p->iplen;
	uint8_t *l4 = frame + start;
	uint16_t sum;

	if (start >= len)
		return;
	len -= start;
	sum = ~i82599_fold(i82599_sum(l4, len, extra));
	switch (p->ctx[2] & TXC_L4T) {
	case TXC_L4T_TCP:
		if (len >= 18)
			put_be16(l4 + 16, sum);
		break;
	case TXC_L4T_UDP:
		/* 0 would say that there is none. */
		if (len >= 8)
			put_be16(l4 + 6, sum ? sum : 0xffff);
		break;
	case TXC_L4T_SCTP:
		if (len < 12)
			break;
		put_le32(l4 + 8, 0);
		put_le32(l4 + 8, ~i82599_crc32c(l4, len, ~0u));
		break;
	}
}

/* The IPv4 checksum goes over all that the context says is the header, with
 * what the field has.
 */
static void ip_checksum(const struct packet *p, uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + p->maclen;

	if (!(p->ctx[2] & TXC_IPV4) || p->iplen < 20 ||
	    p->maclen + p->iplen > len)
		return;
	put_be16(ip + 10, ~i82599_fold(i82599_sum(ip, p->iplen, 0)));
}

static void to_wire(struct i82599 *hw, uint8_t *frame, size_t len)
{
	uint8_t padded[FRAME_MIN] = { 0 };

	if (len < sizeof(padded) && REG(hw, HLREG0) & HLREG0_TXPADEN) {
		memcpy(padded, frame, len);
		frame = padded;
		len = sizeof(padded);
	}
	i82599_count_mac(hw, true, frame, len);
	if (REG(hw, HLREG0) & HLREG0_LPBK)
		i82599_rx_mac(hw, frame, len);
	else if (!hw->ops->wire(hw->opaque, frame, len))
		hw->wire_full = true;
}

/* A frame of its final contents but for the VLAN tag, for which there is room
 * in front of it.
 */
static void emit(struct i82599 *hw, const struct packet *p, uint8_t *frame,
		 size_t len)
{
	struct i82599_pkt pkt = { .data = frame, .len = len, .src = p->pool };
	bool insert = p->cmd & TXD_VLE, wire = true;
	uint16_t tci = TXC_VLAN(p->ctx[0]);
	uint64_t pools = 0;

	if (p->pool >= 0) {
		uint32_t vmvir = REG(hw, VMVIR + 4 * p->pool);

		/* No tag beside that of the port (X550, 7.8.4.2.3) */
		i82599_find_tag(hw, &pkt);
		if (pkt.tagged && vmvir & VMVIR_VLANA) {
			i82599_work(hw, 1, 0);
			return;
		}
		if ((vmvir & VMVIR_VLANA) == VMVIR_DEFAULT) {
			insert = true;
			tci = vmvir;
		} else if ((vmvir & VMVIR_VLANA) == VMVIR_NEVER) {
			insert = false;
		}
	}
	if (insert) {
		frame -= VLAN_HLEN;
		memmove(frame, frame + VLAN_HLEN, 12);
		put_be16(frame + 12, REG(hw, DMATXCTL) >> 16);
		put_be16(frame + 14, tci);
		len += VLAN_HLEN;
	}

	i82599_work(hw, 1, len);
	if (p->pool >= 0) {
		pkt.data = frame;
		pkt.len = len;
		i82599_find_tag(hw, &pkt);
		if (i82599_spoofed(hw, &pkt))
			return;
		pools = i82599_tx_pools(hw, &pkt, &wire);
	}
	i82599_count_tx(hw, p->queue, p->pool, len);
	if (pools)
		i82599_rx_loopback(hw, &pkt, pools);
	if (wire)
		to_wire(hw, frame, len);
}

/* Lengths and what counts up from segment to segment */
static void fix_headers(struct i82599 *hw, const struct packet *p,
			uint8_t *frame, size_t seg, size_t off, bool last,
			unsigned int n)
{
	uint8_t *ip = frame + p->maclen, *l4 = ip + p->iplen;
	size_t len = p->iplen + p->l4len + seg;
	uint16_t flags;

	if (p->ctx[2] & TXC_IPV4) {
		put_be16(ip + 2, len);
		put_be16(ip + 4, get_be16(ip + 4) + n);
	} else {
		put_be16(ip + 4, len - 40);
	}

	if ((p->ctx[2] & TXC_L4T) == TXC_L4T_UDP) {
		put_be16(l4 + 4, p->l4len + seg);
		return;
	}
	put_be32(l4 + 4, get_be32(l4 + 4) + off);
	if (last)
		flags = REG(hw, DTXTCPFLGH);
	else if (n)
		flags = REG(hw, DTXTCPFLGL) >> 16;
	else
		flags = REG(hw, DTXTCPFLGL);
	put_be16(l4 + 12, get_be16(l4 + 12) & (0xf000 | flags));
}

static bool tso_valid(const struct packet *p, size_t hdr, size_t mss)
{
	uint32_t l4t = p->ctx[2] & TXC_L4T;

	if (p->maclen < ETH_HLEN || !mss || hdr >= p->len ||
	    hdr + mss > FRAME_MAX || (p->len - hdr) / mss >= SEGMENTS_MAX)
		return false;
	if (p->iplen < (p->ctx[2] & TXC_IPV4 ? 20 : 40))
		return false;
	return (l4t == TXC_L4T_TCP && p->l4len >= 20) ||
	       (l4t == TXC_L4T_UDP && p->l4len >= 8);
}

static void segment(struct i82599 *hw, const struct packet *p)
{
	size_t hdr = p->maclen + p->iplen + p->l4len;
	size_t mss = TXC_MSS(p->ctx[3]), off, seg;
	const uint8_t *data = hw->tx_data + VLAN_HLEN;
	uint8_t *frame = hw->tx_segment + VLAN_HLEN;
	unsigned int n = 0;

	if (!tso_valid(p, hdr, mss))
		return;
	for (off = 0; off < p->len - hdr; off += seg, n++) {
		seg = p->len - hdr - off < mss ? p->len - hdr - off : mss;
		memcpy(frame, data, hdr);
		memcpy(frame + hdr, data + hdr + off, seg);
		fix_headers(hw, p, frame, seg, off, off + seg == p->len - hdr,
			    n);
		if (p->olinfo & TXD_IXSM)
			ip_checksum(p, frame, hdr + seg);
		if (p->olinfo & TXD_TXSM)
			l4_checksum(p, frame, hdr + seg, p->l4len + seg);
		emit(hw, p, frame, hdr + seg);
		if (hw->tx_work >= PACKET_MAX)
			return;
	}
}

static void transmit(struct i82599 *hw, struct packet *p)
{
	uint8_t *frame = hw->tx_data + VLAN_HLEN;

	p->maclen = TXC_MACLEN(p->ctx[0]);
	p->iplen = TXC_IPLEN(p->ctx[0]);
	p->l4len = TXC_L4LEN(p->ctx[3]);
	if (p->cmd & TXD_TSE) {
		segment(hw, p);
		return;
	}
	if (p->len < TX_MIN || p->len > FRAME_MAX)
		return;
	if (p->olinfo & TXD_IXSM)
		ip_checksum(p, frame, p->len);
	if (p->olinfo & TXD_TXSM)
		l4_checksum(p, frame, p->len, 0);
	emit(hw, p, frame, p->len);
}

static bool may_transmit(struct i82599 *hw, unsigned int queue)
{
	unsigned int per_pool = i82599_tx_pool_queues(hw);
	int fn = i82599_queue_fn(hw, queue);

	if (!(REG(hw, TXDCTL(queue)) & TXDCTL_ENABLE) ||
	    !(REG(hw, DMATXCTL) & DMATXCTL_TE) || !i82599_link_up(hw) ||
	    REG(hw, CTRL) & CTRL_GIO_DIS)
		return false;
	if (fn == I82599_PF ? !hw->pf_bus_master :
	    !(hw->vf_bus_master & BIT64(fn)))
		return false;
	return !per_pool || i82599_bit(hw, VFTE, queue / per_pool);
}

static void set_head(struct i82599 *hw, struct ring *r, unsigned int head)
{
	r->head = head;
	REG(hw, TDH(r->queue)) = head;
}

/* Tell of a descriptor that is done, either in it or by the head's value. */
static void report(struct i82599 *hw, struct ring *r, unsigned int i)
{
	uint64_t addr = i82599_pair(hw, TDWBAL(r->queue));
	uint8_t value[4];

	r->report = true;
	if (addr & TDWBAL_HEAD_WB_EN) {
		put_le32(value, (i + 1) % r->count);
		i82599_dma_write(hw, r->fn, addr & ~UINT64_C(3), value, 4);
		return;
	}
	put_le32(value, TXD_DD);
	i82599_dma_write(hw, r->fn, r->base + i * DESC_LEN + 12, value, 4);
}

/* Take a packet from the ring. False if there is none (any more), or all of
 * what is there is not yet one.
 */
static bool next_packet(struct i82599 *hw, struct ring *r)
{
	struct i82599_txq *txq = &hw->txq[r->queue];
	unsigned int per_pool = i82599_tx_pool_queues(hw);
	struct packet p = {
		.queue = r->queue,
		.pool = per_pool ? (int)(r->queue / per_pool) : -1,
	};
	unsigned int i = r->head, at, descs = 0, reports = 0, n;
	uint16_t to_report[CHAIN_MAX];
	bool bad = txq->skip, eop = false;
	uint8_t desc[DESC_LEN];
	uint32_t cmd;

	while (!eop) {
		if (i == r->tail || !r->budget)
			break;
		r->budget--;
		at = i;
		i = (i + 1) % r->count;
		i82599_work(hw, 1, 0);
		if (!i82599_dma_read(hw, r->fn, r->base + at * DESC_LEN, desc,
				     sizeof(desc))) {
			/* Unknown what it was: start again after it. */
			txq->skip = false;
			set_head(hw, r, i);
			return true;
		}
		cmd = get_le32(desc + 8);

		if (cmd & TXD_DEXT && (cmd & TXD_DTYP) == TXD_CTXT) {
			uint32_t *ctx = txq->ctx[TXD_IDX(get_le32(desc + 12))];

			for (n = 0; n < 4; n++)
				ctx[n] = get_le32(desc + 4 * n);
			if (!descs) {
				set_head(hw, r, i);
				return true;
			}
			bad = true;
			cmd = 0;
		} else if (!(cmd & TXD_DEXT)) {
			i82599_log_once(hw, ONCE_LEGACY_TXD,
					"legacy transmit descriptors are not modelled");
			bad = true;
		} else if ((cmd & TXD_DTYP) != TXD_DATA) {
			bad = true;
		}

		if (!descs++) {
			p.cmd = cmd;
			p.olinfo = get_le32(desc + 12);
		}
		n = cmd & TXD_LEN;
		hw->tx_work += n / 1024;
		if (bad || p.len + n > TSO_MAX ||
		    (n && !i82599_dma_read(hw, r->fn, get_le64(desc),
					   hw->tx_data + VLAN_HLEN + p.len,
					   n)))
			bad = true;
		else
			p.len += n;
		if (cmd & TXD_RS && reports < CHAIN_MAX)
			to_report[reports++] = at;
		eop = cmd & TXD_EOP;
		if (!eop && (descs == CHAIN_MAX || descs == r->count - 1)) {
			/* It would never end. */
			bad = true;
			txq->skip = true;
			break;
		}
	}
	if (!eop && !txq->skip)
		return false;

	p.ctx = txq->ctx[TXD_IDX(p.olinfo)];
	if (!bad)
		transmit(hw, &p);
	if (eop)
		txq->skip = false;
	for (n = 0; n < reports; n++)
		report(hw, r, to_report[n]);
	set_head(hw, r, i);
	return r->budget && i != r->tail;
}

static void pend(struct i82599 *hw, unsigned int queue)
{
	if (may_transmit(hw, queue) &&
	    REG(hw, TDH(queue)) != REG(hw, TDT(queue)))
		hw->tx_pending[queue / 64] |= BIT64(queue % 64);
}

static void run_queue(struct i82599 *hw, unsigned int queue)
{
	struct ring r = {
		.queue = queue,
		.base = i82599_pair(hw, TDBAL(queue)),
		.count = REG(hw, TDLEN(queue)) / DESC_LEN,
		.head = REG(hw, TDH(queue)),
		.tail = REG(hw, TDT(queue)),
	};

	if (!may_transmit(hw, queue) || r.head >= r.count || r.tail >= r.count)
		return;
	r.fn = i82599_queue_fn(hw, queue);
	/* The tail is as it was at the doorbell: one round at the most. */
	r.budget = r.count;
	while (next_packet(hw, &r))
		if (enough(hw)) {
			pend(hw, queue);
			break;
		}
	if (r.report)
		i82599_irq_queue(hw, queue, true);
}

/* What is too much work waits for the timer. The next call begins where this
 * one ends, so that nobody keeps others from sending.
 */
void i82599_tx_run(struct i82599 *hw)
{
	unsigned int i, q;

	hw->tx_work = 0;
	for (i = 0; i < I82599_QUEUES && !enough(hw); i++) {
		q = hw->tx_next;
		hw->tx_next = (q + 1) % I82599_QUEUES;
		if (!(hw->tx_pending[q / 64] & BIT64(q % 64)))
			continue;
		hw->tx_pending[q / 64] &= ~BIT64(q % 64);
		run_queue(hw, q);
	}
	if ((hw->tx_pending[0] | hw->tx_pending[1]) && !hw->wire_full)
		i82599_arm(hw, hw->ops->now(hw->opaque));
}

void i82599_tx_kick(struct i82599 *hw, unsigned int queue)
{
	pend(hw, queue);
	i82599_tx_run(hw);
}

void i82599_tx_kick_all(struct i82599 *hw)
{
	unsigned int q;

	for (q = 0; q < I82599_QUEUES; q++)
		pend(hw, q);
	i82599_tx_run(hw);
}

static void tdt_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value & 0xffff;
	i82599_tx_kick(hw, (addr - TDT(0)) / 0x40);
}

static void txdctl_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value;
	i82599_tx_kick(hw, (addr - TXDCTL(0)) / 0x40);
}

static void dmatxctl_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value;
	i82599_tx_kick_all(hw);
}

#define QUEUES(offset, ...)						\
	{ .addr = TX_QUEUE(0) + (offset), .count = 128, .step = 0x40,	\
	  __VA_ARGS__ }

const struct i82599_reg i82599_tx_regs[] = {
	QUEUES(0x00, .writable = 0xffffff80),		/* TDBAL */
	QUEUES(0x04, .writable = ~0u),			/* TDBAH */
	QUEUES(0x08, .writable = 0x000fff80),		/* TDLEN */
	QUEUES(0x0c, .writable = ~0u),			/* DCA_TXCTRL */
	QUEUES(0x10, .writable = 0xffff),		/* TDH */
	QUEUES(0x18, .write = tdt_write),		/* TDT */
	QUEUES(0x28, .write = txdctl_write),		/* TXDCTL */
	QUEUES(0x38, .writable = ~0u),			/* TDWBAL */
	QUEUES(0x3c, .writable = ~0u),			/* TDWBAH */
	/* Of 82598 only, but dumped by ixgbe */
	QUEUES(0x2c, .writable = ~0u),
	{ .addr = DMATXCTL, .count = 1, .step = 4, .reset = 0x81000000,
	  .write = dmatxctl_write },
	{ .addr = DTXTCPFLGL, .count = 1, .step = 4, .writable = ~0u,
	  .reset = 0x0ff60ff6 },
	{ .addr = DTXTCPFLGH, .count = 1, .step = 4, .writable = ~0u,
	  .reset = 0x00000f7f },
	{ .addr = MTQC, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = SECTXSTAT, .count = 1, .step = 4,
	  .reset = SEC_RDY | SEC_OFF_DIS },
	{ 0 }
};

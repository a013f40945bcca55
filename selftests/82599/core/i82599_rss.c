// SPDX-License-Identifier: GPL-2.0-only
/* What the controller makes of the headers of a frame that it receives: packet
 * type, checksums and the hash that selects a queue (7.1.2.8, 7.1.11).
 */
#include "i82599_priv.h"

#define IPPROTO_HOPOPTS		0
#define IPPROTO_TCP		6
#define IPPROTO_UDP		17
#define IPPROTO_ROUTING		43
#define IPPROTO_FRAGMENT	44
#define IPPROTO_DSTOPTS		60
#define IPPROTO_SCTP		132

#define ETH_P_IP		0x0800
#define ETH_P_IPV6		0x86dd

/* A sum of 16 bit words, not yet folded. No more than 64 KiB at a time. */
uint32_t i82599_sum(const uint8_t *p, size_t len, uint32_t sum)
{
	size_t i;

	sum = (sum & 0xffff) + (sum >> 16);
	for (i = 0; i + 1 < len; i += 2) {
		sum += get_be16(p + i);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len & 1)
		sum += p[len - 1] << 8;
	return sum;
}

uint16_t i82599_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

/* Bits reversed, as SCTP has it; ~0 to start with, ~ of the result */
uint32_t i82599_crc32c(const uint8_t *p, size_t len, uint32_t crc)
{
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

struct l3 {
	const uint8_t *addrs;	/* source and destination */
	unsigned int addrs_len;
	const uint8_t *l4;
	size_t l4_len;
	uint8_t proto;
	bool v6;
	bool whole;		/* not a fragment, and proto is at l4 */
	bool ext;		/* IPv6 extension headers in between */
};

static bool parse_ipv4(struct i82599_pkt *pkt, const uint8_t *p, size_t len,
		       struct l3 *l3)
{
	size_t hlen, total;

	if (len < 20 || p[0] >> 4 != 4)
		return false;
	hlen = (p[0] & 0xf) * 4;
	total = get_be16(p + 2);
	if (hlen < 20 || total < hlen || total > len)
		return false;

	pkt->type |= RXD_TYPE_IPV4;
	if (hlen > 20)
		pkt->type |= RXD_TYPE_IPV4E;
	pkt->status |= RXD_IPCS;
	if (i82599_fold(i82599_sum(p, hlen, 0)) != 0xffff)
		pkt->status |= RXD_IPE;

	l3->addrs = p + 12;
	l3->addrs_len = 8;
	l3->proto = p[9];
	l3->l4 = p + hlen;
	l3->l4_len = total - hlen;
	l3->whole = !(get_be16(p + 6) & 0x3fff);
	return true;
}

static bool parse_ipv6(struct i82599_pkt *pkt, const uint8_t *p, size_t len,
		       struct l3 *l3)
{
	size_t left, skip;

	if (len < 40 || p[0] >> 4 != 6)
		return false;
	left = get_be16(p + 4);
	if (left > len - 40)
		return false;

	pkt->type |= RXD_TYPE_IPV6;
	l3->v6 = true;
	l3->addrs = p + 8;
	l3->addrs_len = 32;
	l3->proto = p[6];
	l3->l4 = p + 40;
	while (l3->proto == IPPROTO_HOPOPTS || l3->proto == IPPROTO_ROUTING ||
	       l3->proto == IPPROTO_DSTOPTS) {
		if (left < 8)
			break;
		skip = (l3->l4[1] + 1) * 8;
		if (skip > left)
			break;
		l3->proto = l3->l4[0];
		l3->l4 += skip;
		left -= skip;
		l3->ext = true;
	}
	if (l3->ext || l3->proto == IPPROTO_FRAGMENT)
		pkt->type |= RXD_TYPE_IPV6E;
	l3->l4_len = left;
	l3->whole = l3->proto != IPPROTO_FRAGMENT;
	return true;
}

static void check_l4(struct i82599_pkt *pkt, const struct l3 *l3)
{
	uint32_t sum, crc;
	uint8_t zero[4] = { 0 };

	switch (l3->proto) {
	case IPPROTO_TCP:
		if (l3->l4_len < 20)
			return;
		pkt->type |= RXD_TYPE_TCP;
		break;
	case IPPROTO_UDP:
		if (l3->l4_len < 8)
			return;
		pkt->type |= RXD_TYPE_UDP;
		if (!get_be16(l3->l4 + 6))
			return;
		pkt->status |= RXD_UDPCS;
		break;
	case IPPROTO_SCTP:
		if (l3->l4_len < 12)
			return;
		pkt->type |= RXD_TYPE_SCTP;
		crc = i82599_crc32c(l3->l4, 8, ~0u);
		crc = i82599_crc32c(zero, 4, crc);
		crc = i82599_crc32c(l3->l4 + 12, l3->l4_len - 12, crc);
		pkt->status |= RXD_L4CS;
		if (get_le32(l3->l4 + 8) != ~crc)
			pkt->status |= RXD_TCPE;
		return;
	default:
		return;
	}

	sum = i82599_sum(l3->addrs, l3->addrs_len, 0);
	sum = i82599_sum(l3->l4, l3->l4_len, sum);
	sum += l3->proto + l3->l4_len;
	pkt->status |= RXD_L4CS;
	if (i82599_fold(sum) != 0xffff)
		pkt->status |= RXD_TCPE;
}

/* Toeplitz: each bit of the input selects 32 bits of the key. */
static uint32_t toeplitz(struct i82599 *hw, const uint8_t *in, size_t len)
{
	uint32_t hash = 0, window = 0;
	uint8_t key[40];
	unsigned int i;
	int bit;

	for (i = 0; i < sizeof(key); i += 4)
		put_le32(key + i, REG(hw, RSSRK + i));
	window = get_be32(key);
	for (i = 0; i < len; i++)
		for (bit = 7; bit >= 0; bit--) {
			if (in[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	return hash;
}

static void rss(struct i82599 *hw, struct i82599_pkt *pkt,
		const struct l3 *l3)
{
	uint32_t mrqc = REG(hw, MRQC), type = 0;
	uint8_t in[36];
	size_t len = l3->addrs_len;

	if (l3->whole && !l3->ext && pkt->type & RXD_TYPE_TCP &&
	    mrqc & (l3->v6 ? MRQC_TCP_IPV6 : MRQC_TCP_IPV4))
		type = l3->v6 ? RXD_RSS_TCP_IPV6 : RXD_RSS_TCP_IPV4;
	else if (l3->whole && !l3->ext && pkt->type & RXD_TYPE_UDP &&
		 mrqc & (l3->v6 ? MRQC_UDP_IPV6 : MRQC_UDP_IPV4))
		type = l3->v6 ? RXD_RSS_UDP_IPV6 : RXD_RSS_UDP_IPV4;

	memcpy(in, l3->addrs, len);
	if (type) {
		memcpy(in + len, l3->l4, 4);
		len += 4;
	} else if (mrqc & (l3->v6 ? MRQC_IPV6 : MRQC_IPV4)) {
		type = l3->v6 ? RXD_RSS_IPV6 : RXD_RSS_IPV4;
	} else {
		return;
	}
	pkt->rss_type = type;
	pkt->hash = toeplitz(hw, in, len);
}

static bool rss_enabled(struct i82599 *hw)
{
	switch (REG(hw, MRQC) & MRQC_MRQE) {
	case MRQC_RSS:
	case MRQC_VMDQ32_RSS:
	case MRQC_VMDQ64_RSS:
		return true;
	case 0:
	case MRQC_VMDQ64:
		return false;
	}
	i82599_log_once(hw, ONCE_DCB, "traffic classes are not modelled");
	return false;
}

void i82599_parse(struct i82599 *hw, struct i82599_pkt *pkt)
{
	size_t off = pkt->tagged ? 12 + VLAN_HLEN : 12;
	struct l3 l3 = { 0 };
	uint16_t proto;

	if (pkt->len < off + 2)
		return;
	proto = get_be16(pkt->data + off);
	off += 2;
	if (proto == ETH_P_IP) {
		if (!parse_ipv4(pkt, pkt->data + off, pkt->len - off, &l3))
			return;
	} else if (proto == ETH_P_IPV6) {
		if (!parse_ipv6(pkt, pkt->data + off, pkt->len - off, &l3))
			return;
	} else {
		return;
	}
	if (l3.whole)
		check_l4(pkt, &l3);
	/* Up to X550, frames of the internal switch have no hash. */
	if (pkt->src < 0 && rss_enabled(hw))
		rss(hw, pkt, &l3);
}

/* The queue within the pool, or of all if @pool < 0 */
unsigned int i82599_rss_queue(struct i82599 *hw, const struct i82599_pkt *pkt,
			      int pool)
{
	unsigned int per_pool, queue, rqpl;

	if (!pkt->rss_type)
		return 0;
	queue = REG(hw, RETA + (pkt->hash & 0x7c)) >> (pkt->hash & 3) * 8;
	queue &= 0xf;
	if (pool < 0)
		return queue;
	per_pool = i82599_rx_pool_queues(hw);
	rqpl = REG(hw, PSRTYPE(pool)) >> 29;
	if (rqpl < 4)
		queue &= (1u << rqpl) - 1;
	return queue % per_pool;
}

static void fdirctrl_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value | FDIRCTRL_INIT_DONE;
}

static void fdircmd_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	if (value & FDIRCMD_CMD)
		i82599_log_once(hw, ONCE_FDIR,
				"Flow Director filters are not modelled");
	REG(hw, addr) = value & ~(FDIRCMD_CMD | FDIRCMD_FILTER_VALID);
}

const struct i82599_reg i82599_rss_regs[] = {
	{ .addr = MRQC, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = RETA, .count = 32, .step = 4, .writable = ~0u },
	{ .addr = RSSRK, .count = 10, .step = 4, .writable = ~0u },
	{ .addr = PSRTYPE_LOW, .count = 16, .step = 4, .writable = ~0u },
	{ .addr = PSRTYPE(16), .count = 48, .step = 4, .writable = ~0u },
	{ .addr = RXCSUM, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = FDIRCTRL, .count = 1, .step = 4,
	  .write = fdirctrl_write },
	{ .addr = FDIRCTRL + 4, .count = 10, .step = 4, .writable = ~0u },
	{ .addr = FDIRCMD, .count = 1, .step = 4, .write = fdircmd_write },
	{ .addr = FDIRCMD + 4, .count = 84, .step = 4, .writable = ~0u },
	{ 0 }
};

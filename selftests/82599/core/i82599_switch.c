// SPDX-License-Identifier: GPL-2.0-only
/* Which frames are accepted and by whom: the filters and the internal switch
 * (sections 7.1.1 and 7.10.3). A pool is a bit.
 */
#include "i82599_priv.h"

/* Queues of a pool for reception; 0 without pools */
unsigned int i82599_rx_pool_queues(struct i82599 *hw)
{
	if (!(REG(hw, VT_CTL) & VT_CTL_VT_ENA))
		return 0;
	switch (REG(hw, MRQC) & MRQC_MRQE) {
	case MRQC_VMDQ64:
	case MRQC_VMDQ64_RSS:
		return 2;
	case MRQC_VMDQ32_RSS:
	case MRQC_VMDQ32_4TC:
		return 4;
	case MRQC_VMDQ16_8TC:
		return 8;
	}
	return 0;
}

/* And for transmission */
unsigned int i82599_tx_pool_queues(struct i82599 *hw)
{
	uint32_t mtqc = REG(hw, MTQC);

	if (!(mtqc & MTQC_VT_ENA))
		return 0;
	switch (mtqc & MTQC_NUM_TC_OR_Q) {
	case 0x8:
		return 4;
	case 0xc:
		return 8;
	}
	return 2;
}

void i82599_find_tag(struct i82599 *hw, struct i82599_pkt *pkt)
{
	pkt->tagged = pkt->len >= ETH_HLEN + VLAN_HLEN &&
		      get_be16(pkt->data + 12) ==
		      (REG(hw, VLNCTRL) & VLNCTRL_VET);
	pkt->tci = pkt->tagged ? get_be16(pkt->data + 14) : 0;
}

/* The pools of an address. Several entries may have the same. */
static bool exact_match(struct i82599 *hw, const uint8_t *mac, uint64_t *pools)
{
	uint32_t low = get_le32(mac), high = mac[4] | mac[5] << 8 | RAH_AV;
	bool found = false;
	unsigned int i;

	*pools = 0;
	for (i = 0; i < 128; i++) {
		if (REG(hw, RAH(i)) != high || REG(hw, RAL(i)) != low)
			continue;
		*pools |= i82599_pair(hw, MPSAR(i));
		found = true;
	}
	return found;
}

/* MTA, UTA: 12 bits of the address select a bit of the table. */
static bool hash_match(struct i82599 *hw, uint32_t table, const uint8_t *mac)
{
	static const uint8_t shift[] = { 4, 3, 2, 0 };
	unsigned int n = mac[4] | mac[5] << 8;

	n >>= shift[REG(hw, MCSTCTRL) & MCSTCTRL_MO];
	return i82599_bit(hw, table, n & 0xfff);
}

static bool multicast_match(struct i82599 *hw, const uint8_t *mac)
{
	return REG(hw, MCSTCTRL) & MCSTCTRL_MFE && hash_match(hw, MTA, mac);
}

static uint64_t pools_with(struct i82599 *hw, uint32_t vmolr)
{
	uint64_t pools = 0;
	unsigned int p;

	for (p = 0; p < I82599_VFS; p++)
		if (REG(hw, VMOLR + 4 * p) & vmolr)
			pools |= BIT64(p);
	return pools;
}

/* The pools that have a VLAN */
static uint64_t vlan_pools(struct i82599 *hw, uint16_t vid)
{
	uint64_t pools = 0;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		uint32_t vlvf = REG(hw, VLVF + 4 * i);

		if (vlvf & VLVF_VI_EN && (vlvf & 0xfff) == vid)
			pools |= i82599_pair(hw, VLVFB + 8 * i);
	}
	return pools;
}

/* Does the port accept the frame? Then it is of some pool, or of the only
 * function that there is. Tells whether an exact filter did.
 */
bool i82599_accept(struct i82599 *hw, struct i82599_pkt *pkt)
{
	const uint8_t *mac = pkt->data;
	uint32_t fctrl = REG(hw, FCTRL);
	uint64_t pools;

	if (REG(hw, VLNCTRL) & VLNCTRL_VFE && pkt->tagged &&
	    !i82599_bit(hw, VFTA, pkt->tci & 0xfff))
		return false;

	if (is_broadcast(mac)) {
		pkt->exact = true;
		return fctrl & (FCTRL_BAM | FCTRL_MPE);
	}
	pkt->exact = exact_match(hw, mac, &pools);
	if (pkt->exact)
		return true;
	if (!is_multicast(mac))
		return fctrl & FCTRL_UPE || hash_match(hw, UTA, mac);
	/* A pool that wants all multicast has it without the port's wanting
	 * it: ixgbe sets but VMOLR for a virtual function.
	 */
	return fctrl & FCTRL_MPE || multicast_match(hw, mac) ||
	       (i82599_rx_pool_queues(hw) && pools_with(hw, VMOLR_MPE));
}

/* The common part of 7.10.3.3 and 7.10.3.4: pools by address. Tells whether one
 * that is enabled has an exact filter.
 */
static uint64_t address_pools(struct i82599 *hw, const uint8_t *mac,
			      bool *exact)
{
	bool replicate = REG(hw, VT_CTL) & VT_CTL_RPL_EN;
	uint64_t pools;

	*exact = exact_match(hw, mac, &pools) &&
		 pools & i82599_pair(hw, VFRE);
	if (is_broadcast(mac)) {
		if (replicate)
			pools |= pools_with(hw, VMOLR_BAM);
	} else if (is_multicast(mac)) {
		if (!pools && replicate && multicast_match(hw, mac))
			pools |= pools_with(hw, VMOLR_ROMPE);
		if (replicate)
			pools |= pools_with(hw, VMOLR_MPE);
	} else if (!pools && hash_match(hw, UTA, mac)) {
		pools |= pools_with(hw, VMOLR_ROPE);
	}
	return pools;
}

static uint64_t in_vlan(struct i82599 *hw, const struct i82599_pkt *pkt)
{
	if (!(REG(hw, VLNCTRL) & VLNCTRL_VFE))
		return UINT64_MAX;
	return pkt->tagged ? vlan_pools(hw, pkt->tci & 0xfff) :
	       pools_with(hw, VMOLR_AUPE);
}

static uint64_t default_pool(struct i82599 *hw)
{
	uint32_t vt_ctl = REG(hw, VT_CTL);

	return vt_ctl & VT_CTL_DIS_DEF_PL ? 0 :
	       BIT64(VT_CTL_DEF_PL(vt_ctl));
}

/* Of a frame from the wire */
uint64_t i82599_rx_pools(struct i82599 *hw, struct i82599_pkt *pkt)
{
	bool exact;
	uint64_t pools = address_pools(hw, pkt->data, &exact);

	pools &= in_vlan(hw, pkt);
	if (!pools)
		pools = default_pool(hw);
	return pools & i82599_pair(hw, VFRE);
}

/* Of a frame that pool @pkt->src sends. Tells whether it leaves by the wire
 * too: all does but unicast for which a pool that is enabled has an exact
 * filter.
 */
uint64_t i82599_tx_pools(struct i82599 *hw, struct i82599_pkt *pkt,
			 bool *wire)
{
	bool group = is_multicast(pkt->data), exact;
	uint64_t pools, not_back = UINT64_MAX;

	*wire = true;
	if (!(REG(hw, VT_CTL) & VT_CTL_VT_ENA) ||
	    !(REG(hw, PFDTXGSWC) & PFDTXGSWC_LBEN) ||
	    !(REG(hw, RXCTRL) & RXCTRL_RXEN))
		return 0;
	if (!i82599_bit(hw, VMTXSW, pkt->src))
		not_back = ~BIT64(pkt->src);

	pools = address_pools(hw, pkt->data, &exact);
	*wire = group || !exact;
	pools &= not_back & in_vlan(hw, pkt);
	if (!pools && group)
		pools = default_pool(hw) & not_back;
	if (REG(hw, VLNCTRL) & VLNCTRL_VFE && pkt->tagged &&
	    !i82599_bit(hw, VFTA, pkt->tci & 0xfff))
		pools = 0;
	pkt->exact = exact || is_broadcast(pkt->data);
	return pools & i82599_pair(hw, VFRE);
}

/* Anti-spoofing of what pool @pkt->src sends. A frame without a tag is in no
 * VLAN that could be another's.
 */
bool i82599_spoofed(struct i82599 *hw, const struct i82599_pkt *pkt)
{
	unsigned int p = pkt->src;
	uint32_t spoof = REG(hw, PFVFSPOOF + p / 8 * 4) >> p % 8;
	uint64_t pools;
	bool bad = false;

	if (spoof & 0x001) {
		exact_match(hw, pkt->data + 6, &pools);
		bad |= !(pools & BIT64(p));
	}
	if (spoof & 0x100 && pkt->tagged)
		bad |= !(vlan_pools(hw, pkt->tci & 0xfff) & BIT64(p));
	if (bad && i82599_bit(hw, VMECM, p))
		i82599_count(hw, SSVPC);
	return bad;
}

/* The first 16 entries have another address as well. */
static uint32_t ral_read(struct i82599 *hw, uint32_t addr)
{
	return REG(hw, addr - RAL_ALIAS + RAL(0));
}

static void ral_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	i82599_pf_write(hw, addr - RAL_ALIAS + RAL(0), value);
}

/* A pool that may transmit again has frames waiting. */
static void vfte_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	REG(hw, addr) = value;
	i82599_tx_kick_all(hw);
}

static uint32_t dqsel(struct i82599 *hw)
{
	return REG(hw, RTTDQSEL) & (I82599_QUEUES - 1);
}

static uint32_t rttbcnrc_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return hw->rate[dqsel(hw)];
}

static void rttbcnrc_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	(void)addr;
	hw->rate[dqsel(hw)] = value;
}

static uint32_t rttdt1c_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return hw->dt1c[dqsel(hw)];
}

static void rttdt1c_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	(void)addr;
	hw->dt1c[dqsel(hw)] = value;
}

const struct i82599_reg i82599_switch_regs[] = {
	{ .addr = FCTRL, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = VLNCTRL, .count = 1, .step = 4, .writable = ~0u,
	  .reset = 0x8100 },
	{ .addr = MCSTCTRL, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = MTA, .count = 128, .step = 4, .writable = ~0u },
	{ .addr = RAL_ALIAS, .count = 32, .step = 4, .read = ral_read,
	  .write = ral_write },
	{ .addr = RAL(0), .count = 128, .step = 8, .writable = ~0u },
	{ .addr = RAH(0), .count = 128, .step = 8, .writable = 0x8000ffff },
	{ .addr = MPSAR(0), .count = 256, .step = 4, .writable = ~0u },
	{ .addr = VFTA, .count = 128, .step = 4, .writable = ~0u },
	{ .addr = UTA, .count = 128, .step = 4, .writable = ~0u },
	{ .addr = VT_CTL, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = VMTXSW, .count = 2, .step = 4, .writable = ~0u },
	{ .addr = VFRE, .count = 2, .step = 4, .writable = ~0u },
	{ .addr = VFTE, .count = 2, .step = 4, .write = vfte_write },
	{ .addr = VMVIR, .count = 64, .step = 4, .writable = ~0u },
	{ .addr = PFVFSPOOF, .count = 8, .step = 4, .writable = ~0u },
	{ .addr = PFDTXGSWC, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = VMECM, .count = 2, .step = 4, .writable = ~0u },
	{ .addr = VMOLR, .count = 64, .step = 4, .writable = ~0u },
	{ .addr = VLVF, .count = 64, .step = 4, .writable = ~0u },
	{ .addr = VLVFB, .count = 128, .step = 4, .writable = ~0u },
	{ .addr = RTTDQSEL, .count = 1, .step = 4, .writable = ~0u },
	{ .addr = RTTBCNRC, .count = 1, .step = 4, .read = rttbcnrc_read,
	  .write = rttbcnrc_write },
	{ .addr = RTTDT1C, .count = 1, .step = 4, .read = rttdt1c_read,
	  .write = rttdt1c_write },
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0-only
/* What is around the MAC: the EEPROM and what is loaded from it, semaphores
 * shared with firmware (there is none), MDIO (nothing answers) and the link.
 */
#include "i82599_priv.h"

#define NVM_MAC			0x11	/* serial number MAC address */
#define NVM_PBA			0x15
#define NVM_CAPS		0x2c
#define  NVM_CAPS_NO_FCOE	0x0002
#define  NVM_CAPS_NO_CROSSTALK	0x0080
#define NVM_CHECKSUM		0x3f
#define NVM_SUM			0xbaba

#define NVM_SIZE		2	/* 64 << 2 words */

void i82599_nvm_init(struct i82599 *hw, const uint8_t mac[6])
{
	uint16_t sum = 0;
	int i;

	/* Pointers to sections, nearly all, point nowhere. */
	memset(hw->eeprom, 0xff, sizeof(hw->eeprom));
	hw->eeprom[0] = 0;
	hw->eeprom[1] = 0;
	for (i = 0; i < 3; i++)
		hw->eeprom[NVM_MAC + i] = mac[2 * i] | mac[2 * i + 1] << 8;
	hw->eeprom[NVM_PBA] = 0;
	hw->eeprom[NVM_PBA + 1] = 0;
	hw->eeprom[NVM_CAPS] = NVM_CAPS_NO_FCOE | NVM_CAPS_NO_CROSSTALK;
	for (i = 0; i < NVM_CHECKSUM; i++)
		sum += hw->eeprom[i];
	hw->eeprom[NVM_CHECKSUM] = NVM_SUM - sum;
}

void i82599_nvm_load(struct i82599 *hw)
{
	const uint16_t *mac = &hw->eeprom[NVM_MAC];

	REG(hw, RAL(0)) = mac[0] | (uint32_t)mac[1] << 16;
	REG(hw, RAH(0)) = mac[2] | RAH_AV;
}

static void eerd_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	uint32_t word = value >> 2 & 0x3fff;

	REG(hw, addr) = value & 0xfffc;
	if (!(value & EE_START))
		return;
	REG(hw, addr) |= EE_DONE;
	if (word < EEPROM_WORDS)
		REG(hw, addr) |= (uint32_t)hw->eeprom[word] << 16;
	else
		REG(hw, addr) |= 0xffff0000;
}

static void eewr_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	uint32_t word = value >> 2 & 0x3fff;

	if (value & EE_START && word < EEPROM_WORDS)
		hw->eeprom[word] = value >> 16;
	REG(hw, addr) = (value & ~EE_START) | EE_DONE;
}

/* The first to read it has it. */
static uint32_t swsm_read(struct i82599 *hw, uint32_t addr)
{
	uint32_t value = REG(hw, addr);

	REG(hw, addr) |= SWSM_SMBI;
	return value;
}

static void msca_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	uint32_t op = value & MSCA_OP;

	REG(hw, addr) = value & ~MSCA_MDICMD;
	if (value & MSCA_MDICMD &&
	    (op == MSCA_OP_READ || op == MSCA_OP_READ_INC))
		REG(hw, MSRWD) |= 0xffff0000;
}

static void autoc_write(struct i82599 *hw, uint32_t addr, uint32_t value)
{
	bool up = i82599_link_up(hw);

	REG(hw, addr) = value & ~AUTOC_RESTART_AN;
	if (!up && i82599_link_up(hw))
		i82599_tx_kick_all(hw);
}

bool i82599_link_up(struct i82599 *hw)
{
	return hw->link || REG(hw, AUTOC) & AUTOC_FLU;
}

static uint32_t links_read(struct i82599 *hw, uint32_t addr)
{
	(void)addr;
	return i82599_link_up(hw) ? LINKS_UP | LINKS_SPEED_10G : 0;
}

const struct i82599_reg i82599_nvm_regs[] = {
	/* EEC.GNT is never given: access by bits is refused. */
	{ .addr = EEC, .count = 1, .step = 4, .writable = ~0x00007fa0u,
	  .reset = EEC_PRES | EEC_ARD | NVM_SIZE << EEC_SIZE_SHIFT },
	{ .addr = EERD, .count = 1, .step = 4, .write = eerd_write },
	{ .addr = EEWR, .count = 1, .step = 4, .reset = EE_DONE,
	  .write = eewr_write },
	{ .addr = EEMNGCTL, .count = 1, .step = 4,
	  .reset = EEMNGCTL_CFG_DONE },
	{ .addr = SWSM, .count = 1, .step = 4, .writable = 0x7,
	  .keep = RESET_POWER, .read = swsm_read },
	{ .addr = SW_FW_SYNC, .count = 1, .step = 4, .writable = ~0u,
	  .keep = RESET_POWER },
	{ .addr = FWSM, .count = 1, .step = 4, .reset = FWSM_FW_VALID },
	{ .addr = FACTPS, .count = 1, .step = 4 },
	{ .addr = MSCA, .count = 1, .step = 4, .write = msca_write },
	{ .addr = MSRWD, .count = 1, .step = 4, .writable = 0xffff },
	{ .addr = HLREG0, .count = 1, .step = 4, .writable = ~0u,
	  .reset = 0x00010403 },
	{ .addr = MAXFRS, .count = 1, .step = 4, .writable = ~0u,
	  .reset = 1518u << 16 },
	{ .addr = AUTOC, .count = 1, .step = 4, .keep = RESET_LINK,
	  .reset = AUTOC_LMS_10G_NO_AN | AUTOC_CX4, .write = autoc_write },
	{ .addr = AUTOC2, .count = 1, .step = 4, .writable = ~0u,
	  .keep = RESET_LINK },
	{ .addr = LINKS, .count = 1, .step = 4, .read = links_read },
	{ .addr = LINKS2, .count = 1, .step = 4 },
	{ .addr = ANLP1, .count = 1, .step = 4, .reset = ANLP1_AN_STATE },
	{ 0 }
};

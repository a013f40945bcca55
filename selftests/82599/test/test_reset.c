// SPDX-License-Identifier: GPL-2.0-only
/* Power on, resets, EEPROM, semaphores, MDIO, link, register storage */
#include "harness.h"

static uint16_t eeprom(unsigned int word)
{
	wr(EERD, word << 2 | EE_START);
	CHECK(rd(EERD) & EE_DONE);
	return rd(EERD) >> 16;
}

static void power_on_values(void)
{
	CHECK_EQ(rd(CTRL), 0);
	CHECK(rd(STATUS) != ~0u);
	CHECK(rd(STATUS) & STATUS_GIO);
	CHECK_EQ(rd(STATUS) & 0xc, 0);		/* LAN 0 */
	CHECK(rd(EEC) & EEC_PRES);
	CHECK_EQ(rd(FWSM) & FWSM_FW_VALID, FWSM_FW_VALID);
	CHECK_EQ(rd(FWSM) & 0xe, 0);		/* no management */
	CHECK_EQ(rd(SECRXSTAT) & SEC_RDY, SEC_RDY);
	CHECK_EQ(rd(SECTXSTAT) & SEC_RDY, SEC_RDY);
	CHECK(rd(RDRXCTL) & RDRXCTL_DMAIDONE);
	CHECK(rd(ANLP1) & 0xf0000);
	CHECK_EQ(rd(AUTOC) & 0xe000, AUTOC_LMS_10G_NO_AN);
	CHECK_EQ(rd(VLNCTRL), 0x8100);
	CHECK_EQ(rd(MAXFRS) >> 16, 1518);
	CHECK_EQ(rd(DMATXCTL) >> 16, 0x8100);
	CHECK_EQ(m.logs, 0);
	CHECK(m.hw->entries < ARRAY_SIZE(m.hw->entry));
}

static void mac_from_eeprom(void)
{
	CHECK_EQ(rd(RAL(0)), get_le32(pf_mac));
	CHECK_EQ(rd(RAH(0)), RAH_AV | pf_mac[4] | pf_mac[5] << 8);
	CHECK_EQ(rd(RAL_ALIAS), get_le32(pf_mac));
	wr(RAL_ALIAS, 0);
	CHECK_EQ(rd(RAL(0)), 0);
	wr(CTRL, CTRL_RST);
	CHECK_EQ(rd(RAL_ALIAS), get_le32(pf_mac));
	CHECK_EQ(rd(RAL_ALIAS + 4), RAH_AV | pf_mac[4] | pf_mac[5] << 8);
}

/* As ixgbe_calc_eeprom_checksum_generic() */
static void eeprom_checksum(void)
{
	uint16_t sum = 0, pointer;
	unsigned int i;

	for (i = 0; i < 0x3f; i++)
		sum += eeprom(i);
	for (i = 3; i < 0xf; i++) {
		pointer = eeprom(i);
		CHECK(pointer == 0xffff || pointer == 0);
	}
	CHECK_EQ((uint16_t)(sum + eeprom(0x3f)), 0xbaba);
}

static void eeprom_read_and_write(void)
{
	unsigned int size = 64 << (rd(EEC) >> 11 & 0xf), i;

	CHECK_EQ(size, EEPROM_WORDS);
	for (i = 0; i < size; i++)
		CHECK_EQ(eeprom(i), m.hw->eeprom[i]);
	CHECK_EQ(eeprom(0x3fff), 0xffff);
	CHECK_EQ(eeprom(0x2c) & 0x82, 0x82);	/* no FCoE, no crosstalk */
	CHECK_EQ(eeprom(0x0f), 0xffff);		/* no firmware module */
	CHECK_EQ(eeprom(0x26), 0xffff);		/* no sensors */

	wr(EEWR, 0x1234u << 16 | 0x80 << 2 | EE_START);
	CHECK(rd(EEWR) & EE_DONE);
	CHECK_EQ(eeprom(0x80), 0x1234);
	wr(EEWR, 0x1234u << 16 | 0x3fff << 2 | EE_START);
	CHECK(rd(EEWR) & EE_DONE);
	wr(EEC, rd(EEC) | 0x40);		/* request by bits */
	CHECK_EQ(rd(EEC) & EEC_GNT, 0);
}

static void semaphores(void)
{
	CHECK_EQ(rd(SWSM) & 1, 0);
	CHECK_EQ(rd(SWSM) & 1, 1);
	wr(SWSM, rd(SWSM) | 2);
	CHECK_EQ(rd(SWSM) & 2, 2);
	wr(SW_FW_SYNC, 1);
	CHECK_EQ(rd(SW_FW_SYNC), 1);
	wr(CTRL, CTRL_RST);
	CHECK_EQ(rd(SW_FW_SYNC), 1);
	wr(SWSM, 0);
	CHECK_EQ(rd(SWSM) & 3, 0);
}

static void mdio_has_no_phy(void)
{
	wr(MSCA, 0x40000000 | 1 << 16 | 2);
	CHECK_EQ(rd(MSCA) & 0x40000000, 0);
	wr(MSCA, 0x4c000000 | 1 << 16 | 2);
	CHECK_EQ(rd(MSCA) & 0x40000000, 0);
	CHECK_EQ(rd(MSRWD) >> 16, 0xffff);
}

static void link_changes(void)
{
	pf_up();
	irqs(I82599_PF, 63);
	CHECK_EQ(rd(LINKS), LINKS_UP | LINKS_SPEED_10G);
	i82599_set_link(m.hw, false);
	CHECK_EQ(irqs(I82599_PF, 63), 1);
	CHECK_EQ(rd(EICS) & EICR_LSC, EICR_LSC);
	CHECK_EQ(rd(LINKS) & LINKS_UP, 0);
	wr(EICR, EICR_LSC);
	i82599_set_link(m.hw, false);
	CHECK_EQ(irqs(I82599_PF, 63), 0);
	wr(AUTOC, rd(AUTOC) | AUTOC_FLU);
	CHECK(rd(LINKS) & LINKS_UP);
	wr(AUTOC, (rd(AUTOC) & ~AUTOC_FLU) | AUTOC_RESTART_AN);
	CHECK_EQ(rd(AUTOC) & AUTOC_RESTART_AN, 0);
	i82599_set_link(m.hw, true);
	CHECK_EQ(irqs(I82599_PF, 63), 1);
}

static void software_reset(void)
{
	pf_up();
	wr(AUTOC, 0);
	wr(RDBAL(5), 0x80);
	wr(MTA, 1);
	wr(CTRL, CTRL_RST | CTRL_GIO_DIS);
	CHECK_EQ(rd(CTRL), 0);
	CHECK_EQ(rd(RDBAL(5)), 0);
	CHECK_EQ(rd(MTA), 0);
	CHECK_EQ(rd(RXCTRL), 0);
	CHECK_EQ(rd(EIMS), 0);
	CHECK_EQ(rd(AUTOC), 0);			/* of the link, not reset */
	CHECK(rd(LINKS) & LINKS_UP);
	wr(CTRL, CTRL_LRST);
	CHECK_EQ(rd(CTRL), 0);
	CHECK_EQ(rd(AUTOC) & 0xe000, AUTOC_LMS_10G_NO_AN);
}

static void gio_disable(void)
{
	struct rxq rx;
	struct rx_info info;
	uint8_t f[60];

	pf_up();
	rxq_up(&rx, I82599_PF, 0, 8, 2, 0);
	wr(CTRL, CTRL_GIO_DIS);
	CHECK_EQ(rd(CTRL), CTRL_GIO_DIS);
	CHECK_EQ(rd(STATUS) & STATUS_GIO, 0);
	receive(f, make_frame(f, pf_mac, pf_mac, sizeof(f)));
	CHECK(!rxq_poll(&rx, &info));
	wr(CTRL, 0);
	receive(f, sizeof(f));
	CHECK(rxq_poll(&rx, &info));
}

static void bus_reset_and_flr(void)
{
	wr(PFMBMEM, 5);
	wr(SW_FW_SYNC, 5);
	wr(MTA, 5);
	wr(AUTOC, 5);
	i82599_flr(m.hw, I82599_PF);
	CHECK_EQ(rd(MTA), 0);
	CHECK(rd(AUTOC) != 5);
	CHECK_EQ(rd(PFMBMEM), 5);
	CHECK_EQ(rd(SW_FW_SYNC), 5);
	i82599_reset(m.hw);
	CHECK_EQ(rd(PFMBMEM), 0);
	CHECK_EQ(rd(SW_FW_SYNC), 0);
	CHECK_EQ(rd(RAL(0)), get_le32(pf_mac));
}

static void init_polls(void)
{
	wr(FDIRCTRL, 0);
	CHECK(rd(FDIRCTRL) & FDIRCTRL_INIT_DONE);
	wr(FDIRCMD, 0x8809);
	CHECK_EQ(rd(FDIRCMD) & 3, 0);
	wr(FDIRCMD, 0x7);
	CHECK_EQ(rd(FDIRCMD) & 7, 0);
	wr(FDIRCMD, 0x100);
	CHECK_EQ(rd(FDIRCMD), 0x100);
	wr(RDRXCTL, 0);
	CHECK(rd(RDRXCTL) & RDRXCTL_DMAIDONE);
	wr(RXDCTL(100), RXDCTL_ENABLE);
	CHECK_EQ(rd(RXDCTL(100)), RXDCTL_ENABLE);
	wr(TXDCTL(100), TXDCTL_ENABLE);
	CHECK_EQ(rd(TXDCTL(100)), TXDCTL_ENABLE);
	wr(0x04900, 0x40);			/* RTTDCS */
	CHECK_EQ(rd(0x04900), 0x40);
}

/* What the self-test of ixgbe's ethtool does: bits that stay, bits that read 0
 */
static void register_patterns(void)
{
	static const uint32_t pattern[] = {
		0x5a5a5a5a, 0xa5a5a5a5, 0x00000000, 0xffffffff
	};
	static const struct {
		uint32_t addr, count, step, mask, write;
	} t[] = {
		{ 0x03220, 1, 0x40, 0x8007fff0, 0x8007fff0 },
		{ 0x03260, 1, 0x40, 0x8007fff0, 0x8007fff0 },
		{ 0x03008, 1, 0x40, 0xffffffff, 0xffffffff },
		{ VLNCTRL, 1, 0x40, 0, 0 },
		{ RDBAL(0), 4, 0x40, 0xffffff80, 0xffffff80 },
		{ RDBAH(0), 4, 0x40, 0xffffffff, 0xffffffff },
		{ RDLEN(0), 4, 0x40, 0x000fff80, 0x000fffff },
		{ RDT(0), 4, 0x40, 0xffff, 0xffff },
		{ 0x03200, 1, 0x40, 0xffffffff, 0xffffffff },
		{ TDBAL(0), 4, 0x40, 0xffffff80, 0xffffffff },
		{ TDBAH(0), 4, 0x40, 0xffffffff, 0xffffffff },
		{ TDLEN(0), 4, 0x40, 0x000fff80, 0x000fff80 },
		{ RAL_ALIAS, 16, 8, 0xffffffff, 0xffffffff },
		{ RAL_ALIAS + 4, 16, 8, 0x8001ffff, 0x800cffff },
		{ MTA, 128, 4, 0xffffffff, 0xffffffff },
	};
	unsigned int i, j, p;
	uint32_t status = rd(STATUS);

	wr(STATUS, 0x7ffff30f);
	CHECK_EQ(rd(STATUS), status);
	for (i = 0; i < 4; i++)
		wr(RXDCTL(i), RXDCTL_ENABLE);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		for (j = 0; j < t[i].count; j++)
			for (p = 0; p < ARRAY_SIZE(pattern); p++) {
				uint32_t a = t[i].addr + j * t[i].step;

				wr(a, pattern[p] & t[i].write);
				CHECK_EQ(rd(a), pattern[p] & t[i].write &
					 t[i].mask);
			}
	CHECK_EQ(m.logs, 0);
}

static void unknown_registers(void)
{
	wr(0x00004, 0x12345678);
	CHECK_EQ(m.logs, 1);
	CHECK_EQ(rd(0x00004), 0x12345678);
	wr(0x00004, 1);
	CHECK_EQ(m.logs, 1);
	rd(0x1fffc);
	CHECK_EQ(m.logs, 2);
	pf_up();
	sriov_up(2, 32);
	m.logs = 0;
	CHECK_EQ(vrd(0, 0x3ffc), 0);
	CHECK_EQ(m.logs, 1);
	vwr(1, 0x3ffc, 1);
	CHECK_EQ(vrd(1, 0x3ffc), 0);
	CHECK_EQ(m.logs, 1);
	/* Outside of any BAR, or of no function */
	CHECK_EQ(i82599_read(m.hw, I82599_PF, I82599_PF_BAR_SIZE), 0);
	CHECK_EQ(i82599_read(m.hw, 0, I82599_VF_BAR_SIZE), 0);
	CHECK_EQ(i82599_read(m.hw, 2, VFSTATUS), 0);
	i82599_write(m.hw, -2, 0, ~0u);
	i82599_write(m.hw, 64, 0, ~0u);
	i82599_flr(m.hw, 64);
	CHECK_EQ(m.logs, 1);
}

static void rate_limit_per_queue(void)
{
	unsigned int q;

	for (q = 0; q < I82599_QUEUES; q++) {
		wr(RTTDQSEL, q);
		wr(RTTBCNRC, 0x80000000 | q);
	}
	for (q = 0; q < I82599_QUEUES; q++) {
		wr(RTTDQSEL, q);
		CHECK_EQ(rd(RTTBCNRC), 0x80000000 | q);
	}
}

const struct test reset_tests[] = {
	T(power_on_values), T(mac_from_eeprom), T(eeprom_checksum),
	T(eeprom_read_and_write), T(semaphores), T(mdio_has_no_phy),
	T(link_changes), T(software_reset), T(gio_disable),
	T(bus_reset_and_flr), T(init_polls), T(register_patterns),
	T(unknown_registers), T(rate_limit_per_queue),
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0-only
/* Random but repeatable: fuzz SEED COUNT. A hostile driver of the physical and
 * all virtual functions, hostile frames, and callbacks that come back. It looks
 * for what sanitizers find, and for work without end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/i82599_priv.h"

#define MEM_BASE	0x10000
#define MEM_SIZE	(1 << 20)
#define HOLE		(MEM_BASE + (MEM_SIZE / 2))
#define HOLE_SIZE	0x1000
#define READ_ONLY	(MEM_BASE + 0x8000)
#define READ_ONLY_SIZE	0x4000
/* In one operation: what one packet may need, with each segment for all pools,
 * and the work that is done before others go on.
 */
#define DMA_MAX		300000
#define BYTES_MAX	(128 << 20)
#define FRAMES_MAX	10000

static struct i82599 *hw;
static uint8_t mem[MEM_SIZE];
static uint64_t state, now_ns, armed = UINT64_MAX;
static unsigned long dmas, bytes, frames;
static bool full;		/* until i82599_wire_ready() */

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

static uint32_t below(uint32_t n)
{
	return rnd() % n;
}

static bool one_in(uint32_t n)
{
	return !below(n);
}

static uint32_t value(void)
{
	switch (below(6)) {
	case 0:
		return 0;
	case 1:
		return ~0u;
	case 2:
		return 1u << below(32);
	case 3:
		return ~(1u << below(32));
	case 4:
		return below(1 << 12);
	}
	return rnd();
}

static uint64_t address(void)
{
	switch (below(20)) {
	case 0:
		return ~0ULL - below(64);
	case 1:
		return HOLE - below(64);
	case 2:
		return (uint64_t)rnd() << 32 | rnd();
	}
	return MEM_BASE + below(MEM_SIZE);
}

static void bounded(void)
{
	if (dmas > DMA_MAX || bytes > BYTES_MAX || frames > FRAMES_MAX) {
		fprintf(stderr, "too much for one operation: %lu accesses, %lu bytes, %lu frames\n",
			dmas, bytes, frames);
		abort();
	}
}

static bool in_memory(uint64_t addr, size_t len)
{
	dmas++;
	bounded();
	if (addr < MEM_BASE || addr - MEM_BASE > MEM_SIZE ||
	    len > MEM_SIZE - (addr - MEM_BASE))
		return false;
	bytes += len;
	return addr + len <= HOLE || addr >= HOLE + HOLE_SIZE;
}

static bool dma_read(void *opaque, int fn, uint64_t addr, void *to, size_t len)
{
	(void)opaque;
	(void)fn;
	if (!len || !in_memory(addr, len))
		return false;
	memcpy(to, mem + (addr - MEM_BASE), len);
	return true;
}

static bool dma_write(void *opaque, int fn, uint64_t addr, const void *from,
		      size_t len)
{
	(void)opaque;
	(void)fn;
	if (!len || !in_memory(addr, len))
		return false;
	if (addr + len > READ_ONLY && addr < READ_ONLY + READ_ONLY_SIZE)
		return false;
	memcpy(mem + (addr - MEM_BASE), from, len);
	return true;
}

static void msix(void *opaque, int fn, unsigned int vector)
{
	(void)opaque;
	if (fn < I82599_PF || fn >= I82599_VFS ||
	    vector >= (fn < 0 ? I82599_VECTORS : I82599_VF_VECTORS))
		abort();
}

static bool wire(void *opaque, const void *frame, size_t len)
{
	uint8_t copy[FRAME_MAX + 8];

	(void)opaque;
	frames++;
	bytes += len;
	bounded();
	/* All of it must be there. */
	memcpy(copy, frame, len);
	return !one_in(64);
}

static uint64_t now(void *opaque)
{
	(void)opaque;
	return now_ns;
}

static void arm(void *opaque, uint64_t when)
{
	(void)opaque;
	armed = when;
}

static void log_line(void *opaque, const char *line)
{
	(void)opaque;
	if (strlen(line) > 127)
		abort();
}

static const struct i82599_ops ops = {
	.dma_read = dma_read,
	.dma_write = dma_write,
	.msix = msix,
	.wire = wire,
	.now = now,
	.arm = arm,
	.log = log_line,
};

/* Registers that do something, more often than others */
static uint32_t pf_register(void)
{
	static const uint32_t some[] = {
		CTRL, CTRL_EXT, GCR_EXT, RXCTRL, DMATXCTL, MTQC, MRQC, VT_CTL,
		FCTRL, VLNCTRL, HLREG0, MAXFRS, GPIE, EICR, EICS, EIMS, EIMC,
		EIAC, EIAM, EIMS_EX, EIMS_EX + 4, EICS_EX, EICS_EX + 4,
		IVAR_MISC, PFDTXGSWC, VFRE, VFRE + 4, VFTE, VFTE + 4, QDE,
		EERD, EEWR, MSCA, AUTOC, SWSM, RXCSUM, MCSTCTRL, RTTDQSEL,
		RTTBCNRC, FDIRCMD, DTXTCPFLGL, SSVPC, VFLREC, VFLREC + 4,
		EIMC_EX, EIMC_EX + 4, EIAM_EX, EIAM_EX + 4, LINKS, RTTDT1C,
		FDIRCTRL, VMECM, VMECM + 4, MBVFICR, MBVFICR + 12,
	};

	switch (below(15)) {
	case 0:
		return below(I82599_PF_BAR_SIZE / 4) * 4;
	case 1:
		return RX_QUEUE(below(128)) + below(16) * 4;
	case 2:
		return TX_QUEUE(below(128)) + below(16) * 4;
	case 3:
		return PFMAILBOX + below(64) * 4;
	case 4:
		return VMOLR + below(64) * 4;
	case 5:
		return VLVF + below(192) * 4;
	case 6:
		return RAL(below(128)) + below(2) * 4;
	case 7:
		return MPSAR(below(128)) + below(2) * 4;
	case 8:
		return EITR_LOW + below(24) * 4;
	case 9:
		return IVAR(below(128));
	case 10:
		return PFVFSPOOF + below(8) * 4;
	case 11:
		return VMVIR + below(64) * 4;
	case 12:
		return one_in(2) ? MTA + below(128) * 4 :
		       RAL_ALIAS + below(32) * 4;
	}
	return some[below(ARRAY_SIZE(some))];
}

static uint32_t vf_register(void)
{
	static const uint32_t some[] = {
		VFCTRL, VTEICR, VTEICS, VTEIMS, VTEIMC, VTEIAC, VTEIAM,
		VTIVAR, VTIVAR_MISC, VFMBMEM, VFMAILBOX, VFPSRTYPE, VTEITR,
	};

	if (one_in(3))
		return below(I82599_VF_BAR_SIZE / 4) * 4;
	if (one_in(2))
		return some[below(ARRAY_SIZE(some))];
	return (one_in(2) ? VFRX_QUEUE : VFTX_QUEUE) + below(8 * 16) * 4;
}

/* A configuration in which traffic flows, more or less */
static void configure(void)
{
	static const uint8_t mrqe[] = { 0, 1, 8, 10, 11, 12, 13, 4 };
	unsigned int i;

	i82599_write(hw, I82599_PF, CTRL, 0);
	i82599_set_link(hw, true);
	i82599_set_bus_master(hw, I82599_PF, true);
	for (i = 0; i < I82599_VFS; i++)
		i82599_set_bus_master(hw, i, true);
	i82599_set_numvfs(hw, below(65));
	i82599_write(hw, I82599_PF, GCR_EXT, below(4));
	i82599_write(hw, I82599_PF, MTQC, below(16));
	i82599_write(hw, I82599_PF, MRQC, mrqe[below(8)] | 0x01ff0000);
	i82599_write(hw, I82599_PF, VT_CTL, value() | below(2));
	i82599_write(hw, I82599_PF, PFDTXGSWC, below(2));
	i82599_write(hw, I82599_PF, VFRE, ~0u);
	i82599_write(hw, I82599_PF, VFRE + 4, ~0u);
	i82599_write(hw, I82599_PF, VFTE, ~0u);
	i82599_write(hw, I82599_PF, VFTE + 4, ~0u);
	i82599_write(hw, I82599_PF, FCTRL, one_in(4) ? value() : 0x700);
	i82599_write(hw, I82599_PF, MCSTCTRL, below(8));
	i82599_write(hw, I82599_PF, MAXFRS,
		     one_in(4) ? value() : 0x3fffu << 16);
	i82599_write(hw, I82599_PF, HLREG0, one_in(8) ? value() : 0x406);
	i82599_write(hw, I82599_PF, VLNCTRL,
		     0x8100 | (one_in(4) ? VLNCTRL_VFE : 0));
	i82599_write(hw, I82599_PF, GPIE, value() | GPIE_MSIX_MODE);
	i82599_write(hw, I82599_PF, EIMS, ~0u);
	i82599_write(hw, I82599_PF, EIMS_EX, ~0u);
	i82599_write(hw, I82599_PF, EIMS_EX + 4, ~0u);
	i82599_write(hw, I82599_PF, RXCTRL, 1);
	i82599_write(hw, I82599_PF, SECRXCTRL, 0);
	i82599_write(hw, I82599_PF, DMATXCTL, 0x81000001);
	for (i = 0; i < 8; i++) {
		uint32_t r = below(128);

		i82599_write(hw, I82599_PF, RAL(r), below(2) * 2);
		i82599_write(hw, I82599_PF, RAH(r), RAH_AV | below(4) << 8);
		i82599_write(hw, I82599_PF, MPSAR(r), rnd());
		i82599_write(hw, I82599_PF, MPSAR(r) + 4, rnd());
		i82599_write(hw, I82599_PF, VMOLR + below(64) * 4, rnd());
	}
}

static uint32_t ring_length(void)
{
	return one_in(200) ? below(0xfff80) : below(33) * 128;
}

static void queue_up(unsigned int q, bool tx)
{
	uint32_t base = tx ? TX_QUEUE(q) : RX_QUEUE(q);
	uint64_t addr = address();

	i82599_write(hw, I82599_PF, base + 0x28, 0);
	/* Rings mostly where memory is */
	if (!one_in(8))
		addr = MEM_BASE + below(MEM_SIZE / 4);
	i82599_write(hw, I82599_PF, base, addr);
	i82599_write(hw, I82599_PF, base + 4, addr >> 32);
	i82599_write(hw, I82599_PF, base + 8, ring_length());
	i82599_write(hw, I82599_PF, base + 0x10, below(4));
	i82599_write(hw, I82599_PF, base + 0x18, below(4));
	if (!tx)
		i82599_write(hw, I82599_PF, base + 0x14,
			     one_in(4) ? value() : 1 + below(4));
	i82599_write(hw, I82599_PF, base + 0x28,
		     RXDCTL_ENABLE | (one_in(2) ? RXDCTL_VME : 0));
}

static uint8_t frame[FRAME_MAX + 256];

static size_t random_frame(uint8_t *f)
{
	static const uint8_t protos[] = { 6, 17, 132, 0, 43, 44, 60, 47 };
	size_t len = below(one_in(10) ? FRAME_MAX + 200 : 200), i, off = 12;

	for (i = 0; i < len && i < 300; i++)
		f[i] = one_in(3) ? rnd() : 0;
	for (; i < len; i++)
		f[i] = i;
	if (len < 60)
		return len;
	f[0] = below(4);
	f[4] = below(4);
	if (one_in(4))
		memset(f, 0xff, 6);
	if (one_in(4)) {
		put_be16(f + off, 0x8100);
		off += 4;
	}
	if (one_in(2)) {
		put_be16(f + off, 0x0800);
		f[off + 2] = 0x40 | (4 + below(12));
		put_be16(f + off + 4, below(len));
		f[off + 11] = protos[below(8)];
	} else if (one_in(2)) {
		put_be16(f + off, 0x86dd);
		f[off + 2] = 0x60;
		put_be16(f + off + 6, below(len));
		f[off + 8] = protos[below(8)];
		if (len > 80)
			f[off + 42] = protos[below(8)];
	}
	return len;
}

/* Descriptors where the ring is, of what kind it may be */
static void descriptors(unsigned int q, bool tx)
{
	uint32_t base = tx ? TX_QUEUE(q) : RX_QUEUE(q);
	uint64_t ring = REG(hw, base) | (uint64_t)REG(hw, base + 4) << 32;
	unsigned int count = REG(hw, base + 8) / 16, i, n = below(30);
	unsigned int at = tx ? REG(hw, TDT(q)) : REG(hw, RDH(q));

	for (i = 0; i < n && count; i++, at++) {
		uint64_t addr = ring + at % count * 16, buf = address();

		/* And data mostly elsewhere */
		if (!one_in(8))
			buf = MEM_BASE + MEM_SIZE / 4 * 3 +
			      below(MEM_SIZE / 8);
		uint8_t d[16];

		put_le32(d, buf);
		put_le32(d + 4, buf >> 32);
		put_le32(d + 8, rnd());
		put_le32(d + 12, value());
		if (tx && one_in(4)) {
			put_le32(d, (14 << 9 | 20 << below(2)) +
				 (one_in(8) ? rnd() : 0));
			put_le32(d + 8, TXD_DEXT | TXD_CTXT |
				 below(32) << 9);
			put_le32(d + 12, below(2) << 4 | 20 << 8 |
				 below(1 << below(12)) << 16);
		} else if (tx && !one_in(20)) {
			put_le32(d + 8, TXD_DEXT | TXD_DATA |
				 (one_in(2) ? TXD_EOP : 0) |
				 (one_in(2) ? TXD_RS : 0) |
				 (one_in(4) ? TXD_VLE : 0) |
				 (one_in(4) ? TXD_TSE : 0) |
				 below(1 << below(17)));
		}
		if (addr >= MEM_BASE && addr <= MEM_BASE + MEM_SIZE - 16)
			memcpy(mem + (addr - MEM_BASE), d, 16);
		if (tx && buf >= MEM_BASE &&
		    buf <= MEM_BASE + MEM_SIZE - sizeof(frame))
			random_frame(mem + (buf - MEM_BASE));
	}
	if (tx)
		i82599_write(hw, I82599_PF, TDT(q),
			     one_in(20) || !count ? rnd() : at % count);
	else
		i82599_write(hw, I82599_PF, RDT(q),
			     one_in(20) || !count ? rnd() :
			     (REG(hw, RDH(q)) + count - 1) % count);
}

static void run_timer(void)
{
	int n = 0;

	if (one_in(2)) {
		full = false;
		i82599_wire_ready(hw);
	}
	now_ns += below(1000000);
	while (armed <= now_ns && n++ < 100) {
		armed = UINT64_MAX;
		i82599_timer(hw);
	}
}

static void operation(void)
{
	uint8_t copy[FRAME_MAX + 256];
	unsigned int q = below(one_in(4) ? 128 : 16);
	uint32_t reg;
	size_t len;
	int fn;

	switch (below(32)) {
	case 0 ... 4:
		reg = pf_register();
		if (reg != CTRL || one_in(8))
			i82599_write(hw, I82599_PF, reg, value());
		break;
	case 5 ... 6:
		i82599_read(hw, I82599_PF, pf_register());
		break;
	case 7 ... 10:
		i82599_write(hw, below(64), vf_register(), value());
		break;
	case 11 ... 12:
		i82599_read(hw, below(64), vf_register());
		break;
	case 13:
		queue_up(q, one_in(2));
		break;
	case 14 ... 17:
		descriptors(q, true);
		break;
	case 18 ... 19:
		descriptors(q, false);
		break;
	case 20 ... 25:
		len = random_frame(frame);
		/* On the stack, to see reads behind its end */
		memcpy(copy, frame, len);
		i82599_receive(hw, copy, len);
		break;
	case 26 ... 27:
		run_timer();
		break;
	case 28:
		configure();
		break;
	case 29:
		if (one_in(20))
			i82599_flr(hw, (int)below(66) - 1);
		else if (one_in(200))
			i82599_reset(hw);
		break;
	case 30:
		if (one_in(10))
			i82599_set_numvfs(hw, below(70));
		else if (one_in(4))
			i82599_set_link(hw, !one_in(4));
		else
			i82599_set_bus_master(hw, (int)below(66) - 1,
					      !one_in(4));
		break;
	case 31:
		/* What no caller should do */
		fn = (int)below(200) - 100;
		i82599_write(hw, fn, rnd(), value());
		i82599_read(hw, fn, rnd());
		break;
	}
}

int main(int argc, char **argv)
{
	static const uint8_t mac[6] = { 2, 0x82, 0x59, 0x99, 0, 1 };
	unsigned long i, count;
	unsigned long most = 0, largest = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: %s SEED COUNT\n", argv[0]);
		return 2;
	}
	state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15ULL + 1;
	count = strtoul(argv[2], NULL, 0);

	hw = i82599_new(&ops, NULL, mac);
	if (!hw)
		return 1;
	configure();
	for (i = 0; i < count; i++) {
		dmas = bytes = frames = 0;
		full = hw->wire_full;
		operation();
		if (full && frames) {
			fprintf(stderr, "frames for a wire that is full\n");
			abort();
		}
		if (bytes > largest)
			largest = bytes;
		if (dmas > most)
			most = dmas;
	}
	i82599_free(hw);
	printf("%lu operations, at most %lu accesses to memory and %lu bytes in one\n",
	       count, most, largest);
	return 0;
}

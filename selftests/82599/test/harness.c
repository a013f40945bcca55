// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>

#include "harness.h"

struct machine m;
const uint8_t pf_mac[6] = { 0x02, 0x82, 0x59, 0x99, 0x00, 0x01 };
const uint8_t peer[6] = { 2, 9, 9, 9, 9, 9 };
const uint8_t bcast[6] = { 255, 255, 255, 255, 255, 255 };

const struct flow tcp4 = {
	.proto = 6, .src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 },
	.sport = 1000, .dport = 80,
}, udp4 = {
	.proto = 17, .src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 },
	.sport = 1000, .dport = 53,
}, tcp6 = {
	.v6 = true, .proto = 6, .src = { 0xfe, 0x80, [15] = 1 },
	.dst = { 0xfe, 0x80, [15] = 2 }, .sport = 1000, .dport = 80,
}, udp6 = {
	.v6 = true, .proto = 17, .src = { 0xfe, 0x80, [15] = 1 },
	.dst = { 0xfe, 0x80, [15] = 2 }, .sport = 1000, .dport = 53,
};

static jmp_buf failed;

void fail(const char *file, int line, const char *what)
{
	printf("\n  %s:%d: %s\n", file, line, what);
	longjmp(failed, 1);
}

void fail_eq(const char *file, int line, const char *what,
	     unsigned long long a, unsigned long long b)
{
	printf("\n  %s:%d: %s: %#llx, %#llx\n", file, line, what, a, b);
	longjmp(failed, 1);
}

static bool in_memory(uint64_t addr, size_t len)
{
	if (addr < MEM_BASE || addr - MEM_BASE > MEM_SIZE ||
	    len > MEM_SIZE - (addr - MEM_BASE))
		return false;
	return addr + len <= HOLE || addr >= HOLE + HOLE_SIZE;
}

static bool dma_read(void *opaque, int fn, uint64_t addr, void *to, size_t len)
{
	(void)opaque;
	(void)fn;
	m.dmas++;
	if (!in_memory(addr, len))
		return false;
	memcpy(to, m.mem + (addr - MEM_BASE), len);
	return true;
}

static bool dma_write(void *opaque, int fn, uint64_t addr, const void *from,
		      size_t len)
{
	(void)opaque;
	(void)fn;
	m.dmas++;
	if (!in_memory(addr, len))
		return false;
	memcpy(m.mem + (addr - MEM_BASE), from, len);
	return true;
}

static void msix(void *opaque, int fn, unsigned int vector)
{
	(void)opaque;
	CHECK(fn >= I82599_PF && fn < I82599_VFS);
	CHECK(vector < (fn < 0 ? I82599_VECTORS : I82599_VF_VECTORS));
	m.msix[fn + 1][vector]++;
}

static bool wire(void *opaque, const void *frame, size_t len)
{
	struct frame *f = &m.wire[m.sent % WIRE_FRAMES];

	(void)opaque;
	CHECK(len <= sizeof(f->data));
	f->len = len;
	memcpy(f->data, frame, len);
	m.sent++;
	return !m.room || m.sent < m.room;
}

static uint64_t now(void *opaque)
{
	(void)opaque;
	return m.now;
}

static void arm(void *opaque, uint64_t when)
{
	(void)opaque;
	m.armed = when;
}

static void log_line(void *opaque, const char *line)
{
	(void)opaque;
	m.logs++;
	snprintf(m.log, sizeof(m.log), "%s", line);
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

void machine_up(void)
{
	memset(&m, 0, sizeof(m));
	m.mem = calloc(1, MEM_SIZE);
	m.wire = calloc(WIRE_FRAMES, sizeof(*m.wire));
	m.brk = MEM_BASE;
	m.now = 1000000;
	m.armed = UINT64_MAX;
	m.hw = i82599_new(&ops, NULL, pf_mac);
}

void machine_down(void)
{
	i82599_free(m.hw);
	free(m.mem);
	free(m.wire);
}

uint64_t mem_alloc(size_t len)
{
	uint64_t addr = (m.brk + 127) & ~127ULL;

	if (addr < HOLE && addr + len > HOLE)
		addr = HOLE + HOLE_SIZE;
	m.brk = addr + len;
	CHECK(in_memory(addr, len));
	return addr;
}

uint8_t *mem_at(uint64_t addr)
{
	return m.mem + (addr - MEM_BASE);
}

void advance(uint64_t ns)
{
	uint64_t end = m.now + ns;
	int n = 0;

	while (m.armed <= end) {
		if (m.armed > m.now)
			m.now = m.armed;
		m.armed = UINT64_MAX;
		i82599_timer(m.hw);
		CHECK(++n < 10000);
	}
	m.now = end;
}

unsigned int irqs(int fn, unsigned int vector)
{
	unsigned int n = m.msix[fn + 1][vector];

	m.msix[fn + 1][vector] = 0;
	return n;
}

void rxq_up(struct rxq *q, int fn, unsigned int n, unsigned int count,
	    unsigned int kib, uint32_t rxdctl)
{
	unsigned int i;

	memset(q, 0, sizeof(*q));
	q->fn = fn;
	q->regs = fn < 0 ? RX_QUEUE(n) : VFRX_QUEUE + 0x40 * n;
	q->count = count;
	q->size = kib * 1024;
	q->ring = mem_alloc(count * 16);
	q->bufs = mem_alloc(count * q->size);
	for (i = 0; i < count; i++) {
		uint8_t *desc = mem_at(q->ring + 16 * i);

		memset(desc, 0, 16);
		put_le32(desc, q->bufs + i * q->size);
		put_le32(desc + 4, (q->bufs + i * q->size) >> 32);
	}
	i82599_write(m.hw, fn, q->regs + 0x28, 0);
	i82599_write(m.hw, fn, q->regs + 0x00, q->ring);
	i82599_write(m.hw, fn, q->regs + 0x04, q->ring >> 32);
	i82599_write(m.hw, fn, q->regs + 0x08, count * 16);
	i82599_write(m.hw, fn, q->regs + 0x10, 0);
	i82599_write(m.hw, fn, q->regs + 0x18, 0);
	i82599_write(m.hw, fn, q->regs + 0x14,
		     kib | SRRCTL_ADV_ONEBUF | SRRCTL_DROP_EN);
	i82599_write(m.hw, fn, q->regs + 0x28, rxdctl | RXDCTL_ENABLE);
	i82599_write(m.hw, fn, q->regs + 0x18, count - 1);
}

bool rxq_poll(struct rxq *q, struct rx_info *info)
{
	size_t len;

	memset(info, 0, sizeof(*info));
	for (;;) {
		uint8_t *desc = mem_at(q->ring + 16 * q->next);
		uint64_t buf = q->bufs + q->next * q->size;

		info->status = get_le32(desc + 8);
		len = get_le32(desc + 12) & 0xffff;
		if (!len)
			return false;
		CHECK(info->status & RXD_DD);
		CHECK(len <= q->size);
		memcpy(info->data + info->len, mem_at(buf), len);
		info->len += len;
		info->descs++;
		info->type = get_le32(desc);
		info->hash = get_le32(desc + 4);
		info->vlan = get_le32(desc + 12) >> 16;

		memset(desc, 0, 16);
		put_le32(desc, buf);
		put_le32(desc + 4, buf >> 32);
		i82599_write(m.hw, q->fn, q->regs + 0x18, q->next);
		q->next = (q->next + 1) % q->count;
		if (info->status & RXD_EOP)
			return true;
	}
}

void txq_up(struct txq *q, int fn, unsigned int n, unsigned int count)
{
	memset(q, 0, sizeof(*q));
	q->fn = fn;
	q->regs = fn < 0 ? TX_QUEUE(n) : VFTX_QUEUE + 0x40 * n;
	q->count = count;
	q->ring = mem_alloc(count * 16);
	i82599_write(m.hw, fn, q->regs + 0x28, 0);
	i82599_write(m.hw, fn, q->regs + 0x00, q->ring);
	i82599_write(m.hw, fn, q->regs + 0x04, q->ring >> 32);
	i82599_write(m.hw, fn, q->regs + 0x08, count * 16);
	i82599_write(m.hw, fn, q->regs + 0x10, 0);
	i82599_write(m.hw, fn, q->regs + 0x18, 0);
	i82599_write(m.hw, fn, q->regs + 0x28, TXDCTL_ENABLE);
}

unsigned int txq_put(struct txq *q, uint64_t addr, uint32_t cmd,
		     uint32_t olinfo)
{
	unsigned int i = q->next;
	uint8_t *desc = mem_at(q->ring + 16 * i);

	put_le32(desc, addr);
	put_le32(desc + 4, addr >> 32);
	put_le32(desc + 8, cmd);
	put_le32(desc + 12, olinfo);
	q->next = (i + 1) % q->count;
	return i;
}

unsigned int txq_ctx(struct txq *q, unsigned int idx, uint32_t lens,
		     uint32_t type, uint32_t mss_l4len)
{
	return txq_put(q, lens, TXD_DEXT | TXD_CTXT | type,
		       mss_l4len | idx << 4);
}

void txq_bell(struct txq *q)
{
	i82599_write(m.hw, q->fn, q->regs + 0x18, q->next);
}

uint32_t txq_status(struct txq *q, unsigned int i)
{
	return get_le32(mem_at(q->ring + 16 * i) + 12);
}

void txq_send(struct txq *q, const void *frame, size_t len)
{
	uint64_t buf = mem_alloc(len);

	memcpy(mem_at(buf), frame, len);
	txq_put(q, buf, TX_CMD | TX_LAST | len, (uint32_t)len << 14);
	txq_bell(q);
}

void txq_send_vlan(struct txq *q, const void *frame, size_t len, uint16_t tci)
{
	uint64_t buf = mem_alloc(len);

	memcpy(mem_at(buf), frame, len);
	txq_ctx(q, 0, ETH_HLEN << 9 | (uint32_t)tci << 16, 0, 0);
	txq_put(q, buf, TX_CMD | TX_LAST | TXD_VLE | len,
		(uint32_t)len << 14 | 0x80);
	txq_bell(q);
}

void set_rar(unsigned int i, const uint8_t *mac, uint64_t pools)
{
	wr(MPSAR(i), pools);
	wr(MPSAR(i) + 4, pools >> 32);
	wr(RAL(i), get_le32(mac));
	wr(RAH(i), mac[4] | mac[5] << 8 | RAH_AV);
}

void set_vlan(unsigned int i, uint16_t vid, uint64_t pools)
{
	wr(VLVFB + 8 * i, pools);
	wr(VLVFB + 8 * i + 4, pools >> 32);
	wr(VLVF + 4 * i, VLVF_VI_EN | vid);
	wr(VFTA + vid / 32 * 4, rd(VFTA + vid / 32 * 4) | 1u << vid % 32);
}

/* Vector n for queue n, as far as there are; 63 for the rest */
void pf_up(void)
{
	unsigned int i;

	i82599_set_bus_master(m.hw, I82599_PF, true);
	i82599_set_link(m.hw, true);
	wr(GPIE, GPIE_MSIX_MODE | GPIE_OCD | GPIE_EIAME);
	wr(EIAM_EX, ~0u);
	wr(EIAM_EX + 4, ~0u);
	wr(EIAC, EICR_QUEUES);
	for (i = 0; i < 60; i++)
		wr(IVAR(i), rd(IVAR(i)) | (0x8080u | i | i << 8) <<
		   16 * (i & 1));
	wr(IVAR_MISC, (IVAR_VALID | 63) << 8);
	wr(HLREG0, rd(HLREG0) | HLREG0_JUMBOEN);
	wr(FCTRL, FCTRL_BAM);
	wr(RXCSUM, RXCSUM_PCSD);
	wr(DMATXCTL, rd(DMATXCTL) | DMATXCTL_TE);
	wr(RXCTRL, RXCTRL_RXEN);
	rd(EICR);
	wr(EIMS, EICR_LSC | EICR_MAILBOX);
	wr(EIMS_EX, ~0u);
	wr(EIMS_EX + 4, ~0u);
}

/* @mode: 32 or 64 pools. The physical function's is behind the virtual. */
void sriov_up(unsigned int vfs, unsigned int mode)
{
	unsigned int i;

	wr(VT_CTL, VT_CTL_VT_ENA | vfs << 7 | VT_CTL_RPL_EN);
	wr(VMOLR + 4 * vfs, VMOLR_AUPE | VMOLR_BAM);
	wr(VFRE + vfs / 32 * 4, ~0u << vfs % 32);
	wr(VFTE + vfs / 32 * 4, ~0u << vfs % 32);
	wr(PFDTXGSWC, PFDTXGSWC_LBEN);
	wr(GCR_EXT, mode == 32 ? 2 : 3);
	wr(MTQC, MTQC_VT_ENA | (mode == 32 ? 8 : 4));
	wr(MRQC, (mode == 32 ? MRQC_VMDQ32_RSS : MRQC_VMDQ64_RSS) |
	   MRQC_IPV4 | MRQC_TCP_IPV4 | MRQC_IPV6 | MRQC_TCP_IPV6);
	wr(VLNCTRL, 0x8100 | VLNCTRL_VFE);
	set_rar(0, pf_mac, BIT64(vfs));
	set_vlan(0, 0, BIT64(vfs));
	i82599_set_numvfs(m.hw, vfs);
	wr(CTRL_EXT, CTRL_EXT_PFRSTD);
	for (i = 0; i < vfs; i++)
		vrd(i, VFMAILBOX);
}

/* The function with address 02:00:00:00:00:<vf>, in VLAN 0, checked; queue n
 * has vector n, the mailbox vector 2.
 */
void vf_up(int vf)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 0, vf };
	uint64_t pools;

	i82599_set_bus_master(m.hw, vf, true);
	vwr(vf, VFCTRL, CTRL_RST);
	wr(VFLREC + vf / 32 * 4, 1u << vf % 32);
	wr(EICR, EICR_MAILBOX);

	set_rar(1 + vf, mac, BIT64(vf));
	wr(VMOLR + 4 * vf, VMOLR_AUPE | VMOLR_BAM | VMOLR_ROMPE);
	pools = rd(VLVFB) | (uint64_t)rd(VLVFB + 4) << 32;
	set_vlan(0, 0, pools | BIT64(vf));
	wr(PFVFSPOOF + vf / 8 * 4,
	   rd(PFVFSPOOF + vf / 8 * 4) | 0x101u << vf % 8);
	wr(VMECM + vf / 32 * 4, rd(VMECM + vf / 32 * 4) | 1u << vf % 32);
	wr(VFRE + vf / 32 * 4, rd(VFRE + vf / 32 * 4) | 1u << vf % 32);
	wr(VFTE + vf / 32 * 4, rd(VFTE + vf / 32 * 4) | 1u << vf % 32);

	vwr(vf, VTIVAR, 0x81818080);
	vwr(vf, VTIVAR_MISC, 0x82);
	vwr(vf, VTEIAM, 7);
	vwr(vf, VTEIAC, 7);
	vwr(vf, VTEIMS, 7);
}

size_t make_frame(uint8_t *f, const uint8_t *dst, const uint8_t *src,
		  size_t len)
{
	size_t i;

	memcpy(f, dst, 6);
	memcpy(f + 6, src, 6);
	put_be16(f + 12, 0x88b5);
	for (i = ETH_HLEN; i < len; i++)
		f[i] = i * 7 + (i >> 8);
	return len;
}

size_t add_tag(uint8_t *f, size_t len, uint16_t tci)
{
	memmove(f + 16, f + 12, len - 12);
	put_be16(f + 12, 0x8100);
	put_be16(f + 14, tci);
	return len + VLAN_HLEN;
}

uint16_t cksum(const void *p, size_t len, uint32_t start)
{
	const uint8_t *b = p;
	uint64_t sum = start;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? b[i] : (uint64_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

uint32_t pseudo(const uint8_t *ip, bool v6, uint8_t proto, size_t len)
{
	uint32_t sum = proto + len;
	unsigned int i;

	for (i = 0; i < (v6 ? 32 : 8); i += 2)
		sum += get_be16(ip + (v6 ? 8 : 12) + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

size_t make_ip(uint8_t *f, const struct flow *flow, size_t payload)
{
	size_t hlen = flow->proto == 6 ? 20 : flow->proto == 17 ? 8 : 0;
	uint8_t *ip = f + ETH_HLEN, *l4 = ip + (flow->v6 ? 40 : 20);
	size_t i;

	put_be16(f + 12, flow->v6 ? 0x86dd : 0x0800);
	if (flow->v6) {
		memset(ip, 0, 40);
		ip[0] = 0x60;
		put_be16(ip + 4, hlen + payload);
		ip[6] = flow->proto;
		ip[7] = 64;
		memcpy(ip + 8, flow->src, 16);
		memcpy(ip + 24, flow->dst, 16);
	} else {
		memset(ip, 0, 20);
		ip[0] = 0x45;
		put_be16(ip + 2, 20 + hlen + payload);
		put_be16(ip + 4, 0x1234);
		ip[8] = 64;
		ip[9] = flow->proto;
		memcpy(ip + 12, flow->src, 4);
		memcpy(ip + 16, flow->dst, 4);
		put_be16(ip + 10, cksum(ip, 20, 0));
	}
	memset(l4, 0, hlen);
	if (hlen) {
		put_be16(l4, flow->sport);
		put_be16(l4 + 2, flow->dport);
	}
	for (i = 0; i < payload; i++)
		l4[hlen + i] = i * 13 + (i >> 8);
	if (flow->proto == 6) {
		put_be32(l4 + 4, 0x01020304);
		put_be16(l4 + 12, 0x5010);
		put_be16(l4 + 16, cksum(l4, hlen + payload,
					pseudo(ip, flow->v6, 6,
					       hlen + payload)));
	} else if (flow->proto == 17) {
		put_be16(l4 + 4, hlen + payload);
		put_be16(l4 + 6, cksum(l4, hlen + payload,
				       pseudo(ip, flow->v6, 17,
					      hlen + payload)));
	}
	return l4 + hlen + payload - f;
}

void receive(const void *frame, size_t len)
{
	i82599_receive(m.hw, frame, len);
}

/* Of a frame without options or extension headers, with IP at @l3 */
bool l3l4_good(const uint8_t *f, size_t len, size_t l3)
{
	const uint8_t *ip = f + l3, *l4;
	bool v6 = ip[0] >> 4 == 6;
	size_t l4_len;

	if (v6) {
		l4 = ip + 40;
		l4_len = get_be16(ip + 4);
	} else {
		l4 = ip + 20;
		l4_len = get_be16(ip + 2) - 20;
		if (cksum(ip, 20, 0))
			return false;
	}
	if (l4 + l4_len > f + len)
		return false;
	return !cksum(l4, l4_len, pseudo(ip, v6, v6 ? ip[6] : ip[9], l4_len));
}

static bool run_one(const struct test *t)
{
	bool good;

	machine_up();
	good = !setjmp(failed);
	if (good)
		t->run();
	machine_down();
	return good;
}

static unsigned int run(const struct test *t, const char *only,
			unsigned int *passed)
{
	unsigned int bad = 0;

	for (; t->name; t++) {
		if (only && strcmp(only, t->name))
			continue;
		printf("%-40s", t->name);
		fflush(stdout);
		if (run_one(t)) {
			++*passed;
			printf("ok\n");
		} else {
			bad++;
			printf("%-40sFAILED\n", t->name);
		}
	}
	return bad;
}

int main(int argc, char **argv)
{
	static const struct test *const all[] = {
		reset_tests, irq_tests, mbx_tests, rx_tests, tx_tests,
		switch_tests, rss_tests, stats_tests,
	};
	unsigned int passed = 0, bad = 0, i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		bad += run(all[i], argc > 1 ? argv[1] : NULL, &passed);
	printf("%u passed, %u failed\n", passed, bad);
	return bad || !passed;
}

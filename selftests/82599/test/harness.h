/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine around the model: memory, a wire, vectors, time, and as much of a
 * driver as the tests need.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/i82599.h"
#include "../core/i82599_priv.h"

#define MEM_BASE	0x100000000ULL	/* above 4 GiB, to see upper halves */
#define MEM_SIZE	(8 << 20)
#define HOLE		(MEM_BASE + (4 << 20))	/* nothing is there */
#define HOLE_SIZE	0x10000
#define WIRE_FRAMES	2048
#define US		1000ULL
#define PF		I82599_PF

struct frame {
	size_t len;
	uint8_t data[FRAME_MAX + 8];
};

struct machine {
	struct i82599 *hw;
	uint8_t *mem;
	uint64_t brk;
	struct frame *wire;
	unsigned int sent;
	unsigned int room;	/* frames until the wire is full; 0: no end */
	unsigned int msix[1 + I82599_VFS][I82599_VECTORS];
	uint64_t now;
	uint64_t armed;
	unsigned int logs;
	char log[128];
	unsigned int dmas;
};

extern struct machine m;

/* What a test says of itself */
struct test {
	const char *name;
	void (*run)(void);
};

#define T(name)		{ #name, name }

void fail(const char *file, int line, const char *what);
void fail_eq(const char *file, int line, const char *what,
	     unsigned long long a, unsigned long long b);

#define CHECK(cond) do {						\
	if (!(cond))							\
		fail(__FILE__, __LINE__, #cond);			\
} while (0)

#define CHECK_EQ(a, b) do {						\
	unsigned long long a_ = (a), b_ = (b);				\
	if (a_ != b_)							\
		fail_eq(__FILE__, __LINE__, #a " == " #b, a_, b_);	\
} while (0)

extern const struct test reset_tests[], irq_tests[], mbx_tests[], rx_tests[],
			 tx_tests[], switch_tests[], rss_tests[],
			 stats_tests[];

extern const uint8_t pf_mac[6], peer[6], bcast[6];

void machine_up(void);
void machine_down(void);
uint64_t mem_alloc(size_t len);
uint8_t *mem_at(uint64_t addr);
void advance(uint64_t ns);
unsigned int irqs(int fn, unsigned int vector);	/* since last asked */

static inline uint32_t rd(uint32_t addr)
{
	return i82599_read(m.hw, I82599_PF, addr);
}

static inline void wr(uint32_t addr, uint32_t value)
{
	i82599_write(m.hw, I82599_PF, addr, value);
}

static inline uint32_t vrd(int vf, uint32_t addr)
{
	return i82599_read(m.hw, vf, addr);
}

static inline void vwr(int vf, uint32_t addr, uint32_t value)
{
	i82599_write(m.hw, vf, addr, value);
}

/* Rings. @n is the queue of the function. */
struct rxq {
	int fn;
	uint32_t regs;
	unsigned int count;
	unsigned int size;
	uint64_t ring;
	uint64_t bufs;
	unsigned int next;
};

struct rx_info {
	uint32_t type;		/* first word */
	uint32_t hash;
	uint32_t status;
	uint16_t vlan;
	unsigned int descs;
	size_t len;
	uint8_t data[FRAME_MAX + 8];
};

void rxq_up(struct rxq *q, int fn, unsigned int n, unsigned int count,
	    unsigned int kib, uint32_t rxdctl);
bool rxq_poll(struct rxq *q, struct rx_info *info);

struct txq {
	int fn;
	uint32_t regs;
	unsigned int count;
	uint64_t ring;
	unsigned int next;
};

void txq_up(struct txq *q, int fn, unsigned int n, unsigned int count);
unsigned int txq_put(struct txq *q, uint64_t addr, uint32_t cmd,
		     uint32_t olinfo);
unsigned int txq_ctx(struct txq *q, unsigned int idx, uint32_t lens,
		     uint32_t type, uint32_t mss_l4len);
void txq_bell(struct txq *q);
uint32_t txq_status(struct txq *q, unsigned int i);
/* Without offloads, of one descriptor */
void txq_send(struct txq *q, const void *frame, size_t len);
void txq_send_vlan(struct txq *q, const void *frame, size_t len, uint16_t tci);

#define TX_CMD		(TXD_DEXT | TXD_DATA)
#define TX_LAST		(TXD_EOP | TXD_RS)

/* The port and function set up as ixgbe does, one queue or pools */
void pf_up(void);
void sriov_up(unsigned int vfs, unsigned int mode);
void vf_up(int vf);
void set_rar(unsigned int i, const uint8_t *mac, uint64_t pools);
void set_vlan(unsigned int i, uint16_t vid, uint64_t pools);

/* Frames */
size_t make_frame(uint8_t *f, const uint8_t *dst, const uint8_t *src,
		  size_t len);
size_t add_tag(uint8_t *f, size_t len, uint16_t tci);
struct flow {
	bool v6;
	uint8_t proto;
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
};
extern const struct flow tcp4, udp4, tcp6, udp6;
/* With checksums that are right */
size_t make_ip(uint8_t *f, const struct flow *flow, size_t payload);
void receive(const void *frame, size_t len);

/* Independent of the model */
uint16_t cksum(const void *p, size_t len, uint32_t start);
uint32_t pseudo(const uint8_t *ip, bool v6, uint8_t proto, size_t len);
bool l3l4_good(const uint8_t *f, size_t len, size_t l3);

#endif

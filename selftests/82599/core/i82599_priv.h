/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the model share. */
#ifndef I82599_PRIV_H
#define I82599_PRIV_H

#include <string.h>

#include "i82599.h"
#include "i82599_regs.h"

#define FRAME_MAX		15872	/* 15.5 KiB, without FCS */
#define FRAME_MIN		60
#define FCS_LEN			4
#define ETH_HLEN		14
#define VLAN_HLEN		4
#define TSO_MAX			(256 << 10)
#define EEPROM_WORDS		256

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT64(n)		(UINT64_C(1) << (n))

/* How deep a reset goes: what a register keeps it says in struct i82599_reg. */
enum i82599_depth {
	RESET_SW,		/* CTRL.RST */
	RESET_LINK,		/* CTRL.LRST, FLR of the physical function */
	RESET_POWER,
};

/* Registers of one kind: @count of them, @step bytes apart. The value is in
 * i82599.regs; without a function, a write changes what @writable says.
 */
struct i82599_reg {
	uint32_t addr;
	uint16_t count;
	uint16_t step;
	uint32_t writable;
	uint32_t reset;
	uint32_t (*read)(struct i82599 *hw, uint32_t addr);
	void (*write)(struct i82599 *hw, uint32_t addr, uint32_t value);
	uint8_t keep;		/* shallower resets leave it alone */
};

struct i82599_vector {
	uint32_t eitr;
	uint64_t ready;		/* when it may be sent again */
};

/* Interrupts of a function. A bit is a vector. */
struct i82599_irq {
	uint64_t cause;
	uint64_t mask;		/* set: enabled */
	uint64_t clear;		/* cleared when sent */
	uint64_t automask;	/* masked when sent */
	uint64_t pend;		/* waits for its moderation */
	struct i82599_vector v[I82599_VECTORS];
};

struct i82599_vf {
	uint32_t mailbox;	/* as the function sees it */
	uint32_t ivar[4];
	uint32_t ivar_misc;
	uint32_t rscint[8];
};

struct i82599_txq {
	uint32_t ctx[2][4];	/* context descriptors */
	bool skip;		/* up to the end of a packet that is refused */
};

/* What is reported only once. */
enum i82599_once {
	ONCE_NO_MSIX,
	ONCE_LEGACY_TXD,
	ONCE_DESCTYPE,
	ONCE_DCB,
	ONCE_FDIR,
	ONCE_VT_MODE,
};

struct i82599 {
	const struct i82599_ops *ops;
	void *opaque;

	uint32_t regs[I82599_PF_BAR_SIZE / 4];
	uint16_t map[I82599_PF_BAR_SIZE / 4];	/* to entry[], 0: unknown */
	const struct i82599_reg *entry[256];
	unsigned int entries;
	uint8_t logged[I82599_PF_BAR_SIZE / 32];
	uint8_t vf_logged[I82599_VF_BAR_SIZE / 32];
	uint32_t once;

	uint16_t eeprom[EEPROM_WORDS];
	bool link;
	unsigned int numvfs;
	uint64_t vf_bus_master;
	bool pf_bus_master;

	struct i82599_irq irq[1 + I82599_VFS];
	uint32_t misc;		/* causes of EICR above the vectors */
	uint32_t misc_mask;
	uint32_t misc_clear;
	uint32_t misc_automask;
	uint64_t armed;

	struct i82599_vf vf[I82599_VFS];
	struct i82599_txq txq[I82599_QUEUES];
	uint8_t qde[I82599_QUEUES];
	uint32_t rate[I82599_QUEUES];
	uint32_t dt1c[I82599_QUEUES];

	bool wire_full;		/* outlives resets */
	unsigned int tx_work;
	unsigned int tx_next;	/* queue to begin with */
	uint64_t tx_pending[2];

	/* Frames on their way out, with room for a VLAN tag in front. */
	uint8_t tx_data[VLAN_HLEN + TSO_MAX];
	uint8_t tx_segment[VLAN_HLEN + FRAME_MAX];
};

/* A frame on its way in. */
struct i82599_pkt {
	const uint8_t *data;
	size_t len;
	int src;		/* pool that sent it, or < 0: the wire */
	bool exact;		/* an exact filter accepted it */
	bool tagged;
	uint16_t tci;
	/* What i82599_parse() found */
	uint32_t type;
	uint32_t status;	/* and errors */
	uint32_t rss_type;
	uint32_t hash;
};

static inline uint32_t *i82599_reg(struct i82599 *hw, uint32_t addr)
{
	return &hw->regs[addr / 4];
}

#define REG(hw, addr)		(*i82599_reg(hw, addr))

static inline uint16_t get_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

static inline uint32_t get_le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void put_le32(uint8_t *p, uint32_t v)
{
	p[0] = v;
	p[1] = v >> 8;
	p[2] = v >> 16;
	p[3] = v >> 24;
}

static inline uint64_t get_le64(const uint8_t *p)
{
	return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

/* A bit of an array of registers */
static inline bool i82599_bit(struct i82599 *hw, uint32_t addr, unsigned int n)
{
	return REG(hw, addr + n / 32 * 4) >> (n % 32) & 1;
}

static inline uint64_t i82599_pair(struct i82599 *hw, uint32_t addr)
{
	return REG(hw, addr) | (uint64_t)REG(hw, addr + 4) << 32;
}

/* What is read or written costs, a descriptor as much as 1 KiB of data. */
static inline void i82599_work(struct i82599 *hw, unsigned int n, size_t len)
{
	hw->tx_work += n * (1 + len / 1024);
}

static inline bool is_multicast(const uint8_t *mac)
{
	return mac[0] & 1;
}

static inline bool is_broadcast(const uint8_t *mac)
{
	return !memcmp(mac, "\xff\xff\xff\xff\xff\xff", 6);
}

/* i82599.c */
void i82599_log(struct i82599 *hw, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void i82599_log_once(struct i82599 *hw, enum i82599_once what,
		     const char *line);
bool i82599_dma_read(struct i82599 *hw, int fn, uint64_t addr, void *to,
		     size_t len);
bool i82599_dma_write(struct i82599 *hw, int fn, uint64_t addr,
		      const void *from, size_t len);
uint32_t i82599_pf_read(struct i82599 *hw, uint32_t addr);
void i82599_pf_write(struct i82599 *hw, uint32_t addr, uint32_t value);
uint32_t i82599_read_clear(struct i82599 *hw, uint32_t addr);
unsigned int i82599_vt_queues(struct i82599 *hw);
int i82599_queue_fn(struct i82599 *hw, unsigned int queue);
void i82599_arm(struct i82599 *hw, uint64_t when);

/* i82599_vf.c */
uint32_t i82599_vf_read(struct i82599 *hw, int vf, uint32_t addr);
void i82599_vf_write(struct i82599 *hw, int vf, uint32_t addr, uint32_t value);
void i82599_vf_reset(struct i82599 *hw, int vf);

/* i82599_nvm.c */
extern const struct i82599_reg i82599_nvm_regs[];
void i82599_nvm_init(struct i82599 *hw, const uint8_t mac[6]);
void i82599_nvm_load(struct i82599 *hw);
bool i82599_link_up(struct i82599 *hw);

/* i82599_irq.c */
extern const struct i82599_reg i82599_irq_regs[];
void i82599_irq_queue(struct i82599 *hw, unsigned int queue, bool tx);
void i82599_irq_misc(struct i82599 *hw, uint32_t causes);
void i82599_irq_mailbox(struct i82599 *hw, int vf);
void i82599_irq_timer(struct i82599 *hw);
uint32_t i82599_irq_vf_read(struct i82599 *hw, int vf, uint32_t addr);
void i82599_irq_vf_write(struct i82599 *hw, int vf, uint32_t addr,
			 uint32_t value);

/* i82599_mbx.c */
extern const struct i82599_reg i82599_mbx_regs[];
uint32_t i82599_mbx_vf_read(struct i82599 *hw, int vf);
void i82599_mbx_vf_write(struct i82599 *hw, int vf, uint32_t value);
void i82599_mbx_vf_reset(struct i82599 *hw, int vf);
void i82599_mbx_pf_reset(struct i82599 *hw);
void i82599_mbx_pf_ready(struct i82599 *hw);

/* i82599_rx.c */
extern const struct i82599_reg i82599_rx_regs[];
void i82599_rx_mac(struct i82599 *hw, const uint8_t *frame, size_t len);
void i82599_rx_loopback(struct i82599 *hw, struct i82599_pkt *pkt,
			uint64_t pools);

/* i82599_tx.c */
extern const struct i82599_reg i82599_tx_regs[];
void i82599_tx_kick(struct i82599 *hw, unsigned int queue);
void i82599_tx_kick_all(struct i82599 *hw);
void i82599_tx_run(struct i82599 *hw);

/* i82599_switch.c */
extern const struct i82599_reg i82599_switch_regs[];
unsigned int i82599_rx_pool_queues(struct i82599 *hw);
unsigned int i82599_tx_pool_queues(struct i82599 *hw);
bool i82599_accept(struct i82599 *hw, struct i82599_pkt *pkt);
uint64_t i82599_rx_pools(struct i82599 *hw, struct i82599_pkt *pkt);
uint64_t i82599_tx_pools(struct i82599 *hw, struct i82599_pkt *pkt,
			 bool *wire);
bool i82599_spoofed(struct i82599 *hw, const struct i82599_pkt *pkt);
void i82599_find_tag(struct i82599 *hw, struct i82599_pkt *pkt);

/* i82599_rss.c */
extern const struct i82599_reg i82599_rss_regs[];
uint32_t i82599_sum(const uint8_t *p, size_t len, uint32_t sum);
uint16_t i82599_fold(uint32_t sum);
uint32_t i82599_crc32c(const uint8_t *p, size_t len, uint32_t crc);
void i82599_parse(struct i82599 *hw, struct i82599_pkt *pkt);
unsigned int i82599_rss_queue(struct i82599 *hw, const struct i82599_pkt *pkt,
			      int pool);

/* i82599_stats.c */
extern const struct i82599_reg i82599_stats_regs[];
void i82599_count(struct i82599 *hw, uint32_t addr);
void i82599_count_mac(struct i82599 *hw, bool tx, const uint8_t *frame,
		      size_t len);
void i82599_count_rx(struct i82599 *hw, unsigned int queue, int pool,
		     const uint8_t *frame, size_t len);
void i82599_count_tx(struct i82599 *hw, unsigned int queue, int pool,
		     size_t len);
void i82599_count_total(struct i82599 *hw, size_t len);
void i82599_count_drop(struct i82599 *hw, unsigned int queue);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the Intel 82599 10 Gigabit Ethernet controller: one port, its
 * physical function and up to 64 virtual functions, as drivers see them.
 *
 * Plain C without a virtual machine: what surrounds the controller is behind
 * struct i82599_ops. Nothing here sleeps, starts threads or keeps time. The
 * caller serializes all calls; callbacks must not call the model.
 *
 * Names are those of the datasheet (Intel 331520), section numbers are its.
 */
#ifndef I82599_H
#define I82599_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define I82599_VFS		64	/* and as many pools */
#define I82599_QUEUES		128
#define I82599_VECTORS		64	/* of the physical function */
#define I82599_VF_VECTORS	3
#define I82599_PF_BAR_SIZE	(128 << 10)
#define I82599_VF_BAR_SIZE	(16 << 10)
#define I82599_PF		(-1)	/* in place of the number of a function */

/* What the controller needs of its surroundings. @fn is a virtual function, or
 * I82599_PF: it is whose requester ID, vectors and bus mastering count.
 */
struct i82599_ops {
	/* Memory of the machine. False if it cannot be accessed. */
	bool (*dma_read)(void *opaque, int fn, uint64_t addr, void *to,
			 size_t len);
	bool (*dma_write)(void *opaque, int fn, uint64_t addr,
			  const void *from, size_t len);
	/* Send the message of a vector, which may be masked in the table. */
	void (*msix)(void *opaque, int fn, unsigned int vector);
	/* A frame leaves by the wire, without FCS: at most 15876 bytes. False
	 * if it was the last one that there is room for: but for the segments
	 * of the same packet, the next comes after i82599_wire_ready().
	 */
	bool (*wire)(void *opaque, const void *frame, size_t len);
	/* Nanoseconds from any origin. */
	uint64_t (*now)(void *opaque);
	/* Call i82599_timer() at @when, once; a later call replaces it. */
	void (*arm)(void *opaque, uint64_t when);
	/* One line, for the developer of a driver. May be NULL. */
	void (*log)(void *opaque, const char *line);
};

struct i82599;

/* @mac is what the EEPROM has. NULL if there is no memory. */
struct i82599 *i82599_new(const struct i82599_ops *ops, void *opaque,
			  const uint8_t mac[6]);
void i82599_free(struct i82599 *hw);

/* Power on or a reset of the bus; and that of a function alone (FLR). */
void i82599_reset(struct i82599 *hw);
void i82599_flr(struct i82599 *hw, int fn);

/* What is the bus's and the cable's: it outlives resets. How many virtual
 * functions are enabled in the SR-IOV capability; beyond that, they read 0.
 */
void i82599_set_numvfs(struct i82599 *hw, unsigned int numvfs);
/* Bus mastering of a function, as its command register says. */
void i82599_set_bus_master(struct i82599 *hw, int fn, bool on);
void i82599_set_link(struct i82599 *hw, bool up);

/* Registers, 32 bits wide; @addr is a multiple of 4 within the BAR of @fn. */
uint32_t i82599_read(struct i82599 *hw, int fn, uint32_t addr);
void i82599_write(struct i82599 *hw, int fn, uint32_t addr, uint32_t value);

/* There is room for frames again; no reset says so. */
void i82599_wire_ready(struct i82599 *hw);

/* A frame from the wire, without FCS. What the filters refuse or finds no
 * descriptor is dropped, and counted as by the controller.
 */
void i82599_receive(struct i82599 *hw, const void *frame, size_t len);

/* The time that ops->arm() was told has come. */
void i82599_timer(struct i82599 *hw);

#endif

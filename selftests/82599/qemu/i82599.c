/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel 82599 10 Gigabit Ethernet controller: the PCI functions of one port,
 * physical and virtual, around the model in core/.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/range.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "net/net.h"
#include "system/runstate.h"
#include "core/i82599.h"

#define TYPE_I82599     "82599"
#define TYPE_I82599_VF  "82599vf"

OBJECT_DECLARE_SIMPLE_TYPE(I82599State, I82599)
OBJECT_DECLARE_SIMPLE_TYPE(I82599VFState, I82599_VF)

/* ixgbe reads the capabilities of MSI-X and PCI Express at these offsets. */
#define CAP_PM          0x40
#define CAP_MSIX        0x70
#define CAP_EXP         0xa0
#define CAP_AER         0x100
#define CAP_ARI         0x150
#define CAP_SRIOV       0x160

#define VF_DEVICE_ID    0x10ed
#define VF_OFFSET       0x80
#define VF_STRIDE       2

#define BAR_REGS        0
#define PF_BAR_MSIX     4
#define VF_BAR_MSIX     3
#define BAR_MSIX_SIZE   (16 * KiB)
#define MSIX_PBA        (8 * KiB)

/* Frames, or rounds of interrupts, before others have their turn */
#define MAX_OUTPUT      64
/* Frames that wait, before the model is told to */
#define MAX_FRAMES      64

struct I82599State {
    PCIDevice parent_obj;

    MemoryRegion regs;
    MemoryRegion msix;
    NICState *nic;
    NICConf conf;
    QEMUTimer *timer;
    QEMUBH *output;
    VMChangeStateEntry *state_change;
    struct i82599 *hw;

    /* What the model has sent until it returns; see send_output() */
    GQueue frames;
    bool full;
    uint64_t vectors[1 + I82599_VFS];
    bool vectors_set;
    bool inside;
};

/* A card sends: what others have to send then is sent later, see send_output() */
static bool sending;

struct I82599VFState {
    PCIDevice parent_obj;

    MemoryRegion regs;
    MemoryRegion msix;
};

/* NULL if that virtual function is not enabled. */
static PCIDevice *function(I82599State *s, int fn)
{
    PCIDevice *pf = PCI_DEVICE(s);

    return fn == I82599_PF ? pf : pcie_sriov_get_vf_at_index(pf, fn);
}

static void send_vectors(I82599State *s)
{
    s->vectors_set = false;
    for (int fn = I82599_PF; fn < I82599_VFS; fn++) {
        uint64_t vectors = s->vectors[fn + 1];
        PCIDevice *dev = vectors ? function(s, fn) : NULL;

        s->vectors[fn + 1] = 0;
        for (; dev && vectors; vectors &= vectors - 1) {
            if (msix_enabled(dev)) {
                msix_notify(dev, ctz64(vectors));
            }
        }
    }
}

static void model_enter(I82599State *s)
{
    assert(!s->inside);
    s->inside = true;
}

/*
 * Nothing may call the model while it runs, but a frame or an interrupt can
 * have effects that come back at once: an answer from the network, or a
 * message that a guest has pointed at the registers. So they leave when the
 * model has returned, and if there is no end to them, later. While the machine
 * is stopped, the network takes nothing.
 */
static void send_output(void *opaque)
{
    I82599State *s = opaque;
    unsigned int rounds = 0;
    GBytes *frame;

    if (!runstate_is_running()) {
        return;
    }
    sending = true;
    do {
        if (rounds++ == MAX_OUTPUT) {
            qemu_bh_schedule(s->output);
            break;
        }
        if (s->vectors_set) {
            send_vectors(s);
        }
        frame = g_queue_pop_head(&s->frames);
        if (frame) {
            gsize len;
            const uint8_t *data = g_bytes_get_data(frame, &len);

            qemu_send_packet(qemu_get_queue(s->nic), data, len);
            g_bytes_unref(frame);
        } else if (s->full) {
            s->full = false;
            model_enter(s);
            i82599_wire_ready(s->hw);
            s->inside = false;
        }
    } while (!g_queue_is_empty(&s->frames) || s->vectors_set || s->full);
    sending = false;
}

static void machine_state_changed(void *opaque, bool running, RunState state)
{
    I82599State *s = opaque;

    if (running) {
        qemu_bh_schedule(s->output);
    }
}

static void model_leave(I82599State *s)
{
    s->inside = false;
    if (sending) {
        qemu_bh_schedule(s->output);
    } else {
        send_output(s);
    }
}

/*
 * The network still uses this device, which a message aimed at the registers of
 * its slot may remove.
 */
static void model_leave_network(I82599State *s)
{
    s->inside = false;
    qemu_bh_schedule(s->output);
}

static void drop_output(I82599State *s)
{
    memset(s->vectors, 0, sizeof(s->vectors));
    s->vectors_set = false;
    s->full = false;
    g_queue_clear_full(&s->frames, (GDestroyNotify)g_bytes_unref);
}

/* Memory only: an access to registers could come back to the model. */
static bool dma(I82599State *s, int fn, uint64_t addr, void *buf, size_t len,
                DMADirection dir)
{
    const MemTxAttrs attrs = { .memory = true };
    PCIDevice *dev = function(s, fn);

    return dev && pci_dma_rw(dev, addr, buf, len, dir, attrs) == MEMTX_OK;
}

static bool op_dma_read(void *opaque, int fn, uint64_t addr, void *to,
                        size_t len)
{
    return dma(opaque, fn, addr, to, len, DMA_DIRECTION_TO_DEVICE);
}

static bool op_dma_write(void *opaque, int fn, uint64_t addr, const void *from,
                         size_t len)
{
    return dma(opaque, fn, addr, (void *)from, len, DMA_DIRECTION_FROM_DEVICE);
}

static void op_msix(void *opaque, int fn, unsigned int vector)
{
    I82599State *s = opaque;

    assert(fn >= I82599_PF && fn < I82599_VFS);
    assert(vector < (fn == I82599_PF ? I82599_VECTORS : I82599_VF_VECTORS));
    s->vectors[fn + 1] |= 1ULL << vector;
    s->vectors_set = true;
}

static bool op_wire(void *opaque, const void *frame, size_t len)
{
    I82599State *s = opaque;

    g_queue_push_tail(&s->frames, g_bytes_new(frame, len));
    s->full = s->frames.length >= MAX_FRAMES;
    return !s->full;
}

static uint64_t op_now(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void op_arm(void *opaque, uint64_t when)
{
    I82599State *s = opaque;

    timer_mod_ns(s->timer, MIN(when, INT64_MAX));
}

static void op_log(void *opaque, const char *line)
{
    qemu_log_mask(LOG_GUEST_ERROR, "%s: %s\n", TYPE_I82599, line);
}

static const struct i82599_ops model_ops = {
    .dma_read = op_dma_read,
    .dma_write = op_dma_write,
    .msix = op_msix,
    .wire = op_wire,
    .now = op_now,
    .arm = op_arm,
    .log = op_log,
};

static void model_timer(void *opaque)
{
    I82599State *s = opaque;

    model_enter(s);
    i82599_timer(s->hw);
    model_leave(s);
}

/* Registers and configuration of both kinds of functions. */

static I82599State *port(PCIDevice *dev, int *fn)
{
    if (!pci_is_vf(dev)) {
        *fn = I82599_PF;
        return I82599(dev);
    }
    *fn = pcie_sriov_vf_number(dev);
    return I82599(pcie_sriov_get_pf(dev));
}

static uint64_t regs_read(void *opaque, hwaddr addr, unsigned size)
{
    int fn;
    I82599State *s = port(opaque, &fn);
    uint32_t value;

    model_enter(s);
    value = i82599_read(s->hw, fn, addr);
    model_leave(s);
    return value;
}

static void regs_write(void *opaque, hwaddr addr, uint64_t value,
                       unsigned size)
{
    int fn;
    I82599State *s = port(opaque, &fn);

    model_enter(s);
    i82599_write(s->hw, fn, addr, value);
    model_leave(s);
}

static const MemoryRegionOps regs_ops = {
    .read = regs_read,
    .write = regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {
        .min_access_size = 4,
        .max_access_size = 4,
    },
    .impl = {
        .min_access_size = 4,
        .max_access_size = 4,
    },
};

static void config_write(PCIDevice *dev, uint32_t addr, uint32_t value,
                         int len)
{
    int fn;
    I82599State *s = port(dev, &fn);

    pci_default_write_config(dev, addr, value, len);
    pcie_cap_flr_write_config(dev, addr, value, len);

    model_enter(s);
    if (range_covers_byte(addr, len, PCI_COMMAND)) {
        i82599_set_bus_master(s->hw, fn,
                              dev->config[PCI_COMMAND] & PCI_COMMAND_MASTER);
    }
    if (fn == I82599_PF &&
        range_covers_byte(addr, len, CAP_SRIOV + PCI_SRIOV_CTRL)) {
        i82599_set_numvfs(s->hw, MIN(pcie_sriov_num_vfs(dev), I82599_VFS));
    }
    model_leave(s);
}

static bool add_msix(PCIDevice *dev, MemoryRegion *bar, unsigned int index,
                     unsigned int vectors, Error **errp)
{
    memory_region_init(bar, OBJECT(dev), "82599-msix", BAR_MSIX_SIZE);
    pci_register_bar(dev, index, PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     (pci_is_vf(dev) ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0), bar);
    if (msix_init(dev, vectors, bar, index, 0, bar, index, MSIX_PBA, CAP_MSIX,
                  errp)) {
        return false;
    }
    for (unsigned int i = 0; i < vectors; i++) {
        msix_vector_use(dev, i);
    }
    return true;
}

/* PCI Express 2.0 with eight lanes. */
static bool add_express(PCIDevice *dev, Error **errp)
{
    uint8_t *exp = dev->config + CAP_EXP;

    if (pcie_endpoint_cap_init(dev, CAP_EXP) < 0) {
        error_setg(errp, "82599: no PCI Express capability");
        return false;
    }
    pci_long_test_and_clear_mask(exp + PCI_EXP_LNKCAP,
                                 PCI_EXP_LNKCAP_SLS | PCI_EXP_LNKCAP_MLW);
    pci_long_test_and_set_mask(exp + PCI_EXP_LNKCAP,
                               QEMU_PCI_EXP_LNKCAP_MLS(QEMU_PCI_EXP_LNK_5GT) |
                               QEMU_PCI_EXP_LNKCAP_MLW(QEMU_PCI_EXP_LNK_X8));
    pci_set_word(exp + PCI_EXP_LNKSTA,
                 QEMU_PCI_EXP_LNKSTA_CLS(QEMU_PCI_EXP_LNK_5GT) |
                 QEMU_PCI_EXP_LNKSTA_NLW(QEMU_PCI_EXP_LNK_X8));
    pcie_cap_flr_init(dev);

    if (pcie_aer_init(dev, PCI_ERR_VER, CAP_AER, PCI_ERR_SIZEOF, errp) < 0) {
        pcie_cap_exit(dev);
        return false;
    }
    pcie_ari_init(dev, CAP_ARI);
    return true;
}

static void remove_express(PCIDevice *dev)
{
    pcie_aer_exit(dev);
    pcie_cap_exit(dev);
}

/* The bit that asks for a reset of the function stays set while it is done. */
static bool is_flr(PCIDevice *dev)
{
    return pci_get_word(dev->config + CAP_EXP + PCI_EXP_DEVCTL) &
           PCI_EXP_DEVCTL_BCR_FLR;
}

/* Physical function */

static ssize_t nic_receive(NetClientState *nc, const uint8_t *data, size_t len)
{
    I82599State *s = qemu_get_nic_opaque(nc);

    model_enter(s);
    i82599_receive(s->hw, data, len);
    model_leave_network(s);
    return len;
}

static void nic_link_status_changed(NetClientState *nc)
{
    I82599State *s = qemu_get_nic_opaque(nc);

    model_enter(s);
    i82599_set_link(s->hw, !nc->link_down);
    model_leave_network(s);
}

static NetClientInfo nic_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .receive = nic_receive,
    .link_status_changed = nic_link_status_changed,
};

static void pf_reset_hold(Object *obj, ResetType type)
{
    I82599State *s = I82599(obj);

    drop_output(s);
    model_enter(s);
    if (is_flr(PCI_DEVICE(s))) {
        i82599_flr(s->hw, I82599_PF);
    } else {
        i82599_reset(s->hw);
    }
    i82599_set_bus_master(s->hw, I82599_PF, false);
    i82599_set_numvfs(s->hw, 0);
    i82599_set_link(s->hw, !qemu_get_queue(s->nic)->link_down);
    i82599_wire_ready(s->hw);
    model_leave(s);
}

static void pf_exit(PCIDevice *dev)
{
    I82599State *s = I82599(dev);

    qemu_del_nic(s->nic);
    pcie_sriov_pf_exit(dev);
    remove_express(dev);
    msix_unuse_all_vectors(dev);
    msix_uninit(dev, &s->msix, &s->msix);
    i82599_free(s->hw);
    drop_output(s);
    qemu_del_vm_change_state_handler(s->state_change);
    qemu_bh_delete(s->output);
    timer_free(s->timer);
}

static void pf_realize(PCIDevice *dev, Error **errp)
{
    I82599State *s = I82599(dev);
    uint8_t *pm = dev->config + CAP_PM;

    if (pci_bus_is_root(pci_get_bus(dev))) {
        error_setg(errp, "82599: needs a pcie-root-port as its bus, where its "
                   "virtual functions have room");
        return;
    }
    dev->config_write = config_write;
    g_queue_init(&s->frames);

    memory_region_init_io(&s->regs, OBJECT(s), &regs_ops, s, "82599-regs",
                          I82599_PF_BAR_SIZE);
    pci_register_bar(dev, BAR_REGS, PCI_BASE_ADDRESS_MEM_TYPE_64, &s->regs);
    if (!add_express(dev, errp)) {
        return;
    }
    if (!add_msix(dev, &s->msix, PF_BAR_MSIX, I82599_VECTORS, errp)) {
        goto no_msix;
    }
    if (pci_pm_init(dev, CAP_PM, errp) < 0) {
        goto no_model;
    }
    pci_set_word(pm + PCI_PM_PMC, PCI_PM_CAP_VER_1_1 | PCI_PM_CAP_DSI);
    pci_set_word(pm + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(dev->wmask + CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);

    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, model_timer, s);
    s->output = qemu_bh_new_guarded(send_output, s,
                                    &dev->qdev.mem_reentrancy_guard);
    s->hw = i82599_new(&model_ops, s, s->conf.macaddr.a);
    if (!s->hw) {
        error_setg(errp, "82599: out of memory");
        goto no_hw;
    }

    if (!pcie_sriov_pf_init(dev, CAP_SRIOV, TYPE_I82599_VF, VF_DEVICE_ID,
                            I82599_VFS, I82599_VFS, VF_OFFSET, VF_STRIDE,
                            errp)) {
        goto no_vfs;
    }
    pcie_sriov_pf_init_vf_bar(dev, BAR_REGS, PCI_BASE_ADDRESS_MEM_TYPE_64 |
                              PCI_BASE_ADDRESS_MEM_PREFETCH,
                              I82599_VF_BAR_SIZE);
    pcie_sriov_pf_init_vf_bar(dev, VF_BAR_MSIX, PCI_BASE_ADDRESS_MEM_TYPE_64 |
                              PCI_BASE_ADDRESS_MEM_PREFETCH, BAR_MSIX_SIZE);

    s->nic = qemu_new_nic(&nic_info, &s->conf, TYPE_I82599, dev->qdev.id,
                          &dev->qdev.mem_reentrancy_guard, s);
    qemu_format_nic_info_str(qemu_get_queue(s->nic), s->conf.macaddr.a);
    s->state_change = qemu_add_vm_change_state_handler(machine_state_changed,
                                                       s);
    return;

no_vfs:
    i82599_free(s->hw);
no_hw:
    drop_output(s);
    qemu_bh_delete(s->output);
    timer_free(s->timer);
no_model:
    msix_uninit(dev, &s->msix, &s->msix);
no_msix:
    remove_express(dev);
}

static const VMStateDescription pf_vmstate = {
    .name = TYPE_I82599,
    .unmigratable = 1,
};

static const Property pf_properties[] = {
    DEFINE_NIC_PROPERTIES(I82599State, conf),
};

static void pf_class_init(ObjectClass *class, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(class);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(class);
    ResettableClass *rc = RESETTABLE_CLASS(class);

    pc->realize = pf_realize;
    pc->exit = pf_exit;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x10f9; /* CX4: neither a PHY nor an SFP+ module */
    pc->subsystem_vendor_id = PCI_VENDOR_ID_INTEL;
    pc->revision = 1;
    pc->class_id = PCI_CLASS_NETWORK_ETHERNET;

    rc->phases.hold = pf_reset_hold;

    dc->desc = "Intel 82599 10 Gigabit Ethernet Controller";
    dc->vmsd = &pf_vmstate;
    device_class_set_props(dc, pf_properties);
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
}

/* Virtual functions */

static void vf_reset_hold(Object *obj, ResetType type)
{
    int fn;
    PCIDevice *dev = PCI_DEVICE(obj);
    I82599State *s = port(dev, &fn);

    s->vectors[fn + 1] = 0;
    model_enter(s);
    if (is_flr(dev)) {
        i82599_flr(s->hw, fn);
    }
    i82599_set_bus_master(s->hw, fn, false);
    model_leave(s);
}

static void vf_exit(PCIDevice *dev)
{
    I82599VFState *vf = I82599_VF(dev);

    remove_express(dev);
    msix_unuse_all_vectors(dev);
    msix_uninit(dev, &vf->msix, &vf->msix);
}

static void vf_realize(PCIDevice *dev, Error **errp)
{
    I82599VFState *vf = I82599_VF(dev);

    dev->config_write = config_write;

    memory_region_init_io(&vf->regs, OBJECT(vf), &regs_ops, vf, "82599vf-regs",
                          I82599_VF_BAR_SIZE);
    pci_register_bar(dev, BAR_REGS, PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     PCI_BASE_ADDRESS_MEM_PREFETCH, &vf->regs);
    if (!add_express(dev, errp)) {
        return;
    }
    if (!add_msix(dev, &vf->msix, VF_BAR_MSIX, I82599_VF_VECTORS, errp)) {
        remove_express(dev);
    }
}

static const VMStateDescription vf_vmstate = {
    .name = TYPE_I82599_VF,
    .unmigratable = 1,
};

static void vf_class_init(ObjectClass *class, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(class);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(class);
    ResettableClass *rc = RESETTABLE_CLASS(class);

    pc->realize = vf_realize;
    pc->exit = vf_exit;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = VF_DEVICE_ID;
    pc->subsystem_vendor_id = PCI_VENDOR_ID_INTEL;
    pc->revision = 1;
    pc->class_id = PCI_CLASS_NETWORK_ETHERNET;

    rc->phases.hold = vf_reset_hold;

    dc->desc = "Intel 82599 virtual function";
    dc->vmsd = &vf_vmstate;
    dc->user_creatable = false;
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
}

static const TypeInfo i82599_types[] = {
    {
        .name = TYPE_I82599,
        .parent = TYPE_PCI_DEVICE,
        .instance_size = sizeof(I82599State),
        .class_init = pf_class_init,
        .interfaces = (InterfaceInfo[]) {
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    }, {
        .name = TYPE_I82599_VF,
        .parent = TYPE_PCI_DEVICE,
        .instance_size = sizeof(I82599VFState),
        .class_init = vf_class_init,
        .interfaces = (InterfaceInfo[]) {
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(i82599_types)

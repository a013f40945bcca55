#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests what QEMU's side of the model does, which no driver of a guest would.

There is no guest: a program of its own, here, reads and writes the registers
and the memory of the machine (QEMU's qtest). Usage: shell.py QEMU
"""

import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ECAM = 0xb0000000                   # configuration space, once it is turned on
PORT_BUS, BARS = 1, 0xe0000000      # of the first root port
SLOT = 4                            # device number of the first root port

# As in core/i82599_regs.h
CTRL, CTRL_RST = 0x0, 0x04000000
GPIE, EIMS, EIAC, EIMS_EX = 0x898, 0x880, 0x810, 0xaa0
EICR, EICR_LSC = 0x800, 0x00100000
PFMAILBOX, PFMAILBOX_STS = 0x4b00, 1
VTEICS, VTEIMS, VTEIAC, VTEIAM, VTIVAR_MISC = 0x104, 0x108, 0x110, 0x114, 0x140
EITR, IVAR, IVAR_MISC = 0x820, 0x900, 0xa00
RDBAL, SRRCTL, RDT, RXDCTL = 0x1000, 0x1014, 0x1018, 0x1028
TDBAL, TDLEN, TDH, TDT, TXDCTL = 0x6000, 0x6008, 0x6010, 0x6018, 0x6028
RXCTRL, DMATXCTL, FCTRL, FCTRL_UPE, FCTRL_BAM = 0x3000, 0x4a80, 0x5080, 0x200, 0x400
ENABLE = 0x02000000
FRAME = bytes.fromhex("ffffffffffff025500000001") + b"\x88\xb5" + bytes(range(46))

MSIX_PBA = 8 << 10
MAX_FRAMES = 64                     # that the model may send ahead
MEMORY = 16 << 20                   # where buffers and rings begin


class Machine:
    """A machine with cards, each on a root port, all on one wire."""

    def __init__(self, qemu, cards):
        self.dir = tempfile.TemporaryDirectory()
        paths = {}
        listeners = {}
        for name in ("qtest", "qmp"):
            paths[name] = os.path.join(self.dir.name, name)
            listeners[name] = socket.socket(socket.AF_UNIX)
            listeners[name].bind(paths[name])
            listeners[name].listen(1)
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        command = [qemu, "-machine", "q35,sata=off", "-accel", "qtest",
                   "-nodefaults", "-display", "none", "-m", "64M",
                   # Slots are turned off by their own registers.
                   "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
                   "-qtest", f"unix:{paths['qtest']}", "-qtest-log", "none",
                   "-qmp", f"unix:{paths['qmp']}"]
        # The wire has an end here as well.
        self.wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.wire.bind(os.path.join(self.dir.name, "wire"))
        self.wire.settimeout(60)
        command += ["-netdev", "dgram,id=out,local.type=unix,local.path="
                    f"{self.dir.name}/out,remote.type=unix,remote.path="
                    f"{self.dir.name}/wire",
                    "-netdev", "hubport,id=wire,hubid=0,netdev=out"]
        for n in range(cards):
            command += [
                "-device", f"pcie-root-port,id=slot{n},chassis={n},slot={n},"
                f"addr={SLOT + n}.0",
                "-netdev", f"hubport,id=wire{n},hubid=0",
                "-device", f"82599,id=card{n},bus=slot{n},netdev=wire{n},"
                f"mac=02:82:59:99:00:0{n}"]
        # What is used after it was freed shall not be as it was.
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=subprocess.STDOUT,
            env=dict(os.environ, GLIBC_TUNABLES="glibc.malloc.perturb=165:"
                     "glibc.malloc.tcache_count=0"))
        self.files = {}
        self.next = MEMORY
        try:
            for name, listener in listeners.items():
                self.files[name] = self.accept(listener)
            self.files["qmp"].readline()
            self.qmp("qmp_capabilities")
            # Configuration space at ECAM, by the registers of the host bridge
            self.ask(f"outl 0xcf8 {0x80000060:#x}")
            self.ask(f"outl 0xcfc {ECAM | 1:#x}")
            self.cards = [Card(self, n) for n in range(cards)]
        except BaseException:
            self.process.kill()
            self.close()
            raise

    def accept(self, listener):
        """The file of a socket that QEMU opens."""
        listener.settimeout(1)
        for _ in range(60):
            try:
                sock = listener.accept()[0]
                break
            except TimeoutError:
                if self.process.poll() is not None:
                    raise EOFError("QEMU did not start") from None
        else:
            raise TimeoutError("QEMU did not start")
        listener.close()
        sock.settimeout(60)
        with sock:
            return sock.makefile("rw", encoding="utf-8")

    def ask(self, line):
        """A command of qtest; returns what it answers."""
        self.files["qtest"].write(line + "\n")
        self.files["qtest"].flush()
        while True:
            words = self.files["qtest"].readline().split()
            if not words:
                raise EOFError("QEMU is gone")
            if words[0] == "OK":
                return words[1:]
            if words[0] != "IRQ":
                raise ValueError(" ".join(words))

    def qmp(self, command, **arguments):
        """A command of QMP; returns what it answers, events aside."""
        json.dump({"execute": command, "arguments": arguments},
                  self.files["qmp"])
        self.files["qmp"].write("\n")
        self.files["qmp"].flush()
        while True:
            answer = json.loads(self.files["qmp"].readline())
            if "error" in answer:
                raise ValueError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def readl(self, addr):
        return int(self.ask(f"readl {addr:#x}")[0], 0)

    def writel(self, addr, value):
        self.ask(f"writel {addr:#x} {value:#x}")

    def read(self, addr, size):
        return bytes.fromhex(self.ask(f"read {addr:#x} {size:#x}")[0][2:])

    def write(self, addr, data):
        self.ask(f"write {addr:#x} {len(data):#x} 0x{data.hex()}")

    def allocate(self, size):
        addr = self.next
        self.next += (size + 4095) & ~4095
        return addr

    def send(self, frame):
        """Sends a frame from outside, and waits until QEMU has read it."""
        self.wire.sendto(frame, os.path.join(self.dir.name, "out"))
        self.run()

    def run(self, nanoseconds=1000000):
        """Lets time pass, and the main loop do what it has to."""
        self.ask(f"clock_step {nanoseconds}")

    def close(self):
        """Ends QEMU, which has to be alive and to have nothing to complain of."""
        alive = self.process.poll() is None
        try:
            if alive:
                self.qmp("quit")
            code = self.process.wait(60)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            self.process.kill()
            self.process.wait()
            code = repr(error)
        self.wire.close()
        for file in self.files.values():
            with contextlib.suppress(OSError):
                file.close()
        self.log.seek(0)
        said = self.log.read()
        self.log.close()
        self.dir.cleanup()
        if not alive or code or re.search("Sanitizer|runtime error", said):
            raise AssertionError(f"QEMU ended with {code}:\n{said}")


def point(machine, config, table, n, address, data):
    """Points a vector of MSI-X of a function somewhere."""
    machine.write(table + 16 * n, struct.pack("<QII", address, data, 0))
    at = capability(machine, config, 0x11)
    machine.writel(at, machine.readl(at) | 1 << 31)


def capability(machine, config, wanted):
    """Where a capability is in the configuration space of a function."""
    at = machine.readl(config + 0x34) & 0xfc
    while at:
        head = machine.readl(config + at)
        if head & 0xff == wanted:
            return config + at
        at = head >> 8 & 0xfc
    raise AssertionError(f"no capability {wanted:#x}")


class Card:
    """One card, its registers mapped and allowed to use the memory."""

    def __init__(self, machine, n):
        self.machine = machine
        self.n = n
        self.port = ECAM + (SLOT + n << 15)
        self.config = ECAM + (PORT_BUS + n << 20)
        self.regs = BARS + n * (1 << 20)
        self.msix = self.regs + (1 << 17)
        self.up()

    def up(self):
        """What firmware and the PCI core of a guest do."""
        bus = PORT_BUS + self.n
        m = self.machine
        m.writel(self.port + 0x18, bus << 16 | bus << 8)
        m.writel(self.port + 0x20, self.regs + 0x00000 >> 16 & 0xfff0 |
                 self.regs & 0xfff00000)
        m.writel(self.port + 0x04, 7)
        m.writel(self.config + 0x10, self.regs)
        m.writel(self.config + 0x14, 0)
        m.writel(self.config + 0x20, self.msix)
        m.writel(self.config + 0x24, 0)
        m.writel(self.config + 0x04, 6)

    def __getitem__(self, reg):
        return self.machine.readl(self.regs + reg)

    def __setitem__(self, reg, value):
        self.machine.writel(self.regs + reg, value)

    def vector(self, n, address, data):
        """Points a vector of MSI-X somewhere."""
        point(self.machine, self.config, self.msix, n, address, data)

    def vf(self):
        """Turns the first virtual function on; returns where its configuration,
        its registers and its vectors are."""
        m = self.machine
        sriov = self.config + 0x160
        config = self.config + (0x80 << 12)
        regs, msix = self.regs + (2 << 17), self.regs + (3 << 17)
        m.writel(sriov + 0x10, 1)
        m.writel(sriov + 0x24, regs)
        m.writel(sriov + 0x28, 0)
        m.writel(sriov + 0x30, msix)
        m.writel(sriov + 0x34, 0)
        m.writel(sriov + 0x08, 9)
        m.writel(config + 0x04, 6)
        return config, regs, msix

    def interrupts(self, received=0, sent=0):
        """Queue 0 raises these vectors, if any, as soon as it can."""
        self[GPIE] = 0x40000070
        self[EIAC] = 0xffff
        self[IVAR] = sum((0x80 | vector) << shift for vector, shift in
                         ((received, 0), (sent, 8)) if vector is not None)
        self[IVAR_MISC] = 0x8000
        self[EIMS_EX] = 3

    def rings(self, count=64):
        """Queue 0, both ways. All buffers to be sent hold FRAME."""
        m = self.machine
        self.count, self.tail = count, 0
        self.tx_ring, self.rx_ring = m.allocate(16 * count), m.allocate(16 * count)
        self.buffers = m.allocate(2048 * count)
        frame = m.allocate(len(FRAME))
        m.write(frame, FRAME)
        tx = struct.pack("<QII", frame, 0x2b300000 | len(FRAME), len(FRAME) << 14)
        m.write(self.tx_ring, tx * count)
        m.write(self.rx_ring, b"".join(struct.pack(
            "<QQ", self.buffers + 2048 * i, 0) for i in range(count)))
        for base, ring in ((RDBAL, self.rx_ring), (TDBAL, self.tx_ring)):
            self[base], self[base + 4], self[base + 8] = ring, 0, 16 * count
        self[SRRCTL] = 0x12000002
        self[FCTRL] = FCTRL_UPE | FCTRL_BAM
        self[DMATXCTL] = 1
        self[RXCTRL] = 1
        self[RXDCTL] = self[TXDCTL] = ENABLE
        self[RDT] = count - 1

    def send(self, frames):
        self.tail = (self.tail + frames) % self.count
        self[TDT] = self.tail

    def received(self):
        """Frames in the ring, all of which are as they were sent."""
        m = self.machine
        ring = m.read(self.rx_ring, 16 * self.count)
        done = [i for i in range(self.count)
                if struct.unpack_from("<I", ring, 16 * i + 8)[0] & 1]
        for i in done:
            data = m.read(self.buffers + 2048 * i, len(FRAME))
            if data != FRAME:
                raise AssertionError(f"frame {i}: {data.hex()}")
        return len(done)


class Shell(unittest.TestCase):
    """Each test has machines of its own, which are to end well."""

    def machine(self, cards=2):
        machine = Machine(QEMU, cards)
        self.addCleanup(machine.close)
        return machine

    def test_wire(self):
        """A frame goes from one card to the other, both ways."""
        m = self.machine()
        for card in m.cards:
            card.rings()
        for a, b in (m.cards, m.cards[::-1]):
            a.send(5)
            m.run()
            self.assertEqual(b.received(), 5)
            self.assertEqual(a[TDH], 5)

    def test_stopped(self):
        """A machine that is stopped sends nothing: QEMU's queues would take any
        number of frames and lose some. All are sent once it goes on."""
        m = self.machine()
        for card in m.cards:
            card.rings(512)
        m.qmp("stop")
        m.cards[0].send(500)
        self.assertLessEqual(m.cards[0][TDH], MAX_FRAMES)
        self.assertEqual(m.cards[1].received(), 0)
        m.qmp("cont")
        for _ in range(20):
            m.run()
        self.assertEqual(m.cards[1].received(), 500)
        self.assertEqual(m.cards[0][TDH], 500)

    def test_message_to_itself(self):
        """An interrupt whose message raises it again leaves room for others."""
        m = self.machine(1)
        card, = m.cards
        config, regs, msix = card.vf()
        point(m, config, msix, 0, regs + VTEICS, 1)
        m.writel(regs + VTIVAR_MISC, 0x80)
        m.writel(regs + VTEIAC, 1)
        m.writel(regs + VTEIAM, 0)
        m.writel(regs + VTEIMS, 1)
        card[PFMAILBOX] = PFMAILBOX_STS
        for _ in range(20):
            m.run()
            self.assertEqual(card[PFMAILBOX], 0)
        # Only if it is still raised is it pending, once it is masked.
        m.writel(msix + 12, 1)
        m.run()
        self.assertEqual(m.readl(msix + MSIX_PBA), 1)

    def test_dma_to_registers(self):
        """Descriptors name registers as where a frame is, and where it goes."""
        m = self.machine()
        for card in m.cards:
            card.rings()
            _, regs, _ = card.vf()
            m.writel(regs + VTEIMS, 1)
            self.assertEqual(m.readl(regs + VTEIMS), 1)
            m.write(card.tx_ring, struct.pack("<Q", regs))
            m.write(card.rx_ring, struct.pack("<Q", regs))
        for card in m.cards:
            card.send(3)
            m.run()
            self.assertEqual(card[TDH], 3)

    def test_reset_while_sending(self):
        """A message of one card resets the other, which has frames to send."""
        for first, second in ((0, 1), (1, 0)):
            m = self.machine()
            sender, target = m.cards[first], m.cards[second]
            for card in m.cards:
                card.rings(128)
            sender.vector(0, target.regs + CTRL, CTRL_RST)
            sender.interrupts(received=None)
            m.qmp("stop")
            for card in m.cards:
                card.send(100)
            m.qmp("cont")
            m.run()
            self.assertEqual(target[RXCTRL], 0)
            # Both can be used again
            for card in m.cards:
                card[CTRL] = CTRL_RST
                card.rings()
            for a, b in (m.cards, m.cards[::-1]):
                a.send(3)
                m.run()
                self.assertEqual(b.received(), 3)

    def plugged(self, cards=2, leaving=1):
        """Cards, one of which leaves as soon as something turns its slot off;
        where that is done, and what has to be written there."""
        m = self.machine(cards)
        exp = capability(m, m.cards[leaving].port, 0x10)
        m.writel(exp + 0x18, 0x0140)             # power on, both lights on
        m.qmp("device_del", id=f"card{leaving}")
        for card in m.cards:
            card.rings()
        return m, exp + 0x18, 0x0740

    def gone(self, m, leaving=1):
        """That card has left, and nothing of it is in use."""
        names = [x["name"] for x in m.qmp("qom-list", path="/machine/peripheral")]
        self.assertIn("card0", names)
        self.assertNotIn(f"card{leaving}", names)
        time.sleep(0.1)                          # until RCU has freed the rest
        m.qmp("stop")
        m.qmp("cont")
        m.run(10 ** 9)
        m.cards[0].send(1)
        m.run()
        self.assertEqual(m.cards[0][TDH], m.cards[0][TDT])

    def test_unplugged_by_what_it_sends(self):
        m, slot, off = self.plugged()
        m.cards[1].vector(0, slot, off)
        m.cards[1].interrupts(received=None)
        m.cards[1].send(20)
        m.run()
        self.gone(m)

    def test_unplugged_by_what_it_receives(self):
        for outside in (False, True):
            m, slot, off = self.plugged()
            m.cards[1].vector(0, slot, off)
            m.cards[1].interrupts(sent=None)
            if outside:
                m.send(FRAME)
            else:
                m.cards[0].send(20)
            m.run()
            self.gone(m)

    def test_unplugged_while_it_receives(self):
        """One of two receivers of a frame turns the other's slot off."""
        for leaving in (1, 2):
            m, slot, off = self.plugged(3, leaving)
            for card in m.cards[1:]:
                card.vector(0, MEMORY - 4, 1)
                card.interrupts(sent=None)
            m.cards[3 - leaving].vector(0, slot, off)
            m.cards[0].send(1)
            m.run()
            self.gone(m, leaving)

    def test_unplugged_by_the_loss_of_its_link(self):
        m, slot, off = self.plugged()
        card = m.cards[1]
        card.vector(0, slot, off)
        card.interrupts(None, None)
        card[EICR] = EICR_LSC                    # it came up
        card[EIMS] = EICR_LSC
        m.qmp("set_link", name="card1", up=False)
        m.run()
        self.gone(m)

    def test_unplugged_while_it_waits(self):
        """The card has a timer, for an interrupt that it may not raise yet."""
        m, slot, off = self.plugged()
        card = m.cards[1]
        card[EITR] = 0xff8
        card.vector(0, MEMORY - 4, 1)
        card.interrupts()
        for _ in range(2):
            m.cards[0].send(1)
        m.writel(slot, off)
        self.gone(m)

    def test_machine_reset(self):
        """Nothing that was on its way is left after a reset of the machine."""
        m = self.machine()
        for card in m.cards:
            card.rings(128)
            card.vector(0, MEMORY - 4, 1)
            card.interrupts()
        m.qmp("stop")
        for card in m.cards:
            card.send(100)
        m.qmp("system_reset")
        m.ask(f"outl 0xcf8 {0x80000060:#x}")
        m.ask(f"outl 0xcfc {ECAM | 1:#x}")
        for card in m.cards:
            card.up()
            card.rings()
            card.vector(0, MEMORY - 4, 1)
        m.write(MEMORY - 4, bytes(4))
        m.qmp("cont")
        m.run(10 ** 9)
        self.assertEqual([card.received() for card in m.cards], [0, 0])
        self.assertEqual(m.readl(MEMORY - 4), 0)
        for a, b in (m.cards, m.cards[::-1]):
            a.send(2)
            m.run()
            self.assertEqual(b.received(), 2)

    def test_bus_master(self):
        """A function that may not use the memory neither sends nor receives."""
        m = self.machine()
        for card in m.cards:
            card.rings()
        m.writel(m.cards[1].config + 0x04, 2)
        for card in m.cards:
            card.send(3)
            m.run()
        self.assertEqual([card.received() for card in m.cards], [0, 0])
        self.assertEqual([card[TDH] for card in m.cards], [3, 0])

    def test_outside(self):
        """Frames come from outside, a short one too, and go there."""
        m = self.machine(1)
        card, = m.cards
        card.rings()
        m.send(FRAME)
        self.assertEqual(card.received(), 1)
        m.send(FRAME[:20])
        length, = struct.unpack_from("<H", m.read(card.rx_ring + 16 + 12, 2))
        self.assertEqual(length, 60)
        self.assertEqual(m.read(card.buffers + 2048, 60), FRAME[:20] + bytes(40))
        card.send(2)
        self.assertEqual([m.wire.recv(2048) for _ in range(2)], [FRAME] * 2)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    QEMU = sys.argv.pop(1)
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0

"""
The switch inside of an 82599, line by line of the file matrix: frames are sent
by raw sockets, and what every end has got and the counters must be as there.
"""

import collections
import contextlib
import itertools
import mmap
import shlex
import socket
import struct
import time
from pathlib import Path

import ports
from lib.py import (
    CmdExitFailure,
    KsftNamedVariant,
    RtnlFamily,
    cmd,
    ip,
    ksft_eq,
    ksft_exit,
    ksft_pr,
    ksft_run,
    ksft_true,
    ksft_variants,
)

FRAMES = 3
SETTLE = 0.3
SPOOFED = r"(\d+) Spoofed packets detected"
ADDRESSES = {
    "nobody": bytes.fromhex("02005e000001"),
    "other": bytes.fromhex("02005e000002"),
    "all": ports.BROADCAST,
    "group": bytes.fromhex("01005e0a0b0c"),
    "joined": bytes.fromhex("01005e7f1122"),
    "lldp": bytes.fromhex("0180c200000e"),
    "new": bytes.fromhex("02005e000003"),
    "macvlan": bytes.fromhex("02005e000004"),
}
TOKEN = b"82599"
ETH_P_8021AD = 0x88a8
RTTDQSEL = 0x4904
RTTBCNRC = 0x4984
RTTBCNRC_RS_ENA = 1 << 31
FROM = ("a", "b", "pf", "wire")
COUNTERS = ("a.tx", "a.rx", "b.tx", "b.rx", "out", "in", "spoof", "pf.rx")

Line = collections.namedtuple(
    "Line", "name setting undo packet gets counters local source")


def read_matrix():
    """ The lines of the matrix, with '"' replaced """
    lines = []
    path = Path(__file__).resolve().with_name("matrix")
    for text in path.read_text(encoding="ascii").splitlines():
        if not text or text.startswith("#"):
            continue
        line = Line(*(field.strip() for field in text.split("|")))
        if line.setting == '"':
            line = line._replace(setting=lines[-1].setting,
                                 undo=lines[-1].undo)
        lines.append(line)
    return lines


class Packet:
    """ A frame of the matrix; FRAMES of it are sent """
    tokens = itertools.count(1)

    def __init__(self, text, addresses):
        self.sender, sign, self.to, *rest = text.split()
        options = dict(zip(rest[::2], rest[1::2]))
        if sign != ">" or \
           set(options) - {"src", "vlan", "inband", "stag", "size"}:
            raise ValueError(text)
        src = addresses[options.get("src", self.sender)]
        self.token = TOKEN + next(self.tokens).to_bytes(3, "big")
        self.head = addresses[self.to] + src
        self.vlan = options.get("vlan")
        self.tag = b""
        for name, tpid in (("inband", ports.ETH_P_8021Q), ("stag", ETH_P_8021AD)):
            if name in options:
                self.tag = struct.pack("!HH", tpid, int(options[name]))
        # As on the wire, without tag
        size = int(options.get("size", 200))
        self.bodies = []
        for n in range(FRAMES):
            body = ports.ETHERTYPE + self.token + bytes([n])
            pad = size - len(self.head) - len(body)
            self.bodies.append(body + bytes(i * 7 + n & 0xff
                                            for i in range(pad)))

    def sent(self):
        """ The frames as they are sent """
        return [self.head + self.tag + body for body in self.bodies]

    def expected(self):
        """ The frames as they are received, their tags aside """
        return [self.head + body for body in self.bodies]


class Switch(ports.Setup):
    """ The ports with one setting at a time """
    def make(self, stack):
        self.log = ports.Log()
        stack.callback(self.log.close)
        self.ports = ports.Ports()
        stack.callback(self.ports.close)
        self.devs = {"a": self.ports.va, "b": self.ports.vb,
                     "pf": self.ports.pf, "wire": self.ports.wire}
        self.rtnl = RtnlFamily()
        self.pf_index = socket.if_nametoindex(self.ports.pf.name)
        self.taps = {}
        for name, dev in self.devs.items():
            self.taps[name] = ports.Tap(dev)
            stack.callback(self.taps[name].close)
        self.addresses = ADDRESSES | {name: dev.mac() for name, dev
                                      in self.devs.items()}
        self.now = self.undo = "-"
        stack.callback(self.set, "-", "-")

    def set(self, setting, undo):
        """ Have @setting, after what there was is undone """
        if setting == self.now:
            return
        old, self.now, self.undo = self.undo, None, undo
        start = len(self.log.read())
        for command in old.split(";"):
            try:
                self.run(command, start)
            except (CmdExitFailure, TimeoutError) as e:
                ksft_true(False, f"{command} of the setting before: {e}")
        start = len(self.log.read())
        for command in setting.split(";"):
            self.run(command, start)
        self.now = setting

    def run(self, command, start):
        """ A command of the matrix, which may look at the log from @start """
        words = shlex.split(command.format(
            PF=self.ports.pf, a=self.addresses["a"].hex(":"),
            b=self.addresses["b"].hex(":"),
            new=self.addresses["new"].hex(":"),
            macvlan=self.addresses["macvlan"].hex(":")))
        if words[0] == "-":
            return
        if words[0] == "refused":
            ksft_true(cmd(words[1:], fail=False).ret, command)
        elif words[0] == "link":
            self.ports.wait_links()
        elif words[0] == "nolink":
            self.devs[words[1]].wait_link(False)
        elif words[0] == "mtu":
            self.devs[words[1]].insist(f"mtu {words[2]}")
        elif words[0] in ("reset", "log"):
            want = " ".join(words[1:]) if words[0] == "log" else \
                f"VF Reset msg received from vf {words[1]}"
            ports.wait_for(lambda: any(want in line for line in
                                       self.log.read()[start:]), command)
        else:
            cmd(words)

    def counters(self):
        """ What COUNTERS are now """
        nic = self.ports.pf.stats()     # the driver reads the registers
        link = self.rtnl.getlink({"ifi-index": self.pf_index, "ext-mask": ["vf"]})
        values = {"out": nic["tx_pkts_nic"], "in": nic["rx_pkts_nic"],
                  "spoof": self.log.sum(SPOOFED),
                  "pf.rx": self.ports.pf.packets()[0]}
        for name, info in zip("ab", link["vfinfo-list"]["info"]):
            values[f"{name}.rx"] = info["stats"]["rx-packets"]
            values[f"{name}.tx"] = info["stats"]["tx-packets"]
        return values

    def send(self, packet):
        """ Send a packet and wait until the hardware has it """
        dev, tap = self.devs[packet.sender], self.taps[packet.sender]
        with contextlib.ExitStack() as stack:
            if packet.vlan:
                vlan = ports.Dev(f"{dev}.{packet.vlan}", dev.ns)
                tap = stack.enter_context(contextlib.closing(ports.Tap(vlan)))
            before = dev.packets()[1]
            for frame in packet.sent():
                tap.sock.send(frame)
        if dev.running():
            ports.poll(lambda: dev.packets()[1] >= before + FRAMES, 2)

    def check(self, line):
        """ Prove a line """
        self.set(line.setting, line.undo)
        if "(guess)" in line.source:
            ksft_pr(f"{line.name}: a guess of what the hardware does")
        packet = Packet(line.packet, self.addresses)
        wanted = [] if line.counters == "-" else line.counters.split()
        gets = {}
        if line.gets != "-":
            for word in line.gets.split():
                name, _, tag = word.partition("@")
                vid, _, priority = tag.partition("/")
                gets[name] = int(priority or 0) << 13 | int(vid.strip("s")) \
                    if vid else None
                if vid.startswith("s"):
                    gets[name] |= ETH_P_8021AD << 16
        if "pf" in gets:
            wanted.append("pf.rx")

        for name, tap in self.taps.items():
            ksft_eq(tap.frames(TOKEN), [], f"late frames at {name}")
            tap.clear()
        before = self.counters()
        self.send(packet)

        def arrived(name):
            return len(self.taps[name].frames(packet.token)) >= FRAMES

        ports.poll(lambda: all(map(arrived, gets)), 10)
        time.sleep(SETTLE)          # for those who must not get it
        for name, tap in self.taps.items():
            want = [(gets[name], frame) for frame in packet.expected()] \
                if name in gets else []
            got = tap.frames(packet.token)
            ksft_eq([(tag, len(frame)) for tag, frame in got],
                    [(tag, len(frame)) for tag, frame in want],
                    f"frames at {name}")
            ksft_true(got == want, f"other bytes or order at {name}")
            tap.clear()

        want = {name: FRAMES for name in COUNTERS if name in wanted}
        delta = {}

        def counted():
            after = self.counters()
            delta.clear()
            delta.update((name, after[name] - before[name])
                         for name in COUNTERS if after[name] != before[name])
            return delta == want

        # The PF looks for spoofed frames every two seconds
        ports.poll(lambda: self.log.sum(SPOOFED) >=
                   before["spoof"] + want.get("spoof", 0), 30)
        ports.poll(counted, 10, 0.3)
        ksft_eq(delta, want, "counters")


@ksft_variants([KsftNamedVariant(line.name, line) for line in read_matrix()])
def test(line):
    """ A line of the matrix """
    Switch.get().check(line)


def test_matrix():
    """ What the matrix must be like """
    lines = read_matrix()
    names = [line.name for line in lines]
    ksft_eq(len(names), len(set(names)))
    for line in lines:
        ksft_true(line.local in ("may", "never"), line.name)
        ksft_true(line.source and not set(line.counters.split()) -
                  set(COUNTERS + ("-",)), line.name)
        packet = line.packet.split()
        ksft_true(packet[0] in FROM and
                  packet[2] in FROM + tuple(ADDRESSES), line.name)
        if line.local == "may":
            # From a VF to the other one, by its own address, delivered
            to = {"new": "a"}.get(packet[2], packet[2])
            ksft_true(packet[0] + to in ("ab", "ba"), line.name)
            ksft_true(not {"src", "inband", "stag"} & set(packet), line.name)
            ksft_eq(line.gets.partition("@")[0], to, line.name)


def test_last():
    """ Nothing is counted later, what the PF sees every two seconds neither """
    switch = Switch.get()
    before = switch.counters()
    time.sleep(3)
    ksft_eq(switch.counters(), before)


def rate_registers(switch):
    """ RTTBCNRC of the queues of VF 0 """
    with open(switch.ports.sysfs / "resource0", "r+b") as f, \
         mmap.mmap(f.fileno(), 1 << 17) as bar, \
         memoryview(bar).cast("I") as regs:
        values = []
        for queue in (0, 1):
            regs[RTTDQSEL // 4] = queue
            values.append(regs[RTTBCNRC // 4])
        return values


def test_rate():
    """ The rate of a VF is told and set, and gone when it is taken back """
    switch = Switch.get()
    pf = switch.ports.pf
    for rate in (100, 2500, 0):
        ip(f"link set {pf} vf 0 max_tx_rate {rate}")
        vf = ip(f"link show dev {pf}", json=True)[0]["vfinfo_list"][0]
        ksft_eq(vf["rate"]["max_tx"], rate)
        # Link speed by rate, with 14 bits behind the point
        factor = 10000 * (1 << 14) // rate | RTTBCNRC_RS_ENA if rate else 0
        ksft_eq(rate_registers(switch), [factor] * 2, f"{rate} Mbit/s")


def main():
    """ Run the tests """
    try:
        ksft_run([test_matrix, test, test_last, test_rate])
    finally:
        Switch.end()
    ksft_exit()


if __name__ == "__main__":
    main()

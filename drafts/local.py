#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0

"""
local-fwd: packets between two virtual functions of an 82599 without the
hardware. Each line of the matrix must come to the same with it, by the way that
is written there; and once a policy is set, no packet goes against it.
"""

import contextlib
import socket
import struct
import threading
import time

import ports
import switch
from lib.py import (
    KsftNamedVariant,
    KsftSkipEx,
    cmd,
    ksft_eq,
    ksft_exit,
    ksft_ge,
    ksft_run,
    ksft_true,
    ksft_variants,
)

ROUNDS = 3
# What an administrator can set on the PF that takes the short cut away from
# frames of va for vb, and how it is taken back
SETTINGS = {
    "vepa": ("bridge link set dev {PF} hwmode vepa",
             "bridge link set dev {PF} hwmode veb"),
    "vlan_of_sender": ("ip link set {PF} vf 0 vlan 100",
                       "ip link set {PF} vf 0 vlan 0"),
    "vlan_of_receiver": ("ip link set {PF} vf 1 vlan 100",
                         "ip link set {PF} vf 1 vlan 0"),
    "rate": ("ip link set {PF} vf 0 max_tx_rate 100",
             "ip link set {PF} vf 0 max_tx_rate 0"),
    "mac_twice": ("ip link set {PF} vf 0 mac {b}",
                  "ip link set {PF} vf 0 mac {a}"),
    "mac_of_receiver": ("ip link set {PF} vf 1 mac 02:00:5e:00:00:09",
                        "ip link set {PF} vf 1 mac {b}"),
    "promisc": ("ip link set {PF} promisc on",
                "ip link set {PF} promisc off"),
    "local_fwd": (None, None),
}


class Stream:
    """ Numbered frames from va to vb, as fast as they go """
    def __init__(self, net):
        self.net = net
        self.number = 0
        self.stop = threading.Event()
        self.head = net.vb.mac() + net.va.mac() + ports.ETHERTYPE + b"stream"
        self.out = ports.Tap(net.va)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        """ The thread """
        while not self.stop.is_set():
            # Before it is sent: what has no number yet was not
            self.number += 1
            with contextlib.suppress(OSError):
                self.out.sock.send(self.head + struct.pack("!Q", self.number) +
                                   bytes(40))
            if not self.number % 16:
                time.sleep(0.001)

    def more(self, n=200):
        """ Wait until some more are sent """
        want = self.number + n
        ports.wait_for(lambda: self.number >= want, "no frames", sleep=0.01)

    def close(self):
        """ No more """
        self.stop.set()
        self.thread.join()
        self.out.close()


def forwarded(dev, what="tx_packets"):
    """ Packets that a VF has forwarded """
    return dev.stats()[switch.LOCAL + what]


def local_switch():
    """ The ports, with local-fwd on """
    switch.Switch.local_fwd = True
    try:
        return switch.Switch.get()
    except ports.CmdExitFailure as e:
        raise KsftSkipEx("no local-fwd in this kernel") from e


def test_default():
    """ It is off until it is turned on """
    net = ports.Ports()
    try:
        params = cmd(f"devlink -j dev param show pci/{net.sysfs.name} name "
                     "vf_local_fwd").stdout
        ksft_true('"value":false' in params.replace(" ", ""), params)
        ksft_true(net.exchange())
        ksft_eq([forwarded(dev) for dev in (net.va, net.vb)], [0, 0])
        net.set_local_fwd(True)
        ksft_true(net.exchange())
        ksft_eq([forwarded(dev) for dev in (net.va, net.vb)], [1, 1])
        net.set_local_fwd(False)
        ksft_true(net.exchange())
        ksft_eq([forwarded(dev) for dev in (net.va, net.vb)], [1, 1])
    finally:
        net.close()


@ksft_variants([KsftNamedVariant(line.name, line)
                for line in switch.read_matrix()])
def test(line):
    """ A line of the matrix """
    local_switch().check(line)


@ksft_variants([KsftNamedVariant(name, name) for name in SETTINGS])
def test_setter(name):
    """ A policy is set and taken back under traffic """
    sw = local_switch()
    sw.set("-", "-")
    net = sw.ports
    names = {"PF": net.pf, "a": net.va.mac().hex(":"),
             "b": net.vb.mac().hex(":")}

    def run(command):
        if command:
            cmd(command.format(**names))
        else:
            net.set_local_fwd(not on)

    on = True
    with contextlib.closing(Stream(net)) as stream:
        for _ in range(ROUNDS):
            before = forwarded(net.va)
            stream.more()
            ksft_ge(forwarded(net.va), before + 100)
            run(SETTINGS[name][0])
            on = False
            # One may be on its way: its number was taken before
            stream.more(2)
            before = forwarded(net.va)
            stream.more()
            ksft_eq(forwarded(net.va), before)
            run(SETTINGS[name][1])
            on = True


def flow(kind, send, get):
    """ Bytes through a connection between the VFs """
    with contextlib.ExitStack() as stack:
        with ports.inside("b"):
            server = stack.enter_context(socket.socket(socket.AF_INET, kind))
        server.bind(("192.0.2.2", 4000))
        with ports.inside("a"):
            client = stack.enter_context(socket.socket(socket.AF_INET, kind))
        if kind == socket.SOCK_STREAM:
            server.listen()
        client.connect(("192.0.2.2", 4000))
        if kind == socket.SOCK_STREAM:
            server = stack.enter_context(server.accept()[0])
        server.settimeout(20)
        data = bytes(i * 7 & 0xff for i in range(send))
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        got = b""
        while len(got) < send:
            part = server.recv(get)
            if not part:
                break
            got += part
        sender.join()
        ksft_true(got == data, f"{len(got)} of {send} bytes, or others")


def with_addresses(net):
    """ Addresses for sockets """
    for n, (dev, peer) in enumerate(((net.va, net.vb), (net.vb, net.va)), 1):
        dev.ip(f"addr replace 192.0.2.{n}/24 dev {dev}")
        dev.ip(f"neigh replace 192.0.2.{3 - n} lladdr {peer.mac().hex(':')} "
               f"dev {dev}")


def test_sockets():
    """ UDP and TCP, which comes in large packets, byte by byte """
    sw = local_switch()
    sw.set("-", "-")
    net = sw.ports
    with_addresses(net)
    before = [forwarded(dev) for dev in (net.va, net.vb)]
    nic = net.pf.stats()["tx_pkts_nic"]
    host = net.pf.vf_packets()
    flow(socket.SOCK_DGRAM, 1400, 2000)
    flow(socket.SOCK_STREAM, 1 << 20, 1 << 16)
    a, b = [forwarded(dev) - old for dev, old in zip((net.va, net.vb), before)]
    # As many as the hardware would have made of them
    ksft_ge(a, (1 << 20) // 1448)
    ksft_ge(b, 1)
    ksft_eq(net.pf.stats()["tx_pkts_nic"], nic)
    ksft_eq([now[1] - old[1] for now, old in
             zip(net.pf.vf_packets(), host)], [a, b])


def test_reset():
    """ Resets and new VFs find it as it was set """
    sw = local_switch()
    sw.set("-", "-")
    net = sw.ports
    for dev in (net.va, net.vb, net.pf):
        dev.link("down")
        dev.insist("up")
        net.meet()
        before = forwarded(net.va)
        ksft_true(net.exchange())
        ksft_ge(forwarded(net.va), before + 1)


def main():
    """ Run the tests """
    try:
        ksft_run([test_default, test, test_setter, test_sockets, test_reset])
    finally:
        switch.Switch.end()
    ksft_exit()


if __name__ == "__main__":
    main()

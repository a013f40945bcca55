#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0

"""
Virtual functions of an 82599 that come, go and are reset, with traffic
between them: whatever happens, they work again afterwards. Many rounds with
KSFT_LONG in the environment.
"""

import contextlib
import os
import socket
import threading
import time

import ports
from lib.py import (
    bkg,
    cmd,
    defer,
    ip,
    ksft_eq,
    ksft_exit,
    ksft_ge,
    ksft_run,
    ksft_true,
)

LONG = bool(os.environ.get("KSFT_LONG"))
DEBUG = os.path.exists("/proc/lockdep")
NUMVFS_ROUNDS = 100 if LONG else 3
ROUNDS = 10 if LONG else 1
PORT = 2000
SIZE = 1000


class Traffic:
    """ Datagrams from a to b and back, all the time """
    def __init__(self):
        self.stop = threading.Event()
        self.got = 0
        self.socks = {}
        for ns in ("a", "b"):
            with ports.inside(ns):
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("0.0.0.0", PORT))
            sock.settimeout(0.05)
            self.socks[ns] = sock
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        """ The thread """
        while not self.stop.is_set():
            for ns, peer, to in (("a", "b", "192.0.2.2"),
                                 ("b", "a", "192.0.2.1")):
                with contextlib.suppress(OSError):
                    self.socks[ns].sendto(bytes(SIZE), (to, PORT))
                    self.got += len(self.socks[peer].recv(2000)) == SIZE
                # The drivers need the processor as well
                self.stop.wait(0.005)

    def flows(self):
        """ Wait until datagrams arrive, from now on """
        before = self.got
        ports.wait_for(lambda: self.got > before + 10, "no datagrams")

    def close(self):
        """ No more """
        self.stop.set()
        self.thread.join()
        for sock in self.socks.values():
            sock.close()


class Net(ports.Setup):
    """ The ports with two VFs, until a test leaves them in pieces """
    def make(self, stack):
        self.ports = ports.Ports()
        stack.callback(self.ports.close)
        address(self.ports)


@contextlib.contextmanager
def two_vfs():
    """ The ports and traffic between the VFs """
    net = Net.get().ports
    try:
        with contextlib.closing(Traffic()) as traffic:
            traffic.flows()
            yield net, traffic
    except Exception:
        Net.end()
        raise


def address(net):
    """ Addresses that outlive no device """
    for n, dev in enumerate((net.va, net.vb), 1):
        dev.ip(f"addr replace 192.0.2.{n}/24 dev {dev}")
    for dev, peer, n in ((net.va, net.vb, 2), (net.vb, net.va, 1)):
        dev.ip(f"neigh replace 192.0.2.{n} lladdr {peer.mac().hex(':')} "
               f"dev {dev}")


def adopt(net):
    """ Put new devices of the VFs where the old ones were """
    net.pf.wait_link()
    net.va = net.take_vf(0, "va", "a")
    net.vb = net.take_vf(1, "vb", "b")
    net.meet()
    address(net)


def driver(path):
    """ The driver of a PCI device, in sysfs """
    return (path / "driver").resolve()


def count_vfs(net):
    """ VFs that the PF tells of """
    return len(net.pf.show().get("vfinfo_list", []))


def test_numvfs():
    """ Different numbers of VFs, with traffic when they go """
    with two_vfs() as (net, traffic):
        for _ in range(NUMVFS_ROUNDS):
            for number in (1, 8, 2):
                net.set_numvfs(0)
                ksft_eq(count_vfs(net), 0)
                net.set_numvfs(number)
                ksft_eq(count_vfs(net), number)
                for n in range(number):
                    net.vf_name(n)
            adopt(net)
            traffic.flows()


def test_numvfs_max():
    """
    As many VFs as ixgbe lets one have, once; one more is refused. All have
    their drivers, or three on a debug kernel, where each takes seconds.
    """
    Net.end()
    net = ports.Ports(numvfs=0)
    defer(net.close)
    total = int((net.sysfs / "sriov_totalvfs").read_text(encoding="ascii"))
    ksft_ge(total, 63)
    some = (0, 31, 62) if DEBUG and not LONG else ()
    autoprobe = net.sysfs / "sriov_drivers_autoprobe"
    ports.write(autoprobe, int(not some))
    defer(ports.write, autoprobe, 1)
    net.set_numvfs(63)
    ksft_eq(count_vfs(net), 63)
    for n in some:
        ports.write("/sys/bus/pci/drivers_probe", net.vf_pci(n).name)
    names = {net.vf_name(n) for n in some or range(63)}
    ksft_eq(len(names), len(some) or 63)
    net.set_numvfs(0)
    for number in (64, 65):
        with contextlib.suppress(OSError):
            net.set_numvfs(number)
            ksft_true(False, f"{number} VFs")
    ksft_eq(count_vfs(net), 0)


def test_rebind_vf():
    """ The driver of a VF is unbound and bound under traffic """
    with two_vfs() as (net, traffic):
        path = net.vf_pci(1)
        vf_driver = driver(path)
        for _ in range(ROUNDS):
            ports.write(vf_driver / "unbind", path.name)
            ksft_true(not (path / "net").exists())
            ports.write(vf_driver / "bind", path.name)
            net.vb = net.take_vf(1, "vb", "b")
            net.meet()
            address(net)
            traffic.flows()


def test_rebind_pf():
    """ The driver of the PF is unbound, which removes the VFs, and bound """
    with two_vfs() as (net, traffic):
        pf_driver = driver(net.sysfs)
        for _ in range(ROUNDS):
            # The PCI core removes the VFs without pci_rescan_remove_lock then, of
            # which lockdep warns
            if DEBUG:
                net.set_numvfs(0)
            ports.write(pf_driver / "unbind", net.sysfs.name)
            ksft_true(not (net.sysfs / "virtfn0").exists())
            ports.write(pf_driver / "bind", net.sysfs.name)
            ports.wait_for(lambda: (net.sysfs / "net").exists(), "no PF")
            name, = os.listdir(net.sysfs / "net")
            net.pf.name = name
            net.pf.quiet()
            net.pf.link("up")
            net.set_numvfs(2)
            adopt(net)
            traffic.flows()


def test_down_up():
    """ Each device goes down and up under traffic """
    with two_vfs() as (net, traffic):
        for _ in range(ROUNDS):
            for dev in (net.va, net.vb, net.pf):
                dev.link("down")
                dev.insist("up")
                net.meet()
                # Neighbours are gone with the link
                address(net)
                traffic.flows()


def test_vf_reset_without_pf():
    """ VFs come up while the PF is down, and have a link once it is up """
    with two_vfs() as (net, traffic):
        for _ in range(ROUNDS):
            net.pf.link("down")
            for dev in (net.va, net.vb):
                dev.wait_link(False)
                dev.link("down")
                cmd(f"ip -netns {dev.ns} link set dev {dev} up", fail=False)
            time.sleep(1)           # for what should not come
            ksft_true(not net.va.running() and not net.vb.running())
            net.pf.link("up")
            net.pf.wait_link()
            for dev in (net.va, net.vb):
                dev.insist("up")
            net.meet()
            address(net)
            traffic.flows()


def reset(path):
    """ FLR of a PCI device """
    ksft_true("flr" in (path / "reset_method").read_text(encoding="ascii"))
    ports.write(path / "reset", 1)


def test_flr_vf():
    """
    FLR of a VF, when it is down and when it is up. The drivers are not told:
    they have to be set up anew.
    """
    with two_vfs() as (net, traffic):
        for up in (False, True) * ROUNDS:
            if not up:
                net.vb.link("down")
            reset(net.vf_pci(1))
            net.vb.link("down")
            net.vb.insist("up")
            net.meet()
            address(net)
            traffic.flows()


def test_flr_pf():
    """ FLR of the PF, which takes the VFs along: they are made anew """
    with two_vfs() as (net, traffic):
        for up in (False, True) * ROUNDS:
            if not up:
                net.pf.link("down")
            reset(net.sysfs)
            net.set_numvfs(0)
            net.pf.link("down")
            net.pf.link("up")
            net.set_numvfs(2)
            adopt(net)
            traffic.flows()


def test_namespace_goes():
    """ A namespace is deleted with a VF in it, under traffic """
    with two_vfs() as (net, traffic):
        traffic.close()             # its sockets hold the namespace
        with bkg("ping -q -f 192.0.2.2", ns="a"):
            ip("netns del b")
            ports.wait_for(lambda: "vb" in os.listdir("/sys/class/net"), "no vb")
        ip("netns add b")
        net.vb = net.take_vf(1, "vb", "b")
        net.meet()
        address(net)
        traffic = Traffic()
        defer(traffic.close)
        traffic.flows()


def main():
    """ Run the tests """
    try:
        ksft_run([test_numvfs, test_rebind_vf, test_rebind_pf, test_down_up,
                  test_vf_reset_without_pf, test_flr_vf, test_flr_pf,
                  test_namespace_goes, test_numvfs_max])
    finally:
        Net.end()
    ksft_exit()


if __name__ == "__main__":
    main()

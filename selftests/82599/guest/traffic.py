#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0

"""
What an 82599 does to packets: streams and datagrams of every size between two
virtual functions, byte for byte, with each of the offloads on and off, with
large frames and VLANs, and how it spreads flows over queues.
"""

import collections
import contextlib
import ipaddress
import json
import os
import socket
import struct
import threading

import ports
from lib.py import (
    KsftNamedVariant,
    bkg,
    cmd,
    defer,
    ip,
    ip_packet,
    ksft_eq,
    ksft_exit,
    ksft_ge,
    ksft_run,
    ksft_true,
    ksft_variants,
    udp_datagram,
)
from lib.py.vnet import in_csum

ADDRS = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
VLAN_ADDRS = ("198.51.100.1", "198.51.100.2")
AF = {4: socket.AF_INET, 6: socket.AF_INET6}
SIZES = (0, 1, 17, 18, 1472, 1473, 8000, 60000)
STREAM = 1 << 18
PORT = 2000
ETH_HLEN = 14

# "Verifying the RSS Hash Calculation" of Microsoft: destination, source,
# their ports, the hash of the addresses, and that with the ports of TCP
RSS_KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb"
                        "2da38030f20c6a42b73bbeac01fa")
RSS_VECTORS = (
    ("161.142.100.80", "66.9.149.187", 1766, 2794, 0x323e8fc2, 0x51ccc178),
    ("65.69.140.83", "199.92.111.2", 4739, 14230, 0xd718262a, 0xc626b0ea),
    ("12.22.207.184", "24.19.198.95", 38024, 12898, 0xd2d0a5de, 0x5c2b394a),
    ("209.142.163.6", "38.27.205.30", 2217, 48228, 0x82989176, 0xafc7327f),
    ("202.188.127.2", "153.39.163.191", 1303, 44251, 0x5d1809c5, 0x10e828a2),
    ("3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794,
     0x2cc18cd5, 0x40207d3d),
    ("ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230,
     0x0f0c461c, 0xdde51bbf),
    ("fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
     38024, 44251, 0x4b61e985, 0x02d1feef),
)


class Pair(ports.Setup):
    """ The ports with addresses of both versions on the VFs """
    def make(self, stack):
        self.net = ports.Ports()
        stack.callback(self.net.close)
        self.devs = (self.net.va, self.net.vb)
        self.address()

    def address(self):
        """ Their addresses, and those of the neighbour """
        for n, dev in enumerate(self.devs):
            with ports.inside(dev.ns):
                ports.write(
                    f"/proc/sys/net/ipv6/conf/{dev}/disable_ipv6", 0)
            dev.ip(f"addr replace {ADDRS[4][n]}/24 dev {dev}")
            dev.ip(f"addr replace {ADDRS[6][n]}/64 dev {dev} nodad")
        for n, dev in enumerate(self.devs):
            peer = self.devs[1 - n].mac().hex(":")
            for version in (4, 6):
                dev.ip(f"neigh replace {ADDRS[version][1 - n]} "
                       f"lladdr {peer} dev {dev}")

    def quiet(self):
        """ Without IPv6, whose hosts speak unasked, until the test ends """
        for dev in self.devs:
            dev.quiet()
        defer(self.address)

    def feature(self, name, value, devs=None):
        """ Turn an offload on or off, until the test ends """
        for dev in devs or self.devs:
            dev.ethtool("-K", f"{name} {value}")
            defer(dev.ethtool, "-K", f"{name} on")


def udp(addrs, version=4, sizes=SIZES):
    """ Datagrams from va to vb and back """
    socks = []
    with contextlib.ExitStack() as stack:
        for ns, addr in zip("ab", addrs):
            with ports.inside(ns):
                sock = socket.socket(AF[version], socket.SOCK_DGRAM)
            stack.enter_context(sock)
            sock.bind((addr, PORT))
            sock.settimeout(10)
            socks.append(sock)
        for size in sizes:
            for src, dst in ((0, 1), (1, 0)):
                payload = os.urandom(size)
                socks[src].sendto(payload, (addrs[dst], PORT))
                got = None
                with contextlib.suppress(TimeoutError):
                    got = socks[dst].recv(1 << 16)
                ksft_true(got == payload, f"{size} bytes of {'ab'[src]}: " +
                          ("they differ" if got else "nothing arrives"))


def tcp(addrs, version=4):
    """ A stream from va to vb, which comes back """
    payload = os.urandom(STREAM)
    with contextlib.ExitStack() as stack:
        with ports.inside("b"):
            server = stack.enter_context(
                socket.create_server((addrs[1], PORT), family=AF[version]))
        with ports.inside("a"):
            client = stack.enter_context(
                socket.socket(AF[version], socket.SOCK_STREAM))
        client.settimeout(60)
        server.settimeout(60)
        client.connect((addrs[1], PORT))
        peer = stack.enter_context(server.accept()[0])
        peer.settimeout(60)
        there, back = bytearray(), bytearray()

        def read(sock, into):
            with contextlib.suppress(OSError):
                while len(into) < STREAM:
                    data = sock.recv(1 << 16)
                    if not data:
                        break
                    into += data

        for src, dst, into in ((client, peer, there), (peer, client, back)):
            thread = threading.Thread(target=read, args=(dst, into))
            thread.start()
            src.sendall(payload)
            thread.join()
            ksft_true(into == payload,
                      f"{len(into)} of {STREAM} bytes, or they differ")


def iperf3(options, addr):
    """ What iperf3 says at the end of a run from va to vb """
    with bkg("iperf3 -s -1", ns="b", exit_wait=True):
        ports.wait_for(lambda: ":5201" in cmd("ss -Hltn", ns="b").stdout,
                       "iperf3 does not listen")
        out = cmd(f"timeout 60 iperf3 -J -c {addr} {options}", ns="a",
                  timeout=70).stdout
    return json.loads(out)["end"]


class Sizes:
    """ Lengths of what a device is given to send """
    def __init__(self, dev):
        self.tap = ports.Tap(dev)
        defer(self.tap.close)

    def largest(self):
        """ Of all since the last call """
        most = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                frame, addr = self.tap.sock.recvfrom(1 << 17)
                if addr[2] == ports.PACKET_OUTGOING:
                    most = max(most, len(frame))
        return most


VERSIONS = [KsftNamedVariant(f"ipv{v}", v) for v in (4, 6)]
SWITCHED = [KsftNamedVariant(f"{value}_ipv{v}", value, v)
            for value in ("on", "off") for v in (4, 6)]


@ksft_variants(VERSIONS)
def test_ping(version):
    """ Small, full, and in fragments """
    Pair.get()
    for size in (0, 56, 1452, 4000, 30000):
        cmd(f"ping -q -c 2 -i 0.2 -W 10 -s {size} {ADDRS[version][1]}",
            ns="a")


@ksft_variants(VERSIONS)
def test_udp(version):
    """ Datagrams, whole and in fragments """
    Pair.get()
    udp(ADDRS[version], version)


@ksft_variants(VERSIONS)
def test_iperf3(version):
    """ What it sends arrives, but for what it does not wait for at its end """
    Pair.get()
    size = 4 << 20
    end = iperf3(f"-n {size}", ADDRS[version][1])
    ksft_ge(end["sum_sent"]["bytes"], size)
    ksft_ge(end["sum_received"]["bytes"], size // 2)
    for length in (1400, 8000):
        end = iperf3(f"-u -b 5M -n {size >> 2} -l {length}",
                     ADDRS[version][1])["sum"]
        ksft_ge(end["packets"], (size >> 2) // length)
        ksft_ge(end["packets"] // 10, end["lost_packets"],
                f"datagrams of {length} bytes")


@ksft_variants(SWITCHED)
def test_tcp_tso(value, version):
    """ A stream which the hardware or the kernel cuts to frames """
    pair = Pair.get()
    pair.feature("tso", value)
    sizes = Sizes(pair.net.va)
    tcp(ADDRS[version], version)
    largest = sizes.largest()
    if value == "on":
        ksft_ge(largest, 1515, "nothing for the hardware to segment")
    else:
        ksft_ge(1514, largest, "this was not segmented")


@ksft_variants([KsftNamedVariant(f"{kind}_{value}_ipv{v}", kind, value, v)
                for kind in ("tx", "rx") for value in ("on", "off")
                for v in (4, 6)])
def test_checksum(kind, value, version):
    """ Checksums by the hardware or by the kernel """
    pair = Pair.get()
    pair.feature(kind, value)
    udp(ADDRS[version], version, (1, 1001, 60000))
    tcp(ADDRS[version], version)


@ksft_variants(SWITCHED)
def test_checksum_on_wire(value, version):
    """ What leaves by the wire has the right checksum """
    pair = Pair.get()
    pair.feature("tx", value, [pair.net.va])
    tap = ports.Tap(pair.net.wire)
    defer(tap.close)
    far = {4: "192.0.2.9", 6: "2001:db8::9"}[version]
    pair.net.va.ip(f"neigh replace {far} lladdr "
                   f"{pair.net.wire.mac().hex(':')} dev va")
    with ports.inside("a"):
        sock = socket.socket(AF[version], socket.SOCK_DGRAM)
    defer(sock.close)
    for size in (4, 5, 1001, 1452):
        payload = os.urandom(size)
        sock.sendto(payload, (far, PORT))
        frames = []

        def arrived(payload=payload, frames=frames):
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame = tap.sock.recv(1 << 16)
                    if payload in frame:
                        frames.append(frame)
            return frames

        ksft_true(ports.poll(arrived, 10), f"{size} bytes do not arrive")
        packet = frames[0][ETH_HLEN:]
        if version == 4:
            ksft_eq(in_csum(packet[:20]), 0xffff, "header")
            packet = packet[:int.from_bytes(packet[2:4], "big")]
            addrs, datagram = packet[12:20], packet[20:]
        else:
            addrs, datagram = packet[8:40], packet[40:]
            datagram = datagram[:int.from_bytes(packet[4:6], "big")]
        pseudo = addrs + struct.pack("!HH", socket.IPPROTO_UDP,
                                     len(datagram))
        ksft_eq(in_csum(pseudo + datagram), 0xffff, f"{size} bytes")


@ksft_variants([KsftNamedVariant(value, value) for value in ("on", "off")])
def test_bad_checksum(value):
    """ A wrong checksum is seen by the hardware, and else by the kernel """
    pair = Pair.get()
    pair.feature("rx", value, [pair.net.vb])
    with ports.inside("b"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    defer(sock.close)
    sock.bind((ADDRS[4][1], PORT))
    sock.settimeout(10)
    tap = ports.Tap(pair.net.va)
    defer(tap.close)
    eth = pair.net.vb.mac() + pair.net.va.mac() + b"\x08\x00"
    before = pair.net.vb.stats()["rx_csum_offload_errors"]
    for payload in (b"wrong", b"right"):
        datagram = udp_datagram(*ADDRS[4], PORT, PORT, payload)
        if payload == b"wrong":
            datagram = datagram[:-1] + b"G"
        tap.sock.send(eth + ip_packet(*ADDRS[4], socket.IPPROTO_UDP,
                                      datagram))
    ksft_eq(sock.recv(100), b"right")
    ksft_eq(pair.net.vb.stats()["rx_csum_offload_errors"] - before,
            int(value == "on"))


def test_vlan():
    """ VLAN devices on the VFs """
    pair = Pair.get()
    for n, dev in enumerate(pair.devs):
        dev.ip(f"link add link {dev} name {dev}.10 type vlan id 10")
        defer(dev.ip, f"link del {dev}.10")
        dev.ip(f"addr add {VLAN_ADDRS[n]}/24 dev {dev}.10")
        dev.ip(f"link set {dev}.10 up")
    cmd(f"ping -q -c 2 -i 0.2 -W 10 {VLAN_ADDRS[1]}", ns="a")
    for value in ("on", "off"):
        pair.feature("tso", value)
        udp(VLAN_ADDRS)
        tcp(VLAN_ADDRS)


def test_jumbo():
    """ An MTU of 9000 """
    pair = Pair.get()
    log = ports.Log()
    defer(log.close)

    def mtu(size):
        seen = len(log.read())
        pair.net.pf.link(f"mtu {size}")
        for n in (0, 1):
            want = f"VF Reset msg received from vf {n}"
            ports.wait_for(lambda want=want: any(
                want in line for line in log.read()[seen:]), want)
        pair.net.wait_links()
        for dev in pair.devs:
            dev.insist(f"mtu {size}")
        pair.net.wait_links()

    mtu(9000)
    defer(mtu, 1500)
    sizes = Sizes(pair.net.va)
    for version, size in ((4, 8972), (6, 8952)):
        sizes.largest()
        cmd(f"ping -q -c 2 -i 0.2 -W 10 -M do -s {size} {ADDRS[version][1]}",
            ns="a")
        ksft_eq(sizes.largest(), 9014)
        udp(ADDRS[version], version, SIZES + (8972, 8973))
        for value in ("on", "off"):
            pair.feature("tso", value)
            tcp(ADDRS[version], version)


def queues(stats, way):
    """ Packets of each queue, as ethtool -S has them """
    return {int(name.split("_")[2]): value for name, value in stats.items()
            if name.startswith(f"{way}_queue_") and
            name.endswith("_packets")}


def test_counters():
    """ What one VF has sent the other one has received, by all who count """
    pair = Pair.get()
    va, vb, pf = pair.net.va, pair.net.vb, pair.net.pf
    count, size = 50, 500
    pair.quiet()

    def counters():
        pf.stats()
        vfs = [vf["stats"] for vf in ip(f"-s link show dev {pf}",
                                        json=True)[0]["vfinfo_list"]]
        return collections.Counter({
            "tx": va.stats()["tx_packets"],
            "tx bytes": va.stats()["tx_bytes"],
            "tx queues": sum(queues(va.stats(), "tx").values()),
            "rx": vb.stats()["rx_packets"],
            "rx bytes": vb.stats()["rx_bytes"],
            "rx queues": sum(queues(vb.stats(), "rx").values()),
            "pf tx": vfs[0]["tx"]["tx_packets"],
            "pf tx bytes": vfs[0]["tx"]["tx_bytes"],
            "pf rx": vfs[1]["rx"]["packets"],
            "pf rx bytes": vfs[1]["rx"]["bytes"],
        })

    tap = ports.Tap(va)
    defer(tap.close)
    before = counters()
    frame = vb.mac() + va.mac() + ports.ETHERTYPE + b"82599"
    for _ in range(count):
        tap.sock.send(frame + bytes(size - len(frame)))
    got = {}
    want = {name: count for name in ("tx", "rx", "tx queues", "rx queues",
                                     "pf tx", "pf rx")}
    want |= {name: count * size for name in ("tx bytes", "rx bytes")}
    # With the frame check sequence
    want |= {name: count * (size + 4) for name in ("pf tx bytes",
                                                   "pf rx bytes")}

    def counted():
        got.clear()
        now = counters()
        got.update({name: now[name] - before[name] for name in now})
        return got == want

    ports.poll(counted, 20, 0.3)
    ksft_eq(got, want)


def toeplitz(key, data):
    """ The hash of RSS """
    window = int.from_bytes(key, "big")
    bits = len(key) * 8
    result = 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            result ^= window >> (bits - 32 - i) & 0xffffffff
    return result


def rss_frames(mac):
    """ Hash and frame of all vectors: by addresses, and with ports """
    for dst, src, dport, sport, by_addr, by_port in RSS_VECTORS:
        addrs = ipaddress.ip_address(src).packed + \
            ipaddress.ip_address(dst).packed
        ports_ = struct.pack("!HH", sport, dport)
        ksft_eq(toeplitz(RSS_KEY, addrs), by_addr, "this test")
        ksft_eq(toeplitz(RSS_KEY, addrs + ports_), by_port, "this test")
        eth = mac + bytes.fromhex("02005e000003") + \
            (b"\x86\xdd" if ":" in dst else b"\x08\x00")
        # A UDP datagram's ports are not in the hash unless asked for
        for proto, value, l4 in (
                (socket.IPPROTO_UDP, by_addr,
                 udp_datagram(src, dst, sport, dport, bytes(50))),
                (socket.IPPROTO_TCP, by_port,
                 ports_ + bytes(8) + b"\x50\x10" + bytes(56))):
            yield value, eth + ip_packet(src, dst, proto, l4)


def set_rss(dev, spread):
    """ Set the published key and a table, which is returned """
    dev.ethtool("-X", f"hkey {RSS_KEY.hex(':')} {spread}")
    out = dev.ethtool("-x").stdout
    ksft_true(RSS_KEY.hex(":") in out, "another key")
    table = []
    for line in out.splitlines():
        head, _, entries = line.strip().partition(":")
        if head.isdigit():
            table += map(int, entries.split())
    ksft_eq(len(table), 128)
    return table


def check_rss(wire, dev, table, mask=~0):
    """ Send each vector from the wire and see which queue counts it """
    tap = ports.Tap(wire)
    defer(tap.close)
    before = queues(dev.stats(), "rx")
    for value, frame in rss_frames(dev.mac()):
        tap.sock.send(frame)
        want = {table[value & 127] & mask: 1}
        got = {}

        def counted(before=before, got=got):
            got.clear()
            got.update((queue, n - before[queue]) for queue, n
                       in queues(dev.stats(), "rx").items()
                       if n != before[queue])
            return got

        ports.poll(counted, 10, 0.1)
        ksft_eq(got, want, f"hash {value:08x}")
        for queue, n in got.items():
            before[queue] += n


@ksft_variants([KsftNamedVariant(name, spread) for name, spread in
                (("equal", "equal {}"), ("weight", "weight 3 1"))])
def test_rss_pf(spread):
    """ Published flows get to the queues that the PF's table says """
    Pair.end()
    net = ports.Ports(numvfs=0)
    defer(net.close)
    rings = net.pf.ethtool("-x").stdout.split(" RX ring")[0].split()[-1]
    ksft_ge(int(rings), 2, "a machine with one processor")
    defer(net.pf.ethtool, "-X", "default")
    check_rss(net.wire, net.pf,
              set_rss(net.pf, spread.format(min(int(rings), 16))))


def test_rss_vf():
    """ And those of a VF, which has two and the key and table of the PF """
    pair = Pair.get()
    pair.quiet()
    net = pair.net
    table = set_rss(net.pf, "weight 1 1")
    defer(net.pf.ethtool, "-X", "default")
    ksft_eq(len(queues(net.vb.stats(), "rx")), 2, "queues of a VF")
    check_rss(net.wire, net.vb, table, 1)


def test_rss_query():
    """ A VF sees the key of the PF only if it may """
    net = Pair.get().net
    set_rss(net.pf, "equal 2")
    defer(net.pf.ethtool, "-X", "default")
    done = cmd("ethtool -x va", ns="a", fail=False)
    ksft_true(RSS_KEY.hex(":") not in done.stdout, "it sees the key")
    net.pf.link("vf 0 query_rss on")
    defer(net.pf.link, "vf 0 query_rss off")
    ksft_true(RSS_KEY.hex(":") in net.va.ethtool("-x").stdout,
              "it does not see the key")


def main():
    """ Run the tests """
    try:
        ksft_run([test_ping, test_udp, test_iperf3, test_tcp_tso, test_checksum,
                  test_checksum_on_wire, test_bad_checksum, test_vlan,
                  test_counters, test_jumbo, test_rss_vf, test_rss_query,
                  test_rss_pf])
    finally:
        Pair.end()
    ksft_exit()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0

"""
Two ports of an 82599 on one wire, and two virtual functions of the first, as
all of these tests use them:

  PF   the first port, in the initial namespace with the name it has
  va   its VF 0, in the namespace a
  vb   its VF 1, in the namespace b
  wire the second port, in the namespace wire: the other end of PF's wire
"""

import array
import contextlib
import fcntl
import os
import re
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "net"))

# pylint: disable=wrong-import-position
from lib.py import (  # noqa: E402
    CmdExitFailure,
    KsftSkipEx,
    NetNSEnter,
    cmd,
    ethtool,
    frame_socket,
    ip,
    ksft_pr,
    mac_bytes,
)

BROADCAST = b"\xff" * 6
ETHERTYPE = b"\x88\xb5"             # for experiments (IEEE 802)
VLAN = b"\x81\x00"
SIOCGIFFLAGS = 0x8913
SIOCETHTOOL = 0x8946
ETHTOOL_GSTRINGS = 0x1b
ETHTOOL_GSTATS = 0x1d
ETHTOOL_GSSET_INFO = 0x37
ETH_SS_STATS = 1
ETH_GSTRING_LEN = 32
IFF_RUNNING = 1 << 6
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 1 << 4
ETH_P_8021Q = 0x8100
AUXDATA = struct.Struct("=IIIHHHH")

# Drivers look at the link every two seconds, and a VF does not believe in it
# until ten seconds after its last reset.
LINK_DEADLINE = 120


def poll(cond, deadline, sleep=0.05):
    """ Wait until @cond() is true. Returns what it was at last. """
    end = time.monotonic() + deadline
    while True:
        got = cond()
        if got or time.monotonic() > end:
            return got
        time.sleep(sleep)


def wait_for(cond, what, deadline=LINK_DEADLINE, sleep=0.05):
    """ Wait until @cond() is true, which is not what a test is about """
    if not poll(cond, deadline, sleep):
        raise TimeoutError(what)


def write(path, value):
    """ One line to a file of sysfs or procfs """
    with open(path, "w", encoding="ascii") as f:
        f.write(f"{value}\n")


def inside(ns):
    """ Context in a namespace; None is the initial one """
    return NetNSEnter(ns) if ns else contextlib.nullcontext()


def ports():
    """ Network devices that ixgbe has bound, by PCI address """
    devs = {}
    for path in Path("/sys/bus/pci/drivers/ixgbe").glob("*:*/net/*"):
        devs[path.parts[-3]] = path.name
    return [devs[addr] for addr in sorted(devs)]


class Log:
    """ What the kernel says from now on """
    def __init__(self):
        # pylint: disable=consider-using-with
        self.file = open("/dev/kmsg", "rb", buffering=0)
        os.set_blocking(self.file.fileno(), False)
        os.lseek(self.file.fileno(), 0, os.SEEK_END)
        self.lines = []

    def close(self):
        """ No more of it """
        self.file.close()

    def read(self):
        """ All lines since the start """
        while True:
            try:
                line = os.read(self.file.fileno(), 1 << 13)
            except BlockingIOError:
                return self.lines
            except BrokenPipeError:     # lines were overwritten
                continue
            self.lines.append(line.decode("utf-8", "replace"))

    def sum(self, pattern):
        """ Sum of the numbers which @pattern has found """
        return sum(int(m) for line in self.read()
                   for m in re.findall(pattern, line))


class Dev:
    """ A network device in a namespace """
    def __init__(self, name, ns=None):
        self.name = name
        self.ns = ns

    def __str__(self):
        return self.name

    def ip(self, args):
        """ ip in its namespace """
        return ip(args, ns=self.ns)

    def link(self, args):
        """ ip link set """
        return ip(f"link set dev {self.name} {args}", ns=self.ns)

    def insist(self, args):
        """ ip link set, which a PF after a reset may refuse for a while """
        def done():
            try:
                self.link(args)
            except CmdExitFailure:
                return False
            return True

        wait_for(done, f"{self}: '{args}' is refused", sleep=0.5)

    def show(self, options=""):
        """ ip link show """
        return ip(f"{options} link show dev {self.name}", json=True,
                  ns=self.ns)[0]

    def ethtool(self, option, args="", **kwargs):
        """ ethtool in its namespace """
        return ethtool(f"{option} {self.name} {args}".rstrip(), ns=self.ns,
                       **kwargs)

    def ethtool_ioctl(self, fmt, *args, data=0):
        """ What the kernel writes behind a command of ethtool(8) """
        head = struct.pack(fmt, *args)
        buf = array.array("B", head + bytes(data))
        with inside(self.ns), \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, SIOCETHTOOL, struct.pack(
                "16sP16x", self.name.encode(), buf.buffer_info()[0]))
        return bytes(buf)[len(head):]

    def stats(self):
        """ Counters of ethtool -S, of which a test asks often """
        count, = struct.unpack("I", self.ethtool_ioctl(
            "IIQ", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_STATS, data=4))
        names = self.ethtool_ioctl("III", ETHTOOL_GSTRINGS, ETH_SS_STATS,
                                   count, data=count * ETH_GSTRING_LEN)
        values = self.ethtool_ioctl("II", ETHTOOL_GSTATS, count,
                                    data=count * 8)
        return {name.rstrip(b"\0").decode(): value for (name,), (value,) in
                zip(struct.iter_unpack(f"{ETH_GSTRING_LEN}s", names),
                    struct.iter_unpack("Q", values))}

    def mac(self):
        """ Its address """
        return mac_bytes(self.show()["address"])

    def flags(self):
        """ IFF_UP, ... """
        with inside(self.ns), \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            req = struct.pack("16sH22x", self.name.encode(), 0)
            return struct.unpack_from("16xH", fcntl.ioctl(
                sock, SIOCGIFFLAGS, req))[0]

    def running(self):
        """ Has it a link? """
        return bool(self.flags() & IFF_RUNNING)

    def wait_link(self, want=True):
        """ Wait for a link, or for none """
        wait_for(lambda: self.running() == want,
                 f"{self.name}: link is {not want}")

    def packets(self):
        """ Frames that the hardware has received, and taken to be sent """
        with inside(self.ns), \
             open("/proc/thread-self/net/dev", encoding="ascii") as f:
            for line in f:
                name, _, values = line.partition(":")
                if name.strip() == self.name:
                    return int(values.split()[1]), int(values.split()[9])
        raise KeyError(self.name)

    def quiet(self):
        """ It sends nothing of its own """
        name = self.name
        with inside(self.ns):
            write(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", 1)


class Setup:
    """
    What the tests of a program share: there is one at a time. make() pushes to
    @stack what takes it back.
    """
    _made = _failed = None

    @classmethod
    def get(cls):
        """ The one there is; what has failed once is not tried again """
        if cls._failed:
            raise cls._failed
        if not cls._made:
            try:
                cls._made = cls()
            except Exception as e:
                cls._failed = e
                raise
        return cls._made

    def __init__(self):
        with contextlib.ExitStack() as stack:
            self.make(stack)
            self.close = stack.pop_all().close

    def make(self, stack):
        """ To be made """
        raise NotImplementedError

    @classmethod
    def end(cls):
        """ Leave all as it was """
        made, cls._made = cls._made, None
        if made:
            made.close()


class Tap:
    """ Packet socket that sends and sees the frames of a device """
    def __init__(self, dev):
        self.dev = dev
        with inside(dev.ns):
            self.sock = frame_socket(dev.name)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.seen = []

    def close(self):
        """ Away with it """
        self.sock.close()

    def frames(self, token):
        """ VLAN tag (or None) and bytes of all frames received with @token """
        while True:
            try:
                frame, anc, _, addr = self.sock.recvmsg(1 << 17, 64)
            except BlockingIOError:
                break
            except OSError:             # the device is down
                continue
            if addr[2] == PACKET_OUTGOING:
                continue
            tag = None
            for level, kind, data in anc:
                if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                    status, *_, tci, tpid = AUXDATA.unpack_from(data)
                    if status & TP_STATUS_VLAN_VALID:
                        tag = tci if tpid == ETH_P_8021Q else tpid << 16 | tci
            if frame[12:14] == VLAN:
                tag = int.from_bytes(frame[14:16], "big")
                frame = frame[:12] + frame[16:]
            self.seen.append((tag, frame))
        return [f for f in self.seen if f[1][14:].startswith(token)]

    def clear(self):
        """ Forget what was received """
        self.frames(b"")
        self.seen = []


class Ports:
    """ All of it, made and removed """
    def __init__(self, numvfs=2, log=None):
        # A run that was killed has left one of them in a namespace
        if not all([cmd(f"ip netns del {ns}", fail=False).ret
                    for ns in ("a", "b", "wire")]):
            poll(lambda: len(ports()) > 1, 10)
        names = ports()
        if len(names) < 2:
            raise KsftSkipEx("two ports of an 82599 are needed")
        self.log = log
        self.stack = contextlib.ExitStack()
        try:
            self._make(names, numvfs)
        except BaseException:
            self.stack.close()
            raise

    def _make(self, names, numvfs):
        self.pf = Dev(names[0])
        self.wire = Dev(names[1], "wire")
        self.sysfs = Path(f"/sys/class/net/{self.pf}/device").resolve()
        for ns in ("a", "b", "wire"):
            ip(f"netns add {ns}")
            with inside(ns):
                write("/proc/sys/net/ipv6/conf/default/disable_ipv6", 1)
            self.stack.callback(ip, f"netns del {ns}")
        # Back to where it was before the namespace goes
        self.stack.callback(
            ip, f"-netns wire link set dev {self.wire} netns 1")
        ip(f"link set dev {self.wire} netns wire")
        self.pf.quiet()
        self.wire.quiet()
        self.stack.callback(self.pf.link, "down")
        self.pf.link("up")
        self.wire.link("promisc on up")
        self.wire.wait_link()
        self.pf.wait_link()
        self.va = self.vb = None
        self.stack.callback(self.set_numvfs, 0)
        if numvfs:
            self.set_numvfs(0)
            self.set_numvfs(numvfs)
            self.pf.wait_link()
            self.va = self.take_vf(0, "va", "a")
            self.vb = self.take_vf(1, "vb", "b")
            self.meet()

    def close(self):
        """ Put everything back """
        self.stack.close()

    def set_numvfs(self, number):
        """ Make so many VFs """
        write(self.sysfs / "sriov_numvfs", number)

    def vf_pci(self, number):
        """ PCI device of a VF, in sysfs """
        return (self.sysfs / f"virtfn{number}").resolve()

    def vf_name(self, number):
        """ Network device of a VF which no one has taken yet """
        names = []

        def found():
            with contextlib.suppress(FileNotFoundError):
                names[:] = os.listdir(self.vf_pci(number) / "net")
            return names

        wait_for(found, f"VF {number} has no driver")
        return names[0]

    def take_vf(self, number, name, ns):
        """ Move a VF to a namespace and set it up """
        old = self.vf_name(number)
        ip(f"link set dev {old} down")
        ip(f"link set dev {old} netns {ns} name {name}")
        dev = Dev(name, ns)
        dev.quiet()
        dev.insist("up")
        return dev

    def wait_links(self):
        """ Wait until the PF and both VFs have a link """
        for dev in (self.pf, self.va, self.vb):
            dev.wait_link()

    def meet(self):
        """
        Wait until both VFs have a link and get each other's frames. Where the
        host has too little time for the machine, a VF gives up on an answer of
        the PF, and is but half set up. It is tried again, and told.
        """
        for _ in range(3):
            self.wait_links()
            if poll(self.exchange, 30):
                return
            ksft_pr("the VFs do not get each other's frames; down and up")
            for dev in (self.va, self.vb):
                dev.link("down")
                dev.insist("up")
        raise TimeoutError("the VFs do not get each other's frames")

    def exchange(self):
        """ Has each VF got a frame of the other? """
        token = os.urandom(8)
        with contextlib.closing(Tap(self.va)) as a, \
             contextlib.closing(Tap(self.vb)) as b:
            for tap, to in ((a, b), (b, a)):
                with contextlib.suppress(OSError):
                    head = to.dev.mac() + tap.dev.mac() + ETHERTYPE
                    tap.sock.send(head + token + bytes(50))
            return poll(lambda: a.frames(token) and b.frames(token), 1)

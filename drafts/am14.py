import subprocess, textwrap, re
def git(*a): return subprocess.run(('git',)+a,check=True,capture_output=True,text=True).stdout
subjects=git('log','--format=%s','base-7.3.4..').splitlines()
E0={
'netfilter: nfnetlink_queue, ipvs: take whole':[
('''In a bridge without either of the two nothing is reassembled, and in
br_netfilter not by a kernel without NF_DEFRAG_IPV4 or NF_DEFRAG_IPV6. What is
whole could not leave there, and user space gets the fragments, as ever.
''','''In a bridge without either of the two, and in br_netfilter of a namespace
without conntrack, nothing is reassembled. What is whole could not always
leave there, and user space gets the fragments, as ever.
''')],
'openvswitch: do not let upcalls change UFO':[
('''That the headers of clones are left alone is not enough: this is the packet
itself, where others have a clone at hand, or consume what they segment. Take
one for these packets.
''','''Segment a clone of these packets, as others do who do not consume what they
segment. This needs "udp: do not write to the headers of clones in software
UFO", without which the clone's headers are those of the packet.
''')],
'netfilter: nfnetlink_queue: run the rest':[
('''Call it in front of the hooks.
''','''Call it in front of the hooks. The header has been in that storage since
v4.1; before, nothing is known to go wrong.
''')],
'inet: fragment whole UDP':[
('''A tunnel gets the fragments: with what it adds, the largest datagrams would
exceed 64 KB. In transport''','''A tunnel gets the fragments, none of them larger than the sender's: with what
it adds, the largest datagrams would exceed 64 KB. In transport'''),
('''marked: GSO takes it for damaged and drops it. A lightweight tunnel that
redirects the output of its route has the datagram before all this, like any
GSO packet.
''','''marked: GSO takes it for damaged and drops it.

A lightweight tunnel that redirects the input or output of a route in a
router has the datagram before all this. Give it the fragments, too. Behind
the headers that it adds there is no GSO that knows of UFO; what is inserted
with SRv6 changes the destination that UFO computes the checksum from; and
the length of the largest would exceed 64 KB.
'''),
('''the GSO type per packet of IPsec in each of xfrm4_output() or xfrm6_output()
and xfrm_output(). The''','''the GSO type per packet of IPsec in each of xfrm4_output() or xfrm6_output()
and xfrm_output(), and of such a tunnel. The''')],
'udp: send datagrams over':[
('''that cannot take it has it fragmented in software, which gives the same
fragments.
''','''that cannot take it has it fragmented in software, into fragments of that
size.
'''),
('9,390           -','9,400           -'),('362,400','362,200'),('within 0.15 %','within 0.13 %')],
'udp: add KUnit tests of datagrams':[
('''Test the size of the fragments against what ip_do_fragment() and
ip6_fragment() make of some MTUs, as figures, the limits''','''Test the size of the fragments against fixed numbers, which are what
ip_do_fragment() and ip6_fragment() make of some MTUs, the limits''')],
'selftests: net: test UDP datagrams which':[
('''byte, and the form in which the datagram arrived: one frame, or the
fragments that IP would have made.''','''byte, and the form in which the datagram arrived: one frame, or
fragments.''')],
'udp: let net.ipv4':[
('''into the same
fragments.''','''into
fragments of the size they would have had.''')],
}
E={}
def wrap(msg):
    subj,body=msg.split('\n',1)
    out=[]
    for par in body.split('\n\n'):
        lines=par.strip('\n').split('\n')
        if any(len(l)>75 for l in lines) and not any(re.match(r'[\s\-\d]|[A-Z][a-z-]+: ',l) for l in lines):
            par='\n'.join(textwrap.wrap(' '.join(lines),75,break_long_words=False,break_on_hyphens=False))
            par=par if not out else par
            if out==[]: par='\n'+par
        out.append(par)
    return subj+'\n'+'\n\n'.join(out)
for s in reversed(subjects):
    if s.startswith(('fixup!','amend!')): continue
    h=[l.split(' ',1)[0] for l in git('log','--format=%H %s','base-7.3.4..').splitlines() if l.split(' ',1)[1]==s]; assert len(h)==1; msg=git('log','-1','--format=%B',h[0])
    assert msg.split('\n')[0]==s,(s,msg[:80])
    new=msg
    for k,v in E.items():
        if s.startswith(k):
            for a,b in v:
                assert new.count(a)==1,(s,a,new.count(a))
                new=new.replace(a,b)
    new=wrap(new)
    new='\n'.join(l for l in new.split('\n'))
    if new.strip()!=msg.strip():
        subprocess.run(['git','commit','-q','--allow-empty','-F','-'],input='amend! '+s+'\n\n'+new.strip()+'\n',text=True,check=True)
        print(s)

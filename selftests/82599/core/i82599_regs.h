/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the 82599, as far as the model gives them a meaning. Names are
 * those of the datasheet (section 8.2), addresses are within BAR 0.
 */
#ifndef I82599_REGS_H
#define I82599_REGS_H

/* General */
#define CTRL			0x00000
#define  CTRL_GIO_DIS		0x00000004
#define  CTRL_LRST		0x00000008
#define  CTRL_RST		0x04000000
#define STATUS			0x00008
#define  STATUS_NUM_VFS_SHIFT	10
#define  STATUS_IOV_ACTIVE	0x00040000
#define  STATUS_GIO		0x00080000
#define CTRL_EXT		0x00018
#define  CTRL_EXT_PFRSTD	0x00004000
#define FRTIMER			0x00048

/* EEPROM, semaphores, firmware */
#define EEC			0x10010
#define  EEC_PRES		0x00000100
#define  EEC_ARD		0x00000200
#define  EEC_GNT		0x00000080
#define  EEC_SIZE_SHIFT		11
#define EERD			0x10014
#define EEWR			0x10018
#define  EE_START		0x00000001
#define  EE_DONE		0x00000002
#define EEMNGCTL		0x10110
#define  EEMNGCTL_CFG_DONE	0x000c0000	/* of both ports */
#define SWSM			0x10140
#define  SWSM_SMBI		0x00000001
#define FWSM			0x10148
#define  FWSM_FW_VALID		0x00008000
#define FACTPS			0x10150
#define SW_FW_SYNC		0x10160

/* MAC and link */
#define HLREG0			0x04240
#define  HLREG0_JUMBOEN		0x00000004
#define  HLREG0_TXPADEN		0x00000400
#define  HLREG0_LPBK		0x00008000
#define MSCA			0x0425c
#define  MSCA_OP		0x0c000000
#define  MSCA_OP_READ		0x0c000000
#define  MSCA_OP_READ_INC	0x08000000
#define  MSCA_MDICMD		0x40000000
#define MSRWD			0x04260
#define MAXFRS			0x04268
#define AUTOC			0x042a0
#define  AUTOC_FLU		0x00000001
#define  AUTOC_CX4		0x00000100
#define  AUTOC_RESTART_AN	0x00001000
#define  AUTOC_LMS_10G_NO_AN	0x00002000
#define LINKS			0x042a4
#define  LINKS_UP		0x40000000
#define  LINKS_SPEED_10G	0x30000000
#define AUTOC2			0x042a8
#define ANLP1			0x042b0
#define  ANLP1_AN_STATE		0x00010000	/* any but 0 */
#define LINKS2			0x04324

/* PCIe */
#define GCR_EXT			0x11050
#define  GCR_EXT_VT_MODE	0x00000003

/* Interrupts */
#define EICR			0x00800
#define EICS			0x00808
#define EIMS			0x00880
#define EIMC			0x00888
#define EIAC			0x00810
#define EIAM			0x00890
#define EITRSEL			0x00894
#define GPIE			0x00898
#define  GPIE_MSIX_MODE		0x00000010
#define  GPIE_OCD		0x00000020
#define  GPIE_EIMEN		0x00000040
#define  GPIE_EIAME		0x40000000
#define EICS_EX			0x00a90		/* 2 of each */
#define EIMS_EX			0x00aa0
#define EIMC_EX			0x00ab0
#define EIAM_EX			0x00ad0
#define EITR_LOW		0x00820		/* 0 to 23 */
#define EITR_HIGH		0x12300		/* 24 to 127 */
#define  EITR_ITR		0x00000ff8
#define  EITR_COUNTER(v)	((v) >> 21 & 0x7f)
#define  EITR_CNT_WDIS		0x80000000
#define IVAR(q)			(0x00900 + 4 * ((q) / 2))
#define IVAR_MISC		0x00a00
#define  IVAR_VALID		0x80

/* Causes in EICR; bits 15:0 are vectors */
#define EICR_QUEUES		0x0000ffff
#define EICR_MISC		0x7fff0000
#define EICR_OCD		0x3fff0000	/* read to clear with GPIE.OCD */
#define EICR_RX_MISS		0x00020000
#define EICR_MAILBOX		0x00080000
#define EICR_LSC		0x00100000

/* Receive */
#define RX_QUEUE(n)		((n) < 64 ? 0x01000 + 0x40 * (n) : \
				 0x0d000 + 0x40 * ((n) - 64))
#define RDBAL(n)		(RX_QUEUE(n) + 0x00)
#define RDBAH(n)		(RX_QUEUE(n) + 0x04)
#define RDLEN(n)		(RX_QUEUE(n) + 0x08)
#define DCA_RXCTRL(n)		(RX_QUEUE(n) + 0x0c)
#define RDH(n)			(RX_QUEUE(n) + 0x10)
#define SRRCTL(n)		(RX_QUEUE(n) + 0x14)
#define  SRRCTL_BSIZEPACKET	0x0000001f	/* KiB */
#define  SRRCTL_DESCTYPE	0x0e000000
#define  SRRCTL_ADV_ONEBUF	0x02000000
#define  SRRCTL_DROP_EN		0x10000000
#define RDT(n)			(RX_QUEUE(n) + 0x18)
#define RXDCTL(n)		(RX_QUEUE(n) + 0x28)
#define  RXDCTL_ENABLE		0x02000000
#define  RXDCTL_VME		0x40000000
#define RSCCTL(n)		(RX_QUEUE(n) + 0x2c)
#define SRRCTL_ALIAS		0x02100		/* of queues 0 to 15 */
#define DCA_RXCTRL_ALIAS	0x02200
#define RQSMR			0x02300
#define RDRXCTL			0x02f00
#define  RDRXCTL_DMAIDONE	0x00000008
#define QDE			0x02f04
#define  QDE_ENABLE		0x00000001
#define  QDE_IDX(v)		((v) >> 8 & 0x7f)
#define  QDE_WRITE		0x00010000
#define RXCTRL			0x03000
#define  RXCTRL_RXEN		0x00000001
#define SECRXCTRL		0x08d00
#define  SECRXCTRL_RX_DIS	0x00000002
#define SECRXSTAT		0x08d04
#define SECTXSTAT		0x08804
#define  SEC_RDY		0x00000001
#define  SEC_OFF_DIS		0x00000002
#define RXCSUM			0x05000
#define  RXCSUM_PCSD		0x00002000

/* Filters */
#define FCTRL			0x05080
#define  FCTRL_MPE		0x00000100
#define  FCTRL_UPE		0x00000200
#define  FCTRL_BAM		0x00000400
#define VLNCTRL			0x05088
#define  VLNCTRL_VET		0x0000ffff
#define  VLNCTRL_VFE		0x40000000
#define MCSTCTRL		0x05090
#define  MCSTCTRL_MO		0x00000003
#define  MCSTCTRL_MFE		0x00000004
#define MTA			0x05200
#define RAL(n)			(0x0a200 + 8 * (n))
#define RAH(n)			(0x0a204 + 8 * (n))
#define  RAH_AV			0x80000000
#define RAL_ALIAS		0x05400		/* of entries 0 to 15 */
#define MPSAR(n)		(0x0a600 + 8 * (n))	/* low, high */
#define VFTA			0x0a000
#define UTA			0x0f400
#define PSRTYPE_LOW		0x05480		/* pools 0 to 15 */
#define PSRTYPE(p)		((p) < 16 ? 0x05480 + 4 * (p) : \
				 0x0ea00 + 4 * (p))
#define MRQC			0x05818
#define  MRQC_MRQE		0x0000000f
#define  MRQC_RSS		0x1
#define  MRQC_VMDQ64		0x8
#define  MRQC_VMDQ32_RSS	0xa
#define  MRQC_VMDQ64_RSS	0xb
#define  MRQC_VMDQ16_8TC	0xc
#define  MRQC_VMDQ32_4TC	0xd
#define  MRQC_TCP_IPV4		0x00010000
#define  MRQC_IPV4		0x00020000
#define  MRQC_IPV6		0x00100000
#define  MRQC_TCP_IPV6		0x00200000
#define  MRQC_UDP_IPV4		0x00400000
#define  MRQC_UDP_IPV6		0x00800000
#define RETA			0x05c00
#define RSSRK			0x05c80
#define FDIRHASH		0x0ee28
#define FDIRCMD			0x0ee2c
#define  FDIRCMD_CMD		0x00000003
#define  FDIRCMD_FILTER_VALID	0x00000004
#define FDIRCTRL		0x0ee00
#define  FDIRCTRL_INIT_DONE	0x00000008

/* Transmit */
#define TX_QUEUE(n)		(0x06000 + 0x40 * (n))
#define TDBAL(n)		(TX_QUEUE(n) + 0x00)
#define TDBAH(n)		(TX_QUEUE(n) + 0x04)
#define TDLEN(n)		(TX_QUEUE(n) + 0x08)
#define DCA_TXCTRL(n)		(TX_QUEUE(n) + 0x0c)
#define TDH(n)			(TX_QUEUE(n) + 0x10)
#define TDT(n)			(TX_QUEUE(n) + 0x18)
#define TXDCTL(n)		(TX_QUEUE(n) + 0x28)
#define  TXDCTL_ENABLE		0x02000000
#define TDWBAL(n)		(TX_QUEUE(n) + 0x38)
#define  TDWBAL_HEAD_WB_EN	0x00000001
#define TDWBAH(n)		(TX_QUEUE(n) + 0x3c)
#define DMATXCTL		0x04a80
#define  DMATXCTL_TE		0x00000001
#define DTXTCPFLGL		0x04a88
#define DTXTCPFLGH		0x04a8c
#define MTQC			0x08120
#define  MTQC_VT_ENA		0x00000002
#define  MTQC_NUM_TC_OR_Q	0x0000000c
#define TQSM			0x08600
#define RTTDQSEL		0x04904
#define RTTDT1C			0x04908
#define RTTBCNRC		0x04984

/* Virtualization */
#define VT_CTL			0x051b0
#define  VT_CTL_VT_ENA		0x00000001
#define  VT_CTL_DEF_PL(v)	((v) >> 7 & 0x3f)
#define  VT_CTL_DIS_DEF_PL	0x20000000
#define  VT_CTL_RPL_EN		0x40000000
#define VMTXSW			0x05180
#define VFRE			0x051e0
#define VFTE			0x08110
#define VMVIR			0x08000
#define  VMVIR_VLANA		0xc0000000
#define  VMVIR_DEFAULT		0x40000000
#define  VMVIR_NEVER		0x80000000
#define PFVFSPOOF		0x08200
#define PFDTXGSWC		0x08220
#define  PFDTXGSWC_LBEN		0x00000001
#define VMECM			0x08790
#define VMOLR			0x0f000
#define  VMOLR_AUPE		0x01000000
#define  VMOLR_ROMPE		0x02000000
#define  VMOLR_ROPE		0x04000000
#define  VMOLR_BAM		0x08000000
#define  VMOLR_MPE		0x10000000
#define VLVF			0x0f100
#define  VLVF_VI_EN		0x80000000
#define VLVFB			0x0f200
#define VFLRE(i)		((i) ? 0x001c0 : 0x00600)
#define VFLREC			0x00700
#define MBVFICR			0x00710
#define PFMBIMR			0x00720
#define PFMAILBOX		0x04b00
#define  PFMAILBOX_STS		0x00000001
#define  PFMAILBOX_ACK		0x00000002
#define  PFMAILBOX_VFU		0x00000004
#define  PFMAILBOX_PFU		0x00000008
#define  PFMAILBOX_RVFU		0x00000010
#define PFMBMEM			0x13000

/* Statistics */
#define CRCERRS			0x04000
#define MPC			0x03fa0
#define PRC64			0x0405c		/* 6 bins */
#define GPRC			0x04074
#define BPRC			0x04078
#define MPRC			0x0407c
#define GPTC			0x04080
#define GORC			0x04088		/* low, high */
#define GOTC			0x04090
#define RUC			0x040a4
#define ROC			0x040ac
#define TOR			0x040c0
#define TPR			0x040d0
#define TPT			0x040d4
#define PTC64			0x040d8
#define MPTC			0x040f0
#define BPTC			0x040f4
#define SSVPC			0x08780
#define TXDGPC			0x087a0
#define QPRC(i)			(0x01030 + 0x40 * (i))
#define QBRC(i)			(0x01034 + 0x40 * (i))
#define QPRDC(i)		(0x01430 + 0x40 * (i))
#define QPTC(i)			(0x06030 + 0x40 * (i))
#define QBTC(i)			(0x08700 + 8 * (i))
#define PVFGPRC(p)		(0x0101c + 0x40 * (p))
#define PVFGORC_LSB(p)		(0x01020 + 0x40 * (p))
#define PVFGORC_MSB(p)		(0x0d020 + 0x40 * (p))
#define PVFMPRC(p)		(0x0d01c + 0x40 * (p))
#define PVFGPTC(p)		(0x08300 + 4 * (p))
#define PVFGOTC_LSB(p)		(0x08400 + 8 * (p))
#define PVFGOTC_MSB(p)		(0x08404 + 8 * (p))

/* A virtual function (section 8.3). Its queues are laid out as the physical
 * function's, receive from 0x1000, transmit from 0x2000.
 */
#define VFCTRL			0x00000
#define VFSTATUS		0x00008
#define VFLINKS			0x00010
#define VFFRTIMER		0x00048
#define VTEICR			0x00100
#define VTEICS			0x00104
#define VTEIMS			0x00108
#define VTEIMC			0x0010c
#define VTEIAC			0x00110
#define VTEIAM			0x00114
#define VTIVAR			0x00120		/* 4 of these */
#define VTIVAR_MISC		0x00140
#define VTRSCINT		0x00180
#define VFMBMEM			0x00200
#define VFMAILBOX		0x002fc
#define  VFMAILBOX_REQ		0x00000001
#define  VFMAILBOX_ACK		0x00000002
#define  VFMAILBOX_VFU		0x00000004
#define  VFMAILBOX_PFU		0x00000008
#define  VFMAILBOX_PFSTS	0x00000010
#define  VFMAILBOX_PFACK	0x00000020
#define  VFMAILBOX_RSTI		0x00000040
#define  VFMAILBOX_RSTD		0x00000080
#define  VFMAILBOX_R2C		(VFMAILBOX_PFSTS | VFMAILBOX_PFACK | \
				 VFMAILBOX_RSTD)
#define VFPSRTYPE		0x00300
#define VTEITR			0x00820
#define VFRX_QUEUE		0x01000
#define VFTX_QUEUE		0x02000
#define VFGPRC			0x0101c
#define VFGORC_LSB		0x01020
#define VFGORC_MSB		0x01024
#define VFMPRC			0x01034
#define VFGPTC			0x0201c
#define VFGOTC_LSB		0x02020
#define VFGOTC_MSB		0x02024
#define VFRXMEMWRAP		0x03190

/* Advanced receive descriptor, write-back (section 7.1.6) */
#define RXD_RSS_TCP_IPV4	1
#define RXD_RSS_IPV4		2
#define RXD_RSS_TCP_IPV6	3
#define RXD_RSS_IPV6		5
#define RXD_RSS_UDP_IPV4	7
#define RXD_RSS_UDP_IPV6	8
#define RXD_TYPE_IPV4		0x00000010
#define RXD_TYPE_IPV4E		0x00000020
#define RXD_TYPE_IPV6		0x00000040
#define RXD_TYPE_IPV6E		0x00000080
#define RXD_TYPE_TCP		0x00000100
#define RXD_TYPE_UDP		0x00000200
#define RXD_TYPE_SCTP		0x00000400
#define RXD_DD			0x00000001
#define RXD_EOP			0x00000002
#define RXD_VP			0x00000008
#define RXD_UDPCS		0x00000010
#define RXD_L4CS		0x00000020
#define RXD_IPCS		0x00000040
#define RXD_PIF			0x00000080
#define RXD_LB			0x00040000
#define RXD_TCPE		0x40000000
#define RXD_IPE			0x80000000

/* Advanced transmit descriptor (section 7.2.3.2) */
#define TXD_LEN			0x0000ffff
#define TXD_DTYP		0x00f00000
#define TXD_CTXT		0x00200000
#define TXD_DATA		0x00300000
#define TXD_EOP			0x01000000
#define TXD_RS			0x08000000
#define TXD_DEXT		0x20000000
#define TXD_VLE			0x40000000
#define TXD_TSE			0x80000000
#define TXD_IDX(v)		((v) >> 4 & 1)
#define TXD_IXSM		0x00000100
#define TXD_TXSM		0x00000200
#define TXD_DD			0x00000001
#define TXC_IPLEN(v)		((v) & 0x1ff)
#define TXC_MACLEN(v)		((v) >> 9 & 0x7f)
#define TXC_VLAN(v)		((v) >> 16)
#define TXC_L4LEN(v)		((v) >> 8 & 0xff)
#define TXC_MSS(v)		((v) >> 16)
#define TXC_IPV4		0x00000400
#define TXC_L4T			0x00001800
#define TXC_L4T_UDP		0x00000000
#define TXC_L4T_TCP		0x00000800
#define TXC_L4T_SCTP		0x00001000

#endif

//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// func find512(f *finder, b *batch)
//
// Looks up to 64 positions up, eight at a time, each in a lane of its own; see batch for what comes out. Nothing is
// checked: f is of an image built in this process. First the blocks of all are found and fetched, so that the waits
// for memory overlap, then all are searched.
//
//	R8 guide, R10 its cells, R11 data, R12 keys, R14 batch, CX number of the first of eight
//	Z31 −1, Z30 1, Z29 lower halves, Z28 31, Z27 63, Z26 7
//	K7 lanes in use, K5 those with an answer so far, K6 those left to the plain way

DATA ·constants512+0(SB)/8, $-2
DATA ·constants512+8(SB)/8, $(const_flagBare|const_flagRanged|const_flagWideSource)
DATA ·constants512+16(SB)/8, $(const_flagNamed|const_flagAllNamed)
DATA ·constants512+24(SB)/8, $const_flagOwn
DATA ·constants512+32(SB)/8, $const_flagNamed
DATA ·constants512+40(SB)/8, $const_flagAllNamed
DATA ·constants512+48(SB)/8, $const_flagColumnBase
DATA ·constants512+56(SB)/8, $0x80000000
DATA ·constants512+64(SB)/8, $57
DATA ·constants512+72(SB)/8, $2
DATA ·constants512+80(SB)/8, $4
DATA ·constants512+88(SB)/8, $8
DATA ·constants512+96(SB)/8, $16
DATA ·constants512+104(SB)/8, $32
DATA ·constants512+112(SB)/8, $64
DATA ·constants512+120(SB)/8, $128
DATA ·constants512+128(SB)/8, $0xFFFFFFFF
DATA ·constants512+136(SB)/8, $0xFFFF
DATA ·constants512+144(SB)/8, $0xFF
DATA ·constants512+152(SB)/8, $0xF
DATA ·constants512+160(SB)/8, $3
DATA ·constants512+168(SB)/8, $0x0101010101010101
GLOBL ·constants512(SB), RODATA|NOPTR, $176
#define MINUS_2 ·constants512+0(SB)
#define RARE_FLAGS ·constants512+8(SB)
#define ANY_NAMES ·constants512+16(SB)
#define FLAG_OWN ·constants512+24(SB)
#define FLAG_NAMED ·constants512+32(SB)
#define FLAG_ALL_NAMED ·constants512+40(SB)
#define FLAG_COLUMN_BASE ·constants512+48(SB)
#define SIGN32 ·constants512+56(SB)
#define N57 ·constants512+64(SB)
#define N2 ·constants512+72(SB)
#define N4 ·constants512+80(SB)
#define N8 ·constants512+88(SB)
#define N16 ·constants512+96(SB)
#define N32 ·constants512+104(SB)
#define N64 ·constants512+112(SB)
#define N128 ·constants512+120(SB)
#define LOW32 ·constants512+128(SB)
#define LOW16 ·constants512+136(SB)
#define LOW8 ·constants512+144(SB)
#define LOW4 ·constants512+152(SB)
#define LOW2 ·constants512+160(SB)
#define ONES8 ·constants512+168(SB)

// For a width of w bits: w times 0 to 7, where eight values of that width stand.
DATA ·places512+0(SB)/8, $0
DATA ·places512+8(SB)/8, $0x0706050403020100
DATA ·places512+16(SB)/8, $0x0E0C0A0806040200
DATA ·places512+24(SB)/8, $0x15120F0C09060300
DATA ·places512+32(SB)/8, $0x1C1814100C080400
DATA ·places512+40(SB)/8, $0x231E19140F0A0500
DATA ·places512+48(SB)/8, $0x2A241E18120C0600
DATA ·places512+56(SB)/8, $0x312A231C150E0700
GLOBL ·places512(SB), RODATA|NOPTR, $64

// And w bits in each of eight bytes.
DATA ·widths512+0(SB)/8, $0
DATA ·widths512+8(SB)/8, $0x0101010101010101
DATA ·widths512+16(SB)/8, $0x0303030303030303
DATA ·widths512+24(SB)/8, $0x0707070707070707
DATA ·widths512+32(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA ·widths512+40(SB)/8, $0x1F1F1F1F1F1F1F1F
DATA ·widths512+48(SB)/8, $0x3F3F3F3F3F3F3F3F
DATA ·widths512+56(SB)/8, $0x7F7F7F7F7F7F7F7F
GLOBL ·widths512(SB), RODATA|NOPTR, $64

// The first byte of each lane, eight times.
DATA ·spread512+0(SB)/8, $0
DATA ·spread512+8(SB)/8, $0x0808080808080808
GLOBL ·spread512(SB), RODATA|NOPTR, $16

#define GATHER(address, mask, to) \
	KMOVB mask, K1 \
	VPXORQ to, to, to \
	VPGATHERQQ address, K1, to

// Lanes K are left to the plain way.
#define RARE(K) \
	KORB K, K6, K6 \
	KANDNB K5, K, K5

// One step of a search for set bit number Z1 of Z19: if that is not among the lowest bits, they are dropped.
#define HALVE(n, count, lowest) \
	VPANDQ.BCST lowest, Z19, Z0 \
	VPOPCNTQ Z0, Z0 \
	VPCMPUQ $5, Z0, Z1, K1 \
	VPSUBQ Z0, Z1, K1, Z1 \
	VPSRLQ $n, Z19, K1, Z19 \
	VPADDQ.BCST count, Z20, K1, Z20

// Column Z of answers, with -1 where there is none.
#define ANSWER(Z, K, Y, to) \
	VMOVDQA64 Z31, Z17 \
	VMOVDQA64 Z, K, Z17 \
	VPMOVQD Z17, Y \
	MOVQ to(R14), AX \
	VMOVDQU32 Y, K7, (AX)(CX*4)

// Lanes in use: K7.
#define LANES \
	MOVQ batch_n(R14), DX \
	SUBQ CX, DX \
	MOVL $0xFF, AX \
	BZHIL DX, AX, AX \
	KMOVB AX, K7

#define FETCH(n) \
	MOVQ (batch_at+8*n)(R14)(CX*8), AX \
	PREFETCHT0 (R11)(AX*1) \
	PREFETCHT0 64(R11)(AX*1) \
	PREFETCHT0 128(R11)(AX*1) \
	PREFETCHT0 192(R11)(AX*1)

TEXT ·find512(SB), NOSPLIT, $0-16
	MOVQ f+0(FP), R9
	MOVQ b+8(FP), R14
	MOVQ batch_lines(R14), SI
	MOVQ batch_columns(R14), DI
	MOVQ finder_guide(R9), R8
	MOVQ finder_data(R9), R11
	MOVQ finder_keys(R9), R12
	MOVQ finder_offsets(R9), BX
	MOVL 4(R8), AX
	LEAQ (R8)(AX*4), R10
	VPTERNLOGQ $0xFF, Z31, Z31, Z31
	VPSRLQ $63, Z31, Z30
	VPSRLQ $32, Z31, Z29
	VPSRLQ $59, Z31, Z28
	VPSRLQ $58, Z31, Z27
	VPSRLQ $61, Z31, Z26
	VMOVD (R8), X25          // line shift
	VPBROADCASTQ AX, Z24     // buckets
	VPBROADCASTQ finder_blocks(R9), Z23
	XORL CX, CX

locate:
	LANES
	VPMOVZXDQ.Z (SI)(CX*4), K7, Z0
	VPMOVZXDQ.Z (DI)(CX*4), K7, Z1
	VPORQ Z0, Z1, Z2
	VPTESTNMQ.BCST SIGN32, Z2, K7, K5
	VPSLLQ $32, Z0, Z2
	VPORQ Z1, Z2, Z2

	// The guide: Z9 to Z10 is where the block is. Behind all buckets it is the last block.
	VPSRLQ X25, Z0, Z4
	VPCMPUQ $1, Z24, Z4, K5, K2
	GATHER(8(R8)(Z4*4), K2, Z6)
	VPANDQ Z29, Z6, Z7
	VPSRLQ $37, Z6, Z6       // the bucket's last cell, and one more
	VPADDQ Z31, Z6, Z6
	VPANDQ Z28, Z7, Z5
	VPSRLVQ Z5, Z1, Z5
	VPSRLQ $5, Z7, Z7
	VPADDQ Z5, Z7, Z7
	VPMINUQ Z6, Z7, Z7
	VPSLLQ $32, Z23, Z8
	VPORQ Z23, Z8, Z8
	KMOVB K2, K1
	VPGATHERQQ 12(R10)(Z7*4), K1, Z8
	VPANDQ Z29, Z8, Z9
	VPSRLQ $32, Z8, Z10

	// Z9: how many blocks start before the position.
narrow:
	VPCMPUQ $1, Z10, Z9, K5, K2
	KORTESTB K2, K2
	JEQ narrowed
	VPADDQ Z9, Z10, Z11
	VPSRLQ $1, Z11, Z11
	GATHER((R12)(Z11*8), K2, Z12)
	VPCMPUQ $1, Z2, Z12, K2, K1 // it starts before
	VPADDQ Z30, Z11, K1, Z9
	KANDNB K2, K1, K2
	VMOVDQA64 Z11, K2, Z10
	JMP narrow

narrowed:
	VPCMPUQ $1, Z23, Z9, K5, K2
	GATHER((R12)(Z9*8), K2, Z12)
	VPCMPEQQ Z2, Z12, K2, K6 // a block starts here
	VPADDQ Z31, Z9, Z9
	KANDNB K5, K6, K5
	VPMOVQ2M Z9, K1
	KANDNB K5, K1, K5
	GATHER((BX)(Z9*4), K5, Z12)
	VPANDQ Z29, Z12, Z12
	VMOVDQU64 Z12, batch_at(R14)(CX*8)
	VMOVDQA64 Z31, Z11
	VPBROADCASTQ MINUS_2, K6, Z11
	VMOVDQA64 Z9, K5, Z11
	VMOVDQU64 Z11, batch_block(R14)(CX*8)
	FETCH(0)
	FETCH(1)
	FETCH(2)
	FETCH(3)
	FETCH(4)
	FETCH(5)
	FETCH(6)
	FETCH(7)
	ADDQ $8, CX
	CMPQ CX, batch_n(R14)
	JLT  locate

	VMOVDQU64 ·places512(SB), Z25
	VMOVDQU64 ·widths512(SB), Z24
	VBROADCASTI32X4 ·spread512(SB), Z23
	VPBROADCASTQ ONES8, Z22
	XORL R13, R13            // for the plain way
	XORL CX, CX

search:
	LANES
	VMOVDQU64 batch_block(R14)(CX*8), Z0
	VMOVDQU64 batch_at(R14)(CX*8), Z4
	VPCMPEQQ.BCST MINUS_2, Z0, K7, K6
	VPMOVQ2M Z0, K5
	KANDNB K7, K5, K5

	// Z3 the block's first position, Z5 shape, Z6 flags, Z7 line base and what follows it.
	GATHER((R12)(Z0*8), K5, Z3)
	GATHER((R11)(Z4*1), K5, Z5)
	GATHER(8(R11)(Z4*1), K5, Z7)
	VPSRLQ $32, Z5, Z6
	VPANDQ Z29, Z5, Z5
	VPTESTMQ.BCST RARE_FLAGS, Z6, K5, K1
	RARE(K1)

	// Z15 the position as a key of the block; K4 blocks of several lines, Z14 their bits of columns, Z2 the line.
	VPMOVZXDQ.Z (SI)(CX*4), K7, Z0
	VPMOVZXDQ.Z (DI)(CX*4), K7, Z1
	VPSRLQ $32, Z3, Z2
	VPSUBQ Z2, Z0, Z2
	VPSRLQ $const_shiftKeyColumn, Z5, Z14
	VPANDQ Z28, Z14, Z14
	VPSLLQ $32, Z5, Z15
	VPMOVQ2M Z15, K4
	VPTESTMQ Z2, Z2, K5, K1
	KANDNB K1, K4, K1        // on a later line than its only one
	KANDNB K5, K1, K5
	VPSRLVQ Z14, Z1, Z16
	VPTESTMQ Z16, Z16, K4, K1
	KANDB K5, K1, K1
	RARE(K1)
	VPSUBQ Z3, Z1, Z15
	VPANDQ Z29, Z15, Z15
	VPSLLVQ Z14, Z2, Z16
	VPORQ Z1, Z16, K4, Z15

	// Z16 the width of lower parts, Z17 the key's upper part, Z18 how many segments.
	VPANDQ Z27, Z5, Z16
	VPCMPUQ $6, Z26, Z16, K5, K1
	RARE(K1)
	KANDB K5, K4, K4
	VPCMPUQ $1, Z16, Z14, K4, K1
	RARE(K1)
	VPSRLVQ Z16, Z15, Z17
	VPANDQ Z27, Z6, Z18
	VPADDQ Z30, Z18, Z18
	VPBROADCASTQ N128, Z19
	VPSUBQ Z18, Z19, Z19
	VPCMPUQ $5, Z19, Z17, K5, K1
	RARE(K1)                 // behind all

	// Z13 name base, Z9 and Z10 upper, Z11 own, Z12 named, 28(Z4) lower parts.
	VPTESTMQ.BCST FLAG_COLUMN_BASE, Z6, K2
	VPADDQ.BCST N4, Z4, K2, Z4
	VPTESTMQ.BCST ANY_NAMES, Z6, K5, K3
	GATHER(12(R11)(Z4*1), K3, Z13)
	VPADDQ.BCST N4, Z4, K3, Z4
	GATHER(12(R11)(Z4*1), K5, Z9)
	GATHER(20(R11)(Z4*1), K5, Z10)
	VPTESTMQ.BCST FLAG_OWN, Z6, K5, K2
	KMOVB K2, K1
	VMOVDQA64 Z31, Z11
	VPGATHERQQ 28(R11)(Z4*1), K1, Z11
	VPADDQ.BCST N8, Z4, K2, Z4
	VPTESTMQ.BCST FLAG_NAMED, Z6, K5, K2
	GATHER(28(R11)(Z4*1), K2, Z12)
	VPADDQ.BCST N8, Z4, K2, Z4
	VPTESTMQ.BCST FLAG_ALL_NAMED, Z6, K5, K2
	VMOVDQA64 Z31, K2, Z12
	VPBROADCASTQ N64, Z19
	VPSUBQ Z18, Z19, Z19
	VPSRLVQ Z19, Z31, Z19
	VPANDQ Z19, Z11, Z11
	VPANDQ Z19, Z12, Z12

	// Z20: how many bits of upper lie before those of the segments with the key's upper part: a zero for each
	// smaller one, with one in front of all.
	VPXORQ Z31, Z9, Z19
	VPXORQ Z31, Z10, Z20
	VPSHLDQ $1, Z19, Z20, Z20
	VPADDQ Z19, Z19, Z19
	VPORQ Z30, Z19, Z19
	VPOPCNTQ Z19, Z0
	VPCMPUQ $5, Z0, Z17, K2
	VMOVDQA64 Z17, Z1
	VPSUBQ Z0, Z17, K2, Z1
	VMOVDQA64 Z20, K2, Z19
	VPBROADCASTQ.Z N64, K2, Z20
	HALVE(32, N32, LOW32)
	HALVE(16, N16, LOW16)
	HALVE(8, N8, LOW8)
	HALVE(4, N4, LOW4)
	HALVE(2, N2, LOW2)
	VPANDQ Z30, Z19, Z0
	VPCMPUQ $5, Z0, Z1, K1
	VPADDQ Z30, Z20, K1, Z20
	VPSUBQ Z17, Z20, Z19     // the first segment with that upper part

	// Z21: how many segments have it.
	VPTESTMQ.BCST N64, Z20, K2
	KNOTB K2, K1
	VMOVDQA64 Z9, Z0
	VMOVDQA64 Z10, K2, Z0
	VMOVDQA64.Z Z10, K1, Z1
	VPSHRDVQ Z20, Z1, Z0
	VPXORQ Z31, Z0, Z1
	VPADDQ Z31, Z1, Z1
	VPANDQ Z0, Z1, Z21
	VPOPCNTQ Z21, Z21

	// The lower parts of the first eight as bytes, against that of the key: Z3 how many are not behind it, Z8 those
	// at it.
compare:
	VPSLLQ $3, Z21, Z0
	VPSLLVQ Z0, Z31, Z0
	VPMULUDQ Z16, Z19, Z1
	VPSRLQ $3, Z1, Z3
	VPADDQ Z4, Z3, Z3
	GATHER(28(R11)(Z3*1), K5, Z8)
	VPANDQ Z26, Z1, Z1
	VPSHUFB Z23, Z1, Z1
	VPERMQ Z25, Z16, Z3
	VPADDB Z3, Z1, Z1
	VPMULTISHIFTQB Z8, Z1, Z1
	VPERMQ Z24, Z16, Z3
	VPANDQ Z3, Z1, Z1
	VPSHUFB Z23, Z15, Z8
	VPANDQ Z3, Z8, Z8
	VPCMPUB $2, Z8, Z1, K1
	VMOVDQU8.Z Z22, K1, Z3
	VPANDNQ Z3, Z0, Z3
	VPOPCNTQ Z3, Z3
	VPCMPUB $0, Z8, Z1, K1
	VMOVDQU8.Z Z22, K1, Z8
	VPANDNQ Z8, Z0, Z8

	// Where all eight are before the key and there are more, on to those.
	VPBROADCASTQ N8, Z0
	VPCMPUQ $6, Z0, Z21, K5, K1
	VPCMPUQ $0, Z0, Z3, K1, K1
	VPTESTNMQ Z8, Z8, K1, K1
	VPADDQ Z0, Z19, K1, Z19
	VPADDQ Z0, Z20, K1, Z20
	VPSUBQ Z0, Z21, K1, Z21
	KORTESTB K1, K1
	JNE  compare

	// Z0: the segment. The first at the key, or the last before it.
	VPADDQ Z31, Z8, Z1
	VPANDNQ Z1, Z8, Z1
	VPOPCNTQ Z1, Z1
	VPSRLQ $3, Z1, Z1
	VPADDQ Z3, Z19, Z0
	VPADDQ Z31, Z0, Z0
	VPTESTMQ Z8, Z8, K1
	VPADDQ Z1, Z19, K1, Z0
	VPMOVQ2M Z0, K1
	KANDB K5, K1, K1
	RARE(K1)

	// In a block of several lines one with a smaller upper part can be on a line before.
	KANDB K5, K4, K4
	VPTESTNMQ Z3, Z3, K4, K3
	KORTESTB K3, K3
	JEQ  found
	VPCMPUQ.BCST $6, N64, Z20, K2
	VMOVDQA64 Z9, Z1
	VMOVDQA64 Z10, K2, Z1
	VMOVDQA64.Z Z9, K2, Z8
	VPXORQ Z3, Z3, Z3
	VPSUBQ Z20, Z3, Z3
	VPSHLDVQ Z3, Z8, Z1
	VPTESTNMQ Z1, Z1, K3, K2
	RARE(K2)
	VPLZCNTQ Z1, Z1
	VPSUBQ Z1, Z20, Z1
	VPADDQ Z31, Z1, Z1
	VPSUBQ Z0, Z1, Z1        // its upper part
	VPSUBQ Z16, Z14, Z8
	VPSRLVQ Z8, Z1, Z1
	VPCMPUQ $4, Z2, Z1, K3, K1
	KANDNB K5, K1, K5

found:
	// Z1 bits 0 to that of the segment, Z2 number of its record.
	VPADDQ Z30, Z30, Z1
	VPSLLVQ Z0, Z1, Z1
	VPADDQ Z31, Z1, Z1
	VPANDQ Z11, Z1, Z2
	VPOPCNTQ Z2, Z2
	VPADDQ Z31, Z2, Z2
	VPOPCNTQ Z11, Z11

	// Widths: Z3 source, Z8 line, Z9 column, Z10 all three.
	VPSRLQ $const_shiftSource, Z5, Z3
	VPSRLQ $const_shiftLine, Z5, Z8
	VPSRLQ $const_shiftColumn, Z5, Z9
	VPANDQ Z28, Z3, Z3
	VPANDQ Z28, Z8, Z8
	VPANDQ Z28, Z9, Z9
	VPADDQ Z3, Z8, Z10
	VPADDQ Z9, Z10, Z10
	VPCMPUQ.BCST $6, N57, Z10, K5, K1
	RARE(K1)

	// 28(Z4) records.
	VPMULUDQ Z16, Z18, Z14
	VPADDQ Z26, Z14, Z14
	VPSRLQ $3, Z14, Z14
	VPADDQ Z14, Z4, Z4
	VPMULUDQ Z10, Z2, Z2
	VPSRLQ $3, Z2, Z14
	VPADDQ Z4, Z14, Z14
	GATHER(28(R11)(Z14*1), K5, Z15)
	VPANDQ Z26, Z2, Z2
	VPSRLVQ Z2, Z15, Z15
	VPSLLVQ Z3, Z31, Z2
	VPANDNQ Z15, Z2, Z2
	VPSRLQ $const_shiftSourceBase, Z6, Z14
	VPADDQ Z14, Z2, Z2
	ANSWER(Z2, K5, Y17, batch_source)
	VPSRLVQ Z3, Z15, Z15
	VPSLLVQ Z8, Z31, Z2
	VPANDNQ Z15, Z2, Z2
	VPADDQ Z7, Z2, Z2
	ANSWER(Z2, K5, Y17, batch_line)
	VPSRLVQ Z8, Z15, Z15
	VPSLLVQ Z9, Z31, Z2
	VPANDNQ Z15, Z2, Z2
	VPTESTMQ.BCST FLAG_COLUMN_BASE, Z6, K1
	VPSRLQ.Z $32, Z7, K1, Z7
	VPADDQ Z7, Z2, Z2
	ANSWER(Z2, K5, Y17, batch_column)

	// The name.
	VPSRLQ $const_shiftName, Z5, Z2
	VPANDQ Z28, Z2, Z2
	VPMULUDQ Z10, Z11, Z3
	VPADDQ Z26, Z3, Z3
	VPSRLQ $3, Z3, Z3
	VPADDQ Z3, Z4, Z4
	VPANDQ Z12, Z1, Z8
	VPOPCNTQ Z8, Z8
	VPADDQ Z31, Z8, Z8
	VPSRLVQ Z0, Z12, Z9
	VPTESTMQ Z30, Z9, K5, K2
	VPMULUDQ Z2, Z8, Z8
	VPSRLQ $3, Z8, Z9
	VPADDQ Z4, Z9, Z9
	GATHER(28(R11)(Z9*1), K2, Z15)
	VPANDQ Z26, Z8, Z8
	VPSRLVQ Z8, Z15, Z15
	VPSLLVQ Z2, Z31, Z2
	VPANDNQ Z15, Z2, Z2
	VPADDQ Z13, Z2, Z2
	ANSWER(Z2, K2, Y17, batch_name)

	KMOVB K6, AX
	SHLQ CX, AX
	ORQ  AX, R13
	ADDQ $8, CX
	CMPQ CX, batch_n(R14)
	JLT  search
	MOVQ R13, batch_rest(R14)
	VZEROUPPER
	RET

//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Dwords 0 to 63.
DATA ·numbers+0(SB)/8, $0x0000000100000000
DATA ·numbers+8(SB)/8, $0x0000000300000002
DATA ·numbers+16(SB)/8, $0x0000000500000004
DATA ·numbers+24(SB)/8, $0x0000000700000006
DATA ·numbers+32(SB)/8, $0x0000000900000008
DATA ·numbers+40(SB)/8, $0x0000000b0000000a
DATA ·numbers+48(SB)/8, $0x0000000d0000000c
DATA ·numbers+56(SB)/8, $0x0000000f0000000e
DATA ·numbers+64(SB)/8, $0x0000001100000010
DATA ·numbers+72(SB)/8, $0x0000001300000012
DATA ·numbers+80(SB)/8, $0x0000001500000014
DATA ·numbers+88(SB)/8, $0x0000001700000016
DATA ·numbers+96(SB)/8, $0x0000001900000018
DATA ·numbers+104(SB)/8, $0x0000001b0000001a
DATA ·numbers+112(SB)/8, $0x0000001d0000001c
DATA ·numbers+120(SB)/8, $0x0000001f0000001e
DATA ·numbers+128(SB)/8, $0x0000002100000020
DATA ·numbers+136(SB)/8, $0x0000002300000022
DATA ·numbers+144(SB)/8, $0x0000002500000024
DATA ·numbers+152(SB)/8, $0x0000002700000026
DATA ·numbers+160(SB)/8, $0x0000002900000028
DATA ·numbers+168(SB)/8, $0x0000002b0000002a
DATA ·numbers+176(SB)/8, $0x0000002d0000002c
DATA ·numbers+184(SB)/8, $0x0000002f0000002e
DATA ·numbers+192(SB)/8, $0x0000003100000030
DATA ·numbers+200(SB)/8, $0x0000003300000032
DATA ·numbers+208(SB)/8, $0x0000003500000034
DATA ·numbers+216(SB)/8, $0x0000003700000036
DATA ·numbers+224(SB)/8, $0x0000003900000038
DATA ·numbers+232(SB)/8, $0x0000003b0000003a
DATA ·numbers+240(SB)/8, $0x0000003d0000003c
DATA ·numbers+248(SB)/8, $0x0000003f0000003e
GLOBL ·numbers(SB), RODATA|NOPTR, $256

// func statsAVX512(c *columns, s *stats)
//
//	Z10 Z11 smallest and largest source, Z12 Z13 line, Z14 Z15 column, Z16 Z17 name, Z18 largest generated column
//	Z20 Z21 Z22 source, line, column of the group of 16 before
//	R8 own, R9 bare, R10 unnamed
#define GROUP(n) \
	VMOVDQU32 (n*64)(SI), Z0 \
	VMOVDQU32 (n*64)(DX), Z1 \
	VMOVDQU32 (n*64)(CX), Z2 \
	VMOVDQU32 (n*64)(BX), Z3 \
	VPMAXSD (n*64)(DI), Z18, Z18 \
	VALIGND $15, Z20, Z0, Z4 \
	VALIGND $15, Z21, Z1, Z5 \
	VALIGND $15, Z22, Z2, Z6 \
	VPCMPD $4, Z4, Z0, K1 \
	VPCMPD $4, Z5, Z1, K2 \
	VPCMPD $4, Z6, Z2, K3 \
	KORW K1, K2, K1 \
	KORW K1, K3, K1 \
	KMOVW K1, R11 \
	VPMOVD2M Z0, K2 \
	VPMOVD2M Z3, K3 \
	KMOVW K2, R12 \
	KMOVW K3, R13 \
	SHLQ $(n*16), R11 \
	SHLQ $(n*16), R12 \
	SHLQ $(n*16), R13 \
	ORQ R11, R8 \
	ORQ R12, R9 \
	ORQ R13, R10 \
	VPMINSD Z0, Z10, Z10 \
	VPMAXSD Z0, Z11, Z11 \
	VPMINSD Z1, Z12, Z12 \
	VPMAXSD Z1, Z13, Z13 \
	VPMINSD Z2, Z14, Z14 \
	VPMAXSD Z2, Z15, Z15 \
	VPMINUD Z3, Z16, Z16 \
	VPMAXSD Z3, Z17, Z17 \
	VMOVDQA64 Z0, Z20 \
	VMOVDQA64 Z1, Z21 \
	VMOVDQA64 Z2, Z22

// The result of OP over the 16 lanes of Z, as a field of the stats.
#define REDUCE(OP, Z, Y, X, field) \
	VEXTRACTI64X4 $1, Z, Y0 \
	OP Y0, Y, Y1 \
	VEXTRACTI128 $1, Y1, X0 \
	OP X0, X1, X1 \
	VPSHUFD $0x4E, X1, X0 \
	OP X0, X1, X1 \
	VPSHUFD $0xB1, X1, X0 \
	OP X0, X1, X1 \
	VMOVD X1, field(AX)

TEXT ·statsAVX512(SB), NOSPLIT, $0-16
	MOVQ c+0(FP), AX
	MOVQ columns_source(AX), SI
	MOVQ columns_originalLine(AX), DX
	MOVQ columns_originalColumn(AX), CX
	MOVQ columns_name(AX), BX
	MOVQ columns_column(AX), DI
	VMOVDQU32 (SI), Z10
	VMOVDQU32 (DX), Z12
	VMOVDQU32 (CX), Z14
	VMOVDQU32 (BX), Z16
	VMOVDQU32 (DI), Z18
	VMOVDQA64 Z10, Z11
	VMOVDQA64 Z12, Z13
	VMOVDQA64 Z14, Z15
	VMOVDQA64 Z16, Z17
	VPXORD Z20, Z20, Z20
	XORL R8, R8
	XORL R9, R9
	XORL R10, R10
	GROUP(0)
	GROUP(1)
	GROUP(2)
	GROUP(3)
	MOVQ s+8(FP), AX
	ORQ  $1, R8
	NOTQ R10
	MOVQ R8, stats_own(AX)
	MOVQ R9, stats_bare(AX)
	MOVQ R10, stats_named(AX)
	VEXTRACTI64X4 $0, Z16, Y6
	VEXTRACTI64X4 $1, Z16, Y0
	VPMINUD Y0, Y6, Y1
	VEXTRACTI128 $1, Y1, X0
	VPMINUD X0, X1, X1
	VPSHUFD $0x4E, X1, X0
	VPMINUD X0, X1, X1
	VPSHUFD $0xB1, X1, X0
	VPMINUD X0, X1, X1
	VMOVD X1, stats_minName(AX)
	VEXTRACTI64X4 $0, Z17, Y7
	VEXTRACTI64X4 $0, Z18, Y8
	REDUCE(VPMINSD, Z10, Y10, X10, stats_minSource)
	REDUCE(VPMAXSD, Z11, Y11, X11, stats_maxSource)
	REDUCE(VPMINSD, Z12, Y12, X12, stats_minLine)
	REDUCE(VPMAXSD, Z13, Y13, X13, stats_maxLine)
	REDUCE(VPMINSD, Z14, Y14, X14, stats_minColumn)
	REDUCE(VPMAXSD, Z15, Y15, X15, stats_maxColumn)
	REDUCE(VPMAXSD, Z17, Y7, X7, stats_maxName)
	REDUCE(VPMAXSD, Z18, Y8, X8, stats_maxGenerated)
	VZEROUPPER
	RET

// Bits of the upper parts: Y holds 8 places as qwords in Z after VPMOVZXDQ; Z6 ones, Z7 64s. Z8 and Z9 the two words.
#define PLACES(Z) \
	VPSLLVQ Z, Z6, Z3 \
	VPSUBQ Z7, Z, Z \
	VPSLLVQ Z, Z6, Z \
	VPORQ Z3, Z8, Z8 \
	VPORQ Z, Z9, Z9

#define KEYS(n) \
	VMOVDQU32 (n*64)(SI), Z0 \
	VPSUBD Z10, Z0, Z0 \
	VPSLLD X12, Z0, Z0 \
	VMOVDQU32 (n*64)(DI), Z1 \
	VPSUBD Z11, Z1, Z1 \
	VPADDD Z1, Z0, Z0 \
	VPSRLD X13, Z0, Z1 \
	VPADDD ·numbers+(n*64)(SB), Z1, Z1 \
	VEXTRACTI64X4 $1, Z1, Y2 \
	VPMOVZXDQ Y1, Z1 \
	VPMOVZXDQ Y2, Z2 \
	PLACES(Z1) \
	PLACES(Z2)

// func keys512(c *columns, first, less int32, width, low uint, upper *[2]uint64, out *dwords)
TEXT ·keys512(SB), NOSPLIT, $0-48
	MOVQ c+0(FP), AX
	MOVQ columns_line(AX), SI
	MOVQ columns_column(AX), DI
	MOVL first+8(FP), AX
	VPBROADCASTD AX, Z10
	MOVL less+12(FP), AX
	VPBROADCASTD AX, Z11
	VMOVQ width+16(FP), X12
	MOVQ low+24(FP), CX
	VMOVQ CX, X13
	MOVQ upper+32(FP), DX
	MOVQ out+40(FP), R8
	MOVQ $1, AX
	VPBROADCASTQ AX, Z6
	MOVQ $64, AX
	VPBROADCASTQ AX, Z7
	VPXORQ Z8, Z8, Z8
	VPXORQ Z9, Z9, Z9
	CMPQ CX, $8
	JHI wide
	KEYS(0)
	VPMOVDB Z0, (R8)
	KEYS(1)
	VPMOVDB Z0, 16(R8)
	KEYS(2)
	VPMOVDB Z0, 32(R8)
	KEYS(3)
	VPMOVDB Z0, 48(R8)
	JMP upper
wide:
	KEYS(0)
	VMOVDQU32 Z0, (R8)
	KEYS(1)
	VMOVDQU32 Z0, 64(R8)
	KEYS(2)
	VMOVDQU32 Z0, 128(R8)
	KEYS(3)
	VMOVDQU32 Z0, 192(R8)
upper:
	VEXTRACTI64X4 $1, Z8, Y0
	VEXTRACTI64X4 $1, Z9, Y1
	VPOR Y0, Y8, Y0
	VPOR Y1, Y9, Y1
	VPUNPCKLQDQ Y1, Y0, Y2
	VPUNPCKHQDQ Y1, Y0, Y3
	VPOR Y3, Y2, Y2
	VEXTRACTI128 $1, Y2, X0
	VPOR X0, X2, X2
	VMOVDQU X2, (DX)
	VZEROUPPER
	RET

#define RECORDS(n) \
	VMOVDQU32 (n*64)(SI), Z0 \
	VMOVDQU32 (n*64)(DX), Z1 \
	VMOVDQU32 (n*64)(CX), Z2 \
	VPSUBD Z10, Z0, Z0 \
	VPSUBD Z11, Z1, Z1 \
	VPSUBD Z12, Z2, Z2 \
	VPSLLD X13, Z1, Z1 \
	VPSLLD X14, Z2, Z2 \
	VPTERNLOGD $0xFE, Z1, Z2, Z0 \
	KMOVW R9, K1 \
	VPCOMPRESSD.Z Z0, K1, Z0 \
	VMOVDQU32 Z0, (DI) \
	MOVWLZX R9, R10 \
	POPCNTL R10, R10 \
	LEAQ (DI)(R10*4), DI \
	SHRQ $16, R9

#define RECORDS16(n) \
	VMOVDQU32 (n*64)(SI), Z0 \
	VMOVDQU32 (n*64)(DX), Z1 \
	VMOVDQU32 (n*64)(CX), Z2 \
	VPSUBD Z10, Z0, Z0 \
	VPSUBD Z11, Z1, Z1 \
	VPSUBD Z12, Z2, Z2 \
	VPSLLD X13, Z1, Z1 \
	VPSLLD X14, Z2, Z2 \
	VPTERNLOGD $0xFE, Z1, Z2, Z0 \
	KMOVW R9, K1 \
	VPCOMPRESSD.Z Z0, K1, Z0 \
	VPMOVDW Z0, Y0 \
	VMOVDQU Y0, (DI) \
	MOVWLZX R9, R10 \
	POPCNTL R10, R10 \
	LEAQ (DI)(R10*2), DI \
	SHRQ $16, R9

// func records512(c *columns, own uint64, s *stats, lineShift, columnShift uint, out *dwords, words bool)
TEXT ·records512(SB), NOSPLIT, $0-49
	MOVQ c+0(FP), AX
	MOVQ columns_source(AX), SI
	MOVQ columns_originalLine(AX), DX
	MOVQ columns_originalColumn(AX), CX
	MOVQ own+8(FP), R9
	MOVQ s+16(FP), AX
	VPBROADCASTD stats_minSource(AX), Z10
	VPBROADCASTD stats_minLine(AX), Z11
	VPBROADCASTD stats_minColumn(AX), Z12
	VMOVQ lineShift+24(FP), X13
	VMOVQ columnShift+32(FP), X14
	MOVQ out+40(FP), DI
	CMPB words+48(FP), $0
	JNE recordWords
	RECORDS(0)
	RECORDS(1)
	RECORDS(2)
	RECORDS(3)
	JMP recordZeros
recordWords:
	RECORDS16(0)
	RECORDS16(1)
	RECORDS16(2)
	RECORDS16(3)
recordZeros:
	VPXORD Z0, Z0, Z0
	VMOVDQU32 Z0, (DI)
	VZEROUPPER
	RET

#define NAMES(n) \
	VMOVDQU32 (n*64)(SI), Z0 \
	VPSUBD Z10, Z0, Z0 \
	KMOVW R9, K1 \
	VPCOMPRESSD.Z Z0, K1, Z0 \
	VMOVDQU32 Z0, (DI) \
	MOVWLZX R9, R10 \
	POPCNTL R10, R10 \
	LEAQ (DI)(R10*4), DI \
	SHRQ $16, R9

#define NAMES16(n) \
	VMOVDQU32 (n*64)(SI), Z0 \
	VPSUBD Z10, Z0, Z0 \
	KMOVW R9, K1 \
	VPCOMPRESSD.Z Z0, K1, Z0 \
	VPMOVDW Z0, Y0 \
	VMOVDQU Y0, (DI) \
	MOVWLZX R9, R10 \
	POPCNTL R10, R10 \
	LEAQ (DI)(R10*2), DI \
	SHRQ $16, R9

// func names512(name *int32, named uint64, base int32, out *dwords, words bool)
TEXT ·names512(SB), NOSPLIT, $0-33
	MOVQ name+0(FP), SI
	MOVQ named+8(FP), R9
	MOVL base+16(FP), AX
	VPBROADCASTD AX, Z10
	MOVQ out+24(FP), DI
	CMPB words+32(FP), $0
	JNE nameWords
	NAMES(0)
	NAMES(1)
	NAMES(2)
	NAMES(3)
	JMP nameZeros
nameWords:
	NAMES16(0)
	NAMES16(1)
	NAMES16(2)
	NAMES16(3)
nameZeros:
	VPXORD Z0, Z0, Z0
	VMOVDQU32 Z0, (DI)
	VZEROUPPER
	RET

// func packBytes(dst *byte, values *dwords, width uint)
TEXT ·packBytes(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ width+16(FP), CX
	MOVQ $1, AX
	SHLXQ CX, AX, AX
	DECQ AX
	MOVQ $0x0101010101010101, DX
	IMULQ DX, AX             // the lowest bits of each byte
	MOVL $8, BX
next:
	MOVQ (SI), DX
	PEXTQ AX, DX, DX
	MOVQ DX, (DI)
	ADDQ $8, SI
	ADDQ CX, DI
	DECL BX
	JNZ next
	RET

// func packDwords(dst *byte, values *dwords, groups int, width uint)
//
// A group of 8 values starts at a whole byte. It is written in four pieces of two values, each over the last byte of the
// one before it, whose bits it keeps.
TEXT ·packDwords(SB), NOSPLIT, $8-32
	MOVQ dst+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ groups+16(FP), AX
	MOVQ width+24(FP), R9
	SHLQ $5, AX
	ADDQ SI, AX
	MOVQ AX, end-8(SP)
	MOVQ $1, AX
	SHLXQ R9, AX, AX
	DECQ AX
	MOVQ AX, R8
	SHLQ $32, R8
	ORQ AX, R8               // the lowest bits of both dwords
	LEAQ (R9)(R9*1), R10     // where the pieces start: R13, BX, DX bytes and R10, R11, R12 bits
	MOVQ R10, R13
	LEAQ (R10)(R10*1), R11
	MOVQ R11, BX
	LEAQ (R11)(R10*1), R12
	MOVQ R12, DX
	SHRQ $3, R13
	SHRQ $3, BX
	SHRQ $3, DX
	ANDL $7, R10
	ANDL $7, R11
	ANDL $7, R12
group:
	MOVQ (SI), AX
	PEXTQ R8, AX, AX
	MOVQ AX, (DI)
	MOVQ 8(SI), AX
	PEXTQ R8, AX, AX
	SHLXQ R10, AX, AX
	MOVBLZX (DI)(R13*1), CX
	ORQ CX, AX
	MOVQ AX, (DI)(R13*1)
	MOVQ 16(SI), AX
	PEXTQ R8, AX, AX
	SHLXQ R11, AX, AX
	MOVBLZX (DI)(BX*1), CX
	ORQ CX, AX
	MOVQ AX, (DI)(BX*1)
	MOVQ 24(SI), AX
	PEXTQ R8, AX, AX
	SHLXQ R12, AX, AX
	MOVBLZX (DI)(DX*1), CX
	ORQ CX, AX
	MOVQ AX, (DI)(DX*1)
	ADDQ $32, SI
	ADDQ R9, DI
	CMPQ SI, end-8(SP)
	JLO group
	RET

// func packWords(dst *byte, values *dwords, groups int, width uint)
//
// packDwords for values of 16 bits, four to a piece.
TEXT ·packWords(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ groups+16(FP), BX
	MOVQ width+24(FP), R9
	SHLQ $4, BX
	ADDQ SI, BX
	MOVQ $1, AX
	SHLXQ R9, AX, AX
	DECQ AX
	MOVQ $0x0001000100010001, R8
	IMULQ AX, R8             // the lowest bits of each word
	LEAQ (R9*4), R10
	MOVQ R10, R13
	SHRQ $3, R13
	ANDL $7, R10
wordGroup:
	MOVQ (SI), AX
	PEXTQ R8, AX, AX
	MOVQ AX, (DI)
	MOVQ 8(SI), AX
	PEXTQ R8, AX, AX
	SHLXQ R10, AX, AX
	MOVBLZX (DI)(R13*1), CX
	ORQ CX, AX
	MOVQ AX, (DI)(R13*1)
	ADDQ $16, SI
	ADDQ R9, DI
	CMPQ SI, BX
	JLO wordGroup
	RET

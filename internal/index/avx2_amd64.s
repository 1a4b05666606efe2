//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Dwords 0 0 1 2 3 4 5 6.
DATA ahead<>+0(SB)/8, $0x0000000000000000
DATA ahead<>+8(SB)/8, $0x0000000200000001
DATA ahead<>+16(SB)/8, $0x0000000400000003
DATA ahead<>+24(SB)/8, $0x0000000600000005
GLOBL ahead<>(SB), RODATA|NOPTR, $32

// Lanes of a column at n that differ from those before: equal ones are collected in Y4 by AND.
#define EQUAL(n, p, Y) \
	VPCMPEQD (n*32-4)(p), Y, Y5 \
	VPAND Y5, Y4, Y4

#define GROUP(n) \
	VPCMPEQD Y4, Y4, Y4 \
	VMOVDQU (n*32)(SI), Y0 \
	EQUAL(n, SI, Y0) \
	VMOVDQU (n*32)(DX), Y1 \
	EQUAL(n, DX, Y1) \
	VMOVDQU (n*32)(CX), Y2 \
	EQUAL(n, CX, Y2) \
	REST(n)

#define REST(n) \
	VMOVDQU (n*32)(BX), Y3 \
	VPMAXSD (n*32)(DI), Y15, Y15 \
	VMOVMSKPS Y4, R11 \
	VMOVMSKPS Y0, R12 \
	VMOVMSKPS Y3, R13 \
	SHLQ $(n*8), R11 \
	SHLQ $(n*8), R12 \
	SHLQ $(n*8), R13 \
	ORQ R11, R8 \
	ORQ R12, R9 \
	ORQ R13, R10 \
	VPMINSD Y0, Y7, Y7 \
	VPMAXSD Y0, Y8, Y8 \
	VPMINSD Y1, Y9, Y9 \
	VPMAXSD Y1, Y10, Y10 \
	VPMINSD Y2, Y11, Y11 \
	VPMAXSD Y2, Y12, Y12 \
	VPMINUD Y3, Y13, Y13 \
	VPMAXSD Y3, Y14, Y14

// The result of OP over the 8 lanes, as a field of the stats.
#define REDUCE(OP, Y, X, field) \
	VEXTRACTI128 $1, Y, X0 \
	OP X0, X, X1 \
	VPSHUFD $0x4E, X1, X0 \
	OP X0, X1, X1 \
	VPSHUFD $0xB1, X1, X0 \
	OP X0, X1, X1 \
	VMOVD X1, field(AX)

// func stats256(c *columns, s *stats)
//
//	Y7 Y8 smallest and largest source, Y9 Y10 line, Y11 Y12 column, Y13 Y14 name, Y15 largest generated column
//	R8 repeats, R9 bare, R10 unnamed
TEXT ·stats256(SB), NOSPLIT, $0-16
	MOVQ c+0(FP), AX
	MOVQ columns_source(AX), SI
	MOVQ columns_originalLine(AX), DX
	MOVQ columns_originalColumn(AX), CX
	MOVQ columns_name(AX), BX
	MOVQ columns_column(AX), DI
	VMOVDQU (SI), Y0
	VMOVDQU (DX), Y1
	VMOVDQU (CX), Y2
	VMOVDQA Y0, Y7
	VMOVDQA Y0, Y8
	VMOVDQA Y1, Y9
	VMOVDQA Y1, Y10
	VMOVDQA Y2, Y11
	VMOVDQA Y2, Y12
	VMOVDQU (BX), Y13
	VMOVDQA Y13, Y14
	VMOVDQU (DI), Y15
	XORL R8, R8
	XORL R9, R9
	XORL R10, R10

	// Nothing may be read before the first lane.
	VMOVDQU ahead<>(SB), Y6
	VPERMD Y0, Y6, Y4
	VPCMPEQD Y0, Y4, Y4
	VPERMD Y1, Y6, Y5
	VPCMPEQD Y1, Y5, Y5
	VPAND Y5, Y4, Y4
	VPERMD Y2, Y6, Y5
	VPCMPEQD Y2, Y5, Y5
	VPAND Y5, Y4, Y4
	REST(0)
	GROUP(1)
	GROUP(2)
	GROUP(3)
	GROUP(4)
	GROUP(5)
	GROUP(6)
	GROUP(7)
	MOVQ s+8(FP), AX
	NOTQ R8
	ORQ  $1, R8
	NOTQ R10
	MOVQ R8, stats_own(AX)
	MOVQ R9, stats_bare(AX)
	MOVQ R10, stats_named(AX)
	REDUCE(VPMINSD, Y7, X7, stats_minSource)
	REDUCE(VPMAXSD, Y8, X8, stats_maxSource)
	REDUCE(VPMINSD, Y9, X9, stats_minLine)
	REDUCE(VPMAXSD, Y10, X10, stats_maxLine)
	REDUCE(VPMINSD, Y11, X11, stats_minColumn)
	REDUCE(VPMAXSD, Y12, X12, stats_maxColumn)
	REDUCE(VPMINUD, Y13, X13, stats_minName)
	REDUCE(VPMAXSD, Y14, X14, stats_maxName)
	REDUCE(VPMAXSD, Y15, X15, stats_maxGenerated)
	VZEROUPPER
	RET

// Bits of the upper parts, for 4 places as qwords; Y6 ones, Y7 64s, Y8 and Y9 the two words.
#define PLACES(Y) \
	VPSLLVQ Y, Y6, Y3 \
	VPSUBQ Y7, Y, Y \
	VPSLLVQ Y, Y6, Y \
	VPOR Y3, Y8, Y8 \
	VPOR Y, Y9, Y9

// func keys256(c *columns, first, less int32, width, low uint, upper *[2]uint64, out *dwords)
TEXT ·keys256(SB), NOSPLIT, $0-48
	MOVQ c+0(FP), AX
	MOVQ columns_line(AX), SI
	MOVQ columns_column(AX), DI
	MOVL first+8(FP), AX
	VMOVD AX, X10
	VPBROADCASTD X10, Y10
	MOVL less+12(FP), AX
	VMOVD AX, X11
	VPBROADCASTD X11, Y11
	VMOVQ width+16(FP), X12
	VMOVQ low+24(FP), X13
	MOVQ upper+32(FP), DX
	MOVQ out+40(FP), R8
	MOVQ $1, AX
	VMOVQ AX, X6
	VPBROADCASTQ X6, Y6
	MOVQ $64, AX
	VMOVQ AX, X7
	VPBROADCASTQ X7, Y7
	VPXOR Y8, Y8, Y8
	VPXOR Y9, Y9, Y9
	LEAQ ·numbers(SB), R9
	MOVL $8, CX
keys:
	VMOVDQU (SI), Y0
	VPSUBD Y10, Y0, Y0
	VPSLLD X12, Y0, Y0
	VMOVDQU (DI), Y1
	VPSUBD Y11, Y1, Y1
	VPADDD Y1, Y0, Y0
	VMOVDQU Y0, (R8)
	VPSRLD X13, Y0, Y1
	VPADDD (R9), Y1, Y1
	VEXTRACTI128 $1, Y1, X2
	VPMOVZXDQ X1, Y1
	VPMOVZXDQ X2, Y2
	PLACES(Y1)
	PLACES(Y2)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, R8
	ADDQ $32, R9
	DECL CX
	JNZ  keys
	VPUNPCKLQDQ Y9, Y8, Y2
	VPUNPCKHQDQ Y9, Y8, Y3
	VPOR Y3, Y2, Y2
	VEXTRACTI128 $1, Y2, X0
	VPOR X0, X2, X2
	VMOVDQU X2, (DX)
	VZEROUPPER
	RET

// func records256(c *columns, s *stats, lineShift, columnShift uint, out *dwords)
TEXT ·records256(SB), NOSPLIT, $0-40
	MOVQ c+0(FP), AX
	MOVQ columns_source(AX), SI
	MOVQ columns_originalLine(AX), DX
	MOVQ columns_originalColumn(AX), CX
	MOVQ s+8(FP), AX
	VPBROADCASTD stats_minSource(AX), Y10
	VPBROADCASTD stats_minLine(AX), Y11
	VPBROADCASTD stats_minColumn(AX), Y12
	VMOVQ lineShift+16(FP), X13
	VMOVQ columnShift+24(FP), X14
	MOVQ out+32(FP), DI
	MOVL $8, BX
records:
	VMOVDQU (SI), Y0
	VMOVDQU (DX), Y1
	VMOVDQU (CX), Y2
	VPSUBD Y10, Y0, Y0
	VPSUBD Y11, Y1, Y1
	VPSUBD Y12, Y2, Y2
	VPSLLD X13, Y1, Y1
	VPSLLD X14, Y2, Y2
	VPOR Y1, Y0, Y0
	VPOR Y2, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, CX
	ADDQ $32, DI
	DECL BX
	JNZ  records
	VZEROUPPER
	RET

// func chosen(values *int32, mask uint64, base int32, out *dwords)
TEXT ·chosen(SB), NOSPLIT, $0-32
	MOVQ values+0(FP), SI
	MOVQ mask+8(FP), R9
	MOVL base+16(FP), R10
	MOVQ out+24(FP), DI
	TESTQ R9, R9
	JZ   zeros
choose:
	TZCNTQ R9, AX
	MOVL (SI)(AX*4), BX
	SUBL R10, BX
	MOVL BX, (DI)
	ADDQ $4, DI
	BLSRQ R9, R9
	JNZ  choose
zeros:
	VPXOR X0, X0, X0
	VMOVDQU Y0, (DI)
	VZEROUPPER
	RET

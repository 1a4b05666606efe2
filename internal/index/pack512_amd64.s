//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// A whole block in one go. What is rare is left to the packer in Go, which is also its twin.

// The result of OP over the 16 lanes of Z, as a dword.
#define REDUCE(OP, Z, Y, to) \
	VEXTRACTI64X4 $1, Z, Y0 \
	OP Y0, Y, Y1 \
	VEXTRACTI128 $1, Y1, X0 \
	OP X0, X1, X1 \
	VPSHUFD $0x4E, X1, X0 \
	OP X0, X1, X1 \
	VPSHUFD $0xB1, X1, X0 \
	OP X0, X1, X1 \
	VMOVD X1, to

#define GROUP(n) \
	VMOVDQU32 (n*64+const_chunkSource)(SI), Z0 \
	VMOVDQU32 (n*64+const_chunkOriginalLine)(SI), Z1 \
	VMOVDQU32 (n*64+const_chunkOriginalColumn)(SI), Z2 \
	VMOVDQU32 (n*64+const_chunkName)(SI), Z3 \
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
	KORW K2, K4, K4 \
	KMOVW K3, R13 \
	SHLQ $(n*16), R11 \
	SHLQ $(n*16), R13 \
	ORQ R11, R8 \
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

// How many bits the difference of two dwords has.
#define WIDTH(low, high, R) \
	MOVL high, R \
	SUBL low, R \
	LZCNTL R, R \
	NEGL R \
	ADDL $32, R

#define PLACES(Z) \
	VPSLLVQ Z, Z6, Z3 \
	VPSUBQ Z7, Z, Z \
	VPSLLVQ Z, Z6, Z \
	VPORQ Z3, Z8, Z8 \
	VPORQ Z, Z9, Z9

// Keys of group n in Z0, from columns and (KEYLINES) lines.
#define KEYS(n) \
	VMOVDQU32 (n*64)(SI), Z0 \
	VPSUBD Z11, Z0, Z0

#define KEYLINES(n) \
	VMOVDQU32 (n*64+const_chunkLine)(SI), Z1 \
	VPSUBD Z10, Z1, Z1 \
	VPSLLD X12, Z1, Z1 \
	VMOVDQU32 (n*64)(SI), Z0 \
	VPADDD Z1, Z0, Z0

#define UPPER(n) \
	VPSRLD X13, Z0, Z1 \
	VPADDD ·numbers+(n*64)(SB), Z1, Z1 \
	VEXTRACTI64X4 $1, Z1, Y2 \
	VPMOVZXDQ Y1, Z1 \
	VPMOVZXDQ Y2, Z2 \
	PLACES(Z1) \
	PLACES(Z2) \
	VPMOVDB Z0, (n*16)(BX)

#define RECORD(n) \
	VMOVDQU32 (n*64+const_chunkSource)(SI), Z0 \
	VMOVDQU32 (n*64+const_chunkOriginalLine)(SI), Z1 \
	VMOVDQU32 (n*64+const_chunkOriginalColumn)(SI), Z2 \
	VPSUBD Z10, Z0, Z0 \
	VPSUBD Z11, Z1, Z1 \
	VPSUBD Z12, Z2, Z2 \
	VPSLLD X13, Z1, Z1 \
	VPSLLD X14, Z2, Z2 \
	VPTERNLOGD $0xFE, Z1, Z2, Z0

#define NAME(n) \
	VMOVDQU32 (n*64+const_chunkName)(SI), Z0 \
	VPSUBD Z10, Z0, Z0

// Z0 by the lowest 16 bits of R9, as words or dwords to (BX).
#define CHOOSE16 \
	KMOVW R9, K1 \
	VPCOMPRESSD.Z Z0, K1, Z0 \
	VPMOVDW Z0, Y0 \
	VMOVDQU Y0, (BX) \
	MOVWLZX R9, R10 \
	POPCNTL R10, R10 \
	LEAQ (BX)(R10*2), BX \
	SHRQ $16, R9

#define CHOOSE32 \
	KMOVW R9, K1 \
	VPCOMPRESSD.Z Z0, K1, Z0 \
	VMOVDQU32 Z0, (BX) \
	MOVWLZX R9, R10 \
	POPCNTL R10, R10 \
	LEAQ (BX)(R10*4), BX \
	SHRQ $16, R9

// R10 values of R9 bits (1 to 15), words, to (DI); DI goes behind them.
#define PACK16(group) \
	LEAQ values-544(SP), BX \
	MOVQ R10, R12 \
	IMULQ R9, R12 \
	ADDQ $7, R12 \
	SHRQ $3, R12 \
	ADDQ DI, R12 \
	ADDQ $7, R10 \
	SHRQ $3, R10 \
	MOVL $1, AX \
	SHLXQ R9, AX, AX \
	DECQ AX \
	MOVQ $0x0001000100010001, R8 \
	IMULQ AX, R8 \
	LEAQ (R9*4), R11 \
	MOVQ R11, R13 \
	SHRQ $3, R13 \
	ANDL $7, R11 \
group: \
	MOVQ (BX), AX \
	PEXTQ R8, AX, AX \
	MOVQ AX, (DI) \
	MOVQ 8(BX), AX \
	PEXTQ R8, AX, AX \
	SHLXQ R11, AX, AX \
	MOVBLZX (DI)(R13*1), CX \
	ORQ CX, AX \
	MOVQ AX, (DI)(R13*1) \
	ADDQ $16, BX \
	ADDQ R9, DI \
	DECQ R10 \
	JNZ group \
	MOVQ R12, DI

// The same for dwords, up to 28 bits: a group of 8 in four pieces. SI is lost.
#define PACK32(group) \
	LEAQ values-544(SP), BX \
	MOVQ R10, R12 \
	IMULQ R9, R12 \
	ADDQ $7, R12 \
	SHRQ $3, R12 \
	ADDQ DI, R12 \
	MOVQ R12, behind-144(SP) \
	ADDQ $7, R10 \
	SHRQ $3, R10 \
	MOVL $1, AX \
	SHLXQ R9, AX, AX \
	DECQ AX \
	MOVQ AX, R8 \
	SHLQ $32, R8 \
	ORQ AX, R8 \
	LEAQ (R9)(R9*1), R11 \
	MOVQ R11, DX \
	LEAQ (R11)(R11*1), R12 \
	MOVQ R12, BP \
	LEAQ (R12)(R11*1), R13 \
	MOVQ R13, SI \
	SHRQ $3, DX \
	SHRQ $3, BP \
	SHRQ $3, SI \
	ANDL $7, R11 \
	ANDL $7, R12 \
	ANDL $7, R13 \
group: \
	MOVQ (BX), AX \
	PEXTQ R8, AX, AX \
	MOVQ AX, (DI) \
	MOVQ 8(BX), AX \
	PEXTQ R8, AX, AX \
	SHLXQ R11, AX, AX \
	MOVBLZX (DI)(DX*1), CX \
	ORQ CX, AX \
	MOVQ AX, (DI)(DX*1) \
	MOVQ 16(BX), AX \
	PEXTQ R8, AX, AX \
	SHLXQ R12, AX, AX \
	MOVBLZX (DI)(BP*1), CX \
	ORQ CX, AX \
	MOVQ AX, (DI)(BP*1) \
	MOVQ 24(BX), AX \
	PEXTQ R8, AX, AX \
	SHLXQ R13, AX, AX \
	MOVBLZX (DI)(SI*1), CX \
	ORQ CX, AX \
	MOVQ AX, (DI)(SI*1) \
	ADDQ $32, BX \
	ADDQ R9, DI \
	DECQ R10 \
	JNZ group \
	MOVQ behind-144(SP), DI

// func pack512(dst *byte, column *int32) (size int)
//
//	DI dst, SI the chunk's Column at the first segment
//
// size is 0 when the block is for the packer in Go: bare segments, keys or records or names that are wide, a
// source of a large number.
TEXT ·pack512(SB), 0, $560-24
	MOVQ dst+0(FP), DI
	MOVQ column+8(FP), SI

	// R8 own, R10 named; smallest and largest of each column.
	VMOVDQU32 const_chunkSource(SI), Z10
	VMOVDQU32 const_chunkOriginalLine(SI), Z12
	VMOVDQU32 const_chunkOriginalColumn(SI), Z14
	VMOVDQU32 const_chunkName(SI), Z16
	VMOVDQA64 Z10, Z11
	VMOVDQA64 Z12, Z13
	VMOVDQA64 Z14, Z15
	VMOVDQA64 Z16, Z17
	KXORW K4, K4, K4
	XORL R8, R8
	XORL R10, R10
	GROUP(0)
	GROUP(1)
	GROUP(2)
	GROUP(3)
	KORTESTW K4, K4
	JNZ  rare
	ORQ  $1, R8
	NOTQ R10
	REDUCE(VPMINSD, Z10, Y10, minSource-8(SP))
	REDUCE(VPMAXSD, Z11, Y11, maxSource-16(SP))
	REDUCE(VPMINSD, Z12, Y12, minLine-24(SP))
	REDUCE(VPMAXSD, Z13, Y13, maxLine-32(SP))
	REDUCE(VPMINSD, Z14, Y14, minColumn-40(SP))
	REDUCE(VPMAXSD, Z15, Y15, maxColumn-48(SP))

	// Keys: R9 the last one, R11 the shape, Z11 the column less, or with several lines Z10 the first line and X12 the
	// width of the column.
	MOVL const_chunkLine(SI), AX
	MOVL (const_chunkLine+252)(SI), BX
	MOVL (SI), CX
	MOVL 252(SI), R9
	SUBL AX, BX
	JNZ  lines
	VPBROADCASTD CX, Z11
	SUBL CX, R9
	XORL R11, R11
low:
	XORL R12, R12
	LZCNTQ R9, CX
	MOVL $57, AX             // 64 − 7
	SUBQ CX, AX
	CMOVQLT R12, AX
	SHRXQ AX, R9, R9
	CMPQ R9, $65
	SBBQ $-1, AX             // one more when it is above 64
	CMPQ AX, $8
	JHI  rare
	ORL  AX, R11
	MOVQ AX, low-56(SP)
	VMOVQ AX, X13

	// Widths: AX source, BX line, CX column, DX all.
	MOVL maxColumn-48(SP), CX
	CMPL CX, $64
	JCC  base
	MOVL $0, minColumn-40(SP)
base:
	WIDTH(minSource-8(SP), maxSource-16(SP), AX)
	WIDTH(minLine-24(SP), maxLine-32(SP), BX)
	WIDTH(minColumn-40(SP), maxColumn-48(SP), CX)
	MOVL AX, R12
	SHLL $const_shiftSource, R12
	ORL  R12, R11
	MOVL BX, R12
	SHLL $const_shiftLine, R12
	ORL  R12, R11
	MOVL CX, R12
	SHLL $const_shiftColumn, R12
	ORL  R12, R11
	LEAQ (AX)(BX*1), DX
	MOVQ AX, lineShift-64(SP)
	MOVQ DX, columnShift-72(SP)
	ADDQ CX, DX
	CMPQ DX, $const_maxPacked
	JHI  rare
	MOVQ DX, width-80(SP)

	// R12 flags; the mask own, if it saves anything.
	MOVL minSource-8(SP), R12
	CMPL R12, $(1<<const_narrowSource)
	JCC  rare
	SHLL $const_shiftSourceBase, R12
	ORL  $63, R12
	POPCNTQ R8, AX
	MOVL $64, BX
	SUBQ AX, BX
	IMULQ DX, BX             // bits saved
	CMPQ BX, $64
	JLE  all
	ORL  $const_flagOwn, R12
	JMP  chosen
all:
	MOVQ $-1, R8
chosen:
	MOVQ R8, own-88(SP)
	MOVQ R10, named-96(SP)

	// Head.
	MOVL minLine-24(SP), AX
	MOVL AX, 8(DI)
	LEAQ 12(DI), DX
	MOVL minColumn-40(SP), AX
	TESTL AX, AX
	JZ   unbased
	ORL  $const_flagColumnBase, R12
	MOVL AX, (DX)
	ADDQ $4, DX
unbased:
	TESTQ R10, R10
	JZ   unnamed
	REDUCE(VPMINUD, Z16, Y16, minName-104(SP))
	REDUCE(VPMAXSD, Z17, Y17, maxName-112(SP))
unnamed:
	MOVL $0, R13
	MOVQ R13, nameWidth-120(SP)
	TESTQ R10, R10
	JZ   heads
	WIDTH(minName-104(SP), maxName-112(SP), R13)
	CMPQ R13, $const_maxPacked
	JHI  rare
	MOVQ R13, nameWidth-120(SP)
	SHLL $const_shiftName, R13
	ORL  R13, R11
	MOVL minName-104(SP), AX
	MOVL AX, (DX)
	ADDQ $4, DX
	MOVL $const_flagNamed, AX
	MOVL $const_flagAllNamed, BX
	CMPQ R10, $-1
	CMOVLEQ BX, AX
	ORL  AX, R12
heads:
	MOVL R11, (DI)
	MOVL R12, 4(DI)
	MOVQ DX, upper-128(SP)
	LEAQ 16(DX), DI
	TESTL $const_flagOwn, R12
	JZ   unowned
	MOVQ R8, (DI)
	ADDQ $8, DI
unowned:
	TESTL $const_flagNamed, R12
	JZ   keys
	MOVQ R10, (DI)
	ADDQ $8, DI

keys:
	LEAQ values-544(SP), BX
	MOVQ $1, AX
	VPBROADCASTQ AX, Z6
	MOVQ $64, AX
	VPBROADCASTQ AX, Z7
	VPXORQ Z8, Z8, Z8
	VPXORQ Z9, Z9, Z9
	TESTL R11, R11
	JS   keyLines
	KEYS(0)
	UPPER(0)
	KEYS(1)
	UPPER(1)
	KEYS(2)
	UPPER(2)
	KEYS(3)
	UPPER(3)
uppers:
	VEXTRACTI64X4 $1, Z8, Y0
	VEXTRACTI64X4 $1, Z9, Y1
	VPOR Y0, Y8, Y0
	VPOR Y1, Y9, Y1
	VPUNPCKLQDQ Y1, Y0, Y2
	VPUNPCKHQDQ Y1, Y0, Y3
	VPOR Y3, Y2, Y2
	VEXTRACTI128 $1, Y2, X0
	VPOR X0, X2, X2
	MOVQ upper-128(SP), DX
	VMOVDQU X2, (DX)
	MOVQ low-56(SP), CX
	TESTQ CX, CX
	JZ   records
	MOVQ $1, AX
	SHLXQ CX, AX, AX
	DECQ AX
	MOVQ $0x0101010101010101, DX
	IMULQ DX, AX
	MOVL $8, R10
keyBytes:
	MOVQ (BX), DX
	PEXTQ AX, DX, DX
	MOVQ DX, (DI)
	ADDQ $8, BX
	ADDQ CX, DI
	DECL R10
	JNZ  keyBytes

records:
	CMPQ width-80(SP), $0
	JEQ  names
	VPBROADCASTD minSource-8(SP), Z10
	VPBROADCASTD minLine-24(SP), Z11
	VPBROADCASTD minColumn-40(SP), Z12
	VMOVQ lineShift-64(SP), X13
	VMOVQ columnShift-72(SP), X14
	MOVQ own-88(SP), R9
	LEAQ values-544(SP), BX
	CMPQ width-80(SP), $const_maxWord
	JHI  wideRecords
	RECORD(0)
	CHOOSE16
	RECORD(1)
	CHOOSE16
	RECORD(2)
	CHOOSE16
	RECORD(3)
	CHOOSE16
	VPXORD Z0, Z0, Z0
	VMOVDQU32 Z0, (BX)
	MOVQ own-88(SP), R10
	POPCNTQ R10, R10
	MOVQ width-80(SP), R9
	PACK16(recordGroup)

names:
	CMPQ nameWidth-120(SP), $0
	JEQ  end
	VPBROADCASTD minName-104(SP), Z10
	MOVQ named-96(SP), R9
	LEAQ values-544(SP), BX
	CMPQ nameWidth-120(SP), $const_maxWord
	JHI  wideNames
	NAME(0)
	CHOOSE16
	NAME(1)
	CHOOSE16
	NAME(2)
	CHOOSE16
	NAME(3)
	CHOOSE16
	VPXORD Z0, Z0, Z0
	VMOVDQU32 Z0, (BX)
	MOVQ named-96(SP), R10
	POPCNTQ R10, R10
	MOVQ nameWidth-120(SP), R9
	PACK16(nameGroup)

end:
	SUBQ dst+0(FP), DI
	MOVQ DI, size+16(FP)
	VZEROUPPER
	RET

wideRecords:
	RECORD(0)
	CHOOSE32
	RECORD(1)
	CHOOSE32
	RECORD(2)
	CHOOSE32
	RECORD(3)
	CHOOSE32
	VPXORD Z0, Z0, Z0
	VMOVDQU32 Z0, (BX)
	MOVQ own-88(SP), R10
	POPCNTQ R10, R10
	MOVQ width-80(SP), R9
	PACK32(recordGroup32)
	MOVQ column+8(FP), SI
	JMP  names

wideNames:
	NAME(0)
	CHOOSE32
	NAME(1)
	CHOOSE32
	NAME(2)
	CHOOSE32
	NAME(3)
	CHOOSE32
	VPXORD Z0, Z0, Z0
	VMOVDQU32 Z0, (BX)
	MOVQ named-96(SP), R10
	POPCNTQ R10, R10
	MOVQ nameWidth-120(SP), R9
	PACK32(nameGroup32)
	JMP  end

keyLines:
	KEYLINES(0)
	UPPER(0)
	KEYLINES(1)
	UPPER(1)
	KEYLINES(2)
	UPPER(2)
	KEYLINES(3)
	UPPER(3)
	JMP  uppers

lines:
	// BX lines − 1; R9 its last column.
	VPBROADCASTD AX, Z10
	VMOVDQU32 (SI), Z0
	VPMAXSD 64(SI), Z0, Z0
	VPMAXSD 128(SI), Z0, Z0
	VPMAXSD 192(SI), Z0, Z3
	REDUCE(VPMAXSD, Z3, Y3, largest-136(SP))
	MOVL largest-136(SP), CX
	LZCNTL CX, CX
	NEGL CX
	ADDL $32, CX
	VMOVQ CX, X12
	MOVL CX, R11
	SHLL $const_shiftKeyColumn, R11
	ORL  $const_shapeMulti, R11
	SHLXQ CX, BX, BX
	ORQ  BX, R9
	MOVQ R9, AX
	SHRQ $31, AX
	JZ   low

rare:
	MOVQ $0, size+16(FP)
	VZEROUPPER
	RET

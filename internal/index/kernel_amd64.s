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

//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// The class of each byte below 128, as in classes.
DATA class<>+0(SB)/8, $0x8080808080808080
DATA class<>+8(SB)/8, $0x8080808080808080
DATA class<>+16(SB)/8, $0x8080808080808080
DATA class<>+24(SB)/8, $0x8080808080808080
DATA class<>+32(SB)/8, $0x8080808080808080
DATA class<>+40(SB)/8, $0x3f8080403e808080
DATA class<>+48(SB)/8, $0x3b3a393837363534
DATA class<>+56(SB)/8, $0x80808080c0803d3c
DATA class<>+64(SB)/8, $0x0605040302010080
DATA class<>+72(SB)/8, $0x0e0d0c0b0a090807
DATA class<>+80(SB)/8, $0x161514131211100f
DATA class<>+88(SB)/8, $0x8080808080191817
DATA class<>+96(SB)/8, $0x201f1e1d1c1b1a80
DATA class<>+104(SB)/8, $0x2827262524232221
DATA class<>+112(SB)/8, $0x302f2e2d2c2b2a29
DATA class<>+120(SB)/8, $0x8080808080333231
GLOBL class<>(SB), RODATA|NOPTR, $128

// Bytes 0 to 66: loaded from i on, the places i bytes further.
DATA places<>+0(SB)/8, $0x0706050403020100
DATA places<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA places<>+16(SB)/8, $0x1716151413121110
DATA places<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA places<>+32(SB)/8, $0x2726252423222120
DATA places<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA places<>+48(SB)/8, $0x3736353433323130
DATA places<>+56(SB)/8, $0x3f3e3d3c3b3a3938
DATA places<>+64(SB)/8, $0x4746454443424140
GLOBL places<>(SB), RODATA|NOPTR, $72

// Dword lane i gets byte i of the first table and byte i of the second; 16 and 32 lanes further for the second and third register.
DATA pairs<>+0(SB)/8, $0x0000410100004000
DATA pairs<>+8(SB)/8, $0x0000430300004202
DATA pairs<>+16(SB)/8, $0x0000450500004404
DATA pairs<>+24(SB)/8, $0x0000470700004606
DATA pairs<>+32(SB)/8, $0x0000490900004808
DATA pairs<>+40(SB)/8, $0x00004b0b00004a0a
DATA pairs<>+48(SB)/8, $0x00004d0d00004c0c
DATA pairs<>+56(SB)/8, $0x00004f0f00004e0e
DATA pairs<>+64(SB)/8, $0x0000511100005010
DATA pairs<>+72(SB)/8, $0x0000531300005212
DATA pairs<>+80(SB)/8, $0x0000551500005414
DATA pairs<>+88(SB)/8, $0x0000571700005616
DATA pairs<>+96(SB)/8, $0x0000591900005818
DATA pairs<>+104(SB)/8, $0x00005b1b00005a1a
DATA pairs<>+112(SB)/8, $0x00005d1d00005c1c
DATA pairs<>+120(SB)/8, $0x00005f1f00005e1e
DATA pairs<>+128(SB)/8, $0x0000612100006020
DATA pairs<>+136(SB)/8, $0x0000632300006222
DATA pairs<>+144(SB)/8, $0x0000652500006424
DATA pairs<>+152(SB)/8, $0x0000672700006626
DATA pairs<>+160(SB)/8, $0x0000692900006828
DATA pairs<>+168(SB)/8, $0x00006b2b00006a2a
DATA pairs<>+176(SB)/8, $0x00006d2d00006c2c
DATA pairs<>+184(SB)/8, $0x00006f2f00006e2e
GLOBL pairs<>(SB), RODATA|NOPTR, $192

// Lanes f, 4+f, 8+f, … of two registers; then those of a third behind the first 8, for each field f.
DATA gather0<>+0(SB)/8, $0x0000000400000000
DATA gather0<>+8(SB)/8, $0x0000000c00000008
DATA gather0<>+16(SB)/8, $0x0000001400000010
DATA gather0<>+24(SB)/8, $0x0000001c00000018
DATA gather0<>+32(SB)/8, $0x0000000000000000
DATA gather0<>+40(SB)/8, $0x0000000000000000
DATA gather0<>+48(SB)/8, $0x0000000000000000
DATA gather0<>+56(SB)/8, $0x0000000000000000
GLOBL gather0<>(SB), RODATA|NOPTR, $64

DATA append0<>+0(SB)/8, $0x0000000100000000
DATA append0<>+8(SB)/8, $0x0000000300000002
DATA append0<>+16(SB)/8, $0x0000000500000004
DATA append0<>+24(SB)/8, $0x0000000700000006
DATA append0<>+32(SB)/8, $0x0000001400000010
DATA append0<>+40(SB)/8, $0x0000001c00000018
DATA append0<>+48(SB)/8, $0x0000001c0000001c
DATA append0<>+56(SB)/8, $0x0000001c0000001c
GLOBL append0<>(SB), RODATA|NOPTR, $64

DATA gather1<>+0(SB)/8, $0x0000000500000001
DATA gather1<>+8(SB)/8, $0x0000000d00000009
DATA gather1<>+16(SB)/8, $0x0000001500000011
DATA gather1<>+24(SB)/8, $0x0000001d00000019
DATA gather1<>+32(SB)/8, $0x0000000000000000
DATA gather1<>+40(SB)/8, $0x0000000000000000
DATA gather1<>+48(SB)/8, $0x0000000000000000
DATA gather1<>+56(SB)/8, $0x0000000000000000
GLOBL gather1<>(SB), RODATA|NOPTR, $64

DATA append1<>+0(SB)/8, $0x0000000100000000
DATA append1<>+8(SB)/8, $0x0000000300000002
DATA append1<>+16(SB)/8, $0x0000000500000004
DATA append1<>+24(SB)/8, $0x0000000700000006
DATA append1<>+32(SB)/8, $0x0000001500000011
DATA append1<>+40(SB)/8, $0x0000001d00000019
DATA append1<>+48(SB)/8, $0x0000001d0000001d
DATA append1<>+56(SB)/8, $0x0000001d0000001d
GLOBL append1<>(SB), RODATA|NOPTR, $64

DATA gather2<>+0(SB)/8, $0x0000000600000002
DATA gather2<>+8(SB)/8, $0x0000000e0000000a
DATA gather2<>+16(SB)/8, $0x0000001600000012
DATA gather2<>+24(SB)/8, $0x0000001e0000001a
DATA gather2<>+32(SB)/8, $0x0000000000000000
DATA gather2<>+40(SB)/8, $0x0000000000000000
DATA gather2<>+48(SB)/8, $0x0000000000000000
DATA gather2<>+56(SB)/8, $0x0000000000000000
GLOBL gather2<>(SB), RODATA|NOPTR, $64

DATA append2<>+0(SB)/8, $0x0000000100000000
DATA append2<>+8(SB)/8, $0x0000000300000002
DATA append2<>+16(SB)/8, $0x0000000500000004
DATA append2<>+24(SB)/8, $0x0000000700000006
DATA append2<>+32(SB)/8, $0x0000001600000012
DATA append2<>+40(SB)/8, $0x0000001e0000001a
DATA append2<>+48(SB)/8, $0x0000001e0000001e
DATA append2<>+56(SB)/8, $0x0000001e0000001e
GLOBL append2<>(SB), RODATA|NOPTR, $64

DATA gather3<>+0(SB)/8, $0x0000000700000003
DATA gather3<>+8(SB)/8, $0x0000000f0000000b
DATA gather3<>+16(SB)/8, $0x0000001700000013
DATA gather3<>+24(SB)/8, $0x0000001f0000001b
DATA gather3<>+32(SB)/8, $0x0000000000000000
DATA gather3<>+40(SB)/8, $0x0000000000000000
DATA gather3<>+48(SB)/8, $0x0000000000000000
DATA gather3<>+56(SB)/8, $0x0000000000000000
GLOBL gather3<>(SB), RODATA|NOPTR, $64

DATA append3<>+0(SB)/8, $0x0000000100000000
DATA append3<>+8(SB)/8, $0x0000000300000002
DATA append3<>+16(SB)/8, $0x0000000500000004
DATA append3<>+24(SB)/8, $0x0000000700000006
DATA append3<>+32(SB)/8, $0x0000001700000013
DATA append3<>+40(SB)/8, $0x0000001f0000001b
DATA append3<>+48(SB)/8, $0x0000001f0000001f
DATA append3<>+56(SB)/8, $0x0000001f0000001f
GLOBL append3<>(SB), RODATA|NOPTR, $64

// Bits 0 to i of lane i.
DATA upTo<>+0(SB)/8, $0x0000000300000001
DATA upTo<>+8(SB)/8, $0x0000000f00000007
DATA upTo<>+16(SB)/8, $0x0000003f0000001f
DATA upTo<>+24(SB)/8, $0x000000ff0000007f
DATA upTo<>+32(SB)/8, $0x000003ff000001ff
DATA upTo<>+40(SB)/8, $0x00000fff000007ff
DATA upTo<>+48(SB)/8, $0x00003fff00001fff
DATA upTo<>+56(SB)/8, $0x0000ffff00007fff
GLOBL upTo<>(SB), RODATA|NOPTR, $64

DATA last<>+0(SB)/8, $0x0000000f0000000f
DATA last<>+8(SB)/8, $0x0000000f0000000f
DATA last<>+16(SB)/8, $0x0000000f0000000f
DATA last<>+24(SB)/8, $0x0000000f0000000f
DATA last<>+32(SB)/8, $0x0000000f0000000f
DATA last<>+40(SB)/8, $0x0000000f0000000f
DATA last<>+48(SB)/8, $0x0000000f0000000f
DATA last<>+56(SB)/8, $0x0000000f0000000f
GLOBL last<>(SB), RODATA|NOPTR, $64

DATA minus<>+0(SB)/8, $0xffffffffffffffff
DATA minus<>+8(SB)/8, $0xffffffffffffffff
DATA minus<>+16(SB)/8, $0xffffffffffffffff
DATA minus<>+24(SB)/8, $0xffffffffffffffff
DATA minus<>+32(SB)/8, $0xffffffffffffffff
DATA minus<>+40(SB)/8, $0xffffffffffffffff
DATA minus<>+48(SB)/8, $0xffffffffffffffff
DATA minus<>+56(SB)/8, $0xffffffffffffffff
GLOBL minus<>(SB), RODATA|NOPTR, $64

DATA digitMask<>+0(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA digitMask<>+8(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA digitMask<>+16(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA digitMask<>+24(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA digitMask<>+32(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA digitMask<>+40(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA digitMask<>+48(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA digitMask<>+56(SB)/8, $0x1f1f1f1f1f1f1f1f
GLOBL digitMask<>(SB), RODATA|NOPTR, $64

DATA separatorBit<>+0(SB)/8, $0x4040404040404040
DATA separatorBit<>+8(SB)/8, $0x4040404040404040
DATA separatorBit<>+16(SB)/8, $0x4040404040404040
DATA separatorBit<>+24(SB)/8, $0x4040404040404040
DATA separatorBit<>+32(SB)/8, $0x4040404040404040
DATA separatorBit<>+40(SB)/8, $0x4040404040404040
DATA separatorBit<>+48(SB)/8, $0x4040404040404040
DATA separatorBit<>+56(SB)/8, $0x4040404040404040
GLOBL separatorBit<>(SB), RODATA|NOPTR, $64

DATA moreBit<>+0(SB)/8, $0x2020202020202020
DATA moreBit<>+8(SB)/8, $0x2020202020202020
DATA moreBit<>+16(SB)/8, $0x2020202020202020
DATA moreBit<>+24(SB)/8, $0x2020202020202020
DATA moreBit<>+32(SB)/8, $0x2020202020202020
DATA moreBit<>+40(SB)/8, $0x2020202020202020
DATA moreBit<>+48(SB)/8, $0x2020202020202020
DATA moreBit<>+56(SB)/8, $0x2020202020202020
GLOBL moreBit<>(SB), RODATA|NOPTR, $64

// func windowsAVX512(s *windowState)
//
// Decodes windows of 64 bytes, each from the start of a segment to its last separator. Letters in
// comments: n segments, f fields, of which the fifth of a segment is its name.
//
//	DI  the window                    R10  the chunk's Column at the next segment
//	Z11 number of names               Z12  number of sources
//	Z13 sums, four times: column, source, original line, original column
//	Z14 last name                     Z15  line
//	Z16 zero                          Z20  dwords of 1
//	Z17, Z18, Z19 pairs               Z21, Z22, Z23 bit matrices: shift bytes left 2, right 3, left 5
//	Z27, Z28, Z29 places 3, 2, 1      Z30, Z31 classes
//	K7  the lower half of each dword
//
// VPERMI2B and the like take their tables as last operand first.
TEXT ·windowsAVX512(SB), NOSPLIT, $40-8
	MOVQ s+0(FP), AX
	MOVQ windowState_text(AX), DI
	MOVQ windowState_chunk(AX), R10
	MOVQ windowState_limit(AX), CX
	MOVQ CX, limit-8(SP)
	MOVQ windowState_full(AX), CX
	MOVQ CX, full-16(SP)
	MOVQ $0, unsorted-24(SP)
	VBROADCASTI32X4 windowState_sums(AX), Z13
	VPBROADCASTD windowState_line(AX), Z15
	VPBROADCASTD windowState_name(AX), Z14
	VPBROADCASTD windowState_sources(AX), Z12
	VPBROADCASTD windowState_names(AX), Z11
	VPXORQ Z16, Z16, Z16
	VMOVDQU64 pairs<>+0(SB), Z19
	VMOVDQU64 pairs<>+64(SB), Z18
	VMOVDQU64 pairs<>+128(SB), Z17
	MOVL $1, AX
	VPBROADCASTD AX, Z20
	MOVQ $0x0000010204081000, AX
	VPBROADCASTQ AX, Z21
	MOVQ $0x0810000000000000, AX
	VPBROADCASTQ AX, Z22
	MOVQ $0x0000000000010204, AX
	VPBROADCASTQ AX, Z23
	VMOVDQU64 places<>+3(SB), Z27
	VMOVDQU64 places<>+2(SB), Z28
	VMOVDQU64 places<>+1(SB), Z29
	VMOVDQU64 class<>+0(SB), Z30
	VMOVDQU64 class<>+64(SB), Z31
	MOVQ $0x3333333333333333, AX
	KMOVQ AX, K7

window:
	CMPQ DI, limit-8(SP)
	JHI  done
	CMPQ R10, full-16(SP)
	JHI  done

	// Classes, and their masks: AX separators, BX semicolons, CX digits that more follow, Z0 digits.
	VMOVDQU64 (DI), Z0
	VPMOVB2M  Z0, K1
	VPERMI2B  Z31, Z30, Z0
	VPMOVB2M  Z0, K2
	VPTESTMB  separatorBit<>(SB), Z0, K3
	VPTESTMB  moreBit<>(SB), Z0, K4
	VPANDQ    digitMask<>(SB), Z0, Z0
	KMOVQ     K3, AX
	KMOVQ     K2, BX
	KMOVQ     K4, CX
	KMOVQ     K1, R8
	ANDNQ     BX, AX, DX
	ORQ       R8, DX
	JNZ       done       // a byte that does not belong here
	TESTQ     AX, AX
	JZ        done
	ANDQ      AX, BX
	MOVQ      AX, separators-32(SP)

	// Separators side by side are empty lines, else a fault; and no value may be cut off by one.
	XORL  R13, R13
	CMPB  -1(DI), $0x3B
	SETEQ R13
	LEAQ  1(AX)(AX*1), DX
	ANDQ  AX, DX
	LEAQ  (R13)(BX*2), R8
	ANDQ  BX, R8
	ANDNQ DX, R8, R9
	MOVQ  AX, R8
	SHRQ  $1, R8
	MOVQ  R8, R12
	ANDQ  CX, R12
	ORQ   R12, R9
	JNZ   done

	// DX length up to the last separator, R12 mask of it, R9 ends of fields, R8 those of segments, one bit a field.
	LZCNTQ  AX, DX
	NEGQ    DX
	ADDQ    $64, DX
	MOVQ    $-1, R12
	BZHIQ   DX, R12, R12
	MOVQ    AX, R9
	ORQ     CX, R9
	ANDNQ   R12, R9, R9
	ANDQ    R9, R8
	PEXTQ   R9, R8, R8
	POPCNTQ R9, R9

	// R13 starts of fields.
	LEAQ  (CX)(CX*1), R13
	ORQ   AX, R13
	ANDNQ R12, R13, R13

	// A segment ends 4 or 5 fields behind the one before it. R12 those with 5, AX n, SI names; if the count of
	// fields is right then no end was 4 or 5 fields behind another one than its neighbour.
	MOVQ    R8, AX
	SHLQ    $4, AX
	ORQ     $8, AX
	ANDQ    R8, AX
	MOVQ    R8, R12
	SHLQ    $5, R12
	ORQ     $16, R12
	ANDQ    R8, R12
	ORQ     R12, AX
	CMPQ    AX, R8
	JNE     done
	POPCNTQ R8, AX
	POPCNTQ R12, SI
	LEAQ    (SI)(AX*4), R11
	CMPQ    R11, R9
	JNE     done

	// R9 starts of names. K5 places with two more digits at least, K6 with three. Four digits are for
	// names only, five for none.
	PDEPQ R13, R12, R9
	MOVQ  CX, R11
	SHRQ  $1, R11
	ANDQ  CX, R11
	KMOVQ R11, K5
	MOVQ  R11, CX
	SHRQ  $1, CX
	ANDQ  R11, CX
	KMOVQ CX, K6
	MOVQ  CX, R11
	SHRQ  $1, R11
	ANDQ  CX, R11
	ANDQ  R13, R11
	ANDQ  R13, CX
	ANDNQ CX, R9, CX
	ORQ   R11, CX
	JNZ   done
	ANDNQ R13, R9, R13
	KMOVQ R13, K1

	// At each start: Z3 the low byte of the value, Z4 the high one (7 bits).
	VPERMB.Z       Z0, Z29, K4, Z1
	VPERMB.Z       Z0, Z28, K5, Z2
	VGF2P8AFFINEQB $0, Z23, Z1, Z3
	VPORQ          Z0, Z3, Z3
	VGF2P8AFFINEQB $0, Z22, Z1, Z4
	VGF2P8AFFINEQB $0, Z21, Z2, Z5
	VPORQ          Z5, Z4, Z4

	// Side by side, then as dwords: four of a segment in each quarter of Z7, Z8, Z5.
	VPCOMPRESSB.Z Z3, K1, Z5
	VPCOMPRESSB.Z Z4, K1, Z6
	VMOVDQA64     Z5, Z7
	VPERMT2B.Z    Z6, Z19, K7, Z7
	VMOVDQA64     Z5, Z8
	VPERMT2B.Z    Z6, Z18, K7, Z8
	VPERMT2B.Z    Z6, Z17, K7, Z5

	// Names: Z25 for each segment, Z24 the last one.
	VMOVDQA64  Z14, Z24
	VPTERNLOGD $0xFF, Z25, Z25, Z25
	TESTQ      SI, SI
	JZ         signs
	KMOVQ         R9, K1
	VPERMB.Z      Z0, Z27, K6, Z1
	VPCOMPRESSB.Z Z3, K1, Z2
	VPCOMPRESSB.Z Z4, K1, Z6
	VPCOMPRESSB.Z Z1, K1, Z1
	VPMOVZXBD     X2, Z2
	VPMOVZXBD     X6, Z6
	VPMOVZXBD     X1, Z1
	VPSLLD        $8, Z6, Z6
	VPSLLD        $15, Z1, Z1
	VPTERNLOGD    $0xFE, Z1, Z6, Z2
	VPCMPEQD      Z20, Z2, K2
	VPTESTMD      Z20, Z2, K1
	VPSRLD        $1, Z2, Z2
	VPSUBD        Z2, Z16, K1, Z2
	VALIGND       $15, Z16, Z2, Z1
	VPADDD        Z1, Z2, Z2
	VALIGND       $14, Z16, Z2, Z1
	VPADDD        Z1, Z2, Z2
	VALIGND       $12, Z16, Z2, Z1
	VPADDD        Z1, Z2, Z2
	VALIGND       $8, Z16, Z2, Z1
	VPADDD        Z1, Z2, Z2
	VPADDD        Z14, Z2, Z2
	VPMOVD2M      Z2, K1
	KORW          K1, K2, K2
	VPCMPD        $5, Z11, Z2, K1
	KORTESTW      K1, K2
	JNZ           done
	PEXTQ         R8, R12, R12
	KMOVQ         R12, K1
	VPEXPANDD     Z2, K1, Z25
	VMOVDQU64     last<>(SB), Z24
	VPERMD        Z2, Z24, Z24

signs:
	VPCMPEQD Z20, Z7, K1
	VPCMPEQD Z20, Z8, K2
	VPCMPEQD Z20, Z5, K3
	KORW     K1, K2, K2
	KORTESTW K2, K3
	JNZ      done            // −0
	VPTESTMD Z20, Z7, K1
	VPTESTMD Z20, Z8, K2
	VPTESTMD Z20, Z5, K3
	VPSRLD   $1, Z7, Z7
	VPSRLD   $1, Z8, Z8
	VPSRLD   $1, Z5, Z5
	VPSUBD   Z7, Z16, K1, Z7
	VPSUBD   Z8, Z16, K2, Z8
	VPSUBD   Z5, Z16, K3, Z5
	KORW     K1, K2, K1
	KORW     K1, K3, K1
	KMOVW    K1, R11
	ANDL     $0x1111, R11    // a column went back

	// Sums over the segments; Z1 those behind the last one.
	VALIGNQ    $6, Z16, Z7, Z1
	VALIGNQ    $6, Z16, Z8, Z2
	VALIGNQ    $6, Z16, Z5, Z6
	VPADDD     Z1, Z7, Z7
	VPADDD     Z2, Z8, Z8
	VPADDD     Z6, Z5, Z5
	VALIGNQ    $4, Z16, Z7, Z1
	VALIGNQ    $4, Z16, Z8, Z2
	VALIGNQ    $4, Z16, Z5, Z6
	VPADDD     Z1, Z7, Z7
	VPADDD     Z2, Z8, Z8
	VPADDD     Z6, Z5, Z5
	VPADDD     Z13, Z7, Z7
	VSHUFI32X4 $0xFF, Z7, Z7, Z1
	VPADDD     Z1, Z8, Z8
	VSHUFI32X4 $0xFF, Z8, Z8, Z1
	VPADDD     Z1, Z5, Z5
	VSHUFI32X4 $0xFF, Z5, Z5, Z1

	// One register a field: Z2 columns, Z3 sources, Z4 original lines, Z6 original columns.
	VMOVDQU64 gather0<>(SB), Z2
	VPERMI2D  Z8, Z7, Z2
	VMOVDQU64 append0<>(SB), Z9
	VPERMT2D  Z5, Z9, Z2
	VMOVDQU64 gather1<>(SB), Z3
	VPERMI2D  Z8, Z7, Z3
	VMOVDQU64 append1<>(SB), Z9
	VPERMT2D  Z5, Z9, Z3
	VMOVDQU64 gather2<>(SB), Z4
	VPERMI2D  Z8, Z7, Z4
	VMOVDQU64 append2<>(SB), Z9
	VPERMT2D  Z5, Z9, Z4
	VMOVDQU64 gather3<>(SB), Z6
	VPERMI2D  Z8, Z7, Z6
	VMOVDQU64 append3<>(SB), Z9
	VPERMT2D  Z5, Z9, Z6

	VMOVDQA64 Z15, Z9  // lines
	VMOVDQA64 Z15, Z26 // the last line
	TESTQ     BX, BX
	JNZ       lines

range:
	VPORD      Z2, Z3, Z10
	VPTERNLOGD $0xFE, Z4, Z6, Z10
	VPMOVD2M   Z10, K1
	VPCMPD     $5, Z12, Z3, K2
	KORTESTW   K1, K2
	JNZ        done

	// All is well: store, and go on behind the last separator.
	VMOVDQU32 Z2, (R10)
	VMOVDQU32 Z9, (Chunk_Line-Chunk_Column)(R10)
	VMOVDQU32 Z3, (Chunk_Source-Chunk_Column)(R10)
	VMOVDQU32 Z4, (Chunk_OriginalLine-Chunk_Column)(R10)
	VMOVDQU32 Z6, (Chunk_OriginalColumn-Chunk_Column)(R10)
	VMOVDQU32 Z25, (Chunk_Name-Chunk_Column)(R10)
	VMOVDQA64 Z1, Z13
	VMOVDQA64 Z24, Z14
	VMOVDQA64 Z26, Z15
	ORQ       R11, unsorted-24(SP)
	LEAQ      (R10)(AX*4), R10
	ADDQ      DX, DI
	JMP       window

lines:
	// Z10: how many semicolons stand before each segment.
	MOVQ          separators-32(SP), R8
	LEAQ          1(R8)(R8*1), R9
	ANDNQ         R9, R8, R9             // behind a separator, and none itself
	MOVQ          $-1, R12
	BZHIQ         DX, R12, R12
	ANDQ          R12, R9
	KMOVQ         R9, K1
	VMOVDQU64     places<>+0(SB), Z5
	VPCOMPRESSB.Z Z5, K1, Z5
	VPSRLDQ       $8, X5, X7
	VPMOVZXBQ     X5, Z5
	VPMOVZXBQ     X7, Z7
	VPBROADCASTQ  BX, Z8
	VMOVDQU64     minus<>(SB), Z10
	VPSLLVQ       Z5, Z10, Z5
	VPSLLVQ       Z7, Z10, Z7
	VPANDNQ       Z8, Z5, Z5
	VPANDNQ       Z8, Z7, Z7
	VPOPCNTQ      Z5, Z5
	VPOPCNTQ      Z7, Z7
	VPMOVQD       Z5, Y5
	VPMOVQD       Z7, Y7
	VINSERTI64X4  $1, Y7, Z5, Z10
	VPADDD        Z10, Z15, Z9
	POPCNTQ       BX, R8
	VPBROADCASTD  R8, Z26
	VPADDD        Z15, Z26, Z26

	// K1: the first segment of each line that starts here. From there on columns are less by the
	// sum before it.
	VALIGND       $15, Z16, Z10, Z5
	VPCMPD        $4, Z5, Z10, K1
	MOVL          $-1, R8
	BZHIL         AX, R8, R8
	KMOVW         R8, K2
	KANDW         K1, K2, K1
	KMOVW         K1, R8
	VPBROADCASTD  X13, Z5
	VALIGND       $15, Z5, Z2, Z5
	VPCOMPRESSD.Z Z5, K1, Z5
	VALIGND       $15, Z16, Z5, Z5
	VPBROADCASTD  R8, Z7
	VPANDD        upTo<>(SB), Z7, Z7
	VPOPCNTD      Z7, Z7
	VPERMD        Z5, Z7, Z5
	VPSUBD        Z5, Z2, Z2

	// The column goes on from the last segment, or from 0 when a semicolon comes last.
	LEAQ         -1(DX), CX
	MOVQ         BX, R8
	SHRQ         CX, R8
	ANDL         $1, R8
	DECL         R8
	VPBROADCASTD R8, Z5
	VMOVDQU64    last<>(SB), Z7
	VPERMD       Z2, Z7, Z7
	VPANDD       Z7, Z5, Z5
	MOVL         $0x1111, R8
	KMOVW        R8, K1
	VPBLENDMD    Z5, Z1, K1, Z1
	JMP          range

done:
	MOVQ    s+0(FP), AX
	MOVQ    DI, windowState_text(AX)
	MOVQ    R10, windowState_chunk(AX)
	VMOVDQU X13, windowState_sums(AX)
	VMOVD   X15, windowState_line(AX)
	VMOVD   X14, windowState_name(AX)
	MOVQ    unsorted-24(SP), CX
	ORL     CX, windowState_unsorted(AX)
	VZEROUPPER
	RET

//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// func findAVX2(f *finder, lines, columns *int32, n int, out *Segment) (done int)
//
// Looks n positions up, as Table.Find does, and returns how many of them: it stops before one that needs a rarer
// way. Nothing is checked: f is of an image built in this process. A segment that is not found gets source and
// line -1.
//
//	AX line, BX column, R8 finder, R9 the position, then its key in the block
//	R10 flags, R11 the block, R12 its first position, R13 its number, then its shape, BP low
//
// It has few branches that are hard to foresee, so that the work on several positions overlaps.
TEXT ·findAVX2(SB), NOSPLIT, $64-48
	MOVQ f+0(FP), R8
	MOVQ $0, done+40(FP)

	// A few positions at a time: first the block of each is found and fetched, then all are searched. So the
	// waits for memory overlap.
some:
	MOVQ done+40(FP), CX
	MOVQ n+24(FP), AX
	CMPQ CX, AX
	JGE  end
	LEAQ 16(CX), DX
	CMPQ DX, AX
	CMOVQLT DX, AX
	MOVQ AX, stop-48(SP)

locate:
	MOVQ lines+8(FP), SI
	MOVQ columns+16(FP), DI
	MOVL (SI)(CX*4), AX
	MOVL (DI)(CX*4), BX
	LEAQ (CX)(CX*2), SI
	SHLQ $3, SI
	ADDQ out+32(FP), SI
	MOVQ CX, DI
	MOVQ AX, R9
	SHLQ $32, R9
	ORQ  BX, R9
	MOVQ $-1, R13
	MOVL AX, DX
	ORL  BX, DX
	JS   located

	// The guide: R11 to R12 is where the block is.
	MOVQ finder_guide(R8), R10
	MOVL (R10), R11
	SHRXL R11, AX, R11
	MOVL 4(R10), CX
	CMPL R11, CX
	JCC  behind
	MOVL 8(R10)(R11*4), R12
	MOVL 12(R10)(R11*4), R13
	SHRXL R12, BX, BP
	SHRL $5, R12
	SHRL $5, R13
	DECQ R13
	ADDQ R12, BP
	CMPQ BP, R13
	CMOVQHI R13, BP
	LEAQ 12(R10)(CX*4), R10
	MOVL (R10)(BP*4), R11
	MOVL 4(R10)(BP*4), R12

	// R13: how many blocks start before the position.
	MOVQ finder_keys(R8), R10
narrow:
	MOVQ R12, R13
	SUBQ R11, R13
	CMPQ R13, $4
	JHI  halve
	XORL R13, R13
	CMPQ (R10)(R11*8), R9
	ADCQ $0, R13
	CMPQ 8(R10)(R11*8), R9
	ADCQ $0, R13
	CMPQ 16(R10)(R11*8), R9
	ADCQ $0, R13
	CMPQ 24(R10)(R11*8), R9
	ADCQ $0, R13
	ADDQ R11, R13
	CMPQ R9, (R10)(R13*8)
	JEQ  start
last:
	DECQ R13
	JS   located
	MOVQ finder_offsets(R8), R11
	MOVL (R11)(R13*4), R11
	ADDQ finder_data(R8), R11
	CMPQ n+24(FP), $1
	JEQ  one
	PREFETCHT0 (R11)
	PREFETCHT0 64(R11)
	PREFETCHT0 128(R11)
	PREFETCHT0 192(R11)
located:
	MOVL R13, Segment_Name(SI)
	LEAQ 1(DI), CX
	CMPQ CX, stop-48(SP)
	JLT  locate

position:
	MOVQ done+40(FP), CX
	CMPQ CX, stop-48(SP)
	JGE  some
	MOVQ lines+8(FP), SI
	MOVQ columns+16(FP), DI
	MOVL (SI)(CX*4), AX
	MOVL (DI)(CX*4), BX
	MOVQ AX, R9
	SHLQ $32, R9
	ORQ  BX, R9
	LEAQ (CX)(CX*2), SI
	SHLQ $3, SI
	ADDQ out+32(FP), SI
	MOVLQSX Segment_Name(SI), R13
	CMPQ R13, $-1
	JLT  end                 // a block starts here
	JEQ  none
	MOVQ finder_keys(R8), R10
	MOVQ (R10)(R13*8), R12
	MOVQ finder_offsets(R8), R11
	MOVL (R11)(R13*4), R11
	ADDQ finder_data(R8), R11
block:
	MOVL (R11), R13
	MOVL 4(R11), R10
	TESTL $(const_flagBare|const_flagRanged|const_flagWideSource), R10
	JNZ  end
	TESTL R13, R13
	JS   multi
	MOVQ R12, CX
	SHRQ $32, CX
	CMPL CX, AX
	JNE  none
	SUBL R12, R9
	MOVL R9, R9

search:
	// SI upper, DI what follows the masks.
	MOVL R10, CX
	SHRL $10, CX
	ANDL $1, CX
	LEAQ 12(R11)(CX*4), SI
	XORL DX, DX
	TESTL $(const_flagNamed|const_flagAllNamed), R10
	SETNE DX
	LEAQ (SI)(DX*4), SI
	MOVL R10, CX
	ANDL $const_flagCount, CX
	INCL CX
	MOVQ CX, n-8(SP)
	MOVL R10, DX
	SHRL $6, DX
	ANDL $1, DX
	LEAQ 16(SI)(DX*8), DI
	DECQ DX                  // -1: no mask, all have a record
	ORQ  16(SI), DX
	BZHIQ CX, DX, DX
	MOVQ DX, own-16(SP)
	MOVL R10, CX
	SHRL $8, CX
	ANDL $1, CX
	MOVQ CX, DX
	NEGQ DX
	ANDQ (DI), DX
	LEAQ (DI)(CX*8), DI
	MOVL R10, CX
	SHRL $9, CX
	ANDL $1, CX
	NEGQ CX
	ORQ  CX, DX
	MOVQ DX, named-24(SP)
	MOVQ SI, upper-32(SP)

	// CX the upper part of the key; DX how many bits of upper lie before those of its segments: a zero
	// for each smaller upper part, with one in front of all.
	MOVL R13, BP
	ANDL $const_width6, BP
	CMPL BP, $7
	JHI  end
	SHRXQ BP, R9, CX
	MOVL $128, AX
	SUBQ n-8(SP), AX
	CMPQ CX, AX
	JHI  end                 // behind all, where there is no zero to count
	MOVQ (SI), AX
	MOVQ 8(SI), SI
	NOTQ AX
	NOTQ SI
	ADDQ AX, AX
	ADCQ SI, SI
	ORQ  $1, AX
	POPCNTQ AX, DX
	MOVQ CX, R11             // CX of the first word, or CX − DX of the second
	SUBQ DX, R11
	CMOVQCS CX, R11
	CMOVQCS AX, SI
	SBBQ AX, AX              // -1: first word
	MOVL $1, DX
	SHLXQ R11, DX, DX
	PDEPQ SI, DX, DX
	TZCNTQ DX, DX
	ANDNQ finder_sixtyFour(R8), AX, AX
	ADDQ AX, DX

	// R11: how many segments from there on have that upper part.
	MOVQ upper-32(SP), SI
	MOVQ (SI), AX
	MOVQ 8(SI), SI
	XORL R11, R11
	CMPQ DX, $64
	CMOVQCC SI, AX
	CMOVQCC R11, SI
	SHRXQ DX, AX, AX
	ADDQ SI, SI
	MOVL DX, R11
	NOTL R11
	SHLXQ R11, SI, SI
	ORQ  SI, AX
	XORL SI, SI
	CMPQ DX, $128
	CMOVQCC SI, AX
	NOTQ AX
	TZCNTQ AX, R11

	// The lower parts of 8 segments from number DX − CX on, as bytes, against that of the key.
	SUBQ CX, DX
eight:
	MOVQ DX, CX
	IMULQ BP, CX
	MOVQ CX, AX
	SHRQ $3, AX
	ANDL $7, CX
	MOVQ (DI)(AX*1), AX
	SHRXQ CX, AX, AX
	MOVQ $0x0101010101010101, SI
	SHLXQ BP, SI, CX
	SUBQ SI, CX              // low bits of each byte
	PDEPQ CX, AX, AX
	VMOVQ AX, X0
	BZHIQ BP, R9, CX
	IMULQ SI, CX
	VMOVQ CX, X1
	VPCMPGTB X1, X0, X2
	VPCMPEQB X1, X0, X3
	VPMOVMSKB X2, AX
	VPMOVMSKB X3, CX
	CMPQ R11, $8
	JHI  more
few:
	BTSQ R11, AX
	TZCNTQ AX, AX            // how many of them are not behind the key
	BZHIL R11, CX, CX
	DECQ AX
	TZCNTL CX, SI
	TESTL CX, CX
	CMOVQNE SI, AX           // the first at the key, or the last before it
	ADDQ AX, DX
	JS   end

	// Segment DX. CX its place in upper, then its key.
	MOVQ upper-32(SP), SI
	MOVQ (SI), AX
	MOVQ 8(SI), SI
	POPCNTQ AX, CX
	MOVQ DX, R11
	SUBQ CX, R11
	CMOVQCS DX, R11
	CMOVQCS AX, SI
	SBBQ AX, AX
	MOVL $1, CX
	SHLXQ R11, CX, CX
	PDEPQ SI, CX, CX
	TZCNTQ CX, CX
	ANDNQ finder_sixtyFour(R8), AX, AX
	ADDQ AX, CX
	SUBQ DX, CX
	SHLXQ BP, CX, CX
	MOVQ DX, AX
	IMULQ BP, AX
	MOVQ AX, SI
	SHRQ $3, SI
	ANDL $7, AX
	MOVQ (DI)(SI*1), SI
	SHRXQ AX, SI, SI
	BZHIQ BP, SI, SI
	ORQ  SI, CX

	// Its generated position, in SI and R12, is on the line asked for.
	MOVQ done+40(FP), AX
	LEAQ (AX)(AX*2), AX
	SHLQ $3, AX
	ADDQ out+32(FP), AX      // the answer's place
	TESTL R13, R13
	JS   line
	MOVQ R12, SI
	SHRQ $32, SI
	ADDL CX, R12
store:
	MOVL SI, Segment_Line(AX)
	MOVL R12, Segment_Column(AX)

	// DI records; R11 number of the record, R9 of the name.
	INCL DX                  // bits 0 to DX
	IMULQ n-8(SP), BP
	ADDQ $7, BP
	SHRQ $3, BP
	ADDQ BP, DI
	MOVQ own-16(SP), R11
	POPCNTQ R11, BP
	BZHIQ DX, R11, R11
	POPCNTQ R11, R11
	DECQ R11
	MOVQ named-24(SP), R9
	DECL DX
	BTQ  DX, R9
	SBBQ R12, R12            // -1: has a name
	INCL DX
	BZHIQ DX, R9, R9
	POPCNTQ R9, R9
	DECQ R9

	// Widths: CX source, DX line, SI column.
	MOVL R13, CX
	SHRL $const_shiftSource, CX
	ANDL $31, CX
	MOVL R13, DX
	SHRL $const_shiftLine, DX
	ANDL $31, DX
	MOVL R13, SI
	SHRL $const_shiftColumn, SI
	ANDL $31, SI
	ADDL CX, SI
	ADDL DX, SI              // all three
	CMPL SI, $57
	JHI  end
	IMULQ SI, BP             // of all records
	ADDQ $7, BP
	SHRQ $3, BP
	ADDQ DI, BP              // names
	IMULQ SI, R11
	MOVQ R11, R8
	SHRQ $3, R8
	ANDL $7, R11
	MOVQ (DI)(R8*1), DI
	MOVQ f+0(FP), R8
	SHRXQ R11, DI, DI
	BZHIQ SI, DI, DI
	BZHIQ CX, DI, R11
	SHRXQ CX, DI, DI
	MOVL R10, SI
	SHRL $const_shiftSourceBase, SI
	ADDL SI, R11
	MOVL R11, Segment_Source(AX)
	BZHIQ DX, DI, R11
	SHRXQ DX, DI, DI

	// The bases of line, column and name.
	MOVQ upper-32(SP), SI
	XORL CX, CX
	TESTL $(const_flagNamed|const_flagAllNamed), R10
	SETNE CX
	SHLL $2, CX
	SUBQ CX, SI              // behind the column base
	XORL DX, DX
	TESTL $const_flagColumnBase, R10
	MOVL -4(SI), CX
	CMOVLEQ DX, CX
	ADDL CX, DI
	MOVL DI, Segment_OriginalColumn(AX)
	SHRL $10, R10
	ANDL $1, R10
	SHLL $2, R10
	MOVL (SI), CX            // name base
	SUBQ R10, SI
	ADDL -4(SI), R11         // line base
	MOVL R11, Segment_OriginalLine(AX)
	SHRL $const_shiftName, R13
	ANDL $31, R13
	MOVL R13, R13
	IMULQ R13, R9
	MOVQ R9, DX
	SARQ $3, DX
	ANDL $7, R9
	MOVQ (BP)(DX*1), DX
	SHRXQ R9, DX, DX
	BZHIQ R13, DX, DX
	ADDL CX, DX
	ANDL R12, DX
	NOTL R12
	ORL  R12, DX
	MOVL DX, Segment_Name(AX)
	INCQ done+40(FP)
	JMP  position

multi:
	// (line − first line) << width | column; a column too large for the width is for the plain way.
	MOVL R13, CX
	SHRL $const_shiftKeyColumn, CX
	ANDL $31, CX
	MOVL BX, R9
	SHRXQ CX, R9, DX
	TESTQ DX, DX
	JNZ  end
	MOVQ R12, DX
	SHRQ $32, DX
	SUBL DX, AX
	SHLXQ CX, AX, AX
	ORQ  AX, R9
	JMP  search

line:
	MOVL R13, SI
	SHRL $const_shiftKeyColumn, SI
	ANDL $31, SI
	SHRQ $32, R12
	MOVQ R12, R11
	BZHIQ SI, CX, R12
	SHRXQ SI, CX, SI
	ADDL R11, SI
	MOVQ done+40(FP), CX
	MOVQ lines+8(FP), R11
	CMPL SI, (R11)(CX*4)
	JEQ  store

none:
	MOVQ done+40(FP), AX
	LEAQ (AX)(AX*2), AX
	SHLQ $3, AX
	ADDQ out+32(FP), AX
	MOVL $-1, Segment_Line(AX)
	MOVL $0, Segment_Column(AX)
	MOVL $-1, Segment_Source(AX)
	MOVL $0, Segment_OriginalLine(AX)
	MOVL $0, Segment_OriginalColumn(AX)
	MOVL $-1, Segment_Name(AX)
	INCQ done+40(FP)
	JMP  position

one:
	MOVQ finder_keys(R8), R10
	MOVQ (R10)(R13*8), R12
	JMP  block

more:
	MOVL AX, SI
	ORL  CX, SI
	TESTB SI, SI
	JEQ  further             // all eight are before the key
	MOVL $8, R11
	JMP  few

further:
	ADDQ $8, DX
	SUBQ $8, R11
	JMP  eight

halve:
	LEAQ (R11)(R12*1), R13
	SHRQ $1, R13
	LEAQ 1(R13), CX
	CMPQ (R10)(R13*8), R9
	CMOVQCS CX, R11          // it starts before the position
	CMOVQCC R13, R12
	JMP  narrow

behind:
	MOVQ finder_blocks(R8), R13
	JMP  last

start:
	MOVQ $-2, R13
	JMP  located

end:
	RET

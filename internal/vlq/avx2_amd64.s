//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// By the upper half of a byte: what makes a digit of it (those of '/' lie one place before its own); which rule of
// notIn holds.
DATA toDigit<>+0(SB)/8, $0xb9b9bfbf04131000
DATA toDigit<>+8(SB)/8, $0
GLOBL toDigit<>(SB), RODATA|NOPTR, $16
DATA rule<>+0(SB)/8, $0x0804080402011010
DATA rule<>+8(SB)/8, $0x1010101010101010
GLOBL rule<>(SB), RODATA|NOPTR, $16

// By the lower half: the rules by which such a byte is none of a mappings string. 1: "+,/", 2: "0"-"9" and ";", 4: "A"-"O" and
// "a"-"o", 8: "P"-"Z" and "p"-"z", 16: nothing.
DATA notIn<>+0(SB)/8, $0x1111111111111115
DATA notIn<>+8(SB)/8, $0x1a1b1b1a18131111
GLOBL notIn<>(SB), RODATA|NOPTR, $16

DATA afterColumn<>+0(SB)/8, $0xffffffff00000000
DATA afterColumn<>+8(SB)/8, $0xffffffffffffffff
GLOBL afterColumn<>(SB), RODATA|NOPTR, $16

// The classes of 32 bytes of text at off: digits go to the stretch, masks of separators, semicolons, more to R9, R10, R11; Y10
// collects what does not belong there.
#define CLASSIFY(off) \
	VMOVDQU off(SI), Y0 \
	VPSRLD $4, Y0, Y1 \
	VPAND Y15, Y1, Y1 \
	VPSHUFB Y1, Y13, Y2 \
	VPAND Y15, Y0, Y3 \
	VPSHUFB Y3, Y12, Y3 \
	VPAND Y2, Y3, Y2 \
	VPOR Y2, Y10, Y10 \
	VPCMPEQB Y9, Y0, Y4 \
	VPADDB Y4, Y1, Y1 \
	VPSHUFB Y1, Y14, Y1 \
	VPADDB Y0, Y1, Y1 \
	VPCMPEQB Y8, Y0, Y5 \
	VPCMPEQB Y7, Y0, Y6 \
	VPOR Y5, Y6, Y6 \
	VPMOVMSKB Y6, R9 \
	VPMOVMSKB Y5, R10 \
	VPSLLD $2, Y1, Y2 \
	VPMOVMSKB Y2, R11 \
	VPAND Y11, Y1, Y1 \
	VMOVDQU Y1, (stretch_values+off)(DI)

// func classifyAVX2(s *stretch, text *byte, words int) (good int)
TEXT ·classifyAVX2(SB), NOSPLIT, $0-32
	MOVQ s+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ words+16(FP), CX
	VBROADCASTI128 toDigit<>(SB), Y14
	VBROADCASTI128 rule<>(SB), Y13
	VBROADCASTI128 notIn<>(SB), Y12
	MOVL $0x0F0F0F0F, AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVL $0x1F1F1F1F, AX
	VMOVD AX, X11
	VPBROADCASTD X11, Y11
	MOVL $0x2F2F2F2F, AX     // '/'
	VMOVD AX, X9
	VPBROADCASTD X9, Y9
	MOVL $0x3B3B3B3B, AX     // ';'
	VMOVD AX, X8
	VPBROADCASTD X8, Y8
	MOVL $0x2C2C2C2C, AX     // ','
	VMOVD AX, X7
	VPBROADCASTD X7, Y7
	MOVQ DI, R8              // the masks of the word
	XORL BX, BX
word:
	CMPQ BX, CX
	JGE  end
	VPXOR Y10, Y10, Y10
	CLASSIFY(32)
	MOVQ R9, AX
	MOVQ R10, DX
	MOVQ R11, R12
	SHLQ $32, AX
	SHLQ $32, DX
	SHLQ $32, R12
	CLASSIFY(0)
	VPTEST Y10, Y10
	JNZ  end
	ORQ  R9, AX
	ORQ  R10, DX
	ORQ  R11, R12
	ANDNQ R12, AX, R12       // what became of a separator is no digit
	MOVQ AX, stretch_separators(R8)
	MOVQ DX, stretch_semicolons(R8)
	MOVQ R12, stretch_more(R8)
	ADDQ $8, R8
	ADDQ $64, SI
	ADDQ $64, DI
	INCQ BX
	JMP  word
end:
	MOVQ $0, stretch_separators(R8)
	MOVQ $0, stretch_semicolons(R8)
	MOVQ $0, stretch_more(R8)
	MOVQ BX, good+24(FP)
	VZEROUPPER
	RET

// func windowsAVX2(w *windowState, s *stretch, fields *fieldTable)
//
// From a window of 56 bytes all whole segments are taken, one after the other without a branch but for names and
// lines.
//
//	DI  digits from the segment on          R8 R9 R10  ends of fields, separators, semicolons from there on
//	R11 the chunk's Column at the segment   R12 the 5 bits of each digit   R13 fieldTable
//	BX  last name                           X0  sums: column, source, original line, original column
//	X1  dwords of 1                         X4  largest sums              X6 sums before the window
//	X3  sums, X5 what is wrong, X9 deltas, each collected by OR
TEXT ·windowsAVX2(SB), NOSPLIT, $72-24
	MOVQ w+0(FP), AX
	MOVQ windowState_chunk(AX), R11
	MOVL windowState_name(AX), BX
	MOVL windowState_line(AX), CX
	MOVL CX, line-8(SP)
	MOVL windowState_names(AX), CX
	MOVL CX, names-16(SP)
	VMOVDQU windowState_sums(AX), X0
	MOVQ windowState_size(AX), CX
	SUBQ $56, CX
	MOVQ CX, last-24(SP)
	MOVQ windowState_full(AX), CX
	MOVQ CX, full-32(SP)
	MOVL $1, CX
	VMOVD CX, X1
	VPBROADCASTD X1, X1
	VPCMPEQD X4, X4, X4
	VPSRLD $1, X4, X4
	MOVL windowState_sources(AX), CX
	DECL CX
	VPINSRD $1, CX, X4, X4
	VPXOR X9, X9, X9
	MOVQ $0x1F1F1F1F1F1F1F1F, R12
	MOVQ fields+16(FP), R13
	MOVQ $0, at-40(SP)

window:
	MOVQ at-40(SP), CX
	CMPQ CX, last-24(SP)
	JGT  done
	CMPQ R11, full-32(SP)
	JHI  done
	MOVQ R11, chunk-48(SP)
	MOVQ BX, name-56(SP)
	MOVL line-8(SP), AX
	MOVL AX, line0-64(SP)
	VMOVDQA X0, X6

	// R9 separators, R10 semicolons, DX digits that more follow.
	MOVQ s+8(FP), SI
	LEAQ stretch_values(SI)(CX*1), DI
	MOVQ w+0(FP), BP
	MOVQ windowState_text(BP), BP
	XORL R8, R8
	CMPB -1(BP)(CX*1), $0x3B
	SETEQ R8
	MOVQ CX, AX
	SHRQ $3, AX
	ANDL $7, CX
	MOVQ stretch_separators(SI)(AX*1), R9
	MOVQ stretch_semicolons(SI)(AX*1), R10
	MOVQ stretch_more(SI)(AX*1), DX
	SHRXQ CX, R9, R9
	SHRXQ CX, R10, R10
	SHRXQ CX, DX, DX
	MOVL $56, CX
	BZHIQ CX, R9, R9
	JZ   done
	BZHIQ CX, R10, R10

	// Separators side by side are empty lines, else a fault; and no value may be cut off by one.
	LEAQ 1(R9)(R9*1), AX
	ANDQ R9, AX
	LEAQ (R8)(R10*2), CX
	ANDQ R10, CX
	ANDNQ AX, CX, AX
	MOVQ R9, CX
	SHRQ $1, CX
	MOVQ CX, R8
	ANDQ DX, R8
	ORQ  R8, AX
	JNZ  done

	// R8 ends of fields; CX those of segments, one bit a field.
	LZCNTQ R9, AX
	NEGQ AX
	ADDQ $64, AX
	MOVQ AX, end-72(SP)
	MOVQ $-1, BP
	BZHIQ AX, BP, BP
	MOVQ R9, R8
	ORQ  DX, R8
	ANDNQ BP, R8, R8
	ANDQ R8, CX
	PEXTQ R8, CX, CX
	POPCNTQ R8, SI

	// A segment ends 4 or 5 fields behind the one before it.
	MOVQ CX, AX
	SHLQ $4, AX
	ORQ  $8, AX
	ANDQ CX, AX
	MOVQ CX, DX
	SHLQ $5, DX
	ORQ  $16, DX
	ANDQ CX, DX
	ORQ  DX, AX
	CMPQ AX, CX
	JNE  done
	POPCNTQ CX, AX
	POPCNTQ DX, DX
	LEAQ (DX)(AX*4), DX
	CMPQ DX, SI
	JNE  done
	VPXOR X3, X3, X3
	VPXOR X5, X5, X5

segment:
	TZCNTQ R9, CX            // its length
	TESTQ CX, CX
	JZ   separator           // an empty line
	BZHIQ CX, R8, AX
	ANDL $0xFFF, AX
	MOVQ fieldTable_masks(R13)(AX*8), DX
	MOVBLZX fieldTable_digits(R13)(AX*1), AX
	TESTQ DX, DX
	JZ   back
	MOVQ (DI), BP
	MOVQ 8(DI), SI
	PEXTQ R12, BP, BP
	PEXTQ R12, SI, SI
	SHLQ $40, SI
	ORQ  SI, BP
	PDEPQ DX, BP, DX
	VMOVQ DX, X7
	VPMOVZXWD X7, X7
	VPCMPEQD X1, X7, X8      // −0
	VPOR X8, X5, X5
	VPSLLD $31, X7, X8
	VPOR X1, X8, X8
	VPSRLD $1, X7, X7
	VPSIGND X8, X7, X7
	VPOR X7, X9, X9
	VPADDD X7, X0, X0
	VPOR X0, X3, X3
	VPCMPGTD X4, X0, X8
	VPOR X8, X5, X5
	VMOVD X0, (R11)
	VPEXTRD $1, X0, (Chunk_Source-Chunk_Column)(R11)
	VPEXTRD $2, X0, (Chunk_OriginalLine-Chunk_Column)(R11)
	VPEXTRD $3, X0, (Chunk_OriginalColumn-Chunk_Column)(R11)
	MOVL line-8(SP), DX
	MOVL DX, (Chunk_Line-Chunk_Column)(R11)
	MOVL $-1, DX
	MOVQ CX, BP
	SUBQ AX, BP
	JZ   unnamed
	CMPQ BP, $6
	JHI  back
	MOVQ (DI)(AX*1), SI
	SHLQ $3, BP
	BZHIQ BP, SI, SI
	PEXTQ R12, SI, SI
	CMPQ SI, $1
	JEQ  back
	MOVQ SI, DX
	SHRL $1, DX
	ANDL $1, SI
	NEGL SI
	XORL SI, DX
	SUBL SI, DX
	ADDL DX, BX
	CMPL BX, names-16(SP)
	JCC  back
	MOVL BX, DX
unnamed:
	MOVL DX, (Chunk_Name-Chunk_Column)(R11)
	ADDQ $4, R11
separator:
	BTQ  CX, R10
	JCS  line
next:
	INCQ CX
	ADDQ CX, DI
	SHRXQ CX, R8, R8
	SHRXQ CX, R10, R10
	SHRXQ CX, R9, R9
	TESTQ R9, R9
	JNZ  segment

	// All is well if no sum was negative or too large.
	VPOR X3, X5, X5
	VMOVMSKPS X5, AX
	TESTL AX, AX
	JNZ  back
	MOVQ end-72(SP), AX
	ADDQ AX, at-40(SP)
	JMP  window

line:
	INCL line-8(SP)
	VPAND afterColumn<>(SB), X0, X0
	JMP  next

back:
	MOVQ chunk-48(SP), R11
	MOVQ name-56(SP), BX
	MOVL line0-64(SP), AX
	MOVL AX, line-8(SP)
	VMOVDQA X6, X0

done:
	MOVQ w+0(FP), AX
	MOVQ at-40(SP), CX
	ADDQ CX, windowState_text(AX)
	MOVQ R11, windowState_chunk(AX)
	MOVL BX, windowState_name(AX)
	MOVL line-8(SP), CX
	MOVL CX, windowState_line(AX)
	VMOVDQU X0, windowState_sums(AX)
	VMOVMSKPS X9, CX
	ANDL $1, CX
	ORL  CX, windowState_unsorted(AX)
	RET

; Masks that LLVM 22 loses, for x86-64-v4: each function reads a mask, and has then an instruction that
; both reads and writes its register.

; The sign bits of *%p - *%q, or-ed with where *%p holds the number of them: korw %k1, %k0, %k0.
define void @either(ptr %p, ptr %q, ptr %result) nounwind {
  %v = load <16 x i8>, ptr %p, align 1
  %w = load <16 x i8>, ptr %q, align 1
  %difference = sub <16 x i8> %v, %w
  %negative = icmp slt <16 x i8> %difference, zeroinitializer
  %bits = bitcast <16 x i1> %negative to i16
  %count = call i16 @llvm.ctpop.i16(i16 %bits)
  %byte = trunc i16 %count to i8
  %one = insertelement <16 x i8> poison, i8 %byte, i64 0
  %all = shufflevector <16 x i8> %one, <16 x i8> poison, <16 x i32> zeroinitializer
  %equal = icmp eq <16 x i8> %v, %all
  %mask = or <16 x i1> %negative, %equal
  %either = bitcast <16 x i1> %mask to i16
  store i16 %either, ptr %result, align 1
  ret void
}

; The two sign bits, each to its own place: kshiftrw $1, %k0, %k0 in the order that this processor likes.
define internal i8 @split(<2 x i8> %v, ptr %first, ptr %second) noinline nounwind "tune-cpu"="sapphirerapids" {
  %negative = icmp slt <2 x i8> %v, zeroinitializer
  %a = extractelement <2 x i1> %negative, i64 0
  %a8 = zext i1 %a to i8
  store i8 %a8, ptr %first, align 1
  %b = extractelement <2 x i1> %negative, i64 1
  %b8 = zext i1 %b to i8
  store i8 %b8, ptr %second, align 1
  %kept = load i8, ptr %first, align 1
  ret i8 %kept
}

define void @signs(ptr %p, ptr %q, ptr %result) nounwind {
  %v = load <2 x i8>, ptr %p, align 1
  %second = getelementptr i8, ptr %result, i64 1
  %kept = call i8 @split(<2 x i8> %v, ptr %result, ptr %second)
  ret void
}

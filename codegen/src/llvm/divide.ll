; Division of 64-bit integers on machines that have that of 32 bits: what a compiler's library would
; bring. `legalize.rs` links this in, and it becomes local to the object.

; a / b, unsigned. Undefined for b = 0, as LLVM's udiv is.
define i64 @afp.udiv64(i64 %a, i64 %b) {
entry:
  %either = or i64 %a, %b
  %either.hi = lshr i64 %either, 32
  %narrow = icmp eq i64 %either.hi, 0
  br i1 %narrow, label %word, label %wide

word:
  %a.word = trunc i64 %a to i32
  %b.word = trunc i64 %b to i32
  %q.word = udiv i32 %a.word, %b.word
  %q.word64 = zext i32 %q.word to i64
  ret i64 %q.word64

wide:
  %b.top = lshr i64 %b, 16
  %small = icmp eq i64 %b.top, 0
  br i1 %small, label %digits, label %bits

; By a divisor below 2^16: by hand, with digits of 16 bits. Each rest is below the divisor, so that no
; partial dividend is beyond 32 bits.
digits:
  %d = trunc i64 %b to i32
  %a.hi64 = lshr i64 %a, 32
  %a.hi = trunc i64 %a.hi64 to i32
  %a.lo = trunc i64 %a to i32
  %q2 = udiv i32 %a.hi, %d
  %p2 = mul i32 %q2, %d
  %r2 = sub i32 %a.hi, %p2
  %r2.up = shl i32 %r2, 16
  %a.1 = lshr i32 %a.lo, 16
  %n1 = or i32 %r2.up, %a.1
  %q1 = udiv i32 %n1, %d
  %p1 = mul i32 %q1, %d
  %r1 = sub i32 %n1, %p1
  %r1.up = shl i32 %r1, 16
  %a.0 = and i32 %a.lo, 65535
  %n0 = or i32 %r1.up, %a.0
  %q0 = udiv i32 %n0, %d
  %q1.up = shl i32 %q1, 16
  %q.lo = or i32 %q1.up, %q0
  %q2.64 = zext i32 %q2 to i64
  %q.hi = shl i64 %q2.64, 32
  %q.lo64 = zext i32 %q.lo to i64
  %q.digits = or i64 %q.hi, %q.lo64
  ret i64 %q.digits

; Bit by bit, from the place where the first bits of both meet.
bits:
  %less = icmp ult i64 %a, %b
  br i1 %less, label %none, label %align

none:
  ret i64 0

align:
  %a.zeros = call i64 @llvm.ctlz.i64(i64 %a, i1 true)
  %b.zeros = call i64 @llvm.ctlz.i64(i64 %b, i1 true)
  %places = sub i64 %b.zeros, %a.zeros
  %aligned = shl i64 %b, %places
  br label %step

step:
  %rest = phi i64 [ %a, %align ], [ %rest.next, %step ]
  %part = phi i64 [ %aligned, %align ], [ %part.next, %step ]
  %quotient = phi i64 [ 0, %align ], [ %quotient.next, %step ]
  %left = phi i64 [ %places, %align ], [ %left.next, %step ]
  %fits = icmp uge i64 %rest, %part
  %bit = zext i1 %fits to i64
  %taken = select i1 %fits, i64 %part, i64 0
  %rest.next = sub i64 %rest, %taken
  %twice = shl i64 %quotient, 1
  %quotient.next = or i64 %twice, %bit
  %part.next = lshr i64 %part, 1
  %left.next = sub i64 %left, 1
  %done = icmp eq i64 %left, 0
  br i1 %done, label %end, label %step

end:
  ret i64 %quotient.next
}

; a / b, signed, towards zero.
define i64 @afp.sdiv64(i64 %a, i64 %b) {
  %a.size = call i64 @llvm.abs.i64(i64 %a, i1 false)
  %b.size = call i64 @llvm.abs.i64(i64 %b, i1 false)
  %size = call i64 @afp.udiv64(i64 %a.size, i64 %b.size)
  %signs = xor i64 %a, %b
  %sign = ashr i64 %signs, 63
  %flipped = xor i64 %size, %sign
  %quotient = sub i64 %flipped, %sign
  ret i64 %quotient
}

; The rests.
define i64 @afp.urem64(i64 %a, i64 %b) {
  %quotient = call i64 @afp.udiv64(i64 %a, i64 %b)
  %product = mul i64 %quotient, %b
  %rest = sub i64 %a, %product
  ret i64 %rest
}

define i64 @afp.srem64(i64 %a, i64 %b) {
  %quotient = call i64 @afp.sdiv64(i64 %a, i64 %b)
  %product = mul i64 %quotient, %b
  %rest = sub i64 %a, %product
  ret i64 %rest
}

declare i64 @llvm.ctlz.i64(i64, i1)
declare i64 @llvm.abs.i64(i64, i1)

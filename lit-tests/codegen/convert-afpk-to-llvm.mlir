// Dot products as each target has them.

// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=x86-64-v4+vnni})' | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=x86-64-v4})' | FileCheck %s --check-prefixes=CHECK,V4
// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=x86-64-v3})' | FileCheck %s --check-prefixes=CHECK,V3
// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=x86-64-v3+avxvnni})' | FileCheck %s --check-prefixes=CHECK,AVXVNNI
// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=x86-64-v2})' | FileCheck %s --check-prefixes=CHECK,V2
// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=aarch64+dotprod})' | FileCheck %s --check-prefixes=CHECK,SDOT
// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=aarch64})' | FileCheck %s --check-prefixes=CHECK,PLAIN

// Unsigned by signed bytes, 16 lanes. vpdpbusd does all at once; pmaddubsw saturates and is not used, but
// even and odd bytes as 16 bits; a machine without any multiplies 32 bits.
// CHECK-LABEL: func.func @unsigned
// VNNI: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%arg0, %arg1, %arg2)
// V4-NOT: pmaddubs
// V4-COUNT-2: llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// V3-NOT: call_intrinsic
// V3-COUNT-4: arith.muli {{.*}} : vector<16xi32>
// SDOT-NOT: call_intrinsic
// PLAIN-COUNT-4: arith.muli {{.*}} : vector<16xi32>
// CHECK-LABEL: func.func @pairs
func.func @unsigned(%acc: vector<16xi32>, %a: vector<64xi8>, %b: vector<64xi8>) -> vector<16xi32> {
  %0 = afpk.dot %acc, %a, %b {unsigned_a} : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// Where the products of neighbours are proven to fit 16 bits, pmaddubsw is exact.
// VNNI: "llvm.x86.avx512.vpdpbusd.512"
// V4: "llvm.x86.avx512.pmaddubs.w.512"
// V4: "llvm.x86.avx512.pmaddw.d.512"
func.func @pairs(%acc: vector<16xi32>, %a: vector<64xi8>, %b: vector<64xi8>) -> vector<16xi32> {
  %0 = afpk.dot %acc, %a, %b {unsigned_a, pairs_fit} : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// 8 lanes.
// CHECK-LABEL: func.func @eight
// VNNI: "llvm.x86.avx512.vpdpbusd.256"
// VNNI: "llvm.x86.avx512.vpdpbusd.256"
// AVXVNNI: "llvm.x86.avx512.vpdpbusd.256"
// AVXVNNI: "llvm.x86.avx512.vpdpbusd.256"
// V3: "llvm.x86.avx2.pmadd.wd"
// V3: "llvm.x86.avx2.pmadd.wd"
// V3: "llvm.x86.avx2.pmadd.ub.sw"
// V3: "llvm.x86.avx2.pmadd.wd"
// V2-NOT: call_intrinsic
// CHECK-LABEL: func.func @four
func.func @eight(%acc: vector<8xi32>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<8xi32> {
  %0 = afpk.dot %acc, %a, %b {unsigned_a} : vector<8xi32>, vector<32xi8>
  %1 = afpk.dot %0, %a, %b {unsigned_a, pairs_fit} : vector<8xi32>, vector<32xi8>
  return %1 : vector<8xi32>
}

// 4 lanes, signed: sdot, whose last operand may be a lane of a register. x86 has no product of signed bytes and widens
// both. Without sdot, products of 16 bits are added by twos, where the sums of two fit in 16 bits.
// SDOT: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%arg0, %arg2, %arg1)
// VNNI-COUNT-2: "llvm.x86.sse2.pmadd.wd"
// V2-COUNT-2: "llvm.x86.sse2.pmadd.wd"
// V2: "llvm.x86.ssse3.pmadd.ub.sw.128"
// V2: "llvm.x86.sse2.pmadd.wd"
// PLAIN-COUNT-2: arith.muli {{.*}} : vector<8xi16>
// PLAIN-COUNT-2: "llvm.aarch64.neon.saddlp.v4i32.v8i16"
// PLAIN: "llvm.aarch64.neon.addp.v4i32"
// PLAIN: arith.extui {{.*}} : vector<8xi8> to vector<8xi16>
// PLAIN: "llvm.aarch64.neon.addp.v8i16"
// PLAIN: "llvm.aarch64.neon.saddlp.v4i32.v8i16"
// PLAIN-NOT: call_intrinsic
// CHECK-LABEL: func.func @deep
func.func @four(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %0 = afpk.dot %acc, %a, %b : vector<4xi32>, vector<16xi8>
  %1 = afpk.dot %0, %a, %b {unsigned_a, pairs_fit} : vector<4xi32>, vector<16xi8>
  return %1 : vector<4xi32>
}

// Two pairs of factors, whose products are added in 16 bits where the machine has them there.
// VNNI-COUNT-2: "llvm.x86.avx512.vpdpbusd.128"
// V4: %[[A:.*]] = llvm.call_intrinsic "llvm.x86.ssse3.pmadd.ub.sw.128"(%arg1, %arg2)
// V4: %[[B:.*]] = llvm.call_intrinsic "llvm.x86.ssse3.pmadd.ub.sw.128"(%arg3, %arg4)
// V4: %[[SUM:.*]] = arith.addi %[[A]], %[[B]] : vector<8xi16>
// V4: "llvm.x86.sse2.pmadd.wd"(%[[SUM]]
// PLAIN-COUNT-4: arith.muli {{.*}} : vector<8xi16>
// PLAIN-COUNT-2: arith.addi {{.*}} : vector<8xi16>
// PLAIN: "llvm.aarch64.neon.addp.v8i16"
// PLAIN: "llvm.aarch64.neon.saddlp.v4i32.v8i16"
// PLAIN-NOT: call_intrinsic
// CHECK-LABEL: func.func @halves
func.func @deep(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>, %c: vector<16xi8>, %d: vector<16xi8>) -> vector<4xi32> {
  %0 = afpk.dot %acc, %a, %b, %c, %d {unsigned_a, pairs_fit} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// Pairs of 16 bits.
// VNNI: "llvm.x86.avx512.vpdpwssd.128"(%arg0, %arg1, %arg2)
// V3: "llvm.x86.sse2.pmadd.wd"(%arg1, %arg2)
// SDOT-COUNT-2: arith.muli {{.*}} : vector<4xi32>
// PLAIN-COUNT-2: arith.muli {{.*}} : vector<4xi32>
// CHECK-LABEL: func.func @two
func.func @halves(%acc: vector<4xi32>, %a: vector<8xi16>, %b: vector<8xi16>) -> vector<4xi32> {
  %0 = afpk.dot %acc, %a, %b : vector<4xi32>, vector<8xi16>
  return %0 : vector<4xi32>
}

// Less than a register: nothing special anywhere.
// CHECK-NOT: call_intrinsic
// CHECK-COUNT-4: arith.muli {{.*}} : vector<2xi32>
// CHECK-LABEL: func.func @prefetch
func.func @two(%acc: vector<2xi32>, %a: vector<8xi8>, %b: vector<8xi8>) -> vector<2xi32> {
  %0 = afpk.dot %acc, %a, %b {unsigned_a} : vector<2xi32>, vector<8xi8>
  return %0 : vector<2xi32>
}

// CHECK: memref.prefetch %arg0[%arg1], read, locality<3>, data : memref<64xi8>
// CHECK-NOT: afpk
func.func @prefetch(%m: memref<64xi8>, %i: index) {
  afpk.prefetch %m[%i] : memref<64xi8>
  return
}

// Four vectors as bytes: narrowed twice, which saturates; what has no such instruction compares.
// CHECK-LABEL: func.func @pack(
// VNNI-COUNT-2: "llvm.x86.avx512.packssdw.512"
// VNNI: "llvm.x86.avx512.packuswb.512"
// V3: arith.maxsi {{.*}} : vector<16xi32>
// V3: vector.shuffle
// SDOT: arith.maxsi {{.*}} : vector<16xi32>
// CHECK-LABEL: func.func @pack_four(
// VNNI-COUNT-2: "llvm.x86.sse2.packssdw.128"
// VNNI: "llvm.x86.sse2.packsswb.128"
// V2-COUNT-2: "llvm.x86.sse2.packssdw.128"
// SDOT-COUNT-2: "llvm.aarch64.neon.sqxtn.v4i16"
// SDOT: "llvm.aarch64.neon.sqxtn.v8i8"
// SDOT-COUNT-2: "llvm.aarch64.neon.sqxtn.v4i16"
// SDOT: "llvm.aarch64.neon.sqxtn.v8i8"
// PLAIN-COUNT-2: "llvm.aarch64.neon.sqxtn.v4i16"
func.func @pack(%a: vector<16xi32>, %b: vector<16xi32>) -> vector<64xi8> {
  %0 = afpk.pack %a, %b, %a, %b {to_unsigned} : vector<16xi32> to vector<64xi8>
  return %0 : vector<64xi8>
}
func.func @pack_four(%a: vector<4xi32>, %b: vector<4xi32>) -> vector<16xi8> {
  %0 = afpk.pack %a, %b, %a, %b : vector<4xi32> to vector<16xi8>
  return %0 : vector<16xi8>
}

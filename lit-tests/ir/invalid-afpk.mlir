// What the operators of the afpk dialect refuse: rules N1 to N8.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @lanes(%acc: vector<4xi32>, %a: vector<8xi8>) {
  // expected-error@+1 {{'afpk.dot' op [N1] expected 4 elements for each of 4 lanes, found 8}}
  %0 = afpk.dot %acc, %a, %a : vector<4xi32>, vector<8xi8>
  return
}

// -----

func.func @lanes_of_16_bits(%acc: vector<4xi32>, %a: vector<16xi16>) {
  // expected-error@+1 {{'afpk.dot' op [N1] expected 2 elements for each of 4 lanes, found 16}}
  %0 = afpk.dot %acc, %a, %a : vector<4xi32>, vector<16xi16>
  return
}

// -----

func.func @half_a_pair(%acc: vector<4xi32>, %a: vector<16xi8>) {
  // expected-error@+1 {{'afpk.dot' op [N1] expected pairs of factors, one at least, found 3 factors}}
  %0 = afpk.dot %acc, %a, %a, %a : vector<4xi32>, vector<16xi8>
  return
}

// -----

func.func @no_pair(%acc: vector<4xi32>) {
  // expected-error@+1 {{'afpk.dot' op [N1] expected pairs of factors, one at least, found 0 factors}}
  %0 = "afpk.dot"(%acc) : (vector<4xi32>) -> vector<4xi32>
  return
}

// -----

func.func @two_types(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<8xi16>) {
  // expected-error@+1 {{'afpk.dot' op [N1] expected factors of one type, vector<16xi8>, found vector<8xi16>}}
  %0 = "afpk.dot"(%acc, %a, %b) : (vector<4xi32>, vector<16xi8>, vector<8xi16>) -> vector<4xi32>
  return
}

// -----

func.func @unsigned_16(%acc: vector<4xi32>, %a: vector<8xi16>) {
  // expected-error@+1 {{'afpk.dot' op [N1] expected 'unsigned_a' on operands of 8 bits only, found 16 bits}}
  %0 = afpk.dot %acc, %a, %a {unsigned_a} : vector<4xi32>, vector<8xi16>
  return
}

// -----

func.func @accumulator(%acc: vector<4xi64>, %a: vector<16xi8>) {
  // expected-error@+1 {{'afpk.dot' op operand #0 must be vector of 32-bit signless integer values of ranks 1, but got 'vector<4xi64>'}}
  %0 = afpk.dot %acc, %a, %a : vector<4xi64>, vector<16xi8>
  return
}

// -----

func.func @format_name(%a: i8) {
  // expected-error@+1 {{'afpk.decode' op [N2] expected a format such as e2m2 or ue0m8, found 'fp8'}}
  %0 = afpk.decode %a "fp8" : i8 to i32
  return
}

// -----

func.func @no_format(%a: i8) {
  // expected-error@+1 {{'afpk.decode' op [N2] expected a format such as e2m2 or ue0m8, found ''}}
  %0 = afpk.decode %a "" : i8 to i32
  return
}

// -----

func.func @code_width(%a: i8) {
  // expected-error@+1 {{'afpk.decode' op [N2] expected codes of at least 9 bits for e4m4, found i8}}
  %0 = afpk.decode %a "e4m4" : i8 to i32
  return
}

// -----

func.func @decode_lanes(%a: vector<4xi8>) {
  // expected-error@+1 {{'afpk.decode' op [N2] expected as many codes as integers, found vector<4xi8> and vector<8xi32>}}
  %0 = afpk.decode %a "e2m4" : vector<4xi8> to vector<8xi32>
  return
}

// -----

func.func @code_result_width(%a: i32) {
  // expected-error@+1 {{'afpk.code' op [N2] expected codes of at least 9 bits for e4m4, found i8}}
  %0 = afpk.code %a "e4m4" : i32 to i8
  return
}

// -----

func.func @code_lanes(%a: vector<4xi32>) {
  // expected-error@+1 {{'afpk.code' op [N2] expected as many codes as integers, found vector<4xi32> and i8}}
  %0 = afpk.code %a "e2m4" : vector<4xi32> to i8
  return
}

// -----

func.func @shift_mul_format(%a: i32, %b: i8) {
  // expected-error@+1 {{'afpk.shift_mul' op [N2] expected a format such as e2m2 or ue0m8, found 'e9m9'}}
  %0 = afpk.shift_mul %a, %b "e9m9" : i32, i8
  return
}

// -----

func.func @shift_mul_lanes(%a: vector<4xi32>, %b: vector<8xi8>) {
  // expected-error@+1 {{'afpk.shift_mul' op [N2] expected as many codes as integers, found vector<4xi32> and vector<8xi8>}}
  %0 = afpk.shift_mul %a, %b "e2m4" : vector<4xi32>, vector<8xi8>
  return
}

// -----

func.func @encode_format(%a: i32) {
  // expected-error@+1 {{'afpk.encode' op [N2] expected a format such as e2m2 or ue0m8, found 'int8'}}
  %0 = afpk.encode %a, %a "int8" {bits = 8 : i32} : i32
  return
}

// -----

func.func @round(%a: i32) {
  // expected-error@+1 {{'afpk.encode' op [N3] expected 'half_up', 'half_even' or 'half_away', found 'down'}}
  %0 = afpk.encode %a, %a "e0m7" {bits = 8 : i32, round = "down"} : i32
  return
}

// -----

func.func @no_bits(%a: i32) {
  // expected-error@+1 {{'afpk.encode' op [N3] expected bits from 1 to 31, found 0}}
  %0 = afpk.encode %a, %a "e0m7" {bits = 0 : i32} : i32
  return
}

// -----

func.func @too_many_bits(%a: i32) {
  // expected-error@+1 {{'afpk.encode' op [N3] expected bits from 1 to 31, found 32}}
  %0 = afpk.encode %a, %a "e0m7" {bits = 32 : i32} : i32
  return
}

// -----

func.func @divisor_of_i32(%a: i32) {
  // expected-error@+1 {{'afpk.encode' op [N3] expected operands of i64 where there is a divisor, found i32 by i32}}
  %0 = afpk.encode %a, %a by %a : i32 "e0m7" {bits = 8 : i32} : i32
  return
}

// -----

func.func @divisor_of_another_type(%a: i64, %d: i32) {
  // expected-error@+1 {{'afpk.encode' op [N3] expected operands of i64 where there is a divisor, found i64 by i32}}
  %0 = afpk.encode %a, %a by %d : i32 "e0m7" {bits = 8 : i32} : i64
  return
}

// -----

func.func @pack_few(%a: vector<2xi32>) {
  // expected-error@+1 {{'afpk.pack' op [N4] expected four times as many bytes as lanes, which are a multiple of 4, found 2 lanes and 8 bytes}}
  %0 = afpk.pack %a, %a, %a, %a : vector<2xi32> to vector<8xi8>
  return
}

// -----

func.func @pack_bytes(%a: vector<8xi32>) {
  // expected-error@+1 {{'afpk.pack' op [N4] expected four times as many bytes as lanes, which are a multiple of 4, found 8 lanes and 16 bytes}}
  %0 = afpk.pack %a, %a, %a, %a {to_unsigned} : vector<8xi32> to vector<16xi8>
  return
}

// -----

func.func @matrix_rows(%s: memref<1024xi32>, %a: memref<4096xi8>, %b: memref<4096xi8>, %i: index) {
  // expected-error@+1 {{'afpk.matrix_dot' op [N5] expected 1 to 16 rows and a depth of 4 to 64, a multiple of 4, found 17 rows, depth 64}}
  afpk.matrix_dot %s[%i], %a[%i], %b[%i] {rows = 17 : i64, panels = 1 : i64, depth = 64 : i64, row_stride = 64 : i64, counts = array<i64: 1>, strides = array<i64: 0>} : memref<1024xi32>, memref<4096xi8>, memref<4096xi8>
  return
}

// -----

func.func @matrix_depth(%s: memref<1024xi32>, %a: memref<4096xi8>, %b: memref<4096xi8>, %i: index) {
  // expected-error@+1 {{'afpk.matrix_dot' op [N5] expected 1 to 16 rows and a depth of 4 to 64, a multiple of 4, found 16 rows, depth 62}}
  afpk.matrix_dot %s[%i], %a[%i], %b[%i] {rows = 16 : i64, panels = 1 : i64, depth = 62 : i64, row_stride = 64 : i64, counts = array<i64: 1>, strides = array<i64: 0>} : memref<1024xi32>, memref<4096xi8>, memref<4096xi8>
  return
}

// -----

func.func @matrix_registers(%s: memref<1024xi32>, %a: memref<4096xi8>, %b: memref<4096xi8>, %i: index) {
  // expected-error@+1 {{'afpk.matrix_dot' op [N5] expected groups of rows and panels that eight registers hold with their products, found 2 groups, 3 panels}}
  afpk.matrix_dot %s[%i], %a[%i, %i], %b[%i] {rows = 16 : i64, panels = 3 : i64, depth = 64 : i64, row_stride = 64 : i64, counts = array<i64: 1>, strides = array<i64: 0>} : memref<1024xi32>, memref<4096xi8>, memref<4096xi8>
  return
}

// -----

func.func @matrix_groups(%s: memref<1024xi32>, %a: memref<4096xi8>, %b: memref<4096xi8>, %i: index) {
  // expected-error@+1 {{'afpk.matrix_dot' op [N5] expected groups of rows and panels that eight registers hold with their products, found 0 groups, 1 panels}}
  afpk.matrix_dot %s[%i], %a[], %b[%i] {rows = 16 : i64, panels = 1 : i64, depth = 64 : i64, row_stride = 64 : i64, counts = array<i64: 1>, strides = array<i64: 0>} : memref<1024xi32>, memref<4096xi8>, memref<4096xi8>
  return
}

// -----

func.func @matrix_steps(%s: memref<1024xi32>, %a: memref<4096xi8>, %b: memref<4096xi8>, %i: index) {
  // expected-error@+1 {{'afpk.matrix_dot' op [N5] expected as many strides as counts, which are at least 1, found [2, 3] and [64]}}
  afpk.matrix_dot %s[%i], %a[%i], %b[%i] {rows = 16 : i64, panels = 1 : i64, depth = 64 : i64, row_stride = 64 : i64, counts = array<i64: 2, 3>, strides = array<i64: 64>} : memref<1024xi32>, memref<4096xi8>, memref<4096xi8>
  return
}

// -----

func.func @matrix_never(%s: memref<1024xi32>, %a: memref<4096xi8>, %b: memref<4096xi8>, %i: index) {
  // expected-error@+1 {{'afpk.matrix_dot' op [N5] expected as many strides as counts, which are at least 1, found [0] and [64]}}
  afpk.matrix_dot %s[%i], %a[%i], %b[%i] {rows = 16 : i64, panels = 1 : i64, depth = 64 : i64, row_stride = 64 : i64, counts = array<i64: 0>, strides = array<i64: 64>} : memref<1024xi32>, memref<4096xi8>, memref<4096xi8>
  return
}

// -----

func.func @unpack_format(%a: vector<64xi8>) {
  // expected-error@+1 {{'afpk.unpack' op [N2] expected a format such as e2m2 or ue0m8, found 'int5'}}
  %0 = afpk.unpack %a "int5" : vector<64xi8> to vector<64xi8>
  return
}

// -----

func.func @unpack_width(%a: vector<64xi8>) {
  // expected-error@+1 {{'afpk.unpack' op [N6] expected a format of at most 7 bits whose integers fit a signed byte, found e0m7}}
  %0 = afpk.unpack %a "e0m7" : vector<64xi8> to vector<64xi8>
  return
}

// -----

func.func @unpack_integers(%a: vector<64xi8>) {
  // expected-error@+1 {{'afpk.unpack' op [N6] expected a format of at most 7 bits whose integers fit a signed byte, found e3m2}}
  %0 = afpk.unpack %a "e3m2" : vector<64xi8> to vector<64xi8>
  return
}

// -----

func.func @unpack_bytes(%a: vector<39xi8>) {
  // expected-error@+1 {{'afpk.unpack' op [N6] expected a multiple of 8 codes of 5 bits, all of them packed, found 64 of them in 39 bytes}}
  %0 = afpk.unpack %a "e2m2" : vector<39xi8> to vector<64xi8>
  return
}

// -----

func.func @unpack_rest(%a: vector<64xi8>) {
  // expected-error@+1 {{'afpk.unpack' op [N6] expected a multiple of 8 codes of 5 bits, all of them packed, found 12 of them in 64 bytes}}
  %0 = afpk.unpack %a "e2m2" : vector<64xi8> to vector<12xi8>
  return
}

// -----

func.func @mmla_sums(%acc: vector<8xi32>, %a: vector<16xi8>) {
  // expected-error@+1 {{'afpk.mmla' op [N7] expected 4 sums of two rows of 8 bytes with two others, found 8 sums and 16 bytes}}
  %0 = afpk.mmla %acc, %a, %a : vector<8xi32>, vector<16xi8>
  return
}

// -----

func.func @mmla_bytes(%acc: vector<4xi32>, %a: vector<32xi8>) {
  // expected-error@+1 {{'afpk.mmla' op [N7] expected 4 sums of two rows of 8 bytes with two others, found 4 sums and 32 bytes}}
  %0 = afpk.mmla %acc, %a, %a : vector<4xi32>, vector<32xi8>
  return
}

// -----

func.func @lookup_in_128(%a: vector<128xi8>, %b: vector<16xi8>) {
  // expected-error@+1 {{'afpk.lookup' op [N8] expected a table of 256 bytes, found 128}}
  %0 = afpk.lookup %a, %b : vector<128xi8>, vector<16xi8>
  return
}

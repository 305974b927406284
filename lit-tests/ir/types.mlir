// Types: spelling, the ends of every range, and the way through the generic form and bytecode.

// RUN: afp-opt %s | FileCheck %s
// RUN: afp-opt %s --mlir-print-op-generic | afp-opt | FileCheck %s
// RUN: afp-opt %s --emit-bytecode -o %t.mlirbc && afp-opt %t.mlirbc | FileCheck %s

// CHECK-LABEL: func.func private @fixed_point
// CHECK-SAME: !afp.float<e0m1, exp = 0>, !afp.float<ue0m1, exp = 0>
// CHECK-SAME: !afp.float<e0m7, exp = -7>, !afp.float<ue0m8, exp = -8>
// CHECK-SAME: !afp.float<e0m15, exp = 0>, !afp.float<ue0m15, exp = -15>
func.func private @fixed_point(!afp.float<e0m1, exp = 0>, !afp.float<ue0m1, exp = 0>,
                       !afp.float<e0m7, exp = -7>, !afp.float<ue0m8, exp = -8>,
                       !afp.float<e0m15, exp = 0>, !afp.float<ue0m15, exp = -15>)

// CHECK-LABEL: func.func private @floating_point
// CHECK-SAME: !afp.float<e1m0, exp = 0>, !afp.float<ue1m0, exp = 0>, !afp.float<e5m0, exp = 0>
// CHECK-SAME: !afp.float<e2m2, exp = -7>, !afp.float<ue2m5, exp = 3>
// CHECK-SAME: !afp.float<e5m10, exp = -24>, !afp.float<ue5m10, exp = 0>
func.func private @floating_point(!afp.float<e1m0, exp = 0>, !afp.float<ue1m0, exp = 0>, !afp.float<e5m0, exp = 0>,
                          !afp.float<e2m2, exp = -7>, !afp.float<ue2m5, exp = 3>,
                          !afp.float<e5m10, exp = -24>, !afp.float<ue5m10, exp = 0>)

// CHECK-LABEL: func.func private @scale_exponents
// CHECK-SAME: !afp.float<e2m2, exp = -4096>, !afp.float<e2m2, exp = 4096>
// CHECK-SAME: !afp.float<ue0m8, exp = ?[-12, 3]>, !afp.float<ue0m8, exp = ?[0, 0]>
// CHECK-SAME: !afp.float<ue0m8, exp = ?[-4096, 4096]>
func.func private @scale_exponents(!afp.float<e2m2, exp = -4096>, !afp.float<e2m2, exp = 4096>,
                           !afp.float<ue0m8, exp = ?[-12, 3]>, !afp.float<ue0m8, exp = ?[0, 0]>,
                           !afp.float<ue0m8, exp = ?[-4096, 4096]>)

// CHECK-LABEL: func.func private @containers
// CHECK-SAME: tensor<1x2x!afp.float<e2m2, exp = 0>>, tensor<!afp.exact>, memref<4x!afp.float<e2m2, exp = 0>>
// CHECK-SAME: memref<4x!afp.exact>, !afp.exact
func.func private @containers(tensor<1x2x!afp.float<e2m2, exp = 0>>, tensor<!afp.exact>,
                      memref<4x!afp.float<e2m2, exp = 0>>, memref<4x!afp.exact>, !afp.exact)

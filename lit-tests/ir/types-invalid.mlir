// Types that break a rule (F1 to F4, F8, F9), and what is no type at all.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{[F1] expected a format such as 'e2m2' or 'ue0m8', found 'm2'}}
func.func private @no_exponent_field(!afp.float<m2, exp = 0>)

// -----

// expected-error@+1 {{[F1] expected a format such as 'e2m2' or 'ue0m8', found 'e2'}}
func.func private @no_mantissa_field(!afp.float<e2, exp = 0>)

// -----

// expected-error@+1 {{[F1] expected a format such as 'e2m2' or 'ue0m8', found 'e02m2'}}
func.func private @padded_number(!afp.float<e02m2, exp = 0>)

// -----

// expected-error@+1 {{[F1] expected a format such as 'e2m2' or 'ue0m8', found 'uue2m2'}}
func.func private @two_signs(!afp.float<uue2m2, exp = 0>)

// -----

// expected-error@+1 {{[F1] expected a format such as 'e2m2' or 'ue0m8', found 'e2m4294967298'}}
func.func private @huge_number(!afp.float<e2m4294967298, exp = 0>)

// -----

// expected-error@+1 {{expected valid keyword}}
func.func private @no_format(!afp.float<2, exp = 0>)

// -----

// expected-error@+1 {{[F2] expected 0 to 5 exponent bits, found 6}}
func.func private @six_exponent_bits(!afp.float<e6m1, exp = 0>)

// -----

// expected-error@+1 {{[F2] expected 0 to 5 exponent bits, found 999}}
func.func private @many_exponent_bits(!afp.float<ue999m1, exp = 0>)

// -----

// expected-error@+1 {{[F3] expected at most 15 mantissa bits with 0 exponent bits, found 16}}
func.func private @wide_fixed_point(!afp.float<ue0m16, exp = 0>)

// -----

// expected-error@+1 {{[F3] expected at most 10 mantissa bits with 1 exponent bits, found 11}}
func.func private @wide_mantissa(!afp.float<e1m11, exp = 0>)

// -----

// expected-error@+1 {{[F4] expected at least one exponent or mantissa bit, found none}}
func.func private @empty(!afp.float<e0m0, exp = 0>)

// -----

// expected-error@+1 {{[F4] expected at least one exponent or mantissa bit, found none}}
func.func private @empty_unsigned(!afp.float<ue0m0, exp = 0>)

// -----

// expected-error@+1 {{[F8] expected a scale exponent within +-4096, found 4097}}
func.func private @large_exponent(!afp.float<e2m2, exp = 4097>)

// -----

// expected-error@+1 {{[F8] expected a scale exponent within +-4096, found -4097}}
func.func private @small_exponent(!afp.float<e2m2, exp = -4097>)

// -----

// expected-error@+1 {{[F8] expected a scale exponent within +-4096, found -2147483648}}
func.func private @smallest_exponent(!afp.float<e2m2, exp = -2147483648>)

// -----

// expected-error@+1 {{[F8] expected a scale exponent within +-4096, found 5000}}
func.func private @large_interval(!afp.float<e2m2, exp = ?[0, 5000]>)

// -----

// expected-error@+1 {{[F8] expected a scale exponent within +-4096, found -5000}}
func.func private @small_interval(!afp.float<e2m2, exp = ?[-5000, 0]>)

// -----

// expected-error@+1 {{[F9] expected an interval of exponents [lo, hi] with lo <= hi, found [4, 3]}}
func.func private @empty_interval(!afp.float<e2m2, exp = ?[4, 3]>)

// -----

// expected-error@+1 {{integer value too large}}
func.func private @exponent_beyond_32_bits(!afp.float<e2m2, exp = 4294967296>)

// -----

// expected-error@+1 {{expected integer value}}
func.func private @exponent_missing(!afp.float<e2m2, exp = >)

// -----

// expected-error@+1 {{expected ','}}
func.func private @half_interval(!afp.float<e2m2, exp = ?[3]>)

// -----

// expected-error@+1 {{expected '['}}
func.func private @no_interval(!afp.float<e2m2, exp = ?>)

// -----

// expected-error@+1 {{expected 'exp'}}
func.func private @another_parameter(!afp.float<e2m2, bias = 3>)

// -----

// expected-error@+1 {{unknown  type `fixed` in dialect `afp`}}
func.func private @unknown_type(!afp.fixed)

// -----

// expected-error@+1 {{failed to verify 'elementType': VectorElementTypeInterface instance}}
func.func private @vector(vector<4x!afp.float<e2m2, exp = 0>>)

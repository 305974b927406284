//! `afpk.dot` against sums of products.

use super::harness::{Buffer, Program, bits, wrap};

/// A dot product over `lanes` lanes, on operands that cover `first` and `second` in all quadruples of
/// ends and in mixtures.
fn check(width: u32, lanes: usize, flags: &str, first: &[i64], second: &[i64]) {
    check_pairs(1, width, lanes, flags, first, second);
}

/// The same of so many pairs of factors.
fn check_pairs(pairs: usize, width: u32, lanes: usize, flags: &str, first: &[i64], second: &[i64]) {
    let ways = 32 / width as usize;
    let unsigned = flags.contains("unsigned_a");
    let mut random = 88172645463325252u64;
    let mut next = |values: &[i64]| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        values[(random % values.len() as u64) as usize]
    };
    let (mut a, mut b): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    for &x in first {
        for &y in second {
            a.extend(vec![x; ways]);
            b.extend(vec![y; ways]);
        }
    }
    while a.len() < 4096 || a.len() % (pairs * lanes * ways) != 0 {
        a.push(next(first));
        b.push(next(second));
    }
    let sums = [0, 1, -1, i64::from(i32::MAX), i64::from(i32::MIN), 123_456_789];
    let c: Vec<i64> = (0..a.len() / ways / pairs).map(|i| sums[i % sums.len()]).collect();
    let value = |x: i64| if unsigned { bits(x, width) as i64 } else { wrap(x, width) };
    let expected = c.iter().enumerate().map(|(lane, &sum)| {
        let of_pair = |pair| ((lane / lanes * pairs + pair) * lanes + lane % lanes) * ways;
        let elements = (0..pairs).flat_map(|pair| (0..ways).map(move |j| of_pair(pair) + j));
        let products = elements.map(|at| value(a[at]) * wrap(b[at], width));
        sum + products.sum::<i64>()
    });
    let (count, step) = (a.len(), lanes * ways);
    let (mut loads, mut factors) = (String::new(), Vec::new());
    for pair in 0..pairs {
        loads += &format!(
            "%p{pair} = arith.constant {} : index
             %i{pair} = arith.addi %i, %p{pair} : index
             %a{pair} = vector.load %in0[%i{pair}] : memref<{count}xi{width}>, vector<{step}xi{width}>
             %b{pair} = vector.load %in1[%i{pair}] : memref<{count}xi{width}>, vector<{step}xi{width}>
            ",
            pair * step
        );
        factors.push(format!("%a{pair}, %b{pair}"));
    }
    let text = format!(
        "%size = arith.constant {count} : index
         %step = arith.constant {} : index
         %ways = arith.constant {} : index
         scf.for %i = %c0 to %size step %step {{
           {loads}
           %o = arith.divui %i, %ways : index
           %c = vector.load %in2[%o] : memref<{outs}xi32>, vector<{lanes}xi32>
           %r = afpk.dot %c, {} {{{flags}}} : vector<{lanes}xi32>, vector<{step}xi{width}>
           vector.store %r, %out[%o] : memref<{outs}xi32>, vector<{lanes}xi32>
         }}",
        pairs * step,
        pairs * ways,
        factors.join(", "),
        outs = c.len(),
    );
    let kernels = vec![("dot".to_owned(), text, Buffer::new(32, expected))];
    let inputs = vec![Buffer::new(width, a), Buffer::new(width, b), Buffer::new(32, c)];
    Program { inputs, kernels }.check();
}

const LANES: [usize; 5] = [1, 2, 4, 8, 16];
const BYTES: [i64; 9] = [-128, -127, -64, -1, 0, 1, 63, 126, 127];

#[test]
fn bytes_signed_by_signed() {
    for lanes in LANES {
        check(8, lanes, "", &BYTES, &BYTES);
    }
}

#[test]
fn bytes_unsigned_by_signed() {
    for lanes in LANES {
        check(8, lanes, "unsigned_a", &[0, 1, 2, 127, 128, 129, 200, 254, 255], &BYTES);
    }
}

#[test]
fn pairs_that_fit() {
    for lanes in LANES {
        // 2 * 255 * 64 is the most that 16 bits hold.
        check(8, lanes, "unsigned_a, pairs_fit", &[0, 1, 127, 128, 255], &[-64, -63, -1, 0, 1, 63, 64]);
        check(8, lanes, "pairs_fit", &[-128, -1, 0, 1, 127], &[-127, -1, 0, 1, 127]);
    }
}

#[test]
fn several_pairs_of_factors() {
    for lanes in LANES {
        // 6 * 255 * 21 is the most that 16 bits hold.
        check_pairs(
            3,
            8,
            lanes,
            "unsigned_a, pairs_fit",
            &[0, 1, 127, 128, 255],
            &[-21, -20, -1, 0, 1, 20, 21],
        );
        check_pairs(2, 8, lanes, "pairs_fit", &[-128, -1, 0, 1, 127], &[-63, -1, 0, 1, 63]);
        check_pairs(2, 8, lanes, "unsigned_a", &[0, 1, 127, 128, 255], &BYTES);
        check_pairs(3, 16, lanes, "", &[-32768, -1, 0, 1, 32767], &[-32767, -1, 0, 1, 32767]);
    }
}

#[test]
fn words() {
    let words = [-32768, -32767, -256, -1, 0, 1, 255, 32766, 32767];
    for lanes in LANES {
        check(16, lanes, "", &words, &words);
    }
}

#[test]
fn packs_saturate_and_keep_the_order() {
    for (flag, lo, hi) in [("", -128, 127), ("{to_unsigned}", 0, 255)] {
        for lanes in [4usize, 8, 16] {
            let ends = [
                i64::from(i32::MIN),
                -40_000,
                -129,
                -128,
                -1,
                0,
                127,
                128,
                255,
                256,
                70_000,
                i64::from(i32::MAX),
            ];
            let input: Vec<i64> = (0..4 * lanes).map(|i| ends[i * 5 % ends.len()]).collect();
            let expected =
                (0..4 * lanes).map(|at| input[at % 16 / 4 * lanes + at / 16 * 4 + at % 4].clamp(lo, hi));
            let loads: String = (0..4)
                .map(|j| {
                    let at = j * lanes;
                    format!(
                        "%at{j} = arith.constant {at} : index
                         %v{j} = vector.load %in0[%at{j}] : memref<{count}xi32>, vector<{lanes}xi32>\n",
                        count = 4 * lanes
                    )
                })
                .collect();
            let text = format!(
                "{loads}
                 %r = afpk.pack %v0, %v1, %v2, %v3 {flag} : vector<{lanes}xi32> to vector<{bytes}xi8>
                 vector.store %r, %out[%c0] : memref<{bytes}xi8>, vector<{bytes}xi8>",
                bytes = 4 * lanes
            );
            let kernels = vec![("pack".to_owned(), text, Buffer::new(8, expected))];
            Program { inputs: vec![Buffer::new(32, input.clone())], kernels }.check();
        }
    }
}

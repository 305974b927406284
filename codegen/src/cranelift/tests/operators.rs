//! Arithmetic, shifts, comparisons, choices, counting, reductions.

use super::harness::{Buffer, Program, bits, extremes, pairs, shapes, vector_loop, wrap};

type Reference = fn(i64, i64, u32) -> i64;

/// Operators of two integers; what they compute from sign-extended operands, before it is wrapped.
const BINARY: [(&str, Reference); 17] = [
    ("addi", |x, y, _| x.wrapping_add(y)),
    ("subi", |x, y, _| x.wrapping_sub(y)),
    ("muli", |x, y, _| x.wrapping_mul(y)),
    ("divsi", |x, y, _| x / y),
    ("divui", |x, y, w| (bits(x, w) / bits(y, w)) as i64),
    ("remsi", |x, y, _| x % y),
    ("remui", |x, y, w| (bits(x, w) % bits(y, w)) as i64),
    ("andi", |x, y, _| x & y),
    ("ori", |x, y, _| x | y),
    ("xori", |x, y, _| x ^ y),
    ("shli", |x, y, _| x << y),
    ("shrsi", |x, y, _| x >> y),
    ("shrui", |x, y, w| (bits(x, w) >> y) as i64),
    ("minsi", |x, y, _| x.min(y)),
    ("maxsi", |x, y, _| x.max(y)),
    ("minui", |x, y, w| bits(x, w).min(bits(y, w)) as i64),
    ("maxui", |x, y, w| bits(x, w).max(bits(y, w)) as i64),
];

const PREDICATES: [(&str, Reference); 10] = [
    ("eq", |x, y, _| i64::from(x == y)),
    ("ne", |x, y, _| i64::from(x != y)),
    ("slt", |x, y, _| i64::from(x < y)),
    ("sle", |x, y, _| i64::from(x <= y)),
    ("sgt", |x, y, _| i64::from(x > y)),
    ("sge", |x, y, _| i64::from(x >= y)),
    ("ult", |x, y, w| i64::from(bits(x, w) < bits(y, w))),
    ("ule", |x, y, w| i64::from(bits(x, w) <= bits(y, w))),
    ("ugt", |x, y, w| i64::from(bits(x, w) > bits(y, w))),
    ("uge", |x, y, w| i64::from(bits(x, w) >= bits(y, w))),
];

/// Second operands that mean something: counts below the width, divisors other than 0 and -1.
fn operand(name: &str, y: i64, index: usize, width: u32) -> i64 {
    match name {
        "shli" | "shrsi" | "shrui" => (index as i64 * 7 + index as i64 / 16) % i64::from(width),
        "divsi" | "divui" | "remsi" | "remui" if y == 0 || y == -1 => 3,
        _ => y,
    }
}

fn results(width: u32, reference: Reference, (x, y): (&[i64], &[i64])) -> Buffer {
    Buffer::new(width, x.iter().zip(y).map(|(&x, &y)| reference(x, y, width)))
}

/// The text of a loop over scalars of one width.
fn scalar_loop(count: usize, width: u32, body: &str) -> String {
    format!(
        "%size = arith.constant {count} : index
         scf.for %i = %c0 to %size step %c1 {{
           %x = memref.load %in0[%i] : memref<{count}xi{width}>
           %y = memref.load %in1[%i] : memref<{count}xi{width}>
           {body}
           memref.store %r, %out[%i] : memref<{count}xi{width}>
         }}"
    )
}

#[test]
fn operators_of_two_integers() {
    for (name, reference) in BINARY {
        for width in [8, 16, 32, 64] {
            let (x, mut y) = pairs(width);
            for (index, y) in y.iter_mut().enumerate() {
                *y = operand(name, *y, index, width);
            }
            let expected = || results(width, reference, (&x, &y));
            let scalar = scalar_loop(x.len(), width, &format!("%r = arith.{name} %x, %y : i{width}"));
            let mut kernels = vec![("scalar".to_owned(), scalar, expected())];
            for (_, lanes) in shapes().into_iter().filter(|shape| shape.0 == width) {
                let body = format!("%r = arith.{name} %x, %y : vector<{lanes}xi{width}>");
                let body = vector_loop(x.len(), (width, lanes), (width, lanes), true, &body);
                kernels.push((format!("{name}_{lanes}"), body, expected()));
            }
            let inputs = vec![Buffer::new(width, x.clone()), Buffer::new(width, y.clone())];
            Program { inputs, kernels }.check();
        }
    }
}

#[test]
fn shifts_by_constants_and_by_one_amount() {
    for (width, lanes) in shapes() {
        let vector = format!("vector<{lanes}xi{width}>");
        let x: Vec<i64> = extremes(width).into_iter().cycle().take(lanes * 16).collect();
        let mut kernels = Vec::new();
        for (name, reference) in BINARY.into_iter().filter(|(name, _)| name.starts_with("sh")) {
            let mut add = |kind: &str, amounts: &[i64], setup: &str| {
                let body = format!("{setup}\n%r = arith.{name} %x, %s : {vector}");
                let all: Vec<i64> = amounts.iter().copied().cycle().take(x.len()).collect();
                let text = vector_loop(x.len(), (width, lanes), (width, lanes), false, &body);
                kernels.push((format!("{name}_{kind}"), text, results(width, reference, (&x, &all))));
            };
            for amount in [0, 1, i64::from(width) - 1] {
                let text = format!("%s = arith.constant dense<{amount}> : {vector}");
                add(&format!("splat_{amount}"), &[amount], &text);
            }
            let amounts: Vec<i64> = (0..lanes as i64).map(|lane| lane * 5 % i64::from(width)).collect();
            add("lanes", &amounts, &format!("%s = arith.constant dense<{amounts:?}> : {vector}"));
            let setup =
                format!("%a = arith.constant 5 : i{width} %s = vector.broadcast %a : i{width} to {vector}");
            add("broadcast", &[5], &setup);
        }
        Program { inputs: vec![Buffer::new(width, x)], kernels }.check();
    }
}

#[test]
fn comparisons_and_choices() {
    for width in [8, 16, 32, 64] {
        let (x, y) = pairs(width);
        let mut kernels = Vec::new();
        for (name, reference) in PREDICATES {
            let body = format!(
                "%c = arith.cmpi {name}, %x, %y : i{width}
                 %t = arith.constant true
                 %n = arith.xori %c, %t : i1
                 %r = arith.select %n, %y, %x : i{width}"
            );
            let chosen = x.iter().zip(&y).map(|(&x, &y)| if reference(x, y, width) == 0 { y } else { x });
            let text = scalar_loop(x.len(), width, &body);
            kernels.push((format!("{name}_scalar"), text, Buffer::new(width, chosen.clone())));
            for (_, lanes) in shapes().into_iter().filter(|shape| shape.0 == width) {
                let body = format!(
                    "%c = arith.cmpi {name}, %x, %y : vector<{lanes}xi{width}>
                     %r = arith.select %c, %x, %y : vector<{lanes}xi1>, vector<{lanes}xi{width}>"
                );
                let text = vector_loop(x.len(), (width, lanes), (width, lanes), true, &body);
                kernels.push((format!("{name}_{lanes}"), text, Buffer::new(width, chosen.clone())));
            }
        }
        Program { inputs: vec![Buffer::new(width, x.clone()), Buffer::new(width, y)], kernels }.check();
    }
}

/// Masks made at one width are used at another, combined with others, and carried by a loop.
#[test]
fn masks_change_their_width() {
    for (width, lanes) in shapes() {
        let (x, y) = pairs(width);
        let vector = format!("vector<{lanes}xi{width}>");
        let mask = format!("vector<{lanes}xi1>");
        let mut kernels = Vec::new();
        let less = |x: i64, y: i64| i64::from(x < y);
        for to in [8, 16, 32, 64] {
            for (cast, sign) in [("extui", 1), ("extsi", -1)] {
                let body = format!(
                    "%c = arith.cmpi slt, %x, %y : {vector}
                     %r = arith.{cast} %c : {mask} to vector<{lanes}xi{to}>"
                );
                let text = vector_loop(x.len(), (width, lanes), (to, lanes), true, &body);
                let expected = x.iter().zip(&y).map(|(&x, &y)| sign * less(x, y));
                kernels.push((format!("{cast}_{to}"), text, Buffer::new(to, expected)));
            }
            let (wide, widening) = match width {
                64 => ("%x", String::new()),
                _ => ("%wide", format!("%wide = arith.extsi %x : {vector} to vector<{lanes}xi64>")),
            };
            let body = format!(
                "%c = arith.cmpi slt, %x, %y : {vector}
                 {widening}
                 %odd = arith.trunci {wide} : vector<{lanes}xi64> to {mask}
                 %all = arith.constant dense<true> : {mask}
                 %bit = arith.constant false
                 %b = vector.broadcast %bit : i1 to {mask}
                 %even = arith.xori %odd, %all : {mask}
                 %d = arith.andi %c, %even : {mask}
                 %e = arith.ori %d, %b : {mask}
                 %f = arith.select %e, %e, %odd : {mask}, {mask}
                 %one = arith.constant dense<1> : vector<{lanes}xi{to}>
                 %two = arith.constant dense<2> : vector<{lanes}xi{to}>
                 %r = arith.select %f, %one, %two : {mask}, vector<{lanes}xi{to}>"
            );
            let text = vector_loop(x.len(), (width, lanes), (to, lanes), true, &body);
            let expected = x.iter().zip(&y).map(|(&x, &y)| {
                let odd = x & 1 == 1;
                if x < y || odd { 1 } else { 2 }
            });
            kernels.push((format!("logic_{to}"), text, Buffer::new(to, expected)));
        }
        let body = format!(
            "%none = arith.constant dense<false> : {mask}
             %c = arith.cmpi ult, %x, %y : {vector}
             %any = scf.for %k = %c0 to %step step %c1 iter_args(%m = %none) -> ({mask}) {{
               %n = arith.ori %m, %c : {mask}
               scf.yield %n : {mask}
             }}
             %r = arith.extui %any : {mask} to {vector}"
        );
        if width > 8 || lanes > 1 {
            let text = vector_loop(x.len(), (width, lanes), (width, lanes), true, &body);
            let expected = x.iter().zip(&y).map(|(&x, &y)| i64::from(bits(x, width) < bits(y, width)));
            kernels.push(("carried".to_owned(), text, Buffer::new(width, expected)));
        }
        Program { inputs: vec![Buffer::new(width, x), Buffer::new(width, y)], kernels }.check();
    }
}

#[test]
fn leading_zeros() {
    for width in [8, 16, 32, 64] {
        let (x, _) = pairs(width);
        let zeros = |x: i64| i64::from(bits(x, width).leading_zeros()) - i64::from(64 - width);
        let expected = || Buffer::new(width, x.iter().map(|&x| zeros(x)));
        let scalar = scalar_loop(x.len(), width, &format!("%r = math.ctlz %x : i{width}"));
        let mut kernels = vec![("scalar".to_owned(), scalar, expected())];
        for (_, lanes) in shapes().into_iter().filter(|shape| shape.0 == width) {
            let body = format!("%r = math.ctlz %x : vector<{lanes}xi{width}>");
            let text = vector_loop(x.len(), (width, lanes), (width, lanes), true, &body);
            kernels.push((format!("vector_{lanes}"), text, expected()));
        }
        Program { inputs: vec![Buffer::new(width, x.clone()), Buffer::new(width, x)], kernels }.check();
    }
}

#[test]
fn reductions() {
    let fold: [(&str, Reference); 9] = [
        ("add", |x, y, _| x.wrapping_add(y)),
        ("mul", |x, y, _| x.wrapping_mul(y)),
        ("minsi", |x, y, _| x.min(y)),
        ("maxsi", |x, y, _| x.max(y)),
        ("minui", |x, y, w| bits(x, w).min(bits(y, w)) as i64),
        ("maxui", |x, y, w| bits(x, w).max(bits(y, w)) as i64),
        ("and", |x, y, _| x & y),
        ("or", |x, y, _| x | y),
        ("xor", |x, y, _| x ^ y),
    ];
    for (width, lanes) in shapes().into_iter().chain([(8, 3), (16, 11), (32, 6), (64, 5)]) {
        let values: Vec<i64> = extremes(width);
        let x: Vec<i64> =
            (0..lanes * 8).map(|i| wrap(values[i * i % 16].wrapping_add(i as i64 * 37), width)).collect();
        let mut kernels = Vec::new();
        for (name, reference) in fold {
            for start in [None, Some(77)] {
                let (operand, setup) = match start {
                    Some(start) => (", %a", format!("%a = arith.constant {start} : i{width}")),
                    None => ("", String::new()),
                };
                let body = format!(
                    "{setup}
                     %s = vector.reduction <{name}>, %x{operand} : vector<{lanes}xi{width}> into i{width}
                     %r = vector.broadcast %s : i{width} to vector<1xi{width}>"
                );
                let text = vector_loop(x.len(), (width, lanes), (width, 1), false, &body);
                let sums = x.chunks(lanes).map(|lanes| {
                    let all = lanes.iter().copied().chain(start);
                    all.reduce(|x, y| wrap(reference(x, y, width), width)).unwrap_or(0)
                });
                kernels.push((format!("{name}_{}", operand.len()), text, Buffer::new(width, sums)));
            }
        }
        Program { inputs: vec![Buffer::new(width, x)], kernels }.check();
    }
}

//! Widths, lanes and bits; vectors of no power of two; memory.

use super::harness::{Buffer, Program, bits, extremes, pairs, shapes, vector_loop, wrap};

const WIDTHS: [u32; 4] = [8, 16, 32, 64];

#[test]
fn widths_of_scalars_and_vectors() {
    for from in WIDTHS {
        let (x, _) = pairs(from);
        let count = x.len();
        let mut kernels = Vec::new();
        for to in WIDTHS.into_iter().filter(|&to| to != from) {
            let casts: &[&str] = if to > from { &["extsi", "extui"] } else { &["trunci"] };
            for &cast in casts {
                let expected = || {
                    let value = |&x: &i64| if cast == "extui" { bits(x, from) as i64 } else { x };
                    Buffer::new(to, x.iter().map(value))
                };
                let text = format!(
                    "%size = arith.constant {count} : index
                     scf.for %i = %c0 to %size step %c1 {{
                       %x = memref.load %in0[%i] : memref<{count}xi{from}>
                       %r = arith.{cast} %x : i{from} to i{to}
                       memref.store %r, %out[%i] : memref<{count}xi{to}>
                     }}"
                );
                kernels.push((format!("{cast}_{to}"), text, expected()));
                for lanes in [1, 2, 4, 8, 16, 64] {
                    let body =
                        format!("%r = arith.{cast} %x : vector<{lanes}xi{from}> to vector<{lanes}xi{to}>");
                    let text = vector_loop(count, (from, lanes), (to, lanes), false, &body);
                    kernels.push((format!("{cast}_{to}_{lanes}"), text, expected()));
                }
            }
        }
        Program { inputs: vec![Buffer::new(from, x)], kernels }.check();
    }
}

#[test]
fn index_and_single_bits() {
    for width in WIDTHS {
        let (x, _) = pairs(width);
        let count = x.len();
        let mut kernels = Vec::new();
        let mut add = |name: &str, body: &str, to: u32, expected: &dyn Fn(i64) -> i64| {
            let text = format!(
                "%size = arith.constant {count} : index
                 scf.for %i = %c0 to %size step %c1 {{
                   %x = memref.load %in0[%i] : memref<{count}xi{width}>
                   {body}
                   memref.store %r, %out[%i] : memref<{count}xi{to}>
                 }}"
            );
            kernels.push((name.to_owned(), text, Buffer::new(to, x.iter().map(|&x| expected(x)))));
        };
        for (cast, is_signed) in [("index_cast", true), ("index_castui", false)] {
            let wide = move |x: i64| if is_signed { x } else { bits(x, width) as i64 };
            let body = format!(
                "%n = arith.{cast} %x : i{width} to index
                 %r = arith.{cast} %n : index to i64"
            );
            add(cast, &body, 64, &wide);
            let body =
                format!("%n = arith.{cast} %x : i{width} to index\n%r = arith.{cast} %n : index to i8");
            add(&format!("{cast}_narrow"), &body, 8, &|x| x);
        }
        for (cast, sign) in [("extui", 1), ("extsi", -1)] {
            let body = format!(
                "%c = arith.constant 3 : i{width}
                 %b = arith.cmpi sgt, %x, %c : i{width}
                 %r = arith.{cast} %b : i1 to i64"
            );
            add(cast, &body, 64, &|x| sign * i64::from(x > 3));
            let body = format!(
                "%b = arith.trunci %x : i{width} to i1
                 %f = arith.constant true
                 %s = arith.cmpi slt, %f, %b : i1
                 %e = arith.addi %b, %s : i1
                 %r = arith.{cast} %e : i1 to i8"
            );
            // One bit that is set is -1, and less than 0; their sum wraps.
            add(&format!("{cast}_bit"), &body, 8, &|x| sign * i64::from((x & 1 == 1) != (x & 1 == 0)));
        }
        Program { inputs: vec![Buffer::new(width, x.clone())], kernels }.check();
    }
}

#[test]
fn bits_of_vectors() {
    for total in [32u32, 64, 128, 256, 512] {
        for from in WIDTHS.into_iter().filter(|&from| from <= total) {
            let values = extremes(from);
            let lanes = (total / from) as usize;
            let x: Vec<i64> =
                (0..lanes * 4).map(|i| wrap(values[i % 16].wrapping_add(i as i64), from)).collect();
            let bytes: Vec<u8> =
                x.iter().flat_map(|x| x.to_le_bytes().into_iter().take(from as usize / 8)).collect();
            let mut kernels = Vec::new();
            for to in WIDTHS.into_iter().filter(|&to| to <= total) {
                let out = (total / to) as usize;
                let body = format!("%r = vector.bitcast %x : vector<{lanes}xi{from}> to vector<{out}xi{to}>");
                let text = vector_loop(x.len(), (from, lanes), (to, out), false, &body);
                let expected = bytes.chunks_exact(to as usize / 8).map(|bytes| {
                    let mut all = [0; 8];
                    all[..bytes.len()].copy_from_slice(bytes);
                    i64::from_le_bytes(all)
                });
                kernels.push((format!("to_{to}"), text, Buffer::new(to, expected)));
            }
            Program { inputs: vec![Buffer::new(from, x)], kernels }.check();
        }
    }
}

#[test]
fn lanes_from_anywhere() {
    for (width, lanes) in shapes() {
        let x: Vec<i64> = (0..lanes as i64 * 2).map(|i| wrap(i * 3 + 1, width)).collect();
        let y: Vec<i64> = x.iter().map(|&x| wrap(!x, width)).collect();
        let n = lanes as i64;
        let orders: [(&str, Vec<i64>); 4] = [
            ("reverse", (0..n).rev().collect()),
            ("interleave", (0..2 * n).map(|i| i / 2 + i % 2 * n).collect()),
            ("even", (0..n).map(|i| 2 * i).collect()),
            ("scatter", (0..n + 3).map(|i| (i * 7 + 3) % (2 * n)).collect()),
        ];
        let mut kernels = Vec::new();
        for (name, order) in orders {
            let body = format!(
                "%r = vector.shuffle %x, %y {order:?} : vector<{lanes}xi{width}>, vector<{lanes}xi{width}>"
            );
            let text = vector_loop(x.len(), (width, lanes), (width, order.len()), true, &body);
            let expected = x.chunks(lanes).zip(y.chunks(lanes)).flat_map(|(x, y)| {
                let both: Vec<i64> = x.iter().chain(y).copied().collect();
                order.iter().map(|&lane| both[lane as usize]).collect::<Vec<_>>()
            });
            kernels.push((name.to_owned(), text, Buffer::new(width, expected)));
        }
        for (index, lane) in [0, lanes / 2, lanes - 1].into_iter().enumerate() {
            let body = format!(
                "%s = vector.extract %x[{lane}] : i{width} from vector<{lanes}xi{width}>
                 %r = vector.broadcast %s : i{width} to vector<{lanes}xi{width}>"
            );
            let text = vector_loop(x.len(), (width, lanes), (width, lanes), true, &body);
            let expected = x.chunks(lanes).flat_map(|x| vec![x[lane]; lanes]);
            kernels.push((format!("lane_{index}"), text, Buffer::new(width, expected)));
        }
        Program { inputs: vec![Buffer::new(width, x), Buffer::new(width, y)], kernels }.check();
    }
}

#[test]
fn constants_of_vectors() {
    for (width, lanes) in shapes() {
        let x = vec![0; lanes];
        let values: Vec<i64> = (0..lanes).map(|i| extremes(width)[i % 16]).collect();
        let body = format!("%r = arith.constant dense<{values:?}> : vector<{lanes}xi{width}>");
        let lanes_text = vector_loop(lanes, (width, lanes), (width, lanes), false, &body);
        let body = format!("%r = arith.constant dense<-3> : vector<{lanes}xi{width}>");
        let splat_text = vector_loop(lanes, (width, lanes), (width, lanes), false, &body);
        let body = format!(
            "%one = arith.constant dense<-5> : vector<1xi{width}>
             %r = vector.broadcast %one : vector<1xi{width}> to vector<{lanes}xi{width}>"
        );
        let one_text = vector_loop(lanes, (width, lanes), (width, lanes), false, &body);
        let kernels = vec![
            ("one".to_owned(), one_text, Buffer::new(width, vec![-5; lanes])),
            ("lanes".to_owned(), lanes_text, Buffer::new(width, values)),
            ("splat".to_owned(), splat_text, Buffer::new(width, vec![-3; lanes])),
        ];
        Program { inputs: vec![Buffer::new(width, x)], kernels }.check();
    }
}

/// Vectors with lanes of no power of two, stored over each other: what is behind a vector stays.
#[test]
fn stores_end_where_vectors_end() {
    for (width, lanes) in shapes().into_iter().chain([(8, 3), (8, 23), (16, 5), (32, 3), (32, 7), (64, 3)]) {
        let count = 4 * lanes + 1;
        let x: Vec<i64> = (1..=count as i64).collect();
        let (memory, vector) = (format!("memref<{count}xi{width}>"), format!("vector<{lanes}xi{width}>"));
        let at = |k: usize| (3 - k) * lanes + 1;
        let mut text = String::new();
        for k in 0..4 {
            text += &format!(
                "%at{k} = arith.constant {} : index
                 %x{k} = vector.load %in0[%at{k}] : {memory}, {vector}
                 %y{k} = arith.addi %x{k}, %x{k} : {vector}
                 vector.store %y{k}, %out[%at{k}] : {memory}, {vector}\n",
                at(k)
            );
        }
        let expected = x.iter().enumerate().map(|(index, &x)| if index == 0 { 0 } else { 2 * x });
        let kernels = vec![("backwards".to_owned(), text, Buffer::new(width, expected))];
        Program { inputs: vec![Buffer::new(width, x)], kernels }.check();
    }
}

#[test]
fn memory_by_other_names() {
    let x: Vec<i64> = (0..24).map(|i| i * 5 - 60).collect();
    let text = "
        %c2 = arith.constant 2 : index
        %c3 = arith.constant 3 : index
        %c4 = arith.constant 4 : index
        %box = memref.expand_shape %in0 [[0, 1, 2]] output_shape [2, 3, 4] : memref<24xi16> into memref<2x3x4xi16>
        %flat = memref.collapse_shape %box [[0], [1, 2]] : memref<2x3x4xi16> into memref<2x12xi16>
        %back = memref.reinterpret_cast %flat to offset: [0], sizes: [24], strides: [1] : memref<2x12xi16> to memref<24xi16>
        afpk.prefetch %back[%c0] : memref<24xi16>
        scf.for %i = %c0 to %c2 step %c1 {
          scf.for %j = %c0 to %c3 step %c1 {
            %a = memref.load %box[%i, %j, %c3] : memref<2x3x4xi16>
            %m = arith.muli %j, %c4 : index
            %b = memref.load %flat[%i, %m] : memref<2x12xi16>
            %v = vector.load %box[%i, %j, %c1] : memref<2x3x4xi16>, vector<2xi16>
            %s = vector.reduction <add>, %v : vector<2xi16> into i16
            %d = arith.subi %a, %b : i16
            %e = arith.addi %d, %s : i16
            %n = arith.muli %i, %c3 : index
            %o = arith.addi %n, %j : index
            memref.store %e, %out[%o] : memref<6xi16>
          }
        }";
    let expected = x.chunks(4).map(|row| row[3] - row[0] + row[1] + row[2]);
    let kernels = vec![("views".to_owned(), text.to_owned(), Buffer::new(16, expected))];
    Program { inputs: vec![Buffer::new(16, x)], kernels }.check();
}

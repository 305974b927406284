//! Convolutions and matrix products on codes against the sums of rules C7 to C10, written out.

use afp_ir::{
    interp::{Data, Tensor},
    numerics::Format,
};

use super::{Random, coded, float, function, run};

/// A convolution whose sizes fit each other.
#[derive(Debug)]
struct Case {
    depthwise: bool,
    input: [usize; 4],
    /// OHWI or HWCM.
    weight: [usize; 4],
    output: [usize; 4],
    stride: [usize; 2],
    dilation: [usize; 2],
    pad: [usize; 4],
    groups: usize,
}

fn random_case(random: &mut Random) -> Option<Case> {
    let (depthwise, groups) = (random.below(3) == 0, 1 + random.below(3));
    let groups = if depthwise { 1 } else { groups };
    let [kh, kw] = [1 + random.below(3), 1 + random.below(3)];
    let (batch, height, width) = (1 + random.below(2), 1 + random.below(6), 1 + random.below(9));
    let (inputs, outputs) = (1 + random.below(5), 1 + random.below(11));
    let (channels, weight) = if depthwise {
        let multiplier = 1 + random.below(2);
        (inputs, [kh, kw, inputs, multiplier])
    } else {
        (inputs * groups, [outputs * groups, kh, kw, inputs])
    };
    let stride = [1 + random.below(2), 1 + random.below(3)];
    let dilation = [1 + random.below(2), 1 + random.below(2)];
    let pad = [0; 4].map(|_: usize| random.below(3));
    let windows = |size: usize, pads: usize, kernel: usize, d: usize| {
        let reach = dilation[d] * (kernel - 1) + 1;
        Some((size + pads).checked_sub(reach)? / stride[d] + 1)
    };
    let rows = windows(height, pad[0] + pad[1], kh, 0)?;
    let columns = windows(width, pad[2] + pad[3], kw, 1)?;
    let last = if depthwise { inputs * weight[3] } else { weight[0] };
    Some(Case {
        depthwise,
        input: [batch, height, width, channels],
        weight,
        output: [batch, rows, columns, last],
        stride,
        dilation,
        pad,
        groups,
    })
}

/// Rules C9 and C10: the sum of one output, without bias.
fn sum(case: &Case, x: &[i64], w: &[i64], at: [usize; 4]) -> i128 {
    let [_, height, width, channels] = case.input;
    let [image, row, column, o] = at;
    let (kernel, inputs) = if case.depthwise {
        ([case.weight[0], case.weight[1]], 1)
    } else {
        ([case.weight[1], case.weight[2]], case.weight[3])
    };
    let mut sum = 0;
    for ky in 0..kernel[0] {
        for kx in 0..kernel[1] {
            let y = (row * case.stride[0] + ky * case.dilation[0]) as i64 - case.pad[0] as i64;
            let x_at = (column * case.stride[1] + kx * case.dilation[1]) as i64 - case.pad[2] as i64;
            if y < 0 || x_at < 0 || y >= height as i64 || x_at >= width as i64 {
                continue;
            }
            let pixel = ((image * height + y as usize) * width + x_at as usize) * channels;
            for i in 0..inputs {
                let (input, weight) = if case.depthwise {
                    let multiplier = case.weight[3];
                    (o / multiplier, (ky * kernel[1] + kx) * case.output[3] + o)
                } else {
                    let group = o / (case.output[3] / case.groups);
                    (group * inputs + i, ((o * kernel[0] + ky) * kernel[1] + kx) * inputs + i)
                };
                sum += i128::from(x[pixel + input]) * i128::from(w[weight]);
            }
        }
    }
    sum
}

fn dims(sizes: &[usize]) -> String {
    sizes.iter().map(|size| format!("{size}x")).collect()
}

fn list<T: ToString>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

#[test]
fn convolutions_of_random_shapes_and_formats() {
    let mut random = Random(7);
    let mut done = 0;
    while done < 250 {
        let Some(case) = random_case(&mut random) else { continue };
        done += 1;
        // The last pairs need 64-bit sums, the others 32-bit ones.
        let pairs =
            [("ue0m8", "e2m4"), ("e2m2", "e0m3"), ("e0m7", "e1m2"), ("e3m2", "e4m2"), ("e5m2", "e3m4")];
        let (from, weights) = pairs[random.below(pairs.len())];
        let (from_exp, weight_exp) = (random.below(9) as i32 - 4, random.below(9) as i32 - 4);
        let (x_ty, w_ty) = (float(from, from_exp), float(weights, weight_exp));
        let x_codes = random.codes(x_ty.format, case.input.iter().product());
        let w_codes = random.codes(w_ty.format, case.weight.iter().product());
        let channels = case.output[3];
        let bias: Vec<i64> = (0..channels).map(|_| random.below(2001) as i64 - 1000).collect();
        let bias_exp = random.below(7) as i32 - 6;
        let channel_exp: Vec<i32> = (0..channels).map(|_| random.below(5) as i32 - 2).collect();
        let name = if case.depthwise { "depthwise_conv2d" } else { "conv2d" };
        let (x, w, out) = (dims(&case.input), dims(&case.weight), dims(&case.output));
        let stored: Vec<i8> = w_codes.iter().map(|&code| code as u8 as i8).collect();
        // Half of the cases have their weights computed at run time.
        let constant = random.below(2) == 0;
        let weight_value = if constant {
            let flat: usize = stored.len();
            let values = list(&stored);
            format!(
                "%flat = afp.constant dense<[{values}]> : tensor<{flat}xi8> : tensor<{flat}x!afp.float<{w_ty}>>\n\
                 %w = afp.reshape %flat : tensor<{flat}x!afp.float<{w_ty}>> to tensor<{w}!afp.float<{w_ty}>>"
            )
        } else {
            format!("%w = afp.reshape %1 : tensor<{w}!afp.float<{w_ty}>> to tensor<{w}!afp.float<{w_ty}>>")
        };
        let body = format!(
            "{weight_value}
            %b = afp.constant dense<[{}]> : tensor<{channels}xi32> {{channel_exp = array<i32: {bias_exp}>}} : tensor<{channels}x!afp.exact>
            %r = afp.{name} %0, %w bias %b {{stride = array<i64: {}>, dilation = array<i64: {}>, pad = array<i64: {}>, groups = {} : i64, channel_exp = array<i32: {}>}}
              : (tensor<{x}!afp.float<{x_ty}>>, tensor<{w}!afp.float<{w_ty}>>, tensor<{channels}x!afp.exact>) -> tensor<{out}!afp.exact>",
            list(&bias), list(&case.stride), list(&case.dilation), list(&case.pad), case.groups, list(&channel_exp)
        );
        let arguments = [format!("tensor<{x}!afp.float<{x_ty}>>"), format!("tensor<{w}!afp.float<{w_ty}>>")];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let text = function(&arguments, &format!("tensor<{out}!afp.exact>"), &body);
        let inputs = [coded(&case.input, x_ty, &x_codes), coded(&case.weight, w_ty, &w_codes)];
        let found = run(&text, &inputs).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let Data::Exact { mantissa, exp } = &found[0].data else { panic!("{text}") };
        let decode =
            |format: Format, codes: &[u16]| codes.iter().map(|&c| format.decode(c)).collect::<Vec<_>>();
        let (x, w) = (decode(x_ty.format, &x_codes), decode(w_ty.format, &w_codes));
        for (index, &n) in mantissa.iter().enumerate() {
            let [_, rows, columns, _] = case.output;
            let (pixel, o) = (index / channels, index % channels);
            let at = [pixel / columns / rows, pixel / columns % rows, pixel % columns, o];
            let e = exp[o % exp.len()];
            // All in units of 2^-20.
            let expected = (sum(&case, &x, &w, at) << (20 + from_exp + weight_exp + channel_exp[o]))
                + (i128::from(bias[o]) << (20 + bias_exp));
            assert_eq!(i128::from(n) << (20 + e), expected, "element {index} of\n{text}");
        }
    }
}

#[test]
fn matrix_products_of_computed_operands() {
    let (a, b) = (float("e2m2", -1), float("e0m7", 3));
    let mut random = Random(3);
    let (lhs, rhs) = (random.codes(a.format, 2 * 5 * 4), random.codes(b.format, 2 * 4 * 11));
    let text = function(
        &["tensor<2x5x4x!afp.float<e2m2, exp = -1>>", "tensor<2x4x11x!afp.float<e0m7, exp = 3>>"],
        "tensor<2x5x11x!afp.exact>",
        "%r = afp.matmul %0, %1 : (tensor<2x5x4x!afp.float<e2m2, exp = -1>>, tensor<2x4x11x!afp.float<e0m7, exp = 3>>) -> tensor<2x5x11x!afp.exact>",
    );
    let found = run(&text, &[coded(&[2, 5, 4], a, &lhs), coded(&[2, 4, 11], b, &rhs)]).unwrap();
    let mut expected = Vec::new();
    for (batch, m, n) in (0..2).flat_map(|b| (0..5).flat_map(move |m| (0..11).map(move |n| (b, m, n)))) {
        let product = |k: usize| {
            a.format.decode(lhs[(batch * 5 + m) * 4 + k]) * b.format.decode(rhs[(batch * 4 + k) * 11 + n])
        };
        expected.push((0..4).map(product).sum());
    }
    assert_eq!(found, [super::exact(&[2, 5, 11], &expected, &[2])]);
}

#[test]
fn the_real_form_sums_in_f64() {
    let body = r#"
        %w = "tosa.const"() <{values = dense<[[1.0, 1.0, 1.0]]> : tensor<1x3xf32>}> : () -> tensor<1x3xf32>
        %b = "tosa.const"() <{values = dense<0.5> : tensor<1xf32>}> : () -> tensor<1xf32>
        %r = afp.fully_connected %0, %w bias %b {channel_exp = array<i32: 2>}
          : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<1xf32>) -> tensor<2x1x!afp.exact>"#;
    let text = function(&["tensor<2x3xf32>"], "tensor<2x1x!afp.exact>", body);
    let input = super::real(&[2, 3], &[1e20, 1.0, -1e20, 16_777_216.0, 1.0, 0.25]);
    // 1e20 + 1 is 1e20 in f64 too; 2^24 + 1.25 needs more than an f32.
    let expected = Tensor { shape: vec![2, 1], data: Data::Wide(vec![0.5, 4.0 * 16_777_217.25 + 0.5]) };
    super::check(&text, &[input], &[expected]);
}

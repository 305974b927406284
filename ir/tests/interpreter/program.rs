//! Programs as a whole: signatures, observation, batches, and everything that is refused.

use afp_ir::{
    diag::Diagnostic,
    interp::{Data, Program, Tensor, evaluate},
    mlir::{Op, Session},
};

use super::{coded, exact, float, function, load, real, run};

const CHAIN: &str = r#"module { func.func @f(%a: tensor<2xf32>, %b: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
    %c = "tosa.const"() <{values = dense<[1.0, 2.0]> : tensor<2xf32>}> {afp.name = "constant"} : () -> tensor<2xf32>
    %d = tosa.abs %c {afp.name = "folded"} : (tensor<2xf32>) -> tensor<2xf32>
    %s = tosa.add %a, %d {afp.name = "sum"} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %t = tosa.identity %s : (tensor<2xf32>) -> tensor<2xf32>
    %u = tosa.sub %t, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %v = tosa.add %u, %u {afp.name = "twice"} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    return %v, %b, %d : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
} }"#;

fn inputs() -> Vec<Tensor> {
    vec![real(&[2], &[10.0, 20.0]), real(&[2], &[1.0, 1.0])]
}

#[test]
fn several_inputs_and_results() {
    let program = load(CHAIN).unwrap();
    let names = |list: &[afp_ir::interp::Signature]| list.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(program.inputs()), ["input0", "input1"]);
    assert_eq!(names(program.outputs()), ["output0", "output1", "output2"]);
    assert_eq!(program.outputs()[2].shape, [2]);
    let expected = vec![real(&[2], &[20.0, 42.0]), real(&[2], &[1.0, 1.0]), real(&[2], &[1.0, 2.0])];
    // Nothing of a run is left behind for the next.
    assert_eq!(program.run(&inputs()).unwrap(), expected);
    assert_eq!(program.run(&inputs()).unwrap(), expected);
}

#[test]
fn names_come_from_attributes_first_and_differ() {
    let text = r#"module { func.func @f(%a: tensor<1xf32> {afp.name = "image"} loc("node"))
          -> (tensor<1xf32> {afp.name = "same"}, tensor<1xf32>, tensor<1xf32>) {
        %r = tosa.abs %a : (tensor<1xf32>) -> tensor<1xf32> loc("scores")
        %s = tosa.abs %r : (tensor<1xf32>) -> tensor<1xf32> loc("same")
        return %r, %s, %s : tensor<1xf32>, tensor<1xf32>, tensor<1xf32> } }"#;
    let program = load(text).unwrap();
    let outputs: Vec<&str> = program.outputs().iter().map(|output| &*output.name).collect();
    assert_eq!(program.inputs()[0].name, "image");
    assert_eq!(outputs, ["same", "same_1", "same_2"]);
}

#[test]
fn names_come_from_locations() {
    let text = r#"module { func.func @f(%a: tensor<1xf32> loc("image")) -> tensor<1xf32> {
        %r = tosa.abs %a : (tensor<1xf32>) -> tensor<1xf32> loc("scores"("model.onnx":0:0))
        return %r : tensor<1xf32> } }"#;
    let program = load(text).unwrap();
    assert_eq!((&*program.inputs()[0].name, &*program.outputs()[0].name), ("image", "scores"));
}

#[test]
fn named_values_are_observed_in_order() {
    let program = load(CHAIN).unwrap();
    let mut seen = Vec::new();
    program
        .run_observed(&inputs(), &mut |name, tensor| seen.push((name.to_owned(), tensor.clone())))
        .unwrap();
    let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["constant", "folded", "sum", "twice"]);
    assert_eq!(seen[2].1, real(&[2], &[11.0, 22.0]));
}

#[test]
fn batches_keep_their_order() {
    let program = load(CHAIN).unwrap();
    let sample = |n: usize| vec![real(&[2], &[n as f32, 0.0]), real(&[2], &[0.0, 0.0])];
    let samples: Vec<Vec<Tensor>> = (0..50).map(sample).collect();
    let results = program.run_batch(&samples).unwrap();
    for (n, result) in results.iter().enumerate() {
        assert_eq!(result[0], real(&[2], &[2.0 * (n as f32 + 1.0), 4.0]));
    }
    let mut broken = samples;
    broken[30] = vec![];
    assert_eq!(program.run_batch(&broken).unwrap_err().code, "AFP0404");
}

#[test]
fn inputs_must_be_what_the_signature_says() {
    let program = load(CHAIN).unwrap();
    let good = real(&[2], &[0.0, 0.0]);
    for bad in [
        real(&[1, 2], &[0.0, 0.0]),
        real(&[2], &[0.0]),
        exact(&[2], &[0, 0], &[0]),
        coded(&[2], float("e0m7", 0), &[0, 0]),
    ] {
        assert_eq!(program.run(&[bad, good.clone()]).unwrap_err().code, "AFP0404");
    }
    let error = program.run(&[good]).unwrap_err();
    assert_eq!((error.code.as_str(), error.found.as_deref()), ("AFP0404", Some("1")));
    let text = function(
        &["tensor<1x!afp.float<e0m7, exp = 0>>"],
        "tensor<1xf32>",
        "%r = afp.dequantize %0 : tensor<1x!afp.float<e0m7, exp = 0>> to tensor<1xf32>",
    );
    assert_eq!(run(&text, &[coded(&[1], float("e0m7", 1), &[0])]).unwrap_err().code, "AFP0404");
}

/// The codes of what loading a function reports.
fn refused(text: &str) -> Vec<Diagnostic> {
    match load(text) {
        Ok(_) => panic!("not refused: {text}"),
        Err(errors) => errors,
    }
}

#[test]
fn all_unknown_operators_are_listed() {
    let errors = refused(
        "module { func.func @f(%a: tensor<2xi32>, %x: tensor<1x2xf32>) -> tensor<1xi32> {
            %b = tosa.bitwise_not %a : (tensor<2xi32>) -> tensor<2xi32>
            %c = tosa.add %b, %b : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
            %d = tosa.argmax %x {axis = 1 : i32} : (tensor<1x2xf32>) -> tensor<1xi32>
            return %d : tensor<1xi32>
        } }",
    );
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.code.as_str(), error.place.as_ref().and_then(|place| place.position).unwrap().0))
        .collect();
    assert_eq!(found, [("AFP0401", 2), ("AFP0401", 3), ("AFP0401", 4)]);
    assert!(errors[0].message.contains("tosa.bitwise_not"));
}

#[test]
fn sizes_must_be_known() {
    let errors = refused(
        "module { func.func @f(%a: tensor<?x2xf32>) -> tensor<?x2xf32> { return %a : tensor<?x2xf32> } }",
    );
    assert_eq!(errors[0].code, "AFP0402");
}

#[test]
fn the_value_of_a_border_must_be_known() {
    let errors = refused(&function(
        &["tensor<2xf32>", "tensor<1xf32>"],
        "tensor<4xf32>",
        "%s = tosa.const_shape {values = dense<1> : tensor<2xindex>} : () -> !tosa.shape<2>
         %r = tosa.pad %0, %s, %1 : (tensor<2xf32>, !tosa.shape<2>, tensor<1xf32>) -> tensor<4xf32>",
    ));
    assert_eq!((errors.len(), errors[0].code.as_str()), (1, "AFP0402"));
}

#[test]
fn sums_beyond_63_bits_are_refused() {
    // Every product has up to 82 bits: known when the program is loaded.
    let errors = refused(&function(
        &["tensor<1x1x!afp.float<e5m10, exp = 0>>"],
        "tensor<1x1x!afp.exact>",
        "%w = afp.constant dense<32767> : tensor<1x1xi16> : tensor<1x1x!afp.float<e5m10, exp = 0>>
         %r = afp.fully_connected %0, %w : (tensor<1x1x!afp.float<e5m10, exp = 0>>, tensor<1x1x!afp.float<e5m10, exp = 0>>) -> tensor<1x1x!afp.exact>",
    ));
    assert_eq!(errors[0].code, "AFP0405");
    assert!(errors[0].place.is_some() && errors[0].notes == ["in 'afp.fully_connected'"]);
    let text = |bias: &str, exp: i32| {
        function(
            &["tensor<1x1x!afp.float<e0m7, exp = 0>>"],
            "tensor<1x1x!afp.exact>",
            &format!("%w = afp.constant dense<1> : tensor<1x1xi8> : tensor<1x1x!afp.float<e0m7, exp = 0>>
             %b = afp.constant dense<{bias}> : tensor<1xi64> {{channel_exp = array<i32: {exp}>}} : tensor<1x!afp.exact>
             %r = afp.fully_connected %0, %w bias %b : (tensor<1x1x!afp.float<e0m7, exp = 0>>, tensor<1x1x!afp.float<e0m7, exp = 0>>, tensor<1x!afp.exact>) -> tensor<1x1x!afp.exact>"),
        )
    };
    let one = [coded(&[1, 1], float("e0m7", 0), &[1])];
    assert_eq!(run(&text("1", -62), &one).unwrap(), [exact(&[1, 1], &[(1 << 62) + 1], &[-62])]);
    for (bias, exp) in [("1", -63), ("1", 63), ("9223372036854775807", 0), ("4611686018427387904", 1)] {
        let error = run(&text(bias, exp), &one).unwrap_err();
        assert_eq!(error.code, "AFP0405", "{bias} * 2^{exp}");
    }
    // Zero has every exponent.
    assert_eq!(run(&text("0", -500), &one).unwrap(), [exact(&[1, 1], &[1], &[0])]);
    assert_eq!(refused(&text("-9223372036854775808", 0))[0].code, "AFP0405");
    let add = function(
        &["tensor<1x!afp.exact>", "tensor<1x!afp.exact>"],
        "tensor<1x!afp.exact>",
        "%r = afp.add %0, %1 : (tensor<1x!afp.exact>, tensor<1x!afp.exact>) -> tensor<1x!afp.exact>",
    );
    for (a, b) in [((1, 0), (1, -300)), ((i64::MAX, 0), (1, 0)), ((-i64::MAX, 0), (-1, 0))] {
        let error = run(&add, &[exact(&[1], &[a.0], &[a.1]), exact(&[1], &[b.0], &[b.1])]).unwrap_err();
        assert_eq!(error.code, "AFP0405");
    }
}

#[test]
fn memory_is_bounded_before_it_is_taken() {
    let text = |multiple: &str| {
        function(
            &["tensor<1xf32>"],
            &format!("tensor<{multiple}xf32>"),
            &format!("%s = tosa.const_shape {{values = dense<{multiple}> : tensor<1xindex>}} : () -> !tosa.shape<1>
             %r = tosa.tile %0, %s : (tensor<1xf32>, !tosa.shape<1>) -> tensor<{multiple}xf32>"),
        )
    };
    for multiple in ["100000000000", "9223372036854775807"] {
        let errors = refused(&text(multiple));
        assert_eq!((errors.len(), errors[0].code.as_str()), (1, "AFP0406"));
    }
    let splat = r#"%r = "tosa.const"() <{values = dense<0.0> : tensor<4000000000x4000000000xf32>}> : () -> tensor<4000000000x4000000000xf32>"#;
    assert_eq!(refused(&function(&[], "tensor<4000000000x4000000000xf32>", splat))[0].code, "AFP0406");
}

#[test]
fn indices_must_lie_inside() {
    let body = r#"%i = "tosa.const"() <{values = dense<-1> : tensor<1x1xi32>}> : () -> tensor<1x1xi32>
        %r = tosa.gather %0, %i : (tensor<1x3x2xf32>, tensor<1x1xi32>) -> tensor<1x1x2xf32>"#;
    let text = function(&["tensor<1x3x2xf32>"], "tensor<1x1x2xf32>", body);
    let error = run(&text, &[real(&[1, 3, 2], &[0.0; 6])]).unwrap_err();
    assert_eq!((error.code.as_str(), error.found.as_deref()), ("AFP0407", Some("-1")));
    assert_eq!(error.place.unwrap().position.unwrap().0, 3);
}

#[test]
fn codes_must_fit_their_format() {
    let text = function(
        &["tensor<1x!afp.float<ue0m2, exp = 0>>"],
        "tensor<1x!afp.float<e0m7, exp = 0>>",
        "%r = afp.table %0 {function = \"abs\"} : tensor<1x!afp.float<ue0m2, exp = 0>> to tensor<1x!afp.float<e0m7, exp = 0>>",
    );
    let error = run(&text, &[coded(&[1], float("ue0m2", 0), &[4])]).unwrap_err();
    assert_eq!(error.code, "AFP0407");
}

#[test]
fn numbers_must_have_a_place_on_their_grid() {
    let text = |value: &str| {
        function(
            &[],
            "tensor<1x!afp.exact>",
            &format!(
                "%c = \"tosa.const\"() <{{values = dense<{value}> : tensor<1xf32>}}> : () -> tensor<1xf32>
             %r = afp.quantize %c {{channel_exp = array<i32: -40>}} : tensor<1xf32> to tensor<1x!afp.exact>"
            ),
        )
    };
    assert_eq!(run(&text("-0.5"), &[]).unwrap(), [exact(&[1], &[-(1 << 39)], &[-40])]);
    for value in ["1.0e8", "0x7F800000", "0x7FC00000"] {
        let errors = refused(&text(value));
        assert_eq!((errors.len(), errors[0].code.as_str()), (1, "AFP0408"), "{value}");
    }
}

#[test]
fn a_function_needs_a_body_that_returns() {
    let errors = refused("module { func.func private @f(tensor<1xf32>) -> tensor<1xf32> }");
    assert_eq!((errors.len(), errors[0].code.as_str()), (1, "AFP0409"));
}

/// Evaluates the operation that defines the only result.
fn evaluated(text: &str, operands: &[Tensor]) -> Result<Tensor, Diagnostic> {
    let session = Session::new();
    let Ok(module) = session.parse("test.mlir", text.as_bytes()) else { panic!("{text}") };
    let function = module.functions()[0];
    let returned: Op = function.blocks()[0].terminator().unwrap();
    evaluate(returned.operand(0).def().unwrap(), operands)
}

#[test]
fn single_operations_are_evaluated() {
    let text = function(
        &["tensor<1x2xf32>"],
        "tensor<2x1xf32>",
        "%s = tosa.const_shape {values = dense<[2, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
         %r = tosa.reshape %0, %s : (tensor<1x2xf32>, !tosa.shape<2>) -> tensor<2x1xf32>",
    );
    assert_eq!(evaluated(&text, &[real(&[1, 2], &[1.0, 2.0])]).unwrap(), real(&[2, 1], &[1.0, 2.0]));
    assert_eq!(evaluated(&text, &[real(&[2, 1], &[1.0, 2.0])]).unwrap_err().code, "AFP0404");
    assert_eq!(evaluated(&text, &[]).unwrap_err().code, "AFP0402");
    let constant = function(
        &[],
        "tensor<2x!afp.exact>",
        "%r = afp.constant dense<[1, -2]> : tensor<2xi32> {channel_exp = array<i32: 3>} : tensor<2x!afp.exact>",
    );
    assert_eq!(evaluated(&constant, &[]).unwrap(), exact(&[2], &[1, -2], &[3]));
    let ty = "tensor<1x1x!afp.float<e0m7, exp = 0>>";
    let product = function(
        &[ty, ty],
        "tensor<1x1x!afp.exact>",
        &format!("%r = afp.fully_connected %0, %1 : ({ty}, {ty}) -> tensor<1x1x!afp.exact>"),
    );
    let three = coded(&[1, 1], float("e0m7", 0), &[3]);
    assert_eq!(evaluated(&product, &[three.clone(), three]).unwrap(), exact(&[1, 1], &[9], &[0]));
    // An exact operand in the real form stays so.
    let encode = function(
        &["tensor<1x!afp.exact>"],
        "tensor<1xf32>",
        "%r = afp.encode %0 : tensor<1x!afp.exact> to tensor<1xf32>",
    );
    let wide = Tensor { shape: vec![1], data: Data::Wide(vec![1.0 / 3.0]) };
    assert_eq!(evaluated(&encode, &[wide]).unwrap(), real(&[1], &[1.0 / 3.0]));
}

#[test]
fn programs_cross_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Program>();
}

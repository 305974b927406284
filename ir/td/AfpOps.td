//===-- AfpOps.td - the operators of the afp dialect ----------------------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//
// Layouts: feature maps NHWC, convolution weights OHWI, depthwise weights HWCM.
//===----------------------------------------------------------------------===//
#ifndef AFP_OPS
#define AFP_OPS

include "AfpBase.td"

//===----------------------------------------------------------------------===//
// Boundary and rounding
//===----------------------------------------------------------------------===//

def Afp_QuantizeOp : Afp_Op<"quantize"> {
  let summary = "round f32 values to codes, or to exact multiples of a power of two";
  let description = [{
    To `!afp.float`: the code nearest to `x * 2^-channel_exp[c]` (rule Q1).
    To `!afp.exact`: `round(x * 2^-channel_exp[c]) * 2^channel_exp[c]` (rule Q2),
    which is how a bias is brought onto the grid of its accumulator.
    `axis` names the dimension that `channel_exp` runs over.
  }];
  let arguments = (ins Afp_RealTensor:$input, OptionalAttr<DenseI32ArrayAttr>:$channel_exp,
                       DefaultValuedAttr<I64Attr, "0">:$axis,
                       DefaultValuedStrAttr<StrAttr, "half_up">:$round);
  let results = (outs Afp_CodedTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
  let hasFolder = 1;
}

def Afp_DequantizeOp : Afp_Op<"dequantize"> {
  let summary = "the f32 nearest to each code's value";
  let description = [{
    Exact unless the value leaves the range of f32 (rule Q3). `channel_exp` and `axis` undo those of
    a quantize.
  }];
  let arguments = (ins Afp_FloatTensor:$input, OptionalAttr<DenseI32ArrayAttr>:$channel_exp,
                       DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs Afp_RealTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
}

def Afp_EncodeOp : Afp_Op<"encode"> {
  let summary = "the rounding: from an exact value to the nearest representable one";
  let description = [{
    `encode(x / divisor)`, saturated to `[lo, hi]` (rules E1 to E7). A tie goes to
    the larger value unless `round` says otherwise. With a result of `!afp.float`,
    `lo` and `hi` are codes of the result type, as array<i32>; in the real form
    (result f32) they are real numbers, as array<f32>. Either has one element, or
    one per channel (last dimension).
    `divisor` has one element, or one per spatial position (H*W) of an NHWC result.
    A result with a dynamic scale exponent gets the exponent that its largest element
    asks for (rules Y1 to Y3), and has no limit but `lo` = 0 (rule Y5).
  }];
  let arguments = (ins Afp_NumberTensor:$input,
                       OptionalAttr<AnyAttrOf<[DenseI32ArrayAttr, DenseF32ArrayAttr]>>:$lo,
                       OptionalAttr<AnyAttrOf<[DenseI32ArrayAttr, DenseF32ArrayAttr]>>:$hi,
                       OptionalAttr<DenseI64ArrayAttr>:$divisor,
                       DefaultValuedStrAttr<StrAttr, "half_up">:$round);
  let results = (outs Afp_StoredTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
  let hasFolder = 1;
}

def Afp_ConstantOp : Afp_Op<"constant"> {
  let summary = "codes, or exact integers times powers of two";
  let description = [{
    `value` holds codes as i8 (formats of 8 bits or less) or i16, in the low bits;
    for an exact result, integers as i32 or i64, worth `value * 2^channel_exp[c]`
    with c the last dimension (rules K1 to K4).
  }];
  let arguments = (ins ElementsAttr:$value, OptionalAttr<DenseI32ArrayAttr>:$channel_exp);
  let results = (outs Afp_CodedTensor:$output);
  let assemblyFormat = "$value attr-dict `:` type($output)";
}

//===----------------------------------------------------------------------===//
// Contractions: exact
//===----------------------------------------------------------------------===//

class Afp_ConvLike<string mnemonic> : Afp_Op<mnemonic> {
  let arguments = (ins Afp_StoredTensor:$input, Afp_StoredTensor:$weight, Optional<Afp_BiasTensor>:$bias,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$stride,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilation,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pad,
                       DefaultValuedAttr<I64Attr, "1">:$groups,
                       OptionalAttr<DenseI32ArrayAttr>:$channel_exp);
  let results = (outs Afp_ExactTensor:$output);
  let assemblyFormat = "$input `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Afp_Conv2DOp : Afp_ConvLike<"conv2d"> {
  let summary = "2-D convolution, exact";
  let description = [{
    `out[n,y,x,o] = bias[o] + 2^channel_exp[o] * sum in[n, y*sy + ky*dy - top, x*sx + kx*dx - left, g*I + i] * w[o,ky,kx,i]`
    (rules C1 to C6). `pad` is top, bottom, left, right; the output size is rounded down.
  }];
}

def Afp_DepthwiseConv2DOp : Afp_ConvLike<"depthwise_conv2d"> {
  let summary = "depthwise 2-D convolution, exact";
  let description = [{
    Output channel `c*M + m` reads input channel `c` alone (rules C1 to C6). `groups` is always 1.
  }];
}

def Afp_FullyConnectedOp : Afp_Op<"fully_connected"> {
  let summary = "matrix of weights times vectors, exact";
  let description = [{`out[n,o] = bias[o] + 2^channel_exp[o] * sum in[n,i] * w[o,i]` (rule C7).}];
  let arguments = (ins Afp_StoredTensor:$input, Afp_StoredTensor:$weight, Optional<Afp_BiasTensor>:$bias,
                       OptionalAttr<DenseI32ArrayAttr>:$channel_exp);
  let results = (outs Afp_ExactTensor:$output);
  let assemblyFormat = "$input `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Afp_MatmulOp : Afp_Op<"matmul"> {
  let summary = "batched product of two computed matrices, exact";
  let description = [{`out[b,m,n] = sum lhs[b,m,k] * rhs[b,k,n]` (rule C8).}];
  let arguments = (ins Afp_StoredTensor:$lhs, Afp_StoredTensor:$rhs);
  let results = (outs Afp_ExactTensor:$output);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

//===----------------------------------------------------------------------===//
// Sums and pools
//===----------------------------------------------------------------------===//

def Afp_AddOp : Afp_Op<"add"> {
  let summary = "sum, exact";
  let description = [{Operands of one rank; a dimension of size 1 is repeated (rule A1).}];
  let arguments = (ins Afp_NumberTensor:$lhs, Afp_NumberTensor:$rhs);
  let results = (outs Afp_ExactTensor:$output);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Afp_SumPool2DOp : Afp_Op<"sum_pool2d"> {
  let summary = "sums over windows, exact";
  let description = [{
    Padding adds zeros (rule P1). An average is the encode that follows, with the
    number of elements as its divisor.
  }];
  let arguments = (ins Afp_StoredTensor:$input, DenseI64ArrayAttr:$kernel,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$stride,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pad);
  let results = (outs Afp_ExactTensor:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Afp_MaxPool2DOp : Afp_Op<"max_pool2d"> {
  let summary = "the largest value of each window";
  let description = [{Moves codes, compares values; padding never wins (rule P2).}];
  let arguments = (ins Afp_StoredTensor:$input, DenseI64ArrayAttr:$kernel,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$stride,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pad);
  let results = (outs Afp_StoredTensor:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

def Afp_TableOp : Afp_Op<"table"> {
  let summary = "a unary function, one entry per code";
  let description = [{
    `function` names the function, `values` holds the code of the result for each
    code of the operand, as i8 or i16, once computed (rules U1 to U3).
  }];
  let arguments = (ins Afp_StoredTensor:$input, StrAttr:$function, OptionalAttr<ElementsAttr>:$values);
  let results = (outs Afp_StoredTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
}

def Afp_SoftmaxOp : Afp_Op<"softmax"> {
  let summary = "softmax over one dimension, a composite of fixed steps";
  let description = [{Maximum, difference, exponential to ue0m15, sum, encode with the sum as divisor (rules S1 to S5).}];
  let arguments = (ins Afp_StoredTensor:$input, I64Attr:$axis);
  let results = (outs Afp_StoredTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
}

//===----------------------------------------------------------------------===//
// Movement: the element type does not change
//===----------------------------------------------------------------------===//

def Afp_ConcatOp : Afp_Op<"concat"> {
  let summary = "operands of one type, one behind the other";
  let arguments = (ins Variadic<Afp_NumberTensor>:$inputs, I64Attr:$axis);
  let results = (outs Afp_NumberTensor:$output);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Afp_ReshapeOp : Afp_Op<"reshape"> {
  let summary = "the same elements in the same order under another shape";
  let arguments = (ins Afp_NumberTensor:$input);
  let results = (outs Afp_NumberTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
  let hasFolder = 1;
}

def Afp_TransposeOp : Afp_Op<"transpose"> {
  let summary = "permuted dimensions: result dimension i is operand dimension perm[i]";
  let arguments = (ins Afp_NumberTensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Afp_NumberTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
  let hasFolder = 1;
}

def Afp_SliceOp : Afp_Op<"slice"> {
  let summary = "a strided box";
  let description = [{Result element i is operand element `start + i*stride` in every dimension (rule M4).}];
  let arguments = (ins Afp_NumberTensor:$input, DenseI64ArrayAttr:$start, OptionalAttr<DenseI64ArrayAttr>:$stride);
  let results = (outs Afp_NumberTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
  let hasFolder = 1;
}

def Afp_PadOp : Afp_Op<"pad"> {
  let summary = "a border of one value";
  let description = [{
    `low` and `high` are the widths per dimension. `value` is a code of the type,
    as an integer, or in the real form a real number; without it the border is zero (rule M5).
  }];
  let arguments = (ins Afp_NumberTensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       OptionalAttr<AnyAttrOf<[I32Attr, F32Attr]>>:$value);
  let results = (outs Afp_NumberTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($output)";
  let hasFolder = 1;
}

#endif // AFP_OPS

"""Every row of the op cases as a native program, against the op-by-op backend.

A row's ops run natively unless `ON_HOST` names them with a reason, or their tensors are
strings, complex, or of sizes that only the run knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cases import Case, all_cases, tensors

import rillet as tf
from rillet.backends.native import binding

#: Rows that make a variable at every call, which a function must refuse.
MAKES_VARIABLES = ("method", "TensorStridedSliceUpdate", "RilletRng")
#: What TensorFlow computes in a graph and rillet, so far, only from values.
NEEDS_VALUES = (
    "DenseBincount",
    "StringNGrams",
    "ComputeAccidentalHits.nce_loss",
    "ComputeAccidentalHits.sampled_softmax_loss",
)
#: Reasons that hold for any op.
ALWAYS = (
    "its result is of type",
    "its input is of type",
    "of a size that only the run knows",
    "sizes or axes are computed",
    "an input",
    "it calls Python",
)

REJECTION = "draws again until a number fits: how often, nobody knows"
STRINGS = "works on strings, or tells them to the outer world"
SIGNALS = "Fourier transforms, which NumPy has"
SOLVER = "LAPACK's; a call of it costs more than Python's way there"
UNKNOWN = "the size of its result depends on values"
COMPLEX = "takes or gives complex numbers"
SERIES = "a series that runs until it is exact; kernels stop element by element"
IMAGES = "boxes, colours and projections of images, mostly done while data is read"
FILES = "reads, writes or decodes files; or noise that no seed decides"
LARGE_WINDOWS = "windows over three axes or over channels; the native ones have two"
ARGUMENTS = "only for these arguments: whole numbers, repeated labels, other widths"
SORTING = "sorts, or needs an order"
LOOPS = "a loop over time, row by row, that no other rule can share"
PLACES = "sizes and places of a few numbers, known when functions are traced"
SPARSE = "places of elements, which values tell, in any number"
TABLES = "tables of keys, which are Python's dictionaries"

_COMPLEX = """
    Angle Complex ComplexAbs Conj ConjugateTranspose Imag Real
""".split()
_ARGUMENTS = """
    ArgMax Bitcast Einsum EuclideanNorm MatMul Mean
""".split()
_STRINGS = """
    AsString Assert Const PrintV2 ReduceJoin RegexFullMatch RegexReplace
    StaticRegexFullMatch StaticRegexReplace StringFormat StringJoin StringLength
    StringLower StringSplit StringSplitV2 StringStrip StringToHashBucket
    StringToHashBucketFast StringToHashBucketStrong StringToNumber StringUpper Substr
    Timestamp UnicodeDecodeWithOffsets UnicodeEncode UnicodeTranscode
    UnsortedSegmentJoin
""".split()
_LARGE_WINDOWS = """
    AvgPool3D AvgPool3DGrad Conv3D Conv3DBackpropFilterV2 Conv3DBackpropInputV2
    Dilation2D Dilation2DBackpropFilter Dilation2DBackpropInput MaxPool MaxPool3D
    MaxPool3DGrad MaxPool3DGradGrad MaxPoolWithArgmax
""".split()
_SOLVER = """
    BandedTriangularSolve Cholesky Eig LogMatrixDeterminant Lu MatrixDeterminant
    MatrixInverse MatrixLogarithm MatrixSolve MatrixSolveLs MatrixSquareRoot
    MatrixTriangularSolve Qr RilletInvertRows RilletMatrixExponential
    SelfAdjointEigV2 Svd TridiagonalMatMul TridiagonalSolve
""".split()
_SERIES = """
    Betainc Igamma IgammaGradA Igammac Polygamma RandomGammaGrad Zeta
""".split()
_REJECTION = """
    AllCandidateSampler FixedUnigramCandidateSampler LearnedUnigramCandidateSampler
    LogUniformCandidateSampler RandomGamma RandomIndexShuffle
    RandomPoissonV2 RandomShuffle
    StatelessParameterizedTruncatedNormal StatelessRandomBinomial
    StatelessRandomGammaV3 StatelessRandomPoisson StatelessShuffle
    StatelessTruncatedNormalV2 TruncatedNormal UniformCandidateSampler
""".split()
_UNKNOWN = """
    BroadcastGradientArgs ComputeAccidentalHits DynamicPartition SegmentMax SegmentMean
    SegmentMin SegmentProd SegmentSum Unique UniqueWithCounts Where NonMaxSuppressionV3
    NonMaxSuppressionV5 NonMaxSuppressionWithOverlaps
""".split()
_SIGNALS = """
    FFT FFT2D FFT3D IFFT IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D RFFT RFFT2D RFFT3D
""".split()
_FILES = """
    DecodeWav EncodeWav
    DecodeAndCropJpeg DecodeBmp DecodeGif DecodeImage DecodeJpeg DecodePng DecodeWebP
    EncodeJpeg EncodeJpegVariableQuality EncodePng ExtractGlimpseV2 ExtractJpegShape
    MatchingFiles ReadFile WriteFile
""".split()
_IMAGES = """
    CombinedNonMaxSuppression RilletPaddedSuppression SampleDistortedBoundingBoxV2
    StatelessSampleDistortedBoundingBox
    CropAndResize CropAndResizeGradBoxes CropAndResizeGradImage DrawBoundingBoxesV2
    ImageProjectiveTransformV3 RilletProjectiveTransformGrad
""".split()
_SORTING = """
    HistogramFixedWidth InvertPermutation TopKV2
""".split()
_LOOPS = """
    CTCBeamSearchDecoder CTCGreedyDecoder EditDistance RilletCtcLoss
""".split()
_PLACES = """
    BroadcastArgs UnravelIndex
""".split()
_PARSING = """
    DecodeBase64 DecodeCSV DecodeCompressed DecodeJSONExample DecodePaddedRaw DecodeRaw
    DeserializeManySparse EncodeBase64 ParseExampleV2 ParseSequenceExampleV2 ParseTensor
    RilletPartitionRows SerializeManySparse SerializeSparse SerializeTensor
""".split()
_SPARSE = """
    DenseCountSparseOutput DenseToDenseSetOperation DenseToSparseSetOperation
    RilletSparseRowSums SetSize SparseAdd SparseConcat SparseCountSparseOutput
    SparseCrossHashed SparseCrossV2 SparseDenseCwiseDiv SparseDenseCwiseMul
    SparseToSparseSetOperation SparseFillEmptyRows SparseReduceMax SparseReduceMaxSparse
    SparseReduceSum SparseReduceSumSparse SparseReorder SparseReshape SparseSegmentMean
    SparseSegmentMeanWithNumSegments SparseSegmentSqrtN
    SparseSegmentSqrtNWithNumSegments SparseSegmentSum
    SparseSegmentSumWithNumSegments SparseSlice SparseSoftmax SparseSparseMaximum
    SparseSparseMinimum SparseSplit SparseTensorDenseAdd SparseTensorDenseMatMul
    SparseToDense
""".split()
_TABLES = """
    LookupTableExportV2 LookupTableFindV2 LookupTableInsertV2 LookupTableRemoveV2
    LookupTableSizeV2
""".split()

#: Why ops are left to the host; an op that no row finds there any more must leave.
ON_HOST: dict[str, str] = {
    **dict.fromkeys(_COMPLEX, COMPLEX),
    **dict.fromkeys(_ARGUMENTS, ARGUMENTS),
    **dict.fromkeys(_STRINGS, STRINGS),
    **dict.fromkeys(_LARGE_WINDOWS, LARGE_WINDOWS),
    **dict.fromkeys(_SOLVER, SOLVER),
    **dict.fromkeys(_SERIES, SERIES),
    **dict.fromkeys(_REJECTION, REJECTION),
    **dict.fromkeys(_UNKNOWN, UNKNOWN),
    **dict.fromkeys(_FILES, FILES),
    **dict.fromkeys(_SIGNALS, SIGNALS),
    **dict.fromkeys(_IMAGES, IMAGES),
    **dict.fromkeys(_SORTING, SORTING),
    **dict.fromkeys(_LOOPS, LOOPS),
    **dict.fromkeys(_PLACES, PLACES),
    **dict.fromkeys(_PARSING, STRINGS),
    **dict.fromkeys(_SPARSE, SPARSE),
    **dict.fromkeys(_TABLES, TABLES),
}


def left_out(case: Case) -> bool:
    return any(part in case.key for part in MAKES_VARIABLES) or case.key.startswith(
        NEEDS_VALUES
    )


ROWS = [row for row in all_cases() if not left_out(row)]


@pytest.fixture(name="programs")
def _programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    made: list[Any] = []
    usual = binding.Binding.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        usual(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(binding.Binding, "__init__", init)
    yield made


def values(case: Case, compiled: bool | None) -> list[np.ndarray]:
    """What a row gives in a function."""

    @tf.function(autograph=False, jit_compile=compiled)
    def traced(*args: Any) -> Any:
        return tensors(case.call(tf, *args))

    tf.random.set_seed(1)
    found = traced(*[tf.constant(x) for x in case.inputs])
    return [np.asarray(tf.convert_to_tensor(y).numpy()) for y in found]


def same(have: np.ndarray, want: np.ndarray, length: int) -> None:
    """Equal; floats to some ULP, and its root more where sums are in another order."""
    assert have.dtype == want.dtype
    assert have.shape == want.shape
    if have.dtype.kind in "OSbiu":
        assert have.tolist() == want.tolist()
        return
    if have.dtype.kind == "c":
        kind: Any = np.complex128
        eps = 2.0**-52 if have.dtype.itemsize == 16 else 2.0**-23
    else:
        kind = np.float64
        digits = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52}
        eps = 2.0 ** -digits[have.dtype.name]
    # 16 ULP: a function of mathematics is within 4 on either side, and ops follow
    # each other in a row; sums of n elements differ by the root of n
    room = 16 * eps * max(1.0, length**0.5)
    wide = want.astype(kind)
    finite = np.abs(wide[np.isfinite(wide)])
    scale = float(finite.max()) if finite.size else 1.0
    np.testing.assert_allclose(
        have.astype(kind), wide, rtol=room, atol=room * min(scale, 1.0)
    )


def _on_host(programs: list[Any]) -> list[Any]:
    """What the host runs though no value's type or size asks for it."""
    found = [h for p in programs for h in p.schedule.before]
    found += [h for p in programs for s in p.schedule.segments for h in s.host]
    return [h for h in found if not any(why in h.why for why in ALWAYS)]


@pytest.mark.parametrize("case", ROWS, ids=[row.key for row in ROWS])
def test_row(case: Case, programs: list[Any]) -> None:
    have = values(case, None)
    for item in _on_host(programs):
        assert item.node.type in ON_HOST, item.why
    want = values(case, False)
    assert len(have) == len(want)
    length = max([x.size for x in case.inputs], default=1)
    for a, b in zip(have, want, strict=True):
        same(a, b, length)


def test_nothing_is_left_to_the_host_in_vain(programs: list[Any]) -> None:
    """Stale names leave `ON_HOST`."""
    stale = set(ON_HOST)
    for case in sorted(ROWS, key=lambda row: row.key.split(".")[0] not in ON_HOST):
        if not stale:
            break
        programs.clear()
        values(case, None)
        stale -= {item.node.type for item in _on_host(programs)}
    assert stale == set()

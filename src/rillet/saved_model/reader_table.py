"""Which reader stands for an op, and in which module it is.

Modules are imported when an op of theirs is asked for, so that a small model does not
wait for all. `graph_reader` and `show` ask.
"""

from __future__ import annotations

import importlib

from rillet.saved_model.op_readers import READERS, Read

#: The ops of each module of readers but `op_readers`.
_MODULES = {
    "array_readers": """
    TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayGradV3
    TensorArrayReadV3
    TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3
    TensorArrayWriteV3
    """,
    "frame_readers": """
    Enter Exit LoopCond Merge NextIteration RefEnter RefExit
    RefMerge RefNextIteration RefSwitch RilletBranches RilletRounds Switch
    """,
    "fake_quant_readers": """
    FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
    FakeQuantWithMinMaxVarsPerChannel
    """,
    "further_readers": """
    ApproximateEqual Bincount DataFormatDimMap DataFormatVecPermute
    FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3
    ImageProjectiveTransformV2 LinSpace MatrixDiagV2 MaxPoolV2 NonMaxSuppression
    NonMaxSuppressionV2 NonMaxSuppressionV4 NthElement QuantizeAndDequantizeV2
    QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 StatelessRandomNormal
    StatelessRandomUniform StatelessRandomUniformInt StatelessTruncatedNormal
    """,
    "gradient_readers": """
    LRNGrad MaxPoolGradWithArgmax SparseBincount SparseDenseCwiseAdd
    SparseFillEmptyRowsGrad SparseSegmentMeanGrad SparseSegmentMeanGradV2
    SparseSegmentSqrtNGrad SparseSegmentSqrtNGradV2 SparseSegmentSumGrad
    SparseSegmentSumGradV2 SparseSliceGrad
    """,
    "list_readers": """
    AddN EmptyTensorList OptionalFromValue OptionalGetValue OptionalHasValue
    OptionalNone TensorListConcatLists TensorListConcatV2 TensorListElementShape
    TensorListFromTensor TensorListGather TensorListGetItem TensorListLength
    TensorListPopBack TensorListPushBack TensorListReserve TensorListResize
    TensorListScatter TensorListScatterIntoExistingList TensorListScatterV2
    TensorListSetItem TensorListSplit TensorListStack ZerosLike
    """,
    "older_readers": """
    Add AdjustContrastv2 AdjustHue AdjustSaturation Assert BatchMatMul
    BatchMatMulV3 Bucketize ClipByValue ConcatV2 Div DynamicStitch Equal FusedBatchNorm
    FusedBatchNormV2
    FusedBatchNormV3 Gather Inv Mod NotEqual ParallelDynamicStitch Roll Select
    ShapeN
    """,
    "parsing_readers": """
    ParseExample ParseExampleV2 ParseSequenceExampleV2 ParseSingleExample
    """,
    "ragged_readers": """
    RaggedGather RaggedRange RaggedTensorToTensor UnicodeDecode
    """,
    "record_readers": """
    CTCLoss ConcatOffset DecodeCSV DrawBoundingBoxes Empty ExpandDims
    FixedUnigramCandidateSampler ListDiff PrintV2 Range SerializeManySparse
    SerializeSparse SerializeTensor SparseCross SparseCrossHashed SparseCrossV2
    StringFormat StringSplit Svd
    """,
    "table_readers": """
    AnonymousHashTable AnonymousMutableDenseHashTable AnonymousMutableHashTable
    AnonymousMutableHashTableOfTensors HashTable HashTableV2 InitializeTable
    InitializeTableFromTextFile InitializeTableFromTextFileV2 InitializeTableV2
    LookupTableExport LookupTableExportV2 LookupTableFind LookupTableFindV2
    LookupTableImport LookupTableImportV2 LookupTableInsert LookupTableInsertV2
    LookupTableRemoveV2 LookupTableSize LookupTableSizeV2 MutableDenseHashTable
    MutableDenseHashTableV2 MutableHashTable MutableHashTableOfTensors
    MutableHashTableOfTensorsV2 MutableHashTableV2
    """,
    "update_readers": """
    ResourceApplyAdaMax ResourceApplyAdadelta ResourceApplyAdagrad
    ResourceApplyAdagradV2 ResourceApplyAdam ResourceApplyAdamWithAmsgrad
    ResourceApplyCenteredRMSProp ResourceApplyFtrl ResourceApplyFtrlV2
    ResourceApplyGradientDescent ResourceApplyKerasMomentum
    ResourceApplyMomentum ResourceApplyRMSProp
    ResourceSparseApplyAdadelta ResourceSparseApplyAdagrad
    ResourceSparseApplyAdagradV2 ResourceSparseApplyCenteredRMSProp
    ResourceSparseApplyFtrl ResourceSparseApplyFtrlV2
    ResourceSparseApplyKerasMomentum ResourceSparseApplyMomentum
    ResourceSparseApplyRMSProp
    """,
    "variable_readers": """
    AssignAddVariableOp AssignSubVariableOp AssignVariableOp ReadVariableOp
    ResourceGather ResourceGatherNd ResourceScatterAdd ResourceScatterDiv
    ResourceScatterMax ResourceScatterMin ResourceScatterMul
    ResourceScatterNdAdd ResourceScatterNdMax ResourceScatterNdMin
    ResourceScatterNdSub ResourceScatterNdUpdate ResourceScatterSub
    ResourceScatterUpdate ResourceStridedSliceAssign RngReadAndSkip RngSkip
    VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
    """,
}
_HOMES = {op: home for home, ops in _MODULES.items() for op in ops.split()}


def reader_of(op: str) -> Read | None:
    """What reads an op that no record stands for; None where nothing does."""
    found = READERS.get(op)
    if found is None and op in _HOMES:
        importlib.import_module(f"rillet.saved_model.{_HOMES[op]}")
        found = READERS[op]
    return found


def all_readers() -> dict[str, Read]:
    """All readers by their ops."""
    for home in _MODULES:
        importlib.import_module(f"rillet.saved_model.{home}")
    return READERS

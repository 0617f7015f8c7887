"""The settings of `pretrain`: the keys of its configuration file."""

from __future__ import annotations

from dataclasses import dataclass, field

from openbioner_batch.engine.option_groups import DTYPES_WERE, IN_PROCESS, RAY, RayOptions
from openbioner_batch.errors import UsageError
from openbioner_batch.model.choices import DTYPES
from openbioner_batch.options import check_options, option
from openbioner_batch.settings import Request
from openbioner_batch.training.recipe import Recipe

ALL_LAYERS = "all"
SCHEDULES = ("constant", "warmup", "warmup-decay")
SUPERVISION = ("gold", "silver", "mixed")


@dataclass(frozen=True, slots=True)
class Start:
    """The initial weights: exactly one of `encoder`, `checkpoint` and `variant`."""

    encoder: str | None = None
    """An encoder (directory or hub id) of any architecture in `model/architectures`; random heads are added."""
    checkpoint: str | None = None
    """A checkpoint with heads, which are kept: for the second stage. "bundled", a directory or a hub id."""
    variant: str | None = None
    """A size with random weights: tiny, small, compact or base."""
    vocabulary: str | None = None
    """With `variant`: the model whose tokenizer to use. "bundled", a directory or a hub id."""
    text_tokens: int = 200
    """Longest text of one pass, in subword tokens; longer passages are cut into pieces."""
    description_tokens: int = 96
    """Longest description; a longer one is cut off, and counted in the log."""
    encoder_dropout: float = option(0.0, least=0, most=1, help="Dropout inside the encoder.")
    letter_case: bool | None = None
    """Whether an uncased encoder reads the letter case of words too; None keeps the start's own."""
    separate_layers: int | str | None = None
    """Lower layers in which text and description do not see each other; "all" is late interaction, None keeps the
    start's own number."""
    projection: int | None = option(
        None,
        least=1,
        help="With late interaction: size of the vectors of words and descriptions.",
        default="the start's own, or 256",
    )
    shared_encoder: bool | None = None
    """With late interaction: whether one encoder reads texts and descriptions; None keeps the start's own, or gives
    each its own."""
    description_encoder: str | None = None
    """With late interaction: the initial encoder of descriptions (directory or hub id); None copies the
    text's."""

    def __post_init__(self) -> None:
        given = [name for name in ("encoder", "checkpoint", "variant") if getattr(self, name)]
        if len(given) != 1:
            raise UsageError(
                f"start names {' and '.join(given) or 'nothing'}: give one of encoder, checkpoint, variant"
            )
        if bool(self.vocabulary) != bool(self.variant):
            raise UsageError("start.vocabulary goes with start.variant: a directory or hub id with a tokenizer")
        check_options(self, "start.")
        if isinstance(self.separate_layers, str) and self.separate_layers != ALL_LAYERS:
            raise UsageError(
                f'start.separate_layers is {self.separate_layers!r}: give a whole number from 0 up, or "{ALL_LAYERS}"'
            )
        if self.description_encoder and (self.shared_encoder or self.variant):
            raise UsageError("start.description_encoder goes with neither start.variant nor a shared_encoder")


@dataclass(frozen=True, slots=True)
class PassageFolder:
    """A folder of annotated passages: `passages/*.parquet` and `descriptions/*.parquet`."""

    path: str
    """Folder or URL."""
    weight: float = 1.0
    """How often each passage is seen per epoch; 1.3 means once, and once more with probability 0.3. 0 leaves the
    passages out, and types that no others have."""
    source_weights: dict[str, float] = field(default_factory=dict)
    """Weights of single corpora in the folder, by the `source` of their passages; they replace `weight`."""

    def __post_init__(self) -> None:
        if min([self.weight, *self.source_weights.values()]) < 0:
            raise UsageError(f"sources: the weights of {self.path} must not be below 0")


@dataclass(frozen=True, slots=True)
class IobFile:
    """A development file of `token<TAB>tag` lines."""

    path: str
    """The file."""
    types: str
    """`Label=type` pairs separated by commas; types of the catalog or of the sources' descriptions."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The data for measuring F1 during training; the best checkpoint is the one that scores highest."""

    silver: str | None = None
    """A folder of annotated passages, laid out as a source."""
    iob: tuple[IobFile, ...] = ()
    """Development files of gold corpora."""
    view: str = "definition"
    """The description that each type is queried by (the first one there is where a type has no such view)."""
    limit: int = option(500, least=1, help="The most passages, and the most sentences of each file.")
    every_steps: int = option(200, least=1, help="How often, in optimizer steps; the last step is always scored.")

    def __post_init__(self) -> None:
        check_options(self, "validation.")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The length and the learning rates. A resumed run may change it."""

    kind: str = option(
        "constant",
        choices=SCHEDULES,
        help="warmup: a rise, then constant; warmup-decay: and at the end a fall to 0 in a line.",
    )
    epochs: float | None = option(None, above=0, help="Passes over the sources; exactly one of this and `steps`.")
    steps: int | None = option(None, least=1, help="Optimizer steps.")
    warmup_steps: int = option(50, least=0, help="Steps in which the learning rates rise.")
    decay_steps: int | None = None
    """Steps of the fall; None is all that follow the rise."""
    encoder_rate: float = option(2e-5, least=0, help="Peak learning rate of the encoder.")
    head_rate: float = option(2e-5, least=0, help="Peak learning rate of the heads.")
    weight_decay: float = option(0.01, least=0, help="Weight decay of AdamW.")
    clip: float = option(1.0, least=0, help="Longest gradient; longer ones are shortened to it. 0 leaves them.")

    def __post_init__(self) -> None:
        check_options(self, "schedule.")
        if (self.epochs is None) == (self.steps is None):
            raise UsageError("schedule: give one of epochs and steps")


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """The size of passes and steps."""

    pass_tokens: int = option(
        16_384,
        least=1,
        help="Encoder tokens of one forward and backward pass on one worker: text and description of every (passage, "
        "type) pair; where layers are separate, every text and description once, and of the pairs the joint layers' "
        "share. It bounds memory; measured 330 KB of activations a token for 12 layers x 768 in bfloat16.",
    )
    accumulation: int = option(1, least=1, help="Passes whose gradients are averaged into one optimizer step.")
    apart: tuple[str, ...] = ()
    """Corpora, by the `source` of their passages, each of which fills passes of its own: siblings meet all siblings."""

    def __post_init__(self) -> None:
        check_options(self, "batch.")


@dataclass(frozen=True, slots=True)
class Parallel:
    """Workers and their precision."""

    workers: int = option(1, least=1, help="Processes that train side by side: one per GPU.")
    devices: str = option(
        "cpu",
        choices=("cpu", "gpu"),
        help="gpu: each worker has one; cpu: gloo.",
        was=("use_gpu",),
        values_were={"cuda": "gpu", True: "gpu", False: "cpu"},
    )
    zero_stage: int = option(
        0,
        choices=(0, 1, 2),
        help="0: plain torch. 1: DeepSpeed, optimizer states sharded. 2: gradients too.",
    )
    dtype: str = option(
        "float32",
        choices=DTYPES,
        help="Precision of the passes, by autocast or DeepSpeed; float16 is for GPUs alone.",
        was=("precision",),
        values_were=DTYPES_WERE,
    )
    threads: int | None = None
    """Torch threads of a CPU worker; None shares the cores evenly."""
    max_failures: int = 3
    """Workers that may die before the run gives up."""

    def __post_init__(self) -> None:
        check_options(self, "parallel.")
        if self.dtype == "float16" and not self.on_gpu:
            raise UsageError(
                f"parallel.dtype float16 is for GPUs; with parallel.devices {self.devices} give float32 or bfloat16"
            )

    @property
    def on_gpu(self) -> bool:
        """Whether each worker has a GPU."""
        return self.devices == "gpu"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """When checkpoints are saved. Every validation saves one too."""

    every_steps: int | None = option(None, least=1, help="Optimizer steps between two.")
    every_minutes: float | None = 10.0
    """Minutes between two; looked at with every entry of the log."""
    keep: int = option(
        2,
        least=1,
        help="How many are kept: the best by F1 (without validation the latest), and always the latest.",
    )

    def __post_init__(self) -> None:
        check_options(self, "checkpoints.")


@dataclass(frozen=True, slots=True)
class Card:
    """The text of the model card besides the figures."""

    name: str = "openbioner"
    """The model's name."""
    license: str = "other"
    """Licence of the weights."""
    supervision: str = option("silver", choices=SUPERVISION, help="Who annotated the sources; `evaluate` goes by it.")
    stage: str = "broad-scan"
    """Which stage of training this is, in words."""
    notes: str = ""
    """More text for the card."""

    def __post_init__(self) -> None:
        check_options(self, "card.")


@dataclass(frozen=True, kw_only=True)
class PretrainSettings(RayOptions, Request):
    """A request to train: the keys of the --config file of `openbioner-batch pretrain`; some are flags too."""

    output: str = option(metavar="URI", help="Folder of the run: a new one, or one to resume.", was=("storage",))
    start: Start
    sources: tuple[PassageFolder, ...]
    validation: Validation = Validation()
    recipe: Recipe = field(default_factory=Recipe)
    schedule: Schedule = field(default_factory=lambda: Schedule(epochs=4))
    batch: BatchSettings = BatchSettings()
    parallel: Parallel = Parallel()
    checkpoints: Checkpoints = Checkpoints()
    card: Card = Card()
    seed: int = option(
        42, help="Of everything drawn; the same sources and settings give the same batches in the same order."
    )
    log_every: int = option(10, least=1, help="Optimizer steps between two entries of metrics.jsonl.")
    output_dtype: str = option(
        "float32",
        choices=DTYPES,
        help="Number format of the checkpoint that is written at the end.",
        was=("stored",),
        values_were=DTYPES_WERE,
    )
    executor: str = option(
        RAY,
        choices=(RAY, IN_PROCESS),
        help="in-process: one worker, this process, without Ray: on a laptop, or one bare GPU.",
        was=("in_process", "parallel.in_process"),
        values_were={True: IN_PROCESS, False: RAY},
    )
    prepared: str | None = option(
        None, metavar="FILE", help="Read what --prepare wrote instead of the sources; needs no pyarrow."
    )

    def __post_init__(self) -> None:
        if not self.output:
            raise UsageError("--output must not be empty: give the folder or URL of the run")
        if not self.sources:
            raise UsageError("sources: give at least one {path: FOLDER}")
        check_options(self)
        if self.in_process:
            self._check_in_process()

    @property
    def in_process(self) -> bool:
        """Whether this process is the one worker."""
        return self.executor == IN_PROCESS

    def _check_in_process(self) -> None:
        """Raises UsageError where the rest of the settings needs several processes."""
        if self.parallel.workers != 1:
            raise UsageError(
                f"--executor {IN_PROCESS} is one worker, and parallel.workers is {self.parallel.workers}: set it to 1"
            )
        if self.parallel.zero_stage:
            raise UsageError(f"--executor {IN_PROCESS} shards nothing: set parallel.zero_stage to 0")
        if self.ray_address:
            raise UsageError(f"--executor {IN_PROCESS} trains without Ray: leave out ray_address")

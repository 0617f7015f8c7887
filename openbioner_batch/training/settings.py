"""The settings of `pretrain`: the keys of its configuration file."""

from __future__ import annotations

from dataclasses import dataclass, field

from openbioner_batch.engine.option_groups import DTYPES_WERE, RayOptions
from openbioner_batch.errors import UsageError
from openbioner_batch.options import check_options, option
from openbioner_batch.settings import Request
from openbioner_batch.training.checks import check_choice, check_positive, check_share
from openbioner_batch.training.recipe import Recipe

ALL_LAYERS = "all"
SCHEDULES = ("constant", "warmup", "warmup-decay")
PRECISIONS = ("float32", "bfloat16", "float16")
SUPERVISION = ("gold", "silver", "mixed")
STORED = ("float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class Start:
    """Where the weights come from: exactly one of `encoder`, `checkpoint` and `variant`."""

    encoder: str | None = None
    """An encoder (directory or hub id) of any of `model/architectures`, to which random heads are added."""
    checkpoint: str | None = None
    """A checkpoint with heads, which are kept: the second stage's start. "bundled", a directory or a hub id."""
    variant: str | None = None
    """A size with random weights: tiny, small, compact or base."""
    vocabulary: str | None = None
    """With `variant`: whose tokenizer is taken. "bundled", a directory or a hub id."""
    text_tokens: int = 200
    """Longest text of one pass, in subword tokens; longer passages are cut into pieces."""
    description_tokens: int = 96
    """Longest description; a longer one is cut off, and counted in the log."""
    encoder_dropout: float = 0.0
    """Dropout inside the encoder."""
    letter_case: bool | None = None
    """Whether an uncased encoder reads the letter case of words too; None keeps the start's own."""
    separate_layers: int | str | None = None
    """Lower layers in which text and description do not see each other; "all" is late interaction, None keeps the
    start's own number."""
    projection: int | None = None
    """With late interaction: size of the vectors of words and descriptions; None keeps the start's own, or 256."""
    shared_encoder: bool | None = None
    """With late interaction: whether one encoder reads texts and descriptions; None keeps the start's own, or gives
    each its own."""
    description_encoder: str | None = None
    """With late interaction: what the encoder of descriptions begins with (directory or hub id); None begins it as the
    text's."""

    def __post_init__(self) -> None:
        given = [name for name in ("encoder", "checkpoint", "variant") if getattr(self, name)]
        if len(given) != 1:
            raise UsageError(
                f"start names {' and '.join(given) or 'nothing'}: give one of encoder, checkpoint, variant"
            )
        if bool(self.vocabulary) != bool(self.variant):
            raise UsageError("start.vocabulary goes with start.variant: a directory or hub id with a tokenizer")
        check_share("start.encoder_dropout", self.encoder_dropout)
        if isinstance(self.separate_layers, str) and self.separate_layers != ALL_LAYERS:
            raise UsageError(
                f'start.separate_layers is {self.separate_layers!r}: give a whole number from 0 up, or "{ALL_LAYERS}"'
            )
        if self.projection is not None:
            check_positive("start.projection", self.projection)
        if self.description_encoder and (self.shared_encoder or self.variant):
            raise UsageError("start.description_encoder goes with neither start.variant nor a shared_encoder")


@dataclass(frozen=True, slots=True)
class PassageFolder:
    """A folder of annotated passages: `passages/*.parquet` and `descriptions/*.parquet`."""

    path: str
    """Folder or URL."""
    weight: float = 1.0
    """How often each passage is seen per epoch; 1.3 is once for certain and once more with probability 0.3."""
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
    """What F1 is measured on while training; the best checkpoint is the one that scores highest."""

    silver: str | None = None
    """A folder of annotated passages, laid out as a source."""
    iob: tuple[IobFile, ...] = ()
    """Development files of gold corpora."""
    view: str = "definition"
    """The description that each type is queried by (the first one there is where a type has no such view)."""
    limit: int = 500
    """The most passages, and the most sentences of each file."""
    every_steps: int = 200
    """How often, in optimizer steps; the last step is always scored."""

    def __post_init__(self) -> None:
        check_positive("validation.limit", self.limit)
        check_positive("validation.every_steps", self.every_steps)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast. A resumed run may change it."""

    kind: str = "constant"
    """"constant", "warmup" (a rise, then constant) or "warmup-decay" (and at the end a fall to 0 in a line)."""
    epochs: float | None = None
    """Passes over the sources; exactly one of this and `steps`."""
    steps: int | None = None
    """Optimizer steps."""
    warmup_steps: int = 50
    """Steps of the rise."""
    decay_steps: int | None = None
    """Steps of the fall; None is all that follow the rise."""
    encoder_rate: float = 2e-5
    """Peak learning rate of the encoder."""
    head_rate: float = 2e-5
    """Peak learning rate of the heads."""
    weight_decay: float = 0.01
    """AdamW's."""
    clip: float = 1.0
    """Longest gradient; longer ones are shortened to it. 0 leaves them."""

    def __post_init__(self) -> None:
        check_choice("schedule.kind", self.kind, SCHEDULES)
        if (self.epochs is None) == (self.steps is None):
            raise UsageError("schedule: give one of epochs and steps")
        if (self.epochs or self.steps or 0) <= 0:
            raise UsageError("schedule.epochs and schedule.steps must be above 0")
        for name in ("encoder_rate", "head_rate", "weight_decay", "clip", "warmup_steps"):
            if getattr(self, name) < 0:
                raise UsageError(f"schedule.{name} is {getattr(self, name)}: give a number from 0 up")


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """What goes through the model at once."""

    pass_tokens: int = 16_384
    """Encoder tokens of one forward and backward pass on one worker: text and description of every (passage, type)
    pair; where layers are separate, every text and description once, and of the pairs the joint layers' share. It
    bounds memory; measured 330 KB of activations a token for 12 layers x 768 in bfloat16."""
    accumulation: int = 1
    """Passes whose gradients are averaged into one optimizer step."""

    def __post_init__(self) -> None:
        check_positive("batch.pass_tokens", self.pass_tokens)
        check_positive("batch.accumulation", self.accumulation)


@dataclass(frozen=True, slots=True)
class Parallel:
    """Workers and how they share the load."""

    workers: int = 1
    """Processes that train side by side: one per GPU."""
    use_gpu: bool = False
    """Whether each worker has a GPU; without, gloo on CPUs."""
    zero_stage: int = 0
    """0: plain torch. 1: DeepSpeed, optimizer states sharded. 2: gradients too."""
    precision: str = option(
        "float32",
        choices=PRECISIONS,
        values_were=DTYPES_WERE,
        help="Of the passes, by autocast or DeepSpeed; float16 is for GPUs alone.",
    )
    threads: int | None = None
    """Torch threads of a CPU worker; None shares the cores evenly."""
    max_failures: int = 3
    """Workers that may die before the run gives up."""
    in_process: bool = False
    """Whether the command itself is the one worker, without Ray: for a laptop, or a machine that has torch alone."""

    def __post_init__(self) -> None:
        check_positive("parallel.workers", self.workers)
        check_choice("parallel.zero_stage", self.zero_stage, (0, 1, 2))
        check_options(self, "parallel.")
        if self.in_process and self.workers != 1:
            raise UsageError(f"parallel.in_process is one worker, and parallel.workers is {self.workers}: set it to 1")
        if self.in_process and self.zero_stage:
            raise UsageError("parallel.in_process shards nothing: set parallel.zero_stage to 0")
        if self.precision == "float16" and not self.use_gpu:
            raise UsageError(
                "parallel.precision float16 is for GPUs; without parallel.use_gpu give float32 or bfloat16"
            )


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """When the state of training is kept. Every validation keeps it too."""

    every_steps: int | None = None
    """Optimizer steps between two."""
    every_minutes: float | None = 10.0
    """Minutes between two; looked at with every entry of the log."""
    keep: int = 2
    """How many are kept: the best by F1 (without validation the latest), and always the latest."""

    def __post_init__(self) -> None:
        check_positive("checkpoints.keep", self.keep)
        if self.every_steps is not None:
            check_positive("checkpoints.every_steps", self.every_steps)


@dataclass(frozen=True, slots=True)
class Card:
    """What the model card says beside the figures."""

    name: str = "openbioner"
    """The model's name."""
    license: str = "other"
    """Licence of the weights."""
    supervision: str = "silver"
    """Who annotated the sources: "gold", "silver" or "mixed". `evaluate` goes by it."""
    stage: str = "broad-scan"
    """Which stage of training this is, in words."""
    notes: str = ""
    """More text for the card."""

    def __post_init__(self) -> None:
        check_choice("card.supervision", self.supervision, SUPERVISION)


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
    seed: int = 42
    """Of everything drawn: with the same sources and settings the same batches come in the same order."""
    log_every: int = 10
    """Optimizer steps between two entries of `metrics.jsonl`."""
    stored: str = "float32"
    """Number format of the checkpoint that is written at the end: float32, float16 or bfloat16."""
    prepared: str | None = option(
        None, metavar="FILE", help="Read what --prepare wrote instead of the sources; needs no pyarrow."
    )

    def __post_init__(self) -> None:
        if not self.output:
            raise UsageError("--output must not be empty: give the folder or URL of the run")
        if not self.sources:
            raise UsageError("sources: give at least one {path: FOLDER}")
        if self.parallel.in_process and self.ray_address:
            raise UsageError("parallel.in_process trains without Ray: leave out ray_address")
        check_positive("log_every", self.log_every)
        check_choice("stored", self.stored, STORED)

"""The cross-encoder behind the engine's scoring interface."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbioner_batch.catalog import resolve_types
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.records import TypeGroup

if TYPE_CHECKING:
    from openbioner_batch.engine.request import Say
    from openbioner_batch.model import Calibration, Completion, Preparer, Tagger, WindowSettings
    from openbioner_batch.model.glossary_files import GlossaryChoice

DEVICES = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}
SILENCE_S = 20.0
"""How long a cluster may take to give a GPU before the wait is said."""


@dataclass(frozen=True, slots=True)
class ModelScorerFactory:
    """A checkpoint, types and number formats, all resolved, from which any worker builds the same tagger."""

    model: str
    digest: str
    types: tuple[TypeGroup, ...]
    words: str
    windows: WindowSettings
    device: str
    dtype: str
    token_budget: int
    calibration: Calibration | None = None
    separate_layers: int | None = None
    """Layers separated without training; None where there are none."""
    types_compete: bool = True
    nested: bool = False
    """Whether spans of types that do not compete may overlap, whatever their bounds."""
    completion: Completion | None = None
    """What adds spans beyond the model's own; None where nothing does."""
    compiled: bool = False
    """Whether torch's compiler fuses what it can."""
    glossary: GlossaryChoice | None = None
    """What the user says of names, read already, so that workers need no file; None for the checkpoint's own."""

    @classmethod
    def from_settings(
        cls, settings: AnnotateSettings, on_cluster: bool, say: Say = say_to_stderr
    ) -> ModelScorerFactory:
        """Resolve the settings' defaults, and find mistakes in them.

        Args:
            settings: the request.
            on_cluster: whether to look for the device among the workers of the connected Ray.
            say: called with what is waited for, and with how many names a user's glossary makes.

        Raises:
            UsageError: a type, device or budget that does not exist, a description over its budget, a model or
                device that is not compiled for, or a glossary that cannot be read or that the model has no use for.
            CheckpointError: the model cannot be read.
        """
        from openbioner_batch.model import (
            Completion,
            Preparer,
            calibration_of,
            checkpoint_digest,
            resolve_checkpoint,
        )
        from openbioner_batch.model.config import with_separate_layers
        from openbioner_batch.model.reading import check_heads, read_config
        from openbioner_batch.model.tagger import check_compiled

        types = resolve_types(settings.types, settings.view)
        directory = resolve_checkpoint(settings.model)
        check_heads(directory)
        config = read_config(directory)
        with _flags_in_errors():
            separated = with_separate_layers(config, settings.separate_layers) != config
            windows = _windows(config.windows, settings)
            Preparer.from_pretrained(directory, types, windows, settings.words)  # checks the descriptions
        _check_glossary(settings.glossary_choice, directory, say)
        devices, dtype = settings.devices, settings.dtype
        device, dtype, budget = _resolve_on_worker(devices, dtype, say) if on_cluster else _resolve(devices, dtype)
        if settings.compile:
            check_compiled(device, config)
        is_directory = Path(settings.model).expanduser().is_dir()
        return cls(
            model=os.path.abspath(Path(settings.model).expanduser()) if is_directory else settings.model,
            digest=checkpoint_digest(directory),
            types=types,
            words=settings.words,
            windows=windows,
            device=device,
            dtype=dtype,
            token_budget=settings.token_budget or budget,
            calibration=calibration_of(directory, not settings.no_calibration, settings.threshold),
            separate_layers=settings.separate_layers if separated else None,
            types_compete=config.types_compete,
            nested=settings.nested,
            completion=Completion(settings.abbreviations, settings.repeats).or_none,
            compiled=settings.compile,
            glossary=settings.glossary_choice,
        )

    def fingerprint(self) -> dict[str, Any]:
        """The model's digest, types with descriptions, windows, device and precision, and what changes decoding."""
        described = {
            f"{number}/{kind.name}": kind.description for number, group in enumerate(self.types, 1) for kind in group
        }
        return {
            "model": self.digest,
            "types": " | ".join(", ".join(kind.name for kind in group) for group in self.types),
            "descriptions": described,
            "words": self.words,
            "text tokens": self.windows.text_tokens,
            "description tokens": self.windows.description_tokens,
            "overlap tokens": self.windows.overlap,
            "device": self.device,
            "dtype": self.dtype,
            "token budget": self.token_budget,
            # None where there is none, as in the plans of runs from before there were any.
            "calibration": self.calibration and self.calibration.as_json(),
            "separated layers": self.separate_layers,
            "types overlap": None if self.types_compete else ("any bounds" if self.nested else "equal bounds"),
            "completed by": self.completion and self.completion.names,
            **({"compiled": True} if self.compiled else {}),
            **({"glossary": digest} if self.glossary and (digest := self.glossary.digest) else {}),
        }

    def preparer(self) -> Preparer:
        """Tokenizer and windows, without the weights."""
        from openbioner_batch.model import Preparer, resolve_checkpoint
        from openbioner_batch.model.glossary_files import GlossaryChoice

        directory = resolve_checkpoint(self.model)
        glossary = (self.glossary or GlossaryChoice()).load(directory)
        return Preparer.from_pretrained(directory, self.types, self.windows, self.words, glossary)

    def scorer(self) -> Tagger:
        """The model, loaded onto the device."""
        from openbioner_batch.model import Completion, Tagger

        tagger = Tagger.from_pretrained(
            self.model,
            self.device,
            self.dtype,
            self.windows,
            self.token_budget,
            separate_layers=self.separate_layers,
            compiled=self.compiled,
            glossary=self.glossary,
        )
        tagger.calibration = self.calibration
        tagger.completion = self.completion or Completion()
        tagger.nested = self.nested
        return tagger


@contextmanager
def _flags_in_errors() -> Iterator[None]:
    """Names the model's arguments in errors as the command line does."""
    try:
        yield
    except UsageError as error:
        names = r"\b(separate_layers|text_tokens|description_tokens)\b"
        raise UsageError(re.sub(names, lambda name: "--" + name[0].replace("_", "-"), str(error))) from None


def _check_glossary(choice: GlossaryChoice | None, directory: Path, say: Say) -> None:
    """Says how many names a user's glossary makes together with the checkpoint's own.

    Raises:
        UsageError: the checkpoint has no use for it.
        CheckpointError: the checkpoint's own is damaged, or its model reads none.
    """
    from openbioner_batch.model.glossary_files import GlossaryChoice

    (choice or GlossaryChoice()).applies_to(directory)  # which need not read the checkpoint's own entries
    glossary = choice.load(directory) if choice else None
    if glossary is not None:
        say(f"glossary: {len(glossary):,} names, with those of --glossary")


def _windows(checkpoint: WindowSettings, settings: AnnotateSettings) -> WindowSettings:
    return replace(
        checkpoint,
        text_tokens=settings.text_tokens or checkpoint.text_tokens,
        description_tokens=settings.description_tokens or checkpoint.description_tokens,
        overlap_tokens=None if settings.text_tokens else checkpoint.overlap_tokens,
    )


def _resolve(devices: str, dtype: str) -> tuple[str, str, int]:
    """Device, number format and token budget, as this machine has them."""
    from openbioner_batch.model import native
    from openbioner_batch.model.device import default_token_budget, resolve_device, resolve_dtype

    device = resolve_device(DEVICES[devices])
    resolved = resolve_dtype(dtype, device)
    if (device, resolved) == ("cpu", "bfloat16"):
        native.load()  # compile it before the actors need it, and report here if that fails
    return device, resolved, default_token_budget(device)


def _resolve_on_worker(devices: str, dtype: str, say: Say) -> tuple[str, str, int]:
    """Device, number format and token budget of a worker's machine, which may differ from the driver's.

    Waits for a GPU that is not free yet, or that an autoscaler may bring, and says so.
    """
    import ray

    gpus = int(ray.cluster_resources().get("GPU", 0))
    wants_gpu = devices == "gpu" or (devices == "auto" and gpus > 0)
    resolve = ray.remote(_resolve).options(num_cpus=0, num_gpus=1 if wants_gpu else 0)
    asked = resolve.remote("gpu" if wants_gpu else "cpu", dtype)
    if wants_gpu and not ray.wait([asked], timeout=SILENCE_S)[0]:
        say(f"waiting for a GPU: the cluster has {gpus:,}, none of them free; --devices cpu runs without one")
    try:
        found: tuple[str, str, int] = ray.get(asked)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, OpenBioNERError):  # Ray's own text is the worker's traceback
            raise error.cause from None
        raise
    return found

"""Everything that is used of Ray beyond its public interface, which any release of Ray may change."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from openbioner_batch.errors import RunFailedError

VERSION = "2.60"
"""The release of Ray that these names were read in; pyproject.toml pins it."""


@dataclass(frozen=True, slots=True)
class Internal:
    """A name in one of Ray's own modules."""

    module: str
    name: str

    def owner(self) -> Any:
        """The module.

        Raises:
            RunFailedError: the Ray that is installed has no such module, or not the name in it.
        """
        try:
            module = importlib.import_module(self.module)
        except ImportError:
            module = None
        if not hasattr(module, self.name):
            import ray

            raise RunFailedError(
                f"Ray {ray.__version__} has no {self.module}.{self.name}: this release of openbioner-batch works with "
                f"Ray {VERSION}: pip install 'ray[data,default]=={VERSION}.*'"
            )
        return module

    def get(self) -> Any:
        """What the name stands for.

        Raises:
            RunFailedError: the installed Ray lacks the module, or the name in it.
        """
        return getattr(self.owner(), self.name)


BLOCK_STATS = "_output_blocks_stats"
"""The attribute of a stage of Ray Data in which it keeps what it measured of every block."""


def stages_of(executor: Any) -> Iterable[Any]:
    """The stages of an execution of Ray Data."""
    return getattr(executor, "_topology", ())


_BACKPRESSURE = "ray.data._internal.execution.backpressure_policy"
BACKPRESSURE_POLICIES = Internal(_BACKPRESSURE, "ENABLED_BACKPRESSURE_POLICIES")
BACKPRESSURE_KEY = Internal(_BACKPRESSURE, "ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY")
CORE_WORKER = Internal("ray._raylet", "CoreWorker")
SET_TITLE = Internal("ray._raylet", "setproctitle")
SET_SIGTERM_HANDLER = Internal("ray._private.utils", "set_sigterm_handler")
CANONICAL_ADDRESS = Internal("ray._private.services", "canonicalize_bootstrap_address")
GCS_CHANNEL = Internal("ray._private.gcs_utils", "create_gcs_channel")
CHECK_ALIVE_REQUEST = Internal("ray.core.generated.gcs_service_pb2", "CheckAliveRequest")
NODE_INFO = Internal("ray.core.generated.gcs_service_pb2_grpc", "NodeInfoGcsServiceStub")

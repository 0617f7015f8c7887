"""Checks whether a Ray cluster listens at an address: Ray's own check takes ten minutes and ignores signals."""

from __future__ import annotations

import os
import socket
import time

from openbioner_batch.engine.ray_internals import CANONICAL_ADDRESS, CHECK_ALIVE_REQUEST, GCS_CHANNEL, NODE_INFO
from openbioner_batch.errors import RunFailedError, UsageError

LISTENING_S = 20.0
"""How long to wait for a cluster that is starting."""
_ANSWER_S = 5.0
_PAUSE_S = 0.5
FORMS = "host:port of the head (ray start --head says it; its port is 6379 by default), ray://host:10001, or auto"
REMEDY = "start the cluster, or leave out --ray-address and unset RAY_ADDRESS to run on this machine"


def check_address(address: str) -> None:
    """Look for a cluster.

    Args:
        address: as `--ray-address` and `RAY_ADDRESS` have it.

    Raises:
        UsageError: Ray knows no address of this form, or something else listens there.
        RunFailedError: nothing listens at the address.
    """
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or address  # as `ray.init` takes it
    protocol, _, place = address.rpartition("://")
    if address == "local":
        raise UsageError("--ray-address local: leave the flag out to run on this machine")
    if protocol not in ("", "ray"):
        raise UsageError(f"--ray-address {address}: not an address of a Ray cluster; give {FORMS}")
    if protocol == "ray":
        _require_listener(address, *_host_and_port(address, place))
        return
    if address != "auto":
        _host_and_port(address, place)
    try:
        found = CANONICAL_ADDRESS.get()(address)
    except Exception as error:
        raise RunFailedError(f"--ray-address {address}: {' '.join(str(error).split())[:300]}; {REMEDY}") from error
    _require_head(address if address == found else f"{address} ({found})", found)


def _host_and_port(address: str, place: str) -> tuple[str, int]:
    host, colon, port = place.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"--ray-address {address}: not an address of a Ray cluster; give {FORMS}")
    return host.strip("[]"), int(port)


def _require_listener(address: str, host: str, port: int) -> None:
    end = time.monotonic() + LISTENING_S
    while True:
        try:
            socket.create_connection((host, port), timeout=_ANSWER_S).close()
            return
        except OSError as error:
            if time.monotonic() > end:
                raise RunFailedError(f"--ray-address {address}: nothing listens there ({error}); {REMEDY}") from None
        time.sleep(_PAUSE_S)


def _require_head(address: str, found: str) -> None:
    """Check that the head answers; a refusal to answer us is an answer too."""
    import grpc

    request = CHECK_ALIVE_REQUEST.get()()
    end = time.monotonic() + LISTENING_S
    channel = GCS_CHANNEL.get()(found)
    try:
        while True:
            try:
                NODE_INFO.get()(channel).CheckAlive(request, timeout=_ANSWER_S)
                return
            except grpc.RpcError as error:
                code = error.code()
                if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
                    return
                if code not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    raise UsageError(
                        f"--ray-address {address}: what listens there is not the head of a Ray cluster "
                        f"({code.name.lower()}); give {FORMS}"
                    ) from None
                if time.monotonic() > end:
                    raise RunFailedError(
                        f"--ray-address {address}: no Ray cluster answers there ({code.name.lower()}); {REMEDY}"
                    ) from None
            time.sleep(_PAUSE_S)
    finally:
        channel.close()

"""What is said of the address of a Ray cluster, before Ray itself looks for ten minutes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import grpc
import pytest
from ray._private import services
from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc

from openbioner_batch.engine import address
from openbioner_batch.engine.address import check_address
from openbioner_batch.errors import RunFailedError, UsageError

Code = grpc.StatusCode
Head = Callable[..., str]


class Answers(gcs_service_pb2_grpc.NodeInfoGcsServiceServicer):
    """Refuses with each code in turn, and then answers."""

    def __init__(self, codes: Sequence[Code]) -> None:
        self.codes = list(codes)

    def CheckAlive(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - Ray's name
        if self.codes:
            context.abort(self.codes.pop(0), "no")
        return gcs_service_pb2.CheckAliveReply()


@pytest.fixture
def head() -> Iterator[Head]:
    """Starts what answers in place of a head, with refusals first; its address."""
    servers = []

    def head(*codes: Code) -> str:
        server = grpc.server(ThreadPoolExecutor(2))
        gcs_service_pb2_grpc.add_NodeInfoGcsServiceServicer_to_server(Answers(codes), server)
        port = server.add_insecure_port("0.0.0.0:0")  # Ray looks for 127.0.0.1 at this machine's own address
        server.start()
        servers.append(server)
        return f"127.0.0.1:{port}"

    yield head
    for server in servers:
        server.stop(None)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "LISTENING_S", 0.2)
    monkeypatch.setattr(address, "_ANSWER_S", 1.0)
    monkeypatch.setattr(address, "_PAUSE_S", 0.05)


@pytest.fixture
def closed() -> Iterator[int]:
    """A port of this machine that nobody listens at, nor will meanwhile."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        yield found.getsockname()[1]


@pytest.mark.parametrize("codes", [(), (Code.UNAUTHENTICATED,), (Code.PERMISSION_DENIED,)])
def test_a_head_that_answers_is_found_even_if_it_asks_for_a_token(head: Head, codes: tuple[Code, ...]) -> None:
    check_address(head(*codes))


def test_a_head_that_is_still_starting_is_waited_for(head: Head) -> None:
    check_address(head(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED))


def test_auto_is_the_address_in_the_environment(
    head: Head, monkeypatch: pytest.MonkeyPatch, impatient: None, closed: int
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", head())
    check_address("auto")
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{closed}")
    with pytest.raises(RunFailedError, match=f"^--ray-address 127.0.0.1:{closed}.*: no Ray cluster answers"):
        check_address("auto")


def test_auto_may_be_a_client_too(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv("RAY_ADDRESS", f"ray://127.0.0.1:{server.getsockname()[1]}")
        check_address("auto")


def test_local_is_what_no_address_is() -> None:
    with pytest.raises(UsageError, match="leave the flag out to run on this machine"):
        check_address("local")


def test_auto_where_no_cluster_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(services, "find_gcs_addresses", set)  # there may be that of another test
    monkeypatch.setattr(services, "find_bootstrap_address", lambda folder: None)
    with pytest.raises(RunFailedError, match=r"^--ray-address auto: .*; start the cluster"):
        check_address("auto")


def test_what_answers_otherwise_is_no_head(head: Head) -> None:
    place = head(Code.UNIMPLEMENTED)
    with pytest.raises(UsageError, match=f"^--ray-address {place}.*: what listens there is not the head of a Ray"):
        check_address(place)


def test_a_head_that_does_not_come_up_is_given_up(impatient: None, closed: int) -> None:
    place = f"127.0.0.1:{closed}"
    with pytest.raises(RunFailedError, match=f"^--ray-address {place}.*: no Ray cluster answers there"):
        check_address(place)


def test_a_host_without_an_address_is_named_in_one_line(impatient: None) -> None:
    with pytest.raises(RunFailedError, match=r"^--ray-address no-such-host\.invalid:6379: ") as caught:
        check_address("no-such-host.invalid:6379")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "place", ["127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1", "ray://127.0.0.1", "ray://127.0.0.1:0", "ray://:10001"]
)
def test_a_place_without_host_or_port_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match=f"^--ray-address {place}: not an address of a Ray cluster; give host:port"):
        check_address(place)


@pytest.mark.parametrize("port", [1, 65535])
def test_every_port_there_is_is_looked_at(impatient: None, port: int) -> None:
    with pytest.raises(RunFailedError, match=f"^--ray-address ray://127.0.0.1:{port}: nothing listens there"):
        check_address(f"ray://127.0.0.1:{port}")


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "[::1]")])
def test_a_client_needs_a_listener_and_waits_for_one(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as server:
        server.bind((host.strip("[]"), 0))
        later = threading.Timer(0.3, server.listen)
        later.start()
        check_address(f"ray://{host}:{server.getsockname()[1]}")
        later.join()


def test_a_client_does_not_wait_for_ever(impatient: None, closed: int) -> None:
    with pytest.raises(RunFailedError, match=f"^--ray-address ray://127.0.0.1:{closed}: nothing listens there"):
        check_address(f"ray://127.0.0.1:{closed}")


@pytest.mark.timeout(60)
def test_a_host_that_answers_nothing_at_all_is_given_up_too(impatient: None) -> None:
    with socket.socket() as server, ExitStack() as others:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):  # no more are let in
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(server.getsockname())
        with pytest.raises(RunFailedError, match=r"nothing listens there \(timed out\)"):
            check_address(f"ray://127.0.0.1:{server.getsockname()[1]}")

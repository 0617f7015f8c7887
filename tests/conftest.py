"""Fixtures that every room's tests share: the data folder, an S3 server on loopback, a small checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from support import S3Server, free_port

from openbioner_batch.engine.cluster import usable_cores
from openbioner_batch.engine.executors import choice
from openbioner_batch.records import EntityType

try:
    from xdist.scheduler import LoadScopeScheduling
except ImportError:  # a machine that is borrowed for its GPU may have pytest and hypothesis alone
    LoadScopeScheduling = None

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling as Scheduling

    from openbioner_batch.model import Tagger
    from openbioner_batch.model.encoder import CrossEncoder

settings.register_profile(
    "openbioner",
    deadline=None,
    max_examples=60,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("openbioner")

TESTS = Path(__file__).parent
MOST_PROCESSES = 4
"""Each takes two GiB or more."""
SHARED_RAY = "shared_ray"
"""In the name of each test that requests `ray_here`."""

S3_ENVIRONMENT = {
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Set for the whole session, before any Ray worker starts: workers inherit it, and no test reaches a real bucket."""

WORDS = "the of patient aspirin lung cancer mice gene p53 dose was given in with and mg no sign fever".split()
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,;:()[]-/%é"

_outer_environment = pytest.MonkeyPatch()
_is_ray_running = choice._is_ray_running


def pytest_addoption(parser: pytest.Parser) -> None:
    """Without pytest-xdist, its options in `pyproject.toml` mean nothing."""
    if LoadScopeScheduling is None:
        parser.addoption("--numprocesses", "--dist", dest="without_xdist")
        parser.addoption("--no-loadscope-reorder", action="store_true")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process for each core where the whole suite runs; this one alone where files, folders or tests are named."""
    return min(usable_cores(), MOST_PROCESSES) if config.args == config.getini("testpaths") else 0


def pytest_configure(config: pytest.Config) -> None:
    if processes := config.getoption("numprocesses", 0):
        # As torch starts in each, it would take all cores.
        _outer_environment.setenv("OMP_NUM_THREADS", str(max(1, usable_cores() // processes)))
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL_S3"):
        _outer_environment.delenv(name, raising=False)
    for name, value in S3_ENVIRONMENT.items():
        _outer_environment.setenv(name, value)


def pytest_unconfigure() -> None:
    _outer_environment.undo()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """All tests on the shared Ray go to one process, and the others file by file, so that fixtures are made once."""

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return SHARED_RAY if needs_ray(nodeid) else nodeid.partition("::")[0]

    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first: the tests on the shared Ray."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not needs_ray(item.nodeid))


def needs_ray(nodeid: str) -> bool:
    """Whether a test requests the Ray that is shared, which its name then says."""
    return SHARED_RAY in nodeid.partition("[")[2]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A run takes a Ray that is connected, so the shared one is hidden from tests that do not request it."""
    choice._is_ray_running = _is_ray_running if needs_ray(item.nodeid) else lambda: False


@pytest.fixture(scope="session", params=[SHARED_RAY])
def ray_here() -> Iterator[None]:
    """Starting Ray takes seconds: all tests share one. Its workers find the scorers of the tests."""
    from openbioner_batch.engine.cluster import ray_connection

    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        environment.setenv("RAY_metrics_report_interval_ms", "1000")  # by default 10 s
        with ray_connection(None):
            yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of corpora and reference cases: OPENBIONER_SHARED, else `shared` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("OPENBIONER_SHARED", beside))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: set OPENBIONER_SHARED to the one that holds corpora/ and reference/")
    return folder


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Threads of a tiny model wait for each other longer than they work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """moto's S3 server, started on first use."""
    from moto.server import ThreadedMotoServer

    endpoint = S3_ENVIRONMENT["AWS_ENDPOINT_URL"]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(endpoint.rpartition(":")[2]), verbose=False)
    server.start()
    try:
        options = {
            "key": S3_ENVIRONMENT["AWS_ACCESS_KEY_ID"],
            "secret": S3_ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
            "client_kwargs": {"endpoint_url": endpoint},
        }
        yield S3Server(endpoint, options, count(1))
    finally:
        server.stop()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random checkpoint with an uncased vocabulary of letters and a few words: all but accuracy."""
    from openbioner_batch.model import ModelConfig, WindowSettings
    from openbioner_batch.model.checkpoint import save_checkpoint
    from openbioner_batch.model.encoder import CrossEncoder, initialize

    source = tmp_path_factory.mktemp("vocabulary")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *CHARACTERS, *(f"##{c}" for c in CHARACTERS), *WORDS]
    (source / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    (source / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    windows = WindowSettings(text_tokens=40, description_tokens=20, overlap_tokens=10)
    config = ModelConfig(len(pieces), 32, 2, 2, 64, 128, initializer_range=0.3, windows=windows)
    model = CrossEncoder(config)
    initialize(model, seed=7)
    folder = tmp_path_factory.mktemp("checkpoint")
    save_checkpoint(model, folder, tokenizer_from=source)
    return folder


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small random encoder of each family that transformers runs, plain, by `model_type`."""
    from encoders import FAMILIES

    found = {name: tmp_path_factory.mktemp(name) for name in FAMILIES}
    for name, make in FAMILIES.items():
        make(found[name])
    return found


@pytest.fixture(scope="session")
def tagger(checkpoint: Path) -> Tagger:
    """A tagger on the small checkpoint, in float32."""
    from openbioner_batch.model import Tagger

    return Tagger.from_pretrained(checkpoint, device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def cross_encoder(checkpoint: Path) -> CrossEncoder:
    """The small checkpoint as a module that can be trained; leave its weights as they are."""
    from openbioner_batch.model.checkpoint import load_encoder

    return load_encoder(checkpoint).eval()


@pytest.fixture(scope="session")
def types() -> list[EntityType]:
    """Two types that compete."""
    return [EntityType("drug", "a drug that is given"), EntityType("disease", "a sign of lung cancer or fever")]

"""The command line: a mistake is one clear line, and a key shows nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openbioner_batch.cli.main import main

from .conftest import Serve, write_notes


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


def silver(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["silver", *map(str, arguments)])


def test_the_group_says_what_it_holds() -> None:
    output = silver("--help").output
    assert all(name in output for name in ("annotate", "describe", "import"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give either --endpoint URL with --model NAME, or --vllm MODEL"),
        (("--endpoint", "http://localhost:1/v1"), "--endpoint needs --model"),
        (("--endpoint", "localhost:1", "--model", "m"), "give a URL such as"),
        (("--endpoint", "http://localhost:99999/v1", "--model", "m"), "give a URL such as"),
        (("--endpoint", "http://[::1/v1", "--model", "m"), "give a URL such as"),
        (("--endpoint", "http://a..b/v1", "--model", "m"), "give a URL such as"),
        (("--endpoint", "http://u:s3cret@localhost:x/v1", "--model", "m"), "give a URL such as"),
        (("--endpoint", "http://u:s3cret@localhost/v1", "--model", "m"), "a key belongs in --api-key-file"),
        (("--endpoint", "http://localhost/v1/chat/completions", "--model", "m"), "without /chat/completions"),
        (("--endpoint", "http://127.0.0.1:1/v1", "--model", "m"), "Connection refused): is the server running?"),
        (("--endpoint", "http://127.0.0.1:1/v1", "--model", "m", "--max-cost", "1"), "--max-cost needs --price-in"),
        (("--endpoint", "http://127.0.0.1:1/v1", "--model", "m", "--concurrency", "0"), "--concurrency is 0"),
        (("--endpoint", "http://127.0.0.1:1/v1", "--model", "m", "--max-covered", "2"), "--max-covered is 2"),
        (("--vllm", "some/model"), "pip install 'openbioner-batch[vllm]'"),
        (
            ("--endpoint", "http://127.0.0.1:1/v1", "--model", "m", "--api-key-file", "none"),
            "--api-key-file none cannot",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    notes = write_notes(tmp_path / "notes.jsonl", 1)
    result = silver("annotate", notes, "--output", tmp_path / "out", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert "s3cret" not in result.output
    assert sum(line.startswith("error: ") for line in result.stderr.splitlines()) == 1


def test_a_wrong_key_or_model_is_told_before_anything_starts(serve: Serve, tmp_path: Path) -> None:
    notes = write_notes(tmp_path / "notes.jsonl", 1)
    server = serve(key="right", model="llama")
    given = ("annotate", notes, "--output", tmp_path / "out", "--endpoint", server.url)
    (tmp_path / "key").write_text("wr0ng-key")
    result = silver(*given, "--model", "llama", "--api-key-file", tmp_path / "key")
    assert result.exit_code == 2
    assert "refuses the key of --api-key-file" in result.stderr
    assert "wr0ng-key" not in result.output
    assert "refuses a request without a key" in silver(*given, "--model", "llama").stderr
    (tmp_path / "key").write_text("right")
    result = silver(*given, "--model", "mistral", "--api-key-file", tmp_path / "key")
    assert "--model mistral: the endpoint" in result.stderr
    assert "has llama" in result.stderr


def test_a_yaml_file_and_flags_fill_the_same_settings(tmp_path: Path) -> None:
    (tmp_path / "silver.yaml").write_text("endpoint: http://127.0.0.1:1/v1\nmodel: m\nconcurrency: 0\nprice-in: 1\n")
    notes = write_notes(tmp_path / "notes.jsonl", 1)
    given = ("annotate", notes, "--output", tmp_path / "out", "--config", tmp_path / "silver.yaml")
    assert "--concurrency is 0" in silver(*given).stderr
    assert "cannot be reached" in silver(*given, "--concurrency", 3).stderr


def test_import_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "1", "text": "Aspirin was given.", "spans": [[0, 7, "Drugs"]]}\n')
    result = silver("import", tmp_path / "a.jsonl", "--layout", "jsonl", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "drug" in result.output

"""What a run says of its model's architecture."""

from __future__ import annotations

from pathlib import Path

from openbioner_batch.engine.architecture import say_architecture


def test_what_a_user_should_know_of_an_architecture_is_said_once(encoders: dict[str, Path]) -> None:
    said: list[str] = []
    say_architecture("bundled-open", said.append)
    assert said == []
    say_architecture(str(encoders["roberta"]), said.append)
    assert len(said) == 1
    assert said[0].startswith("note: ")

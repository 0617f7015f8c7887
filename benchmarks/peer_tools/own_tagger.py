"""This project's Tagger, as a tool of `peers.py`."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version

from protocol import Spans, request_of_tool, serve

from openbioner_batch.model import EntityType, Tagged, Tagger


def find(tagger: Tagger, types: list[EntityType], texts: list[str], words: str, count: int) -> list[Tagged]:
    """Tag with the first `count` types as a user would."""
    return tagger.annotate(texts, types[:count], words)


def spans(found: list[Tagged]) -> Spans:
    """Plain lists."""
    return [[(span.start, span.end, span.type) for span in one.spans] for one in found]


def main() -> None:
    """Serve."""
    request = request_of_tool()
    tagger = Tagger.from_pretrained(request["checkpoint"], "cpu", request["dtype"])
    types = [EntityType(name, description) for name, description in request["types"]]
    about = {"torch": version("torch"), "dtype": tagger.dtype, "token_budget": tagger.token_budget}
    serve(partial(find, tagger, types), spans, about)


if __name__ == "__main__":
    main()

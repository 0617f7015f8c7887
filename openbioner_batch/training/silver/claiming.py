"""Output folders of commands that write silver data in one go, without a run to resume."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from openbioner_batch.engine.store import Store
from openbioner_batch.errors import UsageError


def claim(
    store: Store, state: str, request: Mapping[str, Any], folders: Sequence[str], files: Sequence[str] = ()
) -> None:
    """Take a folder that is empty, or holds what an earlier call with the same request wrote, which is removed.

    Args:
        store: the folder.
        state: the file in it that keeps the request.
        request: the command's settings, as plain values.
        folders: what it writes.
        files: files that it writes beside them.

    Raises:
        UsageError: the folder holds something else.
    """
    kept = json.dumps(request).encode()
    if store.exists(state) and store.get(state) == kept:
        for folder in folders:
            store.remove_folder(folder)
        store.remove(list(files))
    elif names := store.names():
        raise UsageError(f"--output {store.url} holds {names[0]}, not what this request wrote: give another folder")
    store.put(state, kept)

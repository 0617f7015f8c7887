"""`python -m openbioner_batch`: the same as `openbioner-batch`."""

from __future__ import annotations

from openbioner_batch.cli.main import main

if __name__ == "__main__":
    main()

"""Turns what stopped a run into an error for its user."""

from __future__ import annotations

from openbioner_batch.errors import OpenBioNERError, RunFailedError


def as_run_failure(error: BaseException) -> OpenBioNERError:
    """The user's error inside Ray's wrappers, or one that names the innermost cause."""
    seen: BaseException | None = error
    innermost = error
    while seen is not None:
        if isinstance(seen, OpenBioNERError):
            # Ray's dual exception classes are rebuilt plainly: their text is a traceback.
            return next(kind for kind in type(seen).__mro__ if kind.__module__ == OpenBioNERError.__module__)(
                _message(getattr(seen, "cause", seen))
            )
        innermost = seen
        seen = getattr(seen, "cause", None) or seen.__cause__
    reason = type(innermost).__name__
    if isinstance(innermost, OSError) or type(innermost).__module__.startswith("ray."):
        # The text of other exceptions could quote a record.
        reason += f": {(_message(innermost).splitlines() or [''])[-1][:300]}"
    return RunFailedError(f"the run stopped: {reason}; what is committed stays, the same command resumes")


def _message(error: BaseException) -> str:
    """What an exception says, without the advice that Ray Data appends."""
    return str(error).partition("\nFailed to apply UDF transform")[0].strip()

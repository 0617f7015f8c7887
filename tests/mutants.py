"""Mutation testing: which small changes of a module's code do no tests fail for?

    python tests/mutants.py openbioner_batch/deid/merging.py --tests tests/deid/test_merging.py

Mutmut makes the changes; each is tried in a fork of the process that holds the collected tests and their fixtures.
Prints the changes that survived. tests/README.md says how to install mutmut, and what to do with a survivor.
"""

from __future__ import annotations

import argparse
import difflib
import functools
import gc
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from fnmatch import fnmatch
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path

import hypothesis
import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

# Threads of a pool are not in a fork.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", help="files to change, from the repository's root")
    parser.add_argument("--tests", nargs="+", required=True, help="files of tests to run; those without Ray or S3")
    parser.add_argument("--only", default="*", metavar="GLOB", help="mutants by name; '*[05]' is about a fifth of them")
    arguments = parser.parse_args()

    os.chdir(ROOT)  # mutmut's settings are in pyproject.toml
    sys.path.insert(0, str(ROOT))
    mutated = {
        ".".join(Path(name).with_suffix("").parts).removesuffix(".__init__"): mutate_file_contents(
            name, Path(name).read_text("utf-8")
        )
        for name in arguments.modules
    }
    sys.meta_path.insert(0, Mutated(mutated))
    trial = Trial(mutated, arguments.only)
    status = pytest.main(["-n0", "-q", "-s", "-p", "no:cacheprovider", *arguments.tests], plugins=[trial])
    sys.exit(status or bool(trial.survivors))


class Mutated(MetaPathFinder):
    """Imports modules with all their mutants in them: which is active, mutmut's trampolines look up at each call."""

    def __init__(self, files: dict[str, MutatedFile]) -> None:
        self.files = files

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        if name not in self.files:
            return None
        place = ROOT.joinpath(*name.split("."))
        file, within = (place / "__init__.py", [str(place)]) if place.is_dir() else (place.with_suffix(".py"), None)
        loader = Loader(self.files[name].code, name, str(file))
        return spec_from_file_location(name, file, loader=loader, submodule_search_locations=within)


class Loader(SourceFileLoader):
    """Runs other code than the file's."""

    def __init__(self, code: str, name: str, path: str) -> None:
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str):  # type: ignore[no-untyped-def]
        return compile(self.code, self.path, "exec", dont_inherit=True)


class Trial:
    """A pytest plugin: runs the tests once as they are, then those that reach a mutant on it."""

    def __init__(self, mutated: dict[str, MutatedFile], only: str) -> None:
        self.mutated = mutated
        self.only = only
        self.survivors: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # a failure is enough, however large
        profile = hypothesis.settings(phases=phases, database=None, derandomize=True)
        hypothesis.settings.register_profile("mutants", profile)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        reached, seconds = self.run_unchanged(session.items)
        if self.fate("none", session.items, sum(seconds.values())) != "survived":
            pytest.exit("these tests fail in a fork: leave out those that need Ray, S3 or a thread of the process", 1)
        for module, file in self.mutated.items():
            fates = Counter[str]()
            for name in file.mutant_names:
                mutant = f"{module}.{name}"
                if not fnmatch(mutant, self.only):
                    continue
                tests = sorted(reached[mutant.partition("__mutmut_")[0]], key=lambda test: seconds[test])
                fate = self.fate(mutant, tests, sum(seconds[test] for test in tests)) if tests else "no tests"
                fates[fate] += 1
                if fate in ("survived", "no tests"):
                    self.survivors.append(mutant)
                    print(f"\n{fate}: {mutant}\n{difference(file, name)}", flush=True)
            print(f"\n== {module}: {len(file.mutant_names)} mutants; {dict(fates)}", flush=True)
        return True

    def run_unchanged(
        self, items: list[pytest.Item]
    ) -> tuple[defaultdict[str, list[pytest.Item]], dict[pytest.Item, float]]:
        """The tests that reach each function, and the time each test takes."""
        reached: defaultdict[str, list[pytest.Item]] = defaultdict(list)
        seconds = {}
        set_mutant_under_test("stats")
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            began = time.process_time()
            self.forget()
            state()._stats.clear()
            if fails(item, following):
                pytest.exit(f"{item.nodeid} fails without any change", 1)
            seconds[item] = time.process_time() - began
            for function in state()._stats:
                reached[function].append(item)
        return reached, seconds

    def forget(self) -> None:
        """Clear what functions of the package keep of earlier calls, which would hide a mutant behind old results.

        Tables that take no arguments stay, except those of the changed modules.
        """
        for one in gc.get_objects():
            if isinstance(one, functools._lru_cache_wrapper) and str(one.__module__).startswith("openbioner_batch"):
                code = one.__wrapped__.__code__
                if code.co_argcount or code.co_flags & 0x0C or one.__module__ in self.mutated:
                    one.cache_clear()

    def fate(self, mutant: str, tests: list[pytest.Item], seconds: float) -> str:
        """The outcome of a mutant in a fork of this process."""
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            return {0: "survived", 1: "killed"}.get(os.waitstatus_to_exitcode(status), "timeout or crash")
        limit = int(time.process_time() + 5 * seconds + 2)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(300)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        set_mutant_under_test(mutant)
        self.forget()
        try:
            tests[0].session._setupstate.teardown_exact(tests[0])
            failed = any(fails(test, following) for test, following in zip(tests, [*tests[1:], tests[0]], strict=True))
        except BaseException:
            failed = True
        os._exit(failed)


def fails(item: pytest.Item, following: pytest.Item) -> bool:
    """Runs a test; fixtures stay that `following` needs."""
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def difference(file: MutatedFile, name: str) -> str:
    lines = file.code.splitlines()
    spans = [file.line_span_by_function_name[one] for one in (f"{name.partition('__mutmut_')[0]}__mutmut_orig", name)]
    old, new = (lines[span.start - 1 : span.end] for span in spans)
    changes = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    return "\n".join(line for line in changes if "__mutmut_" not in line)


if __name__ == "__main__":
    main()

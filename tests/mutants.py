"""Mutation testing: which small changes of a module's code do no tests fail for?

    python tests/mutants.py openbioner_batch/deid/merging.py --tests tests/deid/test_merging.py
    python tests/mutants.py openbioner_batch/formats --tests tests/formats --sample 12

Mutmut makes the changes; each is tried in a fork of the process that holds the collected tests and their fixtures, on
the tests that reach the changed function. Tests that need Ray, take long, or fail in a fork are left out.
Prints the changes that survived. tests/README.md says how to install mutmut, and what to do with a survivor.
"""

from __future__ import annotations

import argparse
import difflib
import functools
import gc
import os
import random
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
LONGEST_TEST = 2.0
"""Seconds of CPU time; a test that takes longer is left out."""
MOST_SECONDS = 5.0
"""CPU time of the tests, unchanged, that a mutant is tried on: the quick ones first."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", help="files to change, or folders, from the repository's root")
    parser.add_argument("--tests", nargs="+", required=True, help="files of tests to run, or folders")
    parser.add_argument("--only", default="*", metavar="GLOB", help="mutants by name; '*[05]' is about a fifth of them")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each file, drawn at random; or all")
    parser.add_argument("--seed", default="18", help="of the sample [18]")
    arguments, others = parser.parse_known_args()  # others are pytest's, such as --deselect

    os.chdir(ROOT)  # mutmut's settings are in pyproject.toml
    sys.path.insert(0, str(ROOT))
    mutated, chosen = {}, {}
    for path in (file for name in map(Path, arguments.modules) for file in sorted(name.rglob("*.py")) or [name]):
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        mutated[module] = mutate_file_contents(str(path), path.read_text("utf-8"))
        names = [name for name in mutated[module].mutant_names if fnmatch(f"{module}.{name}", arguments.only)]
        if arguments.sample and arguments.sample < len(names):
            names = random.Random(f"{arguments.seed} {module}").sample(names, arguments.sample)
        chosen[module] = names
    sys.meta_path.insert(0, Mutated(mutated))
    trial = Trial(mutated, chosen)
    status = pytest.main(["-n0", "-q", "-s", "-p", "no:cacheprovider", *others, *arguments.tests], plugins=[trial])
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

    def __init__(self, mutated: dict[str, MutatedFile], chosen: dict[str, list[str]]) -> None:
        self.mutated = mutated
        self.chosen = chosen
        self.survivors: list[str] = []
        self.caches: list[functools._lru_cache_wrapper] = []
        self.modules = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # a failure is enough, however large
        profile = hypothesis.settings(phases=phases, database=None, derandomize=True)
        hypothesis.settings.register_profile("mutants", profile)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        reached, seconds = self.run_unchanged([item for item in session.items if "ray_here" not in item.fixturenames])
        gc.freeze()  # a collection in a fork would copy what it visits
        for test, taken in seconds.items():
            if taken > LONGEST_TEST:
                print(f"left out, as it takes {taken:.1f} s: {test.nodeid}", flush=True)
        able = self.able_in_a_fork([test for test, taken in seconds.items() if taken <= LONGEST_TEST], seconds)
        by_file = Counter[Path]()
        for test in able:
            by_file[test.path] += seconds[test]
        able.sort(key=lambda test: (by_file[test.path], test.path, seconds[test]))  # fixtures of a file are made once
        for module, file in self.mutated.items():
            fates = Counter[str]()
            for name in self.chosen[module]:
                mutant = f"{module}.{name}"
                tests, taken = [], 0.0
                for test in able:
                    if test in reached[mutant.partition("__mutmut_")[0]] and taken + seconds[test] <= MOST_SECONDS:
                        tests.append(test)
                        taken += seconds[test]
                fate = self.fate(mutant, tests, taken) if tests else "no tests"
                fates[fate] += 1
                if fate in ("survived", "no tests"):
                    self.survivors.append(mutant)
                    print(f"\n{fate}: {mutant}\n{difference(file, name)}", flush=True)
            print(f"\n== {module}: {len(file.mutant_names)} mutants; {dict(fates)}", flush=True)
        return True

    def run_unchanged(
        self, items: list[pytest.Item]
    ) -> tuple[defaultdict[str, set[pytest.Item]], dict[pytest.Item, float]]:
        """The tests that reach each function, and the time each test takes."""
        reached: defaultdict[str, set[pytest.Item]] = defaultdict(set)
        seconds = {}
        set_mutant_under_test("stats")
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            began = time.process_time()
            self.forget()
            state()._stats.clear()
            if fails(item, following):
                print(f"left out, as it fails without any change: {item.nodeid}", flush=True)
                continue
            seconds[item] = time.process_time() - began
            for function in state()._stats:
                reached[function].add(item)
        return reached, seconds

    def able_in_a_fork(self, items: list[pytest.Item], seconds: dict[pytest.Item, float]) -> list[pytest.Item]:
        """The tests that pass in a fork of this process, where threads of S3's client or Arrow are missing."""
        able, left = [], items
        while left:
            source, sink = os.pipe()
            if not (child := os.fork()):
                self.become("none")
                left[0].session._setupstate.teardown_exact(left[0])
                for test, following in zip(left, [*left[1:], left[0]], strict=True):
                    signal.alarm(int(8 + 20 * seconds[test]))  # a test that waits for a thread waits for ever
                    os.write(sink, b"f" if fails(test, following) else b"p")
                os._exit(0)
            os.close(sink)
            with open(source, "rb") as stream:
                outcomes = stream.read()
            os.waitpid(child, 0)
            if len(outcomes) < len(left):
                outcomes += b"f"
            for test, outcome in zip(left, outcomes.decode(), strict=False):
                if outcome == "p":
                    able.append(test)
                else:
                    print(f"left out, as it fails in a fork: {test.nodeid}", flush=True)
            left = left[len(outcomes) :]
        return able

    def forget(self) -> None:
        """Clear what functions of the package keep of earlier calls, which would hide a mutant behind old results.

        Tables that take no arguments stay, except those of the changed modules.
        """
        if len(sys.modules) != self.modules:
            self.modules = len(sys.modules)
            self.caches = [one for one in gc.get_objects() if self.is_to_forget(one)]
        for one in self.caches:
            one.cache_clear()

    def is_to_forget(self, one: object) -> bool:
        if type(one) is not functools._lru_cache_wrapper or not str(one.__module__).startswith("openbioner_batch"):
            return False
        code = one.__wrapped__.__code__
        return bool(code.co_argcount or code.co_flags & 0x0C or one.__module__ in self.mutated)

    def become(self, mutant: str) -> None:
        """Turns a fork of this process into one where a mutant is active."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        set_mutant_under_test(mutant)
        self.forget()

    def fate(self, mutant: str, tests: list[pytest.Item], seconds: float) -> str:
        """The outcome of a mutant in a fork of this process."""
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            return {0: "survived", 1: "killed"}.get(os.waitstatus_to_exitcode(status), "timeout or crash")
        self.become(mutant)
        limit = int(time.process_time() + 3 * seconds + 3)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        signal.alarm(int(20 + 20 * seconds))
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

"""Runs the selected mutants on all cores, and writes each result to the table at once."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

import msgspec

from firstline.cli.develop import checkout
from firstline.cli.main import STOPPED_STATUS
from firstline.errors import InvalidInput
from tools.mutants import mutants
from tools.mutants.mutants import COUNT, GOAL, TARGETS, Mutant, MutantId, Targets, TrialResult
from tools.mutants.trial import BASELINE_SECONDS, SLACK, Copy, TestRun

SEED = 0


def run(table: Path, seed: int = SEED, count: int = COUNT) -> int:
    """Try each selected mutant that *table* lacks for this code; return 1 below `GOAL`.

    A survivor without an accepted reason is tried again, since a test may exist by now.
    """
    return Campaign(checkout(), table, mutants.digest()).run(seed, count)


class Campaign:
    """Mutants of *root* by *targets*; *table* has the results under the digest *code*."""

    def __init__(self, root: Path, table: Path, code: str, targets: Targets = TARGETS) -> None:
        self.root, self.table, self.code, self.targets = root, table, code, targets
        self.tests = mutants.files(root, targets)
        self.copies = SimpleQueue[Copy]()
        self.seconds: dict[frozenset[str], float] = {}

    def run(self, seed: int, count: int) -> int:
        """See `run`."""
        order = {each.key: each for each in mutants.choose(self.root, seed, self.targets)}
        trials = {each.key: each for each in mutants.load(self.table)}
        accepted = mutants.reasons(self.table.with_name("survivors.toml"))
        current = (it for it in trials.values() if (it.code, it.seed) == (self.code, seed))
        done = {each.key: each for each in current if each.key in order}
        settled = {key for key, each in done.items() if each.killer or key in accepted}
        chosen = list(order.values())[:count]
        left = [each for each in chosen if each.key not in settled]
        killers = {key: each.killer for key, each in trials.items()}
        for each, killer in self._trials(left, killers):
            if each is None:
                return STOPPED_STATUS
            done[each.key] = _tried(each, killer, seed, self.code)
            lines = (msgspec.json.encode(done[key]) + b"\n" for key in order if key in done)
            whole = self.table.with_suffix(".new")
            whole.write_bytes(b"".join(lines))
            whole.rename(self.table)  # one that is stopped here leaves no half of it
            print(_progress(each, killer, done, chosen), flush=True)
        killed = [done[each.key].killer is not None for each in chosen]
        return int(sum(killed) < GOAL * len(killed))

    def _trials(
        self, left: Sequence[Mutant], killers: Mapping[mutants.Key, str | None]
    ) -> Iterator[tuple[Mutant | None, str | None]]:
        """Yield each mutant of *left* with its killer; None if it was stopped."""
        cores = os.process_cpu_count() or 1
        with tempfile.TemporaryDirectory() as path, ThreadPoolExecutor(cores) as pool:
            self.copies = SimpleQueue[Copy]()
            copies = [Copy(self.root, Path(path, str(each))) for each in range(cores)]
            for copy in copies:
                self.copies.put(copy)
            try:
                list(pool.map(self._measure, {frozenset(self.tests[it.file]) for it in left}))
                list(pool.map(self._check, sorted({each.file for each in left})))
                trials = {pool.submit(self._try, it, killers.get(it.key)): it for it in left}
                for trial in as_completed(trials):
                    yield trials[trial], trial.result()
            except KeyboardInterrupt:
                yield None, None
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                for copy in copies:
                    copy.stop()

    def _with_copy(self, work: Callable[[Copy], TestRun]) -> TestRun:
        copy = self.copies.get()
        try:
            return work(copy)
        finally:
            self.copies.put(copy)

    def _measure(self, tests: frozenset[str]) -> None:
        """Return the CPU time of these tests without a mutant.

        Raises `InvalidInput` if they fail.
        """
        ran = self._with_copy(lambda copy: copy.run(sorted(tests), BASELINE_SECONDS))
        if killer := ran.killer():
            raise InvalidInput(f"fails without a mutant: {killer}")
        self.seconds[tests] = ran.seconds()

    def _check(self, file: str) -> None:
        """Raise `InvalidInput` unless the tests fail on a break in the copy's *file*."""
        source = (self.root / file).read_bytes()
        # a script may be cut off by its own exit, so that its break stands after its first line
        broken = source + b"raise ImportError\n"
        if not file.endswith(".py"):
            broken = source.replace(b"\n", b"\nexit 97\n", 1)
        if self._killer(file, broken, self.tests[file]) is None:
            raise InvalidInput(f"the tests do not run {file} of the copy")

    def _try(self, mutant: Mutant, killer: str | None) -> str | None:
        """Return the killer of *mutant*; the last killer's file is tried first."""
        source = (self.root / mutant.file).read_bytes()
        first = (killer or "").partition("::")[0]
        tests = sorted(self.tests[mutant.file], key=lambda file: file != first)
        return self._killer(mutant.file, mutant.edit.apply(source), tests)

    def _killer(self, file: str, source: bytes, tests: Sequence[str]) -> str | None:
        seconds = SLACK * self.seconds[frozenset(tests)]
        ran = self._with_copy(lambda copy: copy.try_source(file, source, tests, seconds))
        return ran.killer()


def _tried(mutant: Mutant, killer: str | None, seed: int, code: str) -> TrialResult:
    what = {name: getattr(mutant, name) for name in MutantId.__struct_fields__}
    return TrialResult(**what, line=mutant.line, killer=killer, seed=seed, code=code)


def _progress(
    mutant: Mutant,
    killer: str | None,
    done: dict[mutants.Key, TrialResult],
    chosen: Sequence[Mutant],
) -> str:
    tried = [done[each.key].killer for each in chosen if each.key in done]
    killed = sum(each is not None for each in tried)
    head = f"{len(tried):4} tried, {len(chosen) - len(tried):4} left, {killed / len(tried):4.0%}"
    where = f"{mutant.file}:{mutant.line} {mutant.operator}"
    if killer is None:
        return f"{head} SURVIVES {where}\n    - {mutant.before}\n    + {mutant.after}"
    return f"{head} {where}: {killer}"

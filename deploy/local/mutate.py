"""`make mutate`: changes modules in small ways and counts the changes that no test notices.

Modules come in groups (`G=rules`, `G=deposit`, `G=verifier`); `M="acceptance manifest"` narrows
one, and `D=3` takes a tenth of the changes, those whose number ends in that digit: a sample that
anyone can repeat, where trying all takes hours. The tool names a module by its path, so the
packages, their tests and what those read are copied into a folder where path and import name agree.
Nothing of it is kept but the list of what lived: `var/mutate/<group>/alive.txt`.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "var" / "mutate"
ROOMS = {
    "sextant_shared": "shared",
    "sextant_exchange": "services/exchange",
    "sextant_audit": "services/audit",
    "sextant_declarations": "services/declarations",
    "sextant_client": "client",
}
ALIVE = {"survived", "no tests"}
UNTRIED = {"not checked"}
READ = ("bench", "deploy", "docs", "examples")  # what tests read beside themselves
CHILDREN = "2"
CONFIG = """
[tool.mutmut]
source_paths = [{sources}]
only_mutate = [{modules}]
also_copy = [{copied}]
pytest_add_cli_args_test_selection = [{tests}]
pytest_add_cli_args = ["-q", "-x", {chosen}]
use_git_change_detection = false
process_isolation = "forkserver"  # tests start threads: a fork of the process that ran them hangs
timeout_multiplier = 5.0

[tool.pytest.ini_options]
addopts = "-p no:schemathesis --import-mode=importlib"
pythonpath = ["."]
markers = ["processes: starts real service processes"]
"""


@dataclass(frozen=True)
class Group:
    """Modules that decide one thing, and the tests that must notice when they decide otherwise.

    `modules` are paths in `folder` without suffix. `chosen` narrows the tests. Property tests are
    left out: they are slow, and what they find by luck is no measure.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    chosen: tuple[str, ...] = ("-m", "not hypothesis")

    def narrowed(self, names: Sequence[str]) -> list[str]:
        """Return the modules with these names, all of them when none is named."""
        known = {module.rpartition("/")[2] for module in self.modules}
        if "*" not in known and (wrong := set(names) - known):
            raise SystemExit(f"no such module here: {' '.join(sorted(wrong))}; {sorted(known)}")
        folders = [module.rpartition("/")[0] for module in self.modules]
        if "*" in known:
            return [f"{folders[0]}/{name}" for name in names or ["*"]]
        return [m for m in self.modules if not names or m.rpartition("/")[2] in names]


def _in(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names.split())


GROUPS = {
    "rules": Group(
        modules=("sextant_shared/rules/*",),
        tests=("tests/unit/shared/rules",),
        chosen=("-k", "not break and not whatever"),
    ),
    "deposit": Group(
        modules=(
            *_in(
                "sextant_exchange/domain",
                "acceptance acting allowance appending completion deposit envelopes erasing"
                " lookup mailboxes policy quota recovery refusals registration retention threads",
            ),
            *_in(
                "sextant_shared/protocol",
                "access acts checkpoints jws levels logproof manifest parties recalls receipts"
                " refusals type_checks",
            ),
        ),
        tests=("tests/unit/exchange", "tests/unit/shared/protocol", "tests/integration/exchange"),
    ),
    "verifier": Group(
        modules=(
            *_in("sextant_client", "custody evidence trust verify"),
            *_in("sextant_client/identity", "judging"),
            *_in("sextant_client/verifier", "files heads"),
            *_in(
                "sextant_shared/protocol",
                "archives cose_receipts cosignatures keyhistory notes policies registry_state"
                " statements timestamps witnessing",
            ),
        ),
        tests=(
            *_in("tests/unit/client", "copies identity verifier witness test_custody.py"),
            *_in("tests/unit/client", "test_evidence.py test_timestamps.py test_trust.py"),
            *_in("tests/unit/audit", "test_receipt_signing.py test_timestamping.py"),
            "tests/unit/shared/protocol",
            "tests/frozen",
            "tests/integration/client/test_documents.py",
            "tests/integration/client/test_identity.py",
        ),
        # What changes byte after byte takes minutes of each mutant that nothing else notices.
        chosen=("-m", "not hypothesis", "-k", "not no_byte and not changed_member"),
    ),
}


def prepare(work: Path, group: Group, names: Sequence[str]) -> None:
    """Lay out the copy that is changed."""
    modules = group.narrowed(names)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for package, room in ROOMS.items():
        shutil.copytree(ROOT / room / package, work / package)
    for name in ("tests", *READ):
        shutil.copytree(ROOT / name, work / name)
    config = CONFIG.format(
        sources=_listed(sorted({module.partition("/")[0] for module in modules})),
        modules=_listed([f"{module}.py" for module in modules]),
        # What is not changed is copied as it is: the copy alone is on the path.
        copied=_listed([*READ, *ROOMS]),
        tests=_listed(group.tests),
        chosen=_listed(group.chosen),
    )
    (work / "pyproject.toml").write_text(config, encoding="utf-8")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def run(work: Path, digit: str) -> list[tuple[str, str]]:
    """Run all changes, or those whose number ends in a digit; return what became of each."""
    tool = str(Path(sys.executable).with_name("mutmut"))
    sample = [f"*__mutmut_*{digit}", f"*__mutmut_{digit}"] if digit else []
    done = subprocess.run([tool, "run", "--max-children", CHILDREN, *sample], cwd=work, check=False)
    if done.returncode:
        raise SystemExit("nothing was tried: the tests must pass before anything is changed")
    told = subprocess.run(
        [tool, "results", "--all", "true"], cwd=work, check=True, capture_output=True, text=True
    )
    lines = (line.strip().rpartition(": ") for line in told.stdout.splitlines() if ": " in line)
    return [(name, status) for name, _, status in lines if status not in UNTRIED]


def main() -> int:
    """Print the share that lives, by module and in all; end with 1 where nothing was tried."""
    name, *modules = sys.argv[1:] or ["rules"]
    if name not in GROUPS:
        sys.stderr.write(f"usage: python -m deploy.local.mutate {' | '.join(GROUPS)} [module …]\n")
        return 2
    work = WORK / name
    prepare(work, GROUPS[name], modules)
    results = run(work, os.environ.get("D", ""))
    tried: Counter[str] = Counter()
    alive: Counter[str] = Counter()
    for changed, status in results:
        module = changed.rpartition(".")[0].rpartition(".")[2]
        tried[module] += 1
        alive[module] += status in ALIVE
    living = [f"{changed}: {status}" for changed, status in results if status in ALIVE]
    (work / "alive.txt").write_text("\n".join(living) + "\n", encoding="utf-8")
    print()
    for module in sorted(tried):
        print(f"{module:<14} {alive[module]:>4} of {tried[module]:>4} live")
    if not tried:
        print("nothing was changed; see the output above")
        return 1
    share = alive.total() / tried.total()
    print(f"{'in all':<14} {alive.total():>4} of {tried.total():>4} live: {share:.1%}")
    print(f"They are listed in {work / 'alive.txt'}; `mutmut show NAME` there shows one.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

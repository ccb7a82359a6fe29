"""`make mutate`: changes the rule pack in small ways and counts the changes that no test notices.

The tool that makes the changes names a module by its path, so the package, its tests and the
examples are copied into a folder where path and import name agree. Nothing of it is kept but the
list of what lived: `var/mutate/alive.txt`.
"""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "var" / "mutate"
PACK = "sextant_shared/rules"
ALIVE = {"survived", "no tests"}
# Property tests are left out: they are slow, and what they find by luck is no measure.
CONFIG = """
[tool.mutmut]
source_paths = ["sextant_shared"]
only_mutate = [{modules}]
also_copy = ["examples"]
pytest_add_cli_args_test_selection = ["tests/unit/shared/rules"]
pytest_add_cli_args = ["-q", "-x", "-k", "not break and not whatever"]
use_git_change_detection = false

[tool.pytest.ini_options]
addopts = "--import-mode=importlib"
pythonpath = ["."]
"""


def prepare(modules: list[str]) -> None:
    """Lay out the copy that is changed."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    shutil.copytree(ROOT / "shared" / "sextant_shared", WORK / "sextant_shared")
    for name in ("tests", "examples"):
        shutil.copytree(ROOT / name, WORK / name)
    listed = ", ".join(f'"{PACK}/{module}.py"' for module in modules or ["*"])
    (WORK / "pyproject.toml").write_text(CONFIG.format(modules=listed), encoding="utf-8")


def run() -> list[tuple[str, str]]:
    """Run all changes and return each with what became of it."""
    tool = str(Path(sys.executable).with_name("mutmut"))
    subprocess.run([tool, "run", "--max-children", "2"], cwd=WORK, check=False)
    told = subprocess.run(
        [tool, "results", "--all", "true"], cwd=WORK, check=True, capture_output=True, text=True
    )
    lines = (line.strip().rpartition(": ") for line in told.stdout.splitlines() if ": " in line)
    return [(name, status) for name, _, status in lines]


def main() -> int:
    """Print the share that lives, by module and in all; end with 1 where nothing was tried."""
    prepare(sys.argv[1:])
    results = run()
    tried: Counter[str] = Counter()
    alive: Counter[str] = Counter()
    for name, status in results:
        module = name.split(".")[2]
        tried[module] += 1
        alive[module] += status in ALIVE
    living = [f"{name}: {status}" for name, status in results if status in ALIVE]
    (WORK / "alive.txt").write_text("\n".join(living) + "\n", encoding="utf-8")
    print()
    for module in sorted(tried):
        print(f"{module:<14} {alive[module]:>4} of {tried[module]:>4} live")
    if not tried:
        print("nothing was changed; see the output above")
        return 1
    share = alive.total() / tried.total()
    print(f"{'in all':<14} {alive.total():>4} of {tried.total():>4} live: {share:.1%}")
    print(f"They are listed in {WORK / 'alive.txt'}; `mutmut show NAME` there shows one.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

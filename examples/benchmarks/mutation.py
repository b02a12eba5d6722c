"""Mutation testing: changes one place of a module at a time, and runs its tests.

python examples/benchmarks/mutation.py skgan_resample/nn/losses.py [--sample 40]

Each mutant is a process forked from one that has imported torch and pytest, but nothing of the
package. It is killed if a test fails, or if it takes five times as long as all of them.
"""

import argparse
import ast
import copy
import importlib.util
import os
import random
import resource
import sys
from pathlib import Path

import hypothesis

# torch and others are slow to import: once for all mutants
import imblearn.utils.estimator_checks  # noqa: F401
import pandas  # noqa: F401
import polars  # noqa: F401
import pytest
import sklearn.datasets  # noqa: F401
import torch  # noqa: F401

ROOT = Path(__file__).parents[2]
IMPORTED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
# Tests to run for a module, the quickest first; the next only if all before have passed.
_FITS = [
    "tests/test_template.py",
    "tests/test_bad_input.py -k [CGANSampler or polars or refuses",
]
TESTS = {
    "codec/_image.py": ["tests/codec/test_image.py"],
    "codec": ["tests/codec/test_table.py tests/codec/test_mixed.py"],
    "nn/latent.py": ["tests/nn/test_latent.py"],
    "nn/losses.py": ["tests/nn/test_losses.py tests/nn/test_divergences.py"],
    "nn/run.py": ["tests/nn/test_training.py"],
    "_base.py": _FITS,
    "_gan_base.py": _FITS,
}
SWAPS = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.FloorDiv: ast.Div, ast.Mod: ast.Div, ast.Pow: ast.Mult, ast.MatMult: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift},
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is},
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And},
}


def replacements(node):
    """Changed copies of a node."""
    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)) and type(node.op) in SWAPS:
        yield _with(node, op=SWAPS[type(node.op)]())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield _with(node, ops=[SWAPS[type(node.ops[0])](), *node.ops[1:]])
    if isinstance(node, ast.UnaryOp):
        yield node.operand
    if isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield _with(node, value=node.value + 1)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield _with(node, value=f"XX{node.value}XX")
    if isinstance(node, ast.Return) and node.value is not None:
        yield _with(node, value=ast.Constant(None))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    if isinstance(node, ast.Call):
        for i, keyword in enumerate(node.keywords):
            if type(getattr(keyword.value, "value", None)) is not bool:  # those are negated above
                yield _with(node, keywords=node.keywords[:i] + node.keywords[i + 1 :])


def _with(node, **changes):
    new = copy.copy(node)
    for name, value in changes.items():
        setattr(new, name, value)
    return new


def places(parent):
    """(parent, field, index, node) of everything that runs but texts, messages and types."""
    for name, value in ast.iter_fields(parent):
        if name in ("annotation", "returns"):
            continue
        for i, node in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(node, ast.AST):
                continue
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_warning = isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn"
            skipped = isinstance(node, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom))
            if not (is_text or is_warning or skipped):
                yield parent, name, i if isinstance(value, list) else None, node
                yield from places(node)


def mutants(source):
    """(line, before, after, code) of each mutant."""
    tree = ast.parse(source)
    for parent, name, i, node in list(places(tree)):
        for new in replacements(node):
            old = getattr(parent, name)
            setattr(parent, name, new if i is None else [*old[:i], new, *old[i + 1 :]])
            code = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree)))
            setattr(parent, name, old)
            yield node.lineno, ast.unparse(node), ast.unparse(new), code


class Finder:
    """Imports one module from other code than its file's."""

    def __init__(self, path, code):
        self.path, self.code = path, code

    def find_spec(self, name, path=None, target=None):
        if name == ".".join(Path(self.path).with_suffix("").parts):
            return importlib.util.spec_from_loader(name, self, origin=str(ROOT / self.path))
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__file__ = str(ROOT / self.path)
        exec(compile(self.code, module.__file__, "exec"), module.__dict__)


def passes(path, code, stages, seconds, verbose=False):
    """Whether all tests pass with ``code`` for the module, within so much processor time."""
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        sys.meta_path.insert(0, Finder(path, code))
        for stream in () if verbose else (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        args = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "", "-W", IMPORTED]
        os._exit(any(pytest.main([*args, *_words(stage)]) for stage in stages))
    return os.waitpid(pid, 0)[1] == 0


def _words(stage):
    files, _, chosen = stage.partition(" -k ")
    return [*files.split(), *(["-k", chosen] if chosen else [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("module")
    parser.add_argument("--sample", type=int, help="number of random mutants; by default all")
    parser.add_argument(
        "--skip", type=int, default=0, help="number of mutants to leave out, seen before"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tests", nargs="*", help="tests to run instead of TESTS")
    parser.add_argument("--lines", type=int, nargs="*", help="only those of these lines")
    args = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    # a failing example is enough: it need not be the shortest
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile(
        "mutation", deadline=None, derandomize=True, max_examples=20, phases=phases
    )
    os.environ["HYPOTHESIS_PROFILE"] = "mutation"

    stages = args.tests or next(tests for part, tests in TESTS.items() if part in args.module)
    source = Path(args.module).read_text()
    before = os.times().children_user
    assert passes(args.module, source, stages, 600, True), "the tests fail without a mutation"
    seconds = int(5 * (os.times().children_user - before)) + 10
    chosen = [m for m in mutants(source) if args.lines is None or m[0] in args.lines]
    n_all, n_killed = len(chosen), 0
    random.Random(args.seed).shuffle(chosen)  # a larger sample begins with a smaller one
    chosen = chosen[args.skip : args.sample]
    for line, before, after, code in chosen:
        survived = passes(args.module, code, stages, seconds)
        n_killed += not survived
        print("SURVIVED" if survived else "killed", f"line {line}: {before} -> {after}", flush=True)
    print(f"{args.module}: {n_killed} of {len(chosen)} killed; there are {n_all}", flush=True)


if __name__ == "__main__":
    main()

"""Allowed imports within the package (docs/architecture.md), read off its import lines."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "skgan_resample"
FILES = sorted(ROOT.rglob("*.py"))
MAX_LINES = 600
MAX_BODY = 45

# For each module, the modules of the package that it may import from, itself always included.
INSIDE = {
    "_base": {"codec", "_containers"},
    "_containers": set(),
    "_docstrings": set(),
    "_gan_base": {"nn", "_base", "_containers", "metrics"},
    "_versions": {"__version__"},
    "codec": {"_containers"},
    "comparison": set(),
    "distributed": {"nn", "_gan_base", "_containers"},
    "metrics": {"codec", "_containers"},
    "mixing": {"codec"},
    "nn": set(),
    "over_sampling": {"_base", "_docstrings", "_gan_base", "codec", "mixing", "nn", "subclasses"},
    "plotting": {"_containers"},
    "subclasses": {"_containers"},
}
USERS = {"_base", "metrics", "comparison"}  # of the public names of other modules
# Modules with one library only: nn imports torch alone, others do without it.
NN_THIRD_PARTY = {"torch"}
NO_TORCH = {"_base", "_containers", "codec", "comparison", "metrics", "mixing", "plotting"}
NO_TORCH |= {"subclasses"}
# Imported only where they are used.
OPTIONAL = {"lightning_fabric", "matplotlib", "pandas"}


def imports(source, module, is_package=False):
    """Absolute dotted names that a module imports, `from a import b` as "a.b"."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = module.split(".")[: len(module.split(".")) + is_package - node.level]
            base = ".".join((up if node.level else []) + [node.module] * bool(node.module))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name, parts):
    return any(name == part or name.startswith(part + ".") for part in parts)


def forbidden(source, module, is_package=False):
    """The imports of a module that break the rules; `module` is e.g. "skgan_resample.nn.losses"."""
    part = module.split(".")[1]
    allowed = INSIDE[part] | ({part} if part != "over_sampling" or is_package else set())
    bad = []
    for name in imports(source, module, is_package):
        top, _, rest = name.partition(".")
        if top != "skgan_resample":
            third_party = top not in sys.stdlib_module_names
            foreign = part == "nn" and third_party and top not in NN_THIRD_PARTY
            if foreign or (part in NO_TORCH and top == "torch"):
                bad.append(name)
        elif not within(rest, allowed) or (
            part in USERS and "._" in rest and not within(rest, {part})
        ):
            bad.append(name)
    return bad


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_follow_the_rules(path):
    module = module_name(path)
    if module == "skgan_resample":
        return  # the public names, from wherever they live
    assert module.split(".")[1] in INSIDE, f"{module}: add it to INSIDE and to the docs"
    assert forbidden(path.read_text("utf-8"), module, path.name == "__init__.py") == []


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_file_is_too_long(path):
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def bodies(source):
    """Name and length of every function's body, docstring left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[ast.get_docstring(node) is not None :]
            yield node.name, node.end_lineno - first[0].lineno + 1 if first else 0


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_function_is_too_long(path):
    assert {name: n for name, n in bodies(path.read_text("utf-8")) if n > MAX_BODY} == {}


def test_bodies_are_counted_without_their_docstrings():
    source = 'def f():\n    """Do.\n\n    This.\n    """\n    x = 1\n\n    return x\n'
    assert dict(bodies(source)) == {"f": 3}
    assert dict(bodies('def f():\n    """Do."""')) == {"f": 0}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("nn.losses", "import numpy as np"),
        ("nn.losses", "from sklearn.utils import check_array"),
        ("nn.run", "from tqdm import tqdm"),
        ("nn.run", "from .._gan_base import BaseGANSampler"),
        ("codec._table", "from ..nn import networks"),
        ("codec._table", "import torch"),
        ("_containers", "import torch"),
        ("_base", "import torch"),
        ("mixing._table", "import torch"),
        ("mixing._table", "from ..nn import networks"),
        ("codec._table", "from ..mixing import TableMixture"),
        ("subclasses", "import torch"),
        ("subclasses", "from .nn.impacts import Subclasses"),
        ("_containers", "def f():\n    from .codec import make_codec"),
        ("_base", "from .nn.losses import hinge"),
        ("_base", "from .metrics import spread_ratio"),
        ("_gan_base", "from .over_sampling import CGANSampler"),
        ("over_sampling._cgan", "from ._bagan import BAGANSampler"),
        ("over_sampling._cgan", "from . import _bagan"),
        ("over_sampling._cgan", "from ..plotting import TrainingHistoryDisplay"),
        ("metrics._report", "from ..over_sampling._cgan import CGANSampler"),
        ("metrics._report", "import torch"),
        ("comparison", "from skgan_resample import _base"),
        ("comparison._fold", "from .. import CGANSampler"),
        ("comparison._fold", "import torch"),
        ("comparison._result", "from ..metrics._fidelity import frechet_distance"),
        ("plotting", "from .nn.latent import ClassGaussians"),
        ("metrics", "import skgan_resample.nn"),
        ("metrics._report", "from .. import TableCodec"),
        ("metrics._report", "from ..codec._table import TableCodec"),
    ],
)
def test_a_forbidden_import_is_noticed(module, source):
    assert len(forbidden(source, f"skgan_resample.{module}")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("nn.losses", "import math\nimport torch.nn.functional as F\nfrom . import networks"),
        ("codec._table", "import numpy as np\nfrom ._image import ImageCodec"),
        ("_base", "from .codec import ImageCodec"),
        ("_gan_base", "import torch\nfrom .metrics import dcr\nfrom .nn.run import TrainingRun"),
        ("over_sampling._cgan", "from .._gan_base import BaseGANSampler\nfrom ..nn import losses"),
        ("over_sampling._intra_class", "from ..subclasses import SubclassDiscovery"),
        ("over_sampling._row_mix", "from ..mixing import TableMixture"),
        ("comparison._result", "from ._fold import run"),
        ("metrics._report", "from ..codec import TableCodec\nfrom . import _tables"),
    ],
)
def test_an_allowed_import_passes(module, source):
    assert forbidden(source, f"skgan_resample.{module}") == []


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_optional_dependencies_are_imported_only_where_they_are_used(path):
    eager = re.findall(r"^(?:import|from) (\w+)", path.read_text("utf-8"), flags=re.MULTILINE)
    assert not OPTIONAL & set(eager)


def test_a_package_may_gather_its_own_modules():
    source = "from ._cgan import CGANSampler"
    assert forbidden(source, "skgan_resample.over_sampling", is_package=True) == []

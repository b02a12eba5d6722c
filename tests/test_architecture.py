"""Who may import whom inside the package (docs/architecture.md), read off its import lines."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "skgan_resample"
FILES = sorted(ROOT.rglob("*.py"))
MAX_LINES = 350

PUBLIC_FACE = {"", "over_sampling", "subclasses", "metrics", "comparison", "plotting"}
# For each room, the rooms of the package that it may import from, itself always included.
INSIDE = {
    "_base": {
        "codec",
        "nn.blocks",
        "nn.device",
        "nn.pixels",
        "nn.ranks",
        "nn.stopping",
        "nn.training",
        "_containers",
        "_devices",
        "_generation",
        "_persistence",
        "_progress",
        "_sanity",
    },
    "_containers": set(),
    "_devices": {"nn.device", "nn.ranks", "_progress"},
    "_docs": set(),
    "_generation": {"nn.blocks", "nn.device", "nn.pixels", "nn.stopping", "_containers", "_sanity"},
    "_persistence": {"nn.device", "__version__"},
    "_progress": set(),
    "_sanity": set(),
    "_versions": {"__version__"},
    "codec": {"_containers"},
    "nn": set(),
    "over_sampling": {"_base", "_docs", "nn", "codec", "subclasses"},
    "subclasses": set(),
    "metrics": PUBLIC_FACE,
    "comparison": PUBLIC_FACE,
    "plotting": PUBLIC_FACE,
}
# Rooms of one world only: third-party packages that may (nn) or may not appear in them.
NN_THIRD_PARTY = {"torch"}
NOT_IN = {"_containers": {"torch"}, "_sanity": {"torch"}, "subclasses": {"torch"}}
OPTIONAL = {"lightning_fabric", "matplotlib", "pandas", "torchmetrics"}


def imports(source, module, is_package=False):
    """Absolute dotted names that a module imports, `from a import b` as "a.b"."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = module.split(".")[: len(module.split(".")) + is_package - node.level]
            base = ".".join((up if node.level else []) + [node.module] * bool(node.module))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name, rooms):
    return any(name == room or name.startswith(room + ".") for room in rooms)


def forbidden(source, module, is_package=False):
    """The imports of a module that break the rules; `module` is e.g. "skgan_resample.nn.losses"."""
    room = module.split(".")[1]
    allowed = INSIDE[room] | ({room} if room != "over_sampling" or is_package else set())
    bad = []
    for name in imports(source, module, is_package):
        top, _, rest = name.partition(".")
        if top != "skgan_resample":
            third_party = top not in sys.stdlib_module_names
            foreign = room == "nn" and third_party and top not in NN_THIRD_PARTY
            if foreign or top in NOT_IN.get(room, ()):
                bad.append(name)
        elif "" in allowed and "." not in rest:  # from skgan_resample import PublicName
            if rest.startswith("_") or rest in {"nn", "codec"}:
                bad.append(name)
        elif not within(rest, allowed) or (
            "" in allowed and "._" in rest and not within(rest, {room})
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
    assert module.split(".")[1] in INSIDE, f"{module}: add its room to INSIDE and to the docs"
    assert forbidden(path.read_text("utf-8"), module, path.name == "__init__.py") == []


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_file_is_too_long(path):
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("nn.losses", "import numpy as np"),
        ("nn.losses", "from sklearn.utils import check_array"),
        ("nn.training", "from tqdm import tqdm"),
        ("nn.training", "from .._base import BaseGANSampler"),
        ("codec._table", "from ..nn import networks"),
        ("codec._table", "from skgan_resample.nn.device import resolve_device"),
        ("_containers", "import torch"),
        ("subclasses", "import torch"),
        ("subclasses", "from .nn.impacts import Subclasses"),
        ("_containers", "def f():\n    from .codec import make_codec"),
        ("_base", "from .nn.losses import hinge"),
        ("_base", "from .nn import losses"),
        ("_base", "from .over_sampling import CGANSampler"),
        ("over_sampling._cgan", "from ._bagan import BAGANSampler"),
        ("over_sampling._cgan", "from . import _bagan"),
        ("over_sampling._cgan", "from ..plotting import TrainingHistoryDisplay"),
        ("metrics._image", "from ..over_sampling._cgan import CGANSampler"),
        ("comparison", "from skgan_resample import _base"),
        ("comparison._result", "from ..metrics._fidelity import frechet_distance"),
        ("plotting", "from .nn.latent import ClassGaussians"),
        ("metrics", "import skgan_resample.codec"),
    ],
)
def test_a_forbidden_import_is_noticed(module, source):
    assert len(forbidden(source, f"skgan_resample.{module}")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("nn.losses", "import math\nimport torch.nn.functional as F\nfrom . import networks"),
        ("codec._table", "import torch\nimport numpy as np\nfrom ._image import ImageCodec"),
        ("_base", "from .codec import make_codec\nfrom .nn import device"),
        ("_base", "from .nn.device import resolve_device\nfrom ._containers import wrap"),
        ("over_sampling._cgan", "from .._base import BaseGANSampler\nfrom ..nn import losses"),
        ("over_sampling._intra_class", "from ..subclasses import SubclassDiscovery"),
        ("comparison", "from skgan_resample import CGANSampler\nfrom .metrics import ssim"),
        ("metrics._report", "from ._fidelity import frechet_distance\nfrom . import _pictures"),
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

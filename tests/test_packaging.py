"""What is built and shipped: versions agree, the archives hold what they should and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("aadlib", "greeks2", "pricers", "apps")


def project_version() -> str:
    """Return the version pyproject.toml states."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'^version = "(.+)"', text, re.MULTILINE)[0]


def test_versions_agree() -> None:
    try:
        installed = metadata.version("aadlib")
    except metadata.PackageNotFoundError:
        pytest.skip("built in place, not installed")
    assert installed == project_version()
    assert f"\n## {project_version()} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_all_packages_are_typed() -> None:
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None and spec.origin is not None
        assert (Path(spec.origin).parent / "py.typed").is_file(), package


def test_every_compiled_source_has_a_stub() -> None:
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.pyx")]
    missing = [
        str(path.relative_to(ROOT))
        for path in sources
        if path.parent.name != "generated" and not path.with_suffix(".pyi").is_file()
    ]
    assert not missing


def test_every_compiled_source_is_built() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    listed = set(re.findall(r'^    "([\w.]+)",$', setup, re.MULTILINE))
    sources = [path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.pyx")]
    found = {".".join(path.with_suffix("").parts) for path in sources if path.parent.name != "generated"}
    assert listed == found


def test_default_build_is_portable() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    flags = re.findall(r'"(-[\w=-]+)"', setup)
    assert "-O3" in flags
    assert not {"-march=native", "-mtune=native", "-ffast-math", "-Ofast"} & set(flags)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """Build the source archive and a wheel from it; return the names in each."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    (source,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    with tarfile.open(source) as archive:
        in_source = [name.partition("/")[2] for name in archive.getnames()]
    with zipfile.ZipFile(wheel) as built:
        return in_source, built.namelist()


@pytest.mark.slow
def test_source_archive_holds_the_sources_and_the_tests(archives: tuple[list[str], list[str]]) -> None:
    names = set(archives[0])
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    left_out = {name for name in tracked.stdout.split() if name not in names}
    assert left_out <= {".gitignore"}
    made = [name for name in names if name.endswith((".c", ".so", ".pyc")) or "generated/" in name]
    assert sorted(made) == sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("*/*/kernels/kernels.c"))


@pytest.mark.slow
def test_wheel_holds_what_runs(archives: tuple[list[str], list[str]]) -> None:
    names = archives[1]
    tops = {name.partition("/")[0] for name in names}
    assert tops == {*PACKAGES, f"aadlib-{project_version()}.dist-info"}
    assert not [name for name in names if name.endswith((".c", ".pyx", ".pxi", ".pyc"))]
    for package in PACKAGES:
        assert f"{package}/py.typed" in names
    for kind in (".so", ".pyi", ".pxd", ".h"):
        assert any(name.endswith(kind) for name in names), kind
    assert [name for name in names if name.startswith("apps/data/") and name.endswith(".csv")]
    assert [name for name in names if name.endswith("LICENSE")]

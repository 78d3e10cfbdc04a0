"""Build the Cython extensions; everything else about the package stands in pyproject.toml.

Before the compiler comes the generator: `aadlib/codegen` turns the rule table `aadlib/rules/table.py` into sources
under `aadlib/generated/`. Kernels, such as the sweeps in `aadlib/sweeps/kernels`, are plain C and compiled once per
instruction set; all sets are linked into one extension, which chooses when it runs. Nothing else uses more than the
processor's least. What all extensions need of Cython (memoryviews) is compiled once, in `aadlib._cython`.

Environment
-----------
AADLIB_SANITIZE=1
    Build with bounds checks, initialised checks, AddressSanitizer and UndefinedBehaviorSanitizer (see
    `.ci/sanitize`). Slow; for tests only.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path
from types import ModuleType

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

ROOT = Path(__file__).resolve().parent
GENERATED = ROOT / "aadlib" / "generated"
SANITIZE = os.environ.get("AADLIB_SANITIZE", "0") not in ("", "0")
X86_64 = platform.machine().lower() in ("x86_64", "amd64")
MSVC = sys.platform == "win32"

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": SANITIZE,
    "wraparound": False,
    "initializedcheck": SANITIZE,
    "cdivision": True,
    "binding": True,
    "embedsignature": True,
    "allow_none_for_extension_args": False,
}

# Value-safe: results are those of plain C doubles. No -ffast-math, no -march=native.
OPTIMISE = ["/O2"] if MSVC else ["-O3", "-g0", "-fno-trapping-math", "-fno-math-errno", "-ffp-contract=off"]
FUSED = [] if MSVC else ["-ffp-contract=fast"]  # half the time of training, and the bits of no other sweep
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
COMPILE = [*SANITIZERS, "-g", "-O1", "-fno-omit-frame-pointer"] if SANITIZE else OPTIMISE
LINK = SANITIZERS if SANITIZE else []

MODULES = (
    "aadlib.rules.at_numbers",
    "aadlib.tape.advar",
    "aadlib.program.passes",
    "aadlib.program.nodes",
    "aadlib.tape.tape",
    "aadlib.lanes.block_machine",
    "aadlib.lanes.tangent_plan",
    "aadlib.sweeps.point_replay",
    "aadlib.sweeps.simd",
    "aadlib.sweeps.watch",
    "aadlib.singular.careful",
    "greeks2.methods.edge_pushing.arc_count",
    "greeks2.methods.edge_pushing.arc_addresses",
    "greeks2.methods.edge_pushing.arc_schedule",
    "greeks2.methods.edge_pushing.arc_sweep",
    "aadlib.program.backward_passes",
    "greeks2.methods.taylor.front_sweep",
    "greeks2.monte_carlo.run.moments",
    "greeks2.structure.hub_rows",
    "greeks2.structure.input_sets",
    "greeks2.structure.passes",
    "greeks2.structure.sparse_rows",
    "pricers.american.american_kernels",
    "pricers.analytic.analytic_kernels",
    "pricers.calibration.calibration_kernels",
    "pricers.pde.grids.lagrange_kernels",
    "pricers.pde.march.march_kernels",
    "pricers.surfaces.surfaces_kernels",
    "pricers.surrogates.network.compiled_passes",
)
"""Extensions, each from the .pyx of the same name."""

KERNELS = {
    "aadlib.sweeps.simd": "aadlib/sweeps/kernels/kernels.c",
    "pricers.american.american_kernels": "pricers/american/kernels/kernels.c",
    "pricers.analytic.analytic_kernels": "pricers/analytic/kernels/kernels.c",
    "pricers.calibration.calibration_kernels": "pricers/calibration/kernels/kernels.c",
    "pricers.pde.march.march_kernels": "pricers/pde/march/kernels/kernels.c",
    "pricers.surfaces.surfaces_kernels": "pricers/surfaces/kernels/kernels.c",
    "pricers.surrogates.network.compiled_passes": "pricers/surrogates/network/kernels/kernels.c",
}
"""Kernels by the extension that they are linked into, each compiled once per instruction set."""

KERNEL_FLAGS = [] if MSVC else ["-fno-tree-pre"]
"""Of all kernels. Otherwise gcc computes beyond a clamp what the clamp then throws away (an overflowing power of two,
say), and the processor's marks, by which a sweep learns that it made an infinity, are set for nothing."""

OWN_FLAGS = {"pricers.surrogates.network.compiled_passes": FUSED}
"""Flags beside everyone's."""

SHARED = "aadlib._cython"
"""The extension that holds what Cython would put into each of the others."""

AVX2 = ["-mavx2", "-mfma"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mprefer-vector-width=512"]
INSTRUCTION_SETS: dict[str, list[str]] = {"baseline": []}
if X86_64 and not MSVC:
    INSTRUCTION_SETS |= {"avx2": AVX2, "avx512": AVX512}

MACROS: list[tuple[str, str | None]] = [] if len(INSTRUCTION_SETS) > 1 else [("AAD_BASELINE_ONLY", None)]


def headers(package: str) -> list[str]:
    """Return the paths of a package's C headers."""
    return [path.relative_to(ROOT).as_posix() for path in ROOT.glob(f"{package}/**/*.h")]


def extension(module: str) -> Extension:
    """Return the setuptools extension of a module."""
    return Extension(
        module,
        [f"{module.replace('.', '/')}.pyx"],
        include_dirs=["."],
        depends=headers("aadlib") + (headers("pricers") if module.startswith("pricers") else []),
        define_macros=MACROS,
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
    )


class BuildWithKernels(build_ext):
    """Compiles kernels once per instruction set, each with its own flags, and links them into their extension."""

    def build_extension(self, ext: Extension) -> None:
        if source := KERNELS.get(ext.name):
            ext.depends = [source, *ext.depends]  # no source of the module's own, but linked into it
            ext.extra_objects = [self.kernels(ext, source, name) for name in INSTRUCTION_SETS]
        super().build_extension(ext)

    def kernels(self, ext: Extension, source: str, name: str) -> str:
        """Return the object file of one instruction set, compiled where a source is newer."""
        folder = os.path.join(self.build_temp, name)
        (path,) = self.compiler.object_filenames([source], output_dir=folder)
        if self.force or newer_group(ext.depends, path, "newer"):
            macros = [*MACROS, ("AAD_SET", name)]
            flags = [*COMPILE, *KERNEL_FLAGS, *OWN_FLAGS.get(ext.name, []), *INSTRUCTION_SETS[name]]
            self.compiler.compile([source], folder, macros, ext.include_dirs, extra_postargs=flags)
        return path


def generate_rules() -> None:
    """Run the generator of the rule sources without running `aadlib/__init__.py`, which needs them built."""
    package = ModuleType("aadlib")
    package.__path__ = [str(ROOT / "aadlib")]
    sys.modules["aadlib"] = package
    try:
        importlib.import_module("aadlib.codegen.generate_rules").main(GENERATED)
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "aadlib"]:
            del sys.modules[name]


def main() -> None:
    """Generate, cythonize and hand over to setuptools."""
    os.chdir(ROOT)
    generate_rules()
    extensions = cythonize(
        [
            Extension(SHARED, [f"{SHARED.replace('.', '/')}.c"], extra_compile_args=COMPILE),
            *map(extension, MODULES),
        ],
        compiler_directives=DIRECTIVES,
        include_path=["."],
        shared_utility_qualified_name=SHARED,
    )
    setup(
        ext_modules=extensions,
        cmdclass={"build_ext": BuildWithKernels},
        options={"build_ext": {"parallel": os.cpu_count() or 1}},
    )


main()

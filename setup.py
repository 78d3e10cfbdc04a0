"""Build the Cython extensions; everything else about the package stands in pyproject.toml.

Before the compiler comes the generator: `aadlib/codegen` turns the rule table `aadlib/rules/table.py` into sources
under `aadlib/generated/`. The sweeps, `aadlib/sweeps/kernels`, are plain C and compiled once per instruction set; all
of them are linked into one extension, which chooses at import. Nothing else uses more than the processor's least.

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
    "greeks2.structure.hub_rows",
    "greeks2.structure.input_sets",
    "greeks2.structure.passes",
    "greeks2.structure.sparse_rows",
)
"""Extensions, each from the .pyx of the same name."""

KERNELS = "aadlib/sweeps/kernels/kernels.c"
"""The sweeps over lanes, linked into the module that chooses among them."""

AVX2 = ["-mavx2", "-mfma"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mprefer-vector-width=512"]
INSTRUCTION_SETS: dict[str, list[str]] = {"baseline": []}
if X86_64 and not MSVC:
    INSTRUCTION_SETS |= {"avx2": AVX2, "avx512": AVX512}

MACROS: list[tuple[str, str | None]] = [] if len(INSTRUCTION_SETS) > 1 else [("AAD_BASELINE_ONLY", None)]


def extension(module: str) -> Extension:
    """Return the setuptools extension of a module."""
    return Extension(
        module,
        [f"{module.replace('.', '/')}.pyx"],
        include_dirs=["."],
        depends=[path.relative_to(ROOT).as_posix() for path in ROOT.glob("aadlib/**/*.h")],
        define_macros=MACROS,
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
    )


class BuildWithKernels(build_ext):
    """Compiles the kernels once per instruction set, each with its own flags, and links them into one extension."""

    def build_extension(self, ext: Extension) -> None:
        if ext.name == "aadlib.sweeps.simd":
            ext.depends = [KERNELS, *ext.depends]  # no source of the module's own, but linked into it
            ext.extra_objects = [self.kernels(ext, name) for name in INSTRUCTION_SETS]
        super().build_extension(ext)

    def kernels(self, ext: Extension, name: str) -> str:
        """Return the object file of one instruction set, compiled where a source is newer."""
        folder = os.path.join(self.build_temp, name)
        (path,) = self.compiler.object_filenames([KERNELS], output_dir=folder)
        if self.force or newer_group(ext.depends, path, "newer"):
            macros = [*MACROS, ("AAD_TABLE", f"aad_kernels_{name}")]
            flags = [*COMPILE, *INSTRUCTION_SETS[name]]
            self.compiler.compile([KERNELS], folder, macros, ext.include_dirs, extra_postargs=flags)
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
    extensions = cythonize(list(map(extension, MODULES)), compiler_directives=DIRECTIVES, include_path=["."])
    setup(
        ext_modules=extensions,
        cmdclass={"build_ext": BuildWithKernels},
        options={"build_ext": {"parallel": os.cpu_count() or 1}},
    )


main()

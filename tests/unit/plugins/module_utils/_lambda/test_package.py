from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from ansible_collections.airas.platform.plugins.module_utils._lambda import package
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

FUNCTIONS = Path(__file__).parents[5] / "functions"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "handler.py").write_bytes(b"def handler(event, context): ...\n")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "__init__.py").write_bytes(b"")
    return tmp_path


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_the_same_files_are_the_same_bytes_everywhere(source: Path) -> None:
    """The digest is written down: it must not depend on the machine, the Python or the day."""
    assert package.build(str(source)).sha256 == "6/PsaVBb/CYyfQ/QZunaUipTSlNNSKyqsDdwB/11OH0="


def test_only_contents_and_names_count(source: Path) -> None:
    before = package.build(str(source))
    os.utime(source / "handler.py", (0, 0))
    (source / "handler.py").chmod(0o700)
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "handler.cpython-311.pyc").write_bytes(b"compiled")
    (source / ".swp").write_bytes(b"an editor's")
    assert package.build(str(source)) == before
    (source / "handler.py").write_bytes(b"def handler(event, context): pass\n")
    assert package.build(str(source)) != before


def test_pinned_distributions_are_taken_along(source: Path) -> None:
    requirements = FUNCTIONS / "database_url_rotation" / package.REQUIREMENTS
    line = next(line for line in requirements.read_text(encoding="utf-8").splitlines() if line.startswith("six=="))
    (source / package.REQUIREMENTS).write_text(f"# why\n\n{line}\n", encoding="utf-8")
    assert names(package.build(str(source)).content) == ["handler.py", "part/__init__.py", "six.py"]


def test_every_function_of_the_project_can_be_packaged() -> None:
    for directory in FUNCTIONS.iterdir():
        if directory.is_dir() and any(directory.glob("*.py")):
            assert package.build(str(directory)).sha256


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("six>=1.0", "has the line 'six>=1.0'"),
        ("nowhere==1.0", "nowhere 1.0 along, which is not installed.*pip install --no-deps nowhere==1.0"),
        ("six==0.1", "which is installed in version"),
        (f"six==SIX  # files sha256:{'0' * 64}", "the installed files of six .* and sha256:0+ is pinned"),
        ("six==SIX", "and no digest is pinned"),
        ("PyYAML==YAML", "is not pure Python"),
    ],
)
def test_says_which_pin_does_not_fit_and_what_mends_it(source: Path, line: str, said: str) -> None:
    from importlib.metadata import version

    line = line.replace("SIX", version("six")).replace("==YAML", f"=={version('pyyaml')}")
    (source / package.REQUIREMENTS).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(PlatformError, match=said):
        package.build(str(source))


def test_a_name_is_not_taken_twice(source: Path) -> None:
    pin = package.Pin("six", __import__("six").__version__, "")
    digest = package.files_digest(package.installed(pin))
    (source / package.REQUIREMENTS).write_text(f"six=={pin.version}  # files sha256:{digest}\n", encoding="utf-8")
    (source / "six.py").write_bytes(b"")
    with pytest.raises(PlatformError, match=r"both have a file six\.py"):
        package.build(str(source))


def test_says_that_there_is_no_such_directory(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="there is no directory"):
        package.build(str(tmp_path / "nowhere"))

"""Where inputs are kept, and by what names."""

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("corpus")
"""A folder a target, in the repository: few inputs that together reach what is known to be reachable."""
FOUND = Path(__file__).with_name("found")
"""The same of inputs that once found something: regressions, never thinned out."""
HOME = ROOT / ".fuzz"
"""Not in the repository: the tool, and all inputs that a search has come upon."""
TOOL, WORKING = HOME / "tool", HOME / "corpus"


def files_of(folder: Path) -> list[Path]:
    """The inputs of a folder, which need not exist."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def kept(folder: Path, data: bytes) -> Path:
    """Write an input down, by the digest of what it holds."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / sha256(data).hexdigest()[:12]
    if not file.exists():
        file.write_bytes(data)
    return file

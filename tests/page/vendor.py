"""What the live page has from others: files of npm packages, unchanged but for what a browser without a bundler needs.

`python -m tests.page.vendor` compares what is committed with the pins; with `--write` it first copies the files anew from the npm
registry, whose packages must have the hashes written here. Nothing of this runs when the sidecar is installed.
"""

import argparse
import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.readme import ROOT

VENDOR = ROOT / "sidecar" / "control" / "page" / "vendor"


class Copied(NamedTuple):
    """A file of a package, and what is done to it on its way here."""

    source: str
    """Below the package's own folder."""
    target: str
    sha256: str
    """Of the file as it lies here."""
    replaced: Mapping[bytes, bytes] = {}
    appended: bytes = b""

    def made_of(self, original: bytes) -> bytes:
        """The file as it is to lie here. What is replaced must be there: a new version may be written otherwise."""
        for old, new in self.replaced.items():
            assert old in original, f"{self.source} has no {old!r}"
            original = original.replace(old, new)
        return original.rstrip() + b"\n" + self.appended if self.target.endswith(".mjs") else original


class Package(NamedTuple):
    """A package of the npm registry, of which these files are taken."""

    name: str
    version: str
    integrity: str
    """SHA-512 of its archive in base64, as the registry and lock files have it."""
    files: tuple[Copied, ...]


PACKAGES = (
    Package(
        "preact",
        "11.2.0",
        "/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbLnND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==",
        (
            Copied(
                "dist/preact.mjs",
                "preact.mjs",
                "225d7a773766e6fb2cfcc45274fe41d2059f5782f3f2c4569aa5132a2d3a2902",
                {b"//# sourceMappingURL=preact.mjs.map": b""},
            ),
            # its name alone can be found by an import map only, which the page's policy would have to allow by a hash
            Copied(
                "hooks/dist/hooks.mjs",
                "preact-hooks.mjs",
                "13518e8899847145604866b14612f994ed70d894a423b64694b6e764d7b956c9",
                {b'from"preact"': b'from"./preact.mjs"', b"//# sourceMappingURL=hooks.mjs.map": b""},
            ),
            Copied("LICENSE", "preact.LICENSE", "1fe6958409c8c257a70c587a18b6f7f412b179b456630790d30b2ec9a8e4b7d4"),
        ),
    ),
    Package(
        "htm",
        "3.1.1",
        "983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        (
            Copied("dist/htm.mjs", "htm.mjs", "ab33dd3f38059b9be4d5f5350128eefb2356639c4e0bbe9d9e8b3ba75847e9e4"),
            Copied("LICENSE", "htm.LICENSE", "740725f7252e750af735d0028cc534970772f513331e9f68150fede8fb3ce00f"),
        ),
    ),
    Package(
        "uplot",
        "1.6.32",
        "KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        (
            # the module that the package has is not minified: three times the size
            Copied(
                "dist/uPlot.iife.min.js",
                "uplot.mjs",
                "073f022c867cb9c40f0be28f5d680830857a5b3a04082c2473880c8328a12e04",
                {},
                b"export default uPlot;\n",
            ),
            Copied(
                "dist/uPlot.min.css", "uplot.css", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"
            ),
            Copied("LICENSE", "uplot.LICENSE", "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd"),
        ),
    ),
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        "OupL48va4JNofb97w6NYeF9S7W/kHNKM0Er8Dem5nqi4jeOLrVJDoE8tZEpnMJmtkvNbB1EIPPwHcdkF6b1oUA==",
        (
            Copied(
                "files/inter-latin-wght-normal.woff2",
                "inter.woff2",
                "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62",
            ),
            Copied("LICENSE", "inter.LICENSE", "3b0a5fca3d17942cde889069889dedbbbd075e9b599968c82a95f4d944e9b345"),
        ),
    ),
)


def write(packages: tuple[Package, ...], folder: Path) -> None:
    """Copy every file anew.

    Raises:
        subprocess.CalledProcessError: npm failed.
        AssertionError: an archive is not the one that is pinned.
    """
    with tempfile.TemporaryDirectory() as workshop:
        for package in packages:
            archive = fetched(package, Path(workshop))
            with tarfile.open(archive) as opened:
                for copied in package.files:
                    member = opened.extractfile(f"package/{copied.source}")
                    assert member is not None, copied.source
                    (folder / copied.target).write_bytes(copied.made_of(member.read()))


def fetched(package: Package, workshop: Path) -> Path:
    """The package's archive, checked."""
    pack = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    name = subprocess.run(pack, cwd=workshop, check=True, capture_output=True, text=True).stdout.split()[-1]
    archive = workshop / name
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert digest == package.integrity, f"{package.name}@{package.version} is not the package that was pinned: {digest}"
    return archive


def strange(packages: tuple[Package, ...], folder: Path) -> list[str]:
    """What does not lie here as it was pinned, in sentences."""
    wanted = {copied.target: copied.sha256 for package in packages for copied in package.files}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    return [
        *(f"{name} is missing" for name in sorted(wanted.keys() - there.keys())),
        *(f"{name} is of no package" for name in sorted(there.keys() - wanted.keys())),
        *(
            f"{name} has the hash {there[name]}"
            for name in sorted(wanted.keys() & there.keys())
            if there[name] != wanted[name]
        ),
    ]


def main() -> int:
    """Copy if told to, and compare; 1 when something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.page.vendor", description=__doc__)
    parser.add_argument("--write", action="store_true", help="copy the files anew from the npm registry")
    if parser.parse_args().write:
        write(PACKAGES, VENDOR)
    sentences = strange(PACKAGES, VENDOR)
    print("\n".join(sentences) or f"{VENDOR.relative_to(ROOT)} is as pinned")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes what the sidecar is made of: a CycloneDX 1.6 bill of materials, from the pins that the image installs.

    python -m tests.security.sbom FILE

Every package with its version, the SHA-256 of each of its files, its license as the installed package tells it, and who wants it.
It hangs on the pins alone, so that two of the same commit are equal; a moment stands in it where SOURCE_DATE_EPOCH gives one.
Not in it: Python itself and the base image, of which `docker buildx build --sbom=true` tells.
"""

import json
import os
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from sidecar import __version__
from tests.readme import ROOT
from tests.security.pins import Pin, pins_in

INSTALLED = ROOT / "deploy" / "requirements-postgres.txt"
"""What the image holds besides ourselves (deploy/Dockerfile)."""
OURSELVES = f"pkg:pypi/inference-sidecar@{__version__}"
SPEC = "1.6"
Document = dict[str, Any]


def bill_of_materials(pins: Iterable[Pin], moment: str | None = None) -> Document:
    """The document; `moment` is seconds of the epoch."""
    pins = sorted(pins)
    made: Document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": _ourselves(), **_timestamp(moment)},
        "components": [_component(pin) for pin in pins],
        "dependencies": _dependencies(pins),
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return {**made, "serialNumber": f"urn:uuid:{number}"}


def _timestamp(moment: str | None) -> Document:
    return {} if not moment else {"timestamp": datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _ourselves() -> Document:
    named = {"type": "application", "bom-ref": OURSELVES, "name": "inference-sidecar", "version": __version__}
    return {**named, "purl": OURSELVES, "licenses": [{"expression": "Apache-2.0"}]}


def _component(pin: Pin) -> Document:
    made: Document = {
        "type": "library",
        "bom-ref": _purl(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": _purl(pin),
    }
    made["hashes"] = [{"alg": "SHA-256", "content": one} for one in pin.hashes]
    if pin.marker:
        made["properties"] = [{"name": "pep508:marker", "value": pin.marker}]
    return {**made, **_licenses(pin)}


def _purl(pin: Pin) -> str:
    return f"pkg:pypi/{pin.name}@{pin.version}"


def _licenses(pin: Pin) -> Document:
    """As the package says it where it is installed at this version: an SPDX expression, else the words of its classifiers."""
    try:
        told = metadata(pin.name)
    except PackageNotFoundError:
        return {}
    if told["Version"] != pin.version:
        return {}
    if told["License-Expression"]:
        return {"licenses": [{"expression": told["License-Expression"]}]}
    words = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier") or () if each.startswith("License ::")]
    return {"licenses": [{"license": {"name": word}} for word in words]} if words else {}


def _dependencies(pins: list[Pin]) -> list[Document]:
    """Who wants whom. A package that wants nothing has an entry too: it was looked at."""
    purls = {pin.name: _purl(pin) for pin in pins} | {"": OURSELVES}
    wants = defaultdict[str, set[str]](set)
    for pin in pins:
        for wanter in pin.wanted_by:
            wants[purls[wanter]].add(_purl(pin))
    return [{"ref": purl, "dependsOn": sorted(wants[purl])} for purl in sorted(purls.values())]


def main(arguments: list[str]) -> int:
    """Write the file that is named; the exit status."""
    (name,) = arguments
    document = bill_of_materials(pins_in(INSTALLED), os.environ.get("SOURCE_DATE_EPOCH"))
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(json.dumps(document, indent=2) + "\n")
    print(f"{name}: {len(document['components'])} packages besides ourselves, CycloneDX {SPEC}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

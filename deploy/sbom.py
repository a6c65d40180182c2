"""Prints what a release contains, as CycloneDX JSON: what was restored for the native binary, whose hash and licence come
from the package itself, and the chart library of the status page.

What it does not tell: which parts of a package the native compiler has kept, and what is known against any of them.

usage: SOURCE_DATE_EPOCH=SECONDS python3 sbom.py project.assets.json VERSION
"""

import base64
import datetime
import json
import os
import pathlib
import re
import sys
import uuid
import xml.etree.ElementTree as xml

REPOSITORY = pathlib.Path(__file__).parent.parent


def package(folders, name, version):
    """One package, from the folder where it was unpacked."""
    folder = next(path for path in (pathlib.Path(root, name.lower(), version.lower()) for root in folders) if path.is_dir())
    archive = base64.b64decode(next(folder.glob("*.nupkg.sha512")).read_text())
    metadata = {re.sub(r"\{.*\}", "", element.tag): element for element in xml.parse(next(folder.glob("*.nuspec"))).getroot()[0]}
    licence = metadata.get("license")
    found = {
        "type": "library",
        "bom-ref": f"pkg:nuget/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:nuget/{name}@{version}",
        "hashes": [{"alg": "SHA-512", "content": archive.hex()}],
    }
    if licence is not None and licence.get("type") == "expression":
        found["licenses"] = [{"expression": licence.text}]
    return found


def restored(assets):
    """The packages that code was taken from. Analyzers and compilers have none to run."""
    folders = assets["packageFolders"]
    libraries = next(packages for target, packages in assets["targets"].items() if "/" in target)
    for key, library in sorted(libraries.items()):
        if "runtime" in library:
            yield library.get("dependencies", {}), package(folders, *key.split("/"))

    # The frameworks that the native binary has inside are named apart from packages.
    framework, = assets["project"]["frameworks"].values()
    for download in framework["downloadDependencies"]:
        if download["name"].startswith(("Microsoft.AspNetCore.App.Runtime.", "Microsoft.NETCore.App.Runtime.NativeAOT.")):
            yield {}, package(folders, download["name"], download["version"].strip("[]").split(",")[0])


def chart_library():
    version = re.match(r"# uPlot (\S+)", (REPOSITORY / "Status/Page/uplot/README.md").read_text())[1]
    purl = f"pkg:npm/uplot@{version}"
    return {"type": "library", "bom-ref": purl, "name": "uplot", "version": version, "purl": purl, "licenses": [{"expression": "MIT"}]}


def main(assets_file, version):
    assets = json.loads(pathlib.Path(assets_file).read_text())
    packages = [*restored(assets), ({}, chart_library())]
    known = {component["name"]: component["bom-ref"] for _, component in packages}
    needed = {name for dependencies, _ in packages for name in dependencies}
    program = f"pkg:nuget/AccioKestrel@{version}"
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application", "bom-ref": program, "name": "AccioKestrel", "version": version, "purl": program,
                "licenses": [{"expression": "MIT"}],
            },
        },
        "components": [component for _, component in packages],
        "dependencies": [
            {"ref": program, "dependsOn": [ref for name, ref in known.items() if name not in needed]},
            *({"ref": component["bom-ref"], "dependsOn": sorted(known[name] for name in dependencies if name in known)}
              for dependencies, component in packages),
        ],
    }
    # A number of its own that the same content always gets.
    bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bom)).urn
    print(json.dumps(bom, indent=2))


main(*sys.argv[1:])

"""The SBOM of the running environment, as CycloneDX 1.6 JSON: every distribution that is installed."""

from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL


def write_sbom(path: Path) -> int:
    """Write the SBOM to *path* and return how many components it lists."""
    installed = {each.metadata["Name"]: each for each in distributions() if each.metadata["Name"]}
    subject = installed.pop("shiplog", None)
    components = [_component(each) for _, each in sorted(installed.items())]
    bom = Bom(components=components)
    if subject is not None:
        bom.metadata.component = _component(subject, ComponentType.APPLICATION)
        bom.register_dependency(bom.metadata.component, components)
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=1))
    return len(components)


def _component(each: Distribution, kind: ComponentType = ComponentType.LIBRARY) -> Component:
    name = each.metadata["Name"]
    purl = PackageURL("pypi", name=name.lower().replace("_", "-"), version=each.version)
    return Component(name=name, version=each.version, type=kind, purl=purl, bom_ref=str(purl))

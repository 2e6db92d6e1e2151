"""What the site takes from the checkout beside docs/, so that no page can be stale.

The changelog and CONTRIBUTING.md become pages, and so does every file outside docs/
that a page links to: the same links hold in the repository and on the site.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from reference import write_reference
from wings import add_imports

ROOT = Path(__file__).resolve().parents[2]
# Markdown of the root that is read on the site, and its address there
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
}
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")
NAME_AS_TEXT = re.compile(r"\[(?:docs/)?[\w-]+\.md\]\(([\w-]+\.md)(?=[)#])")
PATH_IN_CELL = re.compile(r"<code>[^<\s]*/[^<\s]*</code>(?=[^\n]*</td>)")
# of the search: the changelog last, files of the checkout not at all
LAST = "---\nsearch: {boost: 0.1}\n---\n"
NOT_FOUND = "---\nsearch: {exclude: true}\n---\n"
MARKER = "<!-- every key -->"


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are made of files outside docs/."""
    pages = {
        file.src_uri: ROOT / "docs" / file.src_uri
        for file in files.documentation_pages()
    }
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        pages[PAGES[name]] = ROOT / name
        text = LAST + pages[PAGES[name]].read_text(encoding="utf-8")
        files.append(File.generated(config, PAGES[name], content=text))
    shown = {
        target
        for page, path in pages.items()
        for target in _targets(path.read_text(encoding="utf-8"), page)
        if _address(target).startswith("files/") and (ROOT / target).is_file()
    }
    for name in sorted(shown):
        files.append(File.generated(config, _address(name), content=_shown(name)))
    return files


def on_page_markdown(
    markdown: str, *, page: Page, config: MkDocsConfig, **_kwargs: object
) -> str:
    """Write what is taken from the code; lead links to where the site has them."""
    uri = page.file.src_uri
    if uri.startswith("files/"):
        return markdown
    if uri == "configuration.md":
        markdown = markdown.replace(MARKER, _reference())
    if uri == "architecture.md":
        library = ROOT / "workflow" / "scripts" / "lesionlab"
        markdown = add_imports(markdown, library)

    def lead(link: re.Match[str]) -> str:
        address = _address(_target(link[1], uri))
        return posixpath.relpath(address, posixpath.dirname(uri) or ".")

    titles = dict(_titles(config.nav))
    return NAME_AS_TEXT.sub(
        lambda link: f"[{titles[link[1]]}]({link[1]}" if link[1] in titles else link[0],
        LINK.sub(lead, markdown),
    )


def on_page_content(html: str, **_kwargs: object) -> str:
    """Let paths in tables break at their slashes, and not within a name."""
    return PATH_IN_CELL.sub(
        lambda path: re.sub(r"(?<!<)/(?=\w|{)", "/<wbr>", path[0]), html
    )


def _reference() -> str:
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    return write_reference(
        yaml.safe_load(schema.read_text(encoding="utf-8")),
        (ROOT / "config.yaml").read_text(encoding="utf-8"),
        (ROOT / "docs" / "rerun-contract.md").read_text(encoding="utf-8"),
    )


def _targets(markdown: str, page: str) -> Iterator[str]:
    return (_target(link, page) for link in LINK.findall(markdown))


def _target(link: str, page: str) -> str:
    """Name the file of the checkout that a link of a page leads to."""
    in_root = page in ("changelog.md", "contributing.md")
    folder = "" if in_root else posixpath.join("docs", posixpath.dirname(page))
    return posixpath.normpath(posixpath.join(folder, link))


def _address(target: str) -> str:
    """Name the page or picture of the site that stands for a file of the checkout."""
    inside = target.removeprefix("docs/")
    return PAGES.get(target, inside if inside != target else f"files/{target}.md")


def _titles(nav: Any) -> Iterator[tuple[str, str]]:
    """Give every page in the menu with its title there."""
    for entry in nav:
        for title, inside in entry.items():
            yield from [(inside, title)] if isinstance(inside, str) else _titles(inside)


def _shown(name: str) -> str:
    """Show a file of the checkout as a page."""
    text = (ROOT / name).read_text(encoding="utf-8")
    kind = Path(name).suffix.removeprefix(".")
    language = kind if kind in ("yaml", "toml", "csv", "py") else "text"
    return f"{NOT_FOUND}# {name}\n\n````{language}\n{text.rstrip()}\n````\n"

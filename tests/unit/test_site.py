"""The documentation builds without a warning, holds together, and needs no network."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from unit.page.browser import BUSY, find_chromium

# by which a page would take something from elsewhere; a link that is clicked is none
TAKEN = {"src", "srcset", "poster", "data", "action"}
FROM_THE_CHECKOUT = [
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "config.yaml",
    "docs",
    "envs",
    "mkdocs.yml",
    "presets",
    "profiles",
    "workflow/schemas",
    "workflow/scripts/lesionlab",
]


class Reader(HTMLParser):
    """Ids, links and what is taken of a page; the text that is not code."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.taken, self.text = set(), [], [], []
        self.verbatim = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.ids |= {names[key] for key in ("id", "name") if names.get(key)}
        self.verbatim += tag in ("code", "pre", "script", "style")
        if tag == "link":
            self.taken.append(names["href"])
        elif names.get("href"):
            self.links.append(names["href"])
        self.taken += [names[key] for key in TAKEN if names.get(key)]

    def handle_endtag(self, tag):
        self.verbatim -= tag in ("code", "pre", "script", "style")

    def handle_data(self, data):
        if not self.verbatim:
            self.text.append(data)


def build(checkout, site):
    """Build the site as `make docs` does."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", site],
        cwd=checkout,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(repository, tmp_path_factory):
    """The site."""
    folder = tmp_path_factory.mktemp("site")
    built = build(repository, folder)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """Every page of the site by its address."""
    return {
        path.relative_to(site).as_posix(): Reader(path.read_text())
        for path in site.rglob("*.html")
    }


def test_no_page_takes_anything_from_elsewhere(site, pages):
    for name, page in pages.items():
        outside = [url for url in page.taken if re.match(r"\w+:|//", url)]
        assert not [url for url in outside if not url.startswith("data:")], name
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(.?(https?:|//)|@import", path.read_text()), path


def test_every_link_and_anchor_leads_somewhere(site, pages):
    assert len(pages) > 20
    for name, page in pages.items():
        if name == "404.html":  # a server shows it, whose root it starts at
            continue
        for link in page.links + page.taken:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            path = (site / name).parent / unquote(url.path) if url.path else site / name
            assert path.is_file(), f"{name}: {link}"
            there = path.resolve().relative_to(site.resolve()).as_posix()
            if url.fragment and not url.fragment.startswith("__"):
                assert unquote(url.fragment) in pages[there].ids, f"{name}: {link}"


def test_no_markdown_is_left_in_the_text(pages):
    for name, page in pages.items():
        assert page.verbatim == 0, name  # every tag of code is closed
        text = "".join(page.text)
        left = re.search(r"\]\(|\*\*|\|--|```|\{ ?#|<!--|\n[-*] |\n\d\. ", text)
        assert left is None, f"{name}: {text[left.start() - 60 : left.end() + 60]}"


def test_a_dead_link_anchor_or_file_ends_the_build(repository, tmp_path):
    for name in FROM_THE_CHECKOUT:
        place = tmp_path / "checkout" / name
        copy = shutil.copytree if (repository / name).is_dir() else shutil.copy
        place.parent.mkdir(parents=True, exist_ok=True)
        copy(repository / name, place)
    page = tmp_path / "checkout" / "docs" / "use.md"
    page.write_text(
        "# Use\n\n[a](method.md#nowhere) [b](nowhere.md) [c](../presets/nowhere.yaml)\n"
    )
    (page.parent / "forgotten.md").write_text("# In no menu\n")
    built = build(tmp_path / "checkout", tmp_path / "site")
    assert built.returncode == 1
    assert "'use.md' contains a link 'method.md#nowhere'" in built.stderr
    assert "'use.md' contains a link 'nowhere.md'" in built.stderr
    assert "'use.md' contains a link 'files/presets/nowhere.yaml.md'" in built.stderr
    assert 'not included in the "nav" configuration:\n  - forgotten.md' in built.stderr


def leaves(schema, shared, path=()):
    """Names of all keys of the config that hold no section."""
    for name, key in schema["properties"].items():
        inner = shared[key["$ref"].split("/")[-1]] if "$ref" in key else key
        if "properties" in inner:
            yield from leaves(inner, shared, (*path, name))
        else:
            yield ".".join((*path, name))


def test_the_reference_has_every_key_with_its_default(repository, site, pages):
    text = (repository / "workflow/schemas/config.schema.yaml").read_text()
    schema = yaml.safe_load(text)
    keys = set(leaves(schema, schema["$defs"]))
    shown = pages["configuration.html"]
    assert {i for i in shown.ids if "." in i} | {"run"} == keys
    html = (site / "configuration.html").read_text()
    assert html.count("<li>Default: ") == html.count("<li>Allowed: ") == len(keys)

    def entry(name):
        lines = html.split(f'id="{name}"')[1].split("<h")[0]
        return re.sub(r"<[^>]+>", "", lines)

    size = entry("classification.size")
    assert "pixels, square; null: the size that the network was made for" in size
    assert "Default: 64" in size
    assert "Allowed: a whole number from 28 or null" in size
    contract = (repository / "docs" / "rerun-contract.md").read_text()
    before = contract.split("`classification.size`")[0]
    stale = before.split("\n## ")[-1].splitlines()[0]
    assert f"After a change: {stale}" in size
    protocol = entry("split.protocol")
    # a comment that goes on on the next line
    assert "leak (measures it); source (another clinic is tested)\n" in protocol
    assert "Allowed: grouped, image, kfold, leak, source" in protocol
    assert "a number above 0, below 1" in entry("comparison.margin")
    assert "text, or" not in entry("dataset.path")


def test_the_architecture_has_every_wing_above_what_it_imports(repository, site):
    library = repository / "workflow" / "scripts" / "lesionlab"
    html = (site / "architecture.html").read_text().split("<th>wing</th>")[1]
    table = {
        re.findall(r"<code>(\w+)", row)[0]: set(
            re.findall(r"<code>(\w+)", row.split("<td>")[3])
        )
        for row in html.split("</table>")[0].split("<tr>")[1:]
    }
    assert set(table) == {path.parent.name for path in library.glob("*/__init__.py")}
    assert table["lesions"] == {"data", "decoding"}
    below = set(table)
    for wing, imports in table.items():
        below.remove(wing)
        assert imports <= below, wing


def test_one_version_everywhere(repository):
    project = (repository / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"$', project, re.M)[1]
    citation = yaml.safe_load((repository / "CITATION.cff").read_text())
    assert citation["version"] == version
    changelog = (repository / "CHANGELOG.md").read_text()
    heading = re.search(r"^## (\S+) \((.+)\)$", changelog, re.M)
    assert heading[1] == version
    # a date in one of them is the date in both
    released = str(citation.get("date-released", "unreleased"))
    assert heading[2] == released


def test_the_readme_is_one_screen_and_its_links_hold(repository):
    readme = (repository / "README.md").read_text()
    assert len(readme.splitlines()) <= 80
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", readme):
        assert (repository / link).is_file(), link


def test_the_search_works_from_the_disk_and_asks_nobody(site):
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("there is no Chromium here: the search was not tried in a browser")
    from playwright.sync_api import sync_playwright

    asked, errors = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-quic"]
        )
        page = browser.new_page()
        page.set_default_timeout(BUSY)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text))
        page.goto((site / "index.html").as_uri())
        # the page listens to keys: `fill` presses none
        page.get_by_role("textbox", name="Search").press_sequentially("leakage")
        page.locator(".md-search-result__item").first.wait_for()
        found = page.locator(".md-search-result__item a").evaluate_all(
            "links => links.map(link => link.href)"
        )
        browser.close()
    assert any("/outputs.html" in link for link in found)
    assert {urlsplit(url).scheme for url in asked} - {"data"} == {"file"}
    assert not errors

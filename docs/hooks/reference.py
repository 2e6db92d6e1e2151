"""The configuration reference, written from the schema and the commented defaults."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from markdown.extensions.toc import slugify, unique

Schema = Mapping[str, Any]

KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "object": "keys with values",
}


def write_reference(schema: Schema, defaults: str, contract: str) -> str:
    """Write what every key of the config is, in Markdown.

    Parameters
    ----------
    schema : Mapping
        The JSON schema of the config.
    defaults : str
        Text of config.yaml, whose comments say what a key does.
    contract : str
        Text of docs/rerun-contract.md.

    Returns
    -------
    str
        A heading and a paragraph for each key, under a heading for each section.

    Raises
    ------
    KeyError
        The defaults lack a key of the schema, or the schema a description.
    """
    comments, values = _comments(defaults), yaml.safe_load(defaults)
    stale, shared = _stages(contract), schema["$defs"]
    lines, section = [], None
    for path, key in _keys(schema, shared):
        if path[0] != section:
            section = path[0]
            lines += [f"## {section}", ""] if len(path) > 1 else []
        name, value = ".".join(path), values
        for part in path:
            value = value[part]
        says = comments.get(path) or key["description"]
        lines += [
            f"{'###' if len(path) > 1 else '##'} `{name}` {{ #{name} }}",
            "",
            _prose(says, [str(value) for value in key.get("enum", ())]),
            "",
            f"- Default: `{_yaml(value)}`",
            f"- Allowed: {allowed(key, shared)}",
        ]
        lines += [f"- After a change: {stale[name]}"] if name in stale else []
        lines += [""]
    return "\n".join(lines)


def allowed(key: Schema, shared: Mapping[str, Schema]) -> str:
    """Say in words which values a part of the schema takes.

    Parameters
    ----------
    key : Mapping
        The part.
    shared : Mapping
        The schema's `$defs`.

    Returns
    -------
    str
        Words and code in Markdown.
    """
    key = _resolved(key, shared)
    if "enum" in key:
        return ", ".join(f"`{_yaml(value)}`" for value in key["enum"])
    if "const" in key:
        return f"`{_yaml(key['const'])}`"
    for either in ("anyOf", "oneOf"):
        if either in key:
            return ", or ".join(allowed(part, shared) for part in key[either])
    kinds = key["type"] if isinstance(key["type"], list) else [key["type"]]
    return " or ".join(_kind(kind, key, shared) for kind in kinds)


def _kind(kind: str, key: Schema, shared: Mapping[str, Schema]) -> str:
    if kind in ("integer", "number"):
        return KINDS[kind] + _bounds(key)
    if kind == "string" and "pattern" in key:
        pattern = key["pattern"].removeprefix("^").removesuffix(r"\Z")
        most = f" of at most {key['maxLength']} letters" if "maxLength" in key else ""
        return f"text{most} of the form `{pattern}`"
    if kind == "array":
        few = "at least one, " if key.get("minItems") else ""
        once = "each once, " if key.get("uniqueItems") else ""
        return f"a list, {few}{once}of: {allowed(key['items'], shared)}"
    if kind == "object" and "additionalProperties" in key:
        inner = allowed(key["additionalProperties"], shared)
        return f"names, each with: {inner}"
    return KINDS[kind]


def _bounds(key: Schema) -> str:
    words = {
        "minimum": "from",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    found = [f"{word} {key[bound]}" for bound, word in words.items() if bound in key]
    found += [f"a multiple of {key['multipleOf']}"] if "multipleOf" in key else []
    return f" {', '.join(found)}" if found else ""


def _prose(comment: str, values: list[str]) -> str:
    """Write a comment of config.yaml in Markdown, its alternatives as code."""
    parts = []
    for part in comment.split(" | "):
        text = re.sub(r"([\\`*_{}\[\]#])", r"\\\1", part).replace("<", "&lt;")
        for value in values:
            named = rf"(^|: ){re.escape(value)}(?=$|[ :,])"
            text = re.sub(named, rf"\1`{value}`", text, count=1)
        parts.append(re.sub(r"docs/(\w+\.md)", r"[\1](\1)", text))
    return "; ".join(parts)


def _keys(
    schema: Schema, shared: Mapping[str, Schema], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    for name, key in schema["properties"].items():
        found = _resolved(key, shared)
        if "properties" in found:
            yield from _keys(found, shared, (*path, name))
        else:
            yield (*path, name), found


def _resolved(key: Schema, shared: Mapping[str, Schema]) -> Schema:
    return shared[key["$ref"].removeprefix("#/$defs/")] if "$ref" in key else key


def _yaml(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=999)
    return text.removesuffix("...\n").strip()


def _comments(text: str) -> dict[tuple[str, ...], str]:
    """Read the comment beside each key, with the lines on which it goes on."""
    lines = text.splitlines()
    found = {}
    for path, number in _places(yaml.compose(text)):
        said = re.search(r"(?:^|\s)#\s+(.*)$", lines[number])
        if said:
            words = [said[1]]
            for line in lines[number + 1 :]:
                more = re.match(r"\s+#\s+(.*)$", line)
                if not more:
                    break
                words.append(more[1])
            found[path] = " ".join(words)
    return found


def _places(
    node: yaml.Node | None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, key.value)
            yield inner, key.start_mark.line
            yield from _places(value, inner)


def _stages(contract: str) -> dict[str, str]:
    """Read from the rerun contract what a change of each key makes stale."""
    found: dict[str, str] = {}
    anchors: set[str] = set()
    for block in contract.split("\n## ")[1:]:
        title, _, text = block.partition("\n")
        anchor = unique(slugify(title, "-"), anchors)
        changed = re.search(r"Changed:(.*?)\n\n", text, re.DOTALL)
        for name in re.findall(r"`([^`]+)`", changed[1] if changed else ""):
            link = f"[{title}](rerun-contract.md#{anchor})"
            found[name] = f"{found[name]}; {link}" if name in found else link
    return found

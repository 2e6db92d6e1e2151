"""The page, drawn with Gradio: what stands where, and what happens when it is used."""

import re
from pathlib import Path
from typing import Any

import gradio as gr

from lesionlab.page.handlers import SPOKEN, Handlers
from lesionlab.visits.cases import AT_ONCE, HEAVIEST, LINES
from lesionlab.visits.decision import list_wanted
from lesionlab.visits.desk import Desk
from lesionlab.visits.texts import LANGUAGES, TEXTS, say
from lesionlab.visits.views import TEMPLATES

WAITING = 32  # events in the queue; more are told that the page is busy
PREFERRED = 95  # of 100 to be found, where the page begins
STATIC = Path(__file__).parent / "static"
SESSIONS = 64  # of which Gradio keeps what it shows
# a link and no change of address, by which the page would seem to be left
FETCH = """(token) => {
    const link = document.createElement("a");
    link.href = "saved/" + token;
    link.download = "";
    link.click();
}"""
# Gradio names the slider's two inputs in English, whatever the language
SPEAK = """(language) => {
    document.documentElement.lang = language;
    const label = document.querySelector("#slider label span")?.textContent.trim();
    for (const one of document.querySelectorAll("#slider input")) one.ariaLabel = label;
}"""
NETWORKS = "networks"  # one event at a time uses them
DRAWING = "drawing"  # one event at a time, so that what was chosen last is shown last


def style_page() -> dict[str, Any]:
    """Give Gradio the look of the page: fonts of the user's machine, and none fetched.

    Returns
    -------
    dict
        For ``mount_gradio_app``.
    """
    theme = gr.themes.Base(
        primary_hue="teal",
        neutral_hue="slate",
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    )
    paths = [TEMPLATES / "cards.css", STATIC / "page.css"]
    return {"theme": theme, "css_paths": paths}


def draw_page(desk: Desk) -> gr.Blocks:
    """Draw the page.

    Parameters
    ----------
    desk : Desk
        That does the work.

    Returns
    -------
    gradio.Blocks
    """
    wanted = list_wanted(desk.networks.bundle) or [PREFERRED]
    title = say("title", next(iter(LANGUAGES)))
    blocks: gr.Blocks = gr.Blocks(title=title, analytics_enabled=False)
    with blocks:
        parts: dict[str, Any] = {"banner": _html("banner")}
        with gr.Row():
            parts["intro"] = _html("intro")
            language = gr.Radio(
                [(name, code) for code, name in LANGUAGES.items()],
                value=next(iter(LANGUAGES)),
                label=" / ".join(TEXTS["language"]),
                elem_id="language",
                min_width=280,
                scale=0,
            )
        parts["zone"] = _html("zone", js_on_load=_zone_script())
        parts["status"] = _html("status")
        parts["slider"] = _slider(wanted)
        parts["meaning"] = _html("meaning")
        parts["attention"] = gr.Checkbox(elem_id="attention")
        with gr.Row():
            for name in ("save_csv", "save_page", "forget"):
                parts[name] = gr.Button(elem_id=name)
        parts["cards"] = _html("cards")
        token = gr.Textbox(visible="hidden")
        chosen = [language, parts["slider"], parts["attention"]]
        _connect(blocks, Handlers(desk), parts, chosen, language, token)
    blocks.queue(max_size=WAITING, api_open=False)
    blocks.state_session_capacity = SESSIONS
    return blocks


def _html(name: str, **more: Any) -> gr.HTML:
    settings = {"js_on_load": None, "apply_default_css": False, **more}
    return gr.HTML(elem_id=name, elem_classes="lesionlab", **settings)


def _slider(wanted: list[int]) -> gr.Slider:
    """Draw the slider; it is not there where there is nothing to choose from."""
    return gr.Slider(
        wanted[0],
        wanted[-1],
        value=min(PREFERRED, wanted[-1]),
        step=1,
        elem_id="slider",
        buttons=[],
        visible=len(wanted) > 1,
    )


def _zone_script() -> str:
    script = (STATIC / "zone.js").read_text(encoding="utf-8")
    sizes = {"HEAVIEST_BYTES": HEAVIEST, "MOST_FILES": AT_ONCE, "MOST_LINES": LINES}
    return re.sub("|".join(sizes), lambda name: str(sizes[name[0]]), script)


def _connect(
    blocks: gr.Blocks,
    handlers: Handlers,
    parts: dict[str, Any],
    chosen: list[Any],
    language: gr.Radio,
    token: gr.Textbox,
) -> None:
    """Say what happens when; nothing of it is an interface for programs."""
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    spoken = [parts[name] for name in SPOKEN]
    alone = {"concurrency_id": NETWORKS, "concurrency_limit": 1, **quiet}
    drawing = {"concurrency_id": DRAWING, "concurrency_limit": 1, **quiet}
    shown = [parts["status"], parts["cards"]]
    speak = {"fn": None, "inputs": [language], "js": SPEAK, **quiet}
    blocks.load(handlers.begin, chosen, [language, *spoken], **quiet).then(**speak)
    language.input(handlers.translate, chosen, spoken, **drawing).then(**speak)
    # what is chosen may change meanwhile, so what is shown at the end reads it anew
    judged = parts["zone"].submit(
        handlers.judge, chosen, shown, trigger_mode="multiple", **alone
    )
    judged.then(handlers.redraw, chosen, shown, **drawing)
    attended = parts["attention"].input(
        handlers.attend, chosen, parts["status"], trigger_mode="always_last", **alone
    )
    attended.then(handlers.redraw, chosen, shown, **drawing)
    parts["slider"].change(
        handlers.decide,
        chosen,
        [parts["meaning"], parts["cards"]],
        trigger_mode="always_last",
        **drawing,
    )
    fetch = {"fn": None, "inputs": [token], "js": FETCH, **quiet}
    for name, save in (
        ("save_csv", handlers.save_table),
        ("save_page", handlers.save_page),
    ):
        parts[name].click(save, chosen, token, **quiet).then(**fetch)
    parts["forget"].click(handlers.forget, chosen, shown, **quiet)
    blocks.unload(handlers.leave)

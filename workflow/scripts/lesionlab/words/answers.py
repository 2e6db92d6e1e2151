"""The answer to the question, as far as the deciding interval supports it.

The answer is about the recipe (train such a network on such pictures), so that the
interval over lesions and trainings decides; the kinds of verdict are those of
:mod:`lesionlab.comparison.verdict`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lesionlab.comparison.verdict import (
    HELPED,
    HURT,
    NO_DIFFERENCE,
    ONE_TRAINING,
    UNDECIDED,
)
from lesionlab.statistics.metrics import LOWER_IS_BETTER
from lesionlab.statistics.power import FACTORS, MOST_TRAININGS
from lesionlab.words.phrases import (
    BOTH,
    LESIONS,
    count,
    format_bounds,
    format_figure,
    format_margin,
    is_leak,
    name_design,
    name_metric,
    name_training,
)

# of protocol leak, what a split by photographs does to the figures
LEAK = {
    HELPED: "the leak flatters",
    HURT: "the leak does the opposite of flattering",
    NO_DIFFERENCE: "the leak adds nothing that matters",
}
WANTED = 3  # trainings of an arm; with two an interval is very wide


def answer_question(
    comparison: Mapping[str, Any], *, configs: Sequence[str] = ()
) -> dict[str, str]:
    """Answer the question of a run: that of its first pair of arms.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.
    configs : sequence of str
        Config files of the run, for the command that adds trainings.

    Returns
    -------
    dict
        ``verdict``, a word or two; ``text``, a few sentences; ``advice`` and
        ``command``, which may be empty: what to do where the question stays open.
    """
    if not comparison["verdicts"]:
        text = "One arm alone was run: there is nothing to compare."
        return {"verdict": "No comparison", "text": text, "advice": "", "command": ""}
    verdict = comparison["verdicts"][0]
    pair = find_pair(comparison, verdict["a"], verdict["b"], verdict["metric"])
    kind = verdict["kind"]
    head = LEAK.get(kind, kind) if is_leak(pair["b"]) else kind
    made = {"verdict": head.capitalize(), "advice": "", "command": ""}
    if kind == ONE_TRAINING:
        text = _say_networks(comparison, pair)
        made["advice"] = "To ask again with more trainings (those that stand are kept):"
        made["command"] = add_trainings(comparison["seeds"], verdict, configs)
    elif kind in (HELPED, HURT):
        text = _say_effect(comparison, verdict, pair)
    elif kind == NO_DIFFERENCE:
        text = _say_no_difference(comparison, verdict, pair)
    elif kind == UNDECIDED:
        text = _say_undecided(comparison, verdict, pair)
        made["advice"] = plan_more(
            verdict, folds=len(comparison["folds"]), trainings=pair["trainings"]
        )
    else:
        text = _say_too_small(comparison, verdict)
    return {**made, "text": text}


def find_pair(
    comparison: Mapping[str, Any], a: str, b: str, metric: str
) -> Mapping[str, Any]:
    """Find the row of ``comparison.json``'s ``pairs`` for two arms and a metric."""
    wanted = {"a": a, "b": b, "metric": metric}
    return next(p for p in comparison["pairs"] if wanted.items() <= p.items())


def _name(comparison: Mapping[str, Any], metric: str) -> str:
    name = name_metric(metric, comparison["positive_class"])
    return f"{name} (less is better)" if metric in LOWER_IS_BETTER else name


def _figures(comparison: Mapping[str, Any], pair: Mapping[str, Any]) -> str:
    """Difference, deciding interval and design, in brackets."""
    interval = format_bounds(pair, BOTH, signed=True)
    design = name_design(pair["trainings"], len(comparison["folds"]))
    return (
        f"{format_figure(pair['difference'], signed=True)} "
        f"({comparison['confidence']:.0%} interval over lesions and trainings "
        f"{interval}; {design})"
    )


def _say_effect(
    comparison: Mapping[str, Any], verdict: Mapping[str, Any], pair: Mapping[str, Any]
) -> str:
    a, b, margin = pair["a"], pair["b"], verdict["margin"]
    change = "better" if verdict["kind"] == HELPED else "worse"
    nearest = min(abs(pair["low"]), abs(pair["high"]))
    size = (
        f"Even the near end of the interval matters, being {format_margin(margin)} or "
        "more."
        if nearest >= margin
        else f"It may be smaller than {format_margin(margin)}, the smallest difference "
        "that was declared to matter."
    )
    return (
        f"A network trained on {name_training(b)} instead of {name_training(a)} does "
        f"{change}: "
        f"the difference in {_name(comparison, pair['metric'])} is "
        f"{_figures(comparison, pair)}. {size}"
    )


def _say_no_difference(
    comparison: Mapping[str, Any], verdict: Mapping[str, Any], pair: Mapping[str, Any]
) -> str:
    text = (
        f"Whether a network is trained on {name_training(pair['b'])} or on "
        f"{name_training(pair['a'])} changes its "
        f"{_name(comparison, pair['metric'])} by less than "
        f"{format_margin(verdict['margin'])}, the smallest difference that was "
        f"declared to matter: the difference is {_figures(comparison, pair)}."
    )
    if pair["low"] * pair["high"] > 0:
        text += " The interval leaves out 0: a difference, but none that matters."
    return text


def _say_undecided(
    comparison: Mapping[str, Any], verdict: Mapping[str, Any], pair: Mapping[str, Any]
) -> str:
    return (
        f"Whether a network trained on {name_training(pair['b'])} instead of "
        f"{name_training(pair['a'])} does better or worse stays open: the difference "
        f"in {_name(comparison, pair['metric'])} is {_figures(comparison, pair)}. It "
        f"may be nothing, or more than the {format_margin(verdict['margin'])} that was "
        "declared to matter."
    )


def _say_networks(comparison: Mapping[str, Any], pair: Mapping[str, Any]) -> str:
    bounds = format_bounds(pair, LESIONS, signed=True)
    interval = (
        f" ({comparison['confidence']:.0%} interval over lesions {bounds})"
        if bounds != "–"
        else ""
    )
    return (
        f"One network of each arm was trained. On these test photographs their "
        f"difference in {_name(comparison, pair['metric'])}, {pair['b']} minus "
        f"{pair['a']}, is {format_figure(pair['difference'], signed=True)}{interval}. "
        "That is about these two networks and establishes nothing about training on "
        "such pictures: two trainings of one and the same arm may differ as much."
    )


def _say_too_small(comparison: Mapping[str, Any], verdict: Mapping[str, Any]) -> str:
    a, b = verdict["a"], verdict["b"]
    if not set(comparison["seeds"][a]) & set(comparison["seeds"][b]):
        return (
            f"Arms {a} and {b} share no seed, and single trainings are compared paired "
            "by seed: give both the same seeds."
        )
    return (
        f"The test set is too small to compare arms {a} and {b} by "
        f"{_name(comparison, verdict['metric'])}: a fold holds too few lesions of a "
        "class."
    )


def add_trainings(
    seeds: Mapping[str, Sequence[str]],
    verdict: Mapping[str, Any],
    configs: Sequence[str] = (),
) -> str:
    """Write the command that adds trainings to a run.

    Parameters
    ----------
    seeds : Mapping
        By arm, the seeds that stand: they are trained once.
    verdict : Mapping
        Names the two arms.
    configs : sequence of str
        Config files of the run.

    Returns
    -------
    str
        For a shell.
    """
    own = [{int(s.removeprefix("seed")) for s in seeds[verdict[k]]} for k in ("a", "b")]
    stand = sorted(own[0] | own[1])
    more = range(stand[-1] + 1, stand[-1] + 1 + max(0, WANTED - len(stand)))
    # where the arms have unlike seeds, a list of their own stands in the way
    unlike = own[0] != own[1]
    lists = f", arm_seeds: {{{verdict['a']}: null, {verdict['b']}: null}}"
    files = " ".join([*configs, "more.yaml"])
    return (
        f"echo 'classification: {{seeds: {[*stand, *more]}{lists if unlike else ''}}}' "
        "> more.yaml; "
        f"snakemake --cores all --configfile {files}"
    )


def plan_more(verdict: Mapping[str, Any], *, folds: int, trainings: int) -> str:
    """Say what the design could have shown, and what would show the margin.

    Parameters
    ----------
    verdict : Mapping
        Of the kind *undecided*.
    folds, trainings : int
        How many there are, trainings of each arm over all folds.

    Returns
    -------
    str
        Two sentences.
    """
    margin, plan = format_margin(verdict["margin"]), verdict["plan"]
    each = "of each arm and fold" if folds > 1 else "of each arm"
    one = " What more trainings would do cannot be told from one of each arm and fold."
    untold = one if trainings == folds else ""
    ways = []
    if plan["trainings"] is not None:
        ways.append(
            f"{count(plan['trainings'], 'training')} {each} on the same lesions"
        )
    if plan["lesions"] is not None:
        ways.append(f"{plan['lesions']:g} times as many test lesions")
    if plan["both"] is not None:
        more, times = plan["both"]
        ways.append(
            f"{count(more, 'training')} {each} together with {times:g} times as many "
            "test lesions"
        )
    power = (
        f"With 80 % power this design shows a difference of "
        f"{format_figure(verdict['detectable'])} or more. "
    )
    if verdict["detectable"] >= 1 and verdict["metric"] not in LOWER_IS_BETTER:
        power = "This design shows no difference with 80 % power, not even one of 1. "
    if verdict["detectable"] <= verdict["margin"]:
        return (
            f"{power}It had the power to show {margin}: the difference may lie near "
            "the margin or near 0."
        )
    if not ways:
        most = "" if untold else f"{MOST_TRAININGS} trainings {each} on "
        return (
            f"{power}Not even {most}{FACTORS[-1]} times as many test lesions would "
            f"show {margin}.{untold}"
        )
    return f"{power}To show {margin} would take {', or '.join(ways)}.{untold}"

"""What Snakemake was started for, which it does not tell a workflow that it reads.

The options of the command line are found where Snakemake follows them: above the
Snakefile in the stack of calls.
"""

import sys
from argparse import Namespace

# options that are followed without a plan of jobs, and those that run none of its jobs
PLANLESS = ("lint", "list_target_rules", "list_rules", "print_compilation")
JOBLESS = (
    *PLANLESS,
    *("dag", "rulegraph", "filegraph", "d3dag", "unlock", "containerize"),
    *("summary", "detailed_summary", "archive", "generate_unit_tests"),
    *("list_changes", "list_input_changes", "list_params_changes", "list_untracked"),
    *("cleanup_metadata", "cleanup_shadow", "delete_all_output", "delete_temp_output"),
    *("conda_cleanup_envs", "conda_create_envs_only", "list_conda_envs"),
    *("container_cleanup_images", "dryrun", "touch"),
)


def plans_jobs() -> bool:
    """Say whether a plan of jobs will be made, for which Snakemake needs its folder.

    Returns
    -------
    bool
        True, too, where no command line started Snakemake.
    """
    options = _find_options()
    return options is None or not _is_any_given(options, PLANLESS)


def runs_jobs() -> bool:
    """Say whether jobs will be run: no dry run, no report of Snakemake's, no --unlock.

    Returns
    -------
    bool
        True, too, where no command line started Snakemake.
    """
    options = _find_options()
    if options is None:
        return True
    reports_alone = options.reporter and not options.report_after_run
    return not reports_alone and not _is_any_given(options, JOBLESS)


def _find_options() -> Namespace | None:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "args_to_api":
            options: Namespace = frame.f_locals["args"]
            return options
    return None


def _is_any_given(options: Namespace, names: tuple[str, ...]) -> bool:
    return any(getattr(options, name) for name in names)

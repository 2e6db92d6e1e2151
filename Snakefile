"""LesionLab: does cutting the lesion out help a network to find melanoma?"""

from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/source.smk"
include: "workflow/rules/guard.smk"


configfile: own("config.yaml")


include: "workflow/rules/checks.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/trainings.smk"
include: "workflow/rules/hooks.smk"
include: "workflow/rules/dataverse.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/lesions.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/segmentation.smk"
include: f"workflow/rules/{SEGMENTER_RULES}"
include: "workflow/rules/masks.smk"
include: "workflow/rules/classification.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/uses.smk"


if HAS_BUNDLE:

    include: "workflow/rules/bundle.smk"


include: "workflow/rules/application.smk"


report: "workflow/report/workflow.rst"


rule all:
    """The whole question: everything up to the report."""
    default_target: True
    input:
        "results/<run>/report.html",
        BUNDLE,
    localrule: True


onstart:
    open_run()


onsuccess:
    close_run()


onerror:
    explain_failure()

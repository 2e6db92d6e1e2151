# Who was photographed, and how the photographs flow through the study.
#
# figures/


rule plot_flow:
    """Draw the flow of photographs from the tables to the sets of both networks."""
    input:
        audit=rules.audit_images.output.audit,
        split_audit=rules.audit_split.output.split_audit,
    output:
        figure=report(
            "results/<run>/figures/flow.svg",
            caption="../report/flow.rst",
            category="Data",
        ),
    log:
        "results/<run>/logs/plot_flow/plot_flow.log",
    benchmark:
        "results/<run>/benchmarks/plot_flow/plot_flow.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_flow.py"),
        options=pick({}, fold=FOLDS[0]),
    script:
        "../scripts/plot_flow.py"


rule plot_characteristics:
    """Draw who was photographed: age, sex, site, lesion and diagnosis by class."""
    input:
        images=rules.group_lesions.output.images,
    output:
        figure=report(
            "results/<run>/figures/characteristics.svg",
            caption="../report/characteristics.rst",
            category="Data",
        ),
    log:
        "results/<run>/logs/plot_characteristics/plot_characteristics.log",
    benchmark:
        "results/<run>/benchmarks/plot_characteristics/plot_characteristics.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_characteristics.py"),
        options=pick({}, classes=list(CLASSES)),
    script:
        "../scripts/plot_characteristics.py"


rule plot_samples:
    """Draw a sheet of photographs of every diagnosis, with outlines of their masks."""
    input:
        images=rules.group_lesions.output.images,
    output:
        figure=report(
            "results/<run>/figures/samples.png",
            caption="../report/samples.rst",
            category="Data",
        ),
    log:
        "results/<run>/logs/plot_samples/plot_samples.log",
    benchmark:
        "results/<run>/benchmarks/plot_samples/plot_samples.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_samples.py"),
        options=pick(
            config["report"],
            "samples",
            classes=CLASSES,
            seed=config["split"]["seed"],
        ),
        root=untracked(DATA_ROOT),
    script:
        "../scripts/plot_samples.py"


rule plot_matches:
    """Draw pairs of photographs that show one lesion, or nearly seem to."""
    input:
        images=rules.group_lesions.output.images,
        matches=rules.match_lesions.output.matches,
    output:
        figure=report(
            "results/<run>/figures/matches.png",
            caption="../report/matches.rst",
            category="Data",
        ),
        near_misses="results/<run>/figures/near_misses.png",
    log:
        "results/<run>/logs/plot_matches/plot_matches.log",
    benchmark:
        "results/<run>/benchmarks/plot_matches/plot_matches.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_matches.py"),
        options=pick({}),
        root=untracked(DATA_ROOT),
    script:
        "../scripts/plot_matches.py"

# Image table to split.
#
# data/audit.json  split/split.csv  split/audit.json


rule audit_images:
    """Count what is in the data, and what is odd about it."""
    input:
        **(
            {"matches": "results/<run>/data/matches.csv"}
            if config["dataset"]["merge"] == "verified"
            else {}
        ),
        images="results/<run>/data/images.csv",
        quarantine=rules.index_images.output.quarantine,
        found=rules.index_images.output.found,
    output:
        audit="results/<run>/data/audit.json",
    log:
        "results/<run>/logs/audit_images/audit_images.log",
    benchmark:
        "results/<run>/benchmarks/audit_images/audit_images.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("audit_images.py"),
        options=pick({}, classes=CLASSES),
    script:
        "../scripts/audit_images.py"


rule split_dataset:
    """Split the photographs once, for both networks and every fold."""
    input:
        images="results/<run>/data/images.csv",
    output:
        split="results/<run>/split/split.csv",
    log:
        "results/<run>/logs/split_dataset/split_dataset.log",
    benchmark:
        "results/<run>/benchmarks/split_dataset/split_dataset.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("split_dataset.py"),
        options=pick(
            config["split"],
            "protocol",
            "seed",
            folds=len(FOLDS),
            sizes=split_sizes(),
            classes=list(CLASSES),
            sources=HELD_OUT,
        ),
    script:
        "../scripts/split_dataset.py"


rule audit_split:
    """Say how much the split leaks, and how many masks are in-sample."""
    input:
        split=rules.split_dataset.output.split,
        audit=rules.audit_images.output.audit,
    output:
        split_audit=report(
            "results/<run>/split/audit.json",
            caption="../report/split_audit.rst",
            category="Data",
        ),
    log:
        "results/<run>/logs/audit_split/audit_split.log",
    benchmark:
        "results/<run>/benchmarks/audit_split/audit_split.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("audit_split.py"),
        options=pick(config["split"], "protocol", sources=HELD_OUT),
    script:
        "../scripts/audit_split.py"

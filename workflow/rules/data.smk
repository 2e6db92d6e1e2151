# Photographs to image table to split to packed arrays.
#
# phantom/  data/index.csv  data/quarantine.csv  data/audit.json
# split/split.csv  split/audit.json  data/packed/


rule make_phantom:
    """Draw the embedded data set in the layout of HAM10000."""
    output:
        root=directory("results/<run>/phantom"),
        manifest="results/<run>/data/phantom.csv",
    log:
        "results/<run>/logs/make_phantom/make_phantom.log",
    benchmark:
        "results/<run>/benchmarks/make_phantom/make_phantom.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 2
    resources:
        mem_mb=grow(2000),
        runtime=grow(15),
    params:
        code=code("make_phantom.py"),
        options=pick(config["dataset"]["phantom"], *config["dataset"]["phantom"]),
        workers=workers,
    script:
        "../scripts/make_phantom.py"


rule index_images:
    """Decode every photograph and mask once into the image table."""
    input:
        **(
            {"manifest": rules.make_phantom.output.manifest}
            if config["dataset"]["source"] == "phantom"
            else {}
        ),
    output:
        index="results/<run>/data/index.csv",
        quarantine="results/<run>/data/quarantine.csv",
    log:
        "results/<run>/logs/index_images/index_images.log",
    benchmark:
        "results/<run>/benchmarks/index_images/index_images.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 8
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("index_images.py"),
        options=lambda wildcards: pick(
            {},
            classes=CLASSES,
            contents=(
                None
                if config["dataset"]["source"] == "phantom"
                else photographs_digest()
            ),
        ),
        root=untracked(DATA_ROOT),
        workers=workers,
    script:
        "../scripts/index_images.py"


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

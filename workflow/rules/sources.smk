# Photographs to image table, and what was found in them.
#
# phantom/  data/index.csv  data/quarantine.csv  data/found.json


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
        **made_photographs(),
    output:
        index="results/<run>/data/index.csv",
        quarantine="results/<run>/data/quarantine.csv",
        found="results/<run>/data/found.json",
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
            contents=None if made_photographs() else photographs_digest(),
        ),
        root=untracked(DATA_ROOT),
        workers=workers,
    script:
        "../scripts/index_images.py"


rule check_data:
    """Say in a page what was found, before anything is trained."""
    input:
        index=rules.index_images.output.index,
        quarantine=rules.index_images.output.quarantine,
        found=rules.index_images.output.found,
    log:
        "results/<run>/logs/check_data/check_data.log",
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("check_data.py"),
        options=pick({}, classes=CLASSES),
        root=untracked(DATA_ROOT),
        # neither output nor benchmark: a page that stands there would not be shown
        page=untracked(f"{RESULTS}/data/check.txt"),
    script:
        "../scripts/check_data.py"

# Which photographs show one lesion: the final groups.
#
# data/matches.csv  data/images.csv

VERIFIED = config["dataset"]["merge"] == "verified"


rule match_lesions:
    """Find photographs of one lesion that bear two lesion_ids."""
    input:
        **(
            {"published": local(own("workflow/resources/ham10000_pairs.csv"))}
            if config["dataset"]["source"] != "phantom"
            else {}
        ),
        images=rules.index_images.output.index,
    output:
        matches="results/<run>/data/matches.csv",
    log:
        "results/<run>/logs/match_lesions/match_lesions.log",
    benchmark:
        "results/<run>/benchmarks/match_lesions/match_lesions.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 8
    resources:
        mem_mb=grow(4000),
        runtime=grow(30),
    params:
        code=code("match_lesions.py"),
        options=pick({}),
        root=untracked(DATA_ROOT),
        workers=workers,
    script:
        "../scripts/match_lesions.py"


rule group_lesions:
    """Give every photograph its final group."""
    input:
        **({"matches": rules.match_lesions.output.matches} if VERIFIED else {}),
        index=rules.index_images.output.index,
    output:
        images="results/<run>/data/images.csv",
    log:
        "results/<run>/logs/group_lesions/group_lesions.log",
    benchmark:
        "results/<run>/benchmarks/group_lesions/group_lesions.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("group_lesions.py"),
        options=pick(config["dataset"], "merge"),
    script:
        "../scripts/group_lesions.py"

# HAM10000, downloaded.
#
# results/.shared/ham10000/  results/.shared/ham10000.csv


rule fetch_dataverse:
    """Download HAM10000 and unpack it; compute nodes have no network."""
    output:
        root=directory("results/.shared/ham10000"),
        manifest="results/.shared/ham10000.csv",
    log:
        "results/.shared/logs/fetch_dataverse/fetch_dataverse.log",
    benchmark:
        "results/.shared/benchmarks/fetch_dataverse/fetch_dataverse.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(240),
    params:
        code=code("fetch_dataverse.py"),
        options=pick({}),
        cache=untracked(f"{SHARED}/downloads"),
    script:
        "../scripts/fetch_dataverse.py"

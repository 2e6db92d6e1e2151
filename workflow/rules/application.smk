# What predicts on new photographs: the bundle, and predictions made with it.
#
# application/  model/  predictions/

import tomllib

PROJECT = tomllib.loads(Path(CHECKOUT, "pyproject.toml").read_text(encoding="utf-8"))

# What is calibrated on photographs whose mask an expert drew has none of a new one.
USED_ARMS = [arm for arm in ARMS if KNOWN_ARMS[arm].mask != "true"]
# The ways of `leak` are trained for a figure alone, and not for use.
HAS_BUNDLE = bool(USED_ARMS) and bool(UNET_FOLDS) and not LEAK
USED_KEYS = [key for key in per_run_keys() if key[0] in USED_ARMS] if HAS_BUNDLE else []
REFERENCE = dict(zip(("arm", "fold", "seed"), USED_KEYS[0])) if HAS_BUNDLE else {}


def used(pattern):
    """Fill a pattern with the fold, arm and seed of every classifier of the bundle."""
    return [
        pattern.format(arm=arm, fold=fold, seed=seed) for arm, fold, seed in USED_KEYS
    ]


def used_pixels():
    """Packed pictures that each classifier of the bundle was shown."""
    pattern = rules.pack_images.output.pixels
    return [
        pattern.format(scope=scope_of(arm, fold), arm=arm) for arm, fold, _ in USED_KEYS
    ]


def new_photographs_digest():
    """Digest the new photographs, so that one more or another is seen."""
    from lesionlab.application.photographs import list_photographs

    root = Path(config["application"]["photographs"])
    name = sha256(str(root.resolve()).encode()).hexdigest()[:16]
    try:
        names = list_photographs(root)
        return files_digest(root, names, Path(SHARED, "digests", f"new-{name}.csv"))
    except LabError as why:
        refuse(why)


if HAS_BUNDLE:

    rule export_networks:
        """Write every network of the bundle as ONNX, and compare both."""
        input:
            segmenters=expand(SEGMENTER.weights, fold=UNET_FOLDS),
            segmenter_pixels=rules.pack_segmentation.output.pixels,
            classifiers=used(rules.train_classifier.output.model),
            pixels=used_pixels(),
        output:
            segmenter_files=expand(
                "results/<run>/{fold}/segmentation/segmenter.onnx", fold=UNET_FOLDS
            ),
            classifier_files=used(
                "results/<run>/{fold}/classification/{arm}/{seed}/classifier.onnx"
            ),
            check="results/<run>/application/export.json",
        log:
            "results/<run>/logs/export_networks/export_networks.log",
        benchmark:
            "results/<run>/benchmarks/export_networks/export_networks.tsv"
        conda:
            "../../envs/torch.yaml"
        resources:
            mem_mb=grow(4000),
            runtime=grow(60),
        params:
            code=code("export_networks.py"),
            options=pick(
                config["segmentation"],
                "model",
                segmenter_flips=config["segmentation"]["test_time_flips"],
                classifier_flips=config["classification"]["test_time_flips"],
            ),
        script:
            "../scripts/export_networks.py"

    rule measure_photographs:
        """Measure how like each other the photographs are, as new ones will be."""
        input:
            **filled_outputs(
                rules.pack_images,
                scope=scope_of(REFERENCE["arm"], REFERENCE["fold"]),
                arm=REFERENCE["arm"],
            ),
            classifier=rules.export_networks.output.classifier_files[0],
            masks=rules.segment_images.output.manifest.format(fold=REFERENCE["fold"]),
            images=rules.group_lesions.output.images,
            split=rules.split_dataset.output.split,
        output:
            scores="results/<run>/application/likeness.csv",
            cases="results/<run>/application/training.csv",
            features="results/<run>/application/features.npy",
        log:
            "results/<run>/logs/measure_photographs/measure_photographs.log",
        benchmark:
            "results/<run>/benchmarks/measure_photographs/measure_photographs.tsv"
        conda:
            "../../envs/torch.yaml"
        resources:
            mem_mb=grow(3000),
            runtime=grow(60),
        params:
            code=code("measure_photographs.py"),
            options=pick(config["classification"], "batch_size", fold=REFERENCE["fold"]),
            root=untracked(DATA_ROOT),
        script:
            "../scripts/measure_photographs.py"

    rule calibrate_arms:
        """Calibrate each arm, choose its operating points, and score them on test."""
        input:
            predictions=rules.collect_predictions.output.table,
            split=rules.split_dataset.output.split,
            likeness=rules.measure_photographs.output.scores,
        output:
            calibration="results/<run>/application/calibration.json",
        log:
            "results/<run>/logs/calibrate_arms/calibrate_arms.log",
        benchmark:
            "results/<run>/benchmarks/calibrate_arms/calibrate_arms.tsv"
        localrule: True
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grow(2000),
            runtime=grow(30),
        params:
            code=code("calibrate_arms.py"),
            options=pick(
                config["application"],
                "sensitivity",
                "prevalence",
                "false_alarms",
                arms=USED_ARMS,
                confidence=config["comparison"]["confidence"],
                replicates=config["comparison"]["replicates"],
                bootstrap_seed=config["comparison"]["seed"],
                even=config["classification"]["sampling"] == "balanced"
                or config["classification"]["class_weights"],
                **outcome(),
            ),
        script:
            "../scripts/calibrate_arms.py"

    rule build_bundle:
        """Put everything that predicts on new photographs into one folder."""
        input:
            segmenter_files=rules.export_networks.output.segmenter_files,
            classifier_files=rules.export_networks.output.classifier_files,
            check=rules.export_networks.output.check,
            segmenter_pixels=rules.pack_segmentation.output.pixels,
            pixels=used_pixels(),
            thresholds=expand(rules.tune_threshold.output.threshold, fold=UNET_FOLDS),
            calibration=rules.calibrate_arms.output.calibration,
            cases=rules.measure_photographs.output.cases,
            features=rules.measure_photographs.output.features,
        output:
            manifest="results/<run>/model/model.json",
        log:
            "results/<run>/logs/build_bundle/build_bundle.log",
        benchmark:
            "results/<run>/benchmarks/build_bundle/build_bundle.tsv"
        localrule: True
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grow(1000),
            runtime=grow(30),
        params:
            code=code("build_bundle.py"),
            options=pick(config, "run", keys=USED_KEYS, folds=UNET_FOLDS, **outcome()),
            version=untracked(PROJECT["project"]["version"]),
        script:
            "../scripts/build_bundle.py"

    if config["application"]["photographs"] is not None:

        rule predict_photographs:
            """Predict on a folder of new photographs."""
            input:
                manifest=rules.build_bundle.output.manifest,
            output:
                predictions="results/<run>/predictions/predictions.csv",
            log:
                "results/<run>/logs/predict_photographs/predict_photographs.log",
            benchmark:
                "results/<run>/benchmarks/predict_photographs/predict_photographs.tsv"
            conda:
                "../../envs/application.yaml"
            threads: 2
            resources:
                mem_mb=grow(4000),
                runtime=grow(240),
            params:
                code=code("predict_photographs.py"),
                options=pick({}, photographs=new_photographs_digest()),
                photographs=untracked(config["application"]["photographs"]),
                workers=workers,
            script:
                "../scripts/predict_photographs.py"


BUNDLE = rules.build_bundle.output.manifest if HAS_BUNDLE else []


rule model:
    """Stop after the bundle."""
    input:
        BUNDLE,
    localrule: True


if HAS_BUNDLE and config["application"]["photographs"] is not None:

    rule predict:
        """Predict on the new photographs that the config names."""
        input:
            rules.predict_photographs.output.predictions,
        localrule: True

# The bundle that predicts on new photographs, and predictions made with it.
#
# application/  model/  predictions/


rule export_networks:
    """Write every network of the bundle as ONNX, and compare both."""
    input:
        segmenters=expand(SEGMENTER.weights, fold=UNET_FOLDS),
        segmenter_pixels=rules.pack_segmentation.output.pixels,
        maps=expand(LESION_MAPS.probabilities, fold=UNET_FOLDS),
        classifiers=used(rules.train_classifier.output.model),
        pixels=used_pixels(rules.pack_images.output.pixels),
        indices=used_pixels(rules.pack_images.output.index),
        predictions=used(rules.predict_classes.output.predictions),
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
            folds=UNET_FOLDS,
            keys=USED_KEYS,
            classifier=config["classification"]["model"],
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
        weights=used(rules.train_classifier.output.model)[0],
        masks=rules.segment_images.output.manifest.format(fold=REFERENCE["fold"]),
        images=rules.group_lesions.output.images,
        split=rules.split_dataset.output.split,
    output:
        scores="results/<run>/application/likeness.csv",
        cases="results/<run>/application/training.csv",
        features="results/<run>/application/features.npy",
        colours="results/<run>/application/colours.npy",
        thumbnails="results/<run>/application/thumbnails.npy",
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
        options=pick(
            config["classification"],
            "batch_size",
            "threads",
            fold=REFERENCE["fold"],
        ),
        root=untracked(DATA_ROOT),
    script:
        "../scripts/measure_photographs.py"


rule calibrate_arms:
    """Calibrate each arm, choose its operating points, and score them on test."""
    input:
        predictions=rules.collect_predictions.output.table,
        split=rules.split_dataset.output.split,
        images=rules.group_lesions.output.images,
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
            "false_alarms",
            prevalence=wanted_prevalence(),
            arms=USED_ARMS,
            confidence=config["comparison"]["confidence"],
            sampling=config["classification"]["sampling"],
            class_weights=config["classification"]["class_weights"],
            **outcome(),
        ),
    script:
        "../scripts/calibrate_arms.py"


rule build_bundle:
    """Put everything that predicts on new photographs into one folder."""
    input:
        segmenter_files=rules.export_networks.output.segmenter_files,
        classifier_files=rules.export_networks.output.classifier_files,
        segmenters=expand(SEGMENTER.weights, fold=UNET_FOLDS),
        classifiers=used(rules.train_classifier.output.model),
        check=rules.export_networks.output.check,
        segmenter_pixels=rules.pack_segmentation.output.pixels,
        pixels=used_pixels(rules.pack_images.output.pixels),
        thresholds=expand(rules.tune_threshold.output.threshold, fold=UNET_FOLDS),
        calibration=rules.calibrate_arms.output.calibration,
        cases=rules.measure_photographs.output.cases,
        features=rules.measure_photographs.output.features,
        colours=rules.measure_photographs.output.colours,
        thumbnails=rules.measure_photographs.output.thumbnails,
        split_audit=rules.audit_split.output.split_audit,
        segmentation_scores=expand(rules.score_masks.output.scores, fold=UNET_FOLDS),
        template=local(own("workflow/report/model.md")),
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
        options=pick(
            config,
            "run",
            keys=USED_KEYS,
            folds=UNET_FOLDS,
            licence=LICENCE,
            left_out=[arm for arm in ARMS if arm not in USED_ARMS],
            source=config["dataset"]["source"],
            segmenter=SEGMENTER_NAME,
            classifier=config["classification"]["model"],
            weights=weights_name(),
            classes=CLASSES,
            positive_class=config["dataset"]["positive_class"],
        ),
        version=untracked(PROJECT["project"]["version"]),
    script:
        "../scripts/build_bundle.py"


rule predict_photographs:
    """Predict on a folder of new photographs."""
    input:
        manifest=rules.build_bundle.output.manifest,
    output:
        predictions="results/<run>/predictions/predictions.csv",
        facts="results/<run>/predictions/predictions.json",
        masks=directory("results/<run>/predictions/predictions_masks"),
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
        options=new_photographs,
        photographs=untracked(config["application"]["photographs"] or "."),
        workers=workers,
    script:
        "../scripts/predict_photographs.py"
